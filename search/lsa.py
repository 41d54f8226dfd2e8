"""Latent semantic analysis (Deerwester et al. 1990): vectors without a model, fitted on the catalogue itself.

Words and character n-grams are weighted by TF-IDF and projected by a truncated SVD. It serves where no model loads,
and Korean where the model speaks English only. It is stored as JSON and plain arrays, and loaded with numpy alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from search.engine import Vector
from search.keys import words
from search.memory import Progress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_FORMAT = 1
_MOST = 30_000  # words kept, and as many n-grams: those in the most texts
_GRAM_WEIGHT = 1.0  # of all n-grams of a text together, beside its words
_CHUNK = 2_000  # texts turned into vectors at once
_HANGUL = re.compile(r"[가-힣]")
_CJK = re.compile(r"[぀-ヿ㐀-鿿가-힣]")
# Particles (조사) at a noun's end, the longest first. A verb that loses its end with them loses it in every text.
_PARTICLES = (
    "들에게", "에게서", "에서는", "에서도", "으로는", "으로서", "으로써", "이라고", "이라는", "까지", "께서", "들과", "들은", "들을",
    "들의", "들이", "라고", "라는", "로는", "로서", "로써", "마저", "보다", "부터", "에게", "에는", "에도", "에서", "으로", "이나",
    "이란", "이며", "조차", "처럼", "하고", "한테", "가", "과", "께", "나", "는", "도", "들", "란", "로", "를", "만", "에",
    "와", "은", "을", "의", "이",
)  # fmt: skip


class LsaEmbedder:
    """An Embedder made by `fit` or `load`.

    A text of which no word and no n-gram is known has the zero vector, the one vector that is not of unit length:
    `vector.any()` tells.
    """

    name = "lsa"
    document_prefix = ""

    def __init__(
        self, vocabulary: Sequence[str], weights: Vector, matrix: npt.NDArray[np.float16], languages: tuple[str, ...]
    ) -> None:
        self.languages = languages
        self.dims = matrix.shape[1]
        self._vocabulary = {feature: at for at, feature in enumerate(vocabulary)}
        self._weights = weights  # (features,), inverse document frequencies
        self._matrix = matrix  # (features, dims)
        digest = hashlib.sha256("\n".join([str(_FORMAT), *vocabulary]).encode())
        digest.update(weights.tobytes())
        digest.update(np.ascontiguousarray(matrix).tobytes())
        self.revision = digest.hexdigest()[:12]

    @classmethod
    def fit(
        cls, texts: Sequence[str], dims: int = 256, seed: int = 0, languages: tuple[str, ...] = ("en", "ko")
    ) -> LsaEmbedder:
        """Learn features, weights and projection from `texts`; the same texts and seed give the same embedder.

        There are as many dimensions as `dims`, or as the texts have (never more than there are texts). Raise
        ValueError where they hold no word at all.
        """
        counts = [Counter(stems(text)) for text in texts]
        occurring: Counter[str] = Counter()
        for count in counts:
            occurring.update({feature for stem in count for feature in _features(stem)})
        # A feature of a single text tells nothing of how texts are alike; of a few texts, all are wanted.
        least = 2 if len(texts) > 50 else 1
        kept = sorted(feature for feature, many in occurring.items() if many >= least) or sorted(occurring)
        if not kept:
            raise ValueError("texts hold no word that LSA could learn from")
        kept.sort(key=lambda feature: (-occurring[feature], feature))
        kept = sorted(
            [*[each for each in kept if not _is_gram(each)][:_MOST], *[each for each in kept if _is_gram(each)][:_MOST]]
        )
        frequencies = np.array([occurring[feature] for feature in kept], np.float64)
        weights = (np.log((1 + len(texts)) / (1 + frequencies)) + 1).astype(np.float32)
        fitted = cls(kept, weights, np.zeros((len(kept), 1), np.float16), languages)
        # One thread gives the same digits everywhere, and does not wait for cores that others use.
        with threadpool_limits(1, "blas"):
            matrix = _right_vectors(fitted._weighted(counts), dims, seed)
        return cls(kept, weights, matrix.astype(np.float16), languages)

    def save(self, folder: Path) -> None:
        """Write the embedder into `folder`, which is made where it is missing; a file is replaced whole."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "format": _FORMAT,
            "revision": self.revision,
            "languages": self.languages,
            "vocabulary": list(self._vocabulary),
        }
        _replace(folder / "lsa_matrix.npy", lambda path: _save(path, self._matrix))
        _replace(folder / "lsa_weights.npy", lambda path: _save(path, self._weights))
        _replace(folder / "lsa.json", lambda path: path.write_text(json.dumps(about, ensure_ascii=False), "utf-8"))

    @classmethod
    def load(cls, folder: Path) -> LsaEmbedder:
        """Read what `save` wrote; raise FileNotFoundError without it, ValueError where the files are not of one piece."""
        about = json.loads((folder / "lsa.json").read_text("utf-8"))
        if about.get("format") != _FORMAT:
            raise ValueError(
                f"{folder / 'lsa.json'} has the format {about.get('format')}; this version reads {_FORMAT}"
            )
        weights = np.load(folder / "lsa_weights.npy", allow_pickle=False)
        matrix = np.load(folder / "lsa_matrix.npy", allow_pickle=False, mmap_mode="r")
        loaded = cls(about["vocabulary"], weights, matrix, tuple(about["languages"]))
        if loaded.revision != about["revision"]:
            raise ValueError(f"the files in {folder} are not of one fit: index again")
        return loaded

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return the unit vectors of `texts`, (texts, dims); zero for a text with nothing known in it."""
        vectors = np.zeros((len(texts), self.dims), np.float32)
        matrix = np.asarray(self._matrix, np.float32)
        for start in range(0, len(texts), _CHUNK):
            counts = [Counter(stems(text)) for text in texts[start : start + _CHUNK]]
            vectors[start : start + len(counts)] = _normalised(self._weighted(counts) @ matrix)
            if progress is not None:
                progress(start + len(counts), len(texts))
        return vectors

    def embed_query(self, text: str) -> Vector:
        """Return the unit vector of a query, (dims,); zero where nothing in it is known."""
        found: tuple[dict[int, float], dict[int, float]] = ({}, {})
        for stem, many in Counter(stems(text)).items():
            for feature in _features(stem):
                at = self._vocabulary.get(feature)
                if at is not None:
                    block = found[_is_gram(feature)]
                    block[at] = block.get(at, 0.0) + many
        vector = np.zeros(self.dims, np.float32)
        for block, share in zip(found, (1.0, _GRAM_WEIGHT), strict=True):
            if block:
                places = np.fromiter(block, np.intp, len(block))
                values = (1 + np.log(np.fromiter(block.values(), np.float32, len(block)))) * self._weights[places]
                vector += share / np.linalg.norm(values) * (values @ self._matrix[places].astype(np.float32))
        return _normalised(vector[None])[0]

    def _weighted(self, counts: Sequence[Counter[str]]) -> csr_matrix:
        """Return TF-IDF of words and of n-grams, each of unit length and then weighted, (texts, features)."""
        from scipy.sparse import diags

        stems = {stem: at for at, stem in enumerate(dict.fromkeys(stem for count in counts for stem in count))}
        texts = _sparse(
            ((row, stems[stem], many) for row, count in enumerate(counts) for stem, many in count.items()),
            (len(counts), len(stems)),
        )
        total = _sparse((), (len(counts), len(self._vocabulary)))
        for gram, share in ((False, 1.0), (True, _GRAM_WEIGHT)):
            # Features are parts of stems, so that each distinct stem is taken apart once.
            parts = _sparse(
                (
                    (row, self._vocabulary[feature], 1)
                    for stem, row in stems.items()
                    for feature in _features(stem)
                    if _is_gram(feature) == gram and feature in self._vocabulary
                ),
                (len(stems), len(self._vocabulary)),
            )
            block = (texts @ parts).tocsr()
            block.data = 1 + np.log(block.data)
            block = block @ diags(self._weights)
            lengths = np.sqrt(np.asarray(block.multiply(block).sum(1)).ravel())
            total = total + diags(np.divide(share, lengths, out=np.zeros_like(lengths), where=lengths > 0)) @ block
        return total.tocsr()


def stems(text: str) -> list[str]:
    """Return the folded words of `text`, Korean ones without their particles."""
    return [_stem(word) for word in words(text.encode("utf-8", "replace").decode("utf-8"))]


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    if not _HANGUL.search(word):
        return word
    for particle in _PARTICLES:
        # At least two syllables stay: most words of two that seem to end in a particle do not.
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word.removesuffix(particle)
    return word


@lru_cache(maxsize=200_000)
def _features(stem: str) -> tuple[str, ...]:
    """Return a word and its n-grams: pairs and triples of CJK letters, else three and four with the ends marked."""
    if _CJK.search(stem):
        marked, sizes = stem, (2, 3)
    else:
        marked, sizes = f"^{stem}$", (3, 4)
    grams = [f"#{marked[at : at + size]}" for size in sizes for at in range(len(marked) - size + 1)]
    return (stem, *grams)


def _is_gram(feature: str) -> bool:
    return feature[0] == "#"  # no word begins so


def _sparse(entries: Iterable[tuple[int, int, int]], shape: tuple[int, int]) -> csr_matrix:
    """Return a matrix of (row, column, count), counts of the same place added up."""
    from scipy.sparse import coo_matrix

    table = np.array(list(entries), np.int64).reshape(-1, 3)
    return coo_matrix((table[:, 2].astype(np.float32), (table[:, 0], table[:, 1])), shape).tocsr()


def _right_vectors(rows: csr_matrix, dims: int, seed: int) -> Vector:
    """Return the first right singular vectors of `rows`, (features, dims), by random projection.

    Halko, Martinsson and Tropp 2011, algorithm 4.4 with four power iterations; directions without weight are left out.
    Each is divided by the square root of its singular value, so that the topics of everything don't drown what is
    particular: MRR rose from .81 to .82 on KorQuAD and from .44 to .46 on SciFact, on the questions it was chosen by.
    """
    rank = min(dims, *rows.shape)
    width = min(rank + 16, *rows.shape)
    sample = rows @ np.random.default_rng(seed).standard_normal((rows.shape[1], width), np.float32)
    for _ in range(4):
        basis, _ = np.linalg.qr(sample)
        sample = rows @ (rows.T @ basis)
    basis, _ = np.linalg.qr(sample)
    small = rows.T @ basis  # (features, width)
    squares, turn = np.linalg.eigh(small.T.astype(np.float64) @ small)
    squares, turn = squares[::-1][:rank], turn[:, ::-1][:, :rank]
    real = squares > 1e-6 * squares[0]
    lengths = np.sqrt(squares[real])
    right = small @ (turn[:, real] / lengths).astype(np.float32)
    # A singular vector's sign is arbitrary; the largest component is made positive.
    right *= np.sign(right[np.abs(right).argmax(0), np.arange(right.shape[1])])
    return right / np.sqrt(lengths / lengths[0]).astype(np.float32)


def _normalised(vectors: Any) -> Vector:
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-7)


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _replace(path: Path, write: Any) -> None:
    """Write a file beside `path` and put it in its place."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    write(draft)
    draft.replace(path)
