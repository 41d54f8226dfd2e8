"""The recorder writes behind the visitor's back, and forgets what is too old to keep."""

from __future__ import annotations

import datetime

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
