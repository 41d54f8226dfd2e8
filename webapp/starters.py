"""Works for a new person to pick favourites from: well known, and as different from each other as can be."""

from __future__ import annotations

from collections.abc import Sequence

from catalogue import Title
from webapp.pool import Pool, one_a_series

CANDIDATES = 240
# What counts more: that many know a work (1), or that nothing like it was offered yet (0).
KNOWN = 0.45


def starters(pool: Pool, count: int) -> list[Title]:
    """Return `count` works by maximal marginal relevance (Carbonell and Goldstein, 1998), one a series.

    Relevance is the rank by watchers; likeness the common genres, themes and decade. The order is fixed, so that the
    first twelve of twenty-four are the twelve asked for alone.
    """
    known = one_a_series(pool.watched)[:CANDIDATES]
    traits = {title.id: _traits(title) for title in known}
    likeness = dict.fromkeys(traits, 0.0)
    left = list(enumerate(known))
    chosen: list[Title] = []
    while left and len(chosen) < count:
        best = max(left, key=lambda pair: KNOWN * (1 - pair[0] / len(known)) - (1 - KNOWN) * likeness[pair[1].id])
        left.remove(best)
        chosen.append(best[1])
        near = traits[best[1].id]
        for _, title in left:
            likeness[title.id] = max(likeness[title.id], _overlap(near, traits[title.id]))
    return chosen


def _traits(title: Title) -> frozenset[str]:
    decade = f"{(title.year or 0) // 10}0s"
    return frozenset((*title.genres, *title.themes, decade, title.format or ""))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def favourite_genres(titles: Sequence[Title], count: int = 3) -> list[str]:
    """Return the genres that most of the titles share, the commonest first."""
    counts: dict[str, int] = {}
    for title in titles:
        for label in title.genres:
            counts[label] = counts.get(label, 0) + 1
    return sorted(counts, key=lambda label: (-counts[label], label))[:count]
