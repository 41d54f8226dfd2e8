"""Several models as one: the seed's hybrid with stated weights, and the blend whose weights are learned."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommenders.base import AnyHistory, Model, ModelError, _history, require
from recommenders.interactions import Interactions
from recommenders.ranking import scaled, standardised, tie_rank
from recommenders.validation import ndcg_of, tuning_fold

log = logging.getLogger(__name__)
STEPS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0)


class _Composite(Model):
    """Weighed parts, each scaled for one person over all titles before its weight."""

    parts: dict[str, Model]
    weights: dict[str, float]

    @abstractmethod
    def _scale(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return each person's scores, (people, items), on the scale that the parts share."""

    @abstractmethod
    def _spread(self, scores: NDArray[np.float32]) -> float:
        """Return what one person's scores are divided by for it."""

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        made = np.zeros(liked.shape, np.float32)
        for name, weight in self.weights.items():
            if weight:
                made += np.float32(weight) * self._scale(self.parts[name]._score(liked, rated))
        return made

    def _similarity(self, item: int) -> NDArray[np.float32]:
        made = np.zeros(len(self.items), np.float32)
        for name, weight in self.weights.items():
            alike = self.parts[name]._similarity(item) if weight else None
            if alike is not None:
                alike = np.array(alike, np.float32)
                alike[item] = 0
                made += np.float32(weight) * self._scale(alike[None, :])[0]
        return made

    def _contributions(self, liked: csr_array, rated: csr_array, item: int) -> NDArray[np.float32] | None:
        """Add up what the parts say, on the scale of the score; it lacks what is equal for all titles."""
        made = np.zeros(liked.nnz, np.float32)
        explained = False
        for name, weight in self.weights.items():
            part = self.parts[name]
            own = part._contributions(liked, rated, item) if weight else None
            if own is not None and len(own) == len(made):
                made += np.float32(weight / self._spread(part._score(liked, rated))) * own
                explained = True
        return made if explained else None

    def _arrays(self) -> dict[str, Any]:
        return {"weights": np.array([self.weights[name] for name in self.parts])}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        if len(arrays["weights"]) != len(self.parts):
            raise ModelError(f"{self.name} has {len(arrays['weights'])} weights for {len(self.parts)} parts")
        self.weights = dict(zip(self.parts, arrays["weights"].tolist(), strict=True))

    def _parts(self) -> dict[str, Model]:
        return self.parts

    def _take_parts(self, parts: Mapping[str, Model]) -> None:
        self.parts = dict(parts)

    def _make(self, name: str, **settings: Any) -> Model:
        from recommenders.models import make_model

        return make_model(name, settings, self.seed, self.features)


@dataclass(frozen=True)
class HybridConfig:
    """Weights are normalised to a sum of 1; `collaborative` is the model beside content."""

    content_weight: float = 0.6
    collaborative_weight: float = 0.4
    collaborative: Literal["item_knn", "edlae", "ease", "ials", "user_knn", "gfcf"] = "item_knn"

    def __post_init__(self) -> None:
        weights = (self.content_weight, self.collaborative_weight)
        require(min(weights) >= 0 and sum(weights) > 0, f"the weights are {weights}; none below 0 and one above")


