"""People: what is kept of them, their preferences, the bundled ones, and what goes with them."""

from __future__ import annotations

import dataclasses
import datetime
import json
import threading
from pathlib import Path

import pytest
from databases import BOTH, NOW, Clock, open_engine
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from store import database
from store.account import everything_of
from store.lists import Change
from store.open import make_store, open_store
from store.people import Person, PersonError, Preferences, UnknownPerson, new_id
from store.profiles import Profile

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "sample" / "people.jsonl"
BUNDLED = {data["id"]: data["entries"] for data in map(json.loads, SAMPLES.read_text(encoding="utf-8").splitlines())}
ADA = Person("ada", "own", {"en": "Ada"})


@pytest.fixture(params=BOTH)
def engine(request, tmp_path):
    yield from open_engine(request.param, tmp_path)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(engine, clock):
    database.upgrade(engine)
    return make_store(engine, clock)


# -- migrations ----------------------------------------------------------------------------------------------------------


def test_people_go_down_and_come_up_without_a_search_lost(store, engine):
    store.people.ensure_samples(SAMPLES)
    store.searches.record("ada", "Monster", "monster", "exact", 1)
    store.events.record("shown", "mina", "v", 1, "row", "model", 2)
    store.profiles.put("user", Profile((1,), (8.0,)))
    store.lists.put("mina", 5, Change("completed"), token="one")
    store.lists.hide("mina", 6)
    database.downgrade(engine, "0001")
    left = set(inspect(engine).get_table_names())
    assert {"searches", "opened"} <= left
    assert not {"people", "entries", "hidden", "changes", "events", "api_profiles"} & left
    with engine.connect() as connection:
        assert connection.execute(text("SELECT text FROM searches")).scalars().all() == ["Monster"]
    database.upgrade(engine)
    assert store.people.all() == []
    assert store.people.ensure_samples(SAMPLES) == 8
    assert len(store.lists.entries("mina")) == len(BUNDLED["mina"])


def test_a_person_without_a_list_or_a_wrong_reference_is_refused_by_the_database_itself(store, engine):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO entries (person_id, title_id, status, episodes, rewatches, updated, position) "
                "VALUES ('nobody', 1, 'watching', 0, 0, '2026-01-01 00:00:00', 0)"
            )
        )


# -- people --------------------------------------------------------------------------------------------------------------


def test_a_new_person_gets_an_id_that_nobody_guesses_and_the_time(store):
    made = store.people.create(Person("", "own", {"en": " Ada "}, favourites=(5, 1)))
    assert len(made.id) >= 16
    assert made.created == NOW
    assert made.name == {"en": "Ada"}
    assert store.people.get(made.id) == made
    assert made.favourites == (5, 1)
    assert len({new_id() for _ in range(100)}) == 100


def test_times_come_back_in_utc_whatever_zone_they_went_in_with(store):
    seoul = datetime.timezone(datetime.timedelta(hours=9))
    store.people.create(dataclasses.replace(ADA, created=datetime.datetime(2026, 1, 1, 8, tzinfo=seoul)))
    created = store.people.get("ada").created
    assert created == datetime.datetime(2025, 12, 31, 23, tzinfo=datetime.UTC)
    assert created.utcoffset() == datetime.timedelta(0)


def test_an_id_is_given_once(store):
    store.people.create(ADA)
    with pytest.raises(PersonError, match="'ada' already"):
        store.people.create(dataclasses.replace(ADA, name={"en": "Other"}))
    assert store.people.get("ada").name == {"en": "Ada"}


def test_people_are_listed_by_kind_and_age(store, clock):
    for id, kind in [("o1", "own"), ("i1", "imported"), ("s1", "sample"), ("o2", "own")]:
        clock.pass_(hours=1)
        store.people.create(Person(id, kind, {"en": id}))
    assert [person.id for person in store.people.all()] == ["s1", "i1", "o1", "o2"]
    assert [person.id for person in store.people.all("own")] == ["o1", "o2"]
    assert (store.people.count(), store.people.count("own")) == (4, 2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "a b"}, "id is 'a b'"),
        ({"id": "x" * 65}, "64 at most"),
        ({"kind": "robot"}, "kind is 'robot'"),
        ({"name": {}}, "name is empty"),
        ({"name": {"en": "  "}}, "name is empty"),
        ({"name": {"fr": "Ada"}}, "name is in 'fr'"),
        ({"name": {"en": "x" * 61}}, "name has 61 letters; 60"),
        ({"name": {"en": "a\0b"}}, "control characters"),
        ({"name": {"en": "\ud800"}}, "control characters"),
        ({"taste": {"en": "x" * 301}}, "taste has 301 letters"),
        ({"favourites": tuple(range(1, 102))}, "101 favourites"),
    ],
)
def test_a_person_that_can_not_be_kept_is_refused_with_the_value_and_what_is_allowed(store, changes, told):
    with pytest.raises(PersonError, match=told):
        store.people.create(dataclasses.replace(ADA, **changes))
    assert store.people.all() == []


