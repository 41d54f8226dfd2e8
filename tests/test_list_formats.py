"""List files: what is read of each format, what is refused, and that nothing is lost on the way there and back."""

from __future__ import annotations

import datetime
import gzip
import json
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue import Title
from lists import draft, formats
from lists.draft import Draft, ListFileError, read_status
from lists.entry import MAX_EPISODES, MAX_REWATCHES, STATUSES, Entry
from lists.formats import FORMATS, read_list, write_list
from lists.match import match

AT = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
TITLES = {
    1: Title(1, {"en": "Cowboy Bebop", "romaji": "Cowboy Bebop", "native": "カウボーイビバップ"}, format="tv", episodes=26),
    5: Title(5, {"en": "Monster & <Friends> ]]>", "ko": "몬스터"}, format="movie"),
    7: Title(7, {"en": "=HYPERLINK(1)"}),
}  # fmt: skip


def everything_known(ids):
    return set(ids)


def nothing_named(name):
    return []


def there_and_back(format: str, entries: list[Entry]) -> list[Entry]:
    matched = match(read_list(write_list(format, entries, TITLES)), everything_known, nothing_named, AT)
    assert matched.problems == ()
    return list(matched.entries)


# -- nothing is lost -----------------------------------------------------------------------------------------------------

dates = st.none() | st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31))
entries = st.builds(
    Entry,
    title_id=st.integers(1, 2**53 - 1),
    status=st.sampled_from(STATUSES),
    score=st.none() | st.integers(1, 10),
    episodes=st.integers(0, MAX_EPISODES),
    rewatches=st.integers(0, MAX_REWATCHES),
    started=dates,
    finished=dates,
    updated=st.datetimes(datetime.datetime(1971, 1, 1), datetime.datetime(2200, 1, 1), timezones=st.just(datetime.UTC)),
    order=st.integers(0, 10_000),
)
lists_of_entries = st.lists(entries, max_size=20, unique_by=lambda entry: entry.title_id)


@pytest.mark.parametrize("format", FORMATS)
@given(given_list=lists_of_entries)
@settings(max_examples=60, deadline=None)
def test_a_list_that_goes_out_and_comes_back_has_lost_nothing(format, given_list):
    in_order = sorted(given_list, key=lambda entry: (entry.order, entry.title_id))
    back = there_and_back(format, given_list)
    # The place in the file is the order from then on; all else is as it was.
    assert [entry.order for entry in back] == list(range(len(back)))
    assert [{**entry.to_dict(), "order": 0} for entry in back] == [
        {**entry.to_dict(), "order": 0} for entry in in_order
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_names_go_out_whatever_letters_they_hold(format):
    written = write_list(format, [Entry(id, "watching") for id in TITLES], TITLES)
    names = [row.names[0] for row in read_list(written).rows]
    assert names == ["Cowboy Bebop", "Monster & <Friends> ]]>", "=HYPERLINK(1)"]
    assert read_list(gzip.compress(written)) == read_list(written)
    if format == "csv":
        assert b",=HYPERLINK" not in written


def test_our_xml_says_what_myanimelist_expects():
    entry = Entry(1, "plan_to_watch", None, 3, 2, datetime.date(2025, 4, 5), None, AT)
    root = ElementTree.fromstring(write_list("xml", [entry], TITLES))
    told = {child.tag: child.text or "" for child in root.find("anime")}
    assert told["series_animedb_id"] == "1"
    assert told["my_status"] == "Plan to Watch"
    assert (told["my_start_date"], told["my_finish_date"]) == ("2025-04-05", "0000-00-00")
    assert (told["my_score"], told["my_watched_episodes"], told["my_times_watched"]) == ("0", "3", "2")
    assert told["series_episodes"] == "26"
    assert root.findtext("myinfo/user_total_plantowatch") == "1"


def test_another_format_is_refused():
    with pytest.raises(ListFileError, match="format is 'yaml'; allowed are xml, json, csv"):
        write_list("yaml", [], {})


# -- MyAnimeList ---------------------------------------------------------------------------------------------------------


def anime(**fields: object) -> str:
    return "<anime>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in fields.items()) + "</anime>"


def xml(*body: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<!-- made by MAL --><myanimelist>{"".join(body)}</myanimelist>'.encode()


def test_an_export_of_myanimelist_is_read():
    parsed = read_list(
        xml(
            "<myinfo><user_id>7</user_id><user_name>ada</user_name><user_export_type>1</user_export_type></myinfo>",
            anime(
                series_animedb_id=1,
                series_title="<![CDATA[Cowboy Bebop]]>",
                my_watched_episodes=26,
                my_start_date="2019-02-03",
                my_finish_date="2019-03-00",
                my_score=9,
                my_status="Completed",
                my_times_watched=2,
                my_comments="<![CDATA[great]]>",
            ),
            anime(series_animedb_id=5, series_title="Film", my_status="Plan to Watch", my_start_date="0000-00-00"),
        )
    )
    first, second = parsed.rows
    assert (first.id, first.names, first.status, first.score) == (1, ("Cowboy Bebop",), "completed", 9)
    assert (first.episodes, first.rewatches) == (26, 2)
    assert (first.started, first.finished) == (datetime.date(2019, 2, 3), datetime.date(2019, 3, 1))
    assert (second.status, second.score, second.started, second.updated) == ("plan_to_watch", None, None, None)
    assert parsed.problems == ()
    assert {kind: count for kind, count in parsed.notes.items() if count} == {"partial": 1, "notes": 1}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("1", "watching"), ("2", "completed"), ("3", "on_hold"), ("4", "dropped"), ("6", "plan_to_watch"),
        ("Watching", "watching"), ("On-Hold", "on_hold"), ("on_hold", "on_hold"), ("plantowatch", "plan_to_watch"),
        ("Plan to Watch", "plan_to_watch"), ("CURRENT", "watching"), ("PAUSED", "on_hold"), ("보류", "on_hold"),
        ("5", None), ("", None), ("seen", None), (None, None),
    ],
)  # fmt: skip
def test_a_status_is_known_by_its_words_and_codes(word, status):
    assert read_status(word) == status


