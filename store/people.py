"""The people who use the site, bundled, imported or made on it, and what each prefers."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session, sessionmaker

from lists.entry import EPOCH, STATUSES, Entry, Status
from store.database import writing
from store.rows import (
    UnknownPerson,
    bump,
    check_text,
    entry_values,
    insert_all,
    insert_new,
    lock_person,
    milliseconds,
)
from store.searches import Clock, now
from store.tables import EntryRow, PersonRow

Kind = Literal["sample", "imported", "own"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LANGUAGES = ("en", "ko")
MAX_NAME, MAX_TASTE, MAX_FAVOURITES = 60, 300, 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Every request of a person asks for this: written once, and columns are a third of what an object costs.
_ONE = select(*PersonRow.__table__.columns).where(PersonRow.id == bindparam("id"))

__all__ = ["KINDS", "Kind", "People", "Person", "PersonError", "Preferences", "UnknownPerson", "imported_id", "new_id"]


class PersonError(ValueError):
    """A person that can't be kept; the message names the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What recommendations leave out, how far they stray (0 familiar to 1 adventurous), whether sequels may come."""

    exclude: frozenset[Status] = frozenset({"completed", "watching"})
    adventurous: float = 0.3
    sequels: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(set(self.exclude) - set(STATUSES))
        if unknown:
            raise PersonError(f"exclude holds {unknown[0]!r}; allowed are {', '.join(STATUSES)}.")
        number = isinstance(self.adventurous, int | float) and not isinstance(self.adventurous, bool)
        if not number or not 0 <= self.adventurous <= 1:
            raise PersonError(f"adventurous is {self.adventurous!r}; a number from 0 to 1 is allowed.")


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `name` and `taste` are by language, `avatar` holds palette and motif.

    `favourites` are the titles that a new person began with. An empty id and `created` are filled by `People.create`.
    """

    id: str
    kind: Kind
    name: Mapping[str, str]
    taste: Mapping[str, str] = field(default_factory=dict)
    avatar: Mapping[str, str] = field(default_factory=dict)
    preferences: Preferences = Preferences()
    created: datetime.datetime = EPOCH
    favourites: tuple[int, ...] = ()

    def called(self, language: str = "en") -> str:
        """Return the name in `language`, else in the other one."""
        return self.name.get(language) or next(iter(self.name.values()))


def new_id() -> str:
    """Return an id that nobody can guess."""
    return secrets.token_urlsafe(16)


def imported_id(user_id: str) -> str:
    """Return the id of the person who is `user_id` in Kaggle's lists."""
    return f"kaggle-{user_id}"