@pytest.mark.parametrize("id", ["", "a\x00b", "kaggle-7 7", "누구", "x" * 65])
def test_nobody_has_an_id_that_none_can_have(store, id):
    assert store.people.get(id) is None


def test_any_script_can_be_a_name(store):
    store.people.create(dataclasses.replace(ADA, name={"ko": "김에이다", "en": "Ada 🎬 'O\"; DROP TABLE people"}))
    assert store.people.get("ada").called("ko") == "김에이다"
    assert store.people.rename("ada", {"en": "진격"}).name == store.people.get("ada").name == {"en": "진격"}
    assert store.people.get("ada").called("ko") == "진격"


def test_preferences_are_kept_and_checked(store):
    store.people.create(ADA)
    wanted = Preferences(frozenset({"dropped"}), 1, True)
    assert store.people.set_preferences("ada", wanted).preferences == wanted
    assert store.people.get("ada").preferences == wanted
    for wrong in (-0.1, 1.5, True, "x"):
        with pytest.raises(PersonError, match="0 to 1"):
            Preferences(adventurous=wrong)
    with pytest.raises(PersonError, match="'seen'"):
        Preferences(frozenset({"seen"}))


def test_each_preference_that_changes_raises_the_version_and_the_same_ones_do_not(store):
    store.people.create(ADA)
    first = store.lists.version("ada")
    store.people.set_preferences("ada", Preferences())
    assert store.lists.version("ada") == first
    store.people.set_preferences("ada", Preferences(sequels=True))
    assert store.lists.version("ada") > first


def test_nobody_can_be_changed_who_is_not_there(store):
    for change in (
        lambda: store.people.rename("ada", {"en": "A"}),
        lambda: store.people.set_preferences("ada", Preferences()),
        lambda: store.lists.put("ada", 1, Change("watching")),
        lambda: store.lists.entries("ada"),
        lambda: store.lists.version("ada"),
        lambda: store.lists.hide("ada", 1),
        lambda: everything_of(store, "ada"),
    ):
        with pytest.raises(UnknownPerson, match="no person 'ada'"):
            change()
    assert store.people.get("ada") is None
    assert store.people.delete("ada") is False


def test_with_a_person_goes_all_that_was_kept_of_them_and_nothing_else(store, engine):
    for person in (ADA, dataclasses.replace(ADA, id="ben")):
        store.people.create(person)
        store.lists.put(person.id, 1, Change("completed"), token="t")
        store.lists.hide(person.id, 2)
        store.events.record("opened", person.id, "v", 1)
    assert store.people.delete("ada") is True
    with engine.connect() as connection:
        for table in ("entries", "hidden", "changes", "events"):
            assert connection.execute(text(f"SELECT person_id FROM {table}")).scalars().all() == ["ben"]


def test_a_person_made_anew_never_has_a_version_that_was_there(store, clock):
    store.people.create(ADA)
    for title in range(1, 6):
        store.lists.put("ada", title, Change("watching"))
    version = store.lists.version("ada")
    clock.pass_(seconds=1)
    store.people.delete("ada")
    store.people.create(ADA)
    assert store.lists.version("ada") > version


def test_all_that_is_kept_of_a_person_can_be_taken_along_as_json(store):
    store.people.create(ADA)
    store.lists.put("ada", 1, Change("completed", score=9))
    store.lists.hide("ada", 2)
    store.events.record("opened", "ada", "v", 3, "row", "model", 4)
    told = json.loads(json.dumps(everything_of(store, "ada")))
    assert told["name"] == {"en": "Ada"}
    assert [(entry["id"], entry["score"]) for entry in told["entries"]] == [(1, 9)]
    assert [one["id"] for one in told["hidden"]] == [2]
    assert [(event["id"], event["row"], event["place"]) for event in told["events"]] == [(3, "row", 4)]
    assert told["preferences"]["exclude"] == ["completed", "watching"]