def test_what_can_not_be_read_is_named_and_the_rest_is_kept():
    parsed = read_list(
        xml(
            anime(series_animedb_id=1, series_title="A", my_status="Enjoying"),
            anime(series_animedb_id=2, series_title="B", my_status="2", my_score="eleven", my_watched_episodes="-4"),
            anime(series_animedb_id=3, series_title="C", my_status="2", my_score="12", my_start_date="2019-13-01"),
            anime(series_animedb_id=3, series_title="C again", my_status="4"),
            anime(series_animedb_id="x9", series_title="D", my_status="4", my_times_watched="99999999"),
            anime(my_status="4"),
            anime(series_animedb_id=7, my_status=6, my_score="7.5", my_last_updated="soon"),
        )
    )
    assert [(row.id, row.status, row.score) for row in parsed.rows] == [
        (2, "completed", None),
        (3, "completed", None),
        (None, "dropped", None),
        (7, "plan_to_watch", 8),
    ]
    assert [(p.place, p.name, p.kind, p.value, p.kept) for p in parsed.problems] == [
        (1, "A", "status", "Enjoying", False),
        (2, "B", "score", "eleven", True),
        (2, "B", "episodes", "-4", True),
        (3, "C", "score", "12", True),
        (3, "C", "date", "2019-13-01", True),
        (4, "C again", "duplicate", "", False),
        (5, "D", "id", "x9", True),
        (5, "D", "rewatches", "99999999", True),
        (6, "without a name", "row", "neither id nor name", False),
        (7, "id 7", "updated", "soon", True),
    ]
    assert parsed.notes["rounded"] == 1
    assert parsed.problems[0].text() == "Entry 1 (A): the status 'Enjoying' is unknown."
    assert parsed.problems[1].text() == "Entry 2 (B): the score 'eleven' is none of 1 to 10; kept without it."


def test_a_rewatch_and_manga_are_told_of():
    parsed = read_list(
        xml(
            anime(series_animedb_id=1, my_status="Completed", my_rewatching=1),
            "<manga><manga_mangadb_id>2</manga_mangadb_id><my_status>Reading</my_status></manga>",
        )
    )
    assert [(row.id, row.status) for row in parsed.rows] == [(1, "watching")]
    assert (parsed.notes["rewatching"], parsed.notes["manga"]) == (1, 1)


