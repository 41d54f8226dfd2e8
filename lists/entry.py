"""One title on one person's list."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Status = Literal["watching", "completed", "on_hold", "dropped", "plan_to_watch"]
STATUSES: tuple[Status, ...] = get_args(Status)
LIKED_SCORE = 7
MAX_TITLE = 2**53 - 1  # what JSON's numbers hold everywhere
MAX_EPISODES = 100_000
MAX_REWATCHES = 10_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class ListError(ValueError):
    """A value that no list can hold; the message names it and what is allowed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One title on a list. `updated` is the last change (UTC), `order` the place in the file it was imported from.

    Raises ListError for a value out of its range.
    """

    title_id: int
    status: Status
    score: int | None = None
    episodes: int = 0
    rewatches: int = 0
    started: datetime.date | None = None
    finished: datetime.date | None = None
    updated: datetime.datetime = EPOCH
    order: int = 0

    def __post_init__(self) -> None:
        check_whole("title", self.title_id, 1, MAX_TITLE)
        check_status(self.status)
        if self.score is not None:
            check_whole("score", self.score, 1, 10)
        check_whole("episodes", self.episodes, 0, MAX_EPISODES)
        check_whole("rewatches", self.rewatches, 0, MAX_REWATCHES)
        check_date("started", self.started)
        check_date("finished", self.finished)
        check_whole("order", self.order, 0, 2**31 - 1)
        if not isinstance(self.updated, datetime.datetime) or self.updated.tzinfo is None:
            raise ListError(f"updated is {self.updated!r}; a time with its zone is needed.")

    @property
    def liked(self) -> bool:
        """Tell whether the entry speaks for its title: completed or watching, or a score of 7 or more."""
        return self.status in ("completed", "watching") or (self.score or 0) >= LIKED_SCORE

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain values for JSON."""
        return {
            "id": self.title_id,
            "status": self.status,
            "score": self.score,
            "episodes": self.episodes,
            "rewatches": self.rewatches,
            "started": self.started.isoformat() if self.started else None,
            "finished": self.finished.isoformat() if self.finished else None,
            "updated": self.updated.isoformat(),
            "order": self.order,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Entry:
        """Read what `to_dict` wrote; also the shorter entries of the bundled people, whose `updated` is a date."""
        try:
            updated = datetime.datetime.fromisoformat(data["updated"])
            return cls(
                title_id=data["id"],
                status=data["status"],
                score=data.get("score"),
                episodes=data.get("episodes") or 0,
                rewatches=data.get("rewatches") or 0,
                started=_date(data.get("started")),
                finished=_date(data.get("finished")),
                updated=updated if updated.tzinfo else updated.replace(tzinfo=datetime.UTC),
                order=data.get("order") or 0,
            )
        except (KeyError, TypeError) as error:
            raise ListError(f"{data!r} is no entry of a list ({error!r}).") from None


def _date(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def check_whole(name: str, value: object, least: int, most: int) -> None:
    """Raise ListError unless `value` is a whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ListError(f"{name} is {value!r}; a whole number from {least} to {most} is allowed.")


def check_status(value: object) -> None:
    """Raise ListError unless `value` is one of STATUSES."""
    if value not in STATUSES:
        raise ListError(f"status is {value!r}; allowed are {', '.join(STATUSES)}.")


def check_date(name: str, value: object) -> None:
    """Raise ListError unless `value` is a date from 1900 to 2199, or None."""
    if value is None:
        return
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime) or not 1900 <= value.year < 2200:
        raise ListError(f"{name} is {value!r}; a date from 1900 to 2199 is allowed, or none.")
