"""Ways to divide interactions into what a model learns from, what it is told, and what it has to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommenders.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Fold:
    """`train` to learn from; for each held-out person `liked` and `rated` are told, `wanted` is to be found.

    All three are (people, items) in the order of `train.items`.
    """

    train: Interactions
    liked: csr_array
    rated: csr_array
    wanted: csr_array
    protocol: str
    seed: int | None

    @property
    def people(self) -> int:
        """Return how many are held out."""
        return self.liked.shape[0]


def strong_generalisation(
    interactions: Interactions, seed: int = 42, held_out: float = 0.2, target: float = 0.2, least: int = 5
) -> Fold:
    """Hold people out whole: learn from the others, then find `target` of each held-out list from the rest of it.

    Of the people with at least `least` liked entries, permuted by default_rng(seed), the first `held_out` are held
    out. Titles are those of the training part; of each list `target` (rounded, at least one) is to be found.
    """
    rng = np.random.default_rng(seed)
    matrix = interactions.matrix
    eligible = np.flatnonzero(np.diff(matrix.indptr) >= least)
    if len(eligible) < 2:
        raise ValueError(f"only {len(eligible)} people have at least {least} liked entries; there must be 2")
    order = eligible[rng.permutation(len(eligible))]
    count = max(1, round(len(order) * held_out))
    tested, learned = np.sort(order[:count]), np.sort(order[count:])
    train = interactions.select_users(learned)
    columns = np.flatnonzero(np.bincount(train.matrix.indices, minlength=len(train.items)))
    train = train.select_items(columns)
    told = interactions.select_users(tested).select_items(columns)
    lengths = np.diff(told.matrix.indptr)
    tested_rows = np.flatnonzero(lengths >= 2)
    told = told.select_users(tested_rows)
    wanted = np.zeros(told.matrix.nnz, np.bool_)
    for start, end in zip(told.matrix.indptr[:-1], told.matrix.indptr[1:], strict=True):
        number = max(1, round((end - start) * target))
        wanted[start + rng.permutation(end - start)[:number]] = True
    return _fold(train, told, wanted, "strong generalisation", seed)


def leave_last_out(interactions: Interactions, least: int = 3) -> Fold:
    """Learn from all but each person's last liked entry, which is to be found. Needs timestamps."""
    if interactions.timestamps is None:
        raise ValueError("leave-last-out needs an order, and the interactions have no timestamps")
    liked = interactions.keep(interactions.liked)
    liked = liked.select_users(np.flatnonzero(np.diff(liked.indptr) >= least))
    rows, times = liked.rows(), liked.timestamps
    assert times is not None
    order = np.lexsort((np.arange(len(rows)), times, rows))
    wanted = np.zeros(len(liked), np.bool_)
    wanted[order[np.asarray(liked.indptr[1:]) - 1]] = True
    train = liked.keep(~wanted)
    return _fold(train, liked, wanted, "leave last out", None)


def published_split(train: Interactions, test: Interactions) -> Fold:
    """Take a split as it was published: the same people, told what was trained on. Unknown titles are left out."""
    place = {id: at for at, id in enumerate(train.items.tolist())}
    row = {id: at for at, id in enumerate(train.users.tolist())}
    users = np.array([row.get(id, -1) for id in test.users.tolist()])[test.rows()]
    items = np.array([place.get(id, -1) for id in test.items.tolist()])[test.indices]
    kept = (users >= 0) & (items >= 0)
    ones = np.ones(int(kept.sum()), np.float32)
    wanted = csr_array((ones, (users[kept], items[kept])), shape=train.shape)
    people = np.flatnonzero(np.diff(wanted.indptr))
    return Fold(train, train.matrix[people], train.ratings[people], wanted[people], "published split", None)


def _fold(train: Interactions, told: Interactions, wanted: NDArray[np.bool_], protocol: str, seed: int | None) -> Fold:
    """Divide the liked entries of `told` by `wanted` (liked entries,)."""
    matrix = told.matrix
    mask = np.zeros(len(told), np.bool_)
    mask[np.flatnonzero(told.liked)[wanted]] = True
    target = told.keep(mask)
    rest = told.keep(~mask)
    assert rest.matrix.nnz + target.matrix.nnz == matrix.nnz
    return Fold(train, rest.matrix, rest.ratings, target.matrix, protocol, seed)
