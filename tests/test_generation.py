"""One answer comes of one generation, and the last reader goes on while no node answers."""

from __future__ import annotations

import threading

import pytest
import web
from samples import CATALOGUE, encoder, fill, info

from search.elastic import ElasticEngine, mapping
from search.elastic.errors import Unavailable
from search.embedded import EmbeddedEngine
from search.engine import EngineError, Legs
from search.generation import TRIES, Held, of_one
from search.service import SearchService


class Moving:
    """A reader whose generation is what a test says."""

    generation = "one"

    def info(self):
        return self


def test_an_answer_of_two_generations_is_made_anew():
    reader, made = Moving(), []

    def ask():
        made.append(reader.generation)
        reader.generation = "two"
        return made[-1]

    assert of_one(reader, ask) == "two"
    assert made == ["one", "two"]


def test_an_id_that_the_next_generation_does_not_have_is_no_error():
    reader, asked = Moving(), []

    def ask():
        asked.append(reader.generation)
        reader.generation = "two"
        if asked[-1] == "one":
            raise KeyError(7)
        return "whole"

    assert of_one(reader, ask) == "whole"


def test_an_error_within_one_generation_is_one():
    def ask():
        raise KeyError(7)

    with pytest.raises(KeyError):
        of_one(Moving(), ask)


def test_an_index_that_never_stands_still_is_an_engine_error():
    reader, asked = Moving(), []

    def ask():
        asked.append(1)
        reader.generation = len(asked)

    with pytest.raises(EngineError, match="kept changing"):
        of_one(reader, ask)
    assert len(asked) == TRIES


def test_a_request_holds_the_reader_that_it_began_with_and_other_threads_do_not():
    held, opened = Held(), iter(range(100))
    assert [held.open(lambda: next(opened)) for _ in range(2)] == [0, 1], "nothing is held outside a request"
    held.begin()
    assert [held.open(lambda: next(opened)) for _ in range(3)] == [2, 2, 2]
    others = []
    thread = threading.Thread(target=lambda: others.extend(held.open(lambda: next(opened)) for _ in range(2)))
    thread.start()
    thread.join()
    assert others == [3, 4]
    held.end()
    assert held.open(lambda: next(opened)) == 5


def test_a_page_is_of_one_generation_and_the_next_page_of_the_next(tmp_path, monkeypatch):
    engine = web.make_engine(tmp_path)
    app = web.make_site(tmp_path, engine)
    service = app.extensions["nextep"].search
    plain = service.series

    def swapped_meanwhile(title):
        fill(engine, [one.replace(synopsis={"en": "Of the next generation."}) for one in CATALOGUE])
        monkeypatch.setattr(service, "series", plain)
        return plain(title)

    monkeypatch.setattr(service, "series", swapped_meanwhile)
    assert "Of the next generation." not in web.get(app.test_client(), "/titles/1").text
    assert "Of the next generation." in web.get(app.test_client(), "/titles/1").text


@pytest.mark.parametrize("query", [web.PLOT, "toradora", "cowboy", "drama", "like toradora but sad"])
def test_a_partial_answer_says_so_whatever_resolves_it(tmp_path, monkeypatch, query):
    engine = web.make_engine(tmp_path)
    service = SearchService(engine, encoder())
    assert "partial" not in service.search(query).notices
    plain = type(engine.reader()).legs

    def part(reader, request):
        return Legs(plain(reader, request).hits, partial="document:text: 1 of 2 shards could not be searched")

    monkeypatch.setattr(type(engine.reader()), "legs", part)
    assert "partial" in service.search(query).notices
    page = web.get(web.make_site(tmp_path, engine).test_client(), f"/search?q={query}")
    assert "A part of the index did not answer" in page.text


# -- Elasticsearch without an answer -----------------------------------------------------------------------------------


class Cluster:
    """A connection to a cluster that holds one index and may be down."""

    target = None

    def __init__(self):
        self.down = False
        self.asked = 0

    def ask(self, call):
        self.asked += 1
        if self.down:
            raise Unavailable("Nothing answers.")
        return call(self)

    @property
    def indices(self):
        return self

    def get_mapping(self, **_):
        return self

    @property
    def body(self):
        return {"nextep-1": {"mappings": {"_meta": mapping.meta(info(), ("nori", "kuromoji"))}}}


def test_the_last_reader_goes_on_while_no_node_answers_and_readiness_does_not():
    cluster = Cluster()
    engine = ElasticEngine(cluster, "nextep")
    reader = engine.reader()
    cluster.down = True
    engine._forget()
    assert engine.reader() is reader
    asked = cluster.asked
    assert engine.reader() is reader
    assert cluster.asked == asked, "not each reader asks again"
    with pytest.raises(Unavailable):
        engine.ready()
    cluster.down = False
    assert engine.ready().documents == len(CATALOGUE)


def test_without_a_reader_of_before_the_outage_is_told():
    cluster = Cluster()
    cluster.down = True
    with pytest.raises(Unavailable):
        ElasticEngine(cluster, "nextep").reader()


def test_the_embedded_engine_is_ready_with_its_index(tmp_path):
    engine = EmbeddedEngine(tmp_path / "index")
    with pytest.raises(EngineError):
        engine.ready()
    fill(engine)
    assert engine.ready().documents == len(CATALOGUE)
