"""A catalogue's works beside what models know of them: scores, likeness and reasons in the catalogue's order.

Titles that a model knows and the catalogue lacks fall away; works that no model saw are scored by what they are about.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.base import ItemItemModel, Model, _row
from recommenders.blend import Blend, Hybrid
from recommenders.content import likeness
from recommenders.ranking import best
from recommenders.taste import Taste
from recommenders.works import SHARPNESS, Works

SIMILAR = 300
SEEDS_KEPT = 4096
CONTENT = 0.6  # of the likeness of two works
Places = NDArray[np.integer[Any]]


class Aligned:
    """A model and the works: `of_work` is the model's place of each work, -1 where training never saw it."""

    def __init__(self, model: Model, works: Works) -> None:
        """Find each work among the model's titles."""
        self.model = model
        self.of_work = np.array([model.index.get(id, -1) for id in works.ids], np.int64)
        self.known = self.of_work >= 0

    def spread(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put the model's values (items,) at the works' places (works,); NaN where it has none."""
        return np.where(self.known, values[self.of_work], np.nan).astype(np.float32)


class Shelf:
    """What rows are chosen from: the works, the model that ranks them (none: content alone), and who is like whom."""

    def __init__(self, works: Works, model: Model | None = None, people: Model | None = None) -> None:
        """Align the models with the works."""
        self.works = works
        self.model = Aligned(model, works) if model is not None else None
        self.people = Aligned(people, works) if people is not None else None
        self.similar = lru_cache(SEEDS_KEPT)(self._similar)

    def places(self, items: Any) -> NDArray[np.int64]:
        """Return the places of those of `items` that the catalogue has."""
        place = self.works.place
        return np.array([place[id] for id in items if id in place], np.int64)

    def predicted(self, taste: Taste) -> NDArray[np.float32] | None:
        """Score every work for a person: (works,); None where nothing is known that they like.

        Deviations of the model's scores from their mean. A work that training never saw gets what the others that
        are as near to the person's by content have on average (least squares over the known works).
        """
        liked = self.places(one.item for one in taste.liked)
        content = self.content(liked)
        model = self.model if self.model is not None and self.model.known.any() else None
        scores = model.model.known_scores(taste.history) if model is not None else None
        if model is None or scores is None:
            return _standard(content, np.ones(len(content), np.bool_)) if len(liked) else None
        known = model.known
        made = _standard(model.spread(scores), known)
        if not known.all():
            about = _standard(content, known)
            made[~known] = max(float((about[known] * made[known]).mean()), 0.0) * about[~known]
        return made

    def content(self, liked: Places) -> NDArray[np.float32]:
        """Return how near every work is to the liked ones: the sum of its likeness to each that it is a neighbour of."""
        works = self.works
        near, alike = works.near[liked].ravel(), works.alike[liked].ravel()
        made = np.bincount(near[near >= 0], alike[near >= 0], len(works)).astype(np.float32)
        made[liked] += 1
        return made

    def like_people(self, taste: Taste) -> NDArray[np.float32] | None:
        """Return what people of the same taste like: (works,), -inf where nobody has it; None where that is unknown."""
        scores = self.people.model.known_scores(taste.history) if self.people is not None else None
        if self.people is None or scores is None:
            return None
        made = self.people.spread(scores)
        return np.where(np.isnan(made), -np.inf, made).astype(np.float32)

    def _similar(self, at: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the works most like the one at `at`, the nearest first, its series aside, and how near (0 to 1).

        CONTENT of it is what they are about (words, makers, genres and themes: never genre alone), the rest the
        model's likeness (the same people), each against its highest.
        """
        works = self.works
        own = works.series.get(works.ids[at])
        family = works.families[own] if own is not None else np.array([at])
        near = works.near[at]
        content = np.zeros(len(works), np.float32)
        content[near[near >= 0]] = works.alike[at][near >= 0]
        content[family] = 0
        made = _to_one(content)
        if self.model is not None and self.model.known[at]:
            alike = self.model.model._similarity(int(self.model.of_work[at]))
            if alike is not None:
                spread = np.nan_to_num(self.model.spread(alike), nan=0.0)
                spread[family] = 0
                made = CONTENT * made + (1 - CONTENT) * _to_one(spread)
        made[made <= 0] = -np.inf
        found = best(made, SIMILAR, works.rank)
        return found, made[found]

    def added(self, liked: Places, picks: Places, taste: Taste) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return what each liked work adds to the score of each pick, (liked, picks), and which picks a model explains.

        For the others it is their likeness by content.
        """
        made = np.zeros((len(liked), len(picks)), np.float32)
        told = np.zeros(len(picks), np.bool_)
        if self.model is not None:
            rows, columns = self.model.of_work[liked], self.model.of_work[picks]
            block = _between(self.model.model, rows[rows >= 0], columns[columns >= 0], taste)
            if block is not None:
                made[np.ix_(rows >= 0, columns >= 0)] = block
                told = columns >= 0
        if not told.all():
            vectors = self.works.vectors
            made[:, ~told] = likeness(vectors[liked] @ vectors[picks[~told]].T, SHARPNESS)
        return made, told


def _between(model: Model, liked: Places, picks: Places, taste: Taste) -> NDArray[np.float32] | None:
    """Return what titles of a history add to others' scores, (liked, picks); None where a model can't tell."""
    if isinstance(model, ItemItemModel):
        if model.unpacked is None:
            return np.asarray(model.weights[liked][:, picks].toarray(), np.float32)  # type: ignore[union-attr]
        return model.unpacked[np.ix_(liked, picks)]
    if not isinstance(model, Blend | Hybrid):
        return None
    made = None
    row = _row(sorted(liked.tolist()), None, len(model.items))
    for name, weight in model.weights.items():
        part = model.parts[name]
        if not weight or not isinstance(part, ItemItemModel):
            continue
        own = _between(part, liked, picks, taste)
        if own is not None:
            scaled = np.float32(weight / model._spread(part._score(row, row))) * own
            made = scaled if made is None else made + scaled
    return made


def _standard(values: NDArray[np.float32], over: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return values as deviations from the mean of those at `over`."""
    mean, spread = float(values[over].mean()), float(values[over].std())
    return ((values - mean) / (spread or 1.0)).astype(np.float32)


def _to_one(values: NDArray[np.float32]) -> NDArray[np.float32]:
    highest = float(values.max(initial=0.0))
    return (np.maximum(values, 0) / (highest or 1.0)).astype(np.float32)
