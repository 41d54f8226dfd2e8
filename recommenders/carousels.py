"""The rows of a person's home: candidates, the blend's scores, what may not stand there, diversity; with the reasons.

A row takes the best candidates by its own scores, without what is excluded, not offered, not out yet or in an earlier
row; a sequel gives way to the work before it; at most one of a series; then maximal marginal relevance. It goes on
down the candidates until it is full.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommenders.base import Because
from recommenders.choice import Choice
from recommenders.ranking import best
from recommenders.seeds import favourite_genres, favourite_makers, seeds
from recommenders.shelf import Shelf
from recommenders.taste import Taste

Kind = Literal["hero", "for_you", "because", "people", "gems", "makers", "genre", "new"]
Scores = NDArray[np.float32]
NEAR_DEPTH = 3  # a row of works like one work chooses among so many times its length
LENGTH = 18
LEAST = 3  # works of the shortest row that is worth its heading
ROWS = 5  # beside those of seeds and genres
GENRES = 3
# What a work adds to a score is named where it is this share of what the first adds.
NAMED_SHARE = 0.4
MOST_NAMED = 2
MOST_SHARED = 3


@dataclass(frozen=True, slots=True)
class Pick:
    """A work of a row and why it is there.

    `because` names works of the person's lists and what each added, `shared` what it has in common with them (or with
    the row's seed); `share` is which part of the like-minded likes it.
    """

    item: str
    score: float  # 0 where a reason alone was asked for
    because: tuple[Because, ...] = ()
    shared: tuple[str, ...] = ()
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Carousel:
    """A row: `seed` is the work it is about, `label` its genre, `since` the year of its oldest work."""

    name: str
    kind: Kind
    items: tuple[Pick, ...]
    seed: str | None = None
    label: str = ""
    since: int | None = None


def home(
    shelf: Shelf,
    taste: Taste,
    today: datetime.date,
    length: int = LENGTH,
    used: Collection[str] = (),
    hero: bool = False,
) -> list[Carousel]:
    """Return a person's rows in the order in which they choose, none with a work of another or of `used`.

    With `hero` the first holds one work alone, the best of all.

    All rows have the same length, shorter where the catalogue is too small to fill them all. Empty where nothing is
    known that the person likes.
    """
    choice = Choice.of(shelf, taste, today, used)
    if choice is None:
        return []
    works = shelf.works
    begun = seeds(shelf, taste)
    # A row shows the work that it is about; no other row shows it again, whatever may be recommended.
    choice.free[shelf.places(seed.item for seed in begun)] = False
    open_ones = int(choice.open().sum())
    length = max(min(length, open_ones // (ROWS + len(begun) + GENRES)), LEAST)
    choice.alike = shelf.like_people(taste)
    best_ones = choice.take(choice.best, length + hero)
    drafts = [_Draft("hero", "hero", best_ones[:1])] if hero else []
    drafts.append(_Draft("for_you", "for_you", best_ones[hero:]))
    for seed in begun:
        places, near = shelf.similar(works.place[seed.item])
        scores = np.zeros(len(works), np.float32)
        scores[places] = near
        picks = choice.take(choice.candidates(places, scores), length, depth=NEAR_DEPTH * length)
        drafts.append(_Draft(f"because-{seed.item}", "because", picks, seed=seed.item))
    # What few works can fill chooses before what many can.
    drafts += _by_genre(choice, length)
    makers, mask = choice.enough(favourite_makers(shelf, taste), works.by_studio, length)
    drafts.append(_Draft("makers", "makers", choice.take(choice.best, length, mask)))
    if choice.alike is not None:
        drafts.append(_Draft("people", "people", choice.take(choice.ordered(choice.alike), length)))
    since, recent = choice.recent(length)
    drafts.append(_Draft("new_for_you", "new", choice.take(choice.best, length, recent), since=since))
    drafts.append(_Draft("hidden_gems", "gems", choice.take(choice.best, length, choice.little_known())))
    whole = [draft for draft in drafts if len(draft.chosen) >= (1 if draft.kind == "hero" else LEAST)]
    return _explained(choice, whole, makers)


def _by_genre(choice: Choice, length: int) -> list[_Draft]:
    """Return a row for each favourite genre, at most GENRES: of those that can fill one, else two thirds of one."""
    works = choice.shelf.works
    favourites = favourite_genres(choice.shelf, choice.taste)
    chosen: dict[str, _Draft] = {}
    for least in (length, math.ceil(2 * length / 3)):
        for label in favourites:
            if len(chosen) == GENRES or label in chosen:
                continue
            mask = _any_of(len(works), [works.by_label[label]])
            if int((mask & choice.open()).sum()) >= least:
                # Letters of any script: two Korean genres are two rows.
                name = "".join(char if char.isalnum() else "-" for char in label.lower())
                picks = choice.take(choice.best, length, mask)
                chosen[label] = _Draft(f"favourite-{name}", "genre", picks, label=label)
    return [chosen[label] for label in favourites if label in chosen]


def for_you(shelf: Shelf, taste: Taste, today: datetime.date, length: int = LENGTH) -> Carousel | None:
    """Return the best for a person as one row; None where nothing is known that they like."""
    choice = Choice.of(shelf, taste, today)
    if choice is None:
        return None
    chosen = choice.take(choice.best, length)
    return next(iter(_explained(choice, [_Draft("for_you", "for_you", chosen)], ())), None)


def why(shelf: Shelf, taste: Taste, item: str) -> Pick | None:
    """Return what of a person's lists speaks for one work; None where nothing does."""
    at = shelf.works.place.get(item)
    if at is None:
        return None
    others = Taste([entry for entry in taste.entries if entry.item != item], sequels=taste.sequels)
    reasons = _reasons(shelf, others, np.array([at], np.int64))
    because, shared = reasons[at]
    return Pick(item, 0.0, because, shared) if because else None


