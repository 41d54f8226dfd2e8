"""Indexing on Elasticsearch: whole or not at all, killed at any moment, with changes in place meanwhile."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from elastic_engines import indices, opened
from samples import CATALOGUE, WordHashEmbedder, encoder, fill, info, made_documents, title

from indexer.build import Source, build_index
from indexer.only import change_titles
from indexer.report import Report
from search.elastic import ElasticEngine, changes
from search.elastic import build as building
from search.elastic import reader as reading
from search.elastic.errors import DiskFull, RequestRefused, Unavailable
from search.elastic.generations import generations, is_generation
from search.elastic.locks import Lock, lock_index
from search.elastic.mapping import OWN
from search.elastic.verify import Written, recall
from search.engine import NO_FILTERS, BuildRefused, Filters, IndexMismatch, IndexMissing, LegsRequest, Space
from search.service import SearchService

pytestmark = pytest.mark.elasticsearch
ROOT = Path(__file__).resolve().parent.parent
KILLED = 10

BUILDER = textwrap.dedent(
    """
    import sys
    sys.path[:0] = [{root!r}, {tests!r}]
    from elastic_engines import settings
    from samples import fill
    from search.elastic import ElasticEngine
    from search.elastic.client import connect
    engine = ElasticEngine(connect(settings(), guard=False), {alias!r})
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        print(fill(engine), flush=True)
    """
)


@pytest.fixture
def engine():
    with opened() as engine:
        yield engine


def start_builder(alias: str) -> subprocess.Popen:
    """Start a process that builds for ever as soon as it is told to (`go`)."""
    code = BUILDER.format(root=str(ROOT), tests=str(ROOT / "tests"), alias=alias)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def go(builder: subprocess.Popen) -> None:
    assert builder.stdin is not None
    builder.stdin.write("\n")
    builder.stdin.flush()


def held(engine: ElasticEngine) -> list[str]:
    return [name for name in indices(engine) if is_generation(name, engine.alias)]


def changed(id: int, synopsis: str):
    return next(one for one in CATALOGUE if one.id == id).replace(synopsis={"en": synopsis})


def only(engine: ElasticEngine, tmp_path: Path, *titles, embedder=None):
    source = {one.id: one for one in (*CATALOGUE, *titles)}
    ids = [one.id for one in titles]
    embedder = embedder or WordHashEmbedder()
    return change_titles(list(source.values()), ids, engine, embedder, tmp_path, Source("tiny"), Report())


def test_builds_killed_at_random_moments_leave_a_whole_index_and_no_litter(engine):
    fill(engine)
    began = time.monotonic()
    fill(engine)
    whole = time.monotonic() - began
    moments = [random.uniform(0, 1.5 * whole) for _ in range(KILLED)]
    other = ElasticEngine(engine.connection, engine.alias)
    failures: list[str] = []
    stop = threading.Event()
    reads = 0

    def read() -> None:
        nonlocal reads
        while not stop.is_set():
            try:
                reader = other.reader()
                assert reader.info().documents == len(CATALOGUE)
                assert reader.exact(["toradora"]) == [3]
                assert len(reader.legs(LegsRequest(text="surgeon saves killer")).hits["words"]) >= 1
                reads += 1
            except Exception as error:
                failures.append(repr(error))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        # A build takes `whole` seconds here: the moments fall into locking, loading, verifying and swapping alike.
        waiting = start_builder(engine.alias)
        for moment in moments:
            builder, waiting = waiting, start_builder(engine.alias)
            assert builder.stdout is not None
            assert builder.stdout.readline() == "ready\n"
            go(builder)
            time.sleep(moment)
            builder.send_signal(signal.SIGKILL)
            builder.communicate()
            assert engine.reader().documents([1])[1] == CATALOGUE[0]
    finally:
        stop.set()
        thread.join()
        waiting.kill()
        waiting.communicate()
    assert failures == [], moments
    assert reads > 20
    fill(engine)
    serving = engine.reader().info().generation
    left = engine.connection.do(lambda write: generations(write, engine.alias))
    assert left.serving == serving
    assert left.others == ()
    assert len(held(engine)) == 2


def test_a_second_process_is_told_who_builds(engine):
    build = engine.begin(info())
    builder = start_builder(engine.alias)
    _, told = builder.communicate("\n", timeout=60)
    build.abort()
    assert builder.returncode == 1
    assert f"pid {os.getpid()}" in told


def test_the_lock_of_a_builder_elsewhere_holds_until_its_heart_has_stopped(engine, monkeypatch):
    lock = Lock(engine.connection, engine.alias, "build", "build")
    monkeypatch.setattr("search.elastic.locks.socket.gethostname", lambda: "another-machine")
    with pytest.raises(BuildRefused, match="Another build is running"):
        engine.begin(info())
    monkeypatch.setattr("search.elastic.locks.DEAD_AFTER", -1.0)
    engine.begin(info()).abort()
    with pytest.raises(BuildRefused, match="taken over"):
        lock.check()
    lock.release()


def test_a_failed_build_deletes_its_half_built_index(engine):
    serving = fill(engine)
    build = engine.begin(info())
    build.add(made_documents(CATALOGUE[:3]))
    assert len(held(engine)) == 2
    build.abort()
    assert held(engine) == [serving]


def test_every_item_error_of_a_bulk_is_read(engine):
    build = engine.begin(info())
    wrong = dataclasses.replace(CATALOGUE[4], episodes=2**40)
    with pytest.raises(RequestRefused, match=r"2 of 5 documents were not indexed; the first \(5\)"):
        build.add(made_documents([*CATALOGUE[:3], wrong, dataclasses.replace(wrong, id=55)]))
    build.abort()
    assert held(engine) == []


def test_one_generation_is_kept_to_return_to(engine):
    made = [fill(engine) for _ in range(3)]
    assert held(engine) == sorted(made[1:])
    assert engine.rollback() == made[1]
    assert engine.reader().info().generation == made[1]
    newest = fill(engine)
    assert held(engine) == sorted([made[1], newest])


def test_a_reader_whose_index_is_gone_goes_on_with_the_serving_one(engine):
    fill(engine)
    other = ElasticEngine(engine.connection, engine.alias)
    reader = other.reader()
    fill(engine)
    serving = fill(engine, CATALOGUE[:6])
    assert reader.exact(["toradora"]) == [3]
    assert reader.info().generation == serving
    assert reader.legs(LegsRequest(text="surgeon saves killer")).hits["words"][0].id == 6


def test_which_index_serves_is_not_asked_with_every_request(engine, monkeypatch):
    fill(engine)
    engine.reader()
    asked = []
    monkeypatch.setattr("search.elastic.engine.described", lambda *given: asked.append(given))
    for _ in range(50):
        engine.reader()
    assert asked == []


def test_a_swap_by_another_process_is_seen_within_about_a_second(engine):
    fill(engine)
    other = ElasticEngine(engine.connection, engine.alias)
    other.reader()
    newest = fill(engine, CATALOGUE[:5])
    ends = time.monotonic() + 3
    while other.reader().info().generation != newest:
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_the_index_says_of_itself_what_made_it(engine):
    fill(engine)
    meta = engine.connection.do(lambda write: write.indices.get_mapping(index=engine.alias)).body
    (made,) = (index["mappings"]["_meta"] for index in meta.values())
    assert made["spaces"][0]["model"] == WordHashEmbedder.name
    assert (made["documents"], made["catalogue_hash"]) == (len(CATALOGUE), "0")
    assert made["passages"] == sum(len(document.passages["text"]) for document in made_documents())


def test_another_model_is_refused_with_both_names_and_what_mends_it(engine):
    from search.encode import QueryEncoder

    fill(engine)
    newer = WordHashEmbedder()
    newer.revision = "2"
    with pytest.raises(IndexMismatch, match=r"word-hash \(1, 64 .*word-hash \(2, 64 .*nextep index --rebuild"):
        SearchService(engine, QueryEncoder(lambda space: newer)).search("a plot of some kind")


def test_an_index_of_another_format_is_refused_with_the_command_that_mends_it(engine):
    fill(engine)
    (name,) = held(engine)
    meta = engine.connection.do(lambda write: write.indices.get_mapping(index=name))[name]["mappings"]["_meta"]
    meta[OWN]["format"] = 99
    engine.connection.do(lambda write: write.indices.put_mapping(index=name, meta=meta))
    with pytest.raises(IndexMismatch, match=r"format 99.*nextep index --rebuild"):
        ElasticEngine(engine.connection, engine.alias).reader()


def test_a_foreign_index_behind_the_alias_is_refused(engine):
    name = f"{engine.alias}-theirs"
    engine.connection.do(lambda write: write.indices.create(index=name, aliases={engine.alias: {}}))
    with pytest.raises(IndexMismatch, match="NEXTEP_INDEX"):
        engine.reader()


def test_without_the_plugins_bigrams_serve_alone_and_the_log_says_so(engine, monkeypatch, caplog):
    monkeypatch.setattr(building, "try_analysers", lambda *_: ())
    fill(engine)
    assert "nori is missing" in caplog.text
    caplog.clear()
    reader = ElasticEngine(engine.connection, engine.alias).reader()
    assert "nori is missing" in caplog.text
    assert reader.analysers == ()
    assert reader.legs(LegsRequest(text="현상금 사냥꾼")).hits["words"][0].id == 1


def test_verification_compares_vector_search_with_exact_search(engine):
    fill(engine)
    written = Written()
    for document in made_documents():
        written.ids.append(document.title.id)
        written.vectors.append(document.vectors["text"])
    assert recall(engine.reader(), "text", written) == 1.0
    written.ids = written.ids[::-1]
    assert recall(engine.reader(), "text", written) < 0.98


def test_a_graph_of_vectors_is_verified_too(engine, monkeypatch):
    monkeypatch.setattr("search.elastic.mapping.EXACT_UP_TO", 0)
    fill(engine)
    (name,) = held(engine)
    made = engine.connection.do(lambda write: write.indices.get_mapping(index=name))[name]["mappings"]["properties"]
    assert made["vector_text"]["index_options"]["type"] == "hnsw"
    vector = WordHashEmbedder().embed_query("children with glasses that show a virtual world")
    hits = engine.reader().legs(LegsRequest(vectors={"text": vector}, size=5)).hits
    assert hits["document:text"][0].id == hits["passage:text"][0].id == 10


def test_listings_deeper_than_the_window_are_whole(engine, monkeypatch):
    fill(engine)
    monkeypatch.setattr(reading, "WINDOW", 4)
    monkeypatch.setattr(reading, "PAGE_AFTER", 3)
    everything = Filters(adult=True, offered=None)
    shallow = [engine.reader().browse(everything, "watched", at, 1).ids[0] for at in range(4)]
    deep = engine.reader().browse(everything, "watched", 0, 100)
    assert list(deep.ids[:4]) == shallow
    assert len(set(deep.ids)) == deep.total == len(CATALOGUE)
    assert list(engine.reader().browse(everything, "watched", 5, 4).ids) == list(deep.ids[5:9])


def test_titles_are_changed_in_place(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    before = engine.reader().info()
    new = title(99, "Quite New", members=5)
    outcome = only(engine, tmp_path, changed(6, "A baker of bread in Vienna finds a talking clock."), new)
    assert outcome.built
    after = engine.reader()
    assert after.info().generation == f"{before.generation}+1"
    assert (after.info().documents, after.info().offered) == (before.documents + 1, before.offered + 1)
    assert len(held(engine)) == 1
    assert after.legs(LegsRequest(text="baker talking clock")).hits["words"][0].id == 6
    assert after.legs(LegsRequest(text="surgeon")).hits["words"] == []
    assert after.exact(["quitenew"]) == [99]
    assert SearchService(engine, encoder()).search("quite new").resolution == "exact"
    assert not only(engine, tmp_path, changed(6, "A baker of bread in Vienna finds a talking clock."), new).built


def test_an_unknown_id_is_named(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    with pytest.raises(ValueError, match="555"):
        change_titles(CATALOGUE, [555], engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())


def test_another_model_may_not_change_titles(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    newer = WordHashEmbedder()
    newer.revision = "2"
    with pytest.raises(IndexMismatch, match="nextep index --rebuild"):
        only(engine, tmp_path, changed(6, "Something else."), embedder=newer)


def test_without_an_index_there_is_nothing_to_change(engine, tmp_path):
    with pytest.raises(IndexMissing, match="nextep index"):
        only(engine, tmp_path, changed(6, "Something else."))


def test_what_is_changed_during_a_rebuild_is_in_the_new_index_too(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    made = made_documents()
    build = engine.begin(info())
    build.add(made)
    build.verify(made[:2])
    only(engine, tmp_path, changed(6, "A baker of bread in Vienna finds a talking clock."))
    generation = build.publish()
    reader = engine.reader()
    assert reader.info().generation == generation
    assert reader.info().catalogue_hash == "0+1"
    assert reader.documents([6])[6].synopsis["en"].startswith("A baker")
    hits = reader.legs(
        LegsRequest(text="talking clock", vectors={"text": WordHashEmbedder().embed_query("A talking clock.")})
    )
    assert hits.hits["words"][0].id == hits.hits["passage:text"][0].id == 6
    # It begins anew: the next build does not bring it over again, and the next change counts from one.
    only(engine, tmp_path, changed(3, "A ferry across a lake of ink."))
    assert engine.reader().info().generation == f"{generation}+1"


def test_a_rebuild_with_another_model_keeps_the_change_and_says_which_vectors_are_old(engine, tmp_path, caplog):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    newer = dataclasses.replace(info(), spaces=(Space("text", "word-hash", "2", 64, ("en", "ko")),))
    made = made_documents()
    build = engine.begin(newer)
    build.add(made)
    build.verify(made[:2])
    only(engine, tmp_path, changed(6, "A baker of bread in Vienna finds a talking clock."))
    build.publish()
    reader = engine.reader()
    assert reader.legs(LegsRequest(text="talking clock")).hits["words"][0].id == 6
    assert reader.vectors(6)["text"] == pytest.approx(made[5].vectors["text"], abs=1e-6)
    assert "titles 6 were changed" in caplog.text


def test_a_change_that_meets_the_swap_waits_for_it_and_is_made_in_the_new_index(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    made = made_documents()
    build = engine.begin(info())
    build.add(made)
    build.verify(made[:2])
    build._catch_up()
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(only(engine, tmp_path, changed(6, "A talking clock."))))
    thread.start()
    time.sleep(0.7)
    assert outcome == []
    generation = build.publish()
    thread.join(timeout=30)
    assert outcome[0].generation == f"{generation}+1"
    assert engine.reader().documents([6])[6].synopsis == {"en": "A talking clock."}


def test_a_builder_that_died_before_its_swap_blocks_no_change(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    (serving,) = held(engine)
    engine.connection.do(lambda write: write.indices.add_block(index=serving, block="write"))
    assert only(engine, tmp_path, changed(6, "A talking clock.")).built
    assert engine.reader().documents([6])[6].synopsis == {"en": "A talking clock."}


def test_a_full_disk_is_told_at_once_by_every_way_to_index_and_search_goes_on(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    (serving,) = held(engine)
    lock = {"index.blocks.read_only_allow_delete": True}
    engine.connection.do(lambda write: write.indices.put_settings(index=serving, settings=lock))
    for attempt in (
        lambda: only(engine, tmp_path, changed(6, "A talking clock.")),
        lambda: build_index(CATALOGUE[:5], engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report()),
    ):
        began = time.monotonic()
        with pytest.raises(DiskFull, match=r"hardly any disk left.*search goes on"):
            attempt()
        assert time.monotonic() - began < 20, "not after every retry of every document"
    assert held(engine) == [serving]
    assert SearchService(engine, encoder()).search("toradora").resolution == "exact"
    lock["index.blocks.read_only_allow_delete"] = None
    engine.connection.do(lambda write: write.indices.put_settings(index=serving, settings=lock))
    assert only(engine, tmp_path, changed(6, "A talking clock.")).built


def test_a_disk_that_fills_while_titles_are_changed_is_told_as_that(engine, tmp_path, monkeypatch):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    monkeypatch.setattr(changes, "refuse_full", lambda *_: None)
    monkeypatch.setattr(building, "RETRIES", 0)
    (serving,) = held(engine)
    lock = {"index.blocks.read_only_allow_delete": True}
    engine.connection.do(lambda write: write.indices.put_settings(index=serving, settings=lock))
    with pytest.raises(DiskFull, match=r"documents were not indexed.*hardly any disk left"):
        only(engine, tmp_path, changed(6, "A talking clock."))
    lock["index.blocks.read_only_allow_delete"] = None
    engine.connection.do(lambda write: write.indices.put_settings(index=serving, settings=lock))


def test_a_swap_whose_answer_was_lost_deletes_nothing(engine, monkeypatch):
    fill(engine)
    build = engine.begin(info())
    build.add(made_documents())
    swapped = building.swap

    def lost(*given):
        swapped(*given)
        raise Unavailable("The answer never came.")

    monkeypatch.setattr(building, "swap", lost)
    with pytest.raises(Unavailable):
        build.publish()
    build.abort()
    monkeypatch.setattr(building, "swap", swapped)
    serving = engine.connection.do(lambda write: generations(write, engine.alias)).serving
    assert serving == build.index
    assert ElasticEngine(engine.connection, engine.alias).reader().exact(["toradora"]) == [3]


def test_after_a_rollback_the_older_index_can_be_changed(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report(), rebuild=True)
    engine.rollback()
    assert only(engine, tmp_path, changed(6, "A talking clock.")).built


def test_two_changes_at_once_are_both_made(engine, tmp_path):
    build_index(CATALOGUE, engine, WordHashEmbedder(), tmp_path, Source("tiny"), Report())

    def change(id: int) -> None:
        only(ElasticEngine(engine.connection, engine.alias), tmp_path, changed(id, f"A clock numbered {id}."))

    threads = [threading.Thread(target=change, args=(id,)) for id in (3, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ElasticEngine(engine.connection, engine.alias).reader().documents([3, 6])
    assert {id: one.synopsis["en"] for id, one in found.items()} == {id: f"A clock numbered {id}." for id in (3, 6)}


def test_the_locks_lie_in_one_small_index(engine):
    fill(engine)
    assert [name for name in indices(engine) if not is_generation(name, engine.alias)] == [lock_index(engine.alias)]
    assert engine.reader().named(["titan"], NO_FILTERS)
