"""What happened to titles on the pages, and what the rows of each model led to."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from lists.entry import MAX_TITLE, ListError, check_whole
from store.database import writing
from store.rows import check_text, insert_all
from store.searches import KEEP_DAYS, Clock, now
from store.tables import EventRow, PersonRow

EventKind = Literal["shown", "opened", "searched", "added", "completed", "hidden"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
MAX_ROW, MAX_VISITOR, MAX_PLACE = 64, 32, 100_000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: to which title, for whom, in which row of which model at which place (from 0)."""

    kind: EventKind
    person_id: str | None
    visitor: str
    title_id: int
    row: str = ""
    model: str = ""
    place: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ListError(f"kind is {self.kind!r}; allowed are {', '.join(KINDS)}.")
        check_whole("title", self.title_id, 1, MAX_TITLE)
        check_whole("place", self.place, 0, MAX_PLACE)
        _check(self.visitor, self.row, self.model)


# A page that is shown is some forty events of one visitor in a few rows.
@lru_cache(256)
def _check(visitor: str, row: str, model: str) -> None:
    for name, text, most in (("visitor", visitor, MAX_VISITOR), ("row", row, MAX_ROW), ("model", model, MAX_ROW)):
        check_text(name, text, most, ListError)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What one row of one model led to: titles shown, opened, added and completed, each once a visitor."""

    row: str
    model: str
    shown: int = 0
    opened: int = 0
    added: int = 0
    completed: int = 0


class Events:
    """The events of all visitors."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock = now) -> None:
        """Take a maker of sessions; `clock` tells the time (tests give their own)."""
        self._sessions = sessions
        self._clock = clock

    def record(
        self,
        kind: EventKind,
        person_id: str | None,
        visitor: str,
        title_id: int,
        row: str = "",
        model: str = "",
        place: int = 0,
    ) -> None:
        """Remember one event. Raises ListError for a value out of its range."""
        self.record_many([Event(kind, person_id, visitor, title_id, row, model, place)])

    def record_many(self, events: Iterable[Event]) -> None:
        """Remember events in one transaction. A person who is gone by now becomes nobody.

        What a person adds or completes without a row is credited to the row in which they last opened or added it.
        """
        given = list(events)
        if not given:
            return
        at = self._clock()
        with writing(self._sessions) as session:
            named = {event.person_id for event in given if event.person_id is not None}
            # Held, so that nobody deletes them before their events are written.
            known = select(PersonRow.id).where(PersonRow.id.in_(named)).with_for_update(read=True, key_share=True)
            there = set(session.scalars(known)) if named else set()
            kept = [
                event if event.person_id in there else dataclasses.replace(event, person_id=None) for event in given
            ]
            ready: list[dict[str, object]] = []
            for event in kept:
                if _to_credit(event):
                    # What it may be credited to can be among those before it.
                    insert_all(session, EventRow, ready)
                    ready = []
                    event = self._credited(session, event, at)
                ready.append({**dataclasses.asdict(event), "at": at})
            insert_all(session, EventRow, ready)

    def conversion(self, days: int = 30) -> list[Conversion]:
        """Return what each row of each model led to in the last `days`, the most shown first."""
        since = self._clock() - datetime.timedelta(days=days)
        each = (
            select(EventRow.row, EventRow.model, EventRow.kind, EventRow.person_id, EventRow.visitor, EventRow.title_id)
            .where(
                EventRow.at >= since, EventRow.row != "", EventRow.kind.in_(("shown", "opened", "added", "completed"))
            )
            .distinct()
            .subquery()
        )
        counted = select(each.c.row, each.c.model, each.c.kind, func.count()).group_by(each.c.row, each.c.model, each.c.kind)  # fmt: skip
        counts: dict[tuple[str, str], dict[str, int]] = {}
        with self._sessions() as session:
            for row, model, kind, count in session.execute(counted):
                counts.setdefault((row, model), {})[kind] = count
        found = [Conversion(row, model, **kinds) for (row, model), kinds in counts.items()]
        return sorted(found, key=lambda one: (-one.shown, -one.opened, one.row, one.model))

    def forget_old(self) -> int:
        """Delete what is older than half a year; return how many events went."""
        before = self._clock() - datetime.timedelta(days=KEEP_DAYS)
        with self._sessions.begin() as session:
            gone = session.execute(delete(EventRow).where(EventRow.at < before))
            return gone.rowcount  # type: ignore[attr-defined, no-any-return]

    def _credited(self, session: Session, event: Event, at: datetime.datetime) -> Event:
        found = session.execute(
            select(EventRow.row, EventRow.model, EventRow.place)
            .where(
                EventRow.person_id == event.person_id,
                EventRow.title_id == event.title_id,
                EventRow.row != "",
                EventRow.kind.in_(("opened", "added")),
                EventRow.at >= at - datetime.timedelta(days=KEEP_DAYS),
            )
            .order_by(EventRow.at.desc(), EventRow.id.desc())
            .limit(1)
        ).first()
        if found is None:
            return event
        return dataclasses.replace(event, row=found.row, model=found.model, place=found.place)


def _to_credit(event: Event) -> bool:
    return not event.row and event.person_id is not None and event.kind in ("added", "completed")
