"""Read one generation: the index behind the alias, with what is read again and again kept in memory."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from catalogue import Title
from search.elastic import answers, queries
from search.elastic.client import Connection
from search.elastic.errors import IndexGone
from search.elastic.mapping import vector_field
from search.engine import (
    EngineError,
    Filters,
    Hit,
    IndexInfo,
    Legs,
    LegsRequest,
    NameHit,
    Page,
    Sort,
    Vector,
)
from search.kept import Kept
from search.keys import loose_key

log = logging.getLogger("nextep.elastic")

# As on the embedded engine: the best passages lie in works whose whole text is near too.
PASSAGE_CANDIDATES = 500
TITLES_KEPT, VECTORS_KEPT, KEYS_KEPT, SERIES_KEPT, PAGES_KEPT = 8192, 2048, 2048, 2048, 64
AT_ONCE = 500
# A work read alone or among a few is likely asked for its neighbours next: its vectors come along.
FEW = 8
# Works of one name, asked for in order to show what is like them: their vectors save a request.
ALONE = 3
# `max_result_window` of es/settings.json.
WINDOW = 100_000
PAGE_AFTER = 10_000
LOCAL = "_local"


@dataclass(frozen=True)
class Opened:
    """A concrete index, what it says of itself, and what was read of it. An index is not written once it serves
    but for changes in place, which make another `Opened`."""

    index: str
    info: IndexInfo
    analysers: tuple[str, ...]
    titles: Kept[int, Title] = field(default_factory=lambda: Kept(TITLES_KEPT))
    vectors: Kept[int, dict[str, Vector]] = field(default_factory=lambda: Kept(VECTORS_KEPT))
    exact: Kept[tuple[tuple[str, ...], bool], list[int]] = field(default_factory=lambda: Kept(KEYS_KEPT))
    series: Kept[int, list[int]] = field(default_factory=lambda: Kept(SERIES_KEPT))
    pages: Kept[tuple[Any, ...], Page] = field(default_factory=lambda: Kept(PAGES_KEPT))


class ElasticReader:
    """One generation. Any number of threads may share it.

    When its index is removed (two swaps later) it goes on with the serving one: `again` opens that.
    """

    def __init__(
        self, connection: Connection, opened: Opened, again: Callable[[], Opened], *, patient: bool = False
    ) -> None:
        """Take an opened index; a `patient` reader waits and retries as indexing does, not as a visitor would."""
        self._ask = connection.do if patient else connection.ask
        self._target = connection.target
        self._opened = opened
        self._again = again
        self._listed = threading.local()

    def info(self) -> IndexInfo:
        """Return what the index says of itself."""
        return self._opened.info

    @property
    def analysers(self) -> tuple[str, ...]:
        """The analysers of Korean and Japanese that the index was built with."""
        return self._opened.analysers

    def exact(self, keys: Sequence[str], adult: bool = False) -> list[int]:
        """Return the ids of the works that bear one of the keys, offered or not, the most watched first."""
        opened, wanted = self._opened, (tuple(keys), adult)
        if not keys:
            return []
        found = opened.exact.get(wanted)
        if found is None and len(keys) == 1 and keys[0].isalnum():
            self._look_up(keys[0], adult)
            found = opened.exact.get(wanted)
        if found is None:
            found = answers.ids(self._search(queries.exact(keys, adult)))
            opened.exact.put(wanted, found)
        return list(found)

    def _look_up(self, key: str, adult: bool) -> None:
        """Look a key up together with what is asked next where nobody bears it: its loose form and the series' name."""
        opened = self._opened
        asked = [key, f"~{loose_key(key)}", f"series:{key}"]
        told = _Told()
        came = self._msearch({one: queries.exact([one], adult) for one in asked}, told)
        if not told.partial:
            for one in asked:
                opened.exact.put(((one,), adult), answers.ids(came[one]))

    def documents(self, ids: Sequence[int]) -> dict[int, Title]:
        """Return the titles by id; unknown ids are absent."""
        opened = self._opened
        found: dict[int, Title | None] = {id: opened.titles.get(id) for id in dict.fromkeys(ids)}
        missing = [id for id, title in found.items() if title is None]
        for start in range(0, len(missing), AT_ONCE):
            found.update(self._load(missing[start : start + AT_ONCE]))
        return {id: title for id, title in found.items() if title is not None}

    def vectors(self, id: int) -> dict[str, Vector]:
        """Return a work's document vectors by space."""
        found = self._opened.vectors.get(id)
        if found is None:
            listed = getattr(self._listed, "ids", ())
            beside = [other for other in listed if self._opened.vectors.get(other) is None] if id in listed else []
            self._load(list(dict.fromkeys([id, *beside])))
            found = self._opened.vectors.get(id)
        return found or {}

    def _load(self, ids: Sequence[int]) -> dict[int, Title]:
        """Read titles, and their vectors too where they are few."""
        spaces = [space.name for space in self._opened.info.spaces] if len(ids) <= FEW + 1 else []
        return self._keep(self._search(queries.titles(ids, spaces)), spaces)

    def _keep(self, answer: Mapping[str, Any], spaces: Sequence[str] = ()) -> dict[int, Title]:
        """Return the titles of an answer, by id, and keep them."""
        opened, titles = self._opened, {}
        for hit in answer["hits"]["hits"]:
            title = Title.from_dict(json.loads(hit["_source"]["title"]))
            titles[title.id] = title
            opened.titles.put(title.id, title)
            if spaces:
                opened.vectors.put(title.id, _vectors(hit.get("fields", {}), spaces))
        return titles

    def legs(self, request: LegsRequest) -> Legs:
        """Run all legs of one search: words and whole texts in one request, then the passages of what they found."""
        known = {space.name for space in self._opened.info.spaces}
        vectors = {name: vector for name, vector in request.vectors.items() if name in known}
        filter = queries.conditions(request.filters)
        asked: dict[str, queries.Body] = {}
        if request.lexical and request.text:
            words = queries.lexical(request.text, request.filters, request.size, self._opened.analysers)
            if words is not None:
                asked["words"] = words
        for name, vector in vectors.items():
            # More than are returned only as candidates for passages; where there are none, a fifth of the work.
            size = max(request.size, PASSAGE_CANDIDATES) if request.passages else request.size
            asked[f"document:{name}"] = queries.nearest(name, vector, filter, size)
        told = _Told()
        first = self._msearch(asked, told)
        hits: dict[str, Sequence[Hit]] = {"words": []} if request.lexical and request.text else {}
        if "words" in first:
            hits["words"] = answers.word_hits(first["words"])
        found = hits.get("words", ())
        near = {name: answers.near_hits(first[f"document:{name}"]) for name in vectors if f"document:{name}" in first}
        by_word = {hit.id for hit in found}
        further = _further(vectors, near, list(by_word)) if request.passages else {}
        second = {
            name: answers.near_hits(answer) for name, answer in self._msearch(further, told, needed=False).items()
        }
        for name in near:
            kept = [hit for at, hit in enumerate(near[name]) if at < request.size or hit.id in by_word]
            texts = answers.best_first([*kept, *second.get(f"beside:{name}", ())])
            shown = {hit.id for hit in texts} | by_word
            scored = enumerate(answers.best_first(second.get(f"passage:{name}", ())))
            hits[f"document:{name}"] = texts
            hits[f"passage:{name}"] = [hit for at, hit in scored if at < request.size or hit.id in shown]
        partial = "; ".join(told.partial) or None
        if partial:
            log.warning("a search was answered in part: %s", partial)
        return Legs(hits=hits, took_ms=told.took, partial=partial)

    def best_passages(self, vectors: Mapping[str, Vector], ids: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Return which passage of each work is nearest to a space's vector, as (space, position).

        A sentence that can't be told is not quoted, and the log says so: the answer it would stand in is whole.
        """
        known = {space.name for space in self._opened.info.spaces}
        asked = {
            name: queries.best_passages(name, vector, ids) for name, vector in vectors.items() if name in known and ids
        }
        told = _Told()
        found: dict[int, tuple[float, str, int]] = {}
        for name, answer in self._msearch(asked, told, needed=False).items():
            for id, (score, position) in answers.places(answer).items():
                found[id] = max(found.get(id, (-1.0, "", 0)), (score, name, position))
        if told.partial:
            log.warning("the sentences that matched are not all known: %s", "; ".join(told.partial))
        return {id: (space, position) for id, (_, space, position) in found.items()}

    def nearest(self, space: str, vector: Vector, filters: Filters, size: int = PASSAGE_CANDIDATES) -> list[Hit]:
        """Return the works whose whole text is nearest, as the leg of a search finds them."""
        return answers.near_hits(self._search(queries.nearest(space, vector, queries.conditions(filters), size)))

    def named(self, words: Sequence[str], filters: Filters, size: int = 50) -> list[NameHit]:
        """Return works with a name that holds every word (the last may be half-typed), the most watched first."""
        if not words:
            return []
        found = answers.named(self._search(queries.named(words, filters, size)), words)
        self._note([hit.id for hit in found])
        return found

    def prefixed(self, prefix: str, filters: Filters, size: int = 50) -> list[NameHit]:
        """Return works with a prefix form that begins with `prefix`, the most watched first."""
        found = answers.prefixed(self._search(queries.prefixed(prefix, filters, size)))
        self._note([hit.id for hit in found])
        return found

    def fuzzy(self, grams: str, filters: Filters, size: int = 100) -> list[int]:
        """Return candidates that share the most character trigrams with a misspelt name, best first."""
        return answers.ids(self._search(queries.fuzzy(grams, filters, size))) if grams.strip() else []

    def series(self, series: int) -> list[int]:
        """Return the works of a series, adult ones left out, in order of release."""
        opened = self._opened
        found = opened.series.get(series)
        if found is None:
            found = answers.ids(self._search(queries.series(series)))
            opened.series.put(series, found)
        return list(found)

    def browse(
        self,
        filters: Filters,
        sort: Sort = "watched",
        offset: int = 0,
        limit: int = 24,
        facets: Sequence[str] = (),
    ) -> Page:
        """Return a stable page of all works that pass the filters, with counts for the facets named."""
        opened = self._opened
        wanted = (filters, sort, offset, limit, tuple(facets))
        page = opened.pages.get(wanted)
        if page is None:
            page = self._page(*wanted)
            opened.pages.put(wanted, page)
        self._note(page.ids)
        return page

    def _page(self, filters: Filters, sort: Sort, offset: int, limit: int, facets: tuple[str, ...]) -> Page:
        deep = offset + limit > WINDOW
        body = queries.browse(filters, sort, 0 if deep else offset, PAGE_AFTER if deep else limit, facets)
        few = filters.ids is not None and len(filters.ids) <= AT_ONCE and not deep
        # Which of a few named works pass is asked in order to show them: their titles come along.
        alone = few and filters.ids is not None and len(filters.ids) <= ALONE
        spaces = [space.name for space in self._opened.info.spaces] if alone else []
        answer = self._search(queries.with_titles(body, spaces) if few else body)
        if few:
            self._keep(answer, spaces)
        found, total = answers.ids(answer), int(answer["hits"]["total"]["value"])
        counts = answers.facets(answer)
        if deep:
            # No deeper than the window at once: from there on each page begins after the last hit of the one before.
            body.pop("aggs", None)
            body.pop("from")
            while len(found) < min(total, offset + limit) and answer["hits"]["hits"]:
                body["search_after"] = answer["hits"]["hits"][-1]["sort"]
                answer = self._search(body)
                found.extend(answers.ids(answer))
            found = found[offset : offset + limit]
        return Page(total=total, ids=found, facets=counts)

    def _note(self, ids: Sequence[int]) -> None:
        """Remember the head of what this thread listed: the vectors of one of them are read with the others'."""
        self._listed.ids = list(ids[:FEW])

    def _search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        # A listing is whole or an error: nobody could tell what is missing of it.
        def call(index: str) -> Mapping[str, Any]:
            return self._ask(
                lambda read: read.search(
                    index=index, body=dict(body), preference=LOCAL, allow_partial_search_results=False
                )
            ).body

        try:
            return call(self._opened.index)
        except IndexGone:
            self._opened = self._again()
            return call(self._opened.index)

    def _msearch(
        self, bodies: Mapping[str, queries.Body], told: _Told, *, needed: bool = True
    ) -> dict[str, Mapping[str, Any]]:
        """Return the answers that came, by name, and tell of those that are missing or not whole.

        Raises when none came of what is `needed`.
        """
        if not bodies:
            return {}
        try:
            return self._several(bodies, told, needed)
        except IndexGone:
            self._opened = self._again()
            return self._several(bodies, told, needed)

    def _several(self, bodies: Mapping[str, queries.Body], told: _Told, needed: bool) -> dict[str, Mapping[str, Any]]:
        header = {"index": self._opened.index, "preference": LOCAL}
        searches = [part for body in bodies.values() for part in (header, body)]
        answer = self._ask(lambda read: read.msearch(searches=searches)).body
        came: dict[str, Mapping[str, Any]] = {}
        errors: list[EngineError] = []
        for name, item in zip(bodies, answer["responses"], strict=True):
            wrong = answers.problem(name, item, self._target)
            if isinstance(wrong, EngineError):
                errors.append(wrong)
                if isinstance(wrong, IndexGone):
                    raise wrong
                told.partial.append(f"{name}: {wrong}")
                continue
            if wrong:
                told.partial.append(wrong)
            came[name] = item
            told.took[name] = float(item.get("took", 0))
        if errors and needed and not came:
            raise errors[0]
        return came


@dataclass
class _Told:
    """What a search's requests told beside their hits."""

    took: dict[str, float] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)


def _further(
    vectors: Mapping[str, Vector], near: Mapping[str, Sequence[Hit]], found: Sequence[int]
) -> dict[str, queries.Body]:
    """Return what is asked once words and whole texts have answered, all of it scored exactly.

    The best passage of every candidate; and the cosines of what only the words found.
    """
    asked: dict[str, queries.Body] = {}
    for name, hits in near.items():
        vector = vectors[name]
        known = {hit.id for hit in hits}
        beside = [id for id in found if id not in known]
        candidates = [*known, *beside]
        if candidates:
            asked[f"passage:{name}"] = queries.passages(name, vector, queries.among(candidates), len(candidates))
        if beside:
            asked[f"beside:{name}"] = queries.nearest(name, vector, queries.among(beside), len(beside))
    return asked


def _vectors(fields: Mapping[str, Any], spaces: Sequence[str]) -> dict[str, Vector]:
    found = {}
    for space in spaces:
        values = fields.get(vector_field(space))
        if values:
            found[space] = np.asarray(values, dtype=np.float32).reshape(-1)
    return found
