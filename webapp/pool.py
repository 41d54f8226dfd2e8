"""The titles that the home page chooses from, gathered in a handful of queries."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import vocabulary
from catalogue import SEASONS, Title
from search.engine import NO_FILTERS, Filters, Sort
from search.options import MAX_LIMIT, MAX_PAGE
from search.service import SearchService

# The year and one of SEASONS.
Season = tuple[int, str]
DEPTH = 300
GENRE_DEPTH = 100
GENRES = 12
# What everybody's work is called says little about it.
PLAIN_LABELS = frozenset({"Shounen", "Seinen", "Shoujo", "Josei", "Kids", "Adult Cast"})


@dataclass(frozen=True, eq=False)
class Pool:
    """Titles by watchers, score and date, and by genre; `genres` counts the works of each, most first."""

    watched: Sequence[Title]
    rated: Sequence[Title]
    newest: Sequence[Title]
    genres: Mapping[str, int] = field(default_factory=dict)
    by_genre: Mapping[str, Sequence[Title]] = field(default_factory=dict)
    total: int = 0

    @cached_property
    def watched_once(self) -> list[Title]:
        """Return the most watched, one a series."""
        return one_a_series(self.watched)

    @cached_property
    def rated_once(self) -> list[Title]:
        """Return the best rated, one a series."""
        return one_a_series(self.rated)

    @cached_property
    def loved(self) -> list[Title]:
        """Return works both watched by many and rated high: by the sum of the two ranks, one a series."""
        rated = {title.id: rank for rank, title in enumerate(self.rated_once)}
        watched = one_a_series([title for title in self.watched if title.id in rated])
        ranked = sorted(enumerate(watched), key=lambda pair: pair[0] + rated[pair[1].id])
        return [title for _, title in ranked]

    @cached_property
    def by_season(self) -> dict[Season, list[Title]]:
        """Return the newest by the season in which they began, the last season first."""
        found: dict[Season, list[Title]] = {}
        for title in self.newest:
            began = aired_season(title)
            if began is not None:
                found.setdefault(began, []).append(title)
        return {season: found[season] for season in sorted(found, key=in_order, reverse=True)}

    def seeds(self, count: int = 8) -> list[Title]:
        """Return newer works that many watch, to search for until people have searched."""
        known = {title.id for title in self.watched[:count]}
        newer = sorted(self.newest[:100], key=lambda title: -(title.members or 0))
        ordered = [*(title for title in newer if title.id not in known), *self.watched]
        return one_a_series(ordered)[:count]


def gather(search: SearchService, today: datetime.date) -> Pool:
    """Return the pool of the serving catalogue as of `today`."""
    first = search.browse(limit=MAX_LIMIT, facets=True)
    counts = dict(first.facets.get("genre", {}))
    labels = [name for name in counts if name not in PLAIN_LABELS and name not in vocabulary.ADULT_GENRES][:GENRES]
    return Pool(
        watched=_listed(search, NO_FILTERS, "watched", DEPTH),
        rated=[title for title in _listed(search, NO_FILTERS, "score", DEPTH) if title.score is not None],
        newest=_released(search, today),
        genres={name: count for name, count in counts.items() if name not in PLAIN_LABELS},
        by_genre={name: _listed(search, Filters(genres=(name,)), "watched", GENRE_DEPTH) for name in labels},
        total=first.total,
    )


def _listed(search: SearchService, filters: Filters, sort: Sort, count: int) -> list[Title]:
    found: list[Title] = []
    page = 1
    while len(found) < count:
        listing = search.browse(filters, sort, page, MAX_LIMIT)
        found.extend(listing.items)
        if page * MAX_LIMIT >= listing.total:
            break
        page += 1
    return found[:count]


def _released(search: SearchService, today: datetime.date) -> list[Title]:
    """Return the newest works that are out; what is announced for later in the year is not."""
    found: list[Title] = []
    for page in range(1, MAX_PAGE):
        listing = search.browse(Filters(year_to=today.year), "newest", page, MAX_LIMIT)
        found.extend(title for title in listing.items if title.year and (title.aired_from or "") <= today.isoformat())
        if len(found) >= DEPTH or page * MAX_LIMIT >= listing.total:
            break
    return found[:DEPTH]


def aired_season(title: Title) -> Season | None:
    """Return the season in which a title began, None where its month is not known."""
    parts = (title.aired_from or "").split("-")
    if len(parts) >= 2 and parts[0].isdigit() and parts[1].isdigit() and 1 <= int(parts[1]) <= 12:
        return int(parts[0]), SEASONS[(int(parts[1]) - 1) // 3]
    return (title.year, title.season) if title.year and title.season in SEASONS else None


def in_order(season: Season) -> tuple[int, int]:
    """Return what sorts seasons by time."""
    return season[0], SEASONS.index(season[1])


def one_a_series(titles: Sequence[Title]) -> list[Title]:
    """Return the titles with only the first of each series."""
    seen: set[int] = set()
    kept = []
    for title in titles:
        series = title.id if title.series is None else title.series
        if series not in seen:
            seen.add(series)
            kept.append(title)
    return kept
