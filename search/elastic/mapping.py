"""Settings, mapping and documents of an index, made from the JSON of `es/`, the spaces and what the server analyses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from elasticsearch.helpers import pack_dense_vector

from catalogue import Title
from search.engine import Document, IndexInfo, Space
from search.keys import distinct, has_cjk, has_hangul, key

FOLDER = Path(__file__).resolve().parents[2] / "es"
# Raised when an index written before can't be read any more.
FORMAT = 1
# Up to so many works every vector is compared, which is exact; beyond, a graph is walked.
EXACT_UP_TO = 50_000
LEXICAL = ("en", "tags", "name", "bi", "name_bi")
# A work without text in a field holds this word there: BM25 then counts and averages over all works, as the
# embedded engine does, and not over those that have the field.
NOTHING = "xxnothingxx"
# Where the application made up `_meta` beside what IndexInfo says.
OWN = "elastic"


@cache
def _read(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def load(name: str) -> dict[str, Any]:
    """Return one of the JSON files of `es/`, a fresh copy each time."""
    made: dict[str, Any] = json.loads(_read(name))
    return made


def vector_field(space: str) -> str:
    """Name the field of a space's document vectors."""
    return f"vector_{space}"


def passages_field(space: str) -> str:
    """Name the nested field of a space's passages."""
    return f"passages_{space}"


def settings(analysers: Sequence[str]) -> dict[str, Any]:
    """Return the settings of a new index that is about to be filled."""
    analysis = load("analysis")
    for name in analysers:
        for kind, made in load(name)["analysis"].items():
            analysis.setdefault(kind, {}).update(made)
    return {
        **load("settings"),
        # Loading is quicker without copies and without making half of it visible; `FILLED` restores both.
        "number_of_replicas": 0,
        "refresh_interval": "-1",
        "analysis": analysis,
    }


# A copy on every node: any of them answers alone, and a lost one costs nothing.
FILLED = {"index": {"refresh_interval": "1s", "auto_expand_replicas": "0-all"}}


def mapping(info: IndexInfo, analysers: Sequence[str]) -> dict[str, Any]:
    """Return the mapping of an index for the spaces of `info`, with `_meta`."""
    made = load("mapping")
    for name in analysers:
        made["properties"].update(load(name)["properties"])
    options = load("vectors")
    for space in info.spaces:
        whole = options["exact" if info.documents <= EXACT_UP_TO else "graph"]
        made["properties"][vector_field(space.name)] = _vector(space, whole)
        # Passages are only ever scored for a search's candidates, so no graph over all of them is needed.
        made["properties"][passages_field(space.name)] = {
            "type": "nested",
            "properties": {"vector": _vector(space, options["exact"])},
        }
    return {**made, "_meta": meta(info, analysers)}


def _vector(space: Space, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "dense_vector",
        "dims": space.dims,
        "index": True,
        "similarity": "cosine",
        "index_options": dict(options),
    }


def meta(info: IndexInfo, analysers: Sequence[str], changes: int = 0) -> dict[str, Any]:
    """Return `_meta`: all that IndexInfo says, and what only this engine knows of the index."""
    own = {"format": FORMAT, "analysers": list(analysers), "changes": changes}
    return {**json.loads(json.dumps(dataclasses.asdict(info))), OWN: own}


def info_of(meta: Mapping[str, Any]) -> IndexInfo:
    """Return what `_meta` says as IndexInfo; changes made in place since are told in the generation's name."""
    data = {name: value for name, value in meta.items() if name != OWN}
    spaces = tuple(Space(**{**space, "languages": tuple(space["languages"])}) for space in data["spaces"])
    changes = meta[OWN]["changes"]
    generation = f"{data['generation']}+{changes}" if changes else data["generation"]
    return IndexInfo(**{**data, "spaces": spaces, "generation": generation})


def source(document: Document, spaces: Iterable[Space], analysers: Sequence[str], changed: int = 0) -> dict[str, Any]:
    """Return the document as it is sent to Elasticsearch."""
    title = document.title
    labels = distinct([*title.genres, *title.themes])
    makers = {key(studio): studio for studio in reversed(title.studios)}
    made: dict[str, Any] = {
        "title": json.dumps(title.to_dict(), ensure_ascii=False, separators=(",", ":")),
        "changed": changed,
        "id": title.id,
        "members": title.members or 0,
        "series": title.series if title.series is not None else title.id,
        "offered": title.offered,
        "adult": title.adult,
        "year": title.year,
        "episodes": title.episodes,
        "labels": labels,
        "format": title.format,
        "studios": list(makers),
        "makers": [f"{made}\n{shown}" for made, shown in makers.items()],
        "score": title.score,
        "aired": aired_number(title) or None,
        "sort_title": title.name().casefold()[:1000],
        "keys": document.keys,
        "names": document.names,
        # Sorted by place, so that the names come back in the order in which they were given.
        "spelled": [f"{place:03}{name}" for place, name in enumerate(document.names)],
        "prefixes": document.prefixes,
        "grams": document.grams,
        # Long lists of aliases would win by chance; a mild penalty evens that out.
        "gram_weight": max(len(document.grams.split()), 1) ** -0.25,
        **{field: document.texts.get(field) or NOTHING for field in LEXICAL},
    }
    if "nori" in analysers:
        made["ko"] = " ".join(_korean_texts(title)) or NOTHING
        made["name_ko"] = [name for name in title.names() if has_hangul(name)] or NOTHING
    if "kuromoji" in analysers:
        made["name_ja"] = [name for name in title.names() if has_cjk(name) and not has_hangul(name)] or NOTHING
    for space in spaces:
        vector, passages = document.vectors.get(space.name), document.passages.get(space.name)
        if vector is not None:
            made[vector_field(space.name)] = pack_dense_vector(vector)
        if passages is not None and len(passages):
            made[passages_field(space.name)] = [{"vector": pack_dense_vector(row)} for row in passages]
    return made


def _korean_texts(title: Title) -> list[str]:
    people = [name for person in title.characters for name in (person.name, person.name_ko) if name and has_cjk(name)]
    return [text for text in (title.synopsis.get("ko"), title.hooks.get("ko"), *people) if text]


def aired_number(title: Title) -> int:
    """Return the first day as YYYYMMDD for sorting, unknown parts 0, unknown dates 0."""
    if title.aired_from:
        parts = [int(part) for part in title.aired_from.split("-")]
        return sum(part * scale for part, scale in zip(parts, (10000, 100, 1), strict=False))
    return (title.year or 0) * 10000
