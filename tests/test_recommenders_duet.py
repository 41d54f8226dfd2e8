"""Two scores for every title of a catalogue: scaled, weighed, explained; and what ratings say of a taste."""

from __future__ import annotations

import numpy as np
import pytest

from catalogue import Title
from recommenders.duet import Duet, describe_all
from recommenders.features import from_tags
from recommenders.interactions import Interactions
from recommenders.models import MODELS, make_model
from recommenders.profiles import Rated, average, liked, preferences, scale_of

TAGS = {
    1: ["space", "crew"], 2: ["space", "crew", "war"], 3: ["space", "war"], 4: ["school", "love"], 5: ["school", "love", "music"],
    6: ["music", "school"], 7: ["war", "history"], 8: ["space", "music"], 9: [],
}  # fmt: skip
# Who likes 1 likes 4; nobody has 3, 8 or 9. 77 is in no catalogue.
LISTS = [("a", 1), ("a", 4), ("b", 1), ("b", 4), ("c", 1), ("c", 4), ("c", 5), ("d", 5), ("d", 6), ("e", 5), ("e", 6), ("f", 2), ("f", 7), ("f", 77)]  # fmt: skip


def interactions() -> Interactions:
    return Interactions.from_arrays([user for user, _ in LISTS], [item for _, item in LISTS])


def duet(name: str | None = "item_knn", hidden: tuple[int, ...] = (), members=None, **settings) -> Duet:
    content = describe_all(list(TAGS), from_tags({str(id): tags for id, tags in TAGS.items()}))
    features = from_tags({str(id): tags for id, tags in TAGS.items()})
    model = None if name is None else make_model(name, settings, 42, features).fit(interactions())
    return Duet(content, model, members or {}, {id: id not in hidden for id in TAGS})


def test_the_scores_are_weighed_scaled_parts():
    picks, notices = duet().recommend({1: 1.0}, [1], 8, 0.6, 0.4)
    by_id = {pick.item: pick for pick in picks}
    assert notices == []
    assert 1 not in by_id
    # 4 is what everybody who likes 1 likes; 2 shares most with it.
    assert by_id[4].collaborative == pytest.approx(0.4)
    assert by_id[4].content == 0
    assert by_id[2].content == pytest.approx(0.6)
    assert [pick.item for pick in picks] == sorted(
        by_id, key=lambda id: (-(by_id[id].content + by_id[id].collaborative), id)
    )


def test_a_weight_of_nothing_leaves_the_other_part_alone():
    content, _ = duet().recommend({1: 1.0}, [1], 3, 1.0, 0.0)
    others, _ = duet().recommend({1: 1.0}, [1], 3, 0.0, 1.0)
    assert content[0].item == 2
    assert content[0].collaborative == 0
    assert others[0].item == 4
    assert others[0].content == 0


def test_what_the_other_model_never_saw_is_scored_by_content():
    picks, _ = duet().recommend({2: 1.0}, [2], 8, 0.5, 0.5)
    by_id = {pick.item: pick for pick in picks}
    assert by_id[3].content > 0
    assert by_id[3].collaborative == 0


def test_neither_what_was_seen_nor_what_is_not_offered_comes_back():
    picks, _ = duet(hidden=(2,)).recommend({1: 1.0}, [1, 3, 77], 100, 0.6, 0.4)
    assert {pick.item for pick in picks} == {4, 5, 6, 7, 8, 9}


def test_a_filter_chooses_and_changes_no_score():
    whole, _ = duet().recommend({1: 1.0}, [1], 8, 0.6, 0.4)
    some, _ = duet().recommend({1: 1.0}, [1], 8, 0.6, 0.4, allowed=[1, 3, 5, 999])
    assert {pick.item for pick in some} == {3, 5}
    assert set(some) <= set(whole)


def test_reasons_add_up_to_the_score():
    picks, _ = duet().recommend({1: 1.0, 5: 0.8}, [1, 5], 7, 0.6, 0.4)
    for pick in picks:
        assert sum(reason.weight for reason in pick.because) == pytest.approx(
            pick.content + pick.collaborative, abs=1e-5
        )
    by_id = {pick.item: pick for pick in picks}
    assert by_id[2].because[0].item == "1"
    assert by_id[6].because[0].item == "5"


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"mf", "content", "hybrid", "blend"}))
def test_any_model_may_stand_beside_content(name):
    picks, _ = duet(name).recommend({1: 1.0, 4: 0.9}, [1, 4], 7, 0.6, 0.4)
    assert len(picks) == 7
    for pick in picks:
        assert 0 <= pick.content <= 0.6 + 1e-6
        assert 0 <= pick.collaborative <= 0.4 + 1e-6
        assert np.isfinite([reason.weight for reason in pick.because]).all()


