"""Catalogues of the three kinds, sound and broken, read from tiny files."""

import gzip
import json
import os
import zipfile
from pathlib import Path

import pytest

from catalogue import Character, Relation, Title
from indexer import laftel
from indexer.read import CatalogueError, detect, read_catalogue
from indexer.report import Report

DATA = Path(os.environ.get("DATA") or Path(__file__).parents[2] / "shared" / "data")

ANIME = """\
MAL_ID,Name,Score,Genres,English name,Japanese name,Type,Episodes,Aired,Premiered,Studios,Source,Duration,Rating,Members
1,Star Cook,8.78,"Action, Space",Star Cook!,星の料理人,TV,26,"Apr 3, 1998 to Apr 24, 1999",Spring 1998,"Sun, Moon",Manga,24 min. per ep.,PG-13,1200
2,Tom &amp; Ai,Unknown,Hentai,Unknown,Unknown,OVA,Unknown,Not available,Unknown,Unknown,Unknown,30 sec. per ep.,Rx - Hentai,7
3,Nameless,Unknown,Drama,Unknown,名無し,Unknown,1,2004,Unknown,Unknown,Original,1 hr. 55 min.,G,3
"""
SYNOPSES = """\
MAL_ID,Name,Score,Genres,sypnopsis
1,Star Cook,8.78,"Action, Space","A cook sails between stars, ""alone"". (Source: ANN)"
2,Tom &amp; Ai,Unknown,Hentai,Two people meet.
3,Nameless,Unknown,Drama,No synopsis information has been added to this title. Help improve our database by adding a synopsis here .
"""
STAR_COOK = Title(
    id=1,
    titles={"romaji": "Star Cook", "native": "星の料理人", "en": "Star Cook!"},
    format="tv",
    year=1998,
    season="spring",
    aired_from="1998-04-03",
    episodes=26,
    duration_min=24,
    studios=("Sun", "Moon"),
    source="Manga",
    genres=("Action", "Space"),
    themes=("Space",),
    synopsis={"en": 'A cook sails between stars, "alone".'},
    score=8.78,
    members=1200,
)


@pytest.fixture
def kaggle(tmp_path):
    (tmp_path / "anime.csv").write_text(ANIME, encoding="utf-8")
    (tmp_path / "anime_with_synopsis.csv").write_text(SYNOPSES, encoding="utf-8")
    return tmp_path


def read(path, strict=False):
    report = Report()
    return read_catalogue(path, report, strict), report


def anime_with(tmp_path, row: bytes):
    """Write a Kaggle folder whose second row is `row`."""
    head, first, *rest = ANIME.encode().splitlines(keepends=True)
    (tmp_path / "anime.csv").write_bytes(b"".join([head, first, row, b"\n", *rest[1:]]))
    return tmp_path


def test_the_kaggle_folder_becomes_titles(kaggle):
    assert detect(kaggle) == "kaggle"
    titles, report = read(kaggle)
    assert titles[0] == STAR_COOK
    assert titles[1].titles == {"romaji": "Tom & Ai"}
    assert (titles[1].score, titles[1].episodes, titles[1].adult) == (None, None, True)
    assert titles[2].titles == {"romaji": "Nameless", "native": "名無し"}
    assert (titles[2].format, titles[2].year, titles[2].duration_min) == (None, 2004, 115)
    assert report.warnings == []


def test_a_title_with_neither_synopsis_nor_score_is_known_and_not_offered(kaggle):
    titles, report = read(kaggle)
    assert [title.offered for title in titles] == [True, True, False]
    assert (report.read, report.kept, report.offered, report.adult) == (3, 3, 2, 1)
    assert +report.left_out == {"known but not offered: neither synopsis nor score": 1}
    assert +report.repaired == {
        "source note removed": 1,
        "placeholder synopsis emptied": 1,
        "HTML entities decoded": 1,
    }
    assert "Read 3 rows, kept 3 titles, offered 2" in report.text()
    json.dumps(report.to_dict())


