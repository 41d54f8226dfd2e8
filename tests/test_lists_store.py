"""Lists: the rules of a change, changes that come twice, many at once, and a process that is killed."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from databases import BOTH, NOW, Clock, open_engine, together

from store import database
from store.lists import UNSET, Change, Entry, ListError, Merged, Written
from store.open import make_store
from store.people import Person

TODAY = NOW.date()
DAY = datetime.timedelta(days=1)


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
def lists(store):
    return store.lists


# -- one change ----------------------------------------------------------------------------------------------------------


def test_a_change_is_told_with_what_was_before_and_what_is_after(lists, clock):
    first = lists.put("ada", 1, Change("watching", score=8, episodes=3))
    assert first.before is None
    assert first.after == Entry(1, "watching", 8, 3, started=TODAY, updated=NOW)
    clock.pass_(hours=1)
    second = lists.put("ada", 1, Change(episodes=4))
    assert second.before == first.after
    assert second.after == dataclasses.replace(first.after, episodes=4, updated=clock())
    assert second.changed
    assert lists.entry("ada", 1) == second.after
    gone = lists.remove("ada", 1)
    assert gone == Written(second.after, None, True)
    assert lists.entry("ada", 1) is None
    assert lists.remove("ada", 1) == Written(None, None, False)


def test_what_changes_nothing_leaves_time_and_version_alone(lists, clock):
    lists.put("ada", 1, Change("watching", score=8))
    before, version = lists.entry("ada", 1), lists.version("ada")
    clock.pass_(hours=1)
    told = lists.put("ada", 1, Change("watching", score=8))
    assert told == Written(before, before, False)
    assert lists.version("ada") == version


def test_fields_left_unset_stay_and_none_empties(lists):
    day = datetime.date(2025, 5, 5)
    lists.put("ada", 1, Change("on_hold", score=7, episodes=5, rewatches=1, started=day, finished=day))
    kept = lists.put("ada", 1, Change(rewatches=2)).after
    assert (kept.score, kept.episodes, kept.started, kept.finished) == (7, 5, day, day)
    emptied = lists.put("ada", 1, Change(score=None, started=None, finished=None)).after
    assert (emptied.score, emptied.started, emptied.finished, emptied.rewatches) == (None, None, None, 2)
    assert repr(UNSET) == "UNSET"


def test_completing_fills_the_day_it_was_finished_and_counts_no_episodes(lists):
    done = lists.put("ada", 1, Change("completed")).after
    assert (done.finished, done.started, done.episodes) == (TODAY, None, 0)
    given = lists.put("ada", 2, Change("completed", episodes=26, finished=TODAY - 3 * DAY)).after
    assert (given.finished, given.episodes) == (TODAY - 3 * DAY, 26)
    left_open = lists.put("ada", 3, Change("completed", finished=None)).after
    assert left_open.finished is None
    assert lists.put("ada", 3, Change(score=5)).after.finished is None


def test_beginning_to_watch_fills_the_day_it_was_started_once(lists, clock):
    lists.put("ada", 1, Change("plan_to_watch"))
    assert lists.entry("ada", 1).started is None
    lists.put("ada", 1, Change("watching"))
    assert lists.entry("ada", 1).started == TODAY
    clock.pass_(days=5)
    lists.put("ada", 1, Change("on_hold"))
    lists.put("ada", 1, Change("watching"))
    assert lists.entry("ada", 1).started == TODAY
    done = lists.put("ada", 1, Change("completed")).after
    assert (done.started, done.finished) == (TODAY, TODAY + 5 * DAY)
    # Who watches it again keeps both days.
    again = lists.put("ada", 1, Change("watching", rewatches=1)).after
    assert (again.started, again.finished) == (TODAY, TODAY + 5 * DAY)


def test_no_day_is_filled_that_would_turn_time_around(lists):
    tomorrow = TODAY + DAY
    assert lists.put("ada", 1, Change("completed", started=tomorrow)).after.finished is None
    assert lists.put("ada", 2, Change("watching", finished=TODAY - DAY)).after.started is None
    with pytest.raises(ListError, match="can't be before started"):
        lists.put("ada", 3, Change("completed", started=TODAY, finished=TODAY - DAY))
    assert lists.entry("ada", 3) is None


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Change("seen"), "status is 'seen'; allowed are watching, completed"),
        (lambda: Change(score=0), "score is 0; a whole number from 1 to 10"),
        (lambda: Change(score=11), "score is 11"),
        (lambda: Change(score=7.5), "score is 7.5"),
        (lambda: Change(score=True), "score is True"),
        (lambda: Change(episodes=-1), "episodes is -1; a whole number from 0 to 100000"),
        (lambda: Change(episodes=None), "episodes is None"),
        (lambda: Change(rewatches=10_001), "rewatches is 10001"),
        (lambda: Change(started="2026-01-01"), "started is '2026-01-01'"),
        (lambda: Change(finished=datetime.date(1899, 1, 1)), "1900 to 2199"),
        (lambda: Change(finished=NOW), "finished is datetime"),
        (lambda: Entry(0, "watching"), "title is 0"),
        (lambda: Entry(1, "watching", updated=datetime.datetime(2026, 1, 1)), "a time with its zone"),
        (lambda: Entry.from_dict({"id": 1}), "is no entry"),
    ],
)
def test_values_out_of_range_name_themselves_and_what_is_allowed(make, told):
    with pytest.raises(ListError, match=told):
        make()


def test_a_title_that_is_not_on_the_list_needs_a_status(lists):
    with pytest.raises(ListError, match="status is missing"):
        lists.put("ada", 1, Change(score=8))
    for title in (0, -1, 2**60, True, "1"):
        with pytest.raises(ListError, match="title is"):
            lists.put("ada", title, Change("watching"))
        with pytest.raises(ListError, match="title is"):
            lists.hide("ada", title)


def test_what_is_liked_is_completed_watching_or_scored_seven():
    assert [Entry(1, status).liked for status in ("watching", "completed", "on_hold", "dropped", "plan_to_watch")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert Entry(1, "dropped", 7).liked
    assert not Entry(1, "dropped", 6).liked


def test_an_entry_goes_through_json_and_back():
    entry = Entry(1, "on_hold", 3, 4, 5, TODAY, TODAY, NOW + datetime.timedelta(microseconds=7), 9)
    assert Entry.from_dict(entry.to_dict()) == entry


# -- order ---------------------------------------------------------------------------------------------------------------


def test_a_list_stands_by_last_change_else_as_imported(lists, clock):
    lists.add_many("ada", [Entry(id, "completed", updated=NOW, order=at) for at, id in enumerate((30, 10, 20))])
    assert [entry.title_id for entry in lists.entries("ada")] == [30, 10, 20]
    clock.pass_(seconds=1)
    lists.put("ada", 20, Change(score=9))
    assert [entry.title_id for entry in lists.entries("ada")] == [20, 30, 10]
    clock.pass_(seconds=1)
    lists.put("ada", 5, Change("watching"))
    assert [entry.title_id for entry in lists.entries("ada")] == [5, 20, 30, 10]
    assert lists.entry("ada", 5).order == 3
    assert lists.sizes() == {"ada": 4}


# -- undo ----------------------------------------------------------------------------------------------------------------


def test_undo_brings_back_just_what_was_before_time_and_place_too(lists, clock):
    lists.add_many(
        "ada", [Entry(1, "watching", 8, 3, updated=NOW, order=0), Entry(2, "watching", updated=NOW, order=1)]
    )
    clock.pass_(hours=1)
    told = lists.put("ada", 1, Change("dropped", score=2))
    assert lists.restore("ada", 1, told.before) == Written(told.after, told.before, True)
    assert lists.entry("ada", 1) == told.before
    added = lists.put("ada", 3, Change("watching"))
    assert lists.restore("ada", 3, added.before).after is None
    gone = lists.remove("ada", 2)
    lists.restore("ada", 2, gone.before)
    assert [entry.title_id for entry in lists.entries("ada")] == [1, 2]
    with pytest.raises(ListError, match="entry is of title 1; title 2"):
        lists.restore("ada", 2, told.before)


def test_undo_leaves_what_another_tab_has_changed_since(lists):
    told = lists.put("ada", 1, Change("watching"))
    newer = lists.put("ada", 1, Change(score=9)).after
    assert lists.restore("ada", 1, told.before, expected=told.after) == Written(newer, newer, False)
    assert lists.restore("ada", 1, told.before, expected=newer).changed


# -- the same change twice -----------------------------------------------------------------------------------------------


def test_a_token_makes_its_change_once_and_tells_the_first_answer_again(lists, clock):
    first = lists.put("ada", 1, Change("watching", score=8), token="t1")
    clock.pass_(minutes=1)
    lists.put("ada", 1, Change(score=3), token="t2")
    version = lists.version("ada")
    # The answer to t1 was lost and the client asks again, after the other tab's change.
    assert lists.put("ada", 1, Change("watching", score=8), token="t1") == first
    assert lists.entry("ada", 1).score == 3
    assert lists.version("ada") == version
    gone = lists.remove("ada", 1, token="t3")
    lists.put("ada", 1, Change("completed"), token="t4")
    assert lists.remove("ada", 1, token="t3") == gone
    assert lists.entry("ada", 1).status == "completed"
    back = lists.restore("ada", 1, gone.before, token="t5")
    lists.put("ada", 1, Change("dropped"), token="t6")
    assert lists.restore("ada", 1, gone.before, token="t5") == back
    assert lists.entry("ada", 1).status == "dropped"


def test_a_token_belongs_to_one_change_of_one_person(lists, store):
    store.people.create(Person("ben", "own", {"en": "Ben"}))
    lists.put("ada", 1, Change("watching"), token="t")
    assert lists.put("ben", 1, Change("watching"), token="t").changed
    with pytest.raises(ListError, match="given to another change"):
        lists.put("ada", 2, Change("watching"), token="t")
    with pytest.raises(ListError, match="given to another change"):
        lists.remove("ada", 1, token="t")
    for token in ("", " ", "x" * 101, "a\0"):
        with pytest.raises(ListError, match="token"):
            lists.put("ada", 1, Change("watching"), token=token)


def test_a_token_is_forgotten_after_a_day(lists, clock):
    lists.put("ada", 1, Change("watching"), token="t")
    clock.pass_(hours=23)
    assert lists.put("ada", 1, Change("dropped"), token="t").after.status == "watching"
    assert lists.forget_tokens() == 0
    clock.pass_(hours=2)
    assert lists.put("ada", 1, Change("dropped"), token="t").after.status == "dropped"
    clock.pass_(hours=25)
    assert lists.forget_tokens() == 1


def test_a_change_that_is_refused_leaves_its_token_free(lists):
    with pytest.raises(ListError, match="status is missing"):
        lists.put("ada", 1, Change(score=8), token="t")
    assert lists.put("ada", 1, Change("watching", score=8), token="t").changed


def test_a_double_click_is_one_change(lists):
    told = []
    together(8, lambda _: told.append(lists.put("ada", 1, Change("watching"), token="click")))
    assert told == [told[0]] * 8
    assert told[0].changed
    assert len(lists.entries("ada")) == 1


# -- not interested ------------------------------------------------------------------------------------------------------


def test_what_is_hidden_is_hidden_once_and_comes_back(lists):
    version = lists.version("ada")
    assert lists.hide("ada", 1) is True
    assert lists.hide("ada", 1) is False
    assert lists.hidden("ada") == {1}
    hidden = lists.version("ada")
    assert hidden > version
    assert lists.unhide("ada", 1) is True
    assert lists.unhide("ada", 1) is False
    assert lists.hidden("ada") == set()
    assert lists.version("ada") > hidden


def test_a_late_hide_does_not_hide_again_what_was_brought_back(lists):
    assert lists.hide("ada", 1, token="h") is True
    lists.unhide("ada", 1, token="u")
    assert lists.hide("ada", 1, token="h") is True
    assert lists.hidden("ada") == set()


def test_hiding_leaves_the_list_alone(lists):
    entry = lists.put("ada", 1, Change("watching")).after
    lists.hide("ada", 1)
    assert lists.entry("ada", 1) == entry


# -- many entries --------------------------------------------------------------------------------------------------------


def test_many_entries_come_behind_what_is_there_and_say_what_became_of_them(lists, clock):
    lists.put("ada", 1, Change("watching", score=5))
    lists.put("ada", 2, Change("watching", score=6, started=None))
    clock.pass_(days=1)
    came = [
        Entry(4, "completed", updated=clock(), order=10),
        Entry(2, "watching", 6, updated=clock(), order=11),
        Entry(1, "dropped", 5, updated=clock(), order=12),
        Entry(3, "completed", updated=clock(), order=13),
    ]
    assert lists.add_many("ada", came) == Merged(added=2, changed=1, same=1)
    assert {entry.title_id: entry.order for entry in lists.entries("ada")} == {1: 0, 2: 1, 4: 2, 3: 5}
    assert lists.entry("ada", 2).updated == NOW
    version = lists.version("ada")
    assert lists.add_many("ada", came) == Merged(same=4)
    assert lists.version("ada") == version


def test_a_replaced_list_is_just_the_new_one(lists):
    lists.put("ada", 1, Change("watching"))
    lists.put("ada", 2, Change("watching", started=None))
    new = [Entry(2, "watching", updated=NOW, order=0), Entry(3, "dropped", 2, 1, 0, TODAY, None, NOW, 1)]
    assert lists.replace_all("ada", new) == Merged(added=1, changed=0, same=1, removed=1)
    assert {entry.title_id for entry in lists.entries("ada")} == {2, 3}
    assert lists.replace_all("ada", []) == Merged(removed=2)


def test_a_list_that_can_not_be_kept_changes_nothing(lists, monkeypatch):
    lists.put("ada", 1, Change("watching"))
    with pytest.raises(ListError, match="title 2 comes twice"):
        lists.add_many("ada", [Entry(2, "watching"), Entry(2, "dropped")])
    monkeypatch.setattr("store.lists.MAX_ENTRIES", 3)
    with pytest.raises(ListError, match="would have 4 entries; 3 are allowed"):
        lists.add_many("ada", [Entry(id, "watching") for id in (2, 3, 4)])
    assert len(lists.entries("ada")) == 1


def test_five_thousand_entries_are_one_transaction(lists):
    entries = [Entry(id, "completed", id % 10 + 1, updated=NOW, order=id) for id in range(1, 5001)]
    assert lists.add_many("ada", entries) == Merged(added=5000)
    assert len(lists.entries("ada")) == 5000
