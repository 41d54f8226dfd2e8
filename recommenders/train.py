"""Interactions in, a model's folder out."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catalogue import Title
from recommenders.base import Model, ModelError, check_folder
from recommenders.features import from_titles
from recommenders.interactions import (
    ALLOWED_STATUSES,
    Interactions,
    InteractionsError,
    LikedRule,
    Progress,
    status_code,
)
from recommenders.models import MODELS, make_model

log = logging.getLogger(__name__)
RULE_KEYS = ("liked", "liked_statuses", "liked_min_score", "liked_min_share")
DATA_KEYS = (*RULE_KEYS, "min_item_count", "min_user_count")


@dataclass(frozen=True)
class Trained:
    """A fitted model and what there is to say about it."""

    model: Model
    interactions: Interactions
    seconds: float

    def text(self) -> str:
        """Return what happened in a few lines."""
        data = self.model.data
        lines = [
            f"{self.model.name}: {data['users']:,} people, {data['items']:,} titles, {data['entries']:,} entries, "
            f"{data['liked']:,} of them liked; {self.seconds:.1f} s",
            *self.interactions.notes,
            *(f"{name}: {value}" for name, value in self.model.metrics.items()),
        ]
        return "\n".join(lines)


def parse_settings(pairs: Sequence[str]) -> dict[str, str]:
    """Read KEY=VALUE pairs. Raises ModelError for a pair that is none or a key given twice."""
    made: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ModelError(f"--set {pair!r}: it must be KEY=VALUE")
        if key.strip() in made:
            raise ModelError(f"--set: {key.strip()} is given twice")
        made[key.strip()] = value.strip()
    return made


def liked_rule(settings: Mapping[str, Any]) -> LikedRule:
    """Read the rule from `liked` (rule or all), `liked_statuses` (codes or names), `liked_min_score`, `liked_min_share`.

    Raises ModelError for a value that can't be.
    """
    usual = LikedRule()
    liked = settings.get("liked", "rule")
    if liked not in ("rule", "all"):
        raise ModelError(f"--set: liked is {liked!r}; it must be rule or all")
    try:
        statuses = settings.get("liked_statuses")
        return LikedRule(
            tuple(_status(one) for one in statuses.split(",") if one) if statuses is not None else usual.statuses,
            _number(settings, "liked_min_score", float) if "liked_min_score" in settings else None,
            _number(settings, "liked_min_share", float, usual.min_share),
            liked == "all",
        )
    except InteractionsError as error:
        raise ModelError(f"--set: {error}") from None


def least_counts(settings: Mapping[str, Any]) -> tuple[int, int]:
    """Read `min_item_count` and `min_user_count`. Raises ModelError for a value that is no whole number."""
    return _number(settings, "min_item_count", int, 0), _number(settings, "min_user_count", int, 0)


def _status(text: str) -> int:
    code = status_code(text)
    if not code:
        raise InteractionsError(f"status {text!r} is not known; {ALLOWED_STATUSES}")
    return code


def _number(settings: Mapping[str, Any], key: str, kind: type, usual: Any = None) -> Any:
    value = settings.get(key, usual)
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise ModelError(f"--set: {key} is {value!r}; {kind.__name__} is wanted") from None


def train(
    name: str,
    interactions: Path,
    out: Path | None,
    titles: Sequence[Title] | None = None,
    seed: int = 42,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a model on a file and save it to `out` (where given).

    `settings` are the model's own and DATA_KEYS: what counts as liked, and the fewest liked entries that a title and
    a person must have. `titles` describe the items for content and give the rule its numbers of episodes.

    Raises ModelError and InteractionsError with the reason.
    """
    started = time.monotonic()
    if out is not None:
        check_folder(out)
    settings = dict(settings or {})
    data = {key: settings.pop(key) for key in DATA_KEYS if key in settings}
    rule, counts = liked_rule(data), least_counts(data)
    features = None
    needed = name in MODELS and (MODELS[name].needs_features or name == "blend")
    if titles and needed:
        features = from_titles(titles)
    model = make_model(name, settings, seed, features)
    episodes = {str(title.id): title.episodes for title in titles or () if title.episodes}
    read = trimmed(Interactions.read(interactions, rule, episodes=episodes, progress=progress), *counts)
    model.fit(read)
    if episodes:
        model.episodes = np.array([episodes.get(id, 0) for id in read.items.tolist()], np.int32)
    if titles:
        known = {str(title.id) for title in titles}
        absent = sum(id not in known for id in read.items.tolist())
        if absent:
            model.metrics["titles without a description"] = absent
    made = Trained(model, read, time.monotonic() - started)
    model.metrics["seconds"] = round(made.seconds, 2)
    if out is not None:
        model.save(out)
    return made


def trimmed(interactions: Interactions, item_count: int, user_count: int) -> Interactions:
    """Leave out titles and people with fewer liked entries than `item_count` and `user_count`."""
    if item_count > 1:
        counts = np.bincount(interactions.matrix.indices, minlength=len(interactions.items))
        interactions = interactions.select_items(np.flatnonzero(counts >= item_count))
    if user_count > 1:
        interactions = interactions.select_users(np.flatnonzero(np.diff(interactions.matrix.indptr) >= user_count))
    return interactions
