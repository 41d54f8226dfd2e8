"""EASE and EDLAE: linear item-item models in closed form, by one in-place Cholesky factorisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack
from scipy.sparse import csr_array

from recommenders.base import ItemItemModel, ModelError, require
from recommenders.interactions import Interactions
from recommenders.memory import reserve
from recommenders.ranking import tie_rank
from recommenders.validation import ndcg_of, tuning_fold

_BLOCK = 1024
REGS = (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0)
MOST_TUNED = 12_000  # titles; above, six fits would take minutes and usual_reg serves


@dataclass(frozen=True)
class EaseConfig:
    """`reg`: ridge, none = chosen on a tenth of the people; `user_power`: people weigh (length of list) ** -user_power;
    `memory_gb`: limit, none = what is there.
    """  # fmt: skip

    reg: float | None = None
    user_power: float = 0.0
    memory_gb: float | None = None

    def __post_init__(self) -> None:
        require(self.reg is None or self.reg > 0, f"reg is {self.reg}; it must be above 0")


@dataclass(frozen=True)
class EdlaeConfig(EaseConfig):
    """`dropout`: the share of a list that training hides; it adds dropout / (1 - dropout) of its count per title."""

    dropout: float = 0.3

    def __post_init__(self) -> None:
        EaseConfig.__post_init__(self)
        require(0 <= self.dropout < 1, f"dropout is {self.dropout}; it must be in [0, 1)")


class Ease(ItemItemModel):
    """Embarrassingly shallow autoencoder (Steck 2019): ridge regression of each title on all others.

    B = -P / diag(P) with P = inverse of (X'X + reg I) and a diagonal of 0; needs items² x 4 bytes and a little.
    """

    name = "ease"
    config_class = EaseConfig
    usual_reg = 500.0

    def _fit(self, interactions: Interactions) -> None:
        matrix = interactions.matrix
        copies = 1 + (self.config.reg is None and len(self.items) <= MOST_TUNED)
        ways = "leave out rare titles (min_item_count), or train ials, item_knn or gfcf, which need far less"
        reserve(self.name, copies * memory_needed(matrix), self.config.memory_gb, ways)
        self.reg = self._choose_reg(interactions) if self.config.reg is None else self.config.reg
        self.metrics["reg"] = self.reg
        self.weights = self._solve(gram(matrix, self.config.user_power), self.reg)

    def _choose_reg(self, interactions: Interactions) -> float:
        """Return the ridge whose nDCG@100 is the highest on people held out of training."""
        fold = tuning_fold(interactions, self.seed)
        if fold is None or interactions.shape[1] > MOST_TUNED:
            return self.usual_reg
        made = gram(fold.train.matrix, self.config.user_power)
        rank = tie_rank(made.diagonal())
        found = {}
        for reg in REGS:
            weights = self._solve(made.copy(), reg)
            found[reg] = float(ndcg_of(np.asarray(fold.liked @ weights), fold, rank).mean())
        self.metrics["tuning ndcg@100 by reg"] = found
        return max(found, key=lambda reg: found[reg])

    def _solve(self, made: NDArray[np.float32], reg: float) -> NDArray[np.float32]:
        """Turn X'X into the weights, in its own memory."""
        made.flat[:: len(made) + 1] += self._ridge(made.diagonal().copy(), reg)
        weights = invert_in_place(made)
        weights /= -weights.diagonal().copy()
        np.fill_diagonal(weights, 0)
        return weights

    def _ridge(self, counts: NDArray[np.float32], reg: float) -> NDArray[np.float32]:
        return np.full(len(counts), reg, np.float32)


class Edlae(Ease):
    """EASE with the dropout that keeps popular titles from being copied (EDLAE, Steck 2020)."""

    name = "edlae"
    config_class = EdlaeConfig
    usual_reg = 200.0

    def _ridge(self, counts: NDArray[np.float32], reg: float) -> NDArray[np.float32]:
        dropout = self.config.dropout
        return (reg + dropout / (1 - dropout) * counts).astype(np.float32)


def memory_needed(matrix: csr_array) -> int:
    """Return the bytes of a fit: the square matrix once, and the blocks that fill it."""
    users, items = matrix.shape
    return 4 * items * items + 12 * min(_BLOCK, items) * items + 16 * matrix.nnz + 8 * users


def gram(matrix: csr_array, user_power: float = 0.0) -> NDArray[np.float32]:
    """Return X'X, each person weighed: (items, items), C-contiguous float32. The cheaper of two ways is taken."""
    users, items = matrix.shape
    lengths = np.diff(matrix.indptr).astype(np.float64)
    if user_power:
        matrix = matrix.copy()
        mean = lengths[lengths > 0].mean()
        weights = (np.maximum(lengths, 1) / mean) ** (-user_power / 2)
        matrix.data = np.repeat(weights, np.diff(matrix.indptr)).astype(np.float32) * matrix.data
    made = np.zeros((items, items), np.float32)
    if float(np.square(lengths).sum()) / 1.5e8 < users * items * items / 2.5e10:
        columns = csr_array(matrix.T)
        for first in range(0, items, _BLOCK):
            made[first : first + _BLOCK] = (columns[first : first + _BLOCK] @ matrix).toarray()
        return made
    for first in range(0, users, _BLOCK):
        # The transposed view of a C-contiguous block is what BLAS calls contiguous: nothing is copied.
        block = matrix[first : first + _BLOCK].toarray()
        blas.ssyrk(1.0, block.T, beta=1.0, c=made.T, trans=0, lower=0, overwrite_c=1)
    _mirror(made)
    return made


def invert_in_place(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Invert a symmetric positive definite C-contiguous float32 matrix in its own memory."""
    factor, failed = lapack.spotrf(matrix.T, lower=0, overwrite_a=1, clean=0)
    if failed:
        raise ModelError(f"the matrix is not positive definite (at title {failed}); take a larger reg")
    inverse, failed = lapack.spotri(factor, lower=0, overwrite_c=1)
    if failed:
        raise ModelError(f"the matrix can't be inverted (at title {failed}); take a larger reg")
    made: NDArray[np.float32] = inverse.T
    _mirror(made)
    return made


def _mirror(matrix: NDArray[Any]) -> None:
    """Copy the lower triangle onto the upper one, block by block."""
    for first in range(0, len(matrix), _BLOCK):
        last = first + _BLOCK
        matrix[first:last, last:] = matrix[last:, first:last].T
        block = matrix[first:last, first:last]
        upper = np.triu_indices(len(block), 1)
        block[upper] = block.T[upper]
