"""Building an index: what is embedded, what is kept, and what happens when it fails."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from samples import CATALOGUE, WordHashEmbedder, title

from indexer.build import Source, build_index, catalogue_hash, open_spaces, replace_titles
from indexer.documents import embedding_text, make_document, series_names
from indexer.report import Report
from search.embedded import EmbeddedEngine
from search.encode import QueryEncoder
from search.engine import BuildRefused, IndexMismatch
from search.lsa import LsaEmbedder
from search.service import SearchService

ROOT = Path(__file__).resolve().parent.parent


class CountingEmbedder(WordHashEmbedder):
    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_documents(self, texts, progress=None):
        self.embedded.extend(texts)
        return super().embed_documents(texts)


@pytest.fixture
def engine(tmp_path):
    return EmbeddedEngine(tmp_path / "index")


def build(engine, tmp_path, titles=CATALOGUE, embedder=None, **options):
    return build_index(titles, engine, embedder or WordHashEmbedder(), tmp_path, Source("tiny"), Report(), **options)


def test_an_index_that_matches_is_not_built_again_unless_asked(engine, tmp_path):
    first = build(engine, tmp_path)
    again = build(engine, tmp_path)
    assert (first.built, again.built) == (True, False)
    assert again.generation == first.generation
    assert build(engine, tmp_path, rebuild=True).generation != first.generation


def test_the_order_of_a_catalogue_is_no_change(engine, tmp_path):
    build(engine, tmp_path)
    assert not build(engine, tmp_path, titles=CATALOGUE[::-1]).built
    assert catalogue_hash(CATALOGUE) == catalogue_hash(CATALOGUE[::-1])


def test_only_what_changed_is_embedded_again(engine, tmp_path):
    build(engine, tmp_path, embedder=CountingEmbedder())
    changed = [
        *CATALOGUE[1:],
        CATALOGUE[0].replace(synopsis={"en": "A new synopsis. It has two sentences. And a third."}),
    ]
    counting = CountingEmbedder()
    outcome = build(engine, tmp_path, titles=changed, embedder=counting)
    assert outcome.built
    assert len(counting.embedded) == 2
    assert all("new synopsis" in text for text in counting.embedded)


def test_another_model_is_a_reason_to_build(engine, tmp_path):
    build(engine, tmp_path)
    other = WordHashEmbedder()
    other.revision = "2"
    assert build(engine, tmp_path, embedder=other).built


def test_searching_with_another_model_is_refused_with_both_names(engine, tmp_path):
    build(engine, tmp_path)
    other = WordHashEmbedder()
    other.name, other.revision = "another-model", "9"
    service = SearchService(engine, QueryEncoder(lambda space: other))
    with pytest.raises(IndexMismatch, match=r"word-hash.*another-model.*nextep index"):
        service.search("bounty hunters in space")


def test_an_exception_while_embedding_leaves_the_serving_index_and_what_was_embedded(engine, tmp_path):
    serving = build(engine, tmp_path, titles=CATALOGUE[:3]).generation

    class Breaks(CountingEmbedder):
        def embed_documents(self, texts, progress=None):
            if self.embedded:
                raise RuntimeError("the model fell over")
            return super().embed_documents(texts)

    broken = Breaks()
    with pytest.raises(RuntimeError, match="fell over"):
        build(engine, tmp_path, embedder=broken)
    assert engine.reader().info().generation == serving
    counting = CountingEmbedder()
    build(engine, tmp_path, embedder=counting)
    assert not set(broken.embedded) & set(counting.embedded)


def test_an_empty_catalogue_is_refused_and_leaves_the_serving_index(engine, tmp_path):
    serving = build(engine, tmp_path).generation
    with pytest.raises(BuildRefused, match="empty"):
        build(engine, tmp_path, titles=[])
    assert engine.reader().info().generation == serving


def test_too_little_disk_is_said_before_anything_is_made(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(OSError, match="MB are free"):
        build(engine, tmp_path)
    assert not (tmp_path / "index").exists()


def test_titles_changed_in_place_keep_all_others(engine, tmp_path):
    build(engine, tmp_path)
    source = [CATALOGUE[0].replace(score=1.0), CATALOGUE[3].replace(score=2.0), title(99, "Brand New")]
    made = replace_titles(CATALOGUE, source, [1, 99])
    assert [work.score for work in made if work.id in (1, 4)] == [1.0, 8.5]
    assert len(made) == len(CATALOGUE) + 1
    with pytest.raises(ValueError, match="12345"):
        replace_titles(CATALOGUE, source, [12345])


def test_a_model_of_english_only_leaves_korean_to_lsa(tmp_path):
    english = WordHashEmbedder()
    english.languages = ("en",)
    korean = [
        title(100 + n, f"Work {n}", synopsis={"en": f"Story {n}.", "ko": f"소년 {n}호가 바다를 건너 섬으로 간다."})
        for n in range(25)
    ]
    spaces = open_spaces(korean, english, tmp_path)
    assert {name: made.languages for name, made in spaces.items()} == {"en": ("en",), "ko": ("ko",)}
    assert isinstance(spaces["ko"].embedder, LsaEmbedder)
    loaded = LsaEmbedder.load(tmp_path / "lsa" / spaces["ko"].embedder.revision)
    assert loaded.revision == spaces["ko"].embedder.revision


def test_without_a_model_lsa_serves_both_languages(engine, tmp_path):
    titles = [
        title(100 + n, f"Work {n}", synopsis={"en": f"A sailor {n} finds an island of birds and storms."})
        for n in range(25)
    ]
    build_index(titles, engine, None, tmp_path, Source("tiny"), Report())
    assert [(space.name, space.model) for space in engine.reader().info().spaces] == [("en", "lsa")]


def test_hooks_are_searched_and_belong_to_the_text_of_words():
    work = CATALOGUE[0].replace(hooks={"en": "Tank, corgi, jazz.", "ko": "재즈와 코기."})
    document = make_document(work)
    assert "corgi" in document.texts["en"]
    assert "코기" in document.texts["bi"].split()
    assert "corgi" not in embedding_text(work, "en")


def test_a_series_name_is_what_its_works_share():
    found = series_names(CATALOGUE)
    assert "attackontitan" in found[4]
    assert "shingekinokyojin" in found[4]
    assert "진격의거인" in found[4]
    assert "cowboybebop" in found[1]


def test_indexing_killed_again_and_again_goes_on_from_the_cache(tmp_path):
    """Kills the real command at different moments; each next run embeds only what is still missing."""
    code = (
        f"import sys, time; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
        "from pathlib import Path\n"
        "from samples import CATALOGUE, WordHashEmbedder, title\n"
        "from indexer.build import Source, build_index\nfrom indexer.report import Report\n"
        "from search.embedded import EmbeddedEngine\n"
        "class Slow(WordHashEmbedder):\n"
        "    def embed_documents(self, texts, progress=None):\n"
        "        print(len(texts), flush=True); time.sleep(0.2)\n"
        "        return super().embed_documents(texts)\n"
        "titles = [title(n, f'Work {n}') for n in range(600)]\n"
        f"var = Path({str(tmp_path)!r})\n"
        "build_index(titles, EmbeddedEngine(var / 'index'), Slow(), var, Source('many'), Report())\n"
        "print('done', flush=True)\n"
    )
    embedded = []
    for attempt in range(12):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            line = run.stdout.readline().strip()
            if attempt < 3:
                time.sleep(0.25)
                run.kill()
                rest = []
            else:
                rest = run.stdout.read().split()
        embedded.append(line)
        if "done" in [line, *rest]:
            break
    assert "done" in [line, *rest]
    reader = EmbeddedEngine(tmp_path / "index").reader()
    assert reader.info().documents == 600
    assert not list((tmp_path / "index").glob("tmp-*"))
