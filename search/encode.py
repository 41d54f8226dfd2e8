"""Turn a query into one vector for each space of the index, with the models that made the index."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from search.engine import IndexInfo, IndexMismatch, Space, Vector
from search.keys import has_cjk, has_hangul

CACHED_QUERIES = 2048


class QueryEmbedder(Protocol):
    """The part of an embedder that a query needs."""

    name: str
    revision: str
    dims: int

    def embed_query(self, text: str) -> Vector:
        """Return the unit vector of `text`, (dims,); zero where the model knows none of it."""
        ...


class QueryEncoder:
    """The query side of the embedders, with a cache of what was asked lately.

    Embedders are opened when a space is first seen, so a new generation with newly fitted vectors is followed.
    """

    def __init__(self, open_embedder: Callable[[Space], QueryEmbedder | None], *, expects_model: bool = False) -> None:
        """Take what opens the embedder of a space, or returns None where none can serve it.

        With `expects_model`, an index made by LSA alone is a fallback that the reader is told of (notice "lsa").
        """
        self._open = open_embedder
        self.expects_model = expects_model
        self._embedders: dict[Space, QueryEmbedder | None] = {}
        self._cache: OrderedDict[tuple[Space, str], Vector] = OrderedDict()
        self._lock = threading.Lock()

    def embedder(self, space: Space) -> QueryEmbedder | None:
        """Return the embedder of a space; raise IndexMismatch when it is not the one that made the space."""
        if space not in self._embedders:
            with self._lock:
                if space not in self._embedders:
                    found = self._open(space)
                    if found is not None:
                        _check(space, found)
                    self._embedders[space] = found
        return self._embedders[space]

    def check(self, info: IndexInfo) -> None:
        """Raise IndexMismatch when a space of the index was made by another model than the one that serves."""
        for space in info.spaces:
            self.embedder(space)

    def encode(self, text: str, spaces: Sequence[Space]) -> tuple[dict[str, Vector], list[str]]:
        """Return the query's vector by space, for the spaces that know its language, and notices."""
        language = "ko" if has_hangul(text) else "en"
        vectors: dict[str, Vector] = {}
        notices = ["lsa"] if self.expects_model and spaces and all(s.model == "lsa" for s in spaces) else []
        for space in spaces:
            if language not in space.languages:
                continue
            if language == "en" and has_cjk(text) and "ko" not in space.languages and not _has_latin(text):
                continue
            embedder = self.embedder(space)
            if embedder is None:
                notices.append("no_model")
                continue
            vector = self._cached(embedder, space, text)
            if np.any(vector):
                vectors[space.name] = vector
        return vectors, notices

    def _cached(self, embedder: QueryEmbedder, space: Space, text: str) -> Vector:
        wanted = (space, text)
        with self._lock:
            if wanted in self._cache:
                self._cache.move_to_end(wanted)
                return self._cache[wanted]
        vector = embedder.embed_query(text)
        with self._lock:
            self._cache[wanted] = vector
            while len(self._cache) > CACHED_QUERIES:
                self._cache.popitem(last=False)
        return vector


def mismatch(space: Space, asked: str) -> IndexMismatch:
    """Return the error of an index that `asked` can't search, with both names and what mends it."""
    return IndexMismatch(
        f"The index was built with {space.model} ({space.revision}, {space.dims} dimensions), but {asked} is asked to "
        f"search it. Set NEXTEP_EMBEDDER={space.model} or run: nextep index --rebuild --embedder {asked.split()[0]}"
    )


def _check(space: Space, embedder: QueryEmbedder) -> None:
    if (embedder.name, embedder.revision, embedder.dims) != (space.model, space.revision, space.dims):
        raise mismatch(space, f"{embedder.name} ({embedder.revision}, {embedder.dims} dimensions)")


def _has_latin(text: str) -> bool:
    return any(char.isascii() and char.isalpha() for char in text)
