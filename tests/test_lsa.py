"""LSA on a few visible sentences in English and Korean."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from search.lsa import LsaEmbedder, _stem

ENGLISH = [
    "A pitcher and a catcher lead their school's baseball team to the championship.",
    "The baseball club needs nine players before the summer tournament.",
    "A pilot of a giant robot defends the space colony from invaders.",
    "Giant robots and their pilots fight a war over the space colonies.",
    "A girl joins the light music club and learns to play the guitar.",
    "Four girls form a band and play guitar at the school festival.",
]
KOREAN = [
    "야구부의 투수와 포수가 전국 대회 우승을 노린다.",
    "소년은 야구를 사랑하는 친구들과 여름 대회에 나간다.",
    "거대 로봇의 조종사가 우주 식민지를 지킨다.",
    "로봇을 탄 조종사들이 우주에서 전쟁을 벌인다.",
    "소녀는 경음악부에 들어가 기타를 배운다.",
    "소녀들이 밴드를 만들어 축제에서 기타를 연주한다.",
]


@pytest.fixture(scope="module")
def embedder():
    return LsaEmbedder.fit([*ENGLISH, *KOREAN])


@pytest.mark.parametrize(
    ("query", "texts", "best"),
    [
        ("baseball players at a tournament", ENGLISH, {0, 1}),
        ("robot pilot in space", ENGLISH, {2, 3}),
        ("a guitar in a girls' band", ENGLISH, {4, 5}),
        ("야구 대회", KOREAN, {0, 1}),
        ("우주에서 로봇으로 싸우는 조종사", KOREAN, {2, 3}),
        ("기타 치는 소녀", KOREAN, {4, 5}),
    ],
)
def test_a_query_is_nearest_to_a_text_of_its_topic(embedder, query, texts, best):
    scores = embedder.embed_documents(texts) @ embedder.embed_query(query)
    assert scores.argmax() in best
    assert min(scores[list(best)]) > 0


def test_a_misspelt_word_still_counts_by_its_letters(embedder):
    scores = embedder.embed_documents(ENGLISH) @ embedder.embed_query("basebal turnament")
    assert scores.argmax() in (0, 1)


def test_a_query_has_the_vector_of_the_same_document(embedder):
    for text in ("A pilot and a pitcher", "야구와 로봇을 좋아하는 소녀", "guitar"):
        np.testing.assert_allclose(embedder.embed_query(text), embedder.embed_documents([text])[0], atol=1e-6)


def test_vectors_are_of_unit_length_in_float32(embedder):
    vectors = embedder.embed_documents([*ENGLISH, *KOREAN])
    assert vectors.dtype == np.float32
    assert vectors.shape == (12, embedder.dims)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("text", ["", "  ", "?!", "qqq zzz", "\udc80", "\0"])
def test_a_text_with_nothing_known_in_it_has_the_zero_vector(embedder, text):
    assert not embedder.embed_query(text).any()
    assert not embedder.embed_documents([text, "baseball"])[0].any()


def test_the_same_texts_and_seed_give_the_same_embedder():
    first, second, other = (LsaEmbedder.fit(ENGLISH, dims=3, seed=seed) for seed in (0, 0, 1))
    assert first.revision == second.revision
    np.testing.assert_array_equal(first.embed_query("baseball"), second.embed_query("baseball"))
    # Another seed finds the same plane: the projection is nearly exact.
    assert first.embed_query("baseball") @ other.embed_query("baseball") == pytest.approx(1, abs=1e-3)


def test_other_texts_give_another_revision():
    assert LsaEmbedder.fit(ENGLISH).revision != LsaEmbedder.fit(ENGLISH[1:]).revision


@pytest.mark.parametrize("texts", [["one"], ["one story"] * 5, ["a", "b"], ["야구", ""]])
def test_fewer_texts_than_dimensions_are_enough(texts):
    embedder = LsaEmbedder.fit(texts, dims=256)
    assert 1 <= embedder.dims <= len(texts)
    assert np.linalg.norm(embedder.embed_query(texts[0])) == pytest.approx(1, abs=1e-6)


def test_texts_without_a_word_can_t_be_learned_from():
    with pytest.raises(ValueError, match="no word"):
        LsaEmbedder.fit(["", "?!"])


def test_what_is_saved_is_what_is_loaded(embedder, tmp_path):
    embedder.save(tmp_path / "lsa")
    loaded = LsaEmbedder.load(tmp_path / "lsa")
    assert (loaded.revision, loaded.dims, loaded.languages) == (embedder.revision, embedder.dims, ("en", "ko"))
    np.testing.assert_array_equal(loaded.embed_query("야구 baseball"), embedder.embed_query("야구 baseball"))
    assert sorted(path.name for path in (tmp_path / "lsa").iterdir()) == [
        "lsa.json",
        "lsa_matrix.npy",
        "lsa_weights.npy",
    ]


def test_the_arrays_are_stored_without_pickle(embedder, tmp_path):
    embedder.save(tmp_path)
    for path in tmp_path.glob("*.npy"):
        assert np.load(path, allow_pickle=False).dtype != object


def test_files_of_two_fits_are_not_mixed(embedder, tmp_path):
    embedder.save(tmp_path / "one")
    LsaEmbedder.fit(ENGLISH).save(tmp_path / "two")
    (tmp_path / "two" / "lsa.json").replace(tmp_path / "one" / "lsa.json")
    with pytest.raises(ValueError, match="index again"):
        LsaEmbedder.load(tmp_path / "one")


def test_progress_counts_the_texts(embedder, monkeypatch):
    monkeypatch.setattr("search.lsa._CHUNK", 4)
    seen = []
    embedder.embed_documents(ENGLISH, lambda done, total: seen.append((done, total)))
    assert seen == [(4, 6), (6, 6)]


@pytest.mark.parametrize(
    ("word", "stem"),
    [("소년은", "소년"), ("친구들에게", "친구"), ("학교에서는", "학교"), ("마법으로", "마법"), ("나의", "나의"), ("우주", "우주"), ("robot", "robot")],
)  # fmt: skip
def test_korean_words_lose_their_particles(word, stem):
    assert _stem(word) == stem


def test_serving_needs_neither_scikit_learn_nor_scipy(embedder, tmp_path):
    embedder.save(tmp_path)
    code = (
        "import sys; from pathlib import Path; from search.lsa import LsaEmbedder;"
        "vector = LsaEmbedder.load(Path(sys.argv[1])).embed_query('baseball');"
        "print(vector.any(), [name for name in ('sklearn', 'scipy', 'torch') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"
