"""Fuse the legs of a search into one order, the same for every engine.

Each work among the legs' candidates gets a weighted sum: words (BM25, scaled), cosine of the whole
text, cosine of the best passage, and a popularity prior. The weights are learned by `nextep learn` on tuning
queries and kept in `weights.json`. A work that a leg did not return gets that leg's lowest score: no leg looks
further than its candidates on either engine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from search.engine import Hit, Legs

WEIGHTS_FILE = Path(__file__).with_name("weights.json")
RRF_K = 60
# BM25 is divided by this to be about 0 to 1. Not by the best hit's: how much a query's words say counts too.
WORDS_SCALE = 20.0
# The tuning queries' lowest percent lies at .33 among 398 works and at .387 among 15,666.
FLOOR_PER_DECADE = 0.035
KINDS = ("words", "document", "passage")


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature is worth, and where "nothing similar" begins.

    `members` multiplies log10(1 + members). `floor` is the least evidence a best hit must have among 10,000 works, on
    the scale of `evidence`; set from tuning queries against nonsense ones.
    """

    words: float
    document: float
    passage: float
    members: float
    floor: float

    def floor_among(self, works: int) -> float:
        """Return the floor for a catalogue of so many works: the more there are, the nearer chance neighbours come."""
        return self.floor + FLOOR_PER_DECADE * math.log10(max(works, 1) / 10_000)


# Works like a work: by vectors, genres in common and popularity. Chosen on 4,198 people's lists (the share of a
# work's twelve that are among its thirty most co-watched: .08 by vectors alone, .16 so).
SIMILAR = Weights(words=0.0, document=1.0, passage=0.0, members=0.05, floor=0.0)
COMMON = 0.3


@lru_cache(maxsize=1)
def learned() -> dict[str, Weights]:
    """Return the learned weights by language of the query."""
    data = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    return {language: Weights(**values) for language, values in data["weights"].items()}


class Ranked(NamedTuple):
    """One work in the fused order; `legs` holds (rank, score) of each leg that returned it."""

    id: int
    score: float
    series: int
    legs: Mapping[str, tuple[int, float]]
    features: Mapping[str, float] | None = None


def features(legs: Legs) -> dict[int, dict[str, float]]:
    """Return each candidate's features, {id: {"words", "document", "passage"}}, each about 0 to 1."""
    ids, matrix, _ = _table(legs)
    return {id: dict(zip(KINDS, map(float, row), strict=True)) for id, row in zip(ids, matrix, strict=True)}


def _table(legs: Legs) -> tuple[list[int], npt.NDArray[np.float64], list[Hit]]:
    """Return the candidates' ids, their features (candidates, KINDS), and a hit of each."""
    row_of: dict[int, int] = {}
    hits: list[Hit] = []
    for leg in legs.hits.values():
        for hit in leg:
            if hit.id not in row_of:
                row_of[hit.id] = len(hits)
                hits.append(hit)
    matrix = np.full((len(hits), len(KINDS)), -np.inf)
    lowest = np.full(len(KINDS), np.inf)
    for name, leg in legs.hits.items():
        if not leg:
            continue
        column = KINDS.index(name.partition(":")[0])
        scores = np.array([hit.score for hit in leg])
        if column == 0:
            lowest[0] = 0.0
            scores = scores / WORDS_SCALE
        else:
            lowest[column] = min(lowest[column], scores[-1])
        rows = [row_of[hit.id] for hit in leg]
        # With several vector spaces of one kind, the nearer one counts.
        matrix[rows, column] = np.maximum(matrix[rows, column], scores)
    lowest[np.isinf(lowest)] = 0.0
    return list(row_of), np.where(np.isinf(matrix), lowest, matrix), hits


def fuse(legs: Legs, weights: Weights, *, explain: bool = True) -> list[Ranked]:
    """Return all candidates of the legs, best first, ties by id; without `explain` the legs' places are left out."""
    ids, matrix, hits = _table(legs)
    if not ids:
        return []
    watched = np.log10(1 + np.maximum([hit.members for hit in hits], 0))
    scores = matrix @ [weights.words, weights.document, weights.passage] + weights.members * watched
    order = np.lexsort((ids, -scores)).tolist()
    if not explain:
        return [Ranked(ids[row], float(scores[row]), hits[row].series, {}) for row in order]
    places = {name: {hit.id: (rank, hit.score) for rank, hit in enumerate(leg, 1)} for name, leg in legs.hits.items()}
    return [
        Ranked(
            ids[row],
            float(scores[row]),
            hits[row].series,
            {name: place[ids[row]] for name, place in places.items() if ids[row] in place},
            dict(zip((*KINDS, "members"), (*map(float, matrix[row]), hits[row].members), strict=True)),
        )
        for row in order
    ]


def evidence(legs: Legs, ranked: Sequence[Ranked]) -> float:
    """Return how near the nearest work is: the mean of the best cosines of text and passage, 0 without one.

    A query that no model could embed is judged by its words alone: any hit counts as near.
    """
    tops: dict[str, float] = {}
    for name, hits in legs.hits.items():
        if name != "words" and hits:
            kind = name.split(":")[0]
            tops[kind] = max(tops.get(kind, -1.0), hits[0].score)
    if not tops:
        return 1.0 if ranked else 0.0
    return sum(tops.values()) / len(tops)


def reciprocal_rank(legs: Legs) -> list[int]:
    """Return ids by reciprocal rank fusion, sum of 1 / (60 + rank) (Cormack et al. 2009): a baseline."""
    scores: dict[int, float] = {}
    for hits in legs.hits.values():
        for rank, hit in enumerate(hits, 1):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (RRF_K + rank)
    return sorted(scores, key=lambda id: (-scores[id], id))


def dump(weights: Mapping[str, Weights], provenance: Mapping[str, object], file: Path = WEIGHTS_FILE) -> None:
    """Write weights with where they come from."""
    data = {"provenance": dict(provenance), "weights": {name: asdict(value) for name, value in weights.items()}}
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def rarity(counts: Mapping[str, int]) -> dict[str, float]:
    """Return how much each label says of the works that have it, by how rare it is; at "" what one that nobody has would."""
    total = sum(counts.values()) or 1
    return {"": math.log(1 + total)} | {label: math.log(1 + total / count) for label, count in counts.items()}


def in_common(one: Iterable[str], other: Iterable[str], weights: Mapping[str, float]) -> float:
    """Return how much two sets of labels share, 0 to 1: Jaccard, each label with its weight of `rarity`."""
    unknown = weights[""]

    def weight(labels: set[str]) -> float:
        return sum([weights.get(label, unknown) for label in sorted(labels)])

    one, other = set(one), set(other)
    return weight(one & other) / (weight(one | other) or 1.0)
