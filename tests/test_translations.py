"""Korean translations joined by id, or by exact name and year, and never by guess."""

import gzip
import json

import pytest

from catalogue import Title
from indexer.read import CatalogueError
from indexer.report import Report
from indexer.translations import join_translations

NIGHT = Title(
    1, {"romaji": "Yoru", "native": "夜の歌"}, year=2001, genres=("Drama",), synopsis={"en": "Night."}, score=7.0
)
REMAKE = Title(2, {"romaji": "Yoru (2010)", "native": "夜の歌"}, year=2010, synopsis={"en": "Night again."})
DAY = Title(3, {"romaji": "Hiru", "ko": "낮"}, year=2005, offered=False)
TWINS = [Title(at, {"native": "双子"}, year=1999, score=5.0) for at in (4, 5)]
TITLES = [NIGHT, REMAKE, DAY, *TWINS]


def join(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    report = Report()
    return {title.id: title for title in join_translations(TITLES, path, report)}, report


def test_a_row_with_an_id_joins_that_title(tmp_path):
    found, report = join(
        tmp_path,
        "mal_id,title_ko,aliases_ko,synopsis_ko,genres_ko,themes_ko\n"
        '1,밤의 노래,"밤노|노래, 밤",밤에 노래한다.,"드라마, SF",이세계|배틀\n',
    )
    assert found[1].titles == {"romaji": "Yoru", "native": "夜の歌", "ko": "밤의 노래"}
    assert found[1].aliases == ("밤노", "노래, 밤")
    assert found[1].synopsis == {"en": "Night.", "ko": "밤에 노래한다."}
    assert (found[1].genres, found[1].themes) == (("Drama", "Sci-Fi"), ("Isekai", "배틀"))
    assert (report.translations_read, report.matched, report.doubtful, report.unmatched) == (1, 1, [], [])
    assert found[2] == REMAKE


def test_an_id_that_the_catalogue_lacks_is_unmatched(tmp_path):
    _, report = join(tmp_path, "id,title_ko\n99,밤의 노래\n")
    [(file, line, why)] = report.unmatched
    assert (file, line) == (str(tmp_path / "t.csv"), 2)
    assert "no title has the id 99" in why


def test_a_row_without_an_id_joins_by_native_title_and_year(tmp_path):
    found, report = join(tmp_path, "title_ko,title_native,year\n밤의 노래,夜の 歌,2010\n")
    assert found[2].titles["ko"] == "밤의 노래"
    assert "ko" not in found[1].titles
    assert report.matched == 1


def test_a_row_without_an_id_joins_by_korean_title_and_year_and_may_make_a_title_offered(tmp_path):
    found, report = join(tmp_path, "제목,줄거리,연도,장르\n(더빙) 낮,낮의 이야기.,2005,일상\n")
    assert found[3].synopsis == {"ko": "낮의 이야기."}
    assert found[3].offered
    assert found[3].genres == ("Slice of Life",)
    assert (report.matched, report.offered) == (1, 5)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("밤,夜の歌,", "has no year"),
        ("밤,夜の歌,1980", "is of 1980; the name fits id 1 (2001), 2 (2010)"),
        ("쌍둥이,双子,1999", "fits ids 4, 5"),
    ],
)
def test_a_row_that_is_not_sure_is_doubtful_and_joins_nothing(tmp_path, row, why):
    found, report = join(tmp_path, f"title_ko,title_native,year\n{row}\n")
    assert list(found.values()) == TITLES
    assert report.matched == 0
    assert why in report.doubtful[0][2]


def test_a_row_whose_name_nobody_has_is_unmatched(tmp_path):
    _, report = join(tmp_path, "title_ko,year\n새벽,2001\n")
    assert "no title is called" in report.unmatched[0][2]
    assert "새벽" in report.text()


def test_a_second_row_for_one_title_is_doubtful(tmp_path):
    found, report = join(tmp_path, "id,title_ko\n1,밤\n1,저녁\n")
    assert found[1].titles["ko"] == "밤"
    assert "line 2 was joined to id 1 already" in report.doubtful[0][2]


def test_json_lines_and_gzip_read_too(tmp_path):
    line = json.dumps({"id": 1, "title_ko": "밤", "aliases_ko": ["밤노"], "genres_ko": ["SF"]}, ensure_ascii=False)
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress(f"{line}\n[]\n".encode()))
    report = Report()
    first = join_translations(TITLES, path, report)[0]
    assert (first.titles["ko"], first.aliases, first.genres) == ("밤", ("밤노",), ("Drama", "Sci-Fi"))
    assert report.unreadable == [(str(path), 2, "no object; each line is one row.")]


def test_another_korean_name_becomes_an_alias(tmp_path):
    found, _ = join(tmp_path, "id,title_ko\n3,한낮\n")
    assert found[3].titles["ko"] == "한낮"
    assert found[3].aliases == ("낮",)


def test_a_file_that_is_not_there_or_has_no_such_columns_is_named(tmp_path):
    with pytest.raises(CatalogueError, match="is no file of translations"):
        join_translations(TITLES, tmp_path / "none.csv", Report())
    with pytest.raises(CatalogueError, match="it has a, b"):
        join(tmp_path, "a,b\n1,2\n")
