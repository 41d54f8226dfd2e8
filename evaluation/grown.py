"""A catalogue beyond its own size: copies of real works under other ids, their vectors slightly perturbed.

Words of names and synopses are shuffled, so that lengths and vocabulary are real. The same size gives the same copies.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from catalogue import Title
from indexer.build import Embedded, documents
from search.embedded.reader import EmbeddedReader
from search.engine import Document, Filters, Vector

FIRST_COPY = 10_000_000


def everything(reader: EmbeddedReader) -> list[Title]:
    """Return all works of an index, the most watched first."""
    page = reader.browse(Filters(adult=True, offered=None), "watched", 0, reader.info().documents)
    return list(reader.documents(page.ids).values())


def grown(reader: EmbeddedReader, size: int, noise: float, *, passages: bool = True) -> Iterator[Document]:
    """Yield `size` documents: the catalogue's own, then copies of them; without `passages` only whole texts."""
    titles = everything(reader)
    rng = np.random.default_rng(0)
    words = random.Random(0)
    made = 0
    while made < size:
        part = titles[: size - made]
        first = made == 0
        copies = part if first else [_copy(title, made + at, words) for at, title in enumerate(part)]
        yield from documents(copies, _embedded(reader, part, rng, 0.0 if first else noise, passages))
        made += len(part)


def perturbed(vectors: Vector, noise: float, rng: np.random.Generator) -> Vector:
    """Return unit vectors with Gaussian noise of the given length; rows of zeros stay."""
    known = vectors.any(axis=1)
    made = vectors + noise * rng.standard_normal(vectors.shape).astype(np.float32) / np.sqrt(vectors.shape[1])
    made[known] /= np.linalg.norm(made[known], axis=1, keepdims=True)
    made[~known] = 0.0
    return made.astype(np.float32)


def _copy(title: Title, number: int, words: random.Random) -> Title:
    def mixed(text: str) -> str:
        parts = text.split()
        words.shuffle(parts)
        return " ".join(parts)

    names = {name: f"{mixed(text)} {number}" for name, text in title.titles.items()}
    return title.replace(
        id=FIRST_COPY + number,
        titles=names,
        aliases=(),
        series=None,
        synopsis={k: mixed(v) for k, v in title.synopsis.items()},
    )


def _embedded(
    reader: EmbeddedReader, titles: Sequence[Title], rng: np.random.Generator, noise: float, passages: bool
) -> dict[str, Embedded]:
    made = {}
    for space in reader.info().spaces:
        empty = np.zeros(space.dims, dtype=np.float32)
        whole = np.stack([reader.vectors(title.id).get(space.name, empty) for title in titles])
        cut = [reader.passages(title.id, space.name) if passages else empty[None][:0] for title in titles]
        flat = np.concatenate(cut)
        if noise:
            whole, flat = perturbed(whole, noise, rng), perturbed(flat, noise, rng)
        made[space.name] = Embedded(whole, flat, np.cumsum([0, *map(len, cut)]))
    return made
