"""What a person changes about one title, and what follows from it."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from dataclasses import dataclass

from lists.entry import (
    MAX_EPISODES,
    MAX_REWATCHES,
    STATUSES,
    Entry,
    ListError,
    Status,
    check_date,
    check_status,
    check_whole,
)


class Unset(enum.Enum):
    """The type of UNSET: a field that a change leaves as it is (None empties it)."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return self.name


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Change:
    """What to change about a title. A field left UNSET (for status: None) stays; None empties score and dates.

    Raises ListError for a value out of its range.
    """

    status: Status | None = None
    score: int | Unset | None = UNSET
    episodes: int | Unset = UNSET
    rewatches: int | Unset = UNSET
    started: datetime.date | Unset | None = UNSET
    finished: datetime.date | Unset | None = UNSET

    def __post_init__(self) -> None:
        if self.status is not None:
            check_status(self.status)
        if self.score is not None and self.score is not UNSET:
            check_whole("score", self.score, 1, 10)
        if self.episodes is not UNSET:
            check_whole("episodes", self.episodes, 0, MAX_EPISODES)
        if self.rewatches is not UNSET:
            check_whole("rewatches", self.rewatches, 0, MAX_REWATCHES)
        for name in ("started", "finished"):
            if (value := getattr(self, name)) is not UNSET:
                check_date(name, value)


def apply(before: Entry | None, title_id: int, change: Change, at: datetime.datetime, order: int = 0) -> Entry:
    """Return the entry after `change` at time `at`; equal to `before` where the change changes nothing.

    As on MyAnimeList: a title that begins to be watched is started today, one that becomes completed is finished today,
    unless it has that date or the change gives it. Episodes are what the caller says: nothing is counted for them.
    `order` is the place of an entry that is new. Raises ListError where a new entry has no status, or where a date
    is given and the end comes before the beginning.
    """
    if before is None and change.status is None:
        raise ListError(
            f"status is missing; title {title_id} is not on the list yet. Allowed are {', '.join(STATUSES)}."
        )
    old = before or Entry(title_id, change.status or "plan_to_watch", updated=at, order=order)
    given = {
        field.name: value
        for field in dataclasses.fields(change)
        if field.name != "status" and (value := getattr(change, field.name)) is not UNSET
    }
    new = dataclasses.replace(old, status=change.status or old.status, **given)
    today = at.date()
    moved = before is None or before.status != new.status
    begun = moved and new.status == "watching" and (before is None or before.status == "plan_to_watch")
    if begun and new.started is None and change.started is UNSET and (new.finished or today) >= today:
        new = dataclasses.replace(new, started=today)
    ended = moved and new.status == "completed"
    if ended and new.finished is None and change.finished is UNSET and (new.started or today) <= today:
        new = dataclasses.replace(new, finished=today)
    dated = not {"started", "finished"}.isdisjoint(given)
    if dated and new.started and new.finished and new.finished < new.started:
        raise ListError(f"finished is {new.finished}; it can't be before started, {new.started}.")
    return new if new == before else dataclasses.replace(new, updated=at)
