"""The suite that every engine passes. An engine joins by a fixture `engine` (see test_embedded_engine.py)."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from samples import CATALOGUE, WordHashEmbedder, fill, info, made_documents

from search.engine import NO_FILTERS, BuildRefused, Engine, Filters, IndexMissing, LegsRequest
from search.keys import key, prefix_query, trigrams

OFFERED = {title.id for title in CATALOGUE if title.offered and not title.adult}


def ids(hits) -> list[int]:
    return [hit.id for hit in hits]


class EngineContract:
    """Takes the fixture `engine`: empty, writable."""

    @pytest.fixture
    def reader(self, engine: Engine):
        fill(engine)
        return engine.reader()

    def test_without_an_index_reading_says_which_command_makes_one(self, engine):
        with pytest.raises(IndexMissing, match="nextep index"):
            engine.reader()

    def test_info_counts_documents_and_what_is_offered(self, reader):
        told = reader.info()
        assert (told.documents, told.offered) == (len(CATALOGUE), len(OFFERED))
        assert told.spaces[0].dims == WordHashEmbedder.dims
        assert told.generation

    @pytest.mark.parametrize(
        "typed",
        ["Cowboy Bebop", "cowboybebop", "ＣＯＷＢＯＹ　ＢＥＢＯＰ", "カウボーイビバップ", "카우보이비밥", "BEBOP"],
    )
    def test_an_exact_name_is_found_in_any_dress(self, reader, typed):
        assert reader.exact([key(typed)]) == [1]

    def test_works_of_one_name_come_the_most_watched_first(self, reader):
        assert reader.exact([key("Twin Names")]) == [12, 11]

    def test_accents_do_not_matter(self, reader):
        assert reader.exact([key("cafe kichijoji")]) == [7]

    def test_an_adult_name_is_found_only_when_adult_titles_are_asked_for(self, reader):
        assert reader.exact([key("Forbidden Night")]) == []
        assert reader.exact([key("Forbidden Night")], adult=True) == [8]

    def test_a_work_that_is_not_offered_is_found_by_name(self, reader):
        assert reader.exact([key("Lost Tape")]) == [9]

    def test_documents_come_back_as_written_and_unknown_ids_are_absent(self, reader):
        found = reader.documents([4, 999, 1])
        assert set(found) == {1, 4}
        assert found[1] == CATALOGUE[0]

    def test_words_find_the_work_whose_synopsis_holds_them(self, reader):
        hits = reader.legs(LegsRequest(text="surgeon saves killer Germany")).hits["words"]
        assert ids(hits)[0] == 6
        assert hits[0].members == 700000

    def test_words_are_stemmed_in_english(self, reader):
        assert ids(reader.legs(LegsRequest(text="bounty hunter")).hits["words"])[0] == 1

    def test_korean_words_find_korean_text(self, reader):
        assert ids(reader.legs(LegsRequest(text="현상금 사냥꾼")).hits["words"])[0] == 1

    def test_vectors_find_the_nearest_text_and_passage(self, reader):
        vector = WordHashEmbedder().embed_query("children with glasses that show a virtual world")
        hits = reader.legs(LegsRequest(vectors={"text": vector}, size=5)).hits
        assert ids(hits["document:text"])[0] == 10
        assert ids(hits["passage:text"])[0] == 10
        assert hits["document:text"][0].score == pytest.approx(float(vector @ reader.vectors(10)["text"]), abs=2e-2)

    def test_the_best_passage_of_a_work_is_told_by_its_place(self, reader):
        made = {document.title.id: document.passages["text"] for document in made_documents()}
        vector = WordHashEmbedder().embed_query("children with glasses that show a virtual world")
        several = [id for id, passages in made.items() if len(passages) > 1]
        assert several
        expected = {id: ("text", int((passages @ vector).argmax())) for id, passages in made.items() if len(passages)}
        found = reader.best_passages({"text": vector}, [*made, 999])
        # Of two that are as near either may be told.
        near = {id: made[id] @ vector for id in expected}
        assert set(found) == set(expected)
        assert all(near[id][found[id][1]] == pytest.approx(near[id].max(), abs=2e-2) for id in expected)
        assert reader.best_passages({"unknown": vector}, several) == {}
        assert reader.best_passages({"text": vector}, []) == {}

    def test_whole_texts_are_found_alike_without_passages(self, reader):
        vector = WordHashEmbedder().embed_query("children with glasses that show a virtual world")
        asked = LegsRequest(vectors={"text": vector}, size=5, lexical=False)
        both, texts = (reader.legs(dataclasses.replace(asked, passages=wanted)).hits for wanted in (True, False))
        assert texts["document:text"] == both["document:text"]
        assert both["passage:text"]
        assert list(texts["passage:text"]) == []

    def test_legs_are_sorted_and_cut_to_size_but_for_what_the_words_found(self, reader):
        vector = WordHashEmbedder().embed_query("a story")
        hits = reader.legs(LegsRequest(text="story", vectors={"text": vector}, size=3)).hits
        for leg in hits.values():
            assert len(leg) <= 6
            assert [hit.score for hit in leg] == sorted((hit.score for hit in leg), reverse=True)

    @pytest.mark.parametrize(
        ("filters", "allowed"),
        [
            (NO_FILTERS, OFFERED),
            (Filters(year_from=2004, year_to=2008), {3, 6, 7, 10}),
            (Filters(year_to=1998), {1, 11}),
            (Filters(formats=("movie",)), {2}),
            (Filters(formats=("movie", "tv"), genres=("Sci-Fi",)), {1, 2}),
            (Filters(genres=("Comedy", "Romance")), {3}),
            (Filters(genres=("Space",)), {1, 2}),
            (Filters(without_genres=("Drama", "Action")), {3, 7, 10}),
            (Filters(studios=("madhouse",)), {6, 10}),
            (Filters(studios=("Madhouse", "Bones")), {2, 6, 10}),
            (Filters(episodes_max=12), {2, 5, 7, 11, 12}),
            (Filters(episodes_min=70), {6}),
            (Filters(exclude=(1, 2, 3, 4, 5, 999)), OFFERED - {1, 2, 3, 4, 5}),
            (Filters(ids=(1, 8, 9, 999)), {1}),
            (Filters(adult=True, offered=None), {title.id for title in CATALOGUE}),
            (Filters(offered=False), {9}),
            (Filters(ids=()), set()),
        ],
    )
    def test_every_query_keeps_to_the_filters(self, reader, filters, allowed):
        page = reader.browse(filters, "watched", 0, 50)
        assert set(page.ids) == allowed
        assert page.total == len(allowed)
        vector = WordHashEmbedder().embed_query("a story about friends at school and in space")
        legs = reader.legs(LegsRequest(text="story boy giants crew surgeon", vectors={"text": vector}, filters=filters))
        for leg in legs.hits.values():
            assert set(ids(leg)) <= allowed
        assert set(ids(legs.hits["document:text"])) == allowed
        assert set(reader.fuzzy(" ".join(trigrams("Attack on Titn")), filters)) <= allowed
        assert set(ids(reader.named(["attack"], filters))) <= allowed
        assert set(ids(reader.prefixed("a", filters))) <= allowed

    def test_five_thousand_excluded_ids_are_no_trouble(self, reader):
        filters = Filters(exclude=(*range(1000, 6000), 1))
        assert 1 not in ids(reader.legs(LegsRequest(text="bounty hunters", filters=filters)).hits["words"])

    def test_part_of_a_name_finds_names_that_hold_every_word(self, reader):
        assert ids(reader.named(["titan"], NO_FILTERS)) == [4, 5]
        assert ids(reader.named(["titan", "season"], NO_FILTERS)) == [5]
        assert ids(reader.named(["titan", "sea"], NO_FILTERS)) == [5]
        assert ids(reader.named(["tit", "season"], NO_FILTERS)) == []

    @pytest.mark.parametrize(
        ("typed", "found"),
        [("tora", 3), ("bebop", 1), ("movie", 2), ("진격", 4), ("지", 4), ("진ㄱ", 4), ("ㅈㄱㅇㄱㅇ", 4), ("ㅌㄹㄷㄹ", 3), ("dennou", 10), ("denno", 10)],
    )  # fmt: skip
    def test_half_typed_names_are_found_from_any_word_on(self, reader, typed, found):
        assert found in ids(reader.prefixed(prefix_query(typed), NO_FILTERS))

    @pytest.mark.parametrize(
        ("typed", "meant"), [("toradroa", 3), ("atack on titan", 4), ("mnoster", 6), ("카우보이 비법", 1)]
    )
    def test_a_misspelt_name_has_its_work_among_the_candidates(self, reader, typed, meant):
        assert meant in reader.fuzzy(" ".join(trigrams(typed)), NO_FILTERS, 5)

    def test_a_series_comes_in_order_of_release(self, reader):
        assert reader.series(4) == [4, 5]
        assert reader.series(1) == [1, 2]

    @pytest.mark.parametrize(
        ("sort", "first"), [("watched", [4, 5, 3]), ("score", [1, 6, 4]), ("newest", [5, 12, 4]), ("title", [4, 5, 7])]
    )
    def test_browsing_is_sorted(self, reader, sort, first):
        assert list(reader.browse(NO_FILTERS, sort, 0, 3).ids) == first

    def test_pages_are_stable_and_complete(self, reader):
        pages = [reader.browse(NO_FILTERS, "score", offset, 2) for offset in range(0, 12, 2)]
        seen = [id for page in pages for id in page.ids]
        assert len(seen) == len(set(seen)) == pages[0].total == len(OFFERED)

    def test_facets_count_what_passes_the_filters(self, reader):
        page = reader.browse(Filters(genres=("Action",)), "watched", 0, 1, ("genre", "studio", "format", "year"))
        assert page.facets["genre"]["Action"] == 4
        assert page.facets["studio"] == {"Wit Studio": 2, "Bones": 1, "Sunrise": 1}
        assert page.facets["format"] == {"tv": 3, "movie": 1}
        assert page.facets["year"]["2013"] == 1

    def test_a_new_generation_is_seen_at_once_and_an_open_reader_keeps_its_own(self, engine):
        first = fill(engine)
        old = engine.reader()
        second = fill(engine, CATALOGUE[:6])
        assert first != second
        assert engine.reader().info().generation == second
        assert old.info().generation == first
        assert old.documents([10])[10].name() == "Dennou Coil"
        assert engine.reader().documents([10]) == {}

    def test_an_aborted_build_leaves_the_serving_index(self, engine):
        serving = fill(engine)
        build = engine.begin(info())
        build.add(made_documents(CATALOGUE[:2]))
        build.abort()
        assert engine.reader().info().generation == serving

    def test_a_second_build_is_refused_while_one_runs(self, engine):
        build = engine.begin(info())
        try:
            with pytest.raises(BuildRefused, match=r"pid \d+"):
                engine.begin(info())
        finally:
            build.abort()
        engine.begin(info()).abort()

    def test_an_empty_build_is_refused(self, engine):
        serving = fill(engine)
        build = engine.begin(info(documents=0))
        with pytest.raises(BuildRefused, match="empty"):
            build.verify([])
        build.abort()
        assert engine.reader().info().generation == serving

    def test_verification_finds_a_document_that_was_not_written(self, engine):
        made = made_documents()
        build = engine.begin(info())
        build.add(made[:-1])
        with pytest.raises(BuildRefused):
            build.verify([made[-1]])
        build.abort()

    def test_rollback_returns_to_the_generation_before(self, engine):
        with pytest.raises((BuildRefused, IndexMissing)):
            engine.rollback()
        first, second = fill(engine), fill(engine, CATALOGUE[:3])
        assert engine.rollback() == first
        assert engine.reader().info().generation == first
        assert engine.rollback() == second

    def test_a_work_without_text_has_no_vector(self, engine):
        bare = dataclasses.replace(CATALOGUE[6], synopsis={}, genres=(), id=77)
        made = [
            *made_documents(CATALOGUE[:3]),
            *[dataclasses.replace(d, vectors={}, passages={}) for d in made_documents([bare])],
        ]
        build = engine.begin(info(documents=4))
        build.add(made)
        build.verify(made[:1])
        build.publish()
        reader = engine.reader()
        assert reader.vectors(77) == {}
        vector = np.ones(WordHashEmbedder.dims, dtype=np.float32) / 8
        assert 77 not in ids(reader.legs(LegsRequest(vectors={"text": vector})).hits["document:text"])
