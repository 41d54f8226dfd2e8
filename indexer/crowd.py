"""A simulated crowd: the lists of people who do not exist, so that collaborative models have something to learn from.

Nobody's data is in it. Each person gets a taste over genres and themes, an era, a leaning to what everyone watches, a
habit of finishing series and a way of scoring; a list is what such a person would have picked. An operator's own
interactions replace it, and whoever shows results learnt from it says that it is simulated. `realism` measures how near
the lists come to real ones.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from catalogue import Title

COLUMNS = ("user_id", "item_id", "value", "status")
STATUSES = ("completed", "watching", "on_hold", "dropped", "plan_to_watch")
SHARES = (0.62, 0.06, 0.045, 0.035, 0.24)  # of the lists' entries, after mal_status_310users
RATED = (0.88, 0.35, 0.33, 0.53, 0.0)  # of the entries of that status, after the same
LOWERED = (0.0, 0.0, 0.7, 2.6, 0.0)  # points that a status takes off a score
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
LEAST = 5  # entries of the shortest list


class Row(NamedTuple):
    """One entry of a simulated list; `value` is 1 to 10, or 0 where the person did not score it."""

    user_id: str
    item_id: int
    value: int
    status: str


@dataclass(frozen=True, slots=True)
class Habits:
    """What the crowd is like. A person picks works by the sum of these leanings and a Gumbel noise of scale 1.

    `length` and `spread` are the mean and the standard deviation of a list's log length; `popular` weighs the log of
    a work's members (`popular_spread` over people), `taste` its genres and themes, `era` its distance in decades from
    the person's, `series` another work of the series being in the list already. `mean`, `bias` and `noise` are a
    score's: over everybody, between people, within a person.
    """

    length: float = 4.17
    spread: float = 0.75
    popular: float = 2.4
    popular_spread: float = 0.5
    taste: float = 1.6
    era: float = 0.55
    series: float = 1.6
    mean: float = 8.1
    bias: float = 0.77
    noise: float = 1.15


def simulate(titles: Sequence[Title], people: int = 3000, seed: int = 42, habits: Habits | None = None) -> list[Row]:
    """Return the lists of `people` simulated persons over `titles`, the same for the same arguments.

    Raise ValueError where there are fewer titles than the shortest list has entries, or no people.
    """
    if len(titles) < LEAST or people < 1:
        raise ValueError(f"{people} people over {len(titles)} titles; at least 1 and {LEAST} are needed.")
    habits = habits or Habits()
    rng = np.random.default_rng(seed)
    titles = sorted(titles, key=lambda title: title.id)
    fit = _taste(titles, people, rng)  # (people, titles), each person's mean 0 and deviation 1
    pull = _pull(titles, fit, habits, rng)
    listed = _picked(pull, _lengths(len(titles), people, habits, rng))
    siblings = _siblings(titles)
    finishing = habits.series * rng.gamma(2.0, 0.5, (people, 1))
    listed = _picked(pull + finishing * ((listed @ siblings) > 0), listed.sum(axis=1))
    return _entries(titles, listed, fit, habits, rng)


def _taste(titles: Sequence[Title], people: int, rng: np.random.Generator) -> np.ndarray:
    terms = sorted({term for title in titles for term in (*title.genres, *title.themes)})
    at = {term: column for column, term in enumerate(terms)}
    features = np.zeros((len(titles), max(len(terms), 1)))
    for row, title in enumerate(titles):
        for term in (*title.genres, *title.themes):
            features[row, at[term]] = 1.0
    # A rare term says more of a work than one that a third of all have; Laplace: most people care for a few things.
    features *= np.log((1 + len(titles)) / (1 + features.sum(axis=0)))
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    fit = rng.laplace(size=(people, features.shape[1])) @ features.T
    return (fit - fit.mean(axis=1, keepdims=True)) / np.maximum(fit.std(axis=1, keepdims=True), 1e-9)


def _pull(titles: Sequence[Title], fit: np.ndarray, habits: Habits, rng: np.random.Generator) -> np.ndarray:
    people = len(fit)
    watched = np.log([max(title.members or 0, 1000) for title in titles])
    years = np.array([title.year or 2010 for title in titles], dtype=float)
    mainstream = np.maximum(rng.normal(habits.popular, habits.popular_spread, (people, 1)), 0.2)
    own_era = 2022 - rng.gamma(2.0, 5.0, (people, 1))
    away = np.abs(years - own_era) / 10
    pull = mainstream * (watched - watched.mean()) + habits.taste * fit - habits.era * away
    return pull + rng.gumbel(size=pull.shape)


def _lengths(titles: int, people: int, habits: Habits, rng: np.random.Generator) -> np.ndarray:
    drawn = rng.lognormal(habits.length, habits.spread, people)
    return np.clip(np.round(drawn), LEAST, max(int(titles * 0.9), LEAST)).astype(int)


def _picked(pull: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return which of the titles each person's list holds: the `lengths` that pull most."""
    ranks = np.argsort(np.argsort(-pull, axis=1, kind="stable"), axis=1, kind="stable")
    return (ranks < lengths[:, None]).astype(np.float32)


