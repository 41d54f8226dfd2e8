"""What titles are about, as one row of numbers each: words, genres, themes, or any vectors given."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack

from catalogue import Title
from recommenders.svd import right_vectors

_WORD = re.compile(r"[^\W_]{2,}")
SIZE = 192


@dataclass(frozen=True, eq=False)
class ItemFeatures:
    """Rows of length 1 for `items`: (items, dims); with what else evaluation and diversity ask of a title."""

    items: NDArray[np.str_]
    vectors: NDArray[np.float32]
    years: NDArray[np.int32] | None = None  # 0 = not known
    series: NDArray[np.str_] | None = None  # titles of one series have one text; "" = none
    tags: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def index(self) -> dict[str, int]:
        """Return the place of each id."""
        return {id: place for place, id in enumerate(self.items.tolist())}

    def places(self, items: Sequence[str]) -> NDArray[np.int64]:
        """Return the place of each of `items` here, -1 where it is not described."""
        return np.array([self.index.get(str(id), -1) for id in items], np.int64)

    def rows(self, items: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of `items` (items, dims); zeros for one that is not described."""
        places = self.places(items)
        return np.where((places >= 0)[:, None], self.vectors[places], 0).astype(np.float32)


def from_tags(tags: Mapping[str, Iterable[str]], size: int | None = None, seed: int = 42) -> ItemFeatures:
    """Describe titles by words alone: TF-IDF rows of length 1; reduced to `size` dimensions where given."""
    lists = [tuple(words) for words in tags.values()]
    made = _tfidf([Counter(words) for words in lists])
    dense = _reduced(made, size, seed) if size else made.toarray()
    return ItemFeatures(np.array(list(tags), np.str_), _unit(dense.astype(np.float32)), tags=tuple(lists))


def from_titles(
    titles: Sequence[Title], vectors: Mapping[str, NDArray[np.float32]] | None = None, seed: int = 42
) -> ItemFeatures:
    """Describe titles of the catalogue by genres, themes, makers, words and series; and by `vectors` where given.

    Each group of features has length 1 before its weight, so that a long synopsis doesn't drown the genres.
    """
    groups = [
        (1.0, [Counter(_tags(title)) for title in titles]),
        (0.5, [Counter([*title.studios, f"source {title.source}"]) for title in titles]),
        (0.5, [Counter(_words(" ".join(title.names()))) for title in titles]),
        (0.8, [Counter(_words(title.text("en"))) for title in titles]),
        (0.6, [Counter([f"series {title.series}"] if title.series else []) for title in titles]),
    ]
    made = csr_array(hstack([weight * _tfidf(counts) for weight, counts in groups], format="csr"))
    dense = _reduced(made, SIZE, seed)
    items = np.array([str(title.id) for title in titles], np.str_)
    if vectors:
        width = len(next(iter(vectors.values())))
        blank = np.zeros(width, np.float32)
        given = _unit(np.stack([vectors.get(str(title.id), blank) for title in titles]).astype(np.float32))
        dense = np.hstack([_unit(dense), 0.7 * given])
    return ItemFeatures(
        items,
        _unit(dense),
        np.array([title.year or 0 for title in titles], np.int32),
        np.array(["" if title.series is None else str(title.series) for title in titles], np.str_),
        tuple((*title.genres, *title.themes) for title in titles),
    )


def _tags(title: Title) -> list[str]:
    return [*title.genres, *title.themes, f"format {title.format}", f"decade {(title.year or 0) // 10}"]


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _tfidf(counts: Sequence[Counter[str]]) -> csr_array:
    """Return sublinear TF-IDF rows of length 1; a word of one title alone says nothing and is left out."""
    documents = Counter(word for one in counts for word in one)
    least = 2 if len(counts) > 50 else 1
    place = {word: at for at, word in enumerate(sorted(word for word, n in documents.items() if n >= least))}
    data: list[float] = []
    indices: list[int] = []
    indptr = [0]
    for one in counts:
        for word, times in one.items():
            if word in place:
                indices.append(place[word])
                data.append((1 + math.log(times)) * math.log(1 + len(counts) / documents[word]))
        indptr.append(len(indices))
    made = csr_array((np.array(data, np.float32), indices, indptr), shape=(len(counts), max(len(place), 1)))
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(axis=1))).ravel()
    return csr_array(diags_array(1 / np.where(lengths > 0, lengths, 1)) @ made)


def _reduced(matrix: csr_array, size: int, seed: int) -> NDArray[np.float32]:
    if min(matrix.shape) <= size:
        return matrix.toarray().astype(np.float32)
    matrix = matrix.astype(np.float32)
    return np.asarray(matrix @ right_vectors(matrix, size, seed), np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
