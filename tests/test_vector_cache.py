"""The cache of vectors: what it gives back, what survives a kill, and who may use it at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from search.vector_cache import VectorCache, embed_cached, restored

ROOT = Path(__file__).resolve().parent.parent


class Counting:
    """Embeds a text as a unit vector drawn from its letters, and counts what it was asked for."""

    name, revision, dims, languages, document_prefix = "counting", "r1", 8, ("en",), "passage: "

    def __init__(self):
        self.asked = []

    def embed_documents(self, texts, progress=None):
        self.asked.extend(texts)
        vectors = np.stack([np.random.default_rng(list(text.encode())).standard_normal(8) for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def embed_query(self, text):
        return self.embed_documents([text])[0]


@pytest.fixture
def embedder():
    return Counting()


@pytest.fixture
def cache(tmp_path, embedder):
    return VectorCache.of(tmp_path / "vectors", embedder)


def test_a_second_run_embeds_only_what_changed(cache, embedder, tmp_path):
    embed_cached(embedder, ["one", "two"], cache)
    embedder.asked.clear()
    embed_cached(embedder, ["one", "three", "two"], VectorCache.of(tmp_path / "vectors", embedder))
    assert embedder.asked == ["three"]


def test_a_second_run_returns_the_very_same_vectors(cache, embedder):
    texts = ["one", "two", "three"]
    first = embed_cached(embedder, texts, cache)
    np.testing.assert_array_equal(embed_cached(embedder, texts, cache), first)
    assert first.dtype == np.float32


def test_a_stored_vector_is_the_vector_but_for_rounding(cache):
    vectors = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = [cache.key("", str(number)) for number in range(200)]
    cache.add(keys, vectors)
    stored, found = cache.get(keys)
    assert found.all()
    assert (stored * vectors).sum(1).min() > 1 - 1e-6
    np.testing.assert_allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-6)


def test_equal_texts_are_embedded_once(cache, embedder):
    vectors = embed_cached(embedder, ["one", "two", "one"], cache)
    assert sorted(embedder.asked) == ["one", "two"]
    np.testing.assert_array_equal(vectors[0], vectors[2])


def test_vectors_come_back_in_the_order_of_the_texts(cache, embedder):
    texts = ["a", "a longer text", "mid size"]
    vectors = embed_cached(embedder, texts, cache, batch=1)
    assert embedder.asked == ["a longer text", "mid size", "a"]
    np.testing.assert_array_equal(vectors, restored(embedder.embed_documents(texts).astype(np.float16)))


def test_progress_counts_what_had_to_be_embedded(cache, embedder):
    embed_cached(embedder, ["one"], cache)
    seen = []
    embed_cached(embedder, ["one", "two", "three", "four"], cache, lambda *at: seen.append(at), batch=2)
    assert seen == [(2, 3), (3, 3)]


def test_no_texts_make_no_files(cache, embedder):
    assert embed_cached(embedder, [], cache).shape == (0, 8)
    assert not cache.folder.exists()


def test_another_revision_prefix_or_text_has_another_key(cache, tmp_path):
    other = VectorCache(tmp_path, "counting", "r2", 8)
    keys = {cache.key("", "ab"), cache.key("a", "b"), cache.key("", "ba"), other.key("", "ab"), cache.key("", "\ud800")}
    assert len(keys) == 5


def test_models_revisions_and_sizes_have_files_of_their_own(tmp_path):
    names = {
        VectorCache(tmp_path, model, revision, dims).keys_path.name
        for model, revision, dims in (("a/b", "1", 8), ("a-b", "1", 8), ("a/b", "2", 8), ("a/b", "1", 16))
    }
    assert len(names) == 4
    assert all("/" not in name for name in names)


def test_a_zero_vector_stays_zero(cache):
    cache.add([cache.key("", "x")], np.zeros((1, 8), np.float32))
    stored, found = cache.get([cache.key("", "x")])
    assert found.all()
    assert not stored.any()


def test_a_wrong_shape_is_refused(cache):
    with pytest.raises(ValueError, match=r"\(1, 8\) is needed"):
        cache.add([cache.key("", "x")], np.zeros((1, 9), np.float32))


@pytest.mark.parametrize("which", ["keys_path", "rows_path"])
@pytest.mark.parametrize("cut", [1, 7, 25])
def test_a_torn_end_is_left_out_and_written_anew(cache, embedder, which, cut):
    texts = [f"text {number}" for number in range(10)]
    before = embed_cached(embedder, texts, cache, batch=1)
    path = getattr(cache, which)
    os.truncate(path, path.stat().st_size - cut)
    again = VectorCache.of(cache.folder, embedder)
    assert len(again) < 10
    embedder.asked.clear()
    np.testing.assert_array_equal(embed_cached(embedder, texts, again), before)
    assert 1 <= len(embedder.asked) <= 2
    assert len(VectorCache.of(cache.folder, embedder)) == 10


def test_a_damaged_row_is_embedded_again(cache, embedder):
    before = embed_cached(embedder, ["one", "two", "three"], cache)
    data = bytearray(cache.rows_path.read_bytes())
    data[3] ^= 0xFF
    cache.rows_path.write_bytes(data)
    embedder.asked.clear()
    again = VectorCache.of(cache.folder, embedder)
    np.testing.assert_array_equal(embed_cached(embedder, ["one", "two", "three"], again), before)
    assert len(embedder.asked) == 1


def test_a_cache_that_was_cleared_meanwhile_begins_anew(cache, embedder):
    embed_cached(embedder, ["one", "two"], cache)
    cache.keys_path.unlink()
    cache.rows_path.unlink()
    embed_cached(embedder, ["one", "two", "three"], cache)
    assert len(VectorCache.of(cache.folder, embedder)) == 3


def test_two_caches_on_the_same_files_see_each_other_s_vectors(cache, embedder):
    other = VectorCache.of(cache.folder, embedder)
    embed_cached(embedder, ["one"], cache)
    embed_cached(embedder, ["two"], other)
    embed_cached(embedder, ["three"], cache)
    other.refresh()
    assert len(other) == len(cache) == 3
    np.testing.assert_array_equal(
        embed_cached(embedder, ["one", "two", "three"], other), embed_cached(embedder, ["one", "two", "three"], cache)
    )
    assert embedder.asked == ["one", "two", "three"]


def test_a_full_disk_leaves_what_was_there(cache, embedder, monkeypatch):
    before = embed_cached(embedder, ["one"], cache)

    def full(number):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            embed_cached(embedder, ["two", "three"], cache)
    again = VectorCache.of(cache.folder, embedder)
    np.testing.assert_array_equal(embed_cached(embedder, ["one"], again), before)
    assert len(again) == 1


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from test_vector_cache import Counting
from search.vector_cache import VectorCache, embed_cached
embedder, start = Counting(), int(sys.argv[2])
cache = VectorCache.of(Path(sys.argv[1]), embedder)
print("ready", flush=True)
embed_cached(embedder, [f"text {number}" for number in range(start, start + 1000)], cache, batch=4)
"""


