"""What a person leans to: the works that rows begin from, favourite genres, favourite makers."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from recommenders.shelf import Shelf
from recommenders.taste import Taste, Watched
from recommenders.works import AUDIENCES

SEEDS = 3
# One liked work of a genre or maker may be chance.
LEAST_LIKED = 2
UNSCORED, MIDDLING = 7.0, 5.0  # what a liked work without a score counts as; the score that says nothing


def seeds(shelf: Shelf, taste: Taste, count: int = SEEDS) -> list[Watched]:
    """Return the works to begin rows from, of different series, in the order of `Taste.loved`."""
    works = shelf.works
    chosen: list[Watched] = []
    families: set[str] = set()
    for one in taste.loved(works.watched_by):
        family = works.series.get(one.item, one.item)
        if family in families or not len(shelf.similar(works.place[one.item])[0]):
            continue
        families.add(family)
        chosen.append(one)
        if len(chosen) == count:
            break
    return chosen


def favourite_genres(shelf: Shelf, taste: Taste) -> list[str]:
    """Return favourite genres and themes: those that the liked works hold furthest above the catalogue's share.

    By (liked - expected) / sqrt(expected + 1), so that a rare label with one work does not win; two labels that
    mostly stand for the same liked works count once.
    """
    works = shelf.works
    liked = np.unique(shelf.places(one.item for one in taste.liked))
    held = works.has_label[liked].astype(np.float32)
    together = held.T @ held  # (labels, labels); on the diagonal how many liked works each label has
    count = together.diagonal()
    expected = len(liked) * works.label_counts / max(len(works), 1)
    lift = (count - expected) / (expected + 1) ** 0.5
    lift[count < max(min(LEAST_LIKED, len(liked)), 1)] = 0
    chosen: list[int] = []
    for at in np.argsort(-lift, kind="stable").tolist():
        if lift[at] <= 0:
            break
        if works.label_names[at] not in AUDIENCES and not (together[at, chosen] > 0.8 * count[at]).any():
            chosen.append(at)
    return [works.label_names[at] for at in chosen]


def favourite_makers(shelf: Shelf, taste: Taste) -> list[str]:
    """Return makers of at least two liked works, by how much the scores lie above 5, per root of their works."""
    works = shelf.works
    weight: defaultdict[str, float] = defaultdict(float)
    times: defaultdict[str, int] = defaultdict(int)
    for one in taste.liked:
        at = works.place.get(one.item)
        for studio in works.studios[at] if at is not None else ():
            weight[studio] += (one.score or UNSCORED) - MIDDLING
            times[studio] += 1
    worth = {
        studio: weight[studio] / len(works.by_studio[studio]) ** 0.5
        for studio in weight
        if times[studio] >= LEAST_LIKED and weight[studio] > 0
    }
    return sorted(worth, key=lambda studio: (-worth[studio], studio))
