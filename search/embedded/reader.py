"""Read one generation: words by tantivy, vectors and columns by numpy, names in memory."""

from __future__ import annotations

import json
import mmap
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import tantivy

from catalogue import Title
from search.embedded import layout
from search.embedded.names import NameIndex
from search.engine import (
    Filters,
    Hit,
    IndexInfo,
    IndexMismatch,
    Legs,
    LegsRequest,
    NameHit,
    Page,
    Sort,
    Space,
    Vector,
)
from search.keys import bigrams, key
from search.lexical import BOOSTS

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.integer[Any]]

# The best passages lie in works whose whole text is near too: only this many are looked into.
PASSAGE_CANDIDATES = 500
TITLES_KEPT = 8192


class EmbeddedReader:
    """One opened generation. Immutable, so any number of threads may share it."""

    def __init__(self, folder: Path) -> None:
        """Open the generation in `folder`; raise IndexMismatch when this program can't read it."""
        manifest = json.loads((folder / layout.MANIFEST).read_text(encoding="utf-8"))
        if manifest["format_version"] != layout.FORMAT_VERSION or manifest["tantivy"] != layout.TANTIVY:
            raise IndexMismatch(
                f"The index was written in format {manifest['format_version']} by tantivy {manifest['tantivy']}; this "
                f"program reads format {layout.FORMAT_VERSION} by tantivy {layout.TANTIVY}. "
                "Run: nextep index --rebuild"
            )
        self.folder = folder
        self._info = _info(manifest["info"])
        with np.load(folder / layout.COLUMNS, allow_pickle=False) as columns:
            self._columns: dict[str, np.ndarray] = {name: columns[name] for name in columns.files}
        self.count = len(self._columns["id"])
        # Plain lists: taking single numbers out of arrays is what a search would spend most of its time on.
        self._ids: list[int] = self._columns["id"].tolist()
        self._members: list[int] = self._columns["members"].tolist()
        self._series: list[int] = self._columns["series"].tolist()
        self._row = {int(id): row for row, id in enumerate(self._columns["id"])}
        with (folder / layout.DOCUMENTS).open("rb") as file:
            # The mapping outlives the file's name: a reader goes on when its generation is removed.
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.count else b""
        # The well-known works are read again and again; what is read is immutable.
        self._title = lru_cache(maxsize=TITLES_KEPT)(self._read)
        self._names = NameIndex(orjson.loads((folder / layout.NAMES).read_bytes()))
        self._words = layout.open_words(folder / layout.WORDS_DIR)
        self._words.config_reader("manual")
        self._searcher = self._words.searcher()
        self._schema = self._words.schema
        self._english = layout.english_analyzer()
        self._vectors: dict[str, Vector] = {}
        self._passages: dict[str, Vector] = {}
        self._passage_offsets: dict[str, np.ndarray] = {}
        for space in self._info.spaces:
            self._vectors[space.name] = np.load(folder / layout.vectors_file(space.name))
            # Mapped, so that workers share the pages; as a plain array, whose look-ups cost less than a memmap's.
            self._passages[space.name] = np.asarray(np.load(folder / layout.passages_file(space.name), mmap_mode="r"))
            self._passage_offsets[space.name] = np.load(folder / layout.offsets_file(space.name))
        self._has_vector = {name: np.any(matrix != 0, axis=1) for name, matrix in self._vectors.items()}
        self._facets = self._facet_table()
        self._orders: dict[Sort, Rows] = {}

    def __enter__(self) -> EmbeddedReader:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the mapped documents go."""
        self.close()

    def close(self) -> None:
        """Let the mapped documents go."""
        if isinstance(self._bytes, mmap.mmap):
            self._bytes.close()

    def info(self) -> IndexInfo:
        """Return what the index says of itself."""
        return self._info

    def exact(self, keys: Sequence[str], adult: bool = False) -> list[int]:
        """Return the ids of the works that bear one of the keys, offered or not, the most watched first."""
        rows = {row for wanted in keys for row in self._names.key_rows.get(wanted, ())}
        if not adult:
            rows = {row for row in rows if not self._columns["adult"][row]}
        return [int(self._columns["id"][row]) for row in self._by_members(np.array(sorted(rows), dtype=np.int64))]

    def documents(self, ids: Sequence[int]) -> dict[int, Title]:
        """Return the titles by id; unknown ids are absent."""
        return {id: self._title(id) for id in ids if id in self._row}

    def _read(self, id: int) -> Title:
        row, offset = self._row[id], self._columns["offset"]
        return Title.from_dict(orjson.loads(self._bytes[offset[row] : offset[row + 1]]))

    def vectors(self, id: int) -> dict[str, Vector]:
        """Return a work's document vectors by space."""
        row = self._row.get(id)
        if row is None:
            return {}
        return {name: matrix[row] for name, matrix in self._vectors.items() if self._has_vector[name][row]}

    def passages(self, id: int, space: str) -> Vector:
        """Return a work's passage vectors in a space, (passages, dims)."""
        row, offsets = self._row[id], self._passage_offsets[space]
        return np.array(self._passages[space][offsets[row] : offsets[row + 1]])

    def legs(self, request: LegsRequest) -> Legs:
        """Run all legs of one search."""
        hits: dict[str, Sequence[Hit]] = {}
        took: dict[str, float] = {}
        started = time.perf_counter()
        word_rows: Rows = np.empty(0, dtype=np.int64)
        if request.lexical and request.text:
            scored = self._lexical(request)
            hits["words"] = [self._hit(row, score) for row, score in scored]
            word_rows = np.array([row for row, _ in scored], dtype=np.int64)
            took["words"] = _ms(started)
        for name, vector in request.vectors.items():
            if name not in self._vectors:
                continue
            started = time.perf_counter()
            allowed = self._allowed(request.filters) & self._has_vector[name]
            similarity = self._vectors[name] @ vector
            similarity[~allowed] = -2.0
            near = _top(similarity, max(request.size, PASSAGE_CANDIDATES), floor=-1.5)
            # What the words found is scored by vectors too: exact search has the scores at hand.
            found = word_rows[allowed[word_rows]]
            rows = np.union1d(near[: request.size], found)
            rows = rows[np.lexsort((rows, -similarity[rows]))]
            scores = similarity[rows].tolist()
            hits[f"document:{name}"] = [self._hit(row, score) for row, score in zip(rows.tolist(), scores, strict=True)]
            took[f"document:{name}"] = _ms(started)
            started = time.perf_counter()
            wanted = np.union1d(near, found) if request.passages else near[:0]
            hits[f"passage:{name}"] = self._passage_hits(name, vector, wanted, request.size, rows)
            took[f"passage:{name}"] = _ms(started)
        return Legs(hits=hits, took_ms=took)

    def best_passages(self, vectors: Mapping[str, Vector], ids: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Return which passage of each work is nearest to a space's vector, as (space, position)."""
        found: dict[int, tuple[float, str, int]] = {}
        for name, vector in vectors.items():
            for id in ids:
                if name in self._passages and id in self._row and len(cosines := self.passages(id, name) @ vector):
                    at = int(cosines.argmax())
                    found[id] = max(found.get(id, (-2.0, "", 0)), (float(cosines[at]), name, at))
        return {id: (space, position) for id, (_, space, position) in found.items()}

    def _passage_hits(self, space: str, vector: Vector, rows: Rows, size: int, others: Rows) -> list[Hit]:
        """Return how near the best passages of the `size` best of `rows` are, and of the `others`, which other legs found."""
        offsets = self._passage_offsets[space]
        starts = offsets[rows]
        counts = offsets[rows + 1] - starts
        rows, starts, counts = rows[counts > 0], starts[counts > 0], counts[counts > 0]
        if not len(rows):
            return []
        firsts = np.cumsum(counts) - counts
        positions = np.repeat(starts - firsts, counts) + np.arange(counts.sum())
        similarity = self._passages[space][positions] @ vector  # (passages of the candidates,)
        best = np.maximum.reduceat(similarity, firsts)
        order = np.lexsort((rows, -best))
        kept = np.isin(rows[order], others)
        kept[:size] = True
        order = order[kept]
        return [self._hit(row, score) for row, score in zip(rows[order].tolist(), best[order].tolist(), strict=True)]

    def _hit(self, row: int, score: float) -> Hit:
        return Hit(self._ids[row], score, self._members[row], self._series[row])

    def _lexical(self, request: LegsRequest) -> list[tuple[int, float]]:
        clauses: list[tantivy.Query] = []
        terms = dict.fromkeys(self._english.analyze(request.text))
        split = dict.fromkeys(bigrams(request.text))
        spelled = dict.fromkeys(key(word) for word in request.text.split())
        for field in layout.ENGLISH_FIELDS:
            clauses.extend(self._term(field, term, BOOSTS[field]) for term in terms)
        clauses.extend(self._term("name", word, BOOSTS["name"]) for word in spelled if word)
        for field in ("bi", "name_bi"):
            clauses.extend(self._term(field, pair, BOOSTS[field]) for pair in split)
        if not clauses:
            return []
        should = tantivy.Query.boolean_query([(tantivy.Occur.Should, clause) for clause in clauses])
        query = tantivy.Query.boolean_query([(tantivy.Occur.Must, should), *self._conditions(request.filters)])
        found = self._searcher.search(query, limit=request.size, count=False).hits
        rows = self._searcher.fast_field_values("doc", [address for _, address in found])
        scored = [(int(row or 0), float(score)) for row, (score, _) in zip(rows, found, strict=True)]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))

    def _term(self, field: str, term: str, boost: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, field, term, index_option="freq")
        return query if boost == 1 else tantivy.Query.boost_query(query, boost)

    def _conditions(self, filters: Filters) -> list[tuple[tantivy.Occur, tantivy.Query]]:
        """Return the filters as clauses that score nothing."""
        schema, query = self._schema, tantivy.Query
        must: list[tantivy.Query] = []
        must_not: list[tantivy.Query] = []

        def term(value: str) -> tantivy.Query:
            return query.term_query(schema, "facet", value, index_option="basic")

        if filters.offered is not None:
            must.append(term(f"offered:{int(filters.offered)}"))
        if not filters.adult:
            must_not.append(term("adult:1"))
        must.extend(term(f"genre:{name}") for name in filters.genres)
        must_not.extend(term(f"genre:{name}") for name in filters.without_genres)
        for prefix, values in (("format", filters.formats), ("studio", tuple(map(key, filters.studios)))):
            if values:
                either = [(tantivy.Occur.Should, term(f"{prefix}:{value}")) for value in values]
                must.append(query.boolean_query(either))
        for field, low, high in (
            ("year", filters.year_from, filters.year_to),
            ("episodes", filters.episodes_min, filters.episodes_max),
        ):
            if low is not None or high is not None:
                low = 0 if low is None else low
                high = 2**31 if high is None else high
                must.append(query.range_query(schema, field, tantivy.FieldType.Integer, low, high))
        if filters.ids is not None:
            must.append(query.term_set_query(schema, "doc", self._rows_of(filters.ids)))
        if filters.exclude and (rows := self._rows_of(filters.exclude)):
            must_not.append(query.term_set_query(schema, "doc", rows))
        return [
            *((tantivy.Occur.Must, query.const_score_query(clause, 0.0)) for clause in must),
            *((tantivy.Occur.MustNot, clause) for clause in must_not),
        ]

    def _rows_of(self, ids: Sequence[int]) -> list[int]:
        return [row for id in ids if (row := self._row.get(id)) is not None]

    def _allowed(self, filters: Filters) -> Mask:
        """Return which rows pass the filters, (documents,)."""
        columns = self._columns
        allowed = np.ones(self.count, dtype=bool)
        if filters.offered is not None:
            allowed &= columns["offered"] == filters.offered
        if not filters.adult:
            allowed &= ~columns["adult"]
        for name in filters.genres:
            allowed &= self._facet_mask("genre", name)
        for name in filters.without_genres:
            allowed &= ~self._facet_mask("genre", name)
        for facet, values in (("format", filters.formats), ("studio", filters.studios)):
            if values:
                either = np.zeros(self.count, dtype=bool)
                for value in values:
                    either |= self._facet_mask(facet, value)
                allowed &= either
        for column, low, high in (
            ("year", filters.year_from, filters.year_to),
            ("episodes", filters.episodes_min, filters.episodes_max),
        ):
            if low is not None or high is not None:
                allowed &= columns[column] >= max(low or 0, 0)
            if high is not None:
                allowed &= columns[column] <= high
        if filters.ids is not None:
            wanted = np.zeros(self.count, dtype=bool)
            wanted[self._rows_of(filters.ids)] = True
            allowed &= wanted
        if filters.exclude:
            allowed[self._rows_of(filters.exclude)] = False
        return allowed

    def _facet_mask(self, facet: str, value: str) -> Mask:
        rows = self._facets[facet].get(key(value) if facet == "studio" else value)
        mask = np.zeros(self.count, dtype=bool)
        if rows is not None:
            mask[rows[1]] = True
        return mask

    def _facet_table(self) -> dict[str, dict[str, tuple[str, Rows]]]:
        """Return rows by facet and value, with the value as it is shown."""
        gathered: dict[str, dict[str, list[int]]] = {"genre": {}, "format": {}, "studio": {}}
        shown: dict[str, str] = {}
        offset = self._columns["offset"]
        for row in range(self.count):
            title = orjson.loads(self._bytes[offset[row] : offset[row + 1]])
            for label in {*title["genres"], *title["themes"]}:
                gathered["genre"].setdefault(label, []).append(row)
            for studio in title["studios"]:
                shown.setdefault(key(studio), studio)
                gathered["studio"].setdefault(key(studio), []).append(row)
            if title["format"]:
                gathered["format"].setdefault(title["format"], []).append(row)
        return {
            facet: {value: (shown.get(value, value), np.array(rows)) for value, rows in values.items()}
            for facet, values in gathered.items()
        }

    def _by_members(self, rows: Rows) -> Rows:
        return rows[np.lexsort((self._columns["id"][rows], -self._columns["members"][rows]))]

    def named(self, words: Sequence[str], filters: Filters, size: int = 50) -> list[NameHit]:
        """Return works with a name that holds every word (the last may be half-typed), the most watched first."""
        positions = self._names.holding(words)
        allowed = self._allowed(filters)
        by_row: dict[int, str] = {}
        for position in positions:
            row = int(self._names.name_rows[position])
            name = self._names.names[position]
            if allowed[row] and (row not in by_row or len(name) < len(by_row[row])):
                by_row[row] = name
        rows = self._by_members(np.array(list(by_row), dtype=np.int64))[:size]
        return [
            NameHit(int(self._columns["id"][row]), by_row[int(row)], float(self._columns["members"][row]))
            for row in rows
        ]

    def prefixed(self, prefix: str, filters: Filters, size: int = 50) -> list[NameHit]:
        """Return works with a prefix form that begins with `prefix`, the most watched first."""
        found = self._names.beginning(prefix)
        rows = self._names.form_rows[found]
        if not len(rows):
            return []
        allowed = self._allowed(filters)
        rows, first = np.unique(rows, return_index=True)
        kept = allowed[rows]
        rows, first = rows[kept], first[kept]
        order = np.lexsort((self._columns["id"][rows], -self._columns["members"][rows]))[:size]
        hits = []
        for at in order:
            row = int(rows[at])
            name = self._names.names[int(self._names.form_names[found.start + int(first[at])])]
            hits.append(NameHit(int(self._columns["id"][row]), name, float(self._columns["members"][row])))
        return hits

    def fuzzy(self, grams: str, filters: Filters, size: int = 100) -> list[int]:
        """Return candidates that share the most character trigrams with a misspelt name, best first."""
        rows = self._names.sharing(grams.split(), self._allowed(filters), size)
        return [int(self._columns["id"][row]) for row in rows]

    def series(self, series: int) -> list[int]:
        """Return the works of a series, adult ones left out, in order of release."""
        columns = self._columns
        rows = np.flatnonzero((columns["series"] == series) & ~columns["adult"])
        # A work without a date goes last, not first.
        aired = np.where(columns["aired"][rows] == 0, 99999999, columns["aired"][rows])
        return [int(columns["id"][row]) for row in rows[np.lexsort((columns["id"][rows], aired))]]

    def browse(
        self,
        filters: Filters,
        sort: Sort = "watched",
        offset: int = 0,
        limit: int = 24,
        facets: Sequence[str] = (),
    ) -> Page:
        """Return a stable page of all works that pass the filters, with counts for the facets named."""
        allowed = self._allowed(filters)
        order = self._order(sort)
        ordered = order[allowed[order]]
        counts = {facet: self._count(facet, allowed) for facet in facets}
        ids = [int(self._columns["id"][row]) for row in ordered[offset : offset + limit]]
        return Page(total=len(ordered), ids=ids, facets=counts)

    def _order(self, sort: Sort) -> Rows:
        """Return all rows in an order, worked out when it is first asked for: a generation does not change."""
        if sort not in self._orders:
            self._orders[sort] = self._sorted(sort)
        return self._orders[sort]

    def _sorted(self, sort: Sort) -> Rows:
        columns = self._columns
        id, members = columns["id"], -columns["members"]
        if sort == "score":
            return np.lexsort((id, members, -np.nan_to_num(columns["score"], nan=-1.0)))
        if sort == "newest":
            return np.lexsort((id, members, -columns["aired"]))
        if sort == "title":
            # Past the cache of titles: those that are read again and again stay in it.
            names = [self._read(one).name().casefold() for one in id.tolist()]
            return np.array(sorted(range(len(id)), key=lambda at: (names[at], id[at])), dtype=np.int64)
        return np.lexsort((id, members))

    def _count(self, facet: str, allowed: Mask) -> dict[str, int]:
        if facet == "year":
            years, counts = np.unique(self._columns["year"][allowed], return_counts=True)
            return {str(year): int(count) for year, count in zip(years, counts, strict=True) if year > 0}
        table = self._facets["genre" if facet == "theme" else facet]
        counted = {shown: int(np.count_nonzero(allowed[rows])) for shown, rows in table.values()}
        return dict(sorted(((k, v) for k, v in counted.items() if v), key=lambda pair: (-pair[1], pair[0])))


def _info(data: Mapping[str, Any]) -> IndexInfo:
    spaces = tuple(Space(**{**space, "languages": tuple(space["languages"])}) for space in data["spaces"])
    return IndexInfo(**{**data, "spaces": spaces})


def _top(scores: npt.NDArray[np.float32], size: int, floor: float) -> Rows:
    """Return the rows of the `size` highest scores above the floor, best first, ties by row."""
    size = min(size, len(scores))
    if size == 0:
        return np.empty(0, dtype=np.int64)
    rows = np.argpartition(-scores, size - 1)[:size]
    rows = rows[scores[rows] > floor]
    return rows[np.lexsort((rows, -scores[rows]))]


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