BOMB = """<?xml version="1.0"?><!DOCTYPE myanimelist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><myanimelist><anime><series_title>&c;</series_title></anime></myanimelist>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE myanimelist [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<myanimelist><anime><series_title>&a;</series_title></anime></myanimelist>"""


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (BOMB.encode(), r"declares an entity \(a\)"),
        (OUTSIDE.encode(), r"declares an entity \(a\)"),
        (b"<myanimelist><anime>", "XML is broken: no element found"),
        (b"<myanimelist>&nbsp;</myanimelist>", "XML is broken: undefined entity"),
        (b"<rss></rss>", "begins with <rss>; a list of MyAnimeList begins with <myanimelist>"),
        (b"<myanimelist>" + b"<a>" * 20, "nested more than 16 deep"),
        (b"<html><body>Log in</body></html>", "begins with <html>"),
        (b"", "The file is empty"),
        (b" \r\n", "The file is empty"),
        (b"PK\x03\x04rest", "is a zip; unpack it"),
        (b"\x1f\x8bnot gzip", "gzip file is damaged"),
        (gzip.compress(b"<myanimelist/>", mtime=0)[:-6], "gzip file is damaged"),
        (b"{", "JSON is broken"),
        (b"[" * 100_000, "JSON is broken"),
        (b'{"a": 1}', "no `lists` of AniList"),
        (b"[1" + b"0" * 5000 + b"]", "JSON is broken"),
        (b"\x89PNG\r\n\0\0", "neither XML, JSON nor text"),
        (b"hello\nworld\n", "no column id or title; its columns are: hello"),
        (b"title,year\nA,1999\n", "no column status"),
    ],
)
def test_what_is_no_list_is_refused_with_the_reason(data, told):
    with pytest.raises(ListFileError, match=told):
        read_list(data)


def test_files_and_lists_too_large_are_refused(monkeypatch):
    monkeypatch.setattr(formats, "MAX_BYTES", 1000)
    with pytest.raises(ListFileError, match="has 1,001 bytes; 1,000 are allowed"):
        read_list(b"<" * 1001)
    with pytest.raises(ListFileError, match="unpacks to more than 1,000 bytes"):
        read_list(gzip.compress(b"<" * 5000))
    monkeypatch.setattr(draft, "MAX_ROWS", 2)
    with pytest.raises(ListFileError, match="more than 2 entries"):
        read_list(b"id,status\n1,1\n2,1\n3,1\n")


# -- AniList -------------------------------------------------------------------------------------------------------------


def anilist(*given: dict, format: str | None = "POINT_10") -> bytes:
    user = {"mediaListOptions": {"scoreFormat": format}} if format else {}
    lists = [{"name": "Completed", "status": "COMPLETED", "isCustomList": False, "entries": list(given)}]
    return json.dumps({"data": {"MediaListCollection": {"user": user, "lists": lists}}}).encode()


def entry(id: int, score: float, **more: object) -> dict:
    return {"mediaId": id + 1000, "score": score, "media": {"idMal": id, "title": {"english": f"T{id}"}}, **more}


def test_a_collection_of_anilist_is_read():
    data = anilist(
        entry(
            1,
            8,
            status="REPEATING",
            progress=4,
            repeat=2,
            startedAt={"year": 2020, "month": 4, "day": None},
            completedAt={"year": None, "month": None, "day": None},
            updatedAt=1700000000,
            notes="mine",
        ),
        {"status": "PLANNING", "score": 0, "media": {"idMal": None, "title": {"romaji": "R", "native": "N"}}},
        {"status": "CURRENT", "score": 5, "media": {"idMal": 3, "type": "MANGA"}},
        {"status": "CURRENT", "score": 5, "mediaId": 9, "media": {"idMal": None, "title": {}}},
    )
    parsed = read_list(data)
    first, second = parsed.rows
    assert (first.id, first.status, first.score, first.episodes, first.rewatches) == (1, "watching", 8, 4, 2)
    assert (first.started, first.finished) == (datetime.date(2020, 4, 1), None)
    assert first.updated == datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.UTC)
    assert (second.id, second.names, second.status, second.score) == (None, ("R", "N"), "plan_to_watch", None)
    assert [problem.kind for problem in parsed.problems] == ["row"]
    counted = {kind: count for kind, count in parsed.notes.items() if count}
    assert counted == {"rewatching": 1, "partial": 1, "notes": 1, "manga": 1}


