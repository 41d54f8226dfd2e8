"""What the site remembers: migrations, trending searches, opened titles, many writers at once."""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from databases import BOTH, NOW, Clock, open_engine
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from store import database
from store.searches import HALF_LIFE_DAYS, KEEP_DAYS, MIN_VISITORS, SearchLog
from store.tables import Base


def ago(days: float) -> datetime.datetime:
    return NOW - datetime.timedelta(days=days)


@pytest.fixture(params=BOTH)
def engine(request, tmp_path):
    yield from open_engine(request.param, tmp_path)


@pytest.fixture
def filled(engine):
    database.upgrade(engine)
    return engine


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log(filled, clock):
    return SearchLog(database.sessions(filled), clock)


def search(log, clock, key, visitors, days=0.0, **facts) -> None:
    clock.time = ago(days)
    for visitor in visitors:
        log.record(visitor, facts.get("text", key), key, facts.get("resolution", "exact"), facts.get("hits", 1))
    clock.time = NOW


# -- migrations ----------------------------------------------------------------------------------------------------------


def test_a_new_database_gets_its_tables_and_a_second_upgrade_changes_nothing(engine):
    database.upgrade(engine)
    assert {"searches", "opened", "alembic_version"} <= set(inspect(engine).get_table_names())
    database.upgrade(engine)


def test_the_migrations_make_just_the_tables_of_the_program(filled):
    seen = inspect(filled)
    for table in Base.metadata.tables.values():
        columns = {column["name"]: column for column in seen.get_columns(table.name)}
        assert set(columns) == set(table.columns.keys())
        assert {name for name, column in columns.items() if not column["nullable"]} == {
            column.name for column in table.columns if not column.nullable
        }
        assert {index["name"] for index in seen.get_indexes(table.name)} == {index.name for index in table.indexes}


def test_a_filled_database_is_upgraded_without_loss_and_taken_back_and_up_again(filled, log):
    log.record("ada", "Monster", "monster", "exact", 1)
    database.upgrade(filled)
    with filled.connect() as connection:
        assert connection.execute(text("SELECT text FROM searches")).scalars().all() == ["Monster"]
    database.downgrade(filled, "base")
    assert not {"searches", "opened"} & set(inspect(filled).get_table_names())
    database.upgrade(filled)
    log.record("ada", "Monster", "monster", "exact", 1)


def test_threads_may_upgrade_at_once(engine):
    failures = []

    def upgrade() -> None:
        try:
            database.upgrade(engine)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert "searches" in inspect(engine).get_table_names()


def test_three_processes_may_upgrade_a_new_database_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'nextep.sqlite3'}"
    code = f"from store import database; database.upgrade(database.connect({url!r}))"
    root = Path(__file__).resolve().parent.parent
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=root, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], told
    assert "searches" in inspect(database.connect(url)).get_table_names()


# -- trending ------------------------------------------------------------------------------------------------------------


def test_a_search_is_trending_from_three_different_visitors_on(log, clock):
    search(log, clock, "monster", ["ada", "ben"])
    assert log.trending(5) == []
    search(log, clock, "monster", ["ben", "ben", "ada"])
    assert log.trending(5) == []
    search(log, clock, "monster", ["cem"])
    assert log.trending(5) == ["monster"]
    assert MIN_VISITORS == 3


def test_one_visitor_counts_once_however_often(log, clock):
    search(log, clock, "loud", ["ada"] * 50 + ["ben", "cem"])
    search(log, clock, "wide", ["ada", "ben", "cem", "dan"])
    assert log.trending(2) == ["wide", "loud"]


def test_a_searchs_weight_halves_every_three_days(log, clock):
    assert HALF_LIFE_DAYS == 3
    # Five visitors six days ago weigh 5/4, four today 4, three three days ago 3/2.
    search(log, clock, "old", "abcde", days=6)
    search(log, clock, "new", "abcd", days=0)
    search(log, clock, "mid", "abc", days=3)
    assert log.trending(3) == ["new", "mid", "old"]
    assert log._weight(ago(3)) == pytest.approx(0.5)
    assert log._weight(ago(6).replace(tzinfo=None)) == pytest.approx(0.25)
    assert log._weight(ago(-1)) == 1.0


def test_what_nobody_searched_for_a_month_is_forgotten_by_trending(log, clock):
    search(log, clock, "monster", "abc", days=31)
    assert log.trending(5) == []
    search(log, clock, "monster", "abc", days=29)
    assert log.trending(5) == ["monster"]


