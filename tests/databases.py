"""The databases that the store's tests run on: SQLite always, PostgreSQL where TEST_DATABASE_URL names one."""

from __future__ import annotations

import datetime
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from store import database

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


class Clock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime.datetime:
        return self.time

    def pass_(self, **time: float) -> None:
        self.time += datetime.timedelta(**time)


def open_engine(kind: str, folder: Path, name: str = "nextep") -> Iterator[Engine]:
    """Yield an engine for an empty database without tables; what was in it goes with the test."""
    if kind == "postgres":
        yield from _postgres(name)
        return
    made = database.connect(f"sqlite:///{folder / 'a b' / f'{name}.sqlite3'}")
    yield made
    made.dispose()


def _postgres(name: str) -> Iterator[Engine]:
    url = os.environ.get("TEST_DATABASE_URL", "")
    if not url.startswith("postgresql"):
        pytest.skip(
            "needs PostgreSQL: initdb -A trust -D pg && pg_ctl -D pg -o '-p 5433 -k /tmp' -w start && "
            "TEST_DATABASE_URL=postgresql://$USER@127.0.0.1:5433/postgres make test"
        )
    # A schema of its own: tests run side by side, and nothing that is there is touched.
    schema = f"{name}_test_{os.getpid()}"
    admin = database.connect(url)
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine = database.connect(f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}")
    yield engine
    engine.dispose()
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


def together(count: int, work: Callable[[int], object]) -> None:
    """Run work(number) in so many threads at once and raise the first failure."""
    failures: list[Exception] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
