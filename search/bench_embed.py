"""Measuring embedders: `nextep bench embed`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from search.embedders import Embedder
from search.transformer import TransformerEmbedder


def bench_embed(embedder: Embedder, texts: Sequence[str]) -> dict[str, float]:
    """Measure texts/s in full and half precision and the mean cosine between the two, and print them.

    Half precision is left out where the device does not compute in it or the embedder knows only one.
    """
    if not texts:
        raise ValueError("texts is empty: there is nothing to measure")
    halves: list[bool | None] = [None]
    if isinstance(embedder, TransformerEmbedder):
        one = embedder.kind.one_copy and embedder.half is not None
        halves = [True] if one else [False] if embedder.half is None else [False, True]
    figures: dict[str, float] = {"texts": len(texts)}
    vectors = []
    for half in halves:
        options: dict[str, Any] = {} if half is None else {"half": half}
        label = str(getattr(embedder, "half", "")).removeprefix("torch.") if half else "float32"
        embedder.embed_documents(texts[:8], **options)
        start = time.perf_counter()
        vectors.append(embedder.embed_documents(texts, **options))
        figures[f"{label}_per_s"] = len(texts) / (time.perf_counter() - start)
        print(f"{embedder.name} {label}: {figures[f'{label}_per_s']:.1f} texts/s over {len(texts)} texts")
    if len(vectors) == 2:
        figures["cosine"] = float((vectors[0] * vectors[1]).sum(1).mean())
        print(f"{embedder.name}: mean cosine between the two {figures['cosine']:.5f}")
    return figures