def test_gzipped_files_read_the_same(kaggle):
    plain = read(kaggle)[0]
    for name in ("anime.csv", "anime_with_synopsis.csv"):
        (kaggle / f"{name}.gz").write_bytes(gzip.compress((kaggle / name).read_bytes()))
        (kaggle / name).unlink()
    assert read(kaggle)[0] == plain


def test_a_zip_with_the_files_in_a_folder_reads_the_same(kaggle):
    path = kaggle / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(kaggle / "anime.csv", "anime db/anime.csv")
        archive.write(kaggle / "anime_with_synopsis.csv", "anime db/anime_with_synopsis.csv")
        archive.writestr("__MACOSX/anime db/anime.csv", "junk")
    assert detect(path) == "kaggle"
    assert read(path)[0] == read(kaggle)[0]


def test_the_titles_file_itself_finds_the_synopses_beside_it(kaggle):
    assert read(kaggle / "anime.csv")[0] == read(kaggle)[0]


def test_a_missing_synopsis_file_is_said(kaggle):
    (kaggle / "anime_with_synopsis.csv").unlink()
    titles, report = read(kaggle)
    assert titles[0].synopsis == {}
    assert "no anime_with_synopsis.csv beside it" in report.warnings[0]


def test_of_a_duplicate_id_the_first_is_kept_and_it_is_reported(kaggle):
    with (kaggle / "anime.csv").open("a") as file:
        file.write("1,Other,Unknown,Drama,,,TV,1,2004,,,,,,1\n")
    titles, report = read(kaggle)
    assert [title.id for title in titles] == [1, 2, 3]
    assert report.left_out["duplicate id"] == 1
    assert "line 5: id 1 is there already" in report.warnings[0]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"2,Broken\0,1,a,b,c,TV,1,2004,,,,,,1", "NUL"),
        (b'2,"Broken,1,a,b,c,TV,1,2004,,,,,,1', "quote"),
        (b'2,"Bro"ken,1,a,b,c,TV,1,2004,,,,,,1', "quote"),
        (b"2,Broken,1", "3 columns instead of 15"),
        (b"2,Broken\xff,1,a,b,c,TV,1,2004,,,,,,1", "not utf-8"),
        (b'2,"' + b"x" * 200_000 + b'",1,a,b,c,TV,1,2004,,,,,,1', "too long"),
        (b"2," + b"x" * (1 << 21) + b",1,a,b,c,TV,1,2004,,,,,,1", "longer than"),
        (b"two,Broken,1,a,b,c,TV,1,2004,,,,,,1", "MAL_ID is 'two'"),
        (b"2,Unknown,1,a,b,c,TV,1,2004,,,,,,1", "Name is 'Unknown'"),
    ],
)
def test_a_broken_row_is_one_reported_row_and_the_rest_is_read(tmp_path, row, why):
    folder = anime_with(tmp_path, row)
    titles, report = read(folder)
    assert [title.id for title in titles] == [1, 3]
    [(file, line, said)] = report.unreadable
    assert (file, line) == (str(folder / "anime.csv"), 3)
    assert why in said
    assert report.left_out["unreadable row"] == 1
    assert f"line 3: {said}" in report.text()


def test_strict_stops_at_a_broken_row_and_names_file_and_line(tmp_path):
    folder = anime_with(tmp_path, b"2,Broken,1")
    with pytest.raises(CatalogueError, match=r"anime\.csv, line 3: 3 columns instead of 15"):
        read(folder, strict=True)


def test_a_quoted_field_may_run_over_lines(kaggle):
    text = SYNOPSES.replace("A cook sails", "A cook\nsails")
    (kaggle / "anime_with_synopsis.csv").write_text(text, encoding="utf-8")
    titles, report = read(kaggle)
    assert titles[0].synopsis == {"en": 'A cook\nsails between stars, "alone".'}
    assert report.unreadable == []


