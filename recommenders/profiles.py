"""What a list of rated titles says of a taste: genres, tags, eras and formats with their weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from catalogue import Title

Weighted = tuple[tuple[str, float], ...]
TEN = 10.0
LIKED = 7.0  # of ten; what training counts as liked too
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Rated:
    """A title and its rating on a scale to ten."""

    title: Title
    rating: float


@dataclass(frozen=True, slots=True)
class Preferences:
    """Shares of a taste, the largest first: how much of all rating points went to titles with that genre, and so on."""

    genres: Weighted
    tags: Weighted
    eras: Weighted
    formats: Weighted


def preferences(rated: Sequence[Rated], shown: int = SHOWN) -> Preferences:
    """Return the weights of genres, tags (themes), eras (decades as "1990s") and formats.

    A weight is the ratings of the titles that have the thing over the ratings of all: 1 for what every title has,
    and a title rated 2 counts a fifth of one rated 10. Equal weights stand in the order of the names.
    """

    def weigh(things: Callable[[Title], Iterable[str]]) -> Weighted:
        points: Counter[str] = Counter()
        for one in rated:
            for thing in set(things(one.title)):
                points[thing] += one.rating  # type: ignore[assignment]
        total = sum(one.rating for one in rated)
        ordered = sorted(points.items(), key=lambda item: (-item[1], item[0]))[:shown]
        return tuple((name, round(point / total, 4)) for name, point in ordered)

    return Preferences(
        weigh(lambda title: title.genres),
        # A work's themes may repeat what its genres say already; once is enough.
        weigh(lambda title: set(title.themes) - set(title.genres)),
        weigh(lambda title: [f"{title.year // 10 * 10}s"] if title.year else []),
        weigh(lambda title: [title.format] if title.format else []),
    )


def average(rated: Sequence[Rated], scale: float = TEN) -> float | None:
    """Return the mean rating on a scale to `scale`, None without a title."""
    if not rated:
        return None
    return sum(one.rating for one in rated) / len(rated) / TEN * scale


def liked(ratings: Sequence[tuple[int, float]]) -> dict[int, float]:
    """Return how much each liked title counts, by id: its rating over ten.

    Liked is a rating of 7 of ten; for somebody who gave none, whatever is not below the own mean.
    """
    if not ratings:
        return {}
    least = LIKED
    if max(rating for _, rating in ratings) < LIKED:
        least = sum(rating for _, rating in ratings) / len(ratings) - 1e-9
    return {id: rating / TEN for id, rating in ratings if rating >= least}


def scale_of(ratings: Sequence[float], given: int | None) -> tuple[int, str]:
    """Return the scale of ratings, 10 or 5, and where it comes from: "given", "ratings" or "default".

    Without one given it is 10, unless 5 is the largest of five or more ratings.
    """
    if given is not None:
        return given, "given"
    if len(ratings) >= 5 and max(ratings) == 5:
        return 5, "ratings"
    return 10, "default"
