"""What was measured, as the page about quality shows it: read from the reports, nothing made up, nothing recomputed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from config import ROOT
from webapp.i18n import N_
from webapp.plots import Chart, interval, lines, scatter

log = structlog.get_logger("nextep.web")

REPORTS = ROOT / "reports"
RECOMMENDERS, SEARCH, SEARCH_TEXT, SPEED = "recommenders.json", "search.json", "search.md", "bench.md"
# In the line charts: these, and the best one.
DRAWN = ("popularity", "content", "hybrid", "item_knn", "ials")
MOST_LINES = 6

DATASETS = {
    "mal_lists": N_("MyAnimeList, 4,198 real lists"),
    "mal_status": N_("MyAnimeList, 310 real lists with status"),
    "ml1m": "MovieLens 1M",
    "ml100k": "MovieLens 100K",
    "gowalla": N_("Gowalla, LightGCN's split"),
    "lastfm": N_("Last.fm, LightGCN's split"),
}
PROTOCOLS = {
    "strong": N_("A fifth of the people is held out whole. The models learn from the others, are told four fifths of each held-out list, and have to find the rest."),
    "last": N_("Everybody's last entry is hidden; the models have to find it from those before it."),
    "published": N_("The split that was published with the data, so that the numbers stand beside those of papers."),
}  # fmt: skip
MODELS = {
    "popularity": N_("Most popular"),
    "user_knn": N_("People like you (user kNN)"),
    "item_knn": N_("Works that share people (item kNN)"),
    "ease": "EASE",
    "edlae": "EDLAE",
    "ials": N_("iALS (matrix factors)"),
    "mf": N_("MF (factors of scores)"),
    "gfcf": N_("GF-CF (graph filter)"),
    "clusters": N_("Clusters of people"),
    "content": N_("Content alone"),
    "hybrid": N_("Hybrid .6 / .4"),
    "blend": N_("Blend with learned weights"),
}
METRICS = {
    "ndcg@100": "NDCG@100",
    "ndcg@10": "NDCG@10",
    "hit_rate@10": N_("Hit rate@10"),
    "recall@20": "Recall@20",
    "recall_capped@20": N_("Recall@20, capped"),
    "precision@10": "Precision@10",
    "coverage@10": N_("Coverage@10"),
    "diversity@10": N_("Diversity@10"),
    "novelty@10": N_("Novelty@10"),
    "ndcg@20 without sequels": N_("NDCG@20 without sequels"),
    "diversity": N_("Diversity"),
    "freshness": N_("Freshness"),
}
COLUMNS = ("precision@10", "recall@20", "hit_rate@10", "ndcg@20 without sequels", "coverage@10", "diversity@10", "novelty@10")  # fmt: skip
SYSTEM_B = {
    "hybrid (.6 content, .4 collaborative)": N_("Hybrid: content .6, collaborative .4"),
    "hybrid on TF-IDF of genres": N_("Hybrid on TF-IDF of genres"),
    "content only": N_("Content only"),
    "collaborative only": N_("Collaborative only"),
    "the default blend": N_("The site's own blend"),
}
SETS = {
    "mal2020_plots": N_("Plots retold from memory, 17,562 works"),
    "mal2020_titles": N_("Titles and aliases, 17,562 works"),
    "mal2020_typos": N_("Titles with typos, 17,562 works"),
    "sample_en_plots": N_("Plots in English, bundled catalogue"),
    "sample_en_titles": N_("Titles in English, bundled catalogue"),
    "sample_ko_plots": N_("Plots in Korean, bundled catalogue"),
    "sample_ko_plots_more": N_("Further plots in Korean, bundled catalogue"),
    "sample_ko_titles": N_("Titles in Korean, bundled catalogue"),
    "nonsense": N_("Nonsense that should find nothing"),
}
SEARCHERS = {
    "ours": "Nextep",
    "BM25": N_("Words alone (BM25)"),
    "vectors": N_("Meaning alone (vectors)"),
    "RRF": N_("Reciprocal rank fusion"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A model on the board. `bar` is score and the interval's ends as parts of a hundred of the best end."""

    model: str
    score: float
    low: float
    high: float
    bar: tuple[float, float, float]
    behind: Mapping[str, float] | None
    ahead: Mapping[str, float] | None
    numbers: Mapping[str, float]
    user_ms: float


@dataclass(frozen=True, slots=True)
class Board:
    """One data set by one protocol, the best model first."""

    date: str
    dataset: str
    protocol: str
    headline: str
    seeds: Sequence[int]
    learned_from: int
    held_out: int
    titles: int
    columns: Sequence[str]
    lines: Sequence[Line]
    skipped: Sequence[str]
    cold: Mapping[str, float]
    charts: Mapping[str, Chart]