def test_a_missing_column_is_named(kaggle):
    (kaggle / "anime.csv").write_text("id,Name\n1,A\n")
    with pytest.raises(CatalogueError, match="no column MAL_ID; it has id, Name"):
        read(kaggle)


def test_lost_first_letters_are_restored_and_counted(kaggle):
    path = kaggle / "anime_with_synopsis.csv"
    path.write_text(SYNOPSES.replace("Two people meet.", "mber meets Tom and then Amber leaves."), encoding="utf-8")
    titles, report = read(kaggle)
    assert titles[1].synopsis == {"en": "Amber meets Tom and then Amber leaves."}
    assert report.repaired["lost first letters restored"] == 1
    assert report.warnings == []


def test_lost_first_letters_that_nobody_can_know_stay_lost_and_are_said(kaggle):
    path = kaggle / "anime_with_synopsis.csv"
    path.write_text(SYNOPSES.replace("Two people meet.", "oi meets Tom."), encoding="utf-8")
    titles, report = read(kaggle)
    assert titles[1].synopsis == {"en": "oi meets Tom."}
    assert "1 synopses lost first letters" in report.warnings[0]


def whole_line(**changes):
    data = {
        "id": 7,
        "titles": {"romaji": "Yoru", "native": "夜", "en": "Night", "ko": "밤"},
        "aliases": ["Y"],
        "format": "tv",
        "year": 2001,
        "season": "fall",
        "aired_from": "2001-10",
        "episodes": 12,
        "duration_min": 24,
        "studios": ["S"],
        "source": "Original",
        "genres": ["Drama"],
        "themes": ["School"],
        "hooks": {"en": "A cat that talks."},
        "synopsis": {"en": "It is night.", "ko": "밤이다."},
        "score": 7.5,
        "members": 10,
        "adult": False,
        "offered": True,
        "relations": [{"id": 8, "kind": "sequel"}],
        "series": 7,
        "characters": [{"name": "Mio", "name_ko": "미오", "role": "main"}],
        "image_url": None,
    }
    return {**data, **changes}


