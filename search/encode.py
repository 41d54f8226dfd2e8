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

    def __init__(self, open_embedder: Callable[[Space], QueryEmbedder | None], notices: Sequence[str] = ()) -> None:
        """Take what opens the embedder of a space, or returns None where none can serve it.

        `notices` are for the reader, telling of a fallback that serves.
        """
        self._open = open_embedder
        self.notices = list(notices)
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
        notices = list(self.notices)
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


def _check(space: Space, embedder: QueryEmbedder) -> None:
    if (embedder.name, embedder.revision, embedder.dims) != (space.model, space.revision, space.dims):
        raise IndexMismatch(
            f"The index was built with {space.model} ({space.revision}, {space.dims} dimensions), but "
            f"{embedder.name} ({embedder.revision}, {embedder.dims} dimensions) is asked to search it. "
            f"Set NEXTEP_EMBEDDER={space.model} or run: nextep index --embedder {embedder.name} --rebuild"
        )


def _has_latin(text: str) -> bool:
    return any(char.isascii() and char.isalpha() for char in text)
