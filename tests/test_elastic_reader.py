"""What a reader makes of answers that are missing or not whole: the rest with a word about it, or an error."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from samples import info

from search.elastic import queries
from search.elastic.errors import Overloaded, Target
from search.elastic.reader import ALONE, ElasticReader, Opened
from search.engine import Filters, LegsRequest

WELL = {"total": 1, "successful": 1, "failed": 0}
WELL_TOLD = {"status": 200, "took": 3, "timed_out": False, "_shards": WELL}
BUSY = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}}
VECTOR = np.ones(64, dtype=np.float32) / 8


def hits(*sorts, shards=WELL):
    found = [{"sort": list(sort), "_source": {}} for sort in sorts]
    return {**WELL_TOLD, "_shards": shards, "hits": {"hits": found}}


class Answered:
    """A connection and its client at once, which gives the answers in turn and keeps the searches."""

    target = Target(("http://es:9200",))

    def __init__(self, *answers):
        self.answers, self.bodies = list(answers), []

    def ask(self, call):
        return call(self)

    def msearch(self, searches):
        self.bodies.append(searches[1::2])
        self.body = {"responses": self.answers.pop(0)}
        return self

    def search(self, body, **_):
        self.bodies.append([body])
        self.body = self.answers.pop(0)
        return self


def reader(*answers):
    connection = Answered(*answers)
    return connection, ElasticReader(connection, Opened("nextep-1", info(), ()), lambda: pytest.fail("not gone"))


def legs(*answers):
    return reader(*answers)[1].legs(LegsRequest(text="a boy", vectors={"text": VECTOR}, size=10))


WORDS = hits([4.2, 1, 900, 1])
NEAR = hits([0.9, 1, 900, 1], [0.8, 2, 50, 2])
PASSAGES = hits([0.7, 1, 900, 1])


def test_answers_that_are_whole_are_told_as_that():
    found = legs([WORDS, NEAR], [PASSAGES])
    assert found.partial is None
    assert [hit.id for hit in found.hits["document:text"]] == [1, 2]
    assert [hit.id for hit in found.hits["passage:text"]] == [1]


def test_an_item_that_was_turned_away_leaves_the_others_and_is_told():
    found = legs([BUSY, NEAR], [PASSAGES])
    assert "queue is full" in str(found.partial)
    assert found.hits["words"] == []
    assert [hit.id for hit in found.hits["document:text"]] == [1, 2]


def test_a_lost_shard_is_told_beside_what_the_others_found():
    found = legs([hits([4.2, 1, 900, 1], shards={"total": 2, "failed": 1}), NEAR], [PASSAGES])
    assert found.partial == "words: 1 of 2 shards could not be searched"
    assert [hit.id for hit in found.hits["words"]] == [1]


def test_passages_that_do_not_come_are_told_and_fail_nothing():
    found = legs([WORDS, NEAR], [BUSY])
    assert "queue is full" in str(found.partial)
    assert [hit.id for hit in found.hits["document:text"]] == [1, 2]


def test_sentences_that_can_not_be_told_fail_nothing_and_are_logged(caplog):
    _, asked = reader([BUSY])
    assert asked.best_passages({"text": VECTOR}, [1, 2]) == {}
    assert "queue is full" in caplog.text


def test_where_nothing_came_it_is_an_error():
    with pytest.raises(Overloaded, match="queue is full"):
        legs([BUSY, BUSY])


def test_a_name_that_could_not_be_looked_up_is_asked_again_and_not_taken_for_unknown():
    connection, asked = reader([BUSY, hits(), hits()], hits([900, 3]))
    assert asked.exact(["toradora"]) == [3]
    assert connection.bodies[1] == [queries.exact(["toradora"], adult=False)]


def test_the_titles_of_a_few_named_works_come_along_and_of_very_few_their_vectors():
    listed = {**hits(), "hits": {"total": {"value": 0}, "hits": []}}
    connection, asked = reader(listed, listed, listed)
    for count in (ALONE, ALONE + 1):
        asked.browse(Filters(ids=tuple(range(count))))
    asked.browse(Filters())
    few, more, all_works = (bodies[0] for bodies in connection.bodies)
    assert (few["_source"], few["fields"]) == (["title"], ["vector_text"])
    assert more["_source"] == ["title"]
    assert "fields" not in more
    assert all_works["_source"] is False


def test_of_two_spaces_the_nearer_passage_is_told():
    spaces = (*info().spaces, dataclasses.replace(info().spaces[0], name="ko"))
    far, near = ({"hits": {"hits": [_with_passage(4, score, at)]}, **WELL_TOLD} for score, at in ((0.6, 1), (0.9, 3)))
    opened = Opened("nextep-1", dataclasses.replace(info(), spaces=spaces), ())
    asked = ElasticReader(Answered([far, near]), opened, lambda: pytest.fail("not gone"))
    assert asked.best_passages({"text": VECTOR, "ko": VECTOR}, [4]) == {4: ("ko", 3)}


def _with_passage(id, score, at):
    inner = {"hits": {"hits": [{"_nested": {"field": "passages", "offset": at}}]}}
    return {"sort": [score, id, 900, 1], "inner_hits": {"passages": inner}}
