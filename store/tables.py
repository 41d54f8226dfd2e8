"""The tables. Change one together with a migration in `migrations/versions`."""

from __future__ import annotations

import datetime

from sqlalchemy import BigInteger, DateTime, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite counts rows by INTEGER only; PostgreSQL gets the room of a BIGINT.
_ID = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The metadata that Alembic compares with."""


class Search(Base):
    """One search that a visitor made. `key` is the exact key of its words, `visitor` a salted hash."""

    __tablename__ = "searches"
    __table_args__ = (Index("searches_by_time", "at"), Index("searches_by_key", "key", "at"))

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    at: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True))
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
    at: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True))
    visitor: Mapped[str] = mapped_column(String(32))
    title_id: Mapped[int] = mapped_column(BigInteger)
