"""What the words of a query say of years, formats, lengths, genres and makers, and what they leave to the story."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.constraints import content_words, genre_of, parse
from search.engine import Filters

STUDIOS = ("Kyoto Animation", "Studio Ghibli", "Madhouse", "Bones", "Sunrise", "매드하우스")
COMEDY_ROMANCE = [("genre", "Romance"), ("genre", "Comedy")]


def said(text: str) -> list[tuple[str, str | int]]:
    return [(constraint.parameter, constraint.value) for constraint in parse(text, studios=STUDIOS).constraints]


def years(first: int, last: int) -> list[tuple[str, int]]:
    return [("year_from", first), ("year_to", last)]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("90s", years(1990, 1999)),
        ("90's anime", years(1990, 1999)),
        ("the 1990s", years(1990, 1999)),
        ("early 2000s romance", [*years(2000, 2009), ("genre", "Romance")]),
        ("80s mecha", [*years(1980, 1989), ("theme", "Mecha")]),
        ("20s", years(2020, 2029)),
        ("before 2005", [("year_to", 2004)]),
        ("action before 2005", [("year_to", 2004), ("genre", "Action")]),
        ("after 2015 comedy", [("year_from", 2016), ("genre", "Comedy")]),
        ("since 2010", [("year_from", 2010)]),
        ("between 2000 and 2005", years(2000, 2005)),
        ("from 2001 to 2004 fantasy", [*years(2001, 2004), ("genre", "Fantasy")]),
        ("2001-2004 fantasy", [*years(2001, 2004), ("genre", "Fantasy")]),
        ("2011 sports", [*years(2011, 2011), ("genre", "Sports")]),
        ("best anime of 2016", years(2016, 2016)),
        ("sports anime from 2011", [*years(2011, 2011), ("genre", "Sports")]),
        ("released in 1999", years(1999, 1999)),
        ("90년대", years(1990, 1999)),
        ("90년대 로봇", [*years(1990, 1999), ("theme", "Mecha")]),
        ("1990년대 액션", [*years(1990, 1999), ("genre", "Action")]),
        ("2000년대 초반 로맨스", [*years(2000, 2009), ("genre", "Romance")]),
        ("2005년 이전 액션", [("year_to", 2004), ("genre", "Action")]),
        ("2010년 이후 판타지", [("year_from", 2010), ("genre", "Fantasy")]),
        ("2010년부터 판타지", [("year_from", 2010), ("genre", "Fantasy")]),
        ("2000년부터 2005년까지 코미디", [*years(2000, 2005), ("genre", "Comedy")]),
        ("2000~2005년 액션", [*years(2000, 2005), ("genre", "Action")]),
        ("2011년 스포츠", [*years(2011, 2011), ("genre", "Sports")]),
        ("2011년작", years(2011, 2011)),
    ],
)
def test_years_and_decades_are_read(text, read):
    assert said(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("movies", [("format", "movie")]),
        ("sci-fi movies", [("format", "movie"), ("genre", "Sci-Fi")]),
        ("ghost movies please", [("format", "movie")]),
        ("movie about a girl who travels through time", [("format", "movie")]),
        ("ova", [("format", "ova")]),
        ("tv anime romance", [("format", "tv"), ("genre", "Romance")]),
        ("music video", [("format", "music")]),
        ("극장판", [("format", "movie")]),
        ("우주 영화", [("format", "movie"), ("theme", "Space")]),
    ],
)
def test_formats_are_read(text, read):
    assert said(text) == read


def test_music_is_a_theme_and_not_the_music_videos():
    assert said("music comedy") == [("theme", "Music"), ("genre", "Comedy")]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("short", [("episodes_max", 13)]),
        ("short romance", [("episodes_max", 13), ("genre", "Romance")]),
        ("short anime", [("episodes_max", 13)]),
        ("under 13 episodes", [("episodes_max", 12)]),
        ("at most 24 episodes comedy", [("episodes_max", 24), ("genre", "Comedy")]),
        ("12 episodes or less", [("episodes_max", 12)]),
        ("over 100 episodes", [("episodes_min", 101)]),
        ("at least 50 eps action", [("episodes_min", 50), ("genre", "Action")]),
        ("12 episodes", [("episodes_min", 12), ("episodes_max", 12)]),
        ("24-episode romance", [("episodes_min", 24), ("episodes_max", 24), ("genre", "Romance")]),
        ("12부작 로맨스", [("episodes_min", 12), ("episodes_max", 12), ("genre", "Romance")]),
        ("짧은 로맨스", [("episodes_max", 13), ("genre", "Romance")]),
        ("12화 이하 코미디", [("episodes_max", 12), ("genre", "Comedy")]),
        ("24화 미만", [("episodes_max", 23)]),
        ("13부작 이하", [("episodes_max", 13)]),
        ("100화 이상 액션", [("episodes_min", 100), ("genre", "Action")]),
    ],
)
def test_lengths_and_episodes_are_read(text, read):
    assert said(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("without romance", [("without_genre", "Romance")]),
        ("comedy without romance", [("without_genre", "Romance"), ("genre", "Comedy")]),
        ("no horror please", [("without_genre", "Horror")]),
        ("comedy without romance or horror", [("without_genre", "Romance"), ("without_genre", "Horror"), ("genre", "Comedy")]),
        ("school without romance and without magic", [("without_genre", "Romance"), ("without_genre", "Magic"), ("theme", "School")]),
        ("로맨스 빼고", [("without_genre", "Romance")]),
        ("액션 로맨스 빼고", [("without_genre", "Romance"), ("genre", "Action")]),
        ("로맨스랑 공포 빼고", [("without_genre", "Romance"), ("without_genre", "Horror")]),
        ("로맨스 없는 코미디", [("without_genre", "Romance"), ("genre", "Comedy")]),
        ("공포 제외", [("without_genre", "Horror")]),
    ],
)  # fmt: skip
def test_what_is_not_wanted_is_read(text, read):
    assert said(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("romantic comedy", COMEDY_ROMANCE),
        ("romance comedy", COMEDY_ROMANCE),
        ("rom-com", COMEDY_ROMANCE),
        ("로맨스 코미디", COMEDY_ROMANCE),
        ("로맨스코미디", COMEDY_ROMANCE),
        ("러브 코미디", COMEDY_ROMANCE),
        ("action, adventure and fantasy", [("genre", "Action"), ("genre", "Adventure"), ("genre", "Fantasy")]),
        ("slice of life", [("genre", "Slice of Life")]),
        ("slice-of-life", [("genre", "Slice of Life")]),
        ("일상물", [("genre", "Slice of Life")]),
        ("힐링 애니 추천해줘", [("theme", "Iyashikei")]),
        ("sf", [("genre", "Sci-Fi")]),
    ],
)
def test_genre_lists_are_read(text, read):
    assert said(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("by Kyoto Animation", [("studio", "Kyoto Animation")]),
        ("romance by kyoto animation", [("studio", "Kyoto Animation"), ("genre", "Romance")]),
        ("movies by Studio Ghibli", [("studio", "Studio Ghibli"), ("format", "movie")]),
        ("movies by Ghibli", [("studio", "Studio Ghibli"), ("format", "movie")]),
        ("Ghibli movies", [("format", "movie"), ("studio", "Studio Ghibli")]),
        ("madhouse horror", [("studio", "Madhouse"), ("genre", "Horror")]),
        ("madhouse 2004", [*years(2004, 2004), ("studio", "Madhouse")]),
        ("by madhouse before 2010", [("year_to", 2009), ("studio", "Madhouse")]),
        ("an anime by Madhouse about a doctor who hunts a killer he once saved", [("studio", "Madhouse")]),
        ("Kyoto Animation 제작 로맨스", [("studio", "Kyoto Animation"), ("genre", "Romance")]),
        ("매드하우스가 만든 애니", [("studio", "매드하우스")]),
        ("by Nobody at all", []),
    ],
)
def test_makers_are_read_where_the_catalogue_knows_them(text, read):
    assert said(text) == read


@pytest.mark.parametrize(
    ("text", "like", "read"),
    [
        ("like Death Note but funny", "Death Note", [("genre", "Comedy")]),
        ("anime like Cowboy Bebop", "Cowboy Bebop", []),
        ("something similar to Monster without gore", "Monster", [("without_genre", "Gore")]),
        ("shows like Toradora! from the 90s", "Toradora!", years(1990, 1999)),
        ("romance anime like Toradora", "Toradora", [("genre", "Romance")]),
        ("movies like Monster before 2010", "Monster", [("year_to", 2009)]),
        ("like The World God Only Knows", "The World God Only Knows", []),
        ("데스노트 같은 애니", "데스노트", []),
        ("데스노트 같은데 웃긴", "데스노트", [("genre", "Comedy")]),
        ("카우보이 비밥과 비슷한 작품", "카우보이 비밥", []),
    ],
)
def test_like_a_work_is_read_with_what_follows(text, like, read):
    assert parse(text).like == like
    assert said(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "a girl set in the 90s finds a music box",
        "school festival where a detective loses his memory",
        "a boy in space meets a robot who likes music and short stories",
        "a story set in 1945 about two children",
        "in 1999 a monster falls from the sky",
        "the band plays its last special concert before 2000 people",
        "he wakes up after 2000 years of sleep without magic",
        "a woman in her 30s falls in love",
        "1920s mafia, immortality elixir, crazy killers on a train",
        "mars colony without children where people keep doll robots",
        "kid with no superpower swallows a hair of the strongest man",
        "a boy born without magic wants to be the best wizard",
        "a wizard builds a lamp from bones of dead dragons",
        "woken by sunrise a vampire burns and leaves a son",
        "short girl and tall boy are laughed at by their class",
        "girls making a movie",
        "film club",
        "after 12 episodes of memory loss a boy finds his sister",
        "sad romance in the rain",
        "a film student who makes movies about ghosts",
        "bubblegum crisiss 2040",
        "꿈처럼 사라진 소녀를 찾아 떠나는 소년",
        "친구들과 같이 여행을 떠나는 이야기",
        "우주에서 현상금 사냥꾼들이 범죄자를 쫓는 이야기",
        "음악을 좋아하는 소녀가 학교에서 밴드를 만드는 이야기",
        "90년대에 한 소녀가 로봇을 만난다",
        "2000년 전의 저주를 푸는 소년",
        "짧은 머리 소녀",
    ],
)
def test_the_words_of_a_description_tell_the_story(text):
    parsed = parse(text, studios=STUDIOS)
    assert parsed.constraints == ()
    assert parsed.like is None
    assert parsed.rest == text


@pytest.mark.parametrize(
    ("text", "rest", "read"),
    [
        ("90s anime about a girl who pilots a robot", "anime about a girl who pilots a robot", years(1990, 1999)),
        ("an anime from 1998 where bounty hunters chase criminals", "an anime where bounty hunters chase criminals", years(1998, 1998)),
        ("space anime from the 90s where bounty hunters chase criminals", "space anime where bounty hunters chase criminals", years(1990, 1999)),
        ("spy and his daughter who reads minds, no romance", "spy and his daughter who reads minds", [("without_genre", "Romance")]),
        ("a boy meets a giant robot under 13 episodes", "a boy meets a giant robot", [("episodes_max", 12)]),
        ("90년대 애니 중에 로봇을 타는 소년이 나오는 것", "애니 중에 로봇을 타는 소년이 나오는 것", years(1990, 1999)),
    ],
)  # fmt: skip
def test_in_a_description_plain_words_about_the_work_still_count(text, rest, read):
    assert parse(text).rest == rest
    assert said(text) == read


def test_a_constraint_says_which_words_said_it():
    parsed = parse("90s movies by Studio Ghibli without romance", studios=STUDIOS)
    assert [constraint.words for constraint in parsed.constraints] == [
        "90s",
        "90s",
        "without romance",
        "by Studio Ghibli",
        "movies",
    ]
    assert parsed.filters == Filters(
        year_from=1990, year_to=1999, formats=("movie",), without_genres=("Romance",), studios=("Studio Ghibli",)
    )


def test_what_was_given_beside_the_words_stays():
    given_before = Filters(genres=("Drama",), studios=("Madhouse",), exclude=(3,), adult=True)
    parsed = parse("comedy by madhouse", given_before, STUDIOS)
    assert parsed.filters == Filters(genres=("Drama", "Comedy"), studios=("Madhouse",), exclude=(3,), adult=True)


def test_a_length_given_beside_the_words_is_not_overwritten():
    assert parse("short romance", Filters(episodes_max=26)).filters.episodes_max == 26


@pytest.mark.parametrize(
    ("text", "name"),
    [("Romance", "Romance"), ("로맨스", "Romance"), ("sci fi", "Sci-Fi"), ("science-fiction", "Sci-Fi"), ("slice of life", "Slice of Life"), ("sliceoflife", "Slice of Life"), ("Cowboy", None), ("hentai", None), ("", None)],
)  # fmt: skip
def test_a_genre_is_named_in_either_language_by_the_whole_text(text, name):
    assert genre_of(text) == name


def test_filler_means_nothing():
    assert content_words("please recommend me some good anime about") == []
    assert not parse("애니 추천해줘").has_words
    assert parse("ninja anime").has_words


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_whatever_is_refused(text):
    parse(text, studios=STUDIOS)


WORDS = ["90s", "before", "2005", "without", "romance", "like", "but", "by", "madhouse", "short", "movies", "and", "12", "episodes", "under", "로맨스", "빼고", "년대", "같은", "제작", "anime", "from", ",", "("]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=9))
@settings(max_examples=250, deadline=None)
def test_any_jumble_of_known_words_is_read_without_an_error(jumble):
    parse(" ".join(jumble), studios=STUDIOS)
