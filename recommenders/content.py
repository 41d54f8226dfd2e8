"""Titles that are about what the history is about; the only model that can place a title nobody has yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recommenders.base import ItemItemModel, ModelError, require
from recommenders.features import ItemFeatures
from recommenders.interactions import Interactions

_BLOCK = 512


@dataclass(frozen=True)
class ContentConfig:
    """`sharpness`: likeness is (exp(sharpness x cosine) - 1) / (exp(sharpness) - 1); 0 = the cosine itself;
    `neighbours`: how many titles most like it a title speaks for.
    """  # fmt: skip

    sharpness: float = 16.0
    neighbours: int = 300

    def __post_init__(self) -> None:
        require(self.sharpness >= 0, "sharpness must be at least 0")
        require(self.neighbours >= 1, "neighbours must be at least 1")


class Content(ItemItemModel):
    """Score a title by the sum of its likeness to the titles of the history, so that it explains itself.

    Titles without a description score 0.
    """

    name = "content"
    config_class = ContentConfig
    needs_features = True

    def _fit(self, interactions: Interactions) -> None:
        assert self.features is not None
        self.vectors = self.features.rows(self.items.tolist())  # (items, dims)
        count = min(self.config.neighbours, len(self.items))
        parts = []
        for first in range(0, len(self.items), _BLOCK):
            alike = likeness(self.vectors[first : first + _BLOCK] @ self.vectors.T, self.config.sharpness)
            least = np.partition(alike, alike.shape[1] - count, axis=1)[:, [alike.shape[1] - count]]
            parts.append(csr_array(np.where((alike >= least) & (alike > 0), alike, 0)))
        self.weights = csr_array(vstack(parts, format="csr"))

    def cold(self, history: Sequence[str], features: ItemFeatures) -> NDArray[np.float32]:
        """Score all titles of `features`, also those that training never saw: (items of features,)."""
        own = features.rows(list(history))
        return likeness(features.vectors @ own.T, self.config.sharpness).sum(axis=1)

    def _similarity(self, item: int) -> NDArray[np.float32]:
        return self.vectors @ self.vectors[item]

    def _arrays(self) -> dict[str, Any]:
        return {"vectors": self.vectors, "weights": self.weights}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        super()._restore(arrays)
        self.vectors = arrays["vectors"]
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.items) or self.vectors.dtype.kind != "f":
            raise ModelError(f"content has vectors of the shape {self.vectors.shape} for {len(self.items)} titles")


def likeness(cosine: NDArray[np.float32], sharpness: float) -> NDArray[np.float32]:
    """Return (exp(sharpness x cosine) - 1) / (exp(sharpness) - 1), or the cosine itself for 0."""
    if not sharpness:
        return cosine
    return np.expm1(np.float32(sharpness) * cosine) / np.float32(np.expm1(sharpness))
