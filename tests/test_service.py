"""One search box on the tiny catalogue: what a text resolves to, in which groups, in which order."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import CATALOGUE, encoder, fill

from search import ranking
from search.embedded import EmbeddedEngine
from search.engine import Filters, IndexMismatch
from search.likeness import shared
from search.options import MAX_QUERY, Options, clean_query, describe
from search.results import GROUPS, Answer, QueryError
from search.service import SearchService

# The learned weights are fitted on real data; these make the tiny catalogue's answers plain.
WEIGHTS = ranking.Weights(words=0.25, document=0.7, passage=0.3, members=0.02, floor=0.36)
ADULT, NOT_OFFERED = 8, 9


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = EmbeddedEngine(tmp_path_factory.mktemp("service") / "index")
    fill(made)
    return made


@pytest.fixture(autouse=True)
def fixed_weights(monkeypatch):
    monkeypatch.setattr(ranking, "learned", lambda: {"en": WEIGHTS, "ko": WEIGHTS})


@pytest.fixture
def service(engine):
    return SearchService(
        engine,
        encoder(),
        suggested=lambda count: ["space pirates"][:count],
        trending=lambda count: ["toradora", "monster"][:count],
    )


def ids(answer: Answer, group: str) -> list[int]:
    found = answer.group(group)
    return [item.title.id for item in found.items] if found else []


def names(answer: Answer) -> list[str]:
    return [group.name for group in answer.groups]


def everything(answer: Answer) -> set[int]:
    return {item.title.id for group in answer.groups for item in group.items}


# -- one title exactly -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["Cowboy Bebop", "cowboy bebop", "COWBOY-BEBOP!!", "cowboybebop", "Cowbóy Bébop", "ＣＯＷＢＯＹ ＢＥＢＯＰ", "カウボーイビバップ", "카우보이 비밥", "카우보이비밥", "  cowboy\t bebop  "],
)  # fmt: skip
def test_a_title_in_any_dress_is_exact(service, typed):
    answer = service.search(typed)
    assert answer.resolution == "exact"
    assert names(answer) == ["exact", "series", "similar"]
    assert ids(answer, "exact") == [1]
    assert ids(answer, "series") == [2]
    assert answer.corrected is None


@pytest.mark.parametrize(
    ("typed", "id"), [("bebop", 1), ("AoT", 4), ("진격거", 4), ("Shingeki no Kyojin", 4), ("進撃の巨人", 4)]
)
def test_an_alias_is_a_name(service, typed, id):
    answer = service.search(typed)
    assert (answer.resolution, ids(answer, "exact")) == ("exact", [id])


@pytest.mark.parametrize(
    "title", [title for title in CATALOGUE if title.offered and not title.adult], ids=lambda t: t.name()
)
def test_every_name_of_every_title_comes_first(service, title):
    for name in title.names():
        answer = service.search(name)
        assert answer.resolution == "exact"
        assert title.id in ids(answer, "exact")
        assert answer.groups[0].name == "exact"


def test_works_of_one_name_are_all_exact_the_most_watched_first(service):
    assert ids(service.search("Twin Names"), "exact") == [12, 11]


def test_a_year_tells_works_of_one_name_apart(service):
    assert ids(service.search("Twin Names 1990"), "exact") == [11]
    assert ids(service.search("Twin Names (2015)"), "exact") == [12]


@pytest.mark.parametrize(("typed", "id"), [("dennou", 10), ("kichijoji", 7), ("mons", 6), ("season 2", 5)])
def test_where_only_one_name_is_left_it_is_exact(service, typed, id):
    answer = service.search(typed)
    assert (answer.resolution, ids(answer, "exact")) == ("exact", [id])


def test_a_word_of_a_title_is_no_filter(service):
    answer = service.search("Cowboy Bebop: The Movie")
    assert (answer.resolution, ids(answer, "exact")) == ("exact", [2])
    assert answer.constraints == ()
    assert answer.filters == {}


def test_similar_works_are_neither_of_the_series_nor_the_work_itself(service):
    found = ids(service.search("Cowboy Bebop"), "similar")
    assert found
    assert not {1, 2, ADULT, NOT_OFFERED} & set(found)


# -- a series, part of a name, a genre, a maker --------------------------------------------------------------------------


def test_the_name_of_a_series_brings_all_of_it_in_order(tmp_path):
    engine = EmbeddedEngine(tmp_path / "index")
    renamed = {4: "Titan Saga: Fall of the Wall", 5: "Titan Saga: Return to the Wall"}
    fill(
        engine,
        [
            dataclasses.replace(title, titles={"en": renamed[title.id]}, aliases=()) if title.id in renamed else title
            for title in CATALOGUE
        ],
    )
    answer = SearchService(engine, encoder()).search("titan saga")
    assert answer.resolution == "series"
    assert ids(answer, "series") == [4, 5]
    assert names(answer) == ["series", "similar"]


@pytest.mark.parametrize(
    ("typed", "found"), [("titan", [4, 5]), ("Cowboy", [1, 2]), ("진격의", [4, 5]), ("names", [12, 11])]
)
def test_part_of_a_name_brings_names_and_apart_from_them_works_by_meaning(service, typed, found):
    answer = service.search(typed)
    assert answer.resolution == "names"
    assert ids(answer, "names") == found
    assert names(answer) == ["names", "recommended"]
    assert not set(ids(answer, "recommended")) & {*found, ADULT, NOT_OFFERED}


@pytest.mark.parametrize(
    ("typed", "found", "read"),
    [
        ("Action", [4, 5, 1, 2], {"genre": ["Action"]}),
        ("액션", [4, 5, 1, 2], {"genre": ["Action"]}),
        ("space", [1, 2], {"theme": ["Space"]}),
        ("sci fi", [1, 2], {"genre": ["Sci-Fi"]}),
        ("romance comedy", [3], {"genre": ["Romance", "Comedy"]}),
        ("로맨스 코미디", [3], {"genre": ["Romance", "Comedy"]}),
        ("drama without action", [6, 12, 11], {"genre": ["Drama"], "without_genre": ["Action"]}),
        ("액션 빼고 드라마", [6, 12, 11], {"genre": ["Drama"], "without_genre": ["Action"]}),
        ("Madhouse", [6, 10], {"studio": ["Madhouse"]}),
        ("madhouse", [6, 10], {"studio": ["Madhouse"]}),
        ("by Madhouse", [6, 10], {"studio": ["Madhouse"]}),
        ("by Wit Studio", [4, 5], {"studio": ["Wit Studio"]}),
        ("90s", [1, 11], {"year_from": 1990, "year_to": 1999}),
        ("90년대", [1, 11], {"year_from": 1990, "year_to": 1999}),
        ("before 2000", [1, 11], {"year_to": 1999}),
        ("movies", [2], {"format": ["movie"]}),
        ("space movies", [2], {"format": ["movie"], "theme": ["Space"]}),
        ("action 2013", [4], {"genre": ["Action"], "year_from": 2013, "year_to": 2013}),
        ("under 13 episodes", [5, 2, 7, 12, 11], {"episodes_max": 12}),
        ("short comedy", [7], {"genre": ["Comedy"], "episodes_max": 13}),
        ("by madhouse before 2005", [6], {"studio": ["Madhouse"], "year_to": 2004}),
        ("Madhouse 2004", [6], {"studio": ["Madhouse"], "year_from": 2004, "year_to": 2004}),
    ],
)
def test_genres_makers_and_constraints_list_what_they_name_the_most_watched_first(service, typed, found, read):
    answer = service.search(typed)
    assert answer.resolution == "names"
    assert ids(answer, "names") == found
    assert answer.filters == read


def test_constraints_read_from_the_words_can_be_removed_one_by_one(service):
    answer = service.search("space movies")
    assert [(c.parameter, c.value, c.words) for c in answer.constraints] == [
        ("format", "movie", "movies"),
        ("theme", "Space", "space"),
    ]


def test_a_name_with_a_constraint_keeps_both(service):
    answer = service.search("titan 2017")
    assert (answer.resolution, ids(answer, "exact")) == ("exact", [5])
    assert answer.filters == {"year_from": 2017, "year_to": 2017}


# -- known, not offered --------------------------------------------------------------------------------------------------


def test_a_work_known_but_not_offered_says_so_with_works_like_it(service):
    answer = service.search("Lost Tape")
    assert answer.resolution == "not_offered"
    assert names(answer) == ["not_offered", "similar"]
    assert ids(answer, "not_offered") == [NOT_OFFERED]
    assert NOT_OFFERED not in ids(answer, "similar")


def test_what_is_not_offered_is_in_no_other_group_of_any_search(service):
    for typed in ("horror", "cursed tape kills its viewers", "1999", "90s", "Cowboy Bebop"):
        answer = service.search(typed)
        for group in answer.groups:
            if group.name != "not_offered":
                assert NOT_OFFERED not in [item.title.id for item in group.items]


# -- typos ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "resolution", "group", "id", "corrected"),
    [
        ("Toradroa", "exact", "exact", 3, "Toradora!"),
        ("atack on titan", "exact", "exact", 4, "Attack on Titan"),
        ("monsetr", "exact", "exact", 6, "Monster"),
        ("카우보이 비법", "exact", "exact", 1, "카우보이 비밥"),
        ("커보이 비밥", "exact", "exact", 1, "카우보이 비밥"),
        ("Lsot Tape", "not_offered", "not_offered", 9, "Lost Tape"),
    ],
)
def test_a_typo_is_corrected_said_and_keeps_its_targets_resolution(service, typed, resolution, group, id, corrected):
    answer = service.search(typed)
    assert (answer.query, answer.corrected) == (typed, corrected)
    assert answer.resolution == resolution
    assert ids(answer, group)[0] == id
    assert answer.groups[0].name == group


def test_a_correction_is_undone_on_request(service):
    answer = service.search("Toradroa", Options(correct=False))
    assert answer.corrected is None
    assert answer.resolution in ("nothing", "meaning")
    assert "exact" not in names(answer)


def test_what_is_spelt_right_is_not_corrected(service):
    for typed in ("titan", "Madhouse", "Monster", "space", "children with glasses that show a virtual world"):
        assert service.search(typed).corrected is None


# -- meaning -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plot", "id"),
    [
        ("children with glasses that show a virtual world", 10),
        ("a surgeon saves a boy who grows up to be a killer", 6),
        ("bounty hunters aboard a worn spaceship chase criminals", 1),
        ("the last people hide behind huge walls from man-eating giants", 4),
        ("낡은 우주선을 탄 현상금 사냥꾼들이 범죄자를 쫓는다", 1),
        ("눈매가 사나운 소년과 작고 거친 소녀", 3),
    ],
)
def test_a_plot_is_found_by_meaning(service, plot, id):
    answer = service.search(plot)
    assert answer.resolution == "meaning"
    assert names(answer) == ["recommended"]
    assert ids(answer, "recommended")[0] == id


def test_a_hit_by_meaning_shows_the_sentences_that_matched(service):
    item = service.search("children with glasses that show a virtual world").group("recommended").items[0]
    assert item.passage == "Children with glasses that show a virtual world hunt lost pets and rumours in their city."


def test_a_plot_with_a_constraint_is_searched_within_it(service):
    answer = service.search("anime from 2004 where a surgeon saves a boy who grows up to be a killer")
    assert answer.resolution == "meaning"
    assert answer.filters == {"year_from": 2004, "year_to": 2004}
    assert set(ids(answer, "recommended")) <= {6, 7}
    assert ids(answer, "recommended")[0] == 6


@pytest.mark.parametrize(
    ("typed", "without", "read"),
    [
        ("like Cowboy Bebop", {1, 2}, {}),
        ("like Monster but funny", {6, 1, 2, 4, 5, 10}, {"genre": ["Comedy"]}),
        ("anime like Attack on Titan without drama", {4, 5, 6, 11, 12}, {"without_genre": ["Drama"]}),
        ("카우보이 비밥 같은 애니", {1, 2}, {}),
        ("like Cowby Bebop", {1, 2}, {}),
    ],
)
def test_like_a_work_brings_others_within_the_constraints(service, typed, without, read):
    answer = service.search(typed)
    assert answer.resolution == "meaning"
    found = ids(answer, "recommended")
    assert found
    assert not set(found) & (without | {ADULT, NOT_OFFERED})
    assert answer.filters == read
    assert answer.constraints[0].parameter == "like"


def test_nothing_near_offers_suggestions_and_trending_instead_of_neighbours(service):
    answer = service.search("zxqv plmk wrtt")
    assert answer.resolution == "nothing"
    assert names(answer) == ["suggestions", "trending"]
    assert everything(answer) == set()
    assert answer.group("trending").words == ["toradora", "monster"]
    assert list(answer.group("suggestions").words)[:3] == [
        "space pirates",
        "Attack on Titan",
        "Attack on Titan Season 2",
    ]


@pytest.mark.parametrize("typed", ["%%%", "🎉🎉", "AND OR NOT", '"unclosed', "title:*", "a" * MAX_QUERY, "∀"])
def test_odd_queries_are_answered(service, typed):
    assert service.search(typed).resolution in ("nothing", "meaning", "names", "exact")


# -- the answer ----------------------------------------------------------------------------------------------------------


def test_groups_come_in_the_order_of_the_contract(service):
    for typed in (
        "Cowboy Bebop",
        "titan",
        "action",
        "Lost Tape",
        "atack on titan",
        "zxqv plmk wrtt",
        "giants and walls",
    ):
        found = names(service.search(typed))
        assert found == sorted(found, key=GROUPS.index)
        assert len(found) == len(set(found))


def test_a_work_is_in_one_group_only(service):
    for typed in ("Cowboy Bebop", "titan", "action", "Lost Tape", "atack on titan", "Twin Names"):
        answer = service.search(typed)
        shown = [item.title.id for group in answer.groups for item in group.items]
        assert len(shown) == len(set(shown))


def test_the_limit_is_for_each_group_and_the_total_counts_all(service):
    whole = service.search("action")
    answer = service.search("action", Options(limit=2))
    assert [len(group.items) for group in answer.groups] == [2, 2]
    assert [group.total for group in answer.groups] == [group.total for group in whole.groups]


def test_pages_of_one_group_follow_each_other_while_the_others_stay(service):
    whole = ids(service.search("action"), "recommended")
    pages = [service.search("action", Options(limit=2, page=page, group="recommended")) for page in (1, 2, 3)]
    assert [id for page in pages for id in ids(page, "recommended")] == whole[:6]
    assert {tuple(ids(page, "names")) for page in pages} == {(4, 5)}


def test_a_page_beyond_the_end_is_empty_and_keeps_the_total(service):
    answer = service.search("action", Options(limit=10, page=9, group="names"))
    group = answer.group("names")
    assert (list(group.items), group.total) == ([], 4)


def test_filters_given_beside_the_words_hold_and_are_said(service):
    answer = service.search("action", Options(filters=Filters(year_from=2000, formats=("tv",))))
    assert ids(answer, "names") == [4, 5]
    assert answer.filters == {"year_from": 2000, "format": ["tv"], "genre": ["Action"]}
    assert [constraint.parameter for constraint in answer.constraints] == ["genre"]


@pytest.mark.parametrize(
    "typed", ["Cowboy Bebop", "titan", "action", "like Monster", "children with glasses that show a virtual world"]
)
def test_what_is_excluded_is_in_no_group_by_meaning(service, typed):
    answer = service.search(typed, Options(filters=Filters(exclude=(3, 7, 10))))
    for group in ("similar", "recommended"):
        assert not {3, 7, 10} & set(ids(answer, group))


def test_the_answer_says_which_generation_made_it_and_what_took_how_long(service, engine):
    answer = service.search("children with glasses that show a virtual world")
    assert answer.generation == engine.reader().info().generation
    assert {"total", "names", "meaning", "render"} <= set(answer.took_ms)
    assert answer.took_ms["total"] >= max(value for name, value in answer.took_ms.items() if name != "total")


def test_explain_gives_rank_and_score_of_each_leg(service):
    plot = "children with glasses that show a virtual world"
    assert service.search(plot).group("recommended").items[0].explain is None
    explain = service.search(plot, Options(explain=True)).group("recommended").items[0].explain
    assert set(explain["legs"]) == {"words", "document:text", "passage:text"}
    assert {leg["rank"] for leg in explain["legs"].values()} == {1}
    features = explain["features"]
    by_hand = 0.25 * features["words"] + 0.7 * features["document"] + 0.3 * features["passage"]
    assert explain["score"] == pytest.approx(by_hand + 0.02 * 5.1139, abs=2e-3)  # log10(1 + 130,000 members)


def test_the_same_search_gives_the_same_answer(service):
    one, other = service.search("titan"), service.search("titan")
    assert dataclasses.replace(one, took_ms={}) == dataclasses.replace(other, took_ms={})


# -- adult titles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["Forbidden Night", "forbidden", "Forbiden Night", "hentai", "2010", "성인", "like Forbidden Night", "action"],
)
def test_an_adult_title_is_nowhere(service, typed):
    assert ADULT not in everything(service.search(typed))
    assert ADULT not in [item.id for item in service.suggest(typed)]


def test_an_adult_title_has_no_page_and_no_neighbours(service):
    assert service.title(ADULT) is None
    assert service.similar(ADULT) == []
    assert ADULT not in service.browse(limit=50).items
    assert service.titles([ADULT, 1]).keys() == {1}
    assert "Hentai" not in service.filter_values()["genre"]


def test_adult_titles_are_shown_where_the_site_wants_them(engine):
    open_minded = SearchService(engine, encoder(), adult=True)
    assert ids(open_minded.search("Forbidden Night"), "exact") == [ADULT]
    assert open_minded.title(ADULT).name() == "Forbidden Night"


# -- similar, browse, options --------------------------------------------------------------------------------------------


def test_similar_works_say_what_they_share(service):
    found = {item.title.id: item.shared for item in service.similar(6)}
    assert 6 not in found
    assert found[10] == ("Madhouse", "Mystery")


def test_works_without_a_series_do_not_push_each_other_out(service):
    # 3, 6, 7, 10, 11 and 12 belong to no series; of the two series one work each.
    found = [item.title.id for item in service.similar(6, limit=20)]
    assert {3, 7, 10, 11, 12} <= set(found)
    assert len({1, 2} & set(found)) == len({4, 5} & set(found)) == 1


def test_what_works_share_is_makers_then_themes_then_genres():
    one, other = CATALOGUE[3], CATALOGUE[4]
    assert shared(one, other) == ("Wit Studio", "Military", "Action", "Drama")


def test_browsing_gives_pages_and_facets(service):
    page = service.browse(Filters(genres=("Drama",)), "score", 1, 2, facets=True)
    assert [title.id for title in page.items] == [6, 4]
    assert page.total == 5
    assert page.facets["studio"] == {"Wit Studio": 2, "Madhouse": 1}


def test_a_series_is_told_in_order_of_release(service):
    assert [title.id for title in service.series(CATALOGUE[4])] == [4, 5]
    assert [title.id for title in service.series(CATALOGUE[2])] == [3]


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        (Options(limit=0), "limit"),
        (Options(limit=101), "limit"),
        (Options(page=0), "page"),
        (Options(page=501), "page"),
        (Options(group="best"), "group"),
        (Options(filters=Filters(year_from=2010, year_to=2000)), "year_from"),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(service, options, parameter):
    with pytest.raises(QueryError) as told:
        service.search("titan", options)
    assert told.value.parameter == parameter
    assert parameter in told.value.detail


@pytest.mark.parametrize(
    ("query", "said"),
    [("", "empty"), ("   ", "empty"), ("\x00", "empty"), ("\ud800", "empty"), ("a" * 10_000, "10,000 characters")],
)
def test_a_query_that_can_not_be_is_refused_with_the_reason(service, query, said):
    with pytest.raises(QueryError, match=said) as told:
        service.search(query)
    assert told.value.parameter == "q"


def test_nulls_surrogates_and_direction_marks_are_dropped_from_a_query():
    assert clean_query("co\x00w\udcffboy \u202ebebop\u200b\n x") == "cowboy bebop x"


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_or_refused_with_a_reason(engine, text):
    service = SearchService(engine, encoder())
    try:
        answer = service.search(text)
    except QueryError:
        with pytest.raises(QueryError, match="q is empty"):
            service.search(text)
    else:
        assert answer.resolution in ("exact", "series", "names", "meaning", "not_offered", "nothing")
        assert ADULT not in everything(answer)


def test_describing_filters_says_only_what_is_set():
    assert describe(Filters()) == {}
    assert describe(Filters(genres=("Space", "Action"), exclude=(1,), adult=True)) == {
        "theme": ["Space"],
        "genre": ["Action"],
    }


def test_an_index_made_by_another_model_is_refused_with_both_names(engine):
    other = encoder()
    inner = other._open

    def renamed(space):
        made = inner(space)
        made.name = "other-model"
        return made

    other._open = renamed
    with pytest.raises(IndexMismatch, match=r"word-hash.*other-model"):
        SearchService(engine, other).search("titan")
