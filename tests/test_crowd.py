"""The simulated crowd: the same for the same seed, within bounds, with the tastes it is meant to have."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter, defaultdict
from statistics import mean

import pytest
from click.testing import CliRunner

from catalogue import Title
from indexer.commands import SAMPLE, crowd_command
from indexer.crowd import COLUMNS, LEAST, STATUSES, Habits, realism, simulate, write_crowd
from indexer.read import read_catalogue
from indexer.report import Report

GENRES = ("Action", "Romance", "Horror", "Sports")
TITLES = [
    Title(
        id=id,
        titles={"en": f"Work {id}"},
        year=1980 + id,
        genres=(GENRES[id % 4],),
        members=1_000_000 // (1 + id),
        score=6.0 + id % 3,
        series=id - id % 2 or 1,
    )
    for id in range(1, 41)
]
SHORT = Habits(length=2.3, spread=0.3)  # lists of about ten works: the catalogue has forty


def test_the_same_seed_gives_the_same_crowd_and_another_one_another():
    crowd = simulate(TITLES, 50, seed=7)
    assert simulate(list(reversed(TITLES)), 50, seed=7) == crowd
    assert simulate(TITLES, 50, seed=8) != crowd


def test_every_entry_is_within_bounds():
    crowd = simulate(TITLES, 200)
    assert len({row.user_id for row in crowd}) == 200
    assert len({row[:2] for row in crowd}) == len(crowd)
    assert {row.item_id for row in crowd} <= {title.id for title in TITLES}
    assert {row.status for row in crowd} == set(STATUSES)
    assert all(0 <= row.value <= 10 for row in crowd)
    assert not any(row.value for row in crowd if row.status == "plan_to_watch")
    lengths = Counter(row.user_id for row in crowd).values()
    assert min(lengths) >= LEAST
    assert max(lengths) <= 0.9 * len(TITLES)


def test_what_is_watched_by_many_is_in_more_lists_and_dropped_works_score_lower():
    crowd = simulate(TITLES, 400, habits=SHORT)
    counts = Counter(row.item_id for row in crowd)
    assert mean(counts[id] for id in range(1, 11)) > 1.5 * mean(counts[id] for id in range(31, 41))
    scores = defaultdict(list)
    for row in crowd:
        if row.value:
            scores[row.status].append(row.value)
    assert mean(scores["dropped"]) < mean(scores["completed"]) - 1


def test_series_are_finished():
    def shared(habits: Habits) -> float:
        lists = defaultdict(set)
        for row in simulate(TITLES, 400, habits=habits):
            lists[row.user_id].add(row.item_id)
        both = [id + 1 in listed for listed in lists.values() for id in listed if id % 2 == 0 and id < 40]
        return mean(both)

    assert shared(dataclasses.replace(SHORT, series=4.0)) > shared(dataclasses.replace(SHORT, series=0.0)) + 0.1


def test_too_few_titles_or_people_are_refused():
    with pytest.raises(ValueError, match="over 4 titles"):
        simulate(TITLES[:4], 10)
    with pytest.raises(ValueError, match="0 people"):
        simulate(TITLES, 0)


def test_a_crowd_beside_itself_is_wholly_real(tmp_path):
    crowd = simulate(TITLES, 100)
    real = tmp_path / "lists.csv"
    real.write_text("user_id,mal_id\n" + "".join(f"{row.user_id},{row.item_id}\n" for row in crowd), encoding="utf-8")
    found = realism(TITLES, crowd, real)
    assert found.simulated == found.real
    assert found.works_alike == pytest.approx(1)
    assert found.genres_alike == pytest.approx(1)
    assert "Gini of the works" in found.text()
    real.write_text("user_id,mal_id\n1,999\n", encoding="utf-8")
    with pytest.raises(ValueError, match="none of its works"):
        realism(TITLES, crowd, real)


def test_the_file_is_one_that_training_reads():
    file = io.StringIO()
    crowd = simulate(TITLES, 3)
    write_crowd(crowd, file)
    lines = file.getvalue().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == len(crowd) + 1


def test_the_command_writes_the_crowd_over_the_bundled_catalogue(tmp_path):
    out = tmp_path / "new" / "crowd.csv"
    outcome = CliRunner().invoke(crowd_command, ["--out", str(out), "--people", "20"])
    assert outcome.exit_code == 0, outcome.output
    assert "20 simulated people (seed 42)" in outcome.output
    known = {str(title.id) for title in read_catalogue(SAMPLE, Report())}
    assert {line.split(",")[1] for line in out.read_text(encoding="utf-8").splitlines()[1:]} <= known


def test_the_command_says_what_is_missing(tmp_path):
    outcome = CliRunner().invoke(crowd_command, ["--realism", "--data", str(tmp_path), "--people", "20"])
    assert outcome.exit_code == 1
    assert "No such file" in outcome.output
