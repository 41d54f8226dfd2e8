"""The titles that share people, and the people that share titles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recommenders.base import ItemItemModel, Model, require
from recommenders.interactions import Interactions

_BLOCK = 512


@dataclass(frozen=True)
class NeighboursConfig:
    """`neighbours`: how many count; `shrink` is added to the divisor of a cosine, so that rare pairs weigh little."""

    neighbours: int = 200
    shrink: float = 10.0

    def __post_init__(self) -> None:
        require(self.neighbours >= 1, "neighbours must be at least 1")
        require(self.shrink >= 0, "shrink must be at least 0")


class ItemKnn(ItemItemModel):
    """Cosine of titles over the people who like them; each title keeps its nearest `neighbours`.

    The score of i is the sum over the history's x of cosine(x, i) where x is among i's neighbours (Deshpande 2004).
    """

    name = "item_knn"
    config_class = NeighboursConfig

    def _fit(self, interactions: Interactions) -> None:
        columns = csr_array(interactions.matrix.T)
        kept = [
            _nearest(
                (columns[first : first + _BLOCK] @ interactions.matrix).toarray(),
                self.popularity[first : first + _BLOCK],
                self.popularity,
                self.config,
                first,
            )
            for first in range(0, len(self.items), _BLOCK)
        ]
        self.weights = csr_array(csr_array(vstack(kept, format="csr")).T)  # (history, candidate)
        self.weights.sort_indices()


class UserKnn(Model):
    """The `neighbours` people most like one vote by their cosine; the score is their mean vote."""

    name = "user_knn"
    config_class = NeighboursConfig

    def _fit(self, interactions: Interactions) -> None:
        self._hold(interactions.matrix)

    def _hold(self, people: csr_array) -> None:
        self.people = people  # (people, items)
        self.lists = csr_array(people.T)  # (items, people)
        self.lengths = np.diff(people.indptr).astype(np.float32)

    def _near(self, liked: csr_array) -> csr_array:
        shared = (liked @ self.lists).toarray()
        return _nearest(shared, np.diff(liked.indptr).astype(np.float32), self.lengths, self.config, None)

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        return (self._near(liked) @ self.people).toarray().astype(np.float32, copy=False)

    def _similarity(self, item: int) -> NDArray[np.float32]:
        shared = (self.lists[[item]] @ self.people).toarray()[0]
        return shared / (np.sqrt(self.popularity * self.popularity[item]) + self.config.shrink + 1e-9)

    def _contributions(self, liked: csr_array, rated: csr_array, item: int) -> NDArray[np.float32]:
        """A neighbour's vote is a sum over the titles shared with them, so it is theirs in equal parts."""
        near = self._near(liked)
        own = self.people[near.indices][:, liked.indices].toarray()  # (neighbours, history)
        votes = self.people[near.indices][:, [item]].toarray()[:, 0]
        return ((near.data * votes / np.maximum(own.sum(axis=1), 1)) @ own).astype(np.float32)

    def _arrays(self) -> dict[str, Any]:
        return {"people": self.people}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        self._hold(arrays["people"])


def _nearest(
    shared: NDArray[np.float32],
    own: NDArray[np.float32],
    others: NDArray[np.float32],
    config: NeighboursConfig,
    first: int | None,
) -> csr_array:
    """Return the cosines of the nearest in each row; of equals the first. `first`: where the diagonal begins."""
    made = shared / (np.sqrt(np.maximum(own, 1)[:, None] * np.maximum(others, 1)[None, :]) + np.float32(config.shrink))
    rows = np.arange(len(made))
    if first is not None:
        made[rows, rows + first] = 0
    count = min(config.neighbours, made.shape[1])
    data, indices, indptr = [], [], [0]
    for row in made:
        if count < len(row):
            least = np.partition(row, len(row) - count)[len(row) - count]
            at = np.flatnonzero(row >= max(least, 1e-12))
            if len(at) > count:
                at = np.sort(at[np.argsort(-row[at], kind="stable")[:count]])
        else:
            at = np.flatnonzero(row > 0)
        data.append(row[at])
        indices.append(at.astype(np.int32))
        indptr.append(indptr[-1] + len(at))
    parts = (np.concatenate(data).astype(np.float32), np.concatenate(indices), np.array(indptr, np.int32))
    return csr_array(parts, shape=made.shape)