class Hybrid(_Composite):
    """Content and collaborative scores, each scaled to 0..1 for the person and weighed: .6 and .4, or as given."""

    name = "hybrid"
    config_class = HybridConfig
    needs_features = True

    def _fit(self, interactions: Interactions) -> None:
        self.parts = {name: self._make(name).fit(interactions) for name in ("content", self.config.collaborative)}
        self.weights = self._normalised(self.config.content_weight, self.config.collaborative_weight)

    def _normalised(self, content: float, collaborative: float) -> dict[str, float]:
        if min(content, collaborative) < 0 or content + collaborative <= 0:
            raise ModelError(
                f"the weights are {content} and {collaborative}; none may be below 0 and one must be above"
            )
        total = content + collaborative
        return dict(zip(self.parts, (content / total, collaborative / total), strict=True))

    def parts_of(
        self, history: AnyHistory, content: float | None = None, collaborative: float | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Return the two weighed scores of every title, {"content", "collaborative"}; their sum is the score.

        Weights are the model's own unless given. Raises ModelError when they are both 0 or one is below 0.
        """
        weights = self.weights
        if content is not None or collaborative is not None:
            weights = self._normalised(content or 0.0, collaborative or 0.0)
        liked, rated = self._rows(_history(history))
        names = dict(zip(("content", "collaborative"), self.parts, strict=True))
        return {
            told: np.float32(weights[name]) * self._scale(self.parts[name]._score(liked, rated))[0]
            for told, name in names.items()
        }

    def _scale(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        return scaled(scores)

    def _spread(self, scores: NDArray[np.float32]) -> float:
        return float(np.ptp(scores)) or 1.0


@dataclass(frozen=True)
class BlendConfig:
    """`parts`: models to blend, the first the mainstay; content joins where titles are described; `gain`: what a
    part must add to nDCG@100 on the people held out for tuning to be kept.
    """  # fmt: skip

    parts: tuple[str, ...] = ("edlae", "ials", "content")
    gain: float = 0.0005

    def __post_init__(self) -> None:
        from recommenders.models import MODELS

        allowed = [name for name in MODELS if name not in ("blend", "hybrid")]
        odd = [name for name in self.parts if name not in allowed]
        require(not odd, f"parts can't hold {', '.join(map(repr, odd))}; there are {', '.join(allowed)}")
        require(len(self.parts) >= 1, "parts names no model")
        require(len(set(self.parts)) == len(self.parts), f"parts names a model twice: {', '.join(self.parts)}")
        require(self.gain >= 0, "gain must be at least 0")


class Blend(_Composite):
    """Standardised scores of the parts, weighed as serves people held out for tuning best.

    The first part has weight 1; each other the weight of STEPS with the highest nDCG@100, in turns until nothing
    changes, and 0 unless it adds `gain`. Then all parts learn from everybody. With too few people for tuning (fewer
    than 200 with five titles) the first part answers alone, with a trace of content.
    """

    name = "blend"
    config_class = BlendConfig

    def _fit(self, interactions: Interactions) -> None:
        names = [name for name in self.config.parts if name != "content" or self.features is not None]
        if not names:
            raise ModelError("blend of content alone needs a catalogue (--items)")
        fold = tuning_fold(interactions, self.seed)
        settings: dict[str, dict[str, Any]] = {name: {} for name in names}
        if fold is None:
            self.weights = {name: 0.1 if name == "content" else 0.0 for name in names} | {names[0]: 1.0}
            self.metrics["tuning"] = "too few people: the weights are the usual ones"
        else:
            fitted = {name: self._make(name).fit(fold.train) for name in names}
            for name, model in fitted.items():
                if "reg" in model.metrics:
                    settings[name]["reg"] = model.metrics["reg"]
            self.weights = self._learn(fitted, fold)
            del fitted, model  # their memory is needed again
        self.parts = {
            name: self._make(name, **settings[name]).fit(interactions) for name in names if self.weights[name]
        }
        self.weights = {name: self.weights[name] for name in self.parts}
        self.metrics["weights"] = self.weights
        log.info("blend: %s", self.weights)

    def _learn(self, fitted: dict[str, Model], fold: Any) -> dict[str, float]:
        scores = {name: standardised(model._score(fold.liked, fold.rated)) for name, model in fitted.items()}
        first, *others = scores
        weights = dict.fromkeys(scores, 0.0) | {first: 1.0}
        rank = tie_rank(next(iter(fitted.values())).popularity)

        def measure(weights: Mapping[str, float]) -> float:
            total = scores[first].copy()
            for name in others:
                if weights[name]:
                    total += np.float32(weights[name]) * scores[name]
            return float(ndcg_of(total, fold, rank).mean())

        alone = reached = measure(weights)
        for _ in range(3):
            before = dict(weights)
            for name in others:
                tried = {step: measure(weights | {name: step}) for step in STEPS}
                step = max(tried, key=lambda one: tried[one])
                weights[name] = step if tried[step] >= tried[0.0] + self.config.gain else 0.0
                reached = tried[weights[name]]
            if weights == before:
                break
        self.metrics["tuning"] = {"people": fold.people, f"{first} ndcg@100": alone, "blend ndcg@100": reached}
        return weights

    def _scale(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        return standardised(scores)

    def _spread(self, scores: NDArray[np.float32]) -> float:
        return float(scores.std()) or 1.0
