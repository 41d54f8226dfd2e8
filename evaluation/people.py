"""Milliseconds of a person's home page: read the list after a change, choose the rows, make them rows of titles."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from catalogue import Title
from config import Settings
from evaluation.clock import Clock
from lists.entry import Entry
from search.open import open_service
from store.lists import Change
from store.open import Store, open_store
from store.people import Person
from webapp import create_app
from webapp.models import Models
from webapp.personal import Evening, Titles, home_page
from webapp.pool import Pool

STEPS = (
    "write a change",
    "read the list",
    "choose the rows",
    "make the page's rows",
    "home page of rows",
    "the same, processor time",
    "GET /",
)
SCORES = (6, 7, 8, 9, 10)
Took = dict[str, list[float]]


def run_people(settings: Settings, people: int, lengths: tuple[int, ...], rounds: int, seed: int = 42) -> str:
    """Return a table of milliseconds over the serving catalogue and models, nothing remembered between two rounds.

    People get lists of these lengths: works that many watch, with scores, drawn by `seed`. Before each round an entry
    changes, so that every round works on a list that no round before has seen.
    """
    search = open_service(settings)
    with tempfile.TemporaryDirectory() as scratch:
        changed = settings.model_copy(
            update={"database_url": f"sqlite:///{Path(scratch) / 'bench.sqlite3'}", "rate_limit": 0}
        )
        app = create_app(changed, search)
        held = app.extensions["nextep-models"]
        store = open_store(changed.sqlalchemy_url)
        serving = held.reload()
        pool = app.extensions["nextep"].pool()
        made = _people(store, list(pool.watched), people, lengths, seed)
        took: Took = {step: [] for step in STEPS}
        with app.test_request_context("/"):
            clock = Clock()
            for number in range(rounds):
                for person in made:
                    _round(held, store, person, pool, search.titles, number, took)
                clock.tick()
        client = app.test_client()
        for person in made:
            with client.session_transaction() as session:
                session["person"] = person.id
            for number in range(min(rounds, 5)):
                _change(store, person, number + rounds)
                started = time.perf_counter()
                client.get("/")
                took["GET /"].append((time.perf_counter() - started) * 1000)
        store.engine.dispose()
    info = search.info()
    lines = [
        f"## {info.documents:,} titles, model {serving.name}"
        + (f" of {serving.people:,} people" if serving.people else "")
        + f", {len(made)} people with lists of {', '.join(map(str, lengths))}",
        "",
        clock.said(),
        "",
        "| | n | p50 ms | p95 ms | p99 ms |",
        "|---|---|---|---|---|",
    ]
    for step, times in took.items():
        p50, p95, p99 = np.percentile(times, [50, 95, 99])
        lines.append(f"| {step} | {len(times)} | {p50:.2f} | {p95:.2f} | {p99:.2f} |")
    return "\n".join(lines) + "\n"


def _people(store: Store, titles: list[Title], people: int, lengths: tuple[int, ...], seed: int) -> list[Person]:
    rng = np.random.default_rng(seed)
    made = []
    for number in range(people):
        length = min(lengths[number % len(lengths)], len(titles) // 2)
        chosen = rng.choice(len(titles), length, replace=False)
        entries = [
            Entry(titles[at].id, "watching" if place % 12 == 11 else "completed", int(rng.choice(SCORES)), order=place)
            for place, at in enumerate(chosen.tolist())
        ]
        made.append(store.people.create(Person(f"bench-{number}", "imported", {"en": f"Bench {number}"}), entries))
    return made


def _change(store: Store, person: Person, number: int) -> None:
    entries = store.lists.entries(person.id)
    entry = entries[number % len(entries)]
    store.lists.put(person.id, entry.title_id, Change(score=1 + (entry.score or 1) % 10))


def _round(held: Models, store: Store, person: Person, pool: Pool, titles: Titles, number: int, took: Took) -> None:
    at = [time.perf_counter()]
    _change(store, person, number)
    at.append(time.perf_counter())
    busy = time.thread_time()
    entries, hidden = store.lists.entries(person.id), frozenset(store.lists.hidden(person.id))
    at.append(time.perf_counter())
    now = Evening(person, entries, hidden, held.serving(), held.settings.date)
    carousels = now.carousels()
    at.append(time.perf_counter())
    home_page(now, carousels, pool, (), {}, titles)
    at.append(time.perf_counter())
    for step, first, last in zip(STEPS, at, at[1:], strict=False):
        took[step].append((last - first) * 1000)
    took["home page of rows"].append((at[-1] - at[1]) * 1000)
    took["the same, processor time"].append((time.thread_time() - busy) * 1000)
