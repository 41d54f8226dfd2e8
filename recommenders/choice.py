"""One person's choice: what may still stand in a row, in which order, and how a row is taken from it."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommenders.diversity import varied
from recommenders.shelf import Shelf
from recommenders.taste import Taste

Scores = NDArray[np.float32]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
CANDIDATES = 300
# Of fewer works than SMALL, 300 are nearly all; there a row chooses among DEPTH times its length.
SMALL, DEPTH = 2000, 4
MAKERS = 4
NEW_YEARS = 3
# At this adventurousness the model's own order stands; below it the familiar gains, above it the unfamiliar.
BALANCED = 0.3
FAMILIAR = 0.5
# How much a row trades for being varied: at adventurousness 0, and what 1 adds.
LEAST_TRADE, MORE_TRADE = 0.1, 0.5
LONGEST_SERIES = 100
TIE = 1e-13


@dataclass(frozen=True, slots=True)
class Candidates:
    """Places of works, the best first, and their scores; each once."""

    places: Places
    scores: Scores


class Choice:
    """One person's scores and what is still free to stand in a row."""

    def __init__(self, shelf: Shelf, taste: Taste, scores: Scores, free: Mask) -> None:
        """Take the scores of all works, (works,), and which may be shown."""
        self.shelf, self.taste, self.scores, self.free = shelf, taste, scores, free
        self.alike: Scores | None = None  # what people of the same taste like
        works = shelf.works
        self.last = np.zeros(len(works), np.bool_)  # begun and not liked: only where there is nothing else
        self.last[shelf.places(taste.disliked)] = True
        # The work that stands for each: itself, or for a sequel whose earlier work was not begun the first such one.
        self.stands = np.arange(len(works))
        if not taste.sequels:
            begun = np.zeros(len(works), np.bool_)
            begun[shelf.places(taste.begun)] = True
            closed = (works.before >= 0) & ~begun[works.before] & ~begun
            waiting = np.flatnonzero(closed)
            stands = works.before[waiting]
            for _ in range(LONGEST_SERIES):
                further = closed[stands]
                if not further.any():
                    break
                stands[further] = works.before[stands[further]]
            self.stands[waiting] = np.where(closed[stands], -1, stands)  # -1: a circle of relations
        self.first = self.stands == np.arange(len(works))

    @classmethod
    def of(cls, shelf: Shelf, taste: Taste, today: datetime.date, used: Collection[str] = ()) -> Choice | None:
        """Return the choice of a person; None where nothing is known that they like."""
        scores = shelf.predicted(taste)
        if scores is None:
            return None
        works = shelf.works
        free = works.offered & (works.released <= today.toordinal())
        free[shelf.places(taste.excluded)] = False
        free[shelf.places(used)] = False
        return cls(shelf, taste, scores, free)

    @cached_property
    def best(self) -> Candidates:
        """All works, the best for the person first; whoever asks about one work alone needs no order."""
        return self.ordered(self.scores)

    def ordered(self, scores: Scores) -> Candidates:
        """Return all works with a finite score in order, the more watched first among equals."""
        there = np.flatnonzero(np.isfinite(scores))
        # What the rank adds is less than any difference of two scores, and a plain sort is six times as fast.
        tie = TIE * float(np.abs(scores[there]).max(initial=1.0))
        order = np.argsort(tie * self.shelf.works.rank[there] - scores[there].astype(np.float64))
        return self.candidates(there[order], scores)

    def candidates(self, places: Places, scores: Scores) -> Candidates:
        """Return works that stand in order of their scores, (works,), as candidates.

        The first work of a series takes the place of its highest sequel; what was begun and not liked goes last.
        """
        if not len(places):
            return Candidates(places, np.empty(0, np.float32))
        values = scores[places]
        stands = self.stands[places]
        at = np.arange(len(places))
        earliest = np.empty(len(self.free), np.int64)
        earliest[stands[::-1]] = at[::-1]  # of a work that stands twice the higher place is written last
        first = np.flatnonzero((earliest[stands] == at) & (stands >= 0))
        places, values = stands[first], values[first]
        last = self.last[places]
        if last.any():
            span = float(np.ptp(values)) + 1
            values = np.concatenate([values[~last], values[last] - np.float32(span)])
            places = np.concatenate([places[~last], places[last]])
        return Candidates(places, values)

    def take(
        self, candidates: Candidates, length: int, mask: Mask | None = None, depth: int = CANDIDATES
    ) -> list[tuple[int, float]]:
        """Return the places and scores of a row of `length` and count them as used."""
        works = self.shelf.works
        free = self.free if mask is None else self.free & mask
        if len(works) < SMALL:
            depth = min(depth, DEPTH * length)
        usable = np.flatnonzero(free[candidates.places])[: max(depth, length)]
        if not len(usable):
            return []
        found, scores = candidates.places[usable], candidates.scores[usable]
        worth = (scores - scores.min()) / (float(np.ptp(scores)) or 1.0)
        worth += (BALANCED - self.taste.adventurous) * FAMILIAR * works.familiar[found]
        order = np.lexsort((works.rank[found], -worth))
        order = order[_one_of_each(works.family[found[order]], length)]
        trade = LEAST_TRADE + MORE_TRADE * self.taste.adventurous
        chosen = order[varied(worth[order].astype(np.float64), works.vectors[found[order]], length, trade)].tolist()
        self.free[found[chosen]] = False
        return [(int(found[at]), float(scores[at])) for at in chosen]

    def open(self) -> Mask:
        """Return which works are free and wait for no earlier one."""
        return self.free & self.first

    def enough(self, names: Sequence[str], places: Mapping[str, Places], length: int) -> tuple[list[str], Mask]:
        """Return the first MAKERS of `names`, or as many as it takes to fill a row, and the mask of their works."""
        mask, there = np.zeros(len(self.free), np.bool_), self.open()
        taken: list[str] = []
        for name in names:
            if len(taken) >= MAKERS and int((mask & there).sum()) >= 2 * length:
                break
            taken.append(name)
            mask[places[name]] = True
        return taken, mask

    def little_known(self) -> Mask:
        """Return which works the lower half by watchers holds, of those offered."""
        works = self.shelf.works
        known = works.members[works.offered & (works.members > 0)]
        middle = float(np.median(known)) if len(known) else 0.0
        return (works.members > 0) & (works.members <= middle)

    def recent(self, length: int) -> tuple[int | None, Mask]:
        """Return the newest works and the year of their oldest: of three years, or back until a row can be full."""
        released = self.shelf.works.released
        days = np.sort(released[self.open() & (released > 0)])[::-1]
        if not len(days):
            return None, np.zeros(len(released), np.bool_)
        newest = datetime.date.fromordinal(int(days[0]))
        enough = int(days[min(3 * length // 2, len(days)) - 1])
        first = min(datetime.date(newest.year - NEW_YEARS + 1, 1, 1).toordinal(), enough)
        return datetime.date.fromordinal(first).year, released >= first


def _one_of_each(families: Places, length: int) -> Places:
    """Return the places of the first of each family; the rest follows only where the row would stay short."""
    _, first = np.unique(families, return_index=True)
    first.sort()
    if len(first) >= length:
        return first
    rest = np.setdiff1d(np.arange(len(families)), first)
    return np.concatenate([first, rest[: length - len(first)]])
