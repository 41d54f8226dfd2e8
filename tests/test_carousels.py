"""Rows from arrays: a small catalogue of eight families, and what a person's list makes of it."""

from __future__ import annotations

import csv
import dataclasses
import datetime

import numpy as np
import pytest
from samples import title

from catalogue import Relation
from recommenders.base import Scored
from recommenders.carousels import _by_genre, for_you, home, ranking, why
from recommenders.choice import Choice
from recommenders.default import MODELS, is_trained, train_default
from recommenders.interactions import Interactions
from recommenders.models import load_model, make_model
from recommenders.seeds import favourite_genres, favourite_makers, seeds
from recommenders.shelf import Shelf
from recommenders.taste import Taste, Watched
from recommenders.works import neighbours, works_of

TODAY = datetime.date(2017, 8, 10)
GENRES = ("Action", "Comedy", "Drama", "Romance", "Horror", "Mystery")


def catalogue(count: int = 300):
    """Works in six genres; each third is the sequel of the one before, and its series are two works long."""
    made = []
    for number in range(1, count + 1):
        sequel = number % 3 == 0
        made.append(
            title(
                number, f"Work {number}", year=1990 + number % 28, aired_from=f"{1990 + number % 28}-03-01",
                genres=(GENRES[number % 6],), themes=(("School", "Space", "Music")[number % 3],),
                studios=(f"Studio {number % 5}",), members=1000 * (count - number + 1), score=7.0,
                series=number - 1 if sequel else number,
                relations=(Relation(number - 1, "prequel"),) if sequel else (),
                synopsis={"en": f"Story {number} of a {GENRES[number % 6].lower()} club called {'abcdef'[number % 6] * 4}."},
            )
        )  # fmt: skip
    return made


TITLES = catalogue()
RARE = (2, 5, 8, 11, 14, 17, *range(102, 123, 3))  # the last seven of these are sequels


