"""From candidates to a row: different enough from one another, and not all of one series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from recommenders.base import Scored


def mmr(candidates: Sequence[Scored], vectors: NDArray[np.float32], k: int, trade: float = 0.3) -> list[Scored]:
    """Choose k candidates by maximal marginal relevance; what that is, `varied` says."""
    scores = np.array([one.score for one in candidates], np.float64)
    return [candidates[at] for at in varied(scores, vectors, k, trade)]


def varied(scores: NDArray[np.float64], vectors: NDArray[np.float32], k: int, trade: float = 0.3) -> list[int]:
    """Return the places of k candidates, chosen by maximal marginal relevance (Carbonell 1998).

    `vectors` (candidates, dims) have length 1 or 0. Each step takes the highest
    (1 - trade) x score scaled to 0..1 - trade x the greatest cosine with what is chosen; of equals the earlier.
    """
    if not 0 <= trade <= 1:
        raise ValueError(f"trade is {trade}; it must be in [0, 1]")
    if len(vectors) != len(scores):
        raise ValueError(f"{len(scores)} candidates have {len(vectors)} vectors")
    if not len(scores):
        return []
    span = float(np.ptp(scores))
    worth = (1 - trade) * (scores - scores.min()) / (span or 1.0)
    # Into the same places each time: a home page takes two hundred such steps.
    nearest, left = np.zeros(len(scores)), np.empty(len(scores))
    alike, weighed = np.empty(len(scores), vectors.dtype), vectors * vectors.dtype.type(trade)
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        at = int(np.subtract(worth, nearest, out=left).argmax())
        chosen.append(at)
        worth[at] = -np.inf
        np.maximum(nearest, np.matmul(weighed, vectors[at], out=alike), out=nearest)
    return chosen


def cap_series(candidates: Sequence[Scored], series: Mapping[str, str], k: int, most: int = 1) -> list[Scored]:
    """Take the first k with at most `most` of one series; titles of no series are free.

    When there are not k such, those left out follow in their order, so that a row is full.
    """
    if most < 1:
        raise ValueError(f"most is {most}; it must be at least 1")
    counts: Counter[str] = Counter()
    taken: list[Scored] = []
    spare: list[Scored] = []
    for one in candidates:
        of = series.get(one.item)
        if of and counts[of] >= most:
            spare.append(one)
            continue
        if of:
            counts[of] += 1
        taken.append(one)
        if len(taken) == k:
            return taken
    return (taken + spare)[:k]
