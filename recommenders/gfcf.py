"""GF-CF: lists as signals on the graph of people and titles, through two low-pass filters (Shen 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from recommenders.base import Model, require
from recommenders.interactions import Interactions
from recommenders.svd import right_vectors


@dataclass(frozen=True)
class GfcfConfig:
    """`embedding_size`: width of the ideal low-pass filter; `ideal`: its weight beside the linear filter."""

    embedding_size: int = 256
    ideal: float = 0.3

    def __post_init__(self) -> None:
        require(self.embedding_size >= 1, "embedding_size must be at least 1")
        require(self.ideal >= 0, "ideal must be at least 0")


class Gfcf(Model):
    """score = r R'R + ideal r D^-1/2 V V' D^1/2 with R = (people's degrees)^-1/2 X (titles' degrees)^-1/2."""

    name = "gfcf"
    config_class = GfcfConfig

    def _fit(self, interactions: Interactions) -> None:
        matrix = interactions.matrix
        degrees = np.maximum(np.diff(matrix.indptr), 1) ** -0.5
        self.scale = np.sqrt(np.maximum(self.popularity, 1)).astype(np.float32)
        normal = csr_array(diags_array(degrees) @ matrix @ diags_array(1 / self.scale)).astype(np.float32)
        self._hold(normal)
        self.vectors = right_vectors(normal, self.config.embedding_size, self.seed)  # (items, size)

    def _hold(self, normal: csr_array) -> None:
        self.normal = normal  # (people, items)
        self.turned = csr_array(normal.T)  # (items, people)

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        linear = (liked @ self.turned) @ self.normal
        made = np.asarray(linear.toarray(), np.float32)
        if self.config.ideal:
            low = np.asarray(liked.multiply(1 / self.scale[None, :]).tocsr() @ self.vectors)  # (people, size)
            made += (self.config.ideal * low @ self.vectors.T) * self.scale
        return made

    def _similarity(self, item: int) -> NDArray[np.float32]:
        width = self.normal.shape[1]
        one = csr_array((np.ones(1, np.float32), np.array([item]), np.array([0, 1])), shape=(1, width))
        return self._score(one, one)[0] / self.scale

    def _contributions(self, liked: csr_array, rated: csr_array, item: int) -> NDArray[np.float32]:
        rows = liked.indices
        linear = (self.turned[rows] @ self.normal[:, [item]]).toarray()[:, 0]
        low = (self.vectors[rows] / self.scale[rows, None]) @ self.vectors[item] * self.scale[item]
        return (linear + self.config.ideal * low).astype(np.float32)

    def _arrays(self) -> dict[str, Any]:
        return {"normal": self.normal, "scale": self.scale, "vectors": self.vectors}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        self.scale, self.vectors = arrays["scale"], arrays["vectors"]
        self._hold(arrays["normal"])
