"""Latency of search by resolution, as distributions beside bare BM25 in the same run.

Beyond the catalogue's own size, works are copies under other ids with words of the synopsis shuffled and vectors
slightly perturbed: real lengths and real vocabulary, named as such.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from catalogue import Title
from config import Settings
from evaluation.queries import load_queries
from evaluation.search import KAGGLE, catalogue_service
from indexer.build import Embedded, documents, open_spaces
from indexer.documents import embedding_text
from search.bench_embed import bench_embed
from search.embedded import EmbeddedEngine
from search.embedded.reader import EmbeddedReader
from search.engine import NO_FILTERS, Filters, LegsRequest
from search.open import open_embedder, open_encoder
from search.options import Options
from search.service import SearchService

NOISE = 0.05


def run(settings: Settings, data: Path, sizes: Sequence[int], count: int) -> str:
    """Return tables of milliseconds, one for each number of titles."""
    base = catalogue_service(settings, data / KAGGLE, KAGGLE)
    lines = []
    for size in sizes:
        service = base if size <= base.info().offered * 1.1 else _grown(settings, base, size)
        lines += _measure(service, count)
    return "\n".join(lines) + "\n"


def _measure(service: SearchService, count: int) -> list[str]:
    info = service.info()
    plots = [query.text for query in load_queries("mal2020_plots")][:count]
    titles = [query.text for query in load_queries("mal2020_titles")][:count]
    typos = [query.text for query in load_queries("mal2020_typos")][:count]
    prefixes = [text[: max(2, len(text) // 2)] for text in titles]
    cases: dict[str, tuple[Sequence[str], Callable[[str], object]]] = {
        "exact title": (titles, service.search),
        "typo": (typos, service.search),
        "part of a name": ([text.split()[0] for text in titles], service.search),
        "genre": (["romance", "90s robot", "comedy movies", "short horror"] * 25, service.search),
        "plot, warm encoder": (plots, service.search),
        "plot, cached query vector": (plots, service.search),
        "suggestion": (prefixes, service.suggest),
        "browse with facets": (["Action", "Drama", "Comedy"] * 20, _browse(service)),
        "bare BM25": (plots, _bm25(service)),
    }
    service.search("warm the model up", Options())
    rows = [
        f"## {info.documents:,} titles, {info.passages:,} passages",
        "",
        "| | n | p50 ms | p95 ms | p99 ms | to BM25's p50 |",
        "|---|---|---|---|---|---|",
    ]
    took = {name: _times(call, texts) for name, (texts, call) in cases.items()}
    bare = float(np.percentile(took["bare BM25"], 50))
    for name, times in took.items():
        p50, p95, p99 = np.percentile(times, [50, 95, 99])
        rows.append(f"| {name} | {len(times)} | {p50:.2f} | {p95:.2f} | {p99:.2f} | {p50 / bare:.1f} x |")
    return [*rows, ""]


def _times(call: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    took = []
    for text in texts:
        started = time.perf_counter()
        call(text)
        took.append((time.perf_counter() - started) * 1000)
    return took


def _browse(service: SearchService) -> Callable[[str], object]:
    return lambda genre: service.browse(Filters(genres=(genre,)), "score", facets=True)


def _bm25(service: SearchService) -> Callable[[str], object]:
    reader = service.reader()
    return lambda text: reader.legs(LegsRequest(text=text, size=20, filters=NO_FILTERS))


def _grown(settings: Settings, base: SearchService, size: int) -> SearchService:
    """Return a service over `size` titles: the catalogue's own and perturbed copies."""
    reader = base.reader()
    assert isinstance(reader, EmbeddedReader)
    info = reader.info()
    everything = reader.browse(Filters(adult=True, offered=None), "watched", 0, info.documents)
    titles = list(reader.documents(everything.ids).values())
    rng = np.random.default_rng(0)
    words = random.Random(0)
    engine = EmbeddedEngine(settings.var / "evaluation" / f"grown-{size}")
    build = engine.begin(info)
    try:
        made = 0
        while made < size:
            part = titles[: size - made]
            first = made == 0
            copies = [title if first else _copy(title, made + at, words) for at, title in enumerate(part)]
            build.add(documents(copies, _perturbed(reader, part, rng, 0.0 if first else NOISE)))
            made += len(part)
        build.publish()
    except BaseException:
        build.abort()
        raise
    return SearchService(engine, open_encoder(settings))


def _copy(title: Title, number: int, words: random.Random) -> Title:
    def mixed(text: str) -> str:
        parts = text.split()
        words.shuffle(parts)
        return " ".join(parts)

    names = {name: f"{mixed(text)} {number}" for name, text in title.titles.items()}
    return title.replace(
        id=10_000_000 + number,
        titles=names,
        aliases=(),
        series=None,
        synopsis={k: mixed(v) for k, v in title.synopsis.items()},
    )


def _perturbed(
    reader: EmbeddedReader, titles: Sequence[Title], rng: np.random.Generator, noise: float
) -> dict[str, Embedded]:
    made = {}
    for space in reader.info().spaces:
        empty = np.zeros(space.dims, dtype=np.float32)
        whole = np.stack([reader.vectors(title.id).get(space.name, empty) for title in titles])
        cut = [reader.passages(title.id, space.name) for title in titles]
        flat = np.concatenate(cut)
        for block in (whole, flat):
            known = block.any(axis=1)
            block[known] += noise * rng.standard_normal(block[known].shape).astype(np.float32) / np.sqrt(space.dims)
            block[known] /= np.linalg.norm(block[known], axis=1, keepdims=True)
        made[space.name] = Embedded(whole, flat, np.cumsum([0, *map(len, cut)]))
    return made


def run_embed(settings: Settings, name: str | None, data: Path, count: int) -> str:
    """Return synopses a second in full and half precision and the mean cosine between the two."""
    from indexer.read import read_catalogue
    from indexer.report import Report

    titles = read_catalogue(data / KAGGLE, Report())
    texts = list(_texts(titles, count))
    embedder = open_embedder(settings, name)
    if embedder is None:
        spaces = open_spaces(titles[:5000], None, settings.var)
        embedder = next(iter(spaces.values())).embedder
    figures = bench_embed(embedder, texts)
    return "  ".join(f"{name}: {value:,.4g}" for name, value in figures.items())


def _texts(titles: Sequence[Title], count: int) -> Iterator[str]:
    found = 0
    for title in titles:
        text = embedding_text(title, "en")
        if len(text) > 300:
            yield text
            found += 1
            if found == count:
                return
