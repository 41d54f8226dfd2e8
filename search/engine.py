"""The protocol that both engines keep, and the values that cross it.

An engine stores documents, finds them by application-made keys, words and vectors, and swaps whole
generations. It decides nothing: resolution, fusion and ranking are the same code for every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from catalogue import Title

SCHEMA_VERSION = 1
Vector = npt.NDArray[np.float32]
Sort = Literal["watched", "score", "newest", "title"]
SORTS: tuple[Sort, ...] = ("watched", "score", "newest", "title")
FACETS = ("genre", "theme", "format", "studio", "year")


class EngineError(Exception):
    """The engine can't answer; the message says why and what mends it."""


class IndexMissing(EngineError):
    """There is no index to search yet."""


class IndexMismatch(EngineError):
    """The index was built with another model, revision, size or schema than the one asked for."""


class BuildRefused(EngineError):
    """A build can't start, or what it built did not pass verification; what was serving still is."""


@dataclass(frozen=True, slots=True)
class Space:
    """One vector space of an index: who made its vectors and for which languages.

    `unit` says that vectors are L2-normalised, so that a dot product is a cosine.
    """

    name: str
    model: str
    revision: str
    dims: int
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What an index says of itself (the manifest; Elasticsearch's `_meta`)."""

    generation: str
    catalogue: str
    catalogue_hash: str
    schema_version: int
    documents: int
    offered: int
    passages: int
    spaces: tuple[Space, ...]
    built_at: str
    simulated: bool = False
    provenance: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """What is indexed of one title; made by `indexer.documents.make_document` and nowhere else.

    `keys` are exact keys, `names` folded names in words, `prefixes` what a half-typed text may begin (Latin
    and decomposed Hangul), `grams` character trigrams of the keys for typos, `texts` lexical fields per language
    (already in words or bigrams where the engine's own analysers don't serve), `vectors` one vector a space,
    `passages` an array (passages, dims) a space.
    """

    title: Title
    keys: tuple[str, ...]
    names: tuple[str, ...]
    prefixes: tuple[str, ...]
    grams: str
    texts: Mapping[str, str]
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    passages: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must satisfy; applied inside every query, never afterwards.

    Several formats or studios mean any of them; several genres or themes mean all of them. A genre filter also
    takes a theme's name and the other way round, since catalogues differ in what they call which.
    """

    year_from: int | None = None
    year_to: int | None = None
    formats: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    without_genres: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    episodes_min: int | None = None
    episodes_max: int | None = None
    exclude: tuple[int, ...] = ()
    ids: tuple[int, ...] | None = None
    adult: bool = False
    offered: bool | None = True


NO_FILTERS = Filters()


class Hit(NamedTuple):
    """One hit of one leg; `score` is the leg's own: BM25 for words, cosine for vectors.

    `members` is how many watch the work (for the popularity prior), `series` its series.
    """

    id: int
    score: float
    members: int = 0
    series: int = 0


@dataclass(frozen=True, slots=True)
class LegsRequest:
    """One search in all its legs.

    `text` goes to the lexical legs; `vectors` holds one unit query vector a space. `size` is the number of
    candidates of each leg. Whoever weighs passages with 0 asks for none: they are most of what vectors cost.
    """

    text: str = ""
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    filters: Filters = NO_FILTERS
    size: int = 200
    lexical: bool = True
    passages: bool = True


@dataclass(frozen=True, slots=True)
class Legs:
    """The legs' hits, best first: `words`, and `document:SPACE` and `passage:SPACE` for each vector given.

    A vector leg may hold works that only the words found, beyond the size asked for: where an engine has their
    cosines at hand, ranking is better off with them.

    `partial` tells what could not be searched, where an engine of several nodes lost some of them.
    """

    hits: Mapping[str, Sequence[Hit]]
    took_ms: Mapping[str, float] = field(default_factory=dict)
    partial: str | None = None


@dataclass(frozen=True, slots=True)
class NameHit:
    """A work whose name matched, with the name that did."""

    id: int
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a sorted listing with the total and the facets' counts over all of it."""

    total: int
    ids: Sequence[int]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Build(Protocol):
    """A generation in the making; nobody sees it before `publish` and nothing is left of it after `abort`."""

    def add(self, documents: Iterable[Document]) -> int:
        """Add documents; return how many."""
        ...

    def verify(self, sample: Sequence[Document]) -> None:
        """Check count, sample documents and a kNN query; raise BuildRefused when one is off."""
        ...

    def publish(self) -> str:
        """Swap the new generation in atomically, keep the one before; return its name."""
        ...

    def abort(self) -> None:
        """Remove what was built; the serving generation is untouched."""
        ...


class Reader(Protocol):
    """One generation, opened to read: everything asked of one reader is answered by the same index."""

    def info(self) -> IndexInfo:
        """Return what the index says of itself."""
        ...

    def exact(self, keys: Sequence[str], adult: bool = False) -> list[int]:
        """Return the ids of the works that bear one of the keys, offered or not, the most watched first."""
        ...

    def documents(self, ids: Sequence[int]) -> dict[int, Title]:
        """Return the titles by id; unknown ids are absent."""
        ...

    def vectors(self, id: int) -> dict[str, Vector]:
        """Return a work's document vectors by space."""
        ...

    def legs(self, request: LegsRequest) -> Legs:
        """Run all legs of one search."""
        ...

    def best_passages(self, vectors: Mapping[str, Vector], ids: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Return which passage of each work is nearest to a space's unit vector, as (space, position).

        Works without passages are absent. Asked for the few that are shown: legs only need how near the passages are.
        """
        ...

    def named(self, words: Sequence[str], filters: Filters, size: int = 50) -> list[NameHit]:
        """Return works with a name that holds every word (the last may be half-typed), the most watched first."""
        ...

    def prefixed(self, prefix: str, filters: Filters, size: int = 50) -> list[NameHit]:
        """Return works with a prefix form that begins with `prefix`, the most watched first."""
        ...

    def fuzzy(self, grams: str, filters: Filters, size: int = 100) -> list[int]:
        """Return candidates that share the most character trigrams with a misspelt name, best first."""
        ...

    def series(self, series: int) -> list[int]:
        """Return the works of a series, adult ones left out, in order of release."""
        ...

    def browse(
        self,
        filters: Filters,
        sort: Sort = "watched",
        offset: int = 0,
        limit: int = 24,
        facets: Sequence[str] = (),
    ) -> Page:
        """Return a stable page of all works that pass the filters, with counts for the facets named."""
        ...


class Engine(Protocol):
    """A place where generations live: the newest is read, a further one is built beside it."""

    name: str

    def reader(self) -> Reader:
        """Return a reader of the serving generation; raise IndexMissing without one.

        An engine that can't be reached at this moment may return the reader that served last: what that remembers is
        still true, and whatever else it is asked raises EngineError.
        """
        ...

    def ready(self) -> IndexInfo:
        """Return what the serving generation says of itself, asked now; raise EngineError where it can't be searched."""
        ...

    def begin(self, info: IndexInfo) -> Build:
        """Begin a new generation beside the serving one; raise BuildRefused while another build runs."""
        ...

    def rollback(self) -> str:
        """Return to the generation before; raise BuildRefused without one."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