def _siblings(titles: Sequence[Title]) -> np.ndarray:
    series = np.array([title.series or title.id for title in titles])
    same = (series[:, None] == series[None, :]).astype(np.float32)
    np.fill_diagonal(same, 0)
    return same


def _entries(
    titles: Sequence[Title], listed: np.ndarray, fit: np.ndarray, habits: Habits, rng: np.random.Generator
) -> list[Row]:
    quality = np.array([title.score or 0.0 for title in titles])
    known = quality[quality > 0]
    quality = np.where(quality > 0, quality - (known.mean() if known.size else 0.0), 0.0)
    who, what = np.nonzero(listed)
    liking = fit[who, what]
    # What is put off is what one is less keen on; what is dropped still less.
    leaning = np.stack([0.1 * liking, 0.1 * liking, -0.1 * liking, -0.5 * liking, -0.25 * liking], axis=1)
    status = np.argmax(np.log(SHARES) + leaning + rng.gumbel(size=leaning.shape), axis=1)
    bias = rng.normal(habits.mean, habits.bias, len(listed))
    value = bias[who] + 0.75 * quality[what] + 0.35 * liking + rng.normal(0, habits.noise, len(who))
    value = np.clip(np.round(value - np.array(LOWERED)[status]), 1, 10).astype(int)
    rated = rng.random(len(who)) < np.array(RATED)[status]
    width = len(str(len(listed)))
    return [
        Row(f"sim{person + 1:0{width}}", titles[int(title)].id, int(score) if scored else 0, STATUSES[code])
        for person, title, score, scored, code in zip(who, what, value, rated, status, strict=True)
    ]