def test_a_model_of_scores_gets_the_scores_of_what_is_not_liked_too():
    features = from_tags({str(id): tags for id, tags in TAGS.items()})
    scores = Interactions.from_arrays([user for user, _ in LISTS], [item for _, item in LISTS], [9.0 - at % 7 for at in range(len(LISTS))])  # fmt: skip
    model = make_model("mf", {"embedding_size": 2}, 42, features).fit(scores)
    made = Duet(describe_all(list(TAGS), features), model, {}, dict.fromkeys(TAGS, True))
    keen, _ = made.recommend({1: 1.0}, [1, 5], 7, 0.0, 1.0, ratings={1: 10.0, 5: 10.0})
    not_keen, _ = made.recommend({1: 1.0}, [1, 5], 7, 0.0, 1.0, ratings={1: 10.0, 5: 1.0})
    assert [pick.collaborative for pick in keen] != [pick.collaborative for pick in not_keen]


def test_without_a_model_content_answers_alone():
    picks, notices = duet(None).recommend({1: 1.0}, [1], 3, 0.6, 0.4)
    assert picks[0].item == 2
    assert picks[0].content == pytest.approx(0.6)
    assert notices == []


def test_what_the_model_does_not_know_of_is_said():
    picks, notices = duet().recommend({3: 1.0}, [3], 3, 0.6, 0.4)
    assert notices == ["unknown_to_collaborative"]
    assert picks[0].item == 2


def test_with_nothing_known_what_most_watch_comes_first_with_scores_of_nothing():
    picks, notices = duet(members={6: 900, 7: 50}).recommend({}, [], 3, 0.6, 0.4)
    assert [pick.item for pick in picks] == [6, 7, 1]
    assert "nothing_known" in notices
    assert {(pick.content, pick.collaborative, pick.because) for pick in picks} == {(0.0, 0.0, ())}


def test_equal_scores_stand_in_the_order_of_how_many_watch():
    twins = {str(id): ["same"] for id in (1, 2, 3, 4)}
    made = Duet(describe_all([1, 2, 3, 4], from_tags(twins)), None, {3: 10, 4: 20}, dict.fromkeys((1, 2, 3, 4), True))
    assert [pick.item for pick in made.recommend({1: 1.0}, [1], 3, 1.0, 0.0)[0]] == [4, 3, 2]


# -- what ratings say ----------------------------------------------------------------------------------------------


def rated(rating: float, **facts) -> Rated:
    return Rated(Title(id=1, titles={"en": "x"}, **facts), rating)


def test_a_taste_is_shares_of_all_rating_points():
    taste = preferences(
        [
            rated(10, genres=("Drama", "Drama"), themes=("Drama", "Space"), year=1999, format="tv"),
            rated(5, genres=("Comedy",), year=2001, format="movie"),
            rated(5, genres=("Comedy", "Drama")),
        ]
    )
    assert taste.genres == (("Drama", 0.75), ("Comedy", 0.5))
    assert taste.tags == (("Space", 0.5),)
    assert taste.eras == (("1990s", 0.5), ("2000s", 0.25))
    assert taste.formats == (("tv", 0.5), ("movie", 0.25))
    assert preferences([]).genres == ()


def test_the_mean_is_told_on_the_scale_of_the_ratings():
    assert average([rated(8), rated(10)], 5) == 4.5
    assert average([]) is None


def test_liked_is_seven_of_ten_or_not_below_the_own_mean():
    assert liked([(1, 10), (2, 7), (3, 6.9), (4, 1)]) == {1: 1.0, 2: 0.7}
    assert liked([(1, 4), (2, 2), (3, 3)]) == {1: 0.4, 3: 0.3}
    assert liked([(1, 2), (2, 2)]) == {1: 0.2, 2: 0.2}
    assert liked([]) == {}


def test_the_scale_is_ten_unless_given_or_five_is_the_largest_of_five_or_more():
    assert scale_of([5, 1, 2, 3, 4], None) == (5, "ratings")
    assert scale_of([5, 1, 2, 3], None) == (10, "default")
    assert scale_of([4.5, 1, 2, 3, 4], None) == (10, "default")
    assert scale_of([5, 1, 2, 3, 4], 10) == (10, "given")