@dataclass(frozen=True, slots=True)
class SearchSet:
    """One query set: hit@1, hit@5, hit@10 and MRR of each searcher, each with its interval."""

    name: str
    rows: Sequence[tuple[str, Mapping[str, Sequence[float]]]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report on speed, under its heading."""

    heading: str
    text: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Quality:
    """All that was measured; what is missing is empty."""

    date: str = ""
    boards: Sequence[Board] = ()
    system_b: Sequence[Mapping[str, Any]] = ()
    search_said: str = ""
    searches: Sequence[SearchSet] = ()
    speed_said: str = ""
    speed: Sequence[Table] = ()


def quality(folder: Path | None = None) -> Quality:
    """Return what the reports of a folder say (the project's); read again only when one of them has changed."""
    folder = folder or REPORTS
    names = (RECOMMENDERS, SEARCH, SEARCH_TEXT, SPEED)
    stamps = tuple((folder / name).stat().st_mtime_ns if (folder / name).is_file() else 0 for name in names)
    return _read(folder, stamps)


@lru_cache(maxsize=4)
def _read(folder: Path, stamps: tuple[int, ...]) -> Quality:
    models = _json(folder / RECOMMENDERS)
    boards = [_board(result) for result in models.get("results", ())]
    found = _json(folder / SEARCH)
    searches = [SearchSet(name, _searchers(rows)) for name, rows in found.get("sets", {}).items() if rows]
    said, tables = _tables(_text(folder / SPEED))
    return Quality(
        date=str(models.get("date", "")),
        boards=boards,
        system_b=next(iter(models.get("system B", {}).values()), ()),
        search_said=_dated(_text(folder / SEARCH_TEXT)),
        searches=searches,
        speed_said=said,
        speed=tables,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text(path) or "{}")
    except ValueError as error:
        log.error("report unreadable", file=path.name, error=str(error))
        return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _dated(text: str) -> str:
    found = re.search(r"^\d{4}-\d\d-\d\d", text, re.MULTILINE)
    return found[0] if found else ""


def _board(result: Mapping[str, Any]) -> Board:
    headline = result["headline"]
    rows = result["models"]
    most = max(row["interval"][1] for row in rows)
    made = [
        Line(
            model=row["model"],
            score=row[headline],
            low=row["interval"][0],
            high=row["interval"][1],
            bar=interval(row["interval"][0], row["interval"][1], row[headline], most),
            behind=row.get("against the best"),
            ahead=row.get("against popularity"),
            numbers=row["numbers"],
            user_ms=row["user_ms"],
        )
        for row in rows
    ]
    across = "diversity@10" if "diversity@10" in rows[0]["numbers"] else "coverage@10"
    charts = {
        "accuracy": scatter({row["model"]: (row["numbers"][across], row[headline]) for row in rows}, across, headline)
    }
    drawn = [row for row in rows if row["model"] in DRAWN or row is rows[0]][:MOST_LINES]
    for kind, key, up in (("history", "by_history", headline), ("popularity", "by_popularity", "recall@20")):
        series = {row["model"]: row[key] for row in drawn if len(row[key]) > 1}
        if series:
            charts[kind] = lines(series, kind, up)
    cold: Mapping[str, float] = next((value for key, value in result.items() if key.startswith("cold items")), {})
    return Board(
        date=str(result.get("date", "")),
        dataset=result["dataset"],
        protocol=result["protocol"],
        headline=headline,
        seeds=result["seeds"],
        learned_from=result["training people"],
        held_out=result["held-out people"],
        titles=result["titles"],
        columns=[name for name in COLUMNS if name in rows[0]["numbers"] and name != headline],
        lines=made,
        skipped=list(result.get("skipped", {})),
        cold=cold,
        charts=charts,
    )


def _searchers(rows: Mapping[str, Mapping[str, Sequence[float]]]) -> list[tuple[str, Mapping[str, Sequence[float]]]]:
    """Return the searchers, ours first; the parts of ours by kind of query are in the report."""
    return [(name, rows[name]) for name in SEARCHERS if name in rows]


def _tables(text: str) -> tuple[str, list[Table]]:
    """Return what a Markdown report says at its beginning, and its tables with their headings."""
    said, tables, heading = "", [], ""
    words: list[str] = []
    rows: list[list[str]] = []

    def close() -> None:
        if len(rows) > 1:
            tables.append(Table(heading, " ".join(words), rows[0], rows[1:]))
            words.clear()
        rows.clear()

    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                rows.append(cells)
            continue
        close()
        if line.startswith("#"):
            if heading == "" and words:
                said = " ".join(words)
            heading, words = ("" if line.startswith("# ") else line.lstrip("# ")), []
        elif line.strip():
            words.append(line.strip())
    close()
    return said, tables
