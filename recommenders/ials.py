"""iALS: factors of implicit lists by alternating least squares, with frequency-scaled regularisation (Rendle 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_array

from recommenders.base import Model, ModelError, require
from recommenders.interactions import Interactions
from recommenders.memory import reserve


@dataclass(frozen=True)
class IalsConfig:
    """`unobserved`: weight of what is not in a list, none = the root of the share of all pairs that are in one: long
    lists of few titles say more by what they lack; `reg` x (length + unobserved x all) ** `frequency` is the ridge;
    `reg` none = 4 / (unobserved x titles), at most .01, so that the ridge of a short list doesn't grow with the catalogue.
    """  # fmt: skip

    embedding_size: int = 128
    epochs: int = 12
    unobserved: float | None = None
    reg: float | None = None
    frequency: float = 1.0
    memory_gb: float | None = None

    def __post_init__(self) -> None:
        require(self.embedding_size >= 1, "embedding_size must be at least 1")
        require(self.epochs >= 1, "epochs must be at least 1")
        require(self.unobserved is None or self.unobserved > 0, "unobserved must be above 0")
        require(self.reg is None or self.reg > 0, "reg must be above 0")


class Ials(Model):
    """Minimise sum over entries (1 - u·v)² + unobserved sum over all (u·v)² + ridges; a new person is solved for."""

    name = "ials"
    config_class = IalsConfig

    def _fit(self, interactions: Interactions) -> None:
        matrix = interactions.matrix
        users, items = matrix.shape
        size = self.config.embedding_size
        needed = 4 * size * (2 * users + 2 * items) + 16 * matrix.nnz
        reserve(self.name, needed, self.config.memory_gb, "take a smaller embedding_size")
        rng = np.random.default_rng(self.seed)
        self.factors = rng.normal(0, 0.1 / np.sqrt(size), (items, size)).astype(np.float32)  # (items, size)
        share = matrix.nnz / (users * items)
        self.unobserved = float(np.sqrt(share)) if self.config.unobserved is None else self.config.unobserved
        usual = min(0.01, 4 / (self.unobserved * items))
        self.reg = usual if self.config.reg is None else self.config.reg
        columns = csr_array(matrix.T)
        for _ in range(self.config.epochs):
            people = self.solve(matrix, self.factors)
            self.factors = self.solve(columns, people)
        self._gram = self.factors.T @ self.factors

    def solve(
        self, matrix: csr_array, factors: NDArray[np.float32], gram: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return the exact least-squares factors of each row of `matrix` given those of its columns.

        `gram` is factors'factors where it is known, so that one person costs no pass over all titles.
        """
        size = factors.shape[1]
        shared = np.float32(self.unobserved) * (factors.T @ factors if gram is None else gram)
        ridges = self.reg * (np.diff(matrix.indptr) + self.unobserved * len(factors)) ** self.config.frequency
        made = np.zeros((matrix.shape[0], size), np.float32)
        indptr, indices = matrix.indptr, matrix.indices
        for row in range(matrix.shape[0]):
            start, end = indptr[row], indptr[row + 1]
            if start == end:
                continue
            own = factors[indices[start:end]]
            left = own.T @ own
            left += shared
            left.flat[:: size + 1] += ridges[row]
            _, solved, failed = lapack.sposv(left.T, own.sum(axis=0), lower=1, overwrite_a=1, overwrite_b=1)
            if failed:
                raise ModelError("ials: a system is singular; take a larger reg")
            made[row] = solved
        return made

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        return self.solve(liked, self.factors, self._gram) @ self.factors.T

    def _similarity(self, item: int) -> NDArray[np.float32]:
        return cosines(self.factors, item)

    def _contributions(self, liked: csr_array, rated: csr_array, item: int) -> NDArray[np.float32]:
        """Split the score by the linearity of the solution (Hu, Koren, Volinsky 2008, section 5)."""
        own = self.factors[liked.indices].astype(np.float64)
        count = len(own)
        factors = self.factors.astype(np.float64)
        left = own.T @ own + self.unobserved * (factors.T @ factors)
        left.flat[:: len(left) + 1] += self.reg * (count + self.unobserved * len(factors)) ** self.config.frequency
        return (own @ np.linalg.solve(left, factors[item])).astype(np.float32)

    def _arrays(self) -> dict[str, Any]:
        return {"factors": self.factors, "reg": np.float64(self.reg), "unobserved": np.float64(self.unobserved)}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        self.factors, self.reg = arrays["factors"], float(arrays["reg"])
        # Models of before it was learned have it in their settings.
        self.unobserved = float(arrays.get("unobserved", self.config.unobserved))
        self._gram = self.factors.T @ self.factors


def cosines(vectors: NDArray[np.float32], at: int) -> NDArray[np.float32]:
    """Return the cosine of every row with the one at `at`; a row of zeros has 0 with all."""
    lengths = np.linalg.norm(vectors, axis=1)
    lengths[lengths == 0] = 1
    return (vectors @ vectors[at]) / (lengths * lengths[at])
