"""The cleaning rules, one by one."""

import pytest

from indexer import clean
from indexer.heads import Heads, is_cut, learn_heads, restore_head


@pytest.mark.parametrize("text", ["Unknown", "unknown", "", " ", "N/A", "-", "Not available", None])
def test_texts_that_mean_not_known_are_missing(text):
    assert clean.is_missing(text)
    assert clean.known(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "No synopsis information has been added to this title. Help improve our database by adding a synopsis here .",
        "No synopsis has been added for this series yet. Click here to update this information.",
        "No synopsis has been added for this series yet.",
        "Not available",
        "Unknown",
        "No synopsis yet.",
        "줄거리가 없습니다.",
    ],
)
def test_placeholders_are_no_synopsis(text):
    assert clean.synopsis(text) is None


def test_a_synopsis_that_speaks_of_an_unknown_thing_stays():
    text = "Unknown to the village, no synopsis of the old play survives."
    assert clean.synopsis(text) == text


def test_entities_are_decoded_also_twice_escaped_ones():
    assert clean.known("Tom &amp; Jerry &quot;live&quot;") == 'Tom & Jerry "live"'
    assert clean.unescape("a &amp;lt; b&#039;s") == "a < b's"
    assert clean.unescape("R&D; AT&T") == "R&D; AT&T"
    assert clean.has_entities("&#039;") is True
    assert clean.has_entities("this & that;") is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A boy runs. (Source: ANN)", "A boy runs."),
        ("A boy runs. [Written by MAL Rewrite]", "A boy runs."),
        ("A boy runs. [Written by MAL Rewrite", "A boy runs."),
        ("A boy runs. (Source: ANN) Note: shown with a film.", "A boy runs. Note: shown with a film."),
        ("A boy runs. (Source: AniDB, edited)", "A boy runs."),
        ("A boy runs. (Source: Wiki (English))", "A boy runs."),
        ("A boy runs. [Source: Crunchyroll]", "A boy runs."),
        ("A boy runs. (from anime-planet)", "A boy runs."),
        ("A boy runs. Source: ANN", "A boy runs."),
        ("The source: a spring in the hills.", "The source: a spring in the hills."),
        ("A play (written in 1901) is staged.", "A play (written in 1901) is staged."),
    ],
)
def test_source_notes_are_removed(text, expected):
    assert clean.synopsis(text) == expected


def test_a_source_note_alone_is_no_synopsis():
    assert clean.synopsis("(Source: ANN)") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("8.78", 8.78), ("Unknown", None), ("0", None), ("0.0", None), ("11", None), ("-1", None), ("nan", None),
     ("", None), (None, None), ("10", 10.0)],
)  # fmt: skip
def test_scores_that_are_not_numbers_are_none(text, expected):
    assert clean.score(text) == expected


def test_scores_of_five_are_doubled():
    assert clean.score("4.3", scale=5) == 8.6
    assert clean.score("5.1", scale=5) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("26", 26), ("26.0", 26), ("Unknown", None), ("0", None), ("1.5", None), ("-3", None)]
)
def test_episodes_that_are_not_numbers_are_none(text, expected):
    assert clean.episodes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apr 3, 1998 to Apr 24, 1999", "1998-04-03"),
        ("Sep 1, 2001", "2001-09-01"),
        ("Apr 3, 1998 to ?", "1998-04-03"),
        ("2004", "2004"),
        ("2004 to 2006", "2004"),
        ("Apr, 2004", "2004-04"),
        ("Apr, 2004 to Mar, 2005", "2004-04"),
        ("2004-04-11", "2004-04-11"),
        ("2004-04-11T00:00:00", "2004-04-11"),
        ("Not available", None),
        ("Unknown", None),
        ("?", None),
        ("Foo 3, 1998", None),
        ("1492", None),
        (None, None),
    ],
)
def test_the_first_day_of_airing_becomes_an_iso_date(text, expected):
    assert clean.aired_from(text) == expected


def test_the_year_is_the_first_that_is_named():
    assert clean.year("1998-04-03") == 1998
    assert clean.year("2012년 1분기") == 2012
    assert clean.year("2021.0") == 2021
    assert clean.year("12345") is None


@pytest.mark.parametrize(
    ("premiered", "aired", "expected"),
    [
        ("Spring 1998", "1998-04-03", "spring"),
        ("Autumn 1998", None, "fall"),
        ("Winter 2011", "2010-12-28", "winter"),
        ("Unknown", "1998-01-03", "winter"),
        ("Unknown", "1998-06", "spring"),
        (None, "1998-09-30", "summer"),
        (None, "1998-12", "fall"),
        (None, "1998", None),
        (None, None, None),
    ],
)
def test_the_season_is_the_premiere_or_else_the_month(premiered, aired, expected):
    assert clean.season(premiered, aired) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("24 min. per ep.", 24), ("1 hr. 55 min.", 115), ("1 hr. per ep.", 60), ("30 sec. per ep.", 1), ("95 sec.", 2),
     ("Unknown", None), (None, None)],
)  # fmt: skip
def test_durations_become_minutes(text, minutes):
    assert clean.duration(text) == minutes


@pytest.mark.parametrize(
    ("text", "expected"),
    [("TV", "tv"), ("Movie", "movie"), ("OVA", "ova"), ("ONA", "ona"), ("Special", "special"), ("Music", "music"),
     ("Unknown", None), ("", None), (None, None)],
)  # fmt: skip
def test_formats_become_the_catalogues(text, expected):
    assert clean.format_name(text) == expected


def test_lists_are_separated_by_pipes_or_else_by_commas():
    assert clean.items("Action, Drama , Action") == ("Action", "Drama")
    assert clean.items("Foo, Inc.| Bar &amp; Co ") == ("Foo, Inc.", "Bar & Co")
    assert clean.items("Unknown") == ()
    assert clean.items(None) == ()


TEXTS = [
    "Here it is. When the rain stops, a boy leaves. When the sun sets, he returns. A young cook sings.",
    "There. A young smith waits. An educational film is shown. An educational tour follows. Music video of a band.",
    "It is late. Music video again. A young king rules when a young queen asks when and a young cook when not. The music stops.",
    "Then an educational song helps the young. Music is music. When will the music end? When? When all is done.",
]


def test_a_synopsis_is_cut_where_it_begins_with_a_letter_that_the_cut_had_to_leave():
    assert is_cut("usic video by a band.")
    assert not is_cut("Music video by a band.")
    assert not is_cut("noitaminA's anniversary.")  # n is a letter that the cut would have taken
    assert not is_cut("")


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("hen the rain begins again, she stays.", "When the rain begins again, she stays."),
        ("oung cook travels.", "A young cook travels."),
        ("ducational film about bicycles.", "An educational film about bicycles."),
        ("usic video for a song.", "Music video for a song."),
    ],
)
def test_lost_first_letters_come_back_where_uncut_sentences_show_them(cut, whole):
    assert restore_head(cut, learn_heads(TEXTS)) == whole


def test_a_name_of_the_work_or_of_its_people_brings_its_letters_back():
    assert restore_head("upin steals a jewel.", Heads(), ["Lupin Sansei"]) == "Lupin steals a jewel."
    text = "akoto and Yura live together. One day Makoto leaves."
    assert restore_head(text, Heads()) == "M" + text


def test_what_cannot_be_known_stays_cut():
    assert restore_head("oi was raised as a boy.", learn_heads(TEXTS)) is None


def test_an_uncut_synopsis_is_left_alone():
    assert restore_head("When it rains.", learn_heads(TEXTS)) is None