def ranking(shelf: Shelf, taste: Taste) -> list[str] | None:
    """Return all works, the best for a person first; None where nothing is known that they like."""
    scores = shelf.predicted(taste)
    if scores is None:
        return None
    return [shelf.works.ids[at] for at in best(scores, len(scores), shelf.works.rank)]


@dataclass(frozen=True, slots=True)
class _Draft:
    name: str
    kind: Kind
    chosen: Sequence[tuple[int, float]]
    seed: str | None = None
    label: str = ""
    since: int | None = None


def _any_of(count: int, places: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
    mask = np.zeros(count, np.bool_)
    for some in places:
        mask[some] = True
    return mask


# -- reasons -------------------------------------------------------------------------------------------------------


def _explained(choice: Choice, drafts: Sequence[_Draft], makers: Sequence[str]) -> list[Carousel]:
    shelf, taste = choice.shelf, choice.taste
    works = shelf.works
    liked = _liked(shelf, taste)
    reasons = _reasons(shelf, taste, np.array([at for draft in drafts for at, _ in draft.chosen], np.int64))
    scores = {one.item: one.score or 0 for one in taste.liked}
    of_maker: dict[str, tuple[Because, ...]] = {}
    made = []
    for draft in drafts:
        items = []
        for at, score in draft.chosen:
            because, shared = reasons[at]
            share = None
            if draft.seed is not None:
                seed = works.place[draft.seed]
                because, shared = (Because(draft.seed, score),), works.shared(at, seed)[:MOST_SHARED]
            elif draft.kind == "people" and choice.alike is not None:
                # A work that stands for its sequel has a share of its own.
                share = float(choice.alike[at]) if 0 < choice.alike[at] <= 1 else None
            elif draft.kind == "makers":
                studio = next(name for name in makers if name in works.studios[at])
                if studio not in of_maker:
                    own = [works.ids[place] for place in liked.tolist() if studio in works.studios[place]]
                    own = sorted(own, key=lambda id: (-scores.get(id, 0), id))[:MOST_NAMED]
                    of_maker[studio] = tuple(Because(id, float(scores.get(id, 0))) for id in own)
                because, shared = of_maker[studio], (studio,)
            items.append(Pick(works.ids[at], score, because, shared, share))
        made.append(Carousel(draft.name, draft.kind, tuple(items), draft.seed, draft.label, draft.since))
    return made


def _highest(values: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the rows of the `count` highest values of each column, (count, columns); of equals the earlier row."""
    # Sorting a long list for each of hundreds of picks would be most of what a home page costs.
    left = values.copy()
    columns = np.arange(left.shape[1])
    made = []
    for _ in range(min(count, len(left))):
        made.append(left.argmax(axis=0))
        left[made[-1], columns] = -np.inf
    return np.array(made, np.int64)


def _liked(shelf: Shelf, taste: Taste) -> NDArray[np.int64]:
    """Return the places of what a person likes, the most watched first: of equal weights the first is named."""
    liked = shelf.places(dict.fromkeys(one.item for one in taste.liked))
    return liked[np.argsort(shelf.works.rank[liked])]


def _reasons(
    shelf: Shelf, taste: Taste, picks: NDArray[np.int64]
) -> dict[int, tuple[tuple[Because, ...], tuple[str, ...]]]:
    """Return of each pick the works that led to it, and what it shares with one where only content tells."""
    works, liked = shelf.works, _liked(shelf, taste)
    if not len(liked):
        return dict.fromkeys(picks.tolist(), ((), ()))
    added, told = shelf.added(liked, picks, taste)
    top = _highest(added, MOST_NAMED)
    weights = np.take_along_axis(added, top, axis=0)
    named = (weights > 0) & (weights >= NAMED_SHARE * weights[0]) & told
    made: dict[int, tuple[tuple[Because, ...], tuple[str, ...]]] = {}
    columns = zip(picks.tolist(), liked[top].T.tolist(), weights.T.tolist(), named.T.tolist(), strict=True)
    for at, places, added_by, said in columns:
        if any(said):
            rows = zip(places, added_by, said, strict=True)
            made[at] = (tuple([Because(works.ids[place], weight) for place, weight, true in rows if true]), ())
    untold = [at for at in picks.tolist() if at not in made]
    if untold:
        cosines = works.vectors[liked] @ works.vectors[untold].T
        nearest = liked[cosines.argmax(axis=0)].tolist()
        for at, other, cosine in zip(untold, nearest, cosines.max(axis=0).tolist(), strict=True):
            made[at] = ((Because(works.ids[other], cosine),), works.shared(at, other)[:MOST_SHARED])
    return made