@pytest.mark.parametrize(
    ("format", "scores"),
    [
        ("POINT_100", {100: 10, 85: 9, 84: 8, 5: 1, 1: 1, 0: None, 101: None}),
        ("POINT_10_DECIMAL", {10: 10, 8.5: 9, 8.4: 8, 0.4: 1, 0: None, 10.5: None}),
        ("POINT_10", {10: 10, 7: 7, 0: None, 11: None}),
        ("POINT_5", {5: 10, 4: 8, 1: 2, 0: None, 6: None}),
        ("POINT_3", {3: 9, 2: 6, 1: 4, 0: None, 4: None}),
    ],
)
def test_scores_of_every_format_become_scores_of_ten(format, scores):
    parsed = read_list(anilist(*(entry(id, score) for id, score in enumerate(scores, 1)), format=format))
    assert [row.score for row in parsed.rows] == list(scores.values())
    [problem] = parsed.problems
    assert (problem.kind, problem.kept) == ("score", True)
    assert problem.value == f"{max(scores):g} of {format}"


@pytest.mark.parametrize(
    ("scores", "read"),
    [
        ([80, 5, 0], [8, 1, None]),
        ([7, 8.6, 0], [7, 9, None]),
        ([5, 5, 4, 3, 1], [10, 10, 8, 6, 2]),
        ([5, 4, 3], [5, 4, 3]),
    ],
)
def test_a_scale_that_the_file_does_not_name_is_taken_by_its_scores_and_told_of(scores, read):
    parsed = read_list(anilist(*(entry(id, score) for id, score in enumerate(scores, 1)), format=None))
    assert [row.score for row in parsed.rows] == read
    assert parsed.notes["score format"] == sum(score > 0 for score in scores)


def test_an_unknown_scale_is_refused():
    with pytest.raises(ListFileError, match="scoreFormat is 'POINT_7'; allowed are POINT_100"):
        read_list(anilist(entry(1, 5), format="POINT_7"))


def test_an_entry_that_stands_in_a_persons_own_list_too_counts_once():
    lists = [
        {"status": "COMPLETED", "isCustomList": False, "entries": [entry(1, 8), entry(2, 7)]},
        {"status": None, "isCustomList": True, "name": "Best", "entries": [entry(1, 8, status="COMPLETED")]},
    ]
    parsed = read_list(json.dumps({"lists": lists, "user": {"scoreFormat": "POINT_10"}}).encode())
    assert [row.id for row in parsed.rows] == [1, 2]
    assert parsed.problems == ()


@pytest.mark.parametrize(
    "shape",
    [
        lambda flat: flat,
        lambda flat: {"entries": flat},
        lambda flat: {"lists": [{"entries": flat}]},
        lambda flat: {"lists": {"COMPLETED": flat}},
        lambda flat: {"lists": flat},
        lambda flat: {"anime": flat},
        lambda flat: {"data": {"MediaListCollection": {"lists": [{"entries": flat}]}}},
    ],
)
def test_flatter_shapes_that_exporters_write_are_read(shape):
    flat = [
        {"malId": 1, "title": "One", "status": "COMPLETED", "score": 8, "progress": 12},
        {"title": {"romaji": "Two"}, "status": "DROPPED", "startedAt": "2020-01-02"},
    ]
    parsed = read_list(json.dumps(shape(flat)).encode())
    one, two = parsed.rows
    assert (one.id, one.names, one.status, one.score, one.episodes) == (1, ("One",), "completed", 8, 12)
    assert (two.id, two.names, two.status, two.started) == (None, ("Two",), "dropped", datetime.date(2020, 1, 2))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["lists", "entries", "media", "idMal", "title", "status", "score", "user", "startedAt", "nextep",
                         "order", "year", "updatedAt", "progress", "mediaId", "id", "scoreFormat", "mediaListOptions"]) | st.text(max_size=4),
        inner,
        max_size=6,
    ),
    max_leaves=15,
)  # fmt: skip