def write_lines(path, *lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def test_the_catalogue_file_round_trips(tmp_path):
    path = write_lines(tmp_path / "mine.jsonl", whole_line())
    assert detect(path) == "catalogue"
    [title], report = read(path)
    assert title == Title.from_dict(whole_line())
    assert title.relations == (Relation(8, "sequel"),)
    assert title.characters == (Character("Mio", "미오", "main"),)
    assert title.to_dict() == whole_line()
    assert (report.read, report.offered, report.unreadable) == (1, 1, [])


def test_a_folder_or_gzip_of_the_catalogue_file_reads_too(tmp_path):
    write_lines(tmp_path / "titles.jsonl", whole_line())
    (tmp_path / "g.jsonl.gz").write_bytes(gzip.compress((tmp_path / "titles.jsonl").read_bytes()))
    assert read(tmp_path)[0] == read(tmp_path / "g.jsonl.gz")[0]


def test_id_and_titles_are_enough(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", {"id": 1, "titles": {"en": "A"}}, whole_line(offered=False))
    titles, report = read(path)
    assert [title.offered for title in titles] == [False, False]
    assert +report.left_out == {
        "known but not offered: neither synopsis nor score": 1,
        "known but not offered: the catalogue says so": 1,
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": "7"}, 'id is "7"; a whole number from 1'),
        ({"id": True}, "id is true; a whole number"),
        ({"id": None}, "id is missing"),
        ({"titles": None}, "titles is missing"),
        ({"titles": {}}, "titles is {}; at least one of romaji, native, en, ko"),
        ({"titles": {"jp": "A"}}, "texts by romaji, native, en, ko are allowed"),
        ({"format": "TV"}, 'format is "TV"; allowed are tv, movie, ova, ona, special, music'),
        ({"season": "autumn"}, 'season is "autumn"; allowed are winter, spring, summer, fall'),
        ({"year": "2001"}, 'year is "2001"; a whole number from 1,900 to 2,100'),
        ({"aired_from": "Apr 2001"}, "an ISO date is allowed"),
        ({"score": 11}, "score is 11; a number from 0 to 10"),
        ({"genres": "Drama"}, "a list of texts is allowed"),
        ({"synopsis": "text"}, "texts by en, ko are allowed"),
        ({"adult": "no"}, "true and false are allowed"),
        ({"relations": [{"id": 8, "kind": "parent"}]}, 'the kind "parent" is not one of prequel, sequel'),
        ({"relations": [{"kind": "sequel"}]}, "has no id"),
        ({"characters": [{"role": "main"}]}, "has no name"),
        ({"image_url": "\ud800"}, "a text is allowed"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_its_value_and_what_is_allowed(tmp_path, changes, why):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(whole_line(id=1)) + "\n" + json.dumps(whole_line(**changes)) + "\n")
    titles, report = read(path)
    assert [title.id for title in titles] == [1]
    [(_, line, said)] = report.unreadable
    assert line == 2
    assert why in said
    with pytest.raises(CatalogueError, match="line 2"):
        read(path, strict=True)


@pytest.mark.parametrize("line", ["{", "[1]", "7", '{"id": NaN}', "[" * 100_000])
def test_a_line_that_is_no_object_is_reported(tmp_path, line):
    path = tmp_path / "a.jsonl"
    path.write_text(line + "\n\n" + json.dumps(whole_line()) + "\n")
    titles, report = read(path)
    assert len(titles) == 1
    assert report.unreadable[0][1] == 1


def test_unknown_fields_are_said_and_duplicates_kept_once(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", whole_line(colour="red"), whole_line())
    titles, report = read(path)
    assert len(titles) == 1
    assert report.left_out["duplicate id"] == 1
    assert any("colour" in warning for warning in report.warnings)


@pytest.mark.parametrize("name", ["none", "empty", "table.csv", "notes.txt"])
def test_what_is_no_catalogue_is_named_with_what_is_accepted(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(CatalogueError) as raised:
        detect(tmp_path / name)
    assert str(tmp_path / name) in str(raised.value)
    assert "accepted are the Kaggle folder" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv.gz", b"\x1f\x8bnot gzip"), ("a.csv.gz", gzip.compress(b"a" * 999, mtime=0)[:40])]
)
def test_a_damaged_file_is_a_clear_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogueError, match=r"a\.csv\.gz"):
        detect(tmp_path / name)


def test_a_file_without_one_sound_title_is_an_error(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", {"id": 1})
    with pytest.raises(CatalogueError, match=r"no title could be read.*titles is missing"):
        read(path)


KOREAN = """\
laftel_id,series_id,제목,장르,태그,줄거리,avg_rating,age_rating,air_year_quarter,제작사,캐릭터,rating_count,연도
12,77,(더빙) 별의 요리사 2기,"SF, 개그","치유, 만화 원작, 배틀",별에서 요리한다.,4.3,15.0,"2012년 2분기, 2012년 3분기",해 | 달,딸기 (CV 가) | 하늘 (CV 나),9040,2012
11,77,별의 요리사 1기 - 판권 부활,"성인, 액션",이세계,[공지] 교체 안내 <줄거리> 시작한다.,5.0,19.0,2010년,,,3,2010
13,,홀로,BL|드라마,,,,12,,,,,
"""


def test_the_korean_csv_becomes_a_korean_catalogue(tmp_path):
    path = tmp_path / "k.csv"
    path.write_text(KOREAN, encoding="utf-8")
    assert detect(path) == "laftel"
    (second, first, third), report = read(path)
    assert second == Title(
        id=12,
        titles={"ko": "별의 요리사 2기"},
        aliases=("(더빙) 별의 요리사 2기",),
        year=2012,
        season="spring",
        aired_from="2012-04",
        studios=("해", "달"),
        source="Manga",
        genres=("Sci-Fi", "Comedy"),
        themes=("Iyashikei", "배틀", "더빙"),
        synopsis={"ko": "별에서 요리한다."},
        score=8.6,
        members=9040,
        series=11,
        characters=(Character("딸기", "딸기"), Character("하늘", "하늘")),
    )
    assert first.titles == {"ko": "별의 요리사 1기"}
    assert (first.genres, first.themes) == (("Action",), ("성인", "Isekai"))
    assert (first.adult, first.series, first.synopsis) == (False, 11, {"ko": "시작한다."})
    assert (third.genres, third.offered, third.series) == (("Boys Love", "Drama"), False, None)
    assert report.repaired["version moved out of the name"] == 2


@pytest.mark.parametrize(
    ("tag", "name"),
    [("SF", "Sci-Fi"), ("sf", "Sci-Fi"), ("개그", "Comedy"), ("음식", "Gourmet"), ("이세계", "Isekai"), ("치유", "Iyashikei"),
     ("GL 백합", "Girls Love"), ("아동", "Kids"), ("추리", "Mystery"), ("성인", None), ("작화 고퀄", None)],
)  # fmt: skip
def test_korean_genres_find_their_canonical_names(tag, name):
    assert laftel.canonical(tag) == name


def test_for_grown_ups_is_not_adult_and_erotic_is():
    assert not laftel.is_adult(19, ["Action", "성인"])
    assert laftel.is_adult(19, ["성인", "헨타이"])
    assert not laftel.is_adult(15, ["헨타이"])


def test_ids_made_from_titles_are_stable_and_tell_namesakes_apart(tmp_path):
    path = tmp_path / "k.csv"
    path.write_text(
        "제목,줄거리,장르\n밤,첫째 이야기.,액션\n밤,둘째 이야기.,액션\n밤,첫째 이야기.,액션\n낮,셋째.,액션\n",
        encoding="utf-8",
    )
    titles, report = read(path)
    ids = [title.id for title in titles]
    assert ids[0] == laftel.own_id("밤")
    assert len(set(ids)) == 3
    assert report.left_out["duplicate id"] == 1
    path.write_text("제목,줄거리,장르\n낮,셋째.,액션\n밤,첫째 이야기.,액션\n", encoding="utf-8")
    assert [title.id for title in read(path)[0]] == [ids[2], ids[0]]


def test_a_korean_csv_in_the_old_encoding_reads(tmp_path):
    path = tmp_path / "k.csv"
    path.write_bytes("제목,줄거리\r\n밤,이야기.\r\n".encode("cp949"))
    assert read(path)[0][0].titles == {"ko": "밤"}


@pytest.mark.skipif(not (DATA / "mal2020").is_dir(), reason=f"no Kaggle catalogue in {DATA} (set DATA)")
def test_the_real_kaggle_catalogue_reads_whole():
    titles, report = read(DATA / "mal2020")
    assert (report.read, report.kept, report.unreadable) == (17_562, 17_562, [])
    assert sum(title.offered and not title.adult for title in titles) == 15_666
    assert sum(title.adult for title in titles) == 1_348
    assert report.repaired["lost first letters restored"] > 2_900
    assert report.repaired["placeholder synopsis emptied"] == 727
    assert not any(mark in title.text() for title in titles for mark in ("(Source:", "[Written by"))


@pytest.mark.skipif(not (DATA / "anime_korean_laftel").is_dir(), reason=f"no Korean catalogue in {DATA} (set DATA)")
def test_the_real_korean_catalogues_read_whole():
    titles, report = read(DATA / "anime_korean_laftel" / "laftel_2024_top.csv.gz")
    assert (report.kept, report.offered, report.unreadable) == (1_558, 1_558, [])
    assert sum(title.series is not None for title in titles) == 1_267
    assert sum("Sci-Fi" in title.genres for title in titles) == 174
    titles, report = read(DATA / "anime_korean_laftel" / "laftel_2022_hangul_only.csv.gz")
    assert (report.kept, report.offered) == (1_862, 1_834)
