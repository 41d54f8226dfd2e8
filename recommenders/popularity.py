"""The most liked titles, of all time or lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommenders.base import Model, ModelError, require
from recommenders.interactions import Interactions


@dataclass(frozen=True)
class PopularityConfig:
    """`half_life_days`: after so many days an entry counts half; none: all count alike."""

    half_life_days: float | None = None

    def __post_init__(self) -> None:
        require(self.half_life_days is None or self.half_life_days > 0, "half_life_days must be above 0")


class Popularity(Model):
    """Score a title by the people who like it, decayed where the config says so (needs timestamps in seconds)."""

    name = "popularity"
    config_class = PopularityConfig

    def _fit(self, interactions: Interactions) -> None:
        half_life = self.config.half_life_days
        self.counts = self.popularity
        if half_life is None:
            return
        if interactions.timestamps is None:
            raise ModelError("half_life_days needs a column of timestamps, and the interactions have none")
        times = interactions.timestamps[interactions.liked]
        ages = (times.max() - times) / 86400
        weights = np.exp2(-ages / half_life)
        counts = np.bincount(interactions.matrix.indices, weights, len(self.items))
        self.counts = counts.astype(np.float32)

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        return np.tile(self.counts, (liked.shape[0], 1))

    def _scores_of(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        return self.counts

    def _arrays(self) -> dict[str, Any]:
        return {"counts": self.counts}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        self.counts = arrays["counts"]
