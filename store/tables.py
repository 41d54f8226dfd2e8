"""The tables. Change one together with a migration in `migrations/versions`."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# SQLite counts rows by INTEGER only; PostgreSQL gets the room of a BIGINT.
_ID = BigInteger().with_variant(Integer, "sqlite")


class Time(TypeDecorator[datetime.datetime]):
    """A moment, written and read in UTC whatever the database keeps of time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        """Return the moment in UTC; one without a zone is refused, for nobody could say when it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone.")
        return value.astimezone(datetime.UTC)

    def process_result_value(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        """Return the moment with the zone that SQLite forgets."""
        if value is None:
            return None
        return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value.astimezone(datetime.UTC)


class Base(DeclarativeBase):
    """The metadata that Alembic compares with."""


class Search(Base):
    """One search that a visitor made. `key` is the exact key of its words, `visitor` a salted hash."""

    __tablename__ = "searches"
    __table_args__ = (Index("searches_by_time", "at"), Index("searches_by_key", "key", "at"))

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    at: Mapped[datetime.datetime] = mapped_column(Time)
    visitor: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(String(500))
    key: Mapped[str] = mapped_column(String(500))
    resolution: Mapped[str] = mapped_column(String(16))
    hits: Mapped[int] = mapped_column(Integer)


class Opened(Base):
    """One title page that a visitor opened."""

    __tablename__ = "opened"
    __table_args__ = (Index("opened_by_time", "at"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    at: Mapped[datetime.datetime] = mapped_column(Time)
    visitor: Mapped[str] = mapped_column(String(32))
    title_id: Mapped[int] = mapped_column(BigInteger)


class PersonRow(Base):
    """One person: bundled, imported or made on this site. `version` grows with every change of lists or preferences."""

    __tablename__ = "people"
    __table_args__ = (Index("people_by_kind", "kind", "created"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[dict[str, str]] = mapped_column(JSON)
    taste: Mapped[dict[str, str]] = mapped_column(JSON)
    avatar: Mapped[dict[str, str]] = mapped_column(JSON)
    exclude: Mapped[list[str]] = mapped_column(JSON)
    adventurous: Mapped[float] = mapped_column(Float)
    sequels: Mapped[bool] = mapped_column(Boolean)
    favourites: Mapped[list[int]] = mapped_column(JSON)
    created: Mapped[datetime.datetime] = mapped_column(Time)
    version: Mapped[int] = mapped_column(BigInteger)


def _person(**options: Any) -> Any:
    return mapped_column(String(64), ForeignKey("people.id", ondelete="CASCADE"), **options)


class EntryRow(Base):
    """One title on a person's list; `position` is its place in the file it came from."""

    __tablename__ = "entries"

    person_id: Mapped[str] = _person(primary_key=True)
    title_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(16))
    score: Mapped[int | None] = mapped_column(SmallInteger)
    episodes: Mapped[int] = mapped_column(Integer)
    rewatches: Mapped[int] = mapped_column(Integer)
    started: Mapped[datetime.date | None] = mapped_column(Date)
    finished: Mapped[datetime.date | None] = mapped_column(Date)
    updated: Mapped[datetime.datetime] = mapped_column(Time)
    position: Mapped[int] = mapped_column(Integer)


class HiddenRow(Base):
    """A title that a person is not interested in."""

    __tablename__ = "hidden"

    person_id: Mapped[str] = _person(primary_key=True)
    title_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime.datetime] = mapped_column(Time)


class ChangeRow(Base):
    """A change that was made, under the token its client gave it: the same token again gets the same answer."""

    __tablename__ = "changes"
    __table_args__ = (Index("changes_by_time", "at"),)

    person_id: Mapped[str] = _person(primary_key=True)
    token: Mapped[str] = mapped_column(String(100), primary_key=True)
    at: Mapped[datetime.datetime] = mapped_column(Time)
    kind: Mapped[str] = mapped_column(String(16))
    title_id: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)


class EventRow(Base):
    """What happened to a title on a page: shown, opened, searched, added, completed, hidden."""

    __tablename__ = "events"
    __table_args__ = (Index("events_by_time", "at"), Index("events_by_person", "person_id", "title_id"))

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    at: Mapped[datetime.datetime] = mapped_column(Time)
    kind: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str | None] = _person()
    visitor: Mapped[str] = mapped_column(String(32))
    title_id: Mapped[int] = mapped_column(BigInteger)
    row: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(64))
    place: Mapped[int] = mapped_column(Integer)


class ProfileRow(Base):
    """What a service told about one of its users; its user_ids are a name space of their own."""

    __tablename__ = "api_profiles"

    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    updated: Mapped[datetime.datetime] = mapped_column(Time)
    profile: Mapped[dict[str, Any]] = mapped_column(JSON)
