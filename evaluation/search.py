"""Measure search on the Kaggle catalogue and the bundled one by the project's query sets."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from config import Settings
from evaluation.queries import QUERIES, Measured, Query, load_queries, measure, rank_of
from indexer.build import build_index
from indexer.prepare import SAMPLE, prepare
from indexer.report import Report
from search import ranking
from search.embedded import EmbeddedEngine
from search.engine import NO_FILTERS, LegsRequest
from search.open import open_embedder, open_encoder
from search.options import Options
from search.service import SearchService

DEPTH = 100
KAGGLE = "mal2020"
CATALOGUES = (KAGGLE, "sample")


def catalogue_service(settings: Settings, source: Path, name: str) -> SearchService:
    """Return a service over `source`, indexed in `var/evaluation/NAME`; vectors come from the common cache."""
    report = Report()
    titles, described = prepare(source, report)
    engine = EmbeddedEngine(settings.var / "evaluation" / name)
    build_index(titles, engine, open_embedder(settings), settings.var, described, report)
    return SearchService(engine, open_encoder(settings))


def ranks_of(service: SearchService, queries: Sequence[Query]) -> list[int]:
    """Return the rank of each query's work in the whole answer, groups in the order a person sees them."""
    ranks = []
    for query in queries:
        answer = service.search(query.text, Options(limit=DEPTH, language=query.language))
        found = dict.fromkeys(item.title.id for group in answer.groups for item in group.items)
        ranks.append(rank_of(found, query.ids))
    return ranks


def baseline_ranks(service: SearchService, queries: Sequence[Query]) -> dict[str, list[int]]:
    """Return ranks by words alone, by vectors alone and by reciprocal rank fusion of all legs."""
    reader = service.reader()
    ranks: dict[str, list[int]] = {"BM25": [], "vectors": [], "RRF": []}
    for query in queries:
        vectors, _ = service.encoder.encode(query.text, reader.info().spaces)
        legs = reader.legs(LegsRequest(text=query.text, vectors=vectors, filters=NO_FILTERS, size=DEPTH))
        words = [hit.id for hit in legs.hits.get("words", ())]
        near = [hit.id for name, hits in legs.hits.items() if name.startswith("document") for hit in hits]
        ranks["BM25"].append(rank_of(words, query.ids))
        ranks["vectors"].append(rank_of(near, query.ids))
        ranks["RRF"].append(rank_of(ranking.reciprocal_rank(legs), query.ids))
    return ranks


def run(settings: Settings, data: Path, split: str, out: Path) -> str:
    """Measure every query set whose catalogue is at hand; write `search.json` and `search.md`; return the text."""
    sections: dict[str, dict[str, Measured]] = {}
    misses: dict[str, list[str]] = {}
    for name in CATALOGUES:
        source = data / KAGGLE if name == KAGGLE else SAMPLE
        if not source.exists():
            continue
        service = catalogue_service(settings, source, name)
        for file in sorted(QUERIES.glob(f"{name}_*.jsonl")):
            queries = [query for query in load_queries(file.stem) if split in ("all", query.split)]
            if queries:
                sections[file.stem], misses[file.stem] = _section(service, queries)
    if not sections:
        raise ValueError(f"No query set has its catalogue at {data}; give --data the folder that holds {KAGGLE}/.")
    text = _markdown(sections, misses, split, settings.embedder)
    out.mkdir(parents=True, exist_ok=True)
    (out / "search.md").write_text(text, encoding="utf-8")
    values = {name: {row: measured.values for row, measured in rows.items()} for name, rows in sections.items()}
    (out / "search.json").write_text(json.dumps({"split": split, "sets": values}, indent=1) + "\n", encoding="utf-8")
    return text


def _section(service: SearchService, queries: list[Query]) -> tuple[dict[str, Measured], list[str]]:
    rows: dict[str, Measured] = {}
    ranks = ranks_of(service, queries)
    if any(query.kind == "plot" for query in queries):
        rows.update((name, measure(of)) for name, of in baseline_ranks(service, queries).items())
    rows["ours"] = measure(ranks)
    keys: tuple[Callable[[Query], str | None], ...] = (lambda q: q.tercile, lambda q: q.kind)
    for key in keys:
        for value in sorted({found for query in queries if (found := key(query))}):
            chosen = [rank for query, rank in zip(queries, ranks, strict=True) if key(query) == value]
            if len(chosen) < len(queries):
                rows[f"ours, {value}"] = measure(chosen)
    missed = [f"{query.text} -> {rank or 'none'}" for query, rank in zip(queries, ranks, strict=True) if rank != 1]
    return rows, missed


def _markdown(sections: dict[str, dict[str, Measured]], misses: dict[str, list[str]], split: str, model: str) -> str:
    today = datetime.date.today().isoformat()
    lines = [
        "# Search, measured",
        "",
        f"{today}, model {model}, {split} split. Each cell: mean and 95 % bootstrap interval (2,000 rounds over queries, "
        "seed 42). A rank counts over the whole answer, its groups in the order in which a person sees them.",
    ]
    for name, rows in sections.items():
        lines += ["", f"## {name}", "", "| | queries | hit@1 | hit@5 | hit@10 | MRR |", "|---|---|---|---|---|---|"]
        lines += [f"| {row} | {measured.queries} | {' | '.join(measured.row())} |" for row, measured in rows.items()]
        if misses[name]:
            lines += ["", f"<details><summary>{len(misses[name])} not first</summary>", ""]
            lines += [f"- {miss}" for miss in misses[name][:60]]
            lines += ["", "</details>"]
    return "\n".join(lines) + "\n"
