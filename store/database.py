"""Open the database and bring its tables up to date."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 15
# Alembic keeps its context in a global; processes are kept apart by a lock in the database (migrations/env.py).
_MIGRATING = threading.Lock()


def connect(url: str) -> Engine:
    """Return an engine for `url`; SQLite in WAL, so that readers never wait for a writer."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    # Hosts also give out the older name, postgres://, which SQLAlchemy no longer takes.
    named = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    return create_engine(named, pool_pre_ping=True)


def _prepare_sqlite(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    # With WAL this survives a crash of the process; only a power cut may lose the last commits.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def migrations(engine: Engine) -> Config:
    """Return Alembic's configuration for this database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to `revision`; does nothing where they are."""
    with _MIGRATING:
        command.upgrade(migrations(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to `revision`."""
    with _MIGRATING:
        command.downgrade(migrations(engine), revision)


def sessions(engine: Engine) -> sessionmaker[Session]:
    """Return a maker of sessions; each `with maker.begin() as session` is one transaction."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def writing(maker: sessionmaker[Session]) -> Iterator[Session]:
    """Open one transaction that reads and then writes what it read.

    SQLite takes its write lock at the beginning: of two that read the same and then write, one would be refused.
    On PostgreSQL the caller locks the row it changes.
    """
    with maker.begin() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        yield session


@contextmanager
def snapshot(maker: sessionmaker[Session]) -> Iterator[Session]:
    """Open one transaction whose every query sees the same moment, whatever others write meanwhile."""
    with maker() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN")
        else:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
        session.rollback()
