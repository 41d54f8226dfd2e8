"""Lists that many change at once, and a process that is killed while it writes: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from databases import BOTH, Clock, open_engine, together

from store import database
from store.lists import Change, Written
from store.open import make_store
from store.people import Person

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=BOTH)
def engine(request, tmp_path):
    yield from open_engine(request.param, tmp_path)


@pytest.fixture
def store(engine):
    database.upgrade(engine)
    made = make_store(engine, Clock())
    made.people.create(Person("ada", "own", {"en": "Ada"}))
    return made


@pytest.fixture
def lists(store):
    return store.lists


def test_of_many_changes_of_one_entry_at_once_none_overwrites_what_it_has_not_read(lists):
    told: list[Written] = []

    def work(number: int) -> None:
        for turn in range(12):
            told.append(lists.put("ada", 1, Change("watching", episodes=1 + number * 100 + turn)))

    together(8, work)
    # Each answer's "before" is the "after" of just one other: a chain without a fork.
    afters = sorted(written.after.episodes for written in told)
    befores = sorted(written.before.episodes for written in told if written.before)
    last = lists.entry("ada", 1).episodes
    assert len(set(afters)) == len(afters) == 96
    assert befores == sorted(set(afters) - {last})


def test_of_many_changes_at_once_that_follow_from_the_entry_none_is_lost(lists):
    lists.put("ada", 1, Change("watching", episodes=4))
    more = [lambda before: Change(episodes=before.episodes + 1)] * 12
    together(8, lambda number: [lists.put("ada", 1, one) for one in more])
    assert lists.entry("ada", 1).episodes == 100


def test_every_change_at_once_raises_the_version_to_one_of_its_own(lists):
    first = lists.version("ada")
    together(8, lambda number: [lists.put("ada", number * 10 + turn + 1, Change("watching")) for turn in range(10)])
    assert lists.version("ada") == first + 80
    assert sorted(entry.order for entry in lists.entries("ada")) == list(range(80))


WRITER = """
import sys, threading
from store.lists import Change
from store.open import open_store

lists = open_store(sys.argv[1]).lists
told = threading.Lock()

def work(number):
    for turn in range(125):
        title = number * 1000 + turn + 1
        lists.put("ada", title, Change("completed", score=turn % 10 + 1), token=f"t{title}")
        with told:
            sys.stdout.write(f"{title}\\n")
            sys.stdout.flush()

threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def _write_until(url: str, acknowledged: int | None) -> list[int]:
    """Start the writer, kill it after so many acknowledged writes (None: let it end), and return those."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True, env=environment)
    told = []
    for line in process.stdout:
        told.append(line)
        if acknowledged is not None and len(told) == acknowledged:
            process.send_signal(signal.SIGKILL)
    process.stdout.close()
    ended = process.wait(timeout=60)
    assert ended == (0 if acknowledged is None else -signal.SIGKILL)
    return [int(line) for line in told if line.endswith("\n")]


def test_of_a_thousand_writes_from_eight_threads_every_acknowledged_one_survives_a_sigkill(store, engine):
    url = engine.url.render_as_string(hide_password=False)
    told = _write_until(url, 300)
    assert len(told) >= 300
    there = {entry.title_id: entry for entry in store.lists.entries("ada")}
    assert set(told) <= set(there)
    # At most the one write that each thread was about to tell of.
    assert len(there) - len(told) <= 8
    before = {title: there[title] for title in told}
    # The client does not know what came through and sends everything again.
    assert len(_write_until(url, None)) == 1000
    after = store.lists.entries("ada")
    assert len(after) == 1000
    assert {entry.title_id: entry for entry in after if entry.title_id in before} == before
