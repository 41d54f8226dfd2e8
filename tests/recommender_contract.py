"""The suite that every recommender passes. A model joins in three lines (see test_recommenders_contract.py)."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from recommenders.base import History, Model, ModelError
from recommenders.features import ItemFeatures, from_tags
from recommenders.interactions import Interactions
from recommenders.models import load_model, make_model

# Twelve people of two tastes (titles 1 to 4 and 5 to 8); nearly everybody has 9; "007" has one admirer.
SWORDS, SCHOOL = ["1", "2", "3", "4"], ["5", "6", "7", "8"]
LISTS: dict[str, list[str]] = {
    "a": ["1", "2", "3", "4", "9"], "b": ["1", "2", "3", "9"], "c": ["1", "2", "4", "9"], "d": ["2", "3", "4", "9"],
    "e": ["1", "3", "4"], "f": ["1", "2", "3", "4", "9", "007"], "g": ["5", "6", "7", "8", "9"],
    "h": ["5", "6", "7", "9"], "i": ["5", "6", "8", "9"], "j": ["6", "7", "8", "9"], "k": ["5", "7", "8"],
    "l": ["5", "6", "7", "8", "9"],
}  # fmt: skip
# "dull" is rated low by those of the swords: observed, and not liked.
DULL = {"a": 2, "b": 3, "c": 2, "d": 1}


def toy() -> Interactions:
    users = [user for user, items in LISTS.items() for _ in items] + list(DULL)
    items = [item for items in LISTS.values() for item in items] + ["dull"] * len(DULL)
    values = [9 if item != "9" else 7 for items in LISTS.values() for item in items] + list(DULL.values())
    return Interactions.from_arrays(users, items, values)


def about() -> ItemFeatures:
    tags = dict.fromkeys(SWORDS, ("swords", "action")) | dict.fromkeys(SCHOOL, ("school", "romance"))
    return from_tags(tags | {"9": ("comedy",), "007": ("spies", "action"), "dull": ("golf",)})


def refusal(folder) -> str:
    """Return why a folder is not loaded, nothing where it is."""
    try:
        load_model(folder)
    except ModelError as error:
        return str(error)
    return ""


class RecommenderContract:
    """Takes class attributes: `name` of the model, `settings` for tiny data."""

    name = ""
    settings: dict[str, object] = {}  # noqa: RUF012
    personal = True  # answers depend on the history
    explains = True

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Model:
        return cls.made().fit(toy())

    @classmethod
    def made(cls, **changes) -> Model:
        return make_model(cls.name, cls.settings | changes, features=about())

    def ids(self, found) -> list[str]:
        return [one.item for one in found]

    def test_it_recommends_exactly_k_sorted_and_nothing_of_the_history(self, model):
        found = model.recommend(["1", "2"], 5)
        assert len(set(self.ids(found))) == 5
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert not {"1", "2"} & set(self.ids(found))

    def test_all_there_is_comes_when_k_is_larger(self, model):
        assert set(self.ids(model.recommend(["1", "2"], 100))) == set(model.items.tolist()) - {"1", "2"}

    def test_what_is_excluded_or_seen_stays_away(self, model):
        found = self.ids(model.recommend(History(["1", "2"], seen=["4"]), 100, exclude=["3", "no such title"]))
        assert not {"1", "2", "3", "4"} & set(found)
        assert len(found) == len(model.items) - 4

    def test_taste_decides(self, model):
        if not self.personal:
            return  # the same for everybody
        swords = History(["1", "2"], {"1": 9, "2": 9})
        school = History(["5", "6"], {"5": 9, "6": 9})
        assert set(self.ids(model.recommend(swords, 2, exclude=["9"]))) == {"3", "4"}
        assert set(self.ids(model.recommend(school, 2, exclude=["9"]))) == {"7", "8"}

    def test_somebody_unknown_gets_popularity_with_ties_by_id(self, model):
        expected = ["9", "1", "2", "3", "4", "5", "6", "7", "8", "007", "dull"]
        assert self.ids(model.recommend([], 20)) == expected
        assert self.ids(model.recommend(["never seen"], 20)) == expected

    def test_the_order_and_repetition_of_a_history_do_not_matter(self, model):
        assert model.recommend(["2", "1"], 9) == model.recommend(["1", "2", "1", "never seen"], 9)

    def test_scores_of_a_batch_are_those_of_each(self, model):
        data = toy()
        many = model.scores_many(data.matrix[:3], data.ratings[:3])
        for row, user in enumerate(data.users[:3].tolist()):
            rated = (
                dict.fromkeys(LISTS[user], 9.0) | {"9": 7.0} if "9" in LISTS[user] else dict.fromkeys(LISTS[user], 9.0)
            )
            if user in DULL:
                rated["dull"] = DULL[user]
            np.testing.assert_allclose(many[row], model.scores(History(LISTS[user], rated)), rtol=1e-4, atol=1e-5)

    def test_training_twice_gives_the_same(self, model):
        again = self.made().fit(toy())
        np.testing.assert_array_equal(model.scores(["1", "6"]), again.scores(["1", "6"]))

    def test_the_order_of_the_file_changes_nothing_but_rounding(self, model):
        data = toy()
        shuffled = data.select_users(np.arange(len(data.users))[::-1])
        if self.name not in ("popularity", "item_knn", "ease", "edlae", "content", "hybrid", "blend"):
            return  # draws random numbers for people in turn, or takes the first of equally near ones
        again = self.made().fit(shuffled)
        np.testing.assert_allclose(model.scores(["1", "6"]), again.scores(["1", "6"]), rtol=1e-4, atol=1e-5)

    def test_similar_titles_are_of_the_same_taste(self, model):
        found = self.ids(model.similar("1", 3))
        assert found == [] if not self.personal else set(found[:2]) <= set(SWORDS) | {"9"} and "1" not in found

    def test_similar_to_an_unknown_title_is_refused(self, model):
        with pytest.raises(ModelError, match="not among the titles"):
            model.similar("never seen")

    def test_reasons_are_titles_of_the_history_the_strongest_first(self, model):
        reasons = model.explain(History(["1", "2", "5"], {"1": 9, "2": 9, "5": 9}), "3")
        if not self.explains:
            assert reasons == []
            return
        assert {one.item for one in reasons} == {"1", "2", "5"}
        assert [one.weight for one in reasons] == sorted((one.weight for one in reasons), reverse=True)
        assert reasons[-1].item == "5"
        assert model.explain([], "3") == []

    def test_a_saved_model_answers_the_same(self, model, tmp_path):
        model.save(tmp_path / "model")
        for loaded in (load_model(tmp_path / "model"), type(model).load(tmp_path / "model")):
            assert loaded.config == model.config
            assert loaded.recommend(["1", "2"], 9) == model.recommend(["1", "2"], 9)
            assert loaded.explain(["1", "2"], "3") == model.explain(["1", "2"], "3")
            assert loaded.similar("1", 3) == model.similar("1", 3)
        told = json.loads((tmp_path / "model" / "model.json").read_text())
        assert (told["model"], told["seed"], told["data"]["hash"]) == (self.name, 42, toy().hash)
        assert not any(path.suffix in (".pkl", ".pickle") for path in tmp_path.rglob("*"))

    def test_a_broken_folder_is_refused(self, model, tmp_path):
        model.save(tmp_path / "model")
        arrays = tmp_path / "model" / "arrays.npz"
        arrays.write_bytes(arrays.read_bytes()[:-20])
        with pytest.raises(ModelError, match="broken"):
            load_model(tmp_path / "model")
        arrays.unlink()
        with pytest.raises(ModelError, match="missing"):
            load_model(tmp_path / "model")

    def test_arrays_that_are_not_the_models_are_refused_though_their_digest_is_right(self, model, tmp_path):
        model.save(tmp_path / "model")
        arrays, told_at = tmp_path / "model" / "arrays.npz", tmp_path / "model" / "model.json"
        whole, told = dict(np.load(arrays)), json.loads(told_at.read_text())
        for name, array in whole.items():
            changes = {"missing": None, "objects": np.array([{"a": 1}], object)}
            if array.ndim:
                changes["short"] = array[:-1]
            if array.dtype.kind != "U":
                changes["texts"] = np.full(array.shape, "x")
            if name.endswith(".indices"):
                changes["out of bounds"] = array + 1_000_000
            for kind, changed in changes.items():
                made = {one: each for one, each in whole.items() if one != name}
                np.savez(arrays, **(made if changed is None else made | {name: changed}))
                shapes = {one: [str(each.dtype), list(each.shape)] for one, each in made.items()}
                if changed is not None:
                    shapes[name] = [str(changed.dtype), list(changed.shape)]
                digest = hashlib.sha256(arrays.read_bytes()).hexdigest()
                told_at.write_text(json.dumps(told | {"sha256": digest, "arrays": shapes}))
                assert refusal(tmp_path / "model"), f"{name}, {kind}, was loaded"
                if kind == "short":  # what model.json says of the arrays is compared too
                    told_at.write_text(json.dumps(told | {"sha256": digest}))
                    assert "other arrays" in refusal(tmp_path / "model")

    def test_what_can_not_be_is_refused(self, model):
        with pytest.raises(ModelError, match="at least 1"):
            model.recommend(["1"], 0)
        with pytest.raises(ModelError, match="not the text"):
            model.recommend("12", 3)
        with pytest.raises(ModelError, match="has not been fitted"):
            self.made().recommend(["1"], 3)
        with pytest.raises(ModelError, match="no setting 'colour'"):
            self.made(colour="red")
        with pytest.raises(ModelError, match="nothing to learn"):
            self.made().fit(Interactions.from_arrays(["a"], ["1"], [3]))
