"""People like you: what the others of one's cluster have, believed the more the more of them have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from recommenders.base import Model, ModelError, require
from recommenders.ials import cosines
from recommenders.interactions import Interactions
from recommenders.svd import right_vectors


@dataclass(frozen=True)
class ClustersConfig:
    """`by`: mean of what is liked (0 or 1) or of the scores given; `shrink`: how many average people are added;
    `least_raters`: a title that fewer of the cluster have comes after all others.
    """  # fmt: skip

    clusters: int = 40
    embedding_size: int = 32
    rounds: int = 25
    shrink: float = 10.0
    least_raters: int = 5
    by: Literal["liked", "ratings"] = "liked"

    def __post_init__(self) -> None:
        require(self.clusters >= 1, "clusters must be at least 1")
        require(self.embedding_size >= 1, "embedding_size must be at least 1")
        require(self.rounds >= 1, "rounds must be at least 1")
        require(self.shrink >= 0, "shrink must be at least 0")
        require(self.least_raters >= 1, "least_raters must be at least 1")


class Clusters(Model):
    """K-means of people in the space of the leading singular vectors; the score is the cluster's shrunk mean.

    Shrunk: (sum over the cluster + shrink x mean of all) / (number + shrink). Of titles with fewer than
    `least_raters` in the cluster the mean of all less a span that keeps them below the others.
    """

    name = "clusters"
    config_class = ClustersConfig

    def _fit(self, interactions: Interactions) -> None:
        matrix, config = interactions.matrix, self.config
        if config.by == "ratings" and not interactions.ratings.nnz:
            raise ModelError("clusters by ratings needs scores, and the interactions have none; use by=liked")
        self.vectors = right_vectors(_rows_of_unit_length(matrix), config.embedding_size, self.seed)  # (items, size)
        places = self._places(matrix)
        self.centres = _k_means(places, min(config.clusters, len(places)), config.rounds, self.seed)
        of = _nearest(places, self.centres)
        count = len(self.centres)
        groups = csr_array((np.ones(len(of), np.float32), (of, np.arange(len(of)))), shape=(count, len(of)))
        liked = (groups @ matrix).toarray()
        if config.by == "liked":
            sums, numbers = liked, np.bincount(of, minlength=count).astype(np.float32)[:, None]
            mean, raters = matrix.sum(axis=0) / matrix.shape[0], liked
        else:
            ratings = interactions.ratings
            stored = csr_array((np.ones(ratings.nnz, np.float32), ratings.indices, ratings.indptr), shape=ratings.shape)
            sums, numbers = csr_array(groups @ ratings).toarray(), csr_array(groups @ stored).toarray()
            overall, raters = float(ratings.data.mean()), numbers
            total: NDArray[np.float32] = np.asarray(stored.sum(axis=0))
            mean = (np.asarray(ratings.sum(axis=0)) + config.shrink * overall) / np.maximum(total + config.shrink, 1)
        shrunk = (sums + config.shrink * mean) / np.maximum(numbers + config.shrink, 1e-9)
        span = np.float32(max(float(shrunk.max()), float(mean.max())) + 1)
        few = raters < config.least_raters
        self.means = np.where(few, mean - span, shrunk).astype(np.float32)  # (clusters, items)

    def _places(self, liked: csr_array) -> NDArray[np.float32]:
        if liked.shape[0] == 1:
            # One person on a page; the product of sparse matrices gives the same direction at ten times the cost.
            made = self.vectors[liked.indices].sum(axis=0, keepdims=True)
        else:
            made = np.asarray(_rows_of_unit_length(liked) @ self.vectors, np.float32)
        lengths = np.linalg.norm(made, axis=1, keepdims=True)
        made /= np.where(lengths > 0, lengths, 1)
        return made

    def cluster(self, history: list[str]) -> int:
        """Return the number of the cluster that a history belongs to."""
        at = [self.index[id] for id in history if id in self.index]
        row = csr_array((np.ones(len(at), np.float32), at, [0, len(at)]), shape=(1, len(self.items)))
        return int(_nearest(self._places(row), self.centres)[0])

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        return self.means[_nearest(self._places(liked), self.centres)]

    def _similarity(self, item: int) -> NDArray[np.float32]:
        return cosines(self.vectors, item)

    def _arrays(self) -> dict[str, Any]:
        return {"vectors": self.vectors, "centres": self.centres, "means": self.means}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        self.vectors, self.centres, self.means = arrays["vectors"], arrays["centres"], arrays["means"]
        width = (len(self.items), self.centres.shape[1])
        if self.means.shape != (len(self.centres), len(self.items)) or self.vectors.shape != width:
            raise ModelError("clusters: vectors, centres and means are of different sizes")


def _rows_of_unit_length(matrix: csr_array) -> csr_array:
    return csr_array(diags_array(np.maximum(np.diff(matrix.indptr), 1) ** -0.5) @ matrix).astype(np.float32)


def _nearest(points: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    return (np.square(centres).sum(axis=1) - 2 * (points @ centres.T)).argmin(axis=1)


def _k_means(points: NDArray[np.float32], count: int, rounds: int, seed: int) -> NDArray[np.float32]:
    """Return the centres of Lloyd's rounds from k-means++; an empty cluster takes the point worst placed."""
    rng = np.random.default_rng(seed)
    centres = points[[rng.integers(len(points))]]
    apart = np.square(points - centres[0]).sum(axis=1)
    while len(centres) < count:
        total = apart.sum()
        at = rng.integers(len(points)) if total <= 0 else rng.choice(len(points), p=apart / total)
        centres = np.vstack([centres, points[at]])
        apart = np.minimum(apart, np.square(points - points[at]).sum(axis=1))
    for _ in range(rounds):
        of = _nearest(points, centres)
        numbers = np.bincount(of, minlength=count)
        gather = csr_array((np.ones(len(of), np.float32), (of, np.arange(len(of)))), shape=(count, len(of)))
        made = (gather @ points) / np.maximum(numbers, 1)[:, None]
        for empty in np.flatnonzero(numbers == 0):
            made[empty] = points[np.square(points - made[of]).sum(axis=1).argmax()]
        if np.allclose(made, centres, atol=1e-6):
            break
        centres = made.astype(np.float32)
    return centres
