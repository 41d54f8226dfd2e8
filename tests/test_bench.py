"""What the benchmarks measure: grown catalogues, exact neighbours, and engines asked the same."""

from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest
from click.testing import CliRunner
from samples import CATALOGUE, WordHashEmbedder, encoder, fill, info, made_documents

import evaluation.bench
from cli import main
from config import ROOT
from evaluation.bench import Side, latencies, measure
from evaluation.grown import FIRST_COPY, everything, grown, perturbed
from search.embedded import EmbeddedEngine
from search.service import SearchService


@pytest.fixture(scope="module")
def scale():
    spec = importlib.util.spec_from_file_location("scale_elasticsearch", ROOT / "scripts" / "scale_elasticsearch.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def reader(tmp_path):
    engine = EmbeddedEngine(tmp_path / "index")
    fill_with_vectors(engine)
    return engine.reader()


def fill_with_vectors(engine) -> None:
    embedder = WordHashEmbedder()
    build = engine.begin(info(embedder))
    build.add(made_documents(embedder=embedder))
    build.publish()


# -- grown catalogues ------------------------------------------------------------------------------------------------------


def test_a_grown_catalogue_begins_with_the_real_one_and_goes_on_with_copies_under_other_ids(reader):
    size = 2 * len(CATALOGUE) + 3
    made = list(grown(reader, size, 0.05))
    ids = [document.title.id for document in made]
    assert len(set(ids)) == size
    assert set(ids[: len(CATALOGUE)]) == {title.id for title in CATALOGUE}
    assert min(ids[len(CATALOGUE) :]) >= FIRST_COPY


def test_a_copy_has_the_words_of_its_work_in_another_order_and_a_vector_near_to_its(reader):
    titles = everything(reader)
    made = list(grown(reader, len(titles) + 1, 0.05))
    real, copy = made[0], made[len(titles)]
    assert sorted(copy.title.synopsis["en"].split()) == sorted(real.title.synopsis["en"].split())
    space = next(iter(real.vectors))
    assert 0.99 < float(real.vectors[space] @ copy.vectors[space]) < 0.99999


def test_a_catalogue_grows_the_same_way_each_time(reader):
    size = 2 * len(CATALOGUE)
    for one, other in zip(grown(reader, size, 0.3), grown(reader, size, 0.3), strict=True):
        assert one.title == other.title
        for space, vector in one.vectors.items():
            assert np.array_equal(vector, other.vectors[space])


def test_without_passages_only_whole_texts_have_vectors(reader):
    made = list(grown(reader, len(CATALOGUE), 0.05, passages=False))
    assert any(document.vectors for document in made)
    assert not any(len(cut) for document in made for cut in document.passages.values())


def test_noise_keeps_vectors_at_length_one_and_rows_of_zeros_at_zero():
    vectors = np.eye(3, 64, dtype=np.float32)
    vectors[1] = 0
    made = perturbed(vectors, 0.3, np.random.default_rng(0))
    assert np.allclose(np.linalg.norm(made, axis=1), [1, 0, 1], atol=1e-6)
    assert 0.9 < float(made[0] @ vectors[0]) < 0.99


# -- scale -----------------------------------------------------------------------------------------------------------------


def test_the_exact_neighbours_are_those_of_a_full_comparison(scale):
    rng = np.random.default_rng(1)
    real = rng.standard_normal((30, 16)).astype(np.float32)
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    growth = scale.Growth(real)
    rows = np.concatenate([block for _, block in growth.blocks(75)])
    assert rows.shape == (75, 16)
    assert np.array_equal(rows[:30], real)
    for vector, found in zip(real[:5], growth.nearest(real[:5], 75), strict=True):
        assert set(np.argsort(-(rows @ vector))[: scale.TOP].tolist()) <= found


def test_a_smaller_size_holds_the_first_rows_of_a_larger_one(scale):
    real = np.eye(8, dtype=np.float32)
    growth = scale.Growth(real)
    small, large = (np.concatenate([block for _, block in growth.blocks(size)]) for size in (13, 40))
    assert np.array_equal(small, large[:13])


def test_the_bulk_lines_hold_the_vectors_that_were_given(scale):
    import base64
    import json

    block = np.array([[0.5, -0.25], [1.0, 0.0]], dtype=np.float32)
    lines = [json.loads(line) for line in scale._lines(7, block)]
    assert [line["index"]["_id"] for line in lines[::2]] == ["7", "8"]
    read = [np.frombuffer(base64.b64decode(line[scale.VECTOR]), dtype=">f4").tolist() for line in lines[1::2]]
    assert read == block.tolist()


# -- engines beside each other ---------------------------------------------------------------------------------------------


def test_a_table_holds_the_percentiles_of_each_engine_and_the_ratio_to_its_own_bm25():
    took = {"typo": [[4.0, 4.0, 4.0], [9.0, 9.0, 9.0]], evaluation.bench.BM25: [[2.0, 2.0, 2.0], [3.0, 3.0, 3.0]]}
    rows = latencies(["embedded", "elasticsearch"], took)
    assert rows[0].index("embedded p50 ms") < rows[0].index("elasticsearch p50 ms")
    assert rows[2] == "| typo | 3 | 4.00 | 4.00 | 4.00 | 2.0 x | 9.00 | 9.00 | 9.00 | 3.0 x |"
    assert {row.count("|") for row in rows} == {rows[0].count("|")}


@pytest.mark.parametrize(
    ("seconds", "rounds"),
    [((1, 1, 1), 3), ((9, 5, 3, 2, 2, 2), 6), ((9, 8.8, 5, 4.9, 4.8), 5), ((9, 12, 5, 5, 5), 5)],
)
def test_warming_up_ends_when_two_rounds_bring_nothing(monkeypatch, seconds, rounds):
    times = itertools.chain.from_iterable((0, second) for second in seconds)
    monkeypatch.setattr(evaluation.bench.time, "perf_counter", lambda: next(times))
    asked: list[str] = []
    told = evaluation.bench._warm({"typo": ["nana"]}, [{"typo": asked.append}])
    assert asked == ["nana"] * rounds
    assert (
        told
        == f"Warmed up by {rounds} rounds of 1 queries: {seconds[0]:.1f} s the first, {seconds[-1]:.1f} s the last."
    )


def test_warming_up_does_not_go_on_for_ever(monkeypatch):
    clock = itertools.chain.from_iterable((0, 1000 * 0.5**turn) for turn in itertools.count())
    monkeypatch.setattr(evaluation.bench.time, "perf_counter", lambda: next(clock))
    asked: list[str] = []
    evaluation.bench._warm({"typo": ["nana"]}, [{"typo": asked.append}])
    assert len(asked) == evaluation.bench.ROUNDS


def test_each_engine_is_asked_every_query_in_turn_and_another_one_first_each_time(tmp_path, monkeypatch):
    sides = []
    for name in ("one", "other"):
        engine = EmbeddedEngine(tmp_path / name)
        fill(engine)
        engine.name = name
        sides.append(Side(engine, SearchService(engine, encoder()), 2.0, 3_000_000))
    texts = ["nana", "steins gate", "monster", "planetes"]
    heard: list[tuple[str, str]] = []

    def cases(given, count):
        calls = [
            {"typo": lambda text, name=side.name: heard.append((name, text)), evaluation.bench.BM25: lambda text: None}
            for side in given
        ]
        return {"typo": texts, evaluation.bench.BM25: texts}, calls

    monkeypatch.setattr(evaluation.bench, "_cases", cases)
    told = measure(sides, 3)
    # The first only warms both up, in rounds.
    warming, counted = heard[:-6], heard[-6:]
    assert len(warming) >= 6
    assert set(zip(warming[::2], warming[1::2], strict=True)) == {(("one", "nana"), ("other", "nana"))}
    assert [name for name, _ in counted] == ["one", "other", "other", "one", "one", "other"]
    assert [text for _, text in counted] == list(itertools.chain.from_iterable((text, text) for text in texts[1:]))
    assert any(row.startswith("| typo | 3 |") for row in told)
    documents = len(CATALOGUE)
    assert any(row.startswith(f"| one | {documents / 2:,.0f} |") and row.endswith("| 2.0 | 3.0 |") for row in told)


def test_the_server_named_on_the_command_line_is_measured_beside_the_embedded_engine(tmp_path, monkeypatch):
    monkeypatch.setenv("NEXTEP_VAR", str(tmp_path))
    monkeypatch.delenv("ELASTICSEARCH_URL", raising=False)
    measured = []

    def run(settings, data, sizes, count):
        measured.extend(engine.name for engine in evaluation.bench._engines(settings, sizes[0]))
        return "measured"

    monkeypatch.setattr(evaluation.bench, "run", run)
    for given, expected in (
        (["--elasticsearch", "http://127.0.0.1:1"], ["embedded", "elasticsearch"]),
        ([], ["embedded"]),
    ):
        measured.clear()
        answer = CliRunner().invoke(main, ["bench", "search", "--sizes", "5", *given])
        assert (answer.exit_code, measured) == (0, expected)


def test_a_size_near_the_catalogue_s_own_is_measured_on_real_works_alone(reader):
    made = list(grown(reader, len(CATALOGUE), 0.05))
    assert sorted((document.title for document in made), key=lambda title: title.id) == list(CATALOGUE)
