"""Settings, mapping and documents of an index, without a server."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from samples import CATALOGUE, info, made_documents

from search.elastic import analysis, mapping, queries
from search.elastic.generations import is_generation, new_name, previous_alias
from search.elastic.locks import alive, started
from search.engine import SCHEMA_VERSION, Space

BOTH = ("nori", "kuromoji")
KO = Space("ko", "lsa", "abc", 32, ("ko",))
INFO = dataclasses.replace(info(), spaces=(*info().spaces, KO), generation="nextep-20260101000000-abcdef")


def test_the_mapping_is_strict_and_has_a_field_for_all_that_is_sent():
    made = mapping.mapping(INFO, BOTH)
    assert made["dynamic"] == "strict"
    for document in made_documents():
        assert set(mapping.source(document, INFO.spaces, BOTH)) <= set(made["properties"])


@pytest.mark.parametrize(("documents", "type"), [(15_000, "flat"), (mapping.EXACT_UP_TO + 1, "hnsw")])
def test_every_vector_field_states_how_it_is_indexed(documents, type):
    properties = mapping.mapping(dataclasses.replace(INFO, documents=documents), ())["properties"]
    assert properties["vector_text"]["index_options"]["type"] == type
    assert properties["vector_text"]["dims"] == 64
    assert properties["vector_ko"]["dims"] == 32
    passages = properties["passages_text"]
    assert passages["type"] == "nested"
    assert passages["properties"]["vector"]["index_options"] == {"type": "flat"}


def test_meta_says_all_that_info_says_and_reads_back():
    meta = json.loads(json.dumps(mapping.mapping(INFO, BOTH)["_meta"]))
    assert mapping.info_of(meta) == INFO
    assert meta["schema_version"] == SCHEMA_VERSION
    assert {"model", "revision", "dims"} <= set(meta["spaces"][0])
    assert meta[mapping.OWN]["analysers"] == list(BOTH)


def test_changes_in_place_show_in_the_generation():
    assert mapping.info_of(mapping.meta(INFO, (), 3)).generation == f"{INFO.generation}+3"


def test_without_the_plugins_nothing_asks_for_them():
    said = json.dumps([mapping.settings(()), mapping.mapping(INFO, ()), mapping.source(made_documents()[0], (), ())])
    assert "nori" not in said
    assert "kuromoji" not in said
    assert {"bi", "name_bi"} <= set(mapping.mapping(INFO, ())["properties"])


def test_with_nori_compounds_are_kept_beside_their_parts_and_readings_are_read():
    made = mapping.settings(BOTH)["analysis"]
    assert made["tokenizer"]["nori_mixed"] == {"type": "nori_tokenizer", "decompound_mode": "mixed"}
    assert "nori_readingform" in made["analyzer"]["korean"]["filter"]
    properties = mapping.mapping(INFO, BOTH)["properties"]
    assert properties["ko"]["analyzer"] == "korean"
    assert properties["name_ja"]["analyzer"] == "japanese"


def test_a_missing_analyser_is_told_with_what_mends_it():
    assert analysis.missing(BOTH) == []
    (sentence,) = analysis.missing(["kuromoji"])
    assert "nori is missing" in sentence
    assert "nextep index --rebuild" in sentence


def test_loading_neither_refreshes_nor_copies_and_the_filled_index_does_both():
    made = mapping.settings(())
    assert (made["refresh_interval"], made["number_of_replicas"]) == ("-1", 0)
    assert mapping.FILLED["index"] == {"refresh_interval": "1s", "auto_expand_replicas": "0-all"}


def test_the_half_typed_words_and_the_window_are_those_of_the_json():
    from search.elastic import reader

    assert mapping.load("analysis")["filter"]["half_typed"]["max_gram"] == queries.HALF_TYPED
    assert mapping.load("settings")["max_result_window"] == reader.WINDOW


def test_a_document_holds_its_title_as_written_and_its_columns():
    document = made_documents()[0]
    made = mapping.source(document, INFO.spaces, BOTH)
    assert json.loads(made["title"]) == json.loads(json.dumps(CATALOGUE[0].to_dict()))
    assert (made["aired"], made["series"], made["members"]) == (19980403, 1, 1250000)
    assert made["makers"] == ["sunrise\nSunrise"]
    assert made["spelled"][0] == f"000{document.names[0]}"
    assert isinstance(made["vector_text"], str)
    assert len(made["passages_text"]) == len(document.passages["text"])
    assert made["name_ja"] == ["カウボーイビバップ"]
    assert "카우보이 비밥" in made["name_ko"]


def test_a_field_without_text_is_not_left_out_since_bm25_averages_over_all_works():
    made = mapping.source(made_documents([CATALOGUE[10]])[0], INFO.spaces, BOTH)
    assert {made[field] for field in ("bi", "name_bi", "ko", "name_ko", "name_ja")} == {mapping.NOTHING}


def test_generations_of_one_alias_are_not_those_of_another_that_begins_so():
    name = new_name("nextep")
    assert re.fullmatch(r"nextep-\d{14}-[0-9a-f]{6}", name)
    assert is_generation(name, "nextep")
    assert not is_generation(new_name("nextep-test"), "nextep")
    assert not is_generation("nextep-lock", "nextep")
    assert not is_generation(previous_alias("nextep"), "nextep")


def test_a_lock_is_dead_when_its_process_is_gone_or_another_has_its_number():
    import os
    import socket
    import time

    mine = {"pid": os.getpid(), "host": socket.gethostname(), "started": started(os.getpid()), "beat": 0.0}
    assert alive(mine)
    assert not alive({**mine, "started": "1"})
    assert not alive({**mine, "pid": 2**22 + 1})
    elsewhere = {**mine, "host": "another-machine"}
    assert not alive(elsewhere)
    assert alive({**elsewhere, "beat": time.time() - 10})