@given(
    value=st.lists(json_values, max_size=4)
    | st.dictionaries(st.sampled_from(["lists", "entries", "data"]), json_values)
)
@settings(max_examples=200, deadline=None)
def test_any_json_is_read_or_refused_and_never_breaks_the_reader(value):
    try:
        parsed = read_list(json.dumps(value).encode())
    except ListFileError:
        return
    for row in parsed.rows:
        assert row.entry(1, 0, AT).status in STATUSES


@given(
    data=st.binary(max_size=200)
    | st.text(alphabet="<>/&;![]ay=\"'", max_size=80).map(lambda t: f"<myanimelist>{t}".encode())
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused_and_never_break_the_reader(data):
    try:
        parsed = read_list(data)
    except ListFileError:
        return
    assert all(row.status in STATUSES for row in parsed.rows)


# -- CSV -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["xml", "json", "csv"])
@pytest.mark.parametrize(
    "name", ["=SUM(A1)", "'=q", 'a,b;"c"\n d', "<b>&amp;]]></b>", "작품 🧙", "x\x00y\x0bz", "NULL", "-", "12"]
)
def test_no_name_of_a_title_breaks_what_is_exported(format, name):
    entries = [Entry(7, "watching", 8, 3, order=0), Entry(2**53 - 1, "dropped", order=1)]
    read = read_list(write_list(format, entries, {7: Title(7, {"en": name})}))
    assert read.problems == ()
    assert [(row.id, row.status, row.score, row.episodes) for row in read.rows] == [
        (7, "watching", 8, 3),
        (2**53 - 1, "dropped", None, 0),
    ]


def test_a_csv_is_read_whatever_its_columns_are_called():
    text = (
        "\ufeffMAL ID;Anime Title;My Status;Your Score;Episodes;Watched Episodes;Start Date;Mood\r\n"
        '1;"Bebop; the series";Completed;9;26;26;2019/2/3;good\r\n'
        "\r\n"
        "0;'=Love;on hold;-;;3;2019;\r\n"
        "2;short;row\r\n"
    )
    parsed = read_list(text.encode())
    one, two = parsed.rows
    assert (one.id, one.names, one.status, one.score, one.episodes) == (1, ("Bebop; the series",), "completed", 9, 26)
    assert one.started == datetime.date(2019, 2, 3)
    assert (two.id, two.names, two.status, two.score, two.episodes) == (None, ("=Love",), "on_hold", None, 3)
    [problem] = parsed.problems
    assert (problem.kind, problem.value) == ("row", "3 columns instead of 8")
    assert {kind: count for kind, count in parsed.notes.items() if count} == {"columns": 2, "partial": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_a_csv_of_a_korean_spreadsheet_is_read_in_its_encoding(encoding):
    parsed = read_list("제목,상태,점수\n몬스터,완료,10\n".encode(encoding))
    assert [(row.names, row.status, row.score) for row in parsed.rows] == [(("몬스터",), "completed", 10)]


def test_a_csv_of_scores_only_is_of_what_was_completed_and_says_so():
    parsed = read_list(b"anime_id,rating\n1,9\n2,0\n")
    assert [(row.id, row.status, row.score) for row in parsed.rows] == [(1, "completed", 9), (2, "completed", None)]
    assert parsed.notes["no status"] == 2


def test_a_broken_quote_is_named():
    with pytest.raises(ListFileError, match="CSV is broken near line"):
        read_list(b'id,status\n1,"' + b"x" * 200_000)


# -- any format ---------------------------------------------------------------------------------------------------------


def test_a_name_that_no_database_keeps_is_made_one_that_it_does():
    made = Draft("test")
    row = made.add({"id": 1, "status": 1}, ["a\0b\x1bc" + "x" * 600])
    assert row.names[0].startswith("abcx")
    assert len(row.names[0]) == 500
