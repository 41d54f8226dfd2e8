"""The bodies that Elasticsearch gets, by the dicts they are."""

from __future__ import annotations

import numpy as np
import pytest

from search.elastic import answers, queries
from search.elastic.errors import IndexGone, Overloaded, Target
from search.engine import NO_FILTERS, Filters, Hit, NameHit
from search.lexical import BOOSTS

OFFERED = [{"term": {"offered": True}}, {"term": {"adult": False}}]
TARGET = Target(("http://es:9200",))


@pytest.mark.parametrize(
    ("filters", "clause"),
    [
        (NO_FILTERS, {"bool": {"filter": OFFERED}}),
        (Filters(adult=True, offered=None), {"match_all": {}}),
        (Filters(offered=False), {"bool": {"filter": [{"term": {"offered": False}}, OFFERED[1]]}}),
        (
            Filters(genres=("Comedy", "School"), without_genres=("Horror",)),
            {
                "bool": {
                    "filter": [*OFFERED, {"term": {"labels": "Comedy"}}, {"term": {"labels": "School"}}],
                    "must_not": [{"terms": {"labels": ["Horror"]}}],
                }
            },
        ),
        (
            Filters(formats=("tv", "movie"), studios=("J.C.Staff",)),
            {"bool": {"filter": [*OFFERED, {"terms": {"format": ["tv", "movie"]}}, {"terms": {"studios": ["jcstaff"]}}]}},
        ),
        (
            Filters(year_from=1990, year_to=1999),
            {"bool": {"filter": [*OFFERED, {"range": {"year": {"gte": 1990, "lte": 1999}}}]}},
        ),
        (Filters(episodes_max=12), {"bool": {"filter": [*OFFERED, {"range": {"episodes": {"gte": 0, "lte": 12}}}]}}),
        (Filters(ids=()), {"bool": {"filter": [*OFFERED, {"terms": {"id": []}}]}}),
        (Filters(exclude=(3, 4)), {"bool": {"filter": OFFERED, "must_not": [{"terms": {"id": [3, 4]}}]}}),
    ],
)  # fmt: skip
def test_filters_are_one_clause_that_scores_nothing(filters, clause):
    assert queries.conditions(filters) == clause


def test_every_search_asks_for_columns_and_not_for_documents():
    vector = np.ones(2, dtype=np.float32)
    bodies = [
        queries.lexical("a boy", NO_FILTERS, 10, ()),
        queries.nearest("text", vector, {"match_all": {}}, 10),
        queries.passages("text", vector, {"match_all": {}}, 10),
        queries.exact(["bebop"], adult=False),
        queries.named(["bebop"], NO_FILTERS, 10),
        queries.prefixed("beb", NO_FILTERS, 10),
        queries.fuzzy("^be beb", NO_FILTERS, 10),
        queries.series(1),
        queries.browse(NO_FILTERS, "score", 0, 10, ()),
    ]
    for body in bodies:
        assert body["_source"] is False
        assert body["stored_fields"] == "_none_"
        assert body["sort"]


def test_the_lexical_leg_counts_each_word_once_in_each_field_with_the_common_boosts():
    body = queries.lexical("Bebop bebop 우주 우주", NO_FILTERS, 7, ())
    should = body["query"]["bool"]["must"][0]["bool"]["should"]
    assert should == [
        {"match": {"en": {"query": "Bebop bebop 우주 우주", "boost": BOOSTS["en"]}}},
        {"match": {"tags": {"query": "Bebop bebop 우주 우주", "boost": BOOSTS["tags"]}}},
        {"match": {"name": {"query": "bebop 우주", "boost": BOOSTS["name"]}}},
        {"match": {"bi": {"query": "우주", "boost": BOOSTS["bi"]}}},
        {"match": {"name_bi": {"query": "우주", "boost": BOOSTS["name_bi"]}}},
    ]
    assert body["query"]["bool"]["filter"] == [queries.conditions(NO_FILTERS)]
    assert body["size"] == 7


def test_analysed_korean_counts_beside_the_bigrams_and_never_on_top_of_them():
    body = queries.lexical("현상금 사냥꾼", NO_FILTERS, 7, ("nori", "kuromoji"))
    *_, texts, names = body["query"]["bool"]["must"][0]["bool"]["should"]
    assert [next(iter(clause["match"])) for clause in texts["dis_max"]["queries"]] == ["bi", "ko"]
    assert [next(iter(clause["match"])) for clause in names["dis_max"]["queries"]] == ["name_bi", "name_ko", "name_ja"]
    assert texts["dis_max"]["queries"][1]["match"]["ko"]["boost"] == BOOSTS["bi"] * queries.ANALYSED


def test_a_text_without_a_word_has_no_lexical_leg():
    assert queries.lexical("  \u3000 ", NO_FILTERS, 7, ()) is None