class People:
    """All people of the site."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock = now) -> None:
        """Take a maker of sessions; `clock` tells the time (tests give their own)."""
        self._sessions = sessions
        self._clock = clock

    def all(self, kind: Kind | None = None) -> list[Person]:
        """Return the people, or those of one kind: bundled ones first, then imported, then own, the oldest first."""
        place = case({name: at for at, name in enumerate(KINDS)}, value=PersonRow.kind, else_=len(KINDS))
        rows = select(PersonRow).order_by(place, PersonRow.created, PersonRow.id)
        if kind is not None:
            rows = rows.where(PersonRow.kind == _kind(kind))
        with self._sessions() as session:
            return [_person(row) for row in session.scalars(rows)]

    def count(self, kind: Kind | None = None) -> int:
        """Return how many people there are, or how many of one kind."""
        rows = select(func.count()).select_from(PersonRow)
        if kind is not None:
            rows = rows.where(PersonRow.kind == _kind(kind))
        with self._sessions() as session:
            return session.execute(rows).scalar_one()

    def get(self, id: str) -> Person | None:
        """Return one person, None where there is none of this id."""
        found = self.with_version(id)
        return found[0] if found is not None else None

    def with_version(self, id: str) -> tuple[Person, int] | None:
        """Return one person and the version of their lists (`Lists.version`); None where there is none of this id."""
        if not _ID.fullmatch(id):  # what nobody can be called is not asked for; PostgreSQL would not take a NUL
            return None
        with self._sessions() as session:
            row = session.execute(_ONE, {"id": id}).first()
            return (_person(row), row.version) if row is not None else None

    def create(self, person: Person, entries: Iterable[Entry] = ()) -> Person:
        """Keep a new person, with a list where one is given, and return them with id and time filled.

        Raises PersonError where the id is taken or a value is out of its range.
        """
        with self._sessions.begin() as session:
            made = self._insert(session, person, entries)
        if made is None:
            raise PersonError(f"There is a person {person.id!r} already.")
        return made

    def rename(self, id: str, name: Mapping[str, str]) -> Person:
        """Give a person another name, by language, and return the person. Raises UnknownPerson, PersonError."""
        checked = _texts("name", name, MAX_NAME, needed=True)
        with writing(self._sessions) as session:
            lock_person(session, id)
            session.execute(update(PersonRow).where(PersonRow.id == id).values(name=checked))
            return _person(session.get_one(PersonRow, id))

    def set_preferences(self, id: str, preferences: Preferences) -> Person:
        """Keep what a person prefers and return the person. Raises UnknownPerson."""
        with writing(self._sessions) as session:
            version = lock_person(session, id)
            before = _person(session.get_one(PersonRow, id))
            if before.preferences == preferences:
                return before
            session.execute(update(PersonRow).where(PersonRow.id == id).values(**_preferences(preferences)))
            bump(session, id, version, self._clock())
            return dataclasses.replace(before, preferences=preferences)

    def delete(self, id: str) -> bool:
        """Delete a person with their list, what they hid and their events; tell whether there was one."""
        with self._sessions.begin() as session:
            gone = session.execute(delete(PersonRow).where(PersonRow.id == id))
            return gone.rowcount > 0  # type: ignore[attr-defined, no-any-return]

    def ensure_samples(self, path: Path) -> int:
        """Add the bundled people that are not there, with their lists; return how many were added.

        One who is there stays as changed; one who was deleted comes back as bundled. Raises PersonError with the
        line that is wrong.
        """
        samples = read_samples(path)
        with self._sessions() as session:
            there = set(session.scalars(select(PersonRow.id).where(PersonRow.kind == "sample")))
        if all(person.id in there for person, _ in samples):
            return 0
        with writing(self._sessions) as session:
            return sum(self._insert(session, person, entries) is not None for person, entries in samples)

    def _insert(self, session: Session, person: Person, entries: Iterable[Entry]) -> Person | None:
        at = self._clock()
        made = dataclasses.replace(
            person,
            id=person.id or new_id(),
            created=at if person.created == EPOCH else person.created,
            name=_texts("name", person.name, MAX_NAME, needed=True),
            taste=_texts("taste", person.taste, MAX_TASTE),
        )
        if not _ID.fullmatch(made.id):
            raise PersonError(f"id is {made.id!r}; letters, digits, - and _ are allowed, 64 at most.")
        if len(made.favourites) > MAX_FAVOURITES:
            raise PersonError(f"There are {len(made.favourites)} favourites; {MAX_FAVOURITES} are allowed.")
        values = {
            "id": made.id,
            "kind": _kind(made.kind),
            "name": dict(made.name),
            "taste": dict(made.taste),
            "avatar": {key: check_text("avatar", text, 40, PersonError) for key, text in made.avatar.items()},
            "favourites": list(made.favourites),
            "created": made.created,
            "version": milliseconds(at),
            **_preferences(made.preferences),
        }
        if not insert_new(session, PersonRow, values):
            return None
        insert_all(session, EntryRow, [entry_values(made.id, entry) for entry in entries])
        return made


def read_samples(path: Path) -> list[tuple[Person, list[Entry]]]:
    """Read people with their lists from JSON Lines. Raises PersonError with the line that is wrong."""
    people = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            data = json.loads(line)
            person = Person(data["id"], "sample", data["name"], data["taste"], data["avatar"])
            entries = [Entry.from_dict({**entry, "order": at}) for at, entry in enumerate(data["entries"])]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PersonError(f"{path}, line {number}: no person ({error!r}).") from None
        people.append((person, entries))
    return people


def _person(row: PersonRow | Row[Any]) -> Person:
    return Person(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]
        name=row.name,
        taste=row.taste,
        avatar=row.avatar,
        preferences=Preferences(frozenset(row.exclude), row.adventurous, row.sequels),  # type: ignore[arg-type]
        created=row.created,
        favourites=tuple(row.favourites),
    )


def _preferences(preferences: Preferences) -> dict[str, Any]:
    return {
        "exclude": sorted(preferences.exclude),
        "adventurous": float(preferences.adventurous),
        "sequels": preferences.sequels,
    }


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise PersonError(f"kind is {kind!r}; allowed are {', '.join(KINDS)}.")
    return kind


def _texts(name: str, texts: Mapping[str, str], most: int, needed: bool = False) -> dict[str, str]:
    unknown = [language for language in texts if language not in LANGUAGES]
    if unknown:
        raise PersonError(f"{name} is in {unknown[0]!r}; allowed are {', '.join(LANGUAGES)}.")
    checked = {language: check_text(name, text, most, PersonError) for language, text in texts.items()}
    kept = {language: text for language, text in checked.items() if text}
    if needed and not kept:
        raise PersonError(f"{name} is empty; 1 to {most} letters are needed.")
    return kept
