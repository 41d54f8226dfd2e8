"""A catalogue's works as arrays in one order: what rows need to know of them, and how alike they are."""

from __future__ import annotations

import datetime
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from catalogue import Title
from recommenders.content import likeness
from recommenders.features import from_titles
from recommenders.ranking import tie_rank

log = logging.getLogger(__name__)
NEIGHBOURS = 120
# Half of the model's (recommenders.content): a sum of likeness finds works, a row like one work needs more than the first.
SHARPNESS = 6.0
# Of an inferred series, a work that so small a part of the most watched one's viewers know begins no story.
MAIN_SHARE = 0.2
# Whom a work is for says little of it.
AUDIENCES = frozenset({"Shounen", "Seinen", "Shoujo", "Josei", "Kids", "Adult Cast"})
_BLOCK = 512
_FORMAT = 2


@dataclass(frozen=True, eq=False)
class Works:
    """The works of a catalogue, each at its place.

    `members` how many watch a work, `released` the day as an ordinal (0 = not known), `before` the place of the work
    that one should have seen first (-1 = none), `vectors` rows of length 1 or 0 (works, dims), `near` the places of
    the most alike works and `alike` how much they are so, 0 to 1 (works, neighbours; -1 where there are fewer).
    """

    ids: tuple[str, ...]
    offered: NDArray[np.bool_]
    members: NDArray[np.float32]
    released: NDArray[np.int32]
    before: NDArray[np.int32]
    series: Mapping[str, str]
    labels: tuple[tuple[str, ...], ...]
    studios: tuple[tuple[str, ...], ...]
    vectors: NDArray[np.float32]
    near: NDArray[np.int32]
    alike: NDArray[np.float32]

    def __len__(self) -> int:
        """Return how many works there are."""
        return len(self.ids)

    @cached_property
    def place(self) -> dict[str, int]:
        """Return the place of each id."""
        return {id: at for at, id in enumerate(self.ids)}

    @cached_property
    def rank(self) -> NDArray[np.int32]:
        """Return the place of each work among equal scores: the more watched first."""
        return tie_rank(self.members)

    @cached_property
    def familiar(self) -> NDArray[np.float32]:
        """Return which share of the works are watched by fewer: 0 to 1."""
        return (1 - self.rank / max(len(self) - 1, 1)).astype(np.float32)

    @cached_property
    def watched_by(self) -> dict[str, float]:
        """Return how many watch each id."""
        return dict(zip(self.ids, self.members.tolist(), strict=True))

    @cached_property
    def by_label(self) -> dict[str, NDArray[np.int64]]:
        """Return the places of the works of each genre and theme."""
        return _inverted(self.labels)

    @cached_property
    def label_names(self) -> list[str]:
        """Return all genres and themes in alphabetical order."""
        return sorted(self.by_label)

    @cached_property
    def has_label(self) -> NDArray[np.bool_]:
        """Return which work has which of `label_names`: (works, labels)."""
        made = np.zeros((len(self), len(self.by_label)), np.bool_)
        for column, name in enumerate(self.label_names):
            made[self.by_label[name], column] = True
        return made

    @cached_property
    def label_counts(self) -> NDArray[np.int64]:
        """Return how many works have each of `label_names`."""
        return np.array([len(self.by_label[name]) for name in self.label_names], np.int64)

    @cached_property
    def by_studio(self) -> dict[str, NDArray[np.int64]]:
        """Return the places of the works of each maker."""
        return _inverted(self.studios)

    @cached_property
    def family(self) -> NDArray[np.int64]:
        """Return a number for each work that is the same within a series and else its own."""
        first: dict[str, int] = {}
        codes = (self.series.get(id, f"alone {id}") for id in self.ids)
        return np.array([first.setdefault(code, len(first)) for code in codes], np.int64)

    @cached_property
    def families(self) -> dict[str, NDArray[np.int64]]:
        """Return the places of the works of each series."""
        return _inverted([(self.series[id],) if id in self.series else () for id in self.ids])

    def shared(self, one: int, other: int) -> tuple[str, ...]:
        """Return what two works have in common: makers, then genres and themes, the rarer first, audiences aside."""
        labels = (set(self.labels[one]) & set(self.labels[other])) - AUDIENCES
        studios = [studio for studio in self.studios[one] if studio in self.studios[other]]
        return (*studios, *sorted(labels, key=lambda label: (len(self.by_label[label]), label)))


def works_of(titles: Sequence[Title], folder: Path | None = None, stamp: str = "") -> Works:
    """Return the works of a catalogue.

    What takes long (seconds for 17,000 works) is kept in `folder` under `stamp`, which names the catalogue's state.
    """
    ids = tuple(str(title.id) for title in titles)
    path = folder / f"works-{stamp}.npz" if folder is not None and stamp else None
    vectors, near, alike = _kept(path, ids) or _made(titles, path, ids)
    return Works(
        ids=ids,
        offered=np.array([title.offered for title in titles], np.bool_),
        members=np.array([title.members or 0 for title in titles], np.float32),
        released=np.array([_released(title) for title in titles], np.int32),
        before=_before(titles),
        series={str(title.id): str(title.series) for title in titles if title.series is not None},
        labels=tuple(tuple(dict.fromkeys((*title.genres, *title.themes))) for title in titles),
        studios=tuple(title.studios for title in titles),
        vectors=vectors,
        near=near,
        alike=alike,
    )