def writer(folder: Path, start: int = 0) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-c", WRITER, folder, str(start)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    return process


def check(folder: Path, embedder: Counting) -> int:
    """Return how many vectors are stored, having compared every one of them with the real one."""
    cache = VectorCache.of(folder, embedder)
    texts = [f"text {number}" for number in range(2000)]
    stored, found = cache.get([cache.key("passage: ", text) for text in texts])
    real = restored(embedder.embed_documents(texts).astype(np.float16))
    np.testing.assert_array_equal(stored[found], real[found])
    assert found.sum() == len(cache)
    return len(cache)


def test_kill_9_loses_nothing_that_was_stored_and_corrupts_nothing(tmp_path, embedder):
    kept = 0
    for wait in (0.02, 0.06, 0.04, 0.08):
        process = writer(tmp_path)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = check(tmp_path, embedder)
        assert now >= kept
        kept = now
    assert kept > 0
    embedder.asked.clear()
    cache = VectorCache.of(tmp_path, embedder)
    embed_cached(embedder, [f"text {number}" for number in range(1000)], cache)
    assert len(embedder.asked) == 1000 - kept
    assert len(VectorCache.of(tmp_path, embedder)) == 1000


@pytest.mark.skipif(sys.platform == "win32", reason="files are locked on POSIX systems only")
def test_two_writers_at_once_keep_each_other_s_vectors_whole(tmp_path, embedder):
    both = [writer(tmp_path, 0), writer(tmp_path, 1000)]
    time.sleep(0.1)
    seen = check(tmp_path, embedder)  # a reader meanwhile
    both[0].send_signal(signal.SIGKILL)
    # On a machine that was busy elsewhere the first may have finished before the signal came.
    assert both[0].wait(timeout=30) in (-9, 0)
    assert both[1].wait(timeout=30) == 0
    assert check(tmp_path, embedder) >= max(seen, 1000)
