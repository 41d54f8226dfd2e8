"""What a person's lists say of their taste: counts and shares, computed from entries and titles alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalogue import Title
from lists.entry import Entry

GENRES, MAKERS, SPOKES, DRIVERS = 10, 8, 8, 8
# A maker with one work says nothing about a taste.
LEAST_OF_A_MAKER = 2
LOVED = 7


@dataclass(frozen=True, slots=True)
class Part:
    """One bar of a chart: how many works, which share of all, the person's mean score of them, and what goes with it.

    `beside` is what most of these works have: the decade of a genre ("2010"), the genre of a decade.
    """

    name: str
    count: int
    share: float
    score: float | None = None
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """How a person's scores lie beside the members' mean scores of the same works; both lists run from 1 to 10."""

    own: tuple[int, ...]
    crowd: tuple[int, ...]
    rated: int
    mean: float
    crowd_mean: float

    @property
    def apart(self) -> float:
        """Return by how much the person scores above the crowd."""
        return self.mean - self.crowd_mean


@dataclass(frozen=True, slots=True)
class Driver:
    """A work that recommendations come from: to how many it led, and its share of what led to all of them."""

    title: Title
    share: float
    led: int


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person's taste."""

    begun: int
    episodes: int
    minutes: int
    genres: tuple[Part, ...]
    spokes: tuple[Part, ...]
    eras: tuple[Part, ...]
    makers: tuple[Part, ...]
    formats: tuple[Part, ...]
    scores: Scores | None


def portrait(entries: Iterable[Entry], titles: Mapping[int, Title]) -> Portrait:
    """Return the taste that lists tell; what is only planned tells nothing yet, nor does a work nobody knows."""
    begun = [
        (entry, titles[entry.title_id])
        for entry in entries
        if entry.status != "plan_to_watch" and entry.title_id in titles
    ]
    spoken = [pair for pair in begun if speaks(pair[0])]
    # Few things liked: what was begun at all is the next best.
    told = spoken or begun
    return Portrait(
        begun=len(begun),
        episodes=sum(entry.episodes * (1 + entry.rewatches) for entry, _ in begun),
        minutes=sum(entry.episodes * (1 + entry.rewatches) * (title.duration_min or 0) for entry, title in begun),
        genres=parts(told, lambda title: title.genres, beside=_decade)[:GENRES],
        spokes=_spokes(told),
        eras=tuple(sorted(parts(told, lambda title: _decade(title), beside=lambda title: title.genres), key=lambda part: part.name)),
        makers=tuple(part for part in parts(told, lambda title: title.studios) if part.count >= LEAST_OF_A_MAKER)[:MAKERS],
        formats=parts(told, lambda title: (title.format,) if title.format else ()),
        scores=scores(begun),
    )  # fmt: skip


def speaks(entry: Entry) -> bool:
    """Tell whether an entry speaks for its title: liked, and not scored low."""
    return entry.liked and (entry.score is None or entry.score >= LOVED)


Traits = Callable[[Title], Sequence[str]]


def parts(pairs: Sequence[tuple[Entry, Title]], traits: Traits, beside: Traits | None = None) -> tuple[Part, ...]:
    """Return how the works spread over a trait, the commonest first; a work with several counts for each."""
    works: dict[str, list[tuple[Entry, Title]]] = {}
    for entry, title in pairs:
        for name in dict.fromkeys(traits(title)):
            works.setdefault(name, []).append((entry, title))
    made = [
        Part(name, len(found), len(found) / len(pairs), _mean([entry.score for entry, _ in found]), _commonest(found, beside))
        for name, found in works.items()
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda part: (-part.count, part.name)))


def _decade(title: Title) -> tuple[str, ...]:
    return (str(title.year // 10 * 10),) if title.year else ()


def _commonest(pairs: Sequence[tuple[Entry, Title]], traits: Traits | None) -> str | None:
    if traits is None:
        return None
    counts: dict[str, int] = {}
    for _, title in pairs:
        for name in traits(title):
            counts[name] = counts.get(name, 0) + 1
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def _spokes(pairs: Sequence[tuple[Entry, Title]]) -> tuple[Part, ...]:
    """Return the labels, themes among them, that the most works have, in a fixed order around the wheel."""
    found = parts(pairs, lambda title: (*title.genres, *title.themes))[:SPOKES]
    return tuple(sorted(found, key=lambda part: part.name))


def scores(pairs: Sequence[tuple[Entry, Title]]) -> Scores | None:
    """Return the person's scores beside the members' mean scores, None where no work has both."""
    both = [(entry.score, title.score) for entry, title in pairs if entry.score is not None and title.score is not None]
    if not both:
        return None
    own, crowd = [0] * 10, [0] * 10
    for mine, theirs in both:
        own[mine - 1] += 1
        crowd[min(max(round(theirs), 1), 10) - 1] += 1
    count = len(both)
    return Scores(
        own=tuple(own),
        crowd=tuple(crowd),
        rated=count,
        mean=sum(mine for mine, _ in both) / count,
        crowd_mean=sum(theirs for _, theirs in both) / count,
    )


def drivers(picks: Iterable[Sequence[tuple[int, float]]], titles: Mapping[int, Title]) -> tuple[Driver, ...]:
    """Return the works that the person's rows come from, the strongest first.

    Each pick gives the works that led to it with what each added; a pick counts once, shared out among them. Works
    that the catalogue does not hold count, but are not shown.
    """
    shares: dict[int, float] = {}
    led: dict[int, int] = {}
    total = 0
    for because in picks:
        added = [(id, weight) for id, weight in because if weight > 0]
        whole = sum(weight for _, weight in added)
        total += bool(added)
        for id, weight in added:
            shares[id] = shares.get(id, 0.0) + weight / whole
            led[id] = led.get(id, 0) + 1
    strongest = sorted((id for id in shares if id in titles), key=lambda id: (-shares[id], id))[:DRIVERS]
    return tuple(Driver(titles[id], shares[id] / total, led[id]) for id in strongest)