def neighbours(vectors: NDArray[np.float32], count: int = NEIGHBOURS) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the places of the `count` nearest rows of each row, the nearest first, and their likeness."""
    total = len(vectors)
    count = min(count, max(total - 1, 0))
    near = np.full((total, count), -1, np.int32)
    alike = np.zeros((total, count), np.float32)
    for first in range(0, total if count else 0, _BLOCK):
        cosines = vectors[first : first + _BLOCK] @ vectors.T
        rows = np.arange(len(cosines))
        cosines[rows, first + rows] = -2
        top = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(cosines, top, axis=1)
        order = np.lexsort((top, -values), axis=1)
        top, values = np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
        near[first : first + _BLOCK] = np.where(values > 0, top, -1)
        alike[first : first + _BLOCK] = np.where(values > 0, likeness(values, SHARPNESS), 0)
    return near, alike


def _made(titles: Sequence[Title], path: Path | None, ids: Sequence[str]) -> tuple[Any, Any, Any]:
    if not titles:
        return np.zeros((0, 1), np.float32), np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32)
    vectors = from_titles(titles).vectors
    near, alike = neighbours(vectors)
    if path is not None:
        try:
            _keep(path, ids=np.array(ids), vectors=vectors, near=near, alike=alike, format=np.int32(_FORMAT))
        except OSError as error:
            log.warning("how alike works are can't be kept in %s, so every start works it out: %s", path, error)
    return vectors, near, alike


def _keep(path: Path, **arrays: Any) -> None:
    """Write `path` whole or not at all, and remove what other catalogues left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".works-", suffix=".npz", delete=False) as file:
        made = Path(file.name)
    try:
        np.savez(made, allow_pickle=False, **arrays)
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)
    for other in path.parent.glob("works-*.npz"):
        if other != path:
            other.unlink(missing_ok=True)


def _kept(path: Path | None, ids: Sequence[str]) -> tuple[Any, Any, Any] | None:
    if path is None or not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            if int(file["format"]) == _FORMAT and file["ids"].tolist() == list(ids):
                return file["vectors"], file["near"], file["alike"]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        log.warning("%s can't be read and is made anew: %s", path, error)
    return None


def _inverted(lists: Sequence[Sequence[str]]) -> dict[str, NDArray[np.int64]]:
    found: dict[str, list[int]] = {}
    for at, words in enumerate(lists):
        for word in words:
            found.setdefault(word, []).append(at)
    return {word: np.array(places, np.int64) for word, places in found.items()}


def _released(title: Title) -> int:
    parts = [int(part) for part in (title.aired_from or "").split("-") if part.isdigit()]
    year, month, day = (*parts, 1, 1)[:3] if parts else (title.year or 0, 1, 1)
    try:
        return datetime.date(year, month, day).toordinal()
    except ValueError:
        return 0


# -- what to see first ---------------------------------------------------------------------------------------------


def _before(titles: Sequence[Title]) -> NDArray[np.int32]:
    """Return the place of the work to see before each: by the relations; where there are none at all, by series."""
    place = {title.id: at for at, title in enumerate(titles)}
    made = np.full(len(titles), -1, np.int32)
    if not any(title.relations for title in titles):
        _before_in_series(titles, made)
        return made
    strong: dict[int, int] = {}
    weak: dict[int, int] = {}
    for at, title in enumerate(titles):
        for relation in title.relations:
            other = place.get(relation.id)
            if other is None or other == at:
                continue
            if relation.kind == "prequel":
                strong.setdefault(at, other)
            elif relation.kind == "sequel":
                strong.setdefault(other, at)
            elif relation.kind in ("side_story", "summary"):
                weak.setdefault(other, at)
    for at, other in {**weak, **strong}.items():
        made[at] = other
    return made


def _before_in_series(titles: Sequence[Title], made: NDArray[np.int32]) -> None:
    """Fill in for inferred series: what is on television follows the season before, all else the first season.

    The first season is the first work that a good part of the series' viewers know: a pilot film begins no story.
    """
    groups: dict[int, list[int]] = {}
    for at, title in enumerate(titles):
        if title.series is not None:
            groups.setdefault(title.series, []).append(at)
    for group in groups.values():
        if len(group) < 2:
            continue
        ordered = sorted(group, key=lambda at: (_released(titles[at]) or 10**7, titles[at].id))
        bar = MAIN_SHARE * max(titles[at].members or 0 for at in ordered)
        main = [at for at in ordered if (titles[at].members or 0) >= bar]
        seasons = [at for at in main if titles[at].format == "tv"] or main
        for at in ordered[ordered.index(seasons[0]) + 1 :]:
            earlier = [one for one in seasons if ordered.index(one) < ordered.index(at)]
            made[at] = earlier[-1] if titles[at].format == "tv" else seasons[0]
