"""Content and collaborative scores of every title of a catalogue, whoever trained the collaborative model on whatever.

Content reaches all titles, also those that the collaborative model never saw; these have 0 of its part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from recommenders.base import Because, History, ItemItemModel, Model
from recommenders.content import Content
from recommenders.features import ItemFeatures
from recommenders.interactions import EVERYTHING, Interactions
from recommenders.ranking import best

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pick:
    """A title with its two weighed scores, and what of the history speaks for it, the most first.

    The weights of `because` are on the scale of the scores; where neither part has negative scores (content,
    item_knn), they add up to `content + collaborative`.
    """

    item: int
    content: float
    collaborative: float
    because: tuple[Because, ...]


def describe_all(items: Sequence[int], features: ItemFeatures, seed: int = 42) -> Content:
    """Return a content model over a whole catalogue, which nobody needs to have watched."""
    listed = Interactions.from_arrays(["catalogue"] * len(items), [str(item) for item in items], rule=EVERYTHING)
    return Content(seed=seed, features=features).fit(listed)


class Duet:
    """A content model over the whole catalogue beside any other model over some of its titles."""

    def __init__(
        self, content: Content, collaborative: Model | None, members: Mapping[int, int], offered: Mapping[int, bool]
    ) -> None:
        """Take the models; `members` breaks ties (the more watched first), `offered` says what may be recommended."""
        self.content = content
        self.collaborative = collaborative
        self.ids: list[int] = [int(item) for item in content.items.tolist()]
        self.place = {id: at for at, id in enumerate(self.ids)}
        watched = np.array([members.get(id, 0) for id in self.ids])
        self._popular = np.log1p(watched).astype(np.float32)
        self._rank = np.empty(len(self.ids), np.int32)
        self._rank[np.lexsort((np.array(self.ids), -watched))] = np.arange(len(self.ids))
        self._offered: Mask = np.array([offered.get(id, False) for id in self.ids])
        # Where each title of the collaborative model stands here; -1: the catalogue has no such title.
        theirs = [] if collaborative is None else collaborative.items.tolist()
        self._theirs = np.array(
            [self.place.get(int(item), -1) if item.isdecimal() else -1 for item in theirs], np.int64
        )
        self.shared = int((self._theirs >= 0).sum())

    def recommend(
        self,
        liked: Mapping[int, float],
        seen: Sequence[int],
        k: int,
        content: float,
        collaborative: float,
        allowed: Sequence[int] | None = None,
        ratings: Mapping[int, float] | None = None,
        reasons: int = 3,
    ) -> tuple[list[Pick], list[str]]:
        """Return the k best titles and notices ("unknown_to_collaborative", "nothing_known").

        `liked` says how much each liked title counts; `ratings` are all there are, for a model that learns from them.

        Each part is scaled to 0..1 over all titles that could be recommended to the person, whatever `allowed`
        leaves of them, so that a filter changes the choice and no score. `content` and `collaborative` are the
        weights, with a sum of 1.
        """
        notices: list[str] = []
        open_to: Mask = self._offered.copy()
        open_to[[self.place[id] for id in (*seen, *liked) if id in self.place]] = False
        own = {self.place[id]: weight for id, weight in liked.items() if id in self.place}
        history_row = _row(own, len(self.ids))
        by_content, content_span = _scaled((history_row @ self.content.weights).toarray()[0], open_to)
        history = History([str(id) for id in liked], {str(id): rating for id, rating in (ratings or {}).items()})
        known = self.collaborative is not None and self.shared > 0 and self.collaborative.knows(history)
        if known:
            by_others, others_span = self._others(history, open_to)
        else:
            by_others, others_span = np.zeros(len(self.ids), np.float32), 0.0
            if self.collaborative is not None:
                notices.append("unknown_to_collaborative")
        total = np.float32(content) * by_content + np.float32(collaborative) * by_others
        chosen: Mask = open_to
        if allowed is not None:
            chosen = np.zeros(len(self.ids), np.bool_)
            chosen[[self.place[id] for id in allowed if id in self.place]] = True
            chosen &= open_to
        if not total[open_to].any():
            # Nothing to go by: what most watch, with honest scores of 0.
            notices.append("nothing_known")
            total = self._popular
        places = best(np.where(chosen, total, -np.inf), k, self._rank)
        weights = self._because(own, places) * (content / content_span if content_span else 0.0)
        ids = list(own)
        if known and others_span and collaborative:
            ids, weights = self._add_others(history, ids, weights, places, collaborative / others_span)
        picks = []
        for column, at in enumerate(places):
            order = np.argsort(-weights[:, column], kind="stable")[:reasons]
            because = tuple(
                Because(str(self.ids[ids[row]]), float(weights[row, column]))
                for row in order
                if weights[row, column] > 0
            )
            parts = float(content * by_content[at]), float(collaborative * by_others[at])
            picks.append(Pick(self.ids[at], *parts, because))
        return picks, notices

    def _others(self, history: History, open_to: Mask) -> tuple[Scores, float]:
        assert self.collaborative is not None
        found = self._theirs >= 0
        scores = np.zeros(len(self.ids), np.float32)
        known = np.zeros(len(self.ids), np.bool_)
        scores[self._theirs[found]] = self.collaborative.scores(history)[found]
        known[self._theirs[found]] = True
        scaled, span = _scaled(scores, open_to & known)
        return np.where(known, scaled, np.float32(0)), span

    def _because(self, own: Mapping[int, float], places: NDArray[np.int64]) -> Scores:
        """Return what each liked title adds to the content of each pick: (liked, picks)."""
        if not own:
            return np.zeros((0, len(places)), np.float32)
        rows = self.content.weights[list(own)][:, places].toarray()  # type: ignore[union-attr]
        return rows * np.array(list(own.values()), np.float32)[:, None]

    def _add_others(
        self, history: History, ids: list[int], weights: Scores, places: NDArray[np.int64], factor: float
    ) -> tuple[list[int], Scores]:
        """Add what each liked title adds to the collaborative score of each pick."""
        model = self.collaborative
        assert model is not None
        row_of = {at: number for number, at in enumerate(ids)}
        liked = [id for id in history.liked if id in model.index]
        theirs = [model.index.get(str(self.ids[at]), -1) for at in places]
        if isinstance(model, ItemItemModel):
            rows = [model.index[id] for id in liked]
            columns = [max(at, 0) for at in theirs]
            part = model.weights[rows][:, columns]
            dense: Scores = part.toarray() if issparse(part) else np.array(part)  # type: ignore[union-attr]
            dense = np.where(np.array(theirs) >= 0, dense, 0)
        else:
            dense = np.zeros((len(liked), len(places)), np.float32)
            at_row = {id: number for number, id in enumerate(liked)}
            for column, at in enumerate(theirs):
                for item, weight in model.explain(history, str(model.items[at])) if at >= 0 else ():
                    if item in at_row:
                        dense[at_row[item], column] = weight
        for number, id in enumerate(liked):
            if int(id) in self.place:
                weights[row_of[self.place[int(id)]]] += factor * dense[number]
        return ids, weights


def _row(own: Mapping[int, float], width: int) -> csr_array:
    places = np.array(sorted(own), np.int32)
    data = np.array([own[at] for at in places.tolist()], np.float32)
    return csr_array((data, places, np.array([0, len(places)], np.int32)), shape=(1, width))


def _scaled(scores: Scores, among: Mask) -> tuple[Scores, float]:
    """Return the scores with the least of `among` as 0 and the largest as 1, and the span; 0 where all are equal."""
    if not among.any():
        return np.zeros_like(scores), 0.0
    low, high = float(scores[among].min()), float(scores[among].max())
    if high <= low:
        return np.zeros_like(scores), 0.0
    return np.clip((scores - np.float32(low)) / np.float32(high - low), 0, 1), high - low