# -- the bundled people --------------------------------------------------------------------------------------------------


def test_the_bundled_people_are_added_once_and_their_changes_stay(store):
    assert store.people.ensure_samples(SAMPLES) == 8
    assert store.people.ensure_samples(SAMPLES) == 0
    store.people.rename("mina", {"en": "Mina B"})
    store.lists.remove("mina", 10800)
    store.people.delete("dohyun")
    assert store.people.ensure_samples(SAMPLES) == 1
    assert store.people.get("mina").name == {"en": "Mina B"}
    assert store.lists.entry("mina", 10800) is None
    assert len(store.lists.entries("dohyun")) == len(BUNDLED["dohyun"])


def test_a_bundled_list_stands_as_the_file_has_it(store):
    store.people.ensure_samples(SAMPLES)
    for id, bundled in BUNDLED.items():
        entries = store.lists.entries(id)
        assert [entry.title_id for entry in entries] == [entry["id"] for entry in bundled]
        assert [entry.score for entry in entries] == [entry["score"] for entry in bundled]
        assert all(entry.updated.tzinfo == datetime.UTC for entry in entries)


def test_threads_may_add_the_bundled_people_at_once(store):
    added, failures = [], []

    def add() -> None:
        try:
            added.append(store.people.ensure_samples(SAMPLES))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sum(added) == 8
    assert len(store.lists.entries("mina")) == len(BUNDLED["mina"])


def test_a_broken_line_of_people_is_named_and_adds_nobody(store, tmp_path):
    first = SAMPLES.read_text(encoding="utf-8").splitlines()[0]
    for second in ('{"id": "x"}', "{", first.replace('"score": 8', '"score": 11', 1)):
        file = tmp_path / "people.jsonl"
        file.write_text(f"{first}\n{second}\n", encoding="utf-8")
        with pytest.raises(PersonError, match="line 2"):
            store.people.ensure_samples(file)
    assert store.people.all() == []


# -- profiles of services ------------------------------------------------------------------------------------------------


def test_a_profile_is_replaced_by_the_next_and_has_a_name_space_of_its_own(store, clock):
    store.people.create(ADA)
    assert store.profiles.get("ada") is None
    store.profiles.put("ada", Profile((1, 5), (8.5, 3.0), 10, ("Nonsense",)))
    clock.pass_(days=1)
    second = Profile((1535,), (4.5,), 5)
    store.profiles.put("ada", second)
    assert store.profiles.get("ada") == dataclasses.replace(second, updated=clock())
    assert store.people.get("ada").name == {"en": "Ada"}
    assert store.profiles.delete("ada") is True
    assert store.profiles.delete("ada") is False
    assert store.profiles.get("ada") is None


@pytest.mark.parametrize("user_id", ["", " ada", "a\0", "x" * 201])
def test_a_user_id_that_no_database_keeps_is_refused(store, user_id):
    with pytest.raises(ValueError, match="user_id"):
        store.profiles.put(user_id, Profile((), ()))


def test_a_profile_has_a_rating_for_each_title():
    with pytest.raises(ValueError, match="2 titles have 1 ratings"):
        Profile((1, 2), (8.0,))


# -- the store as one ----------------------------------------------------------------------------------------------------


def test_the_store_opens_by_an_address_and_forgets_what_is_old(tmp_path):
    clock = Clock()
    store = open_store(f"sqlite:///{tmp_path / 'nextep.sqlite3'}", clock)
    store.people.create(ADA)
    store.searches.record("v", "Monster", "monster", "exact", 1)
    store.events.record("opened", "ada", "v", 1)
    store.lists.put("ada", 1, Change("watching"), token="t")
    assert store.forget_old() == 0
    clock.pass_(days=181)
    assert store.forget_old() == 3
    assert store.lists.entry("ada", 1) is not None
    store.engine.dispose()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgresql_is_known(scheme):
    assert database.connect(f"{scheme}://ada@127.0.0.1/nextep").url.drivername == "postgresql+psycopg"
