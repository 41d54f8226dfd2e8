"""The page about quality: what the reports say, and that it says so where there are none."""

from __future__ import annotations

import itertools
import json
import os

import pytest
import web
from web import HOSTILE, get

from recommenders.evaluate import evaluate_data
from recommenders.interactions import Interactions
from webapp import plots, quality


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("quality")).test_client()


@pytest.fixture
def reports(tmp_path, monkeypatch):
    monkeypatch.setattr(quality, "REPORTS", tmp_path / "reports")
    (tmp_path / "reports").mkdir()
    return tmp_path / "reports"


@pytest.fixture(scope="module")
def measured():
    pairs = [(u, (u * 3 + step * (1 + u % 3)) % 40) for u in range(80) for step in range(12)]
    lists = Interactions.from_arrays([user for user, _ in pairs], [item for _, item in pairs])
    made = evaluate_data("mal_lists", lists, None, "strong", ["popularity", "item_knn", "user_knn"], (1, 2))
    row = {"model": "content only", "P@10": 0.25, "R@10": 0.125, "ms": 1.5}
    return json.loads(
        json.dumps({"date": "2020-02-03", "results": [made], "system B": {"mal_lists": [row]}}, default=float)
    )


SEARCH = {"split": "test", "sets": {
    "mal2020_plots": {"BM25": {"hit@1": [0.5, 0.4, 0.6]}, "ours": {"hit@1": [0.75, 0.7, 0.8]}, "ours, obscure": {"hit@1": [0.1, 0, 0.2]}},
    "sample_ko_titles": {"ours": {"hit@1": [1.0, 1.0, 1.0]}},
}}  # fmt: skip
SPEED = """# Speed, measured

2020-03-04, two cores,
one process.

## 100 titles

| | n | p95 ms |
|---|---|---|
| plot | 7 | 5.25 |

## 50 people

Load average 0.1 before.

| | n | p95 ms |
|---|--:|:-:|
| home | 9 | 12.5 |
"""


def write(folder, measured=None, search=None, speed=None):
    if measured is not None:
        (folder / "recommenders.json").write_text(json.dumps(measured))
    if search is not None:
        (folder / "search.json").write_text(json.dumps(search))
        (folder / "search.md").write_text("# Search\n\n2020-05-06, model x\n")
    if speed is not None:
        (folder / "bench.md").write_text(speed)


def test_the_page_shows_what_the_reports_say(client, reports, measured):
    write(reports, measured, SEARCH, SPEED)
    page = get(client, "/about/quality?lang=en")
    result = measured["results"][0]
    for said in (
        "2020-02-03", "seeds 1, 2", f"{result['held-out people']} held out", "A fifth of the people is held out whole",
        "Most popular", "2020-05-06", "Words alone (BM25)", "0.750", "2020-03-04, two cores, one process.", "5.25",
        "Load average 0.1 before.", "12.5", "Content only", "0.125",
    ):  # fmt: skip
        assert said in page.text, said
    for row in result["models"]:
        assert f"{row['ndcg@100']:.3f}" in page.text
        assert f"{row['interval'][0]:.3f} – {row['interval'][1]:.3f}" in page.text
    assert "0.100" not in page.section("search").text  # a part of ours is in the report, not on the page
    assert len(page.all("svg")) > 3


def test_the_page_speaks_korean(client, reports, measured):
    write(reports, measured, SEARCH, SPEED)
    page = get(client, "/about/quality?lang=ko")
    for said in (
        "측정한 품질",
        "인기순",
        "실제 목록 4,198개",
        "사람들의 5분의 1",
        "낱말만 (BM25)",
        "한국어 제목, 기본 카탈로그",
        "내용 기반만",
    ):
        assert said in page.text, said
    assert "Most popular" not in page.text


def test_without_reports_it_says_so(client, reports):
    page = get(client, "/about/quality?lang=en")
    assert page.text.count("Not measured yet") == 4


@pytest.mark.parametrize("broken", ["{", "[]", "null", ""])
def test_a_broken_report_is_none(client, reports, broken):
    (reports / "recommenders.json").write_text(broken)
    assert "Not measured yet" in get(client, "/about/quality?lang=en").section("recommenders").text


def test_a_new_report_shows_without_a_restart(client, reports, measured):
    write(reports, measured)
    assert "2020-02-03" in get(client, "/about/quality").text
    write(reports, {**measured, "date": "2021-01-01"})
    os.utime(reports / "recommenders.json", ns=(1, 1))
    assert "2021-01-01" in get(client, "/about/quality").text


def test_a_hostile_report_renders_as_text(client, reports, measured):
    hostile = json.loads(json.dumps(measured).replace("item_knn", HOSTILE).replace("mal_lists", HOSTILE))
    write(reports, hostile, {"sets": {HOSTILE: {"ours": {HOSTILE: [0, 0, 0]}}}}, SPEED.replace("plot", HOSTILE))
    page = get(client, "/about/quality")
    assert HOSTILE not in page.html
    assert HOSTILE in page.text


def test_the_projects_own_reports_can_be_shown(client):
    page = get(client, "/about/quality?lang=en")
    assert page.section("search").all("table")
    assert page.section("speed").all("table")


def test_a_phone_gets_the_name_of_each_number_beside_it(client, reports, measured):
    write(reports, measured, SEARCH, SPEED)
    cells = get(client, "/about/quality").all("td")
    assert cells
    assert all(cell.get("data-label") or cell.get("class") == "q-scored" for cell in cells)


# -- charts --------------------------------------------------------------------------------------------------------


def test_points_stand_where_their_values_are():
    chart = plots.scatter({"a": (0.1, 0.2), "b": (0.3, 0.4), "c": (0.2, 0.0)}, "x", "y")
    a, b, c = chart.marks
    assert chart.left < a.x < c.x < b.x < chart.right
    assert b.y < a.y < c.y == chart.bottom


def test_no_label_covers_another_even_where_points_crowd():
    crowd = {f"model_{number}": (0.5 + number / 1000, 0.5 + number / 500) for number in range(10)}
    marks = plots.scatter(crowd, "x", "y").marks
    boxes = []
    for mark in marks:
        width = plots.CHARACTER * len(mark.name)
        left = mark.label_x if mark.anchor == "start" else mark.label_x - width
        boxes.append((left, mark.label_y - 8, left + width, mark.label_y + 3))
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert not (one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3])


def test_lines_go_over_the_places_in_order_and_their_labels_keep_apart():
    chart = plots.lines({"a": {"1-9": 0.5, "10+": 0.5}, "b": {"1-9": 0.1, "10+": 0.5}, "c": {"10+": 0.49}}, "x", "y")
    assert [tick.text for tick in chart.columns] == ["1-9", "10+"]
    heights = sorted(mark.label_y for mark in chart.marks)
    assert all(after - before >= plots.LINE for before, after in itertools.pairwise(heights))
    assert max(heights) <= chart.bottom + 5


def test_equal_values_and_a_single_point_can_be_drawn():
    assert plots.scatter({"a": (0.0, 0.0)}, "x", "y").marks[0].x > 0
    assert plots.lines({"a": {"1": 0.0}}, "x", "y").paths