def test_searches_that_found_nothing_are_never_shown(log, clock):
    search(log, clock, "gibberish", "abc", resolution="nothing", hits=0)
    search(log, clock, "empty", "abc", hits=0)
    assert log.trending(5) == log.popular(5) == []


def test_the_spelling_shown_is_the_commonest(log, clock):
    search(log, clock, "monster", "ab", text="Monster")
    search(log, clock, "monster", "c", text="mOnStEr")
    assert log.trending(5) == ["Monster"]


def test_equal_searches_stand_in_the_order_of_the_alphabet(log, clock):
    for key in ("zebra", "aster", "mango"):
        search(log, clock, key, "abc")
    assert log.trending(5) == log.popular(5) == ["aster", "mango", "zebra"]
    assert log.trending(2) == log.popular(2) == ["aster", "mango"]


def test_popular_counts_visitors_and_not_days(log, clock):
    search(log, clock, "old", "abcde", days=20)
    search(log, clock, "new", "abc", days=0)
    search(log, clock, "rare", "ab", days=0)
    search(log, clock, "gone", "abcdef", days=40)
    assert log.popular(5) == ["old", "new"]


def test_a_search_in_any_script_is_told_back_as_it_was_typed(log, clock):
    for typed in ("진격의 거인", "進撃の巨人", "🎉 %_'\"; DROP TABLE searches"):
        search(log, clock, typed, "abc")
    assert set(log.trending(5)) == {"진격의 거인", "進撃の巨人", "🎉 %_'\"; DROP TABLE searches"}


# -- opened titles -------------------------------------------------------------------------------------------------------


def test_the_titles_opened_by_most_visitors_come_first(log, clock):
    for visitor, id in [
        ("a", 4),
        ("b", 4),
        ("c", 4),
        ("a", 1),
        ("b", 1),
        ("a", 6),
        ("a", 6),
        ("a", 6),
        ("a", 6),
        ("b", 3),
    ]:
        log.record_opened(visitor, id)
    assert log.opened_lately(10) == [4, 1, 3, 6]
    assert log.opened_lately(2) == [4, 1]


def test_a_title_opened_long_ago_is_not_lately(log, clock):
    clock.time = ago(31)
    log.record_opened("a", 4)
    clock.time = ago(10)
    log.record_opened("a", 1)
    clock.time = NOW
    assert log.opened_lately(10) == [1]
    assert log.opened_lately(10, days=7) == []
    assert log.opened_lately(10, days=60) == [1, 4]


def test_what_is_older_than_half_a_year_is_deleted(log, clock, filled):
    for days in (KEEP_DAYS + 1, KEEP_DAYS - 1):
        search(log, clock, "monster", "a", days=days)
        clock.time = ago(days)
        log.record_opened("a", 4)
    clock.time = NOW
    assert log.forget_old() == 2
    assert log.forget_old() == 0
    with filled.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM searches")).scalar() == 1


# -- many at once --------------------------------------------------------------------------------------------------------


def test_eight_threads_write_and_read_at_once_and_nothing_is_lost(log, filled):
    failures = []

    def work(number: int) -> None:
        try:
            for turn in range(25):
                log.record(f"visitor {number}", "Monster", "monster", "exact", 1)
                log.record_opened(f"visitor {number}", turn)
                if turn % 5 == 0:
                    log.trending(5)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with filled.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM searches")).scalar() == 200
        assert connection.execute(text("SELECT count(*) FROM opened")).scalar() == 200
    assert log.trending(1) == ["Monster"]


def test_sqlite_keeps_a_write_ahead_log_so_that_readers_do_not_wait(tmp_path):
    engine = database.connect(f"sqlite:///{tmp_path / 'nextep.sqlite3'}")
    database.upgrade(engine)
    log = SearchLog(database.sessions(engine), lambda: NOW)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    with engine.connect() as writer:
        writer.exec_driver_sql("BEGIN IMMEDIATE")
        assert log.trending(5) == []
        writer.rollback()
    engine.dispose()


def test_a_database_that_can_not_be_opened_says_so(tmp_path):
    (tmp_path / "folder").mkdir()
    engine = database.connect(f"sqlite:///{tmp_path / 'folder'}")
    with pytest.raises(OperationalError):
        database.upgrade(engine)
    engine.dispose()