def test_the_vector_legs_carry_the_filter_inside():
    vector = np.array([0.6, 0.8], dtype=np.float32)
    clause = queries.conditions(Filters(exclude=(1,)))
    body = queries.nearest("text", vector, clause, 200)
    assert body["knn"] == {
        "field": "vector_text",
        "query_vector": [pytest.approx(0.6), pytest.approx(0.8)],
        "k": 200,
        "num_candidates": 400,
        "filter": clause,
    }
    passages = queries.passages("text", vector, clause, 20_000)["knn"]
    assert passages["field"] == "passages_text.vector"
    assert passages["num_candidates"] == queries.MAX_CANDIDATES
    assert "inner_hits" not in passages
    told = queries.best_passages("text", vector, [4, 7])["knn"]
    assert (told["filter"], told["k"], told["inner_hits"]["size"]) == (queries.among([4, 7]), 2, 1)


def test_five_thousand_excluded_ids_are_one_clause():
    clause = queries.conditions(Filters(exclude=tuple(range(5000))))
    assert clause["bool"]["must_not"] == [{"terms": {"id": list(range(5000))}}]


def test_part_of_a_name_must_stand_in_one_name():
    held = queries.named(["attack", "on", "ti"], NO_FILTERS, 5)["query"]["bool"]["filter"][0]
    rules = held["intervals"]["names"]["all_of"]
    assert [rule["match"]["query"] for rule in rules["intervals"]] == ["attack", "on", "ti"]
    assert rules["intervals"][-1]["match"]["use_field"] == "names.half_typed"
    assert rules["max_gaps"] < 100


def test_one_half_typed_word_is_a_term():
    held = queries.named(["ti"], NO_FILTERS, 5)["query"]["bool"]["filter"][0]
    assert held == {"term": {"names.half_typed": "ti"}}


def test_a_half_typed_word_longer_than_what_is_indexed_is_cut():
    long = "supercalifragilisticexpialidocious"
    held = queries.named([long], NO_FILTERS, 5)["query"]["bool"]["filter"][0]
    assert held == {"term": {"names.half_typed": long[:20]}}


@pytest.mark.parametrize(("sort", "first"), [("watched", "members"), ("score", "score"), ("newest", "aired"), ("title", "sort_title")])  # fmt: skip
def test_every_order_ends_with_the_id(sort, first):
    order = queries.browse(NO_FILTERS, sort, 0, 5, ())["sort"]
    assert next(iter(order[0])) == first
    assert next(iter(order[-1])) == "id"


def test_facets_are_counted_in_the_same_request():
    body = queries.browse(NO_FILTERS, "watched", 40, 20, ("genre", "studio"))
    assert (body["from"], body["size"], body["track_total_hits"]) == (40, 20, True)
    assert {name: agg["terms"]["field"] for name, agg in body["aggs"].items()} == {
        "genre": "labels",
        "studio": "makers",
    }


def test_cosines_come_back_from_the_scores_and_works_without_a_vector_do_not():
    hits = [{"sort": [0.75, 5, 900, 3]}, {"sort": [0.5, 6, 1, 6]}, {"sort": [0.0, 7, 1, 7]}]
    assert answers.near_hits({"hits": {"hits": hits}}) == [Hit(5, 0.5, 900, 3), Hit(6, 0.0, 1, 6)]


def test_the_place_of_the_best_passage_comes_back_from_the_inner_hit():
    inner = {"passages": {"hits": {"hits": [{"_nested": {"field": "passages", "offset": 2}}]}}}
    hits = [{"sort": [0.75, 5, 900, 3], "inner_hits": inner}]
    assert answers.places({"hits": {"hits": hits}}) == {5: (0.75, 2)}


def test_a_name_is_shown_that_holds_the_words_the_shortest_first():
    hit = {"sort": [99, 4], "fields": {"spelled": ["000attack on titan", "001shingeki no kyojin", "002titan attack"]}}
    assert answers.named({"hits": {"hits": [hit]}}, ["attack", "tit"]) == [NameHit(4, "titan attack", 99.0)]
    assert answers.named({"hits": {"hits": [hit]}}, ["attack", "kyojin"]) == []
    assert answers.prefixed({"hits": {"hits": [hit]}}) == [NameHit(4, "attack on titan", 99.0)]


def test_spellings_of_one_maker_are_counted_together():
    buckets = [{"key": "jcstaff\nJ.C.Staff", "doc_count": 3}, {"key": "jcstaff\nJC Staff", "doc_count": 1}]
    years = [{"key": 2001, "doc_count": 1}, {"key": 1999, "doc_count": 4}]
    found = answers.facets({"aggregations": {"studio": {"buckets": buckets}, "year": {"buckets": years}}})
    assert found == {"studio": {"J.C.Staff": 4}, "year": {"1999": 4, "2001": 1}}
    assert list(found["year"]) == ["1999", "2001"]


def test_each_item_of_an_msearch_is_looked_at():
    well = {"_shards": {"total": 1, "failed": 0}, "timed_out": False, "hits": {}}
    assert answers.problem("words", well, TARGET) is None
    busy = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}}
    assert isinstance(answers.problem("words", busy, TARGET), Overloaded)
    gone = {"status": 404, "error": {"type": "index_not_found_exception", "reason": "no such index"}}
    assert isinstance(answers.problem("words", gone, TARGET), IndexGone)
    assert "1 of 3 shards" in str(answers.problem("words", {**well, "_shards": {"total": 3, "failed": 1}}, TARGET))
    assert "cut short" in str(answers.problem("words", {**well, "timed_out": True}, TARGET))
