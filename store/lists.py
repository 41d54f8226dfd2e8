"""What each person watches, and how it changes: every change is whole, told back, and made once."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from lists.change import UNSET, Change, Unset, apply
from lists.entry import MAX_TITLE, STATUSES, Entry, ListError, Status, check_whole
from store.database import writing
from store.rows import (
    UnknownPerson,
    bump,
    check_text,
    entries_of,
    entry_values,
    insert_all,
    insert_new,
    lock_person,
    read_entry,
    replacing,
)
from store.searches import Clock, now
from store.tables import ChangeRow, EntryRow, HiddenRow, PersonRow

TOKENS_KEPT = datetime.timedelta(days=1)
MAX_ENTRIES = 50_000

__all__ = [
    "STATUSES", "UNSET", "Change", "Entry", "ListError", "Lists", "Merged", "Status", "UnknownPerson", "Unset",
    "Written",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """The answer to a change: the entry before and after it, None where there is none."""

    before: Entry | None
    after: Entry | None
    changed: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of many entries: how many were added, changed, the same as before, removed."""

    added: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0


class Lists:
    """The lists of all people, and what each is not interested in."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock = now) -> None:
        """Take a maker of sessions; `clock` tells the time (tests give their own)."""
        self._sessions = sessions
        self._clock = clock

    # -- read ------------------------------------------------------------------------------------------------------

    def entries(self, person_id: str) -> list[Entry]:
        """Return a person's list, the last change first, else as imported. Raises UnknownPerson."""
        rows = entries_of(person_id).order_by(EntryRow.updated.desc(), EntryRow.position, EntryRow.title_id)
        with self._sessions() as session:
            found = [read_entry(row) for row in session.execute(rows)]
            if not found and session.get(PersonRow, person_id) is None:
                raise UnknownPerson(person_id)
        return found

    def sizes(self) -> dict[str, int]:
        """Return how many titles are on each person's list; a person without any is not there."""
        with self._sessions() as session:
            rows = session.execute(select(EntryRow.person_id, func.count()).group_by(EntryRow.person_id))
            return {row[0]: row[1] for row in rows}

    def entry(self, person_id: str, title_id: int) -> Entry | None:
        """Return a person's entry of one title, None where it is not on the list."""
        with self._sessions() as session:
            return self._find(session, person_id, title_id)

    def hidden(self, person_id: str) -> set[int]:
        """Return the titles that a person is not interested in."""
        with self._sessions() as session:
            return set(session.scalars(select(HiddenRow.title_id).where(HiddenRow.person_id == person_id)))

    def version(self, person_id: str) -> int:
        """Return a number that grows with each change of entries, hidden titles or preferences. Raises UnknownPerson."""
        with self._sessions() as session:
            version = session.execute(select(PersonRow.version).where(PersonRow.id == person_id)).scalar()
        if version is None:
            raise UnknownPerson(person_id)
        return version

    # -- change one title ------------------------------------------------------------------------------------------

    def put(
        self,
        person_id: str,
        title_id: int,
        change: Change | Callable[[Entry | None], Change],
        *,
        token: str | None = None,
    ) -> Written:
        """Put a title on a list or change its entry (the rules: `lists.change.apply`).

        A `change` that follows from the entry, such as one episode more, is a function of it: it is called while the
        entry is held, so that of two such changes at once neither is lost.

        `token` is a name that the client makes for this one change; the same token again changes nothing and returns
        the first answer, for a day. Raises UnknownPerson, ListError.
        """
        at = self._clock()

        def changed(session: Session, before: Entry | None) -> Entry:
            made = change if isinstance(change, Change) else change(before)
            return apply(before, title_id, made, at, 0 if before else self._next_order(session, person_id))

        return self._write(person_id, title_id, "put", token, changed, at)

    def remove(self, person_id: str, title_id: int, *, token: str | None = None) -> Written:
        """Take a title off a list. Raises UnknownPerson, ListError."""
        return self._write(person_id, title_id, "remove", token, lambda session, before: None, self._clock())

    def restore(
        self,
        person_id: str,
        title_id: int,
        entry: Entry | None,
        *,
        token: str | None = None,
        expected: Entry | Unset | None = UNSET,
    ) -> Written:
        """Undo a change: make the entry what it was before, None to take it off.

        With `expected` (what the change to undo had made) nothing is undone where the entry is something else by now.
        Raises UnknownPerson, ListError.
        """
        if entry is not None and entry.title_id != title_id:
            raise ListError(f"entry is of title {entry.title_id}; title {title_id} is needed.")

        def was(session: Session, before: Entry | None) -> Entry | None:
            return entry if expected is UNSET or before == expected else before

        return self._write(person_id, title_id, "restore", token, was, self._clock())

    # -- change many -----------------------------------------------------------------------------------------------

    def add_many(self, person_id: str, entries: Iterable[Entry]) -> Merged:
        """Add entries to a list in one transaction; an entry of a title that is there takes its place, unless it says
        the same. What is new goes behind what was there. Raises UnknownPerson, ListError."""
        return self._merge(person_id, entries, whole=False)

    def replace_all(self, person_id: str, entries: Iterable[Entry]) -> Merged:
        """Make a list just these entries, in one transaction. Raises UnknownPerson, ListError."""
        return self._merge(person_id, entries, whole=True)

    # -- not interested --------------------------------------------------------------------------------------------

    def hide(self, person_id: str, title_id: int, *, token: str | None = None) -> bool:
        """Remember that a person is not interested in a title; tell whether that is new. Raises UnknownPerson."""
        return self._toggle(person_id, title_id, "hide", token)

    def unhide(self, person_id: str, title_id: int, *, token: str | None = None) -> bool:
        """Undo `hide`; tell whether there was something to undo. Raises UnknownPerson."""
        return self._toggle(person_id, title_id, "unhide", token)

    def forget_tokens(self) -> int:
        """Delete the tokens older than a day, of all people; return how many went."""
        with self._sessions.begin() as session:
            gone = session.execute(delete(ChangeRow).where(ChangeRow.at < self._clock() - TOKENS_KEPT))
            return gone.rowcount  # type: ignore[attr-defined, no-any-return]

    # -- how -------------------------------------------------------------------------------------------------------

    def _write(
        self,
        person_id: str,
        title_id: int,
        kind: str,
        token: str | None,
        make: Callable[[Session, Entry | None], Entry | None],
        at: datetime.datetime,
    ) -> Written:
        check_whole("title", title_id, 1, MAX_TITLE)
        with writing(self._sessions) as session:
            version = lock_person(session, person_id)
            told = self._told(session, person_id, title_id, kind, token, at)
            if told is not None:
                return Written(_entry(told["before"]), _entry(told["after"]), told["changed"])
            before = self._find(session, person_id, title_id)
            after = make(session, before)
            if after != before:
                self._keep(session, person_id, title_id, after)
                bump(session, person_id, version, at)
            written = Written(before, after, after != before)
            answer = {"before": _plain(before), "after": _plain(after), "changed": written.changed}
            self._remember(session, person_id, title_id, kind, token, at, answer)
            return written

    def _toggle(self, person_id: str, title_id: int, kind: str, token: str | None) -> bool:
        check_whole("title", title_id, 1, MAX_TITLE)
        at = self._clock()
        with writing(self._sessions) as session:
            version = lock_person(session, person_id)
            told = self._told(session, person_id, title_id, kind, token, at)
            if told is not None:
                return bool(told["changed"])
            if kind == "hide":
                row = {"person_id": person_id, "title_id": title_id, "at": at}
                changed = insert_new(session, HiddenRow, row)
            else:
                one = (HiddenRow.person_id == person_id, HiddenRow.title_id == title_id)
                changed = session.execute(delete(HiddenRow).where(*one)).rowcount > 0  # type: ignore[attr-defined]
            if changed:
                bump(session, person_id, version, at)
            self._remember(session, person_id, title_id, kind, token, at, {"changed": changed})
            return changed

    def _merge(self, person_id: str, entries: Iterable[Entry], *, whole: bool) -> Merged:
        given: dict[int, Entry] = {}
        for entry in entries:
            if entry.title_id in given:
                raise ListError(f"title {entry.title_id} comes twice; a list holds each title once.")
            given[entry.title_id] = entry
        with writing(self._sessions) as session:
            version = lock_person(session, person_id)
            there = {row.title_id: read_entry(row) for row in session.execute(entries_of(person_id))}
            count = len(given) if whole else len(given.keys() | there.keys())
            if count > MAX_ENTRIES:
                raise ListError(f"The list would have {count:,} entries; {MAX_ENTRIES:,} are allowed.")
            behind = 0 if whole else max((entry.order for entry in there.values()), default=-1) + 1
            changed = [entry for id, entry in given.items() if id in there and not _same(entry, there[id])]
            added = [entry for id, entry in given.items() if id not in there]
            removed = [id for id in there if whole and id not in given]
            for id in removed:
                self._keep(session, person_id, id, None)
            for entry in changed:
                kept = entry if whole else dataclasses.replace(entry, order=there[entry.title_id].order)
                self._keep(session, person_id, entry.title_id, kept)
            # The lowest place of what is new comes right behind what is there.
            first = min((entry.order for entry in added), default=0) if behind else 0
            placed = [dataclasses.replace(entry, order=entry.order - first + behind) for entry in added]
            insert_all(session, EntryRow, [entry_values(person_id, entry) for entry in placed])
            if added or changed or removed:
                bump(session, person_id, version, self._clock())
        return Merged(len(added), len(changed), len(given) - len(added) - len(changed), len(removed))

    def _find(self, session: Session, person_id: str, title_id: int) -> Entry | None:
        row = session.execute(entries_of(person_id).where(EntryRow.title_id == title_id)).first()
        return read_entry(row) if row is not None else None

    def _next_order(self, session: Session, person_id: str) -> int:
        last = session.execute(select(func.max(EntryRow.position)).where(EntryRow.person_id == person_id)).scalar()
        return 0 if last is None else last + 1

    def _keep(self, session: Session, person_id: str, title_id: int, entry: Entry | None) -> None:
        if entry is not None:
            session.execute(replacing(session, EntryRow, entry_values(person_id, entry)))
        else:
            one = (EntryRow.person_id == person_id, EntryRow.title_id == title_id)
            session.execute(delete(EntryRow).where(*one))

    def _told(
        self, session: Session, person_id: str, title_id: int, kind: str, token: str | None, at: datetime.datetime
    ) -> dict[str, Any] | None:
        """Return the answer that this token got before, None where it is new."""
        if token is None:
            return None
        if not check_text("token", token, 100, ListError):
            raise ListError("token is empty; 1 to 100 letters are needed, or none.")
        old = (ChangeRow.person_id == person_id, ChangeRow.at < at - TOKENS_KEPT)
        session.execute(delete(ChangeRow).where(*old))
        row = session.get(ChangeRow, (person_id, token))
        if row is None:
            return None
        if (row.kind, row.title_id) != (kind, title_id):
            raise ListError(
                f"token is {token!r}, which was given to another change ({row.kind} of title {row.title_id}); "
                "each change needs a token of its own."
            )
        return row.answer

    def _remember(
        self,
        session: Session,
        person_id: str,
        title_id: int,
        kind: str,
        token: str | None,
        at: datetime.datetime,
        answer: dict[str, Any],
    ) -> None:
        if token is not None:
            row = ChangeRow(person_id=person_id, token=token, at=at, kind=kind, title_id=title_id, answer=answer)
            session.add(row)


def _same(one: Entry, other: Entry) -> bool:
    """Tell whether two entries say the same, whenever they were written and wherever they stand."""
    return dataclasses.replace(one, updated=other.updated, order=other.order) == other


def _plain(entry: Entry | None) -> dict[str, Any] | None:
    return entry.to_dict() if entry is not None else None


def _entry(data: dict[str, Any] | None) -> Entry | None:
    return Entry.from_dict(data) if data is not None else None
