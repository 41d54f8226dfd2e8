"""Which titles a list file means, and the people of Kaggle's lists."""

from __future__ import annotations

import datetime
import gzip
import json
import zipfile

import pytest

from lists import kaggle
from lists.draft import ListFileError
from lists.formats import read_list
from lists.match import match

AT = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


# -- matching ------------------------------------------------------------------------------------------------------------


def test_titles_are_found_by_id_and_those_without_by_name():
    data = (
        "id,title,status\n1,Whatever,completed\n,Monster,completed\n99,Monster,watching\n,Nobody knows,dropped\n"
        ",Twins,dropped\n,Bebop,dropped\n"
    )
    names = {"Monster": [5], "Twins": [7, 8], "Bebop": [1]}
    matched = match(read_list(data.encode()), lambda ids: {1, 5, 7, 8} & set(ids), lambda name: names.get(name, []), AT)
    assert [(entry.title_id, entry.order) for entry in matched.entries] == [(1, 0), (5, 1)]
    assert matched.named == 1
    # An id decides, though a title of that name is there: works of one name are many.
    assert [entry.title_id for entry in matched.beyond] == [99]
    assert [row.name for row in matched.unmatched] == ["Nobody knows"]
    assert [(row.name, ids) for row, ids in matched.ambiguous] == [("Twins", (7, 8))]
    assert [(problem.name, problem.kind) for problem in matched.problems] == [("Bebop", "duplicate")]
    assert [entry.title_id for entry in matched.all()] == [1, 5, 99]
    assert all(entry.updated == AT for entry in matched.all())
    told = matched.to_dict()
    assert told["not_in_catalogue"] == [{"id": 99, "name": "Monster"}]
    assert told["ambiguous"] == [{"place": 5, "name": "Twins", "ids": [7, 8]}]
    assert "Not found: entry 4, Nobody knows" in matched.text()
    assert "Several titles of this name: entry 5, Twins: 7, 8" in matched.text()


def test_every_name_of_a_row_is_tried_in_order():
    data = json.dumps(
        [{"status": "CURRENT", "media": {"title": {"english": "E", "romaji": "R", "native": "N"}}}]
    ).encode()
    matched = match(read_list(data), set, lambda name: {"N": [4], "R": [5, 5]}.get(name, []), AT)
    assert [entry.title_id for entry in matched.entries] == [5]


# -- Kaggle --------------------------------------------------------------------------------------------------------------

LISTS = (
    "user_id,anime_id,rating,watching_status,watched_episodes\n"
    "0,67,9,1,1\n0,6702,0,2,4\n1,5,10,2,1\n0,5,7,6,0\n0,5,7,6,0\n2,5,7,33,0\n2,9,11,2,1\n2,9\n"
)


def test_people_of_kaggles_lists_are_read_though_their_rows_are_apart(tmp_path):
    (tmp_path / "animelist.csv").write_text(LISTS)
    read = kaggle.read_people(tmp_path, ["2", "0", "7"])
    assert list(read) == ["2", "0"]
    assert [(row.id, row.status, row.score) for row in read["0"].rows] == [
        (67, "watching", 9),
        (6702, "completed", None),
        (5, "plan_to_watch", 7),
    ]
    assert [problem.kind for problem in read["0"].problems] == ["duplicate"]
    assert [(problem.kind, problem.value) for problem in read["2"].problems] == [
        ("status", "33"),
        ("score", "11"),
        ("row", "2 columns instead of 5"),
    ]


def test_the_lists_are_found_in_a_folder_a_zip_or_alone_and_gzipped(tmp_path):
    for folder in ("plain", "packed"):
        (tmp_path / folder).mkdir()
    (tmp_path / "plain" / "animelist.csv").write_text(LISTS)
    (tmp_path / "packed" / "animelist.csv.gz").write_bytes(gzip.compress(LISTS.encode()))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("data/anime.csv", "MAL_ID,Name\n")
        archive.writestr("data/animelist.csv", LISTS)
    sources = [tmp_path / "plain", tmp_path / "packed", tmp_path / "all.zip", tmp_path / "plain" / "animelist.csv"]
    read = [kaggle.read_people(source, ["0", "1"]) for source in sources]
    assert len(read[0]) == 2
    assert read == [read[0]] * 4


def test_completed_lists_serve_where_there_are_no_others(tmp_path):
    (tmp_path / "rating_complete.csv").write_text("user_id,anime_id,rating\n0,1,9\n")
    parsed = kaggle.read_people(tmp_path, ["0"])["0"]
    assert [(row.status, row.score) for row in parsed.rows] == [("completed", 9)]
    assert parsed.notes["no status"] == 1


def test_people_are_drawn_by_seed_from_those_with_enough_entries(tmp_path):
    rows = [f"{user},{title},5,2,1\n" for user in range(30) for title in range(1, user + 2)]
    (tmp_path / "animelist.csv").write_text(
        "user_id,anime_id,rating,watching_status,watched_episodes\n" + "".join(rows)
    )
    drawn = kaggle.draw(tmp_path, 5, seed=1)
    assert drawn == kaggle.draw(tmp_path, 5, seed=1) != kaggle.draw(tmp_path, 5, seed=2)
    assert len(drawn) == 5
    assert all(int(user) >= 19 for user in drawn)
    assert kaggle.draw(tmp_path, 50, seed=1) == [str(user) for user in range(19, 30)]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("nowhere", None, "there is no such file or folder"),
        ("animelist.csv", b"anime,user\n", "no column user_id, anime_id, rating"),
        ("animelist.csv", b"anime_id,user_id,rating\n", "user_id first"),
        ("animelist.csv.gz", b"\x1f\x8bno", "the file is damaged"),
        ("all.zip", b"PK", "the file is damaged"),
        ("animelist.csv", b"user_id,anime_id,rating\n" + b"1" * 5000, "a line is longer than 4,096 bytes"),
    ],
)
def test_what_holds_no_lists_is_refused_by_name(tmp_path, name, data, told):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ListFileError, match=told):
        kaggle.read_people(tmp_path / name, ["1"])


def test_a_folder_without_lists_says_what_it_should_hold(tmp_path):
    with pytest.raises(ListFileError, match=r"holds no animelist\.csv"):
        kaggle.find_lists(tmp_path)
