"""Latency of search by resolution, as distributions beside bare BM25 in the same run, and what an index costs.

With an Elasticsearch both engines hold the same works and are asked in turn, so that a busy machine meets both alike.
Beyond the catalogue's own size, works are copies (evaluation/grown.py): real lengths and vocabulary, named as such.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from catalogue import Title
from config import Settings
from evaluation.clock import Clock
from evaluation.grown import grown
from evaluation.queries import load_queries
from evaluation.search import KAGGLE, catalogue_service
from indexer.build import open_spaces, sampled
from indexer.documents import embedding_text
from search.bench_embed import bench_embed
from search.embedded import EmbeddedEngine
from search.embedded.reader import EmbeddedReader
from search.engine import NO_FILTERS, Document, Engine, Filters, LegsRequest
from search.open import open_embedder, open_encoder
from search.options import Options
from search.service import SearchService

NOISE = 0.05
EXCLUDED = 5000
WARMING = 4
# Warmed up when two rounds in a row were not faster than the fastest before by more than this share.
STEADY = 0.05
ROUNDS = 12
BM25 = "bare BM25"
Asked = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Side:
    """One engine under measurement: how fast it indexed, and what that takes on disk."""

    engine: Engine
    service: SearchService
    seconds: float
    bytes: int

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    def cost(self) -> str:
        """Return a row: documents and vectors a second, bytes."""
        info = self.service.info()
        vectors = info.passages + info.documents * len(info.spaces)
        return (
            f"| {self.name} | {info.documents / self.seconds:,.0f} | {vectors / self.seconds:,.0f} "
            f"| {self.seconds:.1f} | {self.bytes / 1e6:.1f} |"
        )


def run(settings: Settings, data: Path, sizes: Sequence[int], count: int) -> str:
    """Return tables of milliseconds, one for each number of titles; on both engines where the settings name a server."""
    reader = catalogue_service(settings, data / KAGGLE, KAGGLE).reader()
    assert isinstance(reader, EmbeddedReader)
    own = reader.info().documents
    lines = []
    for size in sizes:
        size = own if size <= own * 1.1 else size
        sides = []
        try:
            for engine in _engines(settings, size):
                sides.append(_side(settings, engine, reader, size))
            lines += measure(sides, count)
        finally:
            for side in sides:
                side.engine.close()
    return "\n".join(lines) + "\n"


def _engines(settings: Settings, size: int) -> Iterator[Engine]:
    yield EmbeddedEngine(settings.var / "evaluation" / f"grown-{size}")
    if settings.elasticsearch_url:
        # Its client takes a moment to import, which those without an Elasticsearch need not wait for.
        from search.elastic import ElasticEngine
        from search.elastic.client import connect

        yield ElasticEngine(connect(settings), f"{settings.index_name}-bench-{size}")


def _side(settings: Settings, engine: Engine, reader: EmbeddedReader, size: int) -> Side:
    """Index `size` works, vectors at hand, and return what it took until they serve."""
    build = engine.begin(replace(reader.info(), documents=size, offered=0, passages=0))
    started = time.perf_counter()
    try:
        sample: list[Document] = []
        build.add(sampled(grown(reader, size, NOISE), size, sample))
        build.verify(sample)
        build.publish()
    except BaseException:
        build.abort()
        raise
    seconds = time.perf_counter() - started
    # Each its own encoder: one cache for both would spare the second the model.
    return Side(engine, SearchService(engine, open_encoder(settings)), seconds, _bytes(engine))


def _bytes(engine: Engine) -> int:
    """Return what the serving generation takes on disk."""
    reader = engine.reader()
    if isinstance(reader, EmbeddedReader):
        return sum(path.stat().st_size for path in reader.folder.rglob("*") if path.is_file())
    from search.elastic import ElasticEngine
    from search.elastic.status import look

    assert isinstance(engine, ElasticEngine)
    serving = look(engine.connection, engine.alias).serving
    assert serving is not None
    if serving.bytes is None:
        raise ValueError("The sign-in may not read the size of its indices: give it the right `monitor`.")
    return serving.bytes


def measure(sides: Sequence[Side], count: int) -> list[str]:
    """Return the tables of all sides: every query asked of each in turn, a different one first each time.

    Every fourth query of a kind is asked before, and not counted, until that gets no faster: a server that has just
    started compiles its code while it answers. The queries that are counted are asked for the first time.
    """
    texts, calls = _cases(sides, count)
    warmed = _warm({name: asked[::WARMING] for name, asked in texts.items()}, calls)
    texts = {name: [text for at, text in enumerate(asked) if at % WARMING] for name, asked in texts.items()}
    took: dict[str, list[list[float]]] = {}
    clock = Clock()
    for name, asked in texts.items():
        took[name] = [[] for _ in sides]
        for turn, text in enumerate(asked):
            for step in range(len(sides)):
                at = (turn + step) % len(sides)
                started = time.perf_counter()
                calls[at][name](text)
                took[name][at].append((time.perf_counter() - started) * 1000)
        clock.tick()
    info = sides[0].service.info()
    return [
        f"## {info.documents:,} titles, {info.passages:,} passages",
        "",
        clock.said(),
        warmed,
        "",
        "| indexing, vectors at hand | documents/s | vectors/s | seconds | MB on disk |",
        "|---|---|---|---|---|",
        *(side.cost() for side in sides),
        "",
        *latencies([side.name for side in sides], took),
        "",
    ]


def _warm(texts: Mapping[str, Sequence[str]], calls: Sequence[Mapping[str, Asked]]) -> str:
    """Ask every text of every side, again and again until that gets no faster; return a sentence for the report."""
    rounds: list[float] = []
    while len(rounds) < 3 or (min(rounds[-2:]) < min(rounds[:-2]) * (1 - STEADY) and len(rounds) < ROUNDS):
        started = time.perf_counter()
        for call in calls:
            for name, asked in texts.items():
                for text in asked:
                    call[name](text)
        rounds.append(time.perf_counter() - started)
    return f"Warmed up by {len(rounds)} rounds of {sum(map(len, texts.values()))} queries: {rounds[0]:.1f} s the first, {rounds[-1]:.1f} s the last."


def latencies(names: Sequence[str], took: dict[str, list[list[float]]]) -> list[str]:
    """Return the rows of a table: for each case and engine p50, p95, p99 and the ratio to its own bare BM25."""
    columns = " | ".join(f"{name} p50 ms | p95 | p99 | to its BM25's p50" for name in names)
    rows = [f"| | n | {columns} |", "|---|---|" + "---|" * (4 * len(names))]
    bare = [float(np.percentile(times, 50)) for times in took[BM25]]
    for case, each in took.items():
        cells = []
        for times, base in zip(each, bare, strict=True):
            p50, p95, p99 = np.percentile(times, [50, 95, 99])
            cells.append(f"{p50:.2f} | {p95:.2f} | {p99:.2f} | {p50 / base:.1f} x")
        rows.append(f"| {case} | {len(each[0])} | {' | '.join(cells)} |")
    return rows


def _cases(sides: Sequence[Side], count: int) -> tuple[dict[str, Sequence[str]], list[dict[str, Asked]]]:
    """Return the texts of each case, and how each side is asked."""
    plots = [query.text for query in load_queries("mal2020_plots")][:count]
    titles = [query.text for query in load_queries("mal2020_titles")][:count]
    typos = [query.text for query in load_queries("mal2020_typos")][:count]
    info = sides[0].service.info()
    known = sides[0].service.reader().browse(Filters(), "watched", 0, info.offered).ids
    seen = Options(exclude=tuple(known[:: max(len(known) // EXCLUDED, 1)][:EXCLUDED]))
    excluding = f"plot, {len(seen.exclude):,} ids excluded"
    texts: dict[str, Sequence[str]] = {
        "exact title": titles,
        "typo": typos,
        "part of a name": [text.split()[0] for text in titles],
        "genre": ["romance", "90s robot", "comedy movies", "short horror"] * 25,
        "plot, warm encoder": plots,
        "plot, cached query vector": plots,
        excluding: plots,
        "suggestion": [text[: max(2, len(text) // 2)] for text in titles],
        "browse with facets": ["Action", "Drama", "Comedy"] * 20,
        BM25: plots,
    }

    def asked(service: SearchService) -> dict[str, Asked]:
        search: Asked = service.search
        reader = service.reader()
        others: dict[str, Asked] = {
            excluding: lambda text: service.search(text, seen),
            "suggestion": service.suggest,
            "browse with facets": lambda genre: service.browse(Filters(genres=(genre,)), "score", facets=True),
            BM25: lambda text: reader.legs(LegsRequest(text=text, size=20, filters=NO_FILTERS)),
        }
        return {name: others.get(name, search) for name in texts}

    return texts, [asked(side.service) for side in sides]


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
