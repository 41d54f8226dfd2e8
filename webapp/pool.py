"""The titles that the home page chooses from, gathered in a handful of queries."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import vocabulary
from catalogue import Title
from search.engine import NO_FILTERS, Filters, Sort
from search.options import MAX_LIMIT, MAX_PAGE
from search.service import SearchService

DEPTH = 300
GENRE_DEPTH = 100
GENRES = 12
# What everybody's work is called says little about it.
PLAIN_LABELS = frozenset({"Shounen", "Seinen", "Shoujo", "Josei", "Kids", "Adult Cast"})


@dataclass(frozen=True, slots=True)
class Pool:
    """Titles by watchers, score and date, and by genre; `genres` counts the works of each, most first."""

    watched: Sequence[Title]
    rated: Sequence[Title]
    newest: Sequence[Title]
    genres: Mapping[str, int] = field(default_factory=dict)
    by_genre: Mapping[str, Sequence[Title]] = field(default_factory=dict)
    total: int = 0

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
