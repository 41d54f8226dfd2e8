"""The site under a constant stream of visits while its index is built anew three times: nothing fails, nothing mixes."""

from __future__ import annotations

import re
import threading
import time

import pytest
from elastic_engines import opened
from samples import CATALOGUE, fill
from web import PLOT, make_site

from search.elastic import ElasticEngine
from search.engine import Filters

pytestmark = pytest.mark.elasticsearch
REINDEXES = 3
THREADS = 3
# Visits that must have come between one swap and the next build.
BETWEEN = 20
ADDRESSES = (
    "/",
    "/rows/top10",
    "/titles/1",
    "/titles/3",
    "/browse",
    "/browse?genre=Drama",
    "/search?q=toradora",
    "/search?q=cowboy",
    "/search?q=drama",
    f"/search?q={PLOT}",
    f"/api/search?q={PLOT}",
    "/api/search?q=toradora",
    "/api/titles?sort=score",
    "/api/titles/1",
    "/api/titles/1/similar",
    "/api/suggest?q=cow",
)
MARK = re.compile(r"\bround-(\d+)\b")


def marked(round: int) -> list:
    """Return the catalogue with the round in every name and text, the plain names kept as aliases."""
    return [
        one.replace(
            titles={language: f"{name} round-{round}" for language, name in one.titles.items()},
            aliases=(*one.aliases, *one.titles.values()),
            synopsis={language: f"{text} round-{round}" for language, text in one.synopsis.items()},
        )
        for one in CATALOGUE
    ]


def test_three_reindexes_under_a_stream_of_visits(tmp_path, capsys):
    with opened() as builder, opened(builder.alias) as engine:
        fill(builder, marked(0))
        app = make_site(tmp_path, ElasticEngine(engine.connection, builder.alias))
        stop = threading.Event()
        wrong: list[str] = []
        rounds: list[int] = []

        def visit(first: int) -> None:
            client, number = app.test_client(), first
            while not stop.is_set():
                address = ADDRESSES[number % len(ADDRESSES)]
                number += 1
                response = client.get(address)
                found = set(MARK.findall(response.get_data(as_text=True)))
                if response.status_code != 200 or len(found) != 1:
                    wrong.append(f"{address}: {response.status_code}, rounds {sorted(found)}")
                else:
                    rounds.append(int(found.pop()))

        threads = [threading.Thread(target=visit, args=(place * 5,)) for place in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            for round in range(1, REINDEXES + 1):
                seen, until = len(rounds), time.monotonic() + 60
                while len(rounds) < seen + BETWEEN and time.monotonic() < until:
                    time.sleep(0.02)
                fill(builder, marked(round))
            until = time.monotonic() + 60
            while rounds[-BETWEEN:] != [REINDEXES] * BETWEEN and time.monotonic() < until:
                time.sleep(0.05)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        with capsys.disabled():
            counted = {round: rounds.count(round) for round in sorted(set(rounds))}
            print(f"\n  {REINDEXES} reindexes under {len(rounds)} visits, by generation {counted}, {len(wrong)} wrong")
        assert wrong == []
        assert set(rounds) == set(range(REINDEXES + 1))


def test_a_search_whose_index_is_removed_meanwhile_is_of_the_next_one_alone(tmp_path, monkeypatch):
    with opened() as engine:
        fill(engine, marked(0))
        service = make_site(tmp_path, engine).extensions["nextep"].search
        reader = engine.reader()
        plain = type(reader).series

        def removed_meanwhile(self, series):
            monkeypatch.setattr(type(reader), "series", plain)
            # Two swaps: the index that this search began with is deleted by the second, and ids of it with it.
            fill(engine, marked(1))
            fill(engine, [one for one in marked(2) if one.id != 2])
            return plain(self, series)

        monkeypatch.setattr(type(reader), "series", removed_meanwhile)
        answer = service.search("Cowboy Bebop")
        names = [item.title.name() for group in answer.groups for item in group.items]
        assert names
        assert {MARK.findall(name)[0] for name in names} == {"2"}
        assert answer.generation == engine.reader().info().generation
        assert engine.reader().browse(Filters(), "watched", 0, 0).total
