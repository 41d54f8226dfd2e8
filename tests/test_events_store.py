"""Events: what was shown, opened, added and completed, and what each row led to."""

from __future__ import annotations

import threading

import pytest
from databases import BOTH, Clock, open_engine
from sqlalchemy import text

from store import database
from store.events import KINDS, Conversion, Event
from store.lists import ListError
from store.open import make_store
from store.people import Person


@pytest.fixture(params=BOTH)
def engine(request, tmp_path):
    yield from open_engine(request.param, tmp_path)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(engine, clock):
    database.upgrade(engine)
    made = make_store(engine, clock)
    made.people.create(Person("ada", "own", {"en": "Ada"}))
    return made


@pytest.fixture
def events(store):
    return store.events


def rows(engine, columns: str) -> list[tuple]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM events ORDER BY id"))]


def test_an_event_is_kept_with_row_model_and_place(events, engine):
    events.record("shown", "ada", "visitor", 5, "because", "edlae", 3)
    events.record("searched", None, "visitor", 6)
    columns = 'kind, person_id, visitor, title_id, "row", model, place'
    assert rows(engine, columns) == [
        ("shown", "ada", "visitor", 5, "because", "edlae", 3),
        ("searched", None, "visitor", 6, "", "", 0),
    ]


def test_what_rows_lead_to_is_counted_once_a_visitor_and_title(events):
    for place, title in enumerate((1, 2, 3)):
        events.record("shown", "ada", "v1", title, "top", "edlae", place)
    events.record("shown", "ada", "v1", 1, "top", "edlae", 0)  # the page was loaded again
    events.record("shown", None, "v2", 1, "top", "edlae", 0)
    events.record("shown", None, "v2", 1, "new", "", 0)
    for _ in range(2):  # a double click
        events.record("opened", "ada", "v1", 1, "top", "edlae", 0)
    events.record("added", "ada", "v1", 1, "top", "edlae", 0)
    events.record("hidden", "ada", "v1", 2, "top", "edlae", 1)
    events.record("opened", None, "v3", 9)  # from a search, not from a row
    assert events.conversion(30) == [
        Conversion("top", "edlae", shown=4, opened=1, added=1, completed=0),
        Conversion("new", "", shown=1),
    ]


def test_what_is_added_or_completed_later_is_credited_to_the_row_it_came_from(events, engine, clock):
    events.record("opened", "ada", "v1", 1, "old", "ials", 4)
    clock.pass_(days=1)
    events.record("opened", "ada", "v1", 1, "top", "edlae", 2)
    events.record("opened", "ada", "v1", 2)
    clock.pass_(days=20)
    events.record("added", "ada", "v9", 1)
    events.record("completed", "ada", "v9", 1)
    events.record("completed", "ada", "v9", 2)
    events.record("completed", None, "v1", 1)
    assert rows(engine, 'kind, title_id, "row", model, place')[3:] == [
        ("added", 1, "top", "edlae", 2),
        ("completed", 1, "top", "edlae", 2),
        ("completed", 2, "", "", 0),
        ("completed", 1, "", "", 0),
    ]
    assert Conversion("top", "edlae", opened=1, added=1, completed=1) in events.conversion(30)
    assert events.conversion(10) == [Conversion("top", "edlae", added=1, completed=1)]


def test_what_was_opened_a_moment_ago_is_credited_within_one_transaction(events, engine):
    events.record_many(
        [Event("opened", "ada", "v", 1, "top", "m", 3), Event("added", "ada", "v", 1), Event("added", "ada", "v", 2)]
    )
    assert rows(engine, 'kind, title_id, "row", place') == [
        ("opened", 1, "top", 3),
        ("added", 1, "top", 3),
        ("added", 2, "", 0),
    ]


def test_the_events_of_somebody_who_is_gone_are_nobodys(events, store, engine):
    store.people.delete("ada")
    events.record_many([Event("shown", "ada", "v", 1, "top", "m", 0), Event("shown", "ada", "v", 2, "top", "m", 1)])
    events.record_many([])
    assert rows(engine, "person_id, title_id") == [(None, 1), (None, 2)]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Event("seen", None, "v", 1), "kind is 'seen'; allowed are shown"),
        (lambda: Event("shown", None, "v", 0), "title is 0"),
        (lambda: Event("shown", None, "v", 1, place=-1), "place is -1"),
        (lambda: Event("shown", None, "v" * 33, 1), "visitor has 33 letters"),
        (lambda: Event("shown", None, "v", 1, "r\0"), "row holds"),
        (lambda: Event("shown", None, "v", 1, "r", "m" * 65), "model has 65 letters"),
    ],
)
def test_an_event_that_can_not_be_kept_is_refused(make, told):
    with pytest.raises(ListError, match=told):
        make()


def test_old_events_are_forgotten(events, clock):
    assert KINDS == ("shown", "opened", "searched", "added", "completed", "hidden")
    events.record("shown", "ada", "v", 1, "top", "m")
    clock.pass_(days=181)
    events.record("shown", "ada", "v", 1, "top", "m")
    assert events.forget_old() == 1
    assert events.forget_old() == 0


def test_events_are_recorded_while_people_are_deleted(events, store, engine):
    failures = []

    def guarded(work) -> None:
        try:
            for turn in range(20):
                work(turn)
        except Exception as error:
            failures.append(error)

    def record(turn: int) -> None:
        events.record_many([Event("shown", f"p{turn}", "v", title, "top", "m") for title in range(1, 6)])

    def come_and_go(turn: int) -> None:
        store.people.create(Person(f"p{turn}", "own", {"en": "P"}))
        store.people.delete(f"p{turn}")

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (record, record, come_and_go, record)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(person is None for (person,) in rows(engine, "person_id"))
