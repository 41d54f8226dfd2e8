"""From scores to ranked lists to one number: what tuning and evaluation share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommenders.interactions import Interactions
from recommenders.metrics import ndcg
from recommenders.ranking import best
from recommenders.split import Fold, strong_generalisation

BATCH = 256
LEAST_PEOPLE = 20


def top_places(scores: NDArray[np.float32], hidden: csr_array, k: int, rank: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the k best titles of each row, without the stored ones of `hidden`: (people, k), -1 for none.

    `scores` is overwritten.
    """
    top = np.full((len(scores), k), -1, np.int64)
    for row, line in enumerate(scores):
        line[hidden.indices[hidden.indptr[row] : hidden.indptr[row + 1]]] = -np.inf
        found = best(line, k, rank)
        top[row, : len(found)] = found
    return top


def hits_of(top: NDArray[np.int64], wanted: csr_array) -> NDArray[np.bool_]:
    """Return which of the shown titles are to be found: (people, k)."""
    marked = np.zeros(wanted.shape, np.bool_)
    marked[np.repeat(np.arange(wanted.shape[0]), np.diff(wanted.indptr)), wanted.indices] = True
    return np.take_along_axis(marked, np.maximum(top, 0), axis=1) & (top >= 0)


def ndcg_of(scores: NDArray[np.float32], fold: Fold, rank: NDArray[np.int32], k: int = 100) -> NDArray[np.float64]:
    """Return nDCG@k of each held-out person; `scores` is overwritten."""
    hits = hits_of(top_places(scores, fold.liked, k, rank), fold.wanted)
    return ndcg(hits, np.diff(fold.wanted.indptr), k)


def tuning_fold(interactions: Interactions, seed: int, most: int = 600) -> Fold | None:
    """Hold a tenth of the people out for tuning, at most `most`; None where that would be fewer than 20."""
    eligible = int((np.diff(interactions.matrix.indptr) >= 5).sum())
    if eligible * 0.1 < LEAST_PEOPLE:
        return None
    return strong_generalisation(interactions, seed, held_out=min(0.1, most / eligible))


def batches(people: int) -> list[slice]:
    """Return the slices that people are scored in."""
    return [slice(first, first + BATCH) for first in range(0, people, BATCH)]
