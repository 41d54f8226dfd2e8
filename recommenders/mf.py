"""Factors of the scores people gave, by stochastic gradient descent over the observed scores alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommenders.base import Model, ModelError, require
from recommenders.ials import cosines
from recommenders.interactions import Interactions
from recommenders.memory import reserve


@dataclass(frozen=True)
class MfConfig:
    """`reg`: ridge of factors and biases a score; `batch_size`: scores a step."""

    embedding_size: int = 32
    epochs: int = 30
    learning_rate: float = 0.05
    reg: float = 0.05
    batch_size: int = 4096
    memory_gb: float | None = None

    def __post_init__(self) -> None:
        require(self.embedding_size >= 1, "embedding_size must be at least 1")
        require(self.epochs >= 1, "epochs must be at least 1")
        require(self.learning_rate > 0, "learning_rate must be above 0")
        require(self.reg > 0, "reg must be above 0")
        require(self.batch_size >= 1, "batch_size must be at least 1")


class Mf(Model):
    """Predict a score: mean + title's bias + person's bias + p·q (Koren 2009). "Not rated" is never "rated 0".

    A person's bias and factors are solved from the scores of the live history; without any, the biases answer.
    """

    name = "mf"
    config_class = MfConfig
    uses_ratings = True

    def _fit(self, interactions: Interactions) -> None:
        ratings = interactions.ratings
        if not ratings.nnz:
            raise ModelError("mf learns from scores, and the interactions have none; ials learns from lists")
        users, items = ratings.shape
        config = self.config
        size = config.embedding_size
        needed = 4 * (size + 1) * (users + items) + 28 * ratings.nnz
        reserve(self.name, needed, config.memory_gb, "take a smaller embedding_size")
        rng = np.random.default_rng(self.seed)
        rows = np.repeat(np.arange(users, dtype=np.int32), np.diff(ratings.indptr))
        columns, values = ratings.indices, ratings.data
        self.mean = float(values.mean(dtype=np.float64))
        # One row holds a bias and the factors; a person's constant 1 meets the title's bias, and the other way round.
        people = rng.normal(0, 0.1 / np.sqrt(size), (users, size + 2)).astype(np.float32)
        titles = rng.normal(0, 0.1 / np.sqrt(size), (items, size + 2)).astype(np.float32)
        people[:, 0], people[:, 1], titles[:, 0], titles[:, 1] = 0, 1, 1, 0
        # A step a row of its own, as Adagrad's: what is rated often moves less at a time.
        moved_people, moved_titles = np.full(users, 1e-6, np.float32), np.full(items, 1e-6, np.float32)
        for _ in range(config.epochs):
            order = rng.permutation(len(values))
            for first in range(0, len(values), config.batch_size):
                at = order[first : first + config.batch_size]
                u, i = rows[at], columns[at]
                p, q = people[u], titles[i]
                wrong = values[at] - self.mean - np.einsum("nd,nd->n", p, q)
                step_p = wrong[:, None] * q - config.reg * p
                step_q = wrong[:, None] * p - config.reg * q
                step_p[:, 1] = step_q[:, 0] = 0
                _apply(people, moved_people, u, step_p, config.learning_rate)
                _apply(titles, moved_titles, i, step_q, config.learning_rate)
        self.biases, self.factors = titles[:, 1].copy(), np.ascontiguousarray(titles[:, 2:])

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        made = np.tile(self.mean + self.biases, (liked.shape[0], 1))
        for row in range(rated.shape[0]):
            span = slice(rated.indptr[row], rated.indptr[row + 1])
            if rated.indptr[row] < rated.indptr[row + 1]:
                known = rated.indices[span]
                left, own = self._system(known)
                solved = np.linalg.solve(left, own.T @ (rated.data[span] - self.mean - self.biases[known]))
                made[row] += solved[0] + self.factors @ solved[1:]
        return made.astype(np.float32, copy=False)

    def _system(self, known: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the ridge regression's left side and its rows (1, factors) for the titles at `known`."""
        own = np.hstack([np.ones((len(known), 1), np.float32), self.factors[known]])
        left = own.T @ own
        left.flat[:: len(left) + 1] += self.config.reg * len(known)
        return left, own

    def _similarity(self, item: int) -> NDArray[np.float32]:
        return cosines(self.factors, item)

    def _basis(self, liked: csr_array, rated: csr_array) -> NDArray[Any]:
        return rated.indices

    def _contributions(self, liked: csr_array, rated: csr_array, item: int) -> NDArray[np.float32] | None:
        if not rated.nnz:
            return None
        left, own = self._system(rated.indices)
        target = np.concatenate([[1], self.factors[item]])
        weights = own @ np.linalg.solve(left, target)
        return (weights * (rated.data - self.mean - self.biases[rated.indices])).astype(np.float32)

    def _arrays(self) -> dict[str, Any]:
        return {"mean": np.float64(self.mean), "biases": self.biases, "factors": self.factors}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        self.mean = float(arrays["mean"])
        self.biases, self.factors = arrays["biases"], arrays["factors"]


def _apply(
    table: NDArray[np.float32],
    moved: NDArray[np.float32],
    at: NDArray[Any],
    steps: NDArray[np.float32],
    rate: float,
) -> None:
    """Add the steps to rows that may repeat, summed by one sparse product."""
    rows, place = np.unique(at, return_inverse=True)
    gather = csr_array((np.ones(len(at), np.float32), (place, np.arange(len(at)))), shape=(len(rows), len(at)))
    total = gather @ steps
    moved[rows] += np.square(total).mean(axis=1)
    table[rows] += rate * total / np.sqrt(moved[rows])[:, None]