def write_crowd(rows: Iterable[Row], file: TextIO) -> None:
    """Write the rows as a file of interactions that `nextep train` reads."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)


# -- how near it comes to real lists


@dataclass(frozen=True, slots=True)
class Shape:
    """What the lists of a crowd look like: how much the most watched works take, how long lists are."""

    people: int
    entries: int
    gini: float
    top_tenth: float
    taste: float  # how far people's shares of a genre lie apart: their deviation, on average over the genres
    lengths: tuple[float, ...]  # at QUANTILES


@dataclass(frozen=True, slots=True)
class Realism:
    """Simulated lists beside real ones over the works that both know.

    `works_alike` is the correlation of the works' log counts; `genres_alike` that of how the genres' shares of
    people's lists go together (the upper triangles of the two correlation matrices).
    """

    works: int
    simulated: Shape
    real: Shape
    works_alike: float
    genres_alike: float

    def text(self) -> str:
        """Return a small table."""
        pairs = [
            ("people", f"{self.simulated.people:,}", f"{self.real.people:,}"),
            ("entries", f"{self.simulated.entries:,}", f"{self.real.entries:,}"),
            ("Gini of the works", f"{self.simulated.gini:.3f}", f"{self.real.gini:.3f}"),
            ("share of the top 10 %", f"{self.simulated.top_tenth:.3f}", f"{self.real.top_tenth:.3f}"),
            ("spread of genre shares", f"{self.simulated.taste:.3f}", f"{self.real.taste:.3f}"),
        ]
        lengths = zip(QUANTILES, self.simulated.lengths, self.real.lengths, strict=True)
        pairs += [
            (f"list length, {quantile:.0%}", f"{ours:.0f}", f"{theirs:.0f}") for quantile, ours, theirs in lengths
        ]
        lines = [f"{'':24}{'simulated':>11}{'real':>11}"]
        lines += [f"{label:24}{ours:>11}{theirs:>11}" for label, ours, theirs in pairs]
        lines += [
            f"Over {self.works:,} works that both know. Correlation of the works' log counts "
            f"{self.works_alike:.2f}, of the genres' going together {self.genres_alike:.2f}."
        ]
        return "\n".join(lines)


def realism(titles: Sequence[Title], rows: Iterable[Row], real: Path) -> Realism:
    """Compare simulated lists with the real ones of `real`, a CSV (or .gz) with user_id and mal_id.

    Only works that stand in both count. Raise ValueError where there are none.
    """
    theirs = _read(real, {title.id for title in titles})
    shared = {item for _, item in theirs}
    ours = [(row.user_id, row.item_id) for row in rows if row.item_id in shared]
    if not ours:
        raise ValueError(f"{real}: none of its works is in the simulated lists.")
    works = sorted(shared)
    by_id = {title.id: title for title in titles}
    genres = sorted({genre for item in works for genre in by_id[item].genres})
    of_work = np.array([[genre in by_id[item].genres for genre in genres] for item in works], dtype=float)
    counts = [_counts(pairs, works) for pairs in (ours, theirs)]
    shares = [_shares(pairs, works, of_work) for pairs in (ours, theirs)]
    together = [_together(share) for share in shares]
    upper = np.triu_indices(len(genres), 1)
    return Realism(
        len(works),
        _shape(ours, counts[0], shares[0]),
        _shape(theirs, counts[1], shares[1]),
        float(np.corrcoef(*(np.log1p(count) for count in counts))[0, 1]),
        float(np.corrcoef(together[0][upper], together[1][upper])[0, 1]),
    )


def _read(path: Path, known: set[int]) -> list[tuple[str, int]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        found = ((row["user_id"], int(row["mal_id"])) for row in csv.DictReader(file))
        return [(user, item) for user, item in found if item in known]


def _counts(pairs: Sequence[tuple[str, int]], works: Sequence[int]) -> np.ndarray:
    at = {item: column for column, item in enumerate(works)}
    return np.bincount([at[item] for _, item in pairs], minlength=len(works)).astype(float)


def _shape(pairs: Sequence[tuple[str, int]], counts: np.ndarray, shares: np.ndarray) -> Shape:
    _, lengths = np.unique([user for user, _ in pairs], return_counts=True)
    rising = np.sort(counts)
    n = len(rising)
    gini = float((2 * np.arange(1, n + 1) - n - 1) @ rising / (n * rising.sum()))
    top = float(rising[-max(n // 10, 1) :].sum() / rising.sum())
    spread = float(shares.std(axis=0).mean())
    quantiles = tuple(float(at) for at in np.quantile(lengths, QUANTILES))
    return Shape(len(lengths), len(pairs), gini, top, spread, quantiles)


def _shares(pairs: Sequence[tuple[str, int]], works: Sequence[int], of_work: np.ndarray) -> np.ndarray:
    """Return which part of each list a genre takes, (people, genres), of lists of ten works and more."""
    row = {user: at for at, user in enumerate(sorted({user for user, _ in pairs}))}
    column = {item: at for at, item in enumerate(works)}
    listed = np.zeros((len(row), len(works)))
    for user, item in pairs:
        listed[row[user], column[item]] = 1.0
    listed = listed[listed.sum(axis=1) >= min(10, len(works))]
    return (listed @ of_work) / listed.sum(axis=1, keepdims=True)


def _together(shares: np.ndarray) -> np.ndarray:
    """Return how the genres' shares correlate over people."""
    spread = shares.std(axis=0)
    centred = (shares - shares.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return centred.T @ centred / max(len(centred), 1)
