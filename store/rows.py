"""Rows of the tables as values, and the writes that both databases do alike."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, Row, Select, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lists.entry import Entry
from store.tables import Base, EntryRow, PersonRow

BATCH = 1000
# Entries that are remembered, some 400 bytes each: the lists of a hundred people who are on the site.
ENTRIES_KEPT = 50_000


class UnknownPerson(KeyError):
    """There is no person of this id."""

    def __str__(self) -> str:
        return f"There is no person {self.args[0]!r}."


def _insert(session: Session, table: type[Base]) -> Any:
    return (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table.__table__)


def insert_new(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert a row unless there is one with its key; tell whether it was inserted."""
    statement = _insert(session, table).values(values).on_conflict_do_nothing()
    # RETURNING, because an INSERT's count of rows is not told by every driver.
    return session.execute(statement.returning(*table.__table__.primary_key)).first() is not None  # type: ignore[attr-defined]


def replacing(session: Session, table: type[Base], values: Mapping[str, Any]) -> Insert:
    """Return an INSERT of one row that takes the place of the row with the same key."""
    keys = [column.name for column in table.__table__.primary_key]  # type: ignore[attr-defined]
    statement = _insert(session, table).values(values)
    return statement.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=keys, set_={name: value for name, value in values.items() if name not in keys}
    )


def lock_person(session: Session, person_id: str) -> int:
    """Hold the person for the rest of the transaction and return its version. Raises UnknownPerson.

    Changes of one person wait for each other, those of different people don't.
    """
    found = select(PersonRow.version).where(PersonRow.id == person_id).with_for_update(key_share=True)
    version = session.execute(found).scalar()
    if version is None:
        raise UnknownPerson(person_id)
    return version


def bump(session: Session, person_id: str, version: int, at: datetime.datetime) -> None:
    """Raise the person's version beyond `version`, and to the milliseconds of `at`.

    So a version never comes again with other lists behind it, not even after a person was deleted and made anew or
    a backup was restored.
    """
    newer = max(version + 1, milliseconds(at))
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(version=newer))


def milliseconds(at: datetime.datetime) -> int:
    """Return the milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def entries_of(person_id: str) -> Select[Any]:
    """Return the query of a person's entries, for `read_entry`."""
    # Columns and not objects of the session: a list of hundreds is read for each page.
    columns = [EntryRow.__table__.columns[name] for name in _ENTRY_COLUMNS]
    return select(*columns).where(EntryRow.person_id == person_id)


# Named, so that the order of the table's columns does not matter.
_ENTRY_COLUMNS = ("title_id", "status", "score", "episodes", "rewatches", "started", "finished", "updated", "position")


@lru_cache(ENTRIES_KEPT)
def _entry(*values: Any) -> Entry:
    # A list is read for each page and one entry of it has changed: the others are the same, and can't be changed.
    return Entry(*values)


def read_entry(row: Row[Any]) -> Entry:
    """Return the entry of a row of `entries_of`."""
    return _entry(*row)


def entry_values(person_id: str, entry: Entry) -> dict[str, Any]:
    """Return the columns of an entry."""
    return {
        "person_id": person_id,
        "title_id": entry.title_id,
        "status": entry.status,
        "score": entry.score,
        "episodes": entry.episodes,
        "rewatches": entry.rewatches,
        "started": entry.started,
        "finished": entry.finished,
        "updated": entry.updated,
        "position": entry.order,
    }


def insert_all(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, a thousand at a time."""
    batch: list[Mapping[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            session.execute(table.__table__.insert(), batch)  # type: ignore[attr-defined]
            batch = []
    if batch:
        session.execute(table.__table__.insert(), batch)  # type: ignore[attr-defined]


def check_text(name: str, text: object, most: int, error: type[ValueError] = ValueError) -> str:
    """Return `text` without outer spaces; raise `error` where it is too long or holds what no database keeps."""
    if not isinstance(text, str):
        raise error(f"{name} is {text!r}; a text is needed.")
    kept = text.strip()
    if len(kept) > most:
        raise error(f"{name} has {len(kept)} letters; {most} are allowed.")
    bad = next((char for char in kept if unicodedata.category(char) in ("Cc", "Cs")), None)
    if bad is not None:
        raise error(f"{name} holds {bad!r}; control characters are not allowed.")
    return kept
