"""The best of many scores, with ties broken by one stated rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def tie_rank(popularity: NDArray[Any]) -> NDArray[np.int32]:
    """Return the place of each title among equals: the more popular first, then the order of the ids."""
    rank = np.empty(len(popularity), np.int32)
    rank[np.lexsort((np.arange(len(popularity)), -np.asarray(popularity, np.float64)))] = np.arange(len(popularity))
    return rank


def best(scores: NDArray[Any], k: int, rank: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the places of the k highest scores, the best first; equal ones by `rank`; never one that is -inf."""
    k = min(k, len(scores))
    if k <= 0:
        return np.empty(0, np.int64)
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    found = np.flatnonzero(scores >= least) if least > -np.inf else np.flatnonzero(scores > -np.inf)
    return found[np.lexsort((rank[found], -scores[found]))][:k]


def scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row (people, items) to 0..1; a row of equal scores becomes 0."""
    low = scores.min(axis=1, keepdims=True)
    span = scores.max(axis=1, keepdims=True) - low
    return (scores - low) / np.where(span > 0, span, 1)


def standardised(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row (people, items) to mean 0 and deviation 1; a row of equal scores becomes 0."""
    spread = scores.std(axis=1, keepdims=True)
    return (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