def crowd(path, people: int = 240, seed: int = 3):
    """Write lists of people who each like the works of two genres."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "value", "status"])
        for person in range(people):
            for number in range(1, 281):  # training never saw the last twenty
                if rng.random() < (0.45 if number % 6 in (person % 6, (person + 1) % 6) else 0.05):
                    writer.writerow([f"u{person}", number, int(rng.integers(6, 11)), "completed"])
    return path


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    return Interactions.read(crowd(tmp_path_factory.mktemp("crowd") / "lists.csv"))


@pytest.fixture(scope="module")
def works():
    return works_of(TITLES)


@pytest.fixture(scope="module")
def shelf(works, lists):
    model = make_model("edlae", {"reg": 20.0}).fit(lists)
    people = make_model("clusters", {"clusters": 6, "least_raters": 2}).fit(lists)
    return Shelf(works, model, people)


def liking(*numbers: int, score: float | None = 9, **more) -> Taste:
    entries = [Watched(str(number), score=score, changed=-place) for place, number in enumerate(numbers)]
    more.setdefault("excluded", frozenset(str(number) for number in numbers))
    return Taste(entries, **more)


FAN = liking(1, 7, 13, 19, 25, 31, 37, 43)  # Comedy


def items(row) -> list[int]:
    return [int(pick.item) for pick in row.items]


def rows_of(shelf, taste, **more):
    return home(shelf, taste, TODAY, **more)


def test_no_work_stands_in_two_rows_and_none_that_is_excluded(shelf):
    rows = rows_of(shelf, FAN, hero=True, used=("20",))
    found = [item for row in rows for item in items(row)]
    assert len(found) == len(set(found))
    assert not {1, 7, 13, 19, 25, 31, 37, 43, 20} & set(found)


def test_every_kind_of_row_is_there(shelf):
    rows = rows_of(shelf, FAN, length=8)
    assert {row.kind for row in rows} == {"for_you", "because", "people", "gems", "makers", "genre", "new"}
    assert sum(row.kind == "because" for row in rows) == 3


def test_rows_that_any_work_may_fill_are_full_however_much_is_excluded(shelf):
    for many, length in ((9, 8), (90, 8), (210, 5)):
        rows = {row.kind: row for row in rows_of(shelf, liking(*range(1, many + 1)), length=8)}
        assert {len(rows[kind].items) for kind in ("for_you", "people", "new")} == {length}


def test_a_row_for_a_person_goes_on_until_it_is_as_long_as_asked(shelf):
    taste = liking(*range(1, 261), sequels=True)
    assert len(for_you(shelf, taste, TODAY, 30).items) == 30
    assert len(for_you(shelf, taste, TODAY, 100).items) == 40  # there are no more


def test_the_best_for_a_fan_of_a_genre_is_of_that_genre(shelf):
    best = for_you(shelf, liking(1, 7, 13, 19, adventurous=0.0), TODAY, 6)
    assert sum(item % 6 in (1, 2, 0) for item in items(best)) >= 5


def test_what_led_to_a_pick_is_named_with_its_additive_weight(shelf):
    taste = liking(1, 7, 13, 19)
    pick = for_you(shelf, taste, TODAY, 1).items[0]
    told = dict(shelf.model.model.explain(taste.history, pick.item))
    assert pick.because
    assert pick.because[0].item == max(told, key=lambda item: told[item])
    assert [one.weight for one in pick.because] == pytest.approx([told[one.item] for one in pick.because])


def test_a_blend_names_what_its_own_explanation_names(works, lists):
    from recommenders.features import from_titles

    model = make_model("blend", {"parts": "edlae,content"}, features=from_titles(TITLES)).fit(lists)
    model.weights["content"] = 0.3
    model.parts.setdefault("content", make_model("content", {}, features=from_titles(TITLES)).fit(lists))
    taste = liking(1, 7, 13, 19)
    for pick in for_you(Shelf(works, model), taste, TODAY, 5).items:
        told = dict(model.explain(taste.history, pick.item))
        assert [one.weight for one in pick.because] == pytest.approx([told[one.item] for one in pick.because], rel=1e-4)


def test_content_names_what_is_shared(works):
    shelf = Shelf(works)  # no model at all
    pick = for_you(shelf, liking(1, 7), TODAY, 1).items[0]
    assert set(pick.shared) & {"Comedy", "Space", "Studio 1", "Studio 2"}
    assert pick.because[0].item in ("1", "7")


def test_works_that_training_never_saw_are_scored_by_content(shelf, works):
    unknown = [number for number in range(281, 301) if not shelf.model.known[works.place[str(number)]]]
    assert unknown == list(range(281, 301))
    scores = shelf.predicted(liking(1, 7, 13, 19, 25, 31))
    own = [scores[works.place[str(number)]] for number in unknown if number % 6 == 1]
    other = [scores[works.place[str(number)]] for number in unknown if number % 6 in (3, 4)]
    assert min(own) > max(other)


def test_titles_that_only_the_model_knows_are_never_recommended(works, lists):
    model = make_model("edlae", {"reg": 20.0}).fit(lists)
    few = works_of(TITLES[:40])
    found = for_you(Shelf(few, model), liking(1, 7, 13), TODAY, 30)
    assert set(items(found)) <= set(range(1, 41))


def test_a_row_because_of_a_work_is_of_works_like_it_and_not_of_its_own_series(shelf, works):
    near, _ = shelf.similar(works.place["2"])
    found = [int(works.ids[at]) for at in near]
    assert 3 not in found
    assert 2 not in found
    assert sum(number % 6 == 2 for number in found[:8]) >= 6


def test_a_work_that_shares_no_more_than_a_popular_genre_comes_after_one_that_shares_its_story(works):
    shelf = Shelf(works)
    near = [works.ids[at] for at in shelf.similar(works.place["1"])[0]]
    same_maker_theme_and_words = [id for id in near[:6] if int(id) % 6 == 1]
    assert len(same_maker_theme_and_words) == 6


def test_seeds_are_the_highest_scores_then_the_last_changed_then_the_less_watched(shelf):
    entries = [
        Watched("1", score=9, changed=5),
        Watched("10", score=10, changed=1),
        Watched("4", score=10, changed=2),
        Watched("20", score=10, changed=1),  # fewer watch it than 10
        Watched("7", score=10, changed=9),
        Watched("5", score=None, changed=99),
    ]
    assert [one.item for one in seeds(shelf, Taste(entries), 4)] == ["7", "4", "20", "10"]


def test_the_work_that_a_row_is_about_stands_in_no_other_whatever_may_be_recommended(shelf):
    taste = dataclasses.replace(FAN, excluded=frozenset())
    rows = rows_of(shelf, taste, hero=True)
    about = {int(row.seed) for row in rows if row.seed}
    found = {item for row in rows for item in items(row)}
    assert about
    assert not about & found
    assert found & {1, 7, 13, 19, 25, 31, 37, 43}


def test_seeds_are_of_different_series_and_were_loved(shelf):
    entries = [Watched("2", score=10), Watched("3", score=10), Watched("8", score=8), Watched("14", score=6)]
    assert [one.item for one in seeds(shelf, Taste(entries))] == ["3", "8"]
    assert [one.item for one in seeds(shelf, liking(14, score=6))] == ["14"]


def test_a_sequel_gives_way_to_the_work_before_it_until_that_was_begun(shelf):
    blocked = set(range(3, 301, 3))
    for row in rows_of(shelf, FAN):
        assert not blocked & set(items(row))
    begun = Taste([*FAN.entries, Watched("2", liked=False, score=5)], FAN.excluded | {"2"})
    assert 3 in {int(id) for id in _all(shelf, begun)}
    assert not {6, 9, 12} & {int(id) for id in _all(shelf, begun)}


def test_a_preference_lets_sequels_of_the_unseen_come(shelf):
    asked = Taste(FAN.entries, FAN.excluded, sequels=True)
    assert {number % 3 for number in map(int, _all(shelf, asked))} == {0, 1, 2}


def test_the_first_work_inherits_the_score_of_its_sequel(works, lists):
    shelf = Shelf(works, make_model("edlae", {"reg": 20.0}).fit(lists))
    scores = np.full(len(works), -1.0, np.float32)
    scores[works.place["33"]] = 5.0
    shelf.predicted = lambda taste: scores.copy()  # type: ignore[method-assign]
    assert items(for_you(shelf, liking(1), TODAY, 1)) == [32]


def test_one_of_a_series_stands_in_a_row_unless_it_would_stay_short(shelf):
    asked = Taste(FAN.entries, FAN.excluded, sequels=True)
    for row in rows_of(shelf, asked, length=6):
        series = [shelf.works.series[pick.item] for pick in row.items]
        if row.kind in ("for_you", "people", "new"):
            assert len(series) == len(set(series))


def test_what_was_begun_and_not_liked_comes_last(shelf):
    dropped = Taste([*FAN.entries, Watched("49", liked=False, score=3)], FAN.excluded, sequels=True)
    found = items(for_you(shelf, dropped, TODAY, 292))
    assert found[-1] == 49
    assert len(found) == 292


def test_adventure_brings_what_fewer_know_and_more_variety(shelf):
    def facts(adventurous: float) -> tuple[float, float]:
        row = for_you(shelf, liking(1, 7, 13, 19, adventurous=adventurous), TODAY, 10)
        places = shelf.places(pick.item for pick in row.items)
        vectors = shelf.works.vectors[places]
        alike = (vectors @ vectors.T)[np.triu_indices(len(places), 1)].mean()
        return float(np.log(shelf.works.members[places]).mean()), float(alike)

    known, alike = zip(facts(0.0), facts(1.0), strict=True)
    assert known[0] > known[1]
    assert alike[0] > alike[1]


def test_hidden_gems_are_watched_by_the_lower_half(shelf):
    gems = next(row for row in rows_of(shelf, FAN) if row.kind == "gems")
    middle = np.median(shelf.works.members)
    assert all(shelf.works.watched_by[pick.item] <= middle for pick in gems.items)


def test_new_works_are_the_newest_and_none_that_is_not_out(shelf):
    rows = rows_of(shelf, FAN)
    row = next(row for row in rows if row.kind == "new")
    assert row.since >= 2008
    assert all(1990 + item % 28 >= row.since for item in items(row))
    before = datetime.date(2005, 1, 1)
    assert all(1990 + item % 28 < 2005 for row in home(shelf, FAN, before) for item in items(row))


def test_favourite_genres_stand_out_from_the_catalogue_and_makers_were_liked_twice(shelf):
    assert favourite_genres(shelf, FAN)[0] == "Comedy"
    assert set(favourite_makers(shelf, FAN)) == {"Studio 1", "Studio 2", "Studio 3"}
    assert favourite_makers(shelf, liking(1, 2, 4)) == []


def test_genres_in_any_script_have_rows_of_their_own_names():
    themes = {"School": "학교", "Space": "우주", "Music": "음악"}
    titles = [one.replace(themes=tuple(themes[name] for name in one.themes), genres=()) for one in TITLES]
    rows = rows_of(Shelf(works_of(titles)), liking(1, 2, 7, 8, 13, 14, 19), length=8)
    names = [row.name for row in rows if row.kind == "genre"]
    assert len(names) == len(set(names)) >= 2
    assert set(names) <= {f"favourite-{name}" for name in themes.values()}


def test_a_genre_whose_works_wait_for_earlier_ones_leaves_no_short_row():
    titles = [one.replace(genres=(*one.genres, "Samurai")) if one.id in RARE else one for one in TITLES]
    taste = liking(*RARE[:3], *range(1, 60, 6))
    shelf = Shelf(works_of(titles))
    assert favourite_genres(shelf, taste)[:2] == ["Comedy", "Samurai"]
    rows = {row.label: len(row.chosen) for row in _by_genre(Choice.of(shelf, taste, TODAY), 8)}
    # Three more of it could be shown, the seven sequels not yet.
    assert rows == {"Comedy": 8}


def test_makers_rows_hold_their_works_and_name_those_that_were_liked(shelf):
    row = next(row for row in rows_of(shelf, FAN) if row.kind == "makers")
    for pick in row.items:
        assert pick.shared == (f"Studio {int(pick.item) % 5}",)
        assert {int(one.item) % 5 for one in pick.because} == {int(pick.item) % 5}


def test_people_like_you_says_which_share_of_them_likes_a_work(shelf):
    row = next(row for row in rows_of(shelf, FAN) if row.kind == "people")
    shares = [pick.share for pick in row.items if pick.share is not None]
    assert shares
    assert all(0 < share <= 1 for share in shares)


def test_three_favourites_make_as_many_rows_of_the_same_length(shelf):
    newcomer = rows_of(shelf, liking(1, 31, 61, score=10), length=8)
    veteran = rows_of(shelf, FAN, length=8)
    assert {row.kind for row in newcomer} == {row.kind for row in veteran}
    assert len(newcomer[0].items) == len(veteran[0].items)
    assert all(pick.because for row in newcomer for pick in row.items)


def test_nothing_liked_makes_no_rows(shelf):
    for taste in (Taste(), Taste([Watched("1", liked=False, begun=False)]), liking(1, score=2)):
        assert rows_of(shelf, taste) == []
        assert for_you(shelf, taste, TODAY) is None
        assert ranking(shelf, taste) is None


def test_favourites_that_only_the_catalogue_knows_are_answered_by_content(shelf):
    found = for_you(shelf, liking(283, 284), TODAY, 4)
    assert all(pick.shared for pick in found.items)


def test_the_same_list_makes_the_same_rows(shelf, works):
    again = Shelf(works_of(TITLES), shelf.model.model, shelf.people.model)
    assert rows_of(shelf, FAN, hero=True) == rows_of(again, FAN, hero=True)


def test_why_names_the_works_that_speak_for_a_title_and_not_itself(shelf):
    pick = why(shelf, FAN, "7")
    assert pick.because
    assert "7" not in {one.item for one in pick.because}
    assert why(shelf, FAN, "9999") is None
    assert why(shelf, Taste(), "7") is None


def test_everything_is_ranked_for_a_person(shelf):
    assert sorted(map(int, ranking(shelf, FAN))) == list(range(1, 301))


def test_adventurousness_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"adventurous is 1.5"):
        Taste(adventurous=1.5)


def test_neighbours_are_the_nearest_first():
    vectors = np.array([[1, 0], [0.6, 0.8], [0.8, 0.6], [0, 0]], np.float32)
    near, alike = neighbours(vectors, 2)
    assert near.tolist() == [[2, 1], [2, 0], [1, 0], [-1, -1]]
    assert np.all(np.diff(alike, axis=1) <= 0)
    assert alike[3].tolist() == [0, 0]


def test_a_series_without_relations_is_seen_in_order_and_a_pilot_begins_none():
    made = [
        title(1, "Sea", format="ova", aired_from="1998-07-01", members=2_000, series=1),
        title(2, "Sea", format="tv", aired_from="1999-10-01", members=900_000, series=1),
        title(3, "Sea 2", format="tv", aired_from="2004-10-01", members=700_000, series=1),
        title(4, "Sea 3", format="tv", aired_from="2008-10-01", members=600_000, series=1),
        title(5, "Sea: The Movie", format="movie", aired_from="2009-10-01", members=90_000, series=1),
        title(6, "Hill", aired_from="2009-10-01", members=90_000, series=6),
    ]
    assert works_of(made).before.tolist() == [-1, -1, 1, 2, 1, -1]


def test_relations_say_what_to_see_first_whichever_work_names_them():
    made = [
        title(1, "One", relations=(Relation(2, "sequel"), Relation(4, "side_story"))),
        title(2, "Two"),
        title(3, "Three", relations=(Relation(2, "prequel"), Relation(99, "prequel"))),
        title(4, "Aside"),
        title(5, "Again", relations=(Relation(1, "adaptation"), Relation(3, "spin_off"))),
    ]
    assert works_of(made).before.tolist() == [-1, 0, 1, 0, -1]


def test_relations_in_a_circle_end():
    made = [title(n, f"Round {n}", relations=(Relation(n % 3 + 1, "prequel"),)) for n in (1, 2, 3)]
    made += [title(n, f"Straight {n}") for n in range(4, 12)]
    assert set(items(for_you(Shelf(works_of(made)), liking(4), TODAY, 20))) == set(range(5, 12))


def test_how_alike_works_are_is_kept_and_made_anew_for_another_catalogue(tmp_path):
    first = works_of(TITLES, tmp_path, "one")
    (kept,) = tmp_path.glob("works-*.npz")
    assert np.array_equal(works_of(TITLES, tmp_path, "one").near, first.near)
    kept.write_bytes(b"broken")
    assert np.array_equal(works_of(TITLES, tmp_path, "one").near, first.near)
    works_of(TITLES[:50], tmp_path, "two")
    assert [path.name for path in tmp_path.iterdir()] == ["works-two.npz"]


def test_the_default_models_say_that_they_are_simulated_and_are_the_same_each_time(tmp_path):
    def write(file):
        file.write((tmp_path / "lists.csv").read_text(encoding="utf-8"))

    crowd(tmp_path / "lists.csv")
    folders = [tmp_path / "a" / "default", tmp_path / "b" / "default"]
    for folder in folders:
        assert not is_trained(folder, "stamp")
        train_default(TITLES, write, folder, "stamp")
        assert is_trained(folder, "stamp")
        assert not is_trained(folder, "another")
    for name in MODELS:
        one, other = (load_model(folder / name) for folder in folders)
        assert one.data["simulated"] is True
        assert one.recommend(["1", "7"], 5) == other.recommend(["1", "7"], 5)
    assert isinstance(load_model(folders[0] / "blend").recommend(["1"], 1)[0], Scored)


def _all(shelf, taste) -> list[str]:
    return [pick.item for pick in for_you(shelf, taste, TODAY, 300).items]
