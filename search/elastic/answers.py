"""What Elasticsearch answered, as values of the protocol; every item's error and lost shard is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search.elastic.errors import Target, item_error
from search.engine import EngineError, Hit, NameHit


def problem(name: str, answer: Mapping[str, Any], target: Target) -> EngineError | str | None:
    """Return what is wrong with one answer of an msearch: an error, what is missing of it, or None."""
    error = item_error(answer, target)
    if error is not None:
        return error
    shards = answer.get("_shards", {})
    if shards.get("failed"):
        return f"{name}: {shards['failed']} of {shards['total']} shards could not be searched"
    if answer.get("timed_out"):
        return f"{name}: the search was cut short for time"
    return None


def ids(answer: Mapping[str, Any]) -> list[int]:
    """Return the ids of a listing, whose sort values end with the id."""
    return [hit["sort"][-1] for hit in answer["hits"]["hits"]]


def word_hits(answer: Mapping[str, Any]) -> list[Hit]:
    """Return the hits of the lexical leg with their BM25."""
    return [
        Hit(id, float(score), members, series)
        for score, id, members, series in (hit["sort"] for hit in answer["hits"]["hits"])
    ]


def near_hits(answer: Mapping[str, Any]) -> list[Hit]:
    """Return the hits of a vector leg with their cosines."""
    return [
        # Elasticsearch scores (1 + cosine) / 2. Compared one by one under a filter, works without a vector have 0.
        Hit(id, 2.0 * float(score) - 1.0, members, series)
        for score, id, members, series in (hit["sort"] for hit in answer["hits"]["hits"])
        if score
    ]


def places(answer: Mapping[str, Any]) -> dict[int, tuple[float, int]]:
    """Return the score of each work's best passage and its position among them."""
    found = {}
    for hit in answer["hits"]["hits"]:
        score, id = hit["sort"][:2]
        for inner in hit["inner_hits"].values():
            for passage in inner["hits"]["hits"]:
                found[id] = float(score), int(passage["_nested"]["offset"])
    return found


def best_first(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits once each, best first, ties by id."""
    return sorted({hit.id: hit for hit in hits}.values(), key=lambda hit: (-hit.score, hit.id))


def named(answer: Mapping[str, Any], words: Sequence[str]) -> list[NameHit]:
    """Return each work with the shortest of its names that holds every word, the last as the beginning of one."""
    whole, begun = set(words[:-1]), words[-1]
    found = []
    for hit in answer["hits"]["hits"]:
        names = []
        for name in _names(hit):
            parts = name.split()
            if whole <= set(parts) and any(part.startswith(begun) for part in parts):
                names.append(name)
        if names:
            found.append(_name_hit(hit, min(names, key=len)))
    return found


def prefixed(answer: Mapping[str, Any]) -> list[NameHit]:
    """Return each work with its first name."""
    return [_name_hit(hit, next(iter(_names(hit)), "")) for hit in answer["hits"]["hits"]]


def _names(hit: Mapping[str, Any]) -> list[str]:
    # Each begins with its place among the names, in three digits.
    return [name[3:] for name in hit.get("fields", {}).get("spelled", ())]


def _name_hit(hit: Mapping[str, Any], name: str) -> NameHit:
    members, id = hit["sort"]
    return NameHit(id, name, float(members))


def facets(answer: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return the counts by facet: years in order, all else the most frequent first."""
    return {name: _counted(name, made["buckets"]) for name, made in answer.get("aggregations", {}).items()}


def _counted(name: str, buckets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    if name == "year":
        years = {int(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
        return {str(year): years[year] for year in sorted(years) if year > 0}
    counts: dict[str, int] = {}
    shown: dict[str, str] = {}
    for bucket in buckets:
        # A maker is "key, new line, as it is written"; spellings of one key are one maker, the most frequent shown.
        same, _, written = str(bucket["key"]).rpartition("\n")
        label = shown.setdefault(same or written, written)
        counts[label] = counts.get(label, 0) + int(bucket["doc_count"])
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
