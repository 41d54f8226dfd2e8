"""Fusion by hand: two legs, three works, every number checked."""

from __future__ import annotations

import json

import pytest

from search import ranking
from search.engine import Hit, Legs
from search.ranking import SIMILAR, Weights, dump, evidence, features, fuse, learned, reciprocal_rank

# Work 1 is found by all legs, 2 by words only, 3 by vectors only. Members: 999 and 99 make log10(1 + n) 3 and 2.
LEGS = Legs(
    {
        "words": [Hit(2, 20.0, 99), Hit(1, 10.0, 999)],
        "document:text": [Hit(3, 0.9, 0), Hit(1, 0.5, 999)],
        "passage:text": [Hit(1, 0.8, 999), Hit(3, 0.6, 0)],
    }
)
WEIGHTS = Weights(words=1.0, document=10.0, passage=100.0, members=0.001, floor=0.0)


def test_features_are_scaled_words_and_cosines_and_a_missing_one_is_the_legs_lowest():
    assert features(LEGS) == {
        1: {"words": 0.5, "document": 0.5, "passage": 0.8},
        2: {"words": 1.0, "document": 0.5, "passage": 0.6},
        3: {"words": 0.0, "document": 0.9, "passage": 0.6},
    }


def test_the_score_is_the_weighted_sum():
    ranked = {item.id: item.score for item in fuse(LEGS, WEIGHTS)}
    assert ranked == {
        1: pytest.approx(0.5 + 5.0 + 80.0 + 0.003),
        2: pytest.approx(1.0 + 5.0 + 60.0 + 0.002),
        3: pytest.approx(0.0 + 9.0 + 60.0 + 0.0),
    }


def test_the_order_is_by_score():
    assert [item.id for item in fuse(LEGS, WEIGHTS)] == [1, 3, 2]
    assert [item.id for item in fuse(LEGS, Weights(1, 0, 0, 0, 0))] == [2, 1, 3]
    assert [item.id for item in fuse(LEGS, Weights(0, 1, 0, 0, 0))] == [3, 1, 2]
    assert [item.id for item in fuse(LEGS, Weights(0, 0, 0, 1, 0))] == [1, 2, 3]


def test_equals_stand_by_id():
    legs = Legs({"words": [Hit(7, 1.0), Hit(5, 1.0), Hit(6, 1.0)]})
    assert [item.id for item in fuse(legs, WEIGHTS)] == [5, 6, 7]


def test_a_ranked_work_tells_its_place_in_each_leg():
    first, *_ = fuse(LEGS, WEIGHTS)
    assert first.legs == {"words": (2, 10.0), "document:text": (2, 0.5), "passage:text": (1, 0.8)}
    assert first.features == {"words": 0.5, "document": 0.5, "passage": 0.8, "members": 999}


def test_of_two_spaces_the_nearer_counts():
    legs = Legs(
        {
            "document:en": [Hit(1, 0.4)],
            "document:ko": [Hit(1, 0.7)],
            "passage:en": [Hit(1, 0.9)],
            "passage:ko": [Hit(1, 0.2)],
        }
    )
    assert features(legs) == {1: {"words": 0.0, "document": 0.7, "passage": 0.9}}


def test_nothing_found_is_an_empty_order():
    assert fuse(Legs({}), WEIGHTS) == []
    assert fuse(Legs({"words": [], "document:text": []}), WEIGHTS) == []


def test_words_that_score_nothing_count_nothing():
    assert features(Legs({"words": [Hit(1, 0.0)]})) == {1: {"words": 0.0, "document": 0.0, "passage": 0.0}}


def test_unknown_members_count_as_none():
    (item,) = fuse(Legs({"words": [Hit(1, 20.0, -1)]}), WEIGHTS)
    assert item.score == pytest.approx(1.0)


def test_evidence_is_the_mean_of_the_best_cosines():
    assert evidence(LEGS, fuse(LEGS, WEIGHTS)) == pytest.approx((0.9 + 0.8) / 2)


def test_without_vectors_any_word_is_evidence_and_none_is_none():
    legs = Legs({"words": [Hit(1, 3.0)]})
    assert evidence(legs, fuse(legs, WEIGHTS)) == 1.0
    assert evidence(Legs({}), []) == 0.0


def test_reciprocal_rank_fusion_sums_one_over_sixty_and_rank():
    # 1: 1/62 + 1/62 + 1/61; 3: 1/61 + 1/62; 2: 1/61
    assert reciprocal_rank(LEGS) == [1, 3, 2]


def test_works_like_a_work_are_ranked_by_its_vectors_before_popularity():
    legs = Legs({"document:text": [Hit(1, 0.80, 0), Hit(2, 0.78, 9_999_999), Hit(3, 0.2, 9_999_999)]})
    assert [item.id for item in fuse(legs, SIMILAR)] == [2, 1, 3]


def test_the_learned_weights_are_there_for_both_languages_and_say_where_they_come_from():
    learned.cache_clear()
    weights = learned()
    assert set(weights) == {"en", "ko"}
    for made in weights.values():
        assert made.document > 0
        assert made.floor > 0
    assert json.loads(ranking.WEIGHTS_FILE.read_text(encoding="utf-8"))["provenance"]


def test_weights_written_are_the_weights_read(tmp_path, monkeypatch):
    file = tmp_path / "weights.json"
    dump({"en": WEIGHTS}, {"by": "a test"}, file)
    monkeypatch.setattr(ranking, "WEIGHTS_FILE", file)
    learned.cache_clear()
    assert learned() == {"en": WEIGHTS}
    learned.cache_clear()
