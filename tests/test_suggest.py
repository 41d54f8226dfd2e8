"""What is offered under the search box while a text is half typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import encoder, fill

from search.embedded import EmbeddedEngine
from search.results import QueryError
from search.service import SearchService
from search.suggest import marked

SEARCHES = ("space pirates", "titan movies", "Space")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    engine = EmbeddedEngine(tmp_path_factory.mktemp("suggest") / "index")
    fill(engine)
    return SearchService(engine, encoder(), suggested=lambda count: SEARCHES[:count])


def texts(service, typed: str, language: str = "en", **options) -> list[tuple[str, str]]:
    return [(item.kind, item.text) for item in service.suggest(typed, language=language, **options)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("cow", "Cowboy Bebop"),
        ("bebo", "Cowboy Bebop"),
        ("cowboy bebop: the m", "Cowboy Bebop: The Movie"),
        ("tit", "Attack on Titan"),
        ("CAFE k", "Café Kichijōji"),
        ("kichijou", "Café Kichijōji"),
        ("denno", "Dennou Coil"),
        ("mo", "Monster"),
    ],
)
def test_a_title_is_found_by_the_beginning_of_any_word(service, typed, first):
    assert texts(service, typed)[0] == ("title", first)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("카우", "카우보이 비밥"),
        ("ㅋ", "카우보이 비밥"),
        ("캉", "카우보이 비밥"),
        ("지", "진격의 거인"),
        ("진ㄱ", "진격의 거인"),
        ("진겨", "진격의 거인"),
        ("비바", "카우보이 비밥"),
        ("ㅈㄱㅇ", "진격의 거인"),
        ("ㅌㄹㄷㄹ", "토라도라!"),
        ("ㅂㅂ", "카우보이 비밥"),
    ],
)
def test_half_typed_hangul_and_initials_find_korean_names(service, typed, first):
    assert texts(service, typed, "ko")[0] == ("title", first)


def test_initials_find_the_later_seasons_too(service):
    assert [item.id for item in service.suggest("ㅈㄱㅇ", language="ko")] == [4, 5]


@pytest.mark.parametrize(("typed", "id"), [("aot", 4), ("shingeki", 4), ("とら", 3), ("進撃", 4), ("bebop", 1)])
def test_aliases_and_other_names_are_found_and_shown_beside_the_readers_name(service, typed, id):
    item = service.suggest(typed)[0]
    assert item.id == id
    start, end = item.matched[0]
    assert item.text[start:end].casefold() == typed


def test_a_name_the_reader_does_not_use_stands_in_brackets(service):
    assert texts(service, "shingeki")[0] == ("title", "Attack on Titan (Shingeki no Kyojin)")
    assert texts(service, "카우")[0] == ("title", "Cowboy Bebop (카우보이 비밥)")


@pytest.mark.parametrize(
    ("typed", "id"), [("toradroa", 3), ("atack on titan", 4), ("mnoster", 6), ("카우보이 비법", 1)]
)
def test_a_typo_is_forgiven_where_nothing_begins_so(service, typed, id):
    assert service.suggest(typed)[0].id == id


@pytest.mark.parametrize(
    ("typed", "language", "found"),
    [
        ("act", "en", [("genre", "Action")]),
        ("액", "ko", [("genre", "액션")]),
        ("comedy", "en", [("genre", "Comedy")]),
        ("코미디", "ko", [("genre", "코미디")]),
        ("funny", "en", [("genre", "Comedy")]),
        ("madh", "en", [("studio", "Madhouse")]),
    ],
)
def test_genres_and_makers_are_suggested_in_the_readers_language(service, typed, language, found):
    assert texts(service, typed, language) == found


def test_what_people_searched_is_suggested_last_and_never_what_is_typed_already(service):
    assert texts(service, "tit")[-1] == ("search", "titan movies")
    assert texts(service, "space") == [("genre", "Space"), ("search", "space pirates")]


def test_an_empty_box_offers_what_people_searched(service):
    assert texts(service, "") == [("search", search) for search in SEARCHES]
    assert texts(service, "  ", limit=1) == [("search", SEARCHES[0])]


def test_no_more_lines_than_asked_for(service):
    assert len(service.suggest("a", limit=2)) == 2
    with pytest.raises(QueryError, match="allowed are 1 to 20"):
        service.suggest("a", limit=21)
    with pytest.raises(QueryError, match="allowed are 1 to 20"):
        service.suggest("a", limit=0)


@pytest.mark.parametrize("typed", ["forb", "forbidden night", "forbiden night", "lost", "lost tape"])
def test_what_is_not_offered_and_adult_titles_are_not_suggested(service, typed):
    assert not {8, 9} & {item.id for item in service.suggest(typed)}


@pytest.mark.parametrize("typed", ["zzzz", "%", "🎉", "\x00"])
def test_nothing_is_made_up(service, typed):
    assert not [item for item in service.suggest(typed) if item.kind != "search"]


@pytest.mark.parametrize(
    ("shown", "typed", "spans"),
    [
        ("Cowboy Bebop", "cow", [(0, 3)]),
        ("Cowboy Bebop", "bebop", [(7, 12)]),
        ("Cowboy Bebop", "owb", []),
        ("Re:Zero", "rez", [(0, 4)]),
        ("Café", "cafe", [(0, 4)]),
        ("진격의 거인", "진겨", [(0, 2)]),
        ("진격의 거인", "ㅈㄱ", [(0, 2)]),
        ("진격의 거인", "ㄱㅇ", [(1, 3)]),
        ("진격의 거인", "거", [(4, 5)]),
        ("Attack on Titan", "", []),
    ],
)
def test_the_typed_part_is_marked_where_a_word_begins(shown, typed, spans):
    assert marked(shown, typed) == spans


@given(st.text(max_size=12), st.text(max_size=5))
@settings(max_examples=150, deadline=None)
def test_marks_always_lie_within_the_text(shown, typed):
    for start, end in marked(shown, typed):
        assert 0 <= start < end <= len(shown)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered(service, text):
    service.suggest(text)
