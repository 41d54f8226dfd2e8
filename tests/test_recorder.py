"""The recorder writes behind the visitor's back, and forgets what is too old to keep."""

from __future__ import annotations

import datetime

from store.events import Event
from store.open import open_store
from webapp.recorder import Recorder


def test_what_is_older_than_half_a_year_goes_when_the_first_new_thing_is_written(tmp_path):
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=200)
    past = open_store(url, clock=lambda: then)
    for visitor in ("a", "b", "c"):
        past.searches.record(visitor, "old words", "oldwords", "names", 3)
    store = open_store(url)
    recorder = Recorder(lambda: store.searches, lambda: store)
    recorder.search("d", "new words", "newwords", "names", 3)
    assert recorder.flush()
    assert past.searches.trending(5) == []  # as seen from then, when it would have been new
    assert store.searches.forget_old() == 0


class Places:
    """A store whose events are counted by transaction, and one that fails."""

    def __init__(self, broken: int = 0) -> None:
        self.events, self.written, self.broken = self, [], broken

    def record_many(self, events):
        if self.broken:
            self.broken -= 1
            raise OSError("the disk is full")
        self.written.append(len(events))

    def forget_old(self):
        return 0


def shown(count: int) -> list[Event]:
    return [Event("shown", None, "a", 1, "for_you", "", place) for place in range(count)]


def test_the_events_of_many_pages_are_one_transaction_and_each_is_written():
    places = Places()
    recorder = Recorder(lambda: None, lambda: places)
    for _ in range(40):
        recorder.events(shown(18))
    assert recorder.flush()
    assert sum(places.written) == 40 * 18
    assert len(places.written) < 10


def test_what_can_not_be_written_is_dropped_and_the_next_is_written():
    places = Places(broken=1)
    recorder = Recorder(lambda: None, lambda: places)
    recorder.search("a", "words", "words", "names", 3)  # there is no log of searches
    recorder.events(shown(1))
    assert recorder.flush()
    recorder.events(shown(2))
    assert recorder.flush()
    assert places.written == [2]
