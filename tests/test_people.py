"""The bundled people: valid lists of offered works, and tastes that differ."""

from __future__ import annotations

import csv
import datetime
import json
from itertools import combinations

import pytest

from indexer.commands import SAMPLE
from indexer.crowd import simulate
from indexer.read import read_catalogue
from indexer.report import Report
from recommenders.interactions import Interactions
from recommenders.models import make_model

STATUSES = ("completed", "watching", "on_hold", "plan_to_watch", "dropped")


def _lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()]


PEOPLE = _lines("people.jsonl")
WORKS = {work["id"]: work for work in _lines("titles.jsonl")}


def test_there_are_eight_people_with_a_name_and_a_taste_in_both_languages():
    assert len({person["id"] for person in PEOPLE}) == len(PEOPLE) == 8
    for person in PEOPLE:
        assert all(person[field][language].strip() for field in ("name", "taste") for language in ("en", "ko"))
        assert "\n" not in person["taste"]["en"] + person["taste"]["ko"]
        assert person["avatar"].keys() == {"palette", "motif"}


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person["id"])
def test_a_list_is_of_offered_works_with_progress_that_can_be(person):
    entries = person["entries"]
    assert 30 <= len(entries) <= 90
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert {entry["status"] for entry in entries} == set(STATUSES)
    for entry in entries:
        work = WORKS[entry["id"]]
        assert work["offered"], entry
        assert entry["score"] is None or 1 <= entry["score"] <= 10, entry
        assert datetime.date.fromisoformat(entry["updated"]).year == 2026, entry
        assert entry["updated"] >= work["aired_from"], entry
        total = work["episodes"]
        if entry["status"] == "completed":
            assert entry["episodes"] == total, entry
        elif entry["status"] == "plan_to_watch":
            assert entry["episodes"] == 0, entry
            assert entry["score"] is None, entry
        else:
            assert 0 < entry["episodes"] < (total or 10_000), entry


@pytest.mark.parametrize(("one", "other"), list(combinations(PEOPLE, 2)), ids=lambda person: person["id"])
def test_tastes_differ(one, other):
    liked = [{entry["id"] for entry in person["entries"] if (entry["score"] or 0) >= 8} for person in (one, other)]
    assert len(liked[0] & liked[1]) < min(map(len, liked)) / 3


def test_what_is_recommended_to_two_people_overlaps_by_less_than_a_third(tmp_path):
    """EDLAE trained on the simulated crowd, ten works each, no two people share more than three of them."""
    titles = read_catalogue(SAMPLE, Report())
    lists = tmp_path / "crowd.csv"
    with lists.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "value", "status"])
        writer.writerows(simulate(titles, people=1500, seed=42))
    model = make_model("edlae", {}, 42)
    model.fit(Interactions.read(lists))
    chosen = {}
    for person in PEOPLE:
        liked = [str(e["id"]) for e in person["entries"] if e["status"] in ("completed", "watching")]
        seen = [str(entry["id"]) for entry in person["entries"]]
        chosen[person["id"]] = {item for item, _ in model.recommend(liked, 10, seen)}
    assert all(len(items) == 10 for items in chosen.values())
    assert max(len(one & other) for one, other in combinations(chosen.values(), 2)) <= 3
