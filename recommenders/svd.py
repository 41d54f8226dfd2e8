"""The strongest directions of a large sparse matrix, by randomised subspace iteration (Halko 2011)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


def right_vectors(matrix: csr_array, size: int, seed: int, rounds: int = 5) -> NDArray[np.float32]:
    """Return the `size` leading right singular vectors as columns: (columns of the matrix, size), float32."""
    rows, columns = matrix.shape
    size = min(size, rows, columns)
    width = min(size + 16, rows, columns)
    rng = np.random.default_rng(seed)
    basis = rng.normal(size=(columns, width)).astype(np.float32)
    for _ in range(rounds):
        basis, _ = np.linalg.qr(np.asarray(matrix.T @ (matrix @ basis)))
    projected = np.asarray(matrix @ basis)  # (rows, width)
    _, turned = np.linalg.eigh(projected.T @ projected)
    return np.ascontiguousarray(basis @ turned[:, ::-1][:, :size], dtype=np.float32)
