"""All that the site sees of search: one box resolved by name, then by part of a name, then by meaning."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import vocabulary
from catalogue import FORMATS, Title
from search import ranking
from search.constraints import FEW_WORDS, Parsed, genre_of, parse
from search.encode import QueryEncoder
from search.engine import NO_FILTERS, SORTS, Engine, Filters, IndexInfo, LegsRequest, Reader, Sort
from search.generation import Held, of_one
from search.keys import (
    has_hangul,
    key,
    loose_key,
    prefix_query,
    trigrams,
    typed_in_latin,
    words,
)
from search.likeness import overlap, shared, shares_word
from search.options import DEFAULTS, MAX_LIMIT, MAX_PAGE, Options, check_options, clean_query, describe
from search.passages import title_passages
from search.results import (
    GROUPS,
    Answer,
    Constraint,
    Found,
    Group,
    Listing,
    QueryError,
    Suggestion,
)
from search.suggest import suggest
from search.typos import Correction, corrections

CANDIDATES = 100
NAMES_LIMIT = 400
# What a listing holds at most: the pages that may be turned at the largest size.
LISTED = MAX_LIMIT * MAX_PAGE
NAMES_AVERAGED = 8
COMPANIONS = 60
SLIP_CANDIDATES = 60
RERANKED = 80
# Without a vector to tell what is near, the best hit must hold this share of the query's words or bigrams.
MIN_OVERLAP = 0.45
# A name is searched for in texts up to so many words; what is longer is a description.
NAME_WORDS = 12
SEARCH_WORDS = Callable[[int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a generation's catalogue knows: makers by key, and how many works each genre and theme has."""

    generation: str = ""
    studios: Mapping[str, str] = field(default_factory=dict)
    genres: Mapping[str, int] = field(default_factory=dict)


class _Clock:
    """Milliseconds of each named step."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.took: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.took[name] = round(self.took.get(name, 0.0) + (time.perf_counter() - started) * 1000, 3)

    def total(self) -> dict[str, float]:
        return {"total": round((time.perf_counter() - self.started) * 1000, 3), **self.took}


@dataclass
class _Draft:
    """An answer in the making: full id lists by group, cut to pages at the end."""

    resolution: str = "nothing"
    groups: dict[str, list[int]] = field(default_factory=dict)
    words: dict[str, Sequence[str]] = field(default_factory=dict)
    ranked: dict[int, ranking.Ranked] = field(default_factory=dict)
    corrected: str | None = None
    parsed: Parsed | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def shown(self) -> set[int]:
        return {id for ids in self.groups.values() for id in ids}


class SearchService:
    """Search, suggestions, similar works and browsing over whichever engine serves."""

    def __init__(
        self,
        engine: Engine,
        encoder: QueryEncoder,
        *,
        adult: bool = False,
        suggested: SEARCH_WORDS = lambda count: (),
        trending: SEARCH_WORDS = lambda count: (),
        notices: Sequence[str] = (),
    ) -> None:
        """Take the engine and the encoder; `suggested` and `trending` give searches that people made.

        `notices` go with every answer: a fallback that serves in place of what was asked for.
        """
        self.notices = tuple(notices)
        self.engine = engine
        self.encoder = encoder
        self.adult = adult
        self.suggested = suggested
        self.trending = trending
        self._known = _Facts()
        self.held = Held()

    # -- the whole box ---------------------------------------------------------------------------------------------

    def search(self, query: str, options: Options = DEFAULTS) -> Answer:
        """Resolve `query`: a name, a series, part of a name, a genre or maker, a plot, or nothing near.

        Raises QueryError for a query or option that can't be answered, EngineError when the engine can't.
        """
        clock = _Clock()
        text = clean_query(query)
        check_options(options)
        reader = self.reader()
        options = replace(options, filters=replace(options.filters, adult=self.adult))

        def answered() -> tuple[_Draft, list[Group]]:
            draft = self._resolve(reader, text, options, clock)
            with clock.step("render"):
                return draft, self._groups(reader, draft, options, text)

        draft, groups = of_one(reader, answered)
        filters = draft.parsed.filters if draft.parsed else options.filters
        return Answer(
            query=text,
            resolution=draft.resolution,  # type: ignore[arg-type]
            groups=groups,
            corrected=draft.corrected,
            filters=describe(filters),
            constraints=draft.parsed.constraints if draft.parsed else (),
            notices=tuple(dict.fromkeys([*self.notices, *draft.notices])),
            took_ms=clock.total(),
            generation=reader.info().generation,
        )

    def _resolve(self, reader: Reader, text: str, options: Options, clock: _Clock) -> _Draft:
        draft = _Draft()
        with clock.step("names"):
            if self._by_name(reader, text, options.filters, draft):
                self._companions(reader, draft, options, clock)
                return draft
        parsed = self._parse(reader, text, options.filters)
        draft.parsed = parsed
        filters = parsed.filters
        with clock.step("names"):
            if parsed.like is not None and self._like(reader, parsed, draft, options, clock):
                return draft
            if parsed.constraints and parsed.has_words and self._by_name(reader, parsed.rest, filters, draft):
                self._companions(reader, draft, options, clock)
                return draft
            if (parsed.constraints or genre_of(text)) and not parsed.has_words:
                page = reader.browse(filters, "watched", 0, LISTED)
                draft.groups["names"] = list(page.ids)
                draft.resolution = "names" if page.ids else "nothing"
                if page.ids:
                    with clock.step("meaning"):
                        self._recommend_like_words(reader, text, _less(filters, options), draft)
                    return draft
        if options.correct and self._wrong_keyboard(reader, text, options, draft, clock):
            return draft
        with clock.step("typos"):
            slips = self._slips(reader, text, options) if options.correct else []
        if slips and self._corrected(reader, slips, options, draft, clock):
            return draft
        with clock.step("meaning"):
            text_left = parsed.rest if parsed.has_words else text
            self._by_meaning(reader, text_left, _less(filters, options), draft, options)
        if draft.resolution == "nothing":
            draft.words = {
                "suggestions": self._suggested_words(reader, 8, options.language),
                "trending": list(self.trending(8)),
            }
        return draft

    # -- names -----------------------------------------------------------------------------------------------------

    def _by_name(self, reader: Reader, text: str, filters: Filters, draft: _Draft) -> bool:
        """Fill the draft by exact name, series name or part of a name; tell whether one of them fits."""
        parts = words(text)
        if not key(text) or len(parts) > NAME_WORDS * 2:
            return False
        exact = reader.exact([key(text)], adult=self.adult) or reader.exact([f"~{loose_key(text)}"], adult=self.adult)
        passing = [title.id for title in self._passing(reader, exact, replace(filters, offered=None))]
        if passing:
            return self._exactly(reader, passing, draft)
        series = reader.exact([f"series:{key(text)}"], adult=self.adult)
        if series:
            ordered = self._passing(reader, self._whole_series(reader, series), replace(filters, offered=None))
            offered = [title.id for title in ordered if title.offered]
            if offered:
                draft.resolution = "series"
                draft.groups["series"] = offered
                return True
        if len(parts) > NAME_WORDS:
            return False
        hits = reader.named(parts, filters, NAMES_LIMIT)
        if not hits and has_hangul(text) and len(key(text)) > 1:
            # A half-typed syllable is no word yet: "코드 기ㅇ", "ㅈㄱㅇㄱㅇ".
            hits = reader.prefixed(prefix_query(text), filters, NAMES_LIMIT)
        genre = self._known_genre(reader, text)
        studios = self._known_studios(reader)
        studio = studios.get(key(text)) or studios.get(key(f"studio {text}"))
        if genre or studio:
            # Works of a genre or maker stand first; works that merely have the word in their name follow.
            wanted = replace(filters, genres=(*filters.genres, genre)) if genre else filters
            wanted = replace(wanted, studios=(*filters.studios, studio)) if studio and not genre else wanted
            listed = list(reader.browse(wanted, "watched", 0, LISTED).ids)
            if listed:
                named = [hit.id for hit in hits if hit.id not in set(listed)]
                draft.resolution = "names"
                draft.groups["names"] = listed + named
                parameter, value = ("genre", genre) if genre else ("studio", studio)
                if genre and vocabulary.TERMS[genre].kind == "theme":
                    parameter = "theme"
                draft.parsed = Parsed("", wanted, (Constraint(parameter, str(value), text),))
                return True
        if not hits:
            # Part of the name of a work that is known and not offered, if of one alone.
            missing = reader.named(parts, replace(filters, offered=False), 2)
            return len(missing) == 1 and self._exactly(reader, [missing[0].id], draft)
        if len(hits) == 1:
            return self._exactly(reader, [hits[0].id], draft)
        draft.resolution = "names"
        draft.groups["names"] = _whole_words_first([hit.id for hit in hits], hits, parts)
        return True

    def _exactly(self, reader: Reader, ids: Sequence[int], draft: _Draft) -> bool:
        titles = reader.documents(ids)
        offered = [id for id in ids if titles[id].offered]
        missing = [id for id in ids if not titles[id].offered]
        if offered:
            draft.resolution = "exact"
            draft.groups["exact"] = offered
        else:
            draft.resolution = "not_offered"
            draft.groups["not_offered"] = missing
        return True

    def _whole_series(self, reader: Reader, ids: Sequence[int]) -> list[int]:
        found = reader.documents(ids[:1]).get(ids[0])
        return reader.series(found.series) if found and found.series is not None else list(ids)

    def _passing(self, reader: Reader, ids: Sequence[int], filters: Filters) -> list[Title]:
        """Return the titles of `ids` that pass the filters, in the order given."""
        if not ids:
            return []
        passing = set(reader.browse(replace(filters, ids=tuple(ids)), "watched", 0, len(ids)).ids)
        titles = reader.documents(ids)
        return [titles[id] for id in ids if id in passing]

    def _companions(self, reader: Reader, draft: _Draft, options: Options, clock: _Clock) -> None:
        """Add the rest of the series and works like the first hit, apart from the hits themselves."""
        first = next((ids[0] for ids in draft.groups.values() if ids), None)
        if first is None:
            return
        title = reader.documents([first])[first]
        if draft.resolution in ("exact", "not_offered") and title.series is not None:
            others = [
                other.id
                for other in self._passing(reader, reader.series(title.series), options.filters)
                if other.id not in draft.shown
            ]
            if others:
                draft.groups["series"] = others
        with clock.step("similar"):
            left = _less(options.filters, options)
            base = replace(left, exclude=(*left.exclude, *draft.shown))
            if draft.resolution == "names":
                near = self._near_all(reader, draft.groups["names"], base, draft.notices)
                draft.groups["recommended"] = [item.id for item in near]
            else:
                near = self._near(reader, title, base, CANDIDATES, draft.notices)
                draft.groups["similar"] = [item.id for item in near][:COMPANIONS]

    # -- like X ----------------------------------------------------------------------------------------------------

    def _like(self, reader: Reader, parsed: Parsed, draft: _Draft, options: Options, clock: _Clock) -> bool:
        assert parsed.like is not None
        seeds = reader.exact([key(parsed.like)], adult=self.adult) or reader.exact([f"~{loose_key(parsed.like)}"])
        if not seeds:
            seeds = [hit.id for hit in reader.named(words(parsed.like), options.filters, 1)]
        if not seeds and options.correct:
            seeds = [slip.id for slip in self._slips(reader, parsed.like, options)[:1]]
        if not seeds:
            return False
        seed = reader.documents(seeds[:1])[seeds[0]]
        family = tuple(reader.series(seed.series)) if seed.series is not None else (seed.id,)
        left = _less(parsed.filters, options)
        filters = replace(left, exclude=(*left.exclude, seed.id, *family))
        text = parsed.rest if parsed.has_words else ""
        with clock.step("similar"):
            near = self._near(reader, seed, filters, CANDIDATES, draft.notices, text=text)
        if not near:
            return False
        draft.resolution = "meaning"
        draft.groups["recommended"] = [item.id for item in near]
        draft.ranked = {item.id: item for item in near}
        draft.parsed = replace(
            parsed, constraints=(Constraint("like", seed.id, seed.name(options.language)), *parsed.constraints)
        )
        return True

    # -- typos -----------------------------------------------------------------------------------------------------

    def _slips(self, reader: Reader, text: str, options: Options) -> list[Correction]:
        grams = trigrams(text)
        if len(grams) < 2:
            return []
        # The trigrams of a long text find its name at once, if there is one; a short one needs more candidates.
        count = SLIP_CANDIDATES if len(text.split()) <= FEW_WORDS else SLIP_CANDIDATES // 4
        candidates = reader.fuzzy(" ".join(grams), replace(options.filters, offered=None), count)
        return corrections(text, reader.documents(candidates).values())

    def _wrong_keyboard(self, reader: Reader, text: str, options: Options, draft: _Draft, clock: _Clock) -> bool:
        """Resolve a Korean name that was typed with the keyboard still in Latin ("wlsrurdml rjdls")."""
        meant = typed_in_latin(text)
        if meant is None:
            return False
        parsed, draft.parsed = draft.parsed, None
        if not self._by_name(reader, meant, options.filters, draft):
            draft.parsed = parsed
            return False
        draft.corrected = meant
        self._companions(reader, draft, options, clock)
        return True

    def _corrected(
        self, reader: Reader, slips: list[Correction], options: Options, draft: _Draft, clock: _Clock
    ) -> bool:
        best = slips[0]
        parsed, draft.parsed = draft.parsed, None
        if not self._by_name(reader, best.name, options.filters, draft):
            draft.parsed = parsed
            return False
        draft.corrected = best.name
        if best.id not in draft.shown:
            draft.groups.setdefault("exact", []).insert(0, best.id)
        self._companions(reader, draft, options, clock)
        # Other names nearly as near: the one that was meant may be among them.
        others = [slip.id for slip in slips[1:] if slip.id not in draft.shown - set(draft.groups.get("similar", ()))]
        titles = reader.documents(others)
        others = [id for id in others if titles[id].offered]
        if others:
            draft.groups["names"] = [*draft.groups.get("names", []), *others]
            if "similar" in draft.groups:
                draft.groups["similar"] = [id for id in draft.groups["similar"] if id not in others]
        return True

    # -- meaning ---------------------------------------------------------------------------------------------------

    def _by_meaning(self, reader: Reader, text: str, filters: Filters, draft: _Draft, options: Options) -> None:
        ranked, notices = self.rank(reader, text, filters, explain=options.explain)
        draft.notices.extend(notices)
        if not ranked:
            draft.resolution = "nothing"
            return
        draft.resolution = "meaning"
        draft.groups["recommended"] = [item.id for item in ranked]
        draft.ranked = {item.id: item for item in ranked}

    def rank(
        self, reader: Reader, text: str, filters: Filters, *, explain: bool = False
    ) -> tuple[list[ranking.Ranked], list[str]]:
        """Return works by words and meaning fused, empty when nothing is near, and notices for the reader."""
        vectors, notices = self.encoder.encode(text, reader.info().spaces)
        legs = reader.legs(LegsRequest(text=text, vectors=vectors, filters=filters, size=CANDIDATES))
        if legs.partial:
            notices.append("partial")
        weights = ranking.learned()["ko" if has_hangul(text) else "en"]
        ranked = ranking.fuse(legs, weights, explain=explain)
        info = reader.info()
        if not ranked or ranking.evidence(legs, ranked) < weights.floor_among(info.offered):
            return [], notices
        models = {space.model for space in info.spaces if space.name in vectors}
        if models <= {"lsa"}:
            # LSA puts any text near something, and without vectors any shared letter pair is a hit.
            first = [reader.documents([item.id])[item.id] for item in ranked[:3]]
            if not any(shares_word(text, title) for title in first):
                return [], notices
            if not models and overlap(text, first[0]) < MIN_OVERLAP:
                return [], notices
        return ranked, notices

    def _recommend_like_words(self, reader: Reader, text: str, filters: Filters, draft: _Draft) -> None:
        ranked, notices = self.rank(reader, text, replace(filters, exclude=(*filters.exclude, *draft.groups["names"])))
        draft.notices.extend(notices)
        draft.groups["recommended"] = [item.id for item in ranked][:COMPANIONS]

    def _near(
        self, reader: Reader, title: Title, filters: Filters, size: int, notices: list[str], text: str = ""
    ) -> list[ranking.Ranked]:
        """Return works near `title` by its vectors, one of a series, its own series left out; add to `notices`."""
        filters = replace(filters, exclude=(*filters.exclude, title.id))
        vectors = reader.vectors(title.id)
        if text:
            wanted, _ = self.encoder.encode(text, reader.info().spaces)
            vectors = {
                name: _unit(vector * 0.6 + wanted[name] * 0.4) if name in wanted else vector
                for name, vector in vectors.items()
            }
        if not vectors:
            described = " ".join((*title.genres, *title.themes, title.text()))
            vectors, _ = self.encoder.encode(described, reader.info().spaces)
        legs = reader.legs(LegsRequest(vectors=vectors, filters=filters, size=size, lexical=False, passages=False))
        if legs.partial:
            notices.append("partial")
        near = self._by_common_labels(reader, title, ranking.fuse(legs, ranking.SIMILAR, explain=False))
        kept, seen = [], {title.series}
        for item in near:
            if item.series not in seen:
                seen.add(item.series)
                kept.append(item)
        return kept

    def _by_common_labels(self, reader: Reader, title: Title, near: list[ranking.Ranked]) -> list[ranking.Ranked]:
        """Return `near` with those that share genres and themes with `title` moved up."""
        counts = self._facts(reader).genres
        titles = reader.documents([item.id for item in near[:RERANKED]])
        labels = (*title.genres, *title.themes)

        def score(item: ranking.Ranked) -> float:
            other = titles[item.id]
            return item.score + ranking.COMMON * ranking.in_common(labels, (*other.genres, *other.themes), counts)

        head = [item._replace(score=score(item)) for item in near[:RERANKED]]
        return sorted(head, key=lambda item: (-item.score, item.id)) + near[RERANKED:]

    def _near_all(
        self, reader: Reader, ids: Sequence[int], filters: Filters, notices: list[str]
    ) -> list[ranking.Ranked]:
        """Return works near the middle of the first few of `ids`; add to `notices`."""
        vectors: dict[str, Any] = {}
        for id in ids[:NAMES_AVERAGED]:
            for name, vector in reader.vectors(id).items():
                vectors[name] = vectors.get(name, 0) + vector
        legs = reader.legs(
            LegsRequest(
                vectors={name: _unit(total) for name, total in vectors.items()},
                filters=filters,
                size=COMPANIONS,
                lexical=False,
                passages=False,
            )
        )
        if legs.partial:
            notices.append("partial")
        return ranking.fuse(legs, ranking.SIMILAR, explain=False)

    # -- rendering -------------------------------------------------------------------------------------------------

    def _groups(self, reader: Reader, draft: _Draft, options: Options, text: str) -> list[Group]:
        made = []
        for name in GROUPS:
            if name in draft.words:
                chosen = list(draft.words[name])[: options.limit]
                if chosen:
                    made.append(Group(name, len(draft.words[name]), words=chosen))
                continue
            ids = draft.groups.get(name)
            if not ids:
                continue
            page = options.page if options.group in (None, name) else 1
            if (
                options.group is None
                and options.page > 1
                and name != max(draft.groups, key=lambda g: len(draft.groups[g]))
            ):
                page = 1
            start = (page - 1) * options.limit
            chosen_ids = ids[start : start + options.limit]
            titles = reader.documents(chosen_ids)
            items = [self._found(reader, titles[id], draft, options) for id in chosen_ids if id in titles]
            made.append(Group(name, len(ids), items))
        return made

    def _found(self, reader: Reader, title: Title, draft: _Draft, options: Options) -> Found:
        ranked = draft.ranked.get(title.id)
        passage = None
        if ranked is not None and ranked.passage is not None:
            space, position = ranked.passage
            languages = next((made.languages for made in reader.info().spaces if made.name == space), ())
            cut = title_passages(title, languages)
            # What only the hooks tell is searched, not shown.
            if position < len(cut) and any(cut[position] in text for text in title.synopsis.values()):
                passage = cut[position]
        explain = None
        if options.explain and ranked is not None:
            explain = {
                "legs": {name: {"rank": rank, "score": round(score, 4)} for name, (rank, score) in ranked.legs.items()},
                "features": ranked.features,
                "score": round(ranked.score, 4),
            }
        return Found(title, passage, score=ranked.score if ranked else None, explain=explain)

    # -- the rest of the site --------------------------------------------------------------------------------------

    def suggest(self, text: str, limit: int = 8, language: str = "en") -> list[Suggestion]:
        """Return suggestions for a half-typed text; see search.suggest."""
        if not 1 <= limit <= 20:
            raise QueryError("limit", f"limit is {limit}; allowed are 1 to 20.")
        text = clean_query(text, allow_empty=True)
        reader = self.reader()
        return suggest(
            reader, text, limit, language, Filters(adult=self.adult), self._known_studios(reader), self.suggested(50)
        )

    def titles(self, ids: Sequence[int]) -> dict[int, Title]:
        """Return titles by id, adult ones left out unless they are shown."""
        found = self.reader().documents(ids)
        return {id: title for id, title in found.items() if self.adult or not title.adult}

    def title(self, id: int) -> Title | None:
        """Return one title, None where there is none to show."""
        return self.titles([id]).get(id)

    def similar(self, id: int, limit: int = 12, filters: Filters = NO_FILTERS) -> list[Found]:
        """Return works like the one of `id`, with what they share, another of its series left out."""
        reader = self.reader()
        title = reader.documents([id]).get(id)
        if title is None or (title.adult and not self.adult):
            return []
        family = tuple(reader.series(title.series)) if title.series is not None else ()
        wanted = replace(filters, adult=self.adult, exclude=(*filters.exclude, *family))

        def found() -> list[Found]:
            near = self._near(reader, title, wanted, CANDIDATES, [])[:limit]
            titles = reader.documents([item.id for item in near])
            return [Found(titles[item.id], shared=shared(title, titles[item.id]), score=item.score) for item in near]

        return of_one(reader, found)

    def series(self, title: Title) -> list[Title]:
        """Return all works of the title's series in order of release, itself among them."""
        if title.series is None:
            return [title]
        reader, series = self.reader(), title.series

        def found() -> list[Title]:
            ids = reader.series(series)
            titles = reader.documents(ids)
            return [titles[id] for id in ids]

        return of_one(reader, found)

    def browse(
        self,
        filters: Filters = NO_FILTERS,
        sort: Sort = "watched",
        page: int = 1,
        limit: int = 24,
        facets: bool = False,
    ) -> Listing:
        """Return one page of the works that pass the filters; raise QueryError for what is out of range."""
        if sort not in SORTS:
            raise QueryError("sort", f"sort is {sort!r}; allowed are {', '.join(SORTS)}.")
        check_options(Options(limit=limit, page=page, filters=filters))
        reader = self.reader()
        named = ("genre", "format", "studio", "year") if facets else ()

        def listed() -> Listing:
            found = reader.browse(replace(filters, adult=self.adult), sort, (page - 1) * limit, limit, named)
            titles = reader.documents(found.ids)
            return Listing(found.total, page, limit, [titles[id] for id in found.ids], found.facets)

        return of_one(reader, listed)

    def reader(self) -> Reader:
        """Return a reader of the serving index; raise IndexMismatch when another model made it."""
        reader = self.held.open(self.engine.reader)
        self.encoder.check(reader.info())
        return reader

    def info(self) -> IndexInfo:
        """Return what the serving index says of itself."""
        return self.held.open(self.engine.reader).info()

    def ready(self) -> IndexInfo:
        """Return what the serving index says of itself, asked now; raise EngineError where it can't be searched."""
        info = self.engine.ready()
        self.encoder.check(info)
        return info

    def filter_values(self) -> dict[str, frozenset[str]]:
        """Return the values that genre, studio and format filters may have in this catalogue."""
        reader = self.reader()
        studios = self._known_studios(reader)
        return {
            "genre": frozenset(self._facts(reader).genres),
            "studio": frozenset(studios.values()),
            "format": frozenset(FORMATS),
        }

    # -- what the catalogue knows ----------------------------------------------------------------------------------

    def _facts(self, reader: Reader) -> _Facts:
        generation = reader.info().generation
        if self._known.generation != generation:
            counts = reader.browse(Filters(adult=self.adult), "watched", 0, 0, ("studio", "genre")).facets
            studios = {key(studio): studio for studio in counts.get("studio", {})}
            self._known = _Facts(generation, studios, counts.get("genre", {}))
        return self._known

    def _known_studios(self, reader: Reader) -> Mapping[str, str]:
        return self._facts(reader).studios

    def _known_genre(self, reader: Reader, text: str) -> str | None:
        return self._in_catalogue(reader, genre_of(text))

    def _in_catalogue(self, reader: Reader, name: str | None) -> str | None:
        """Return the term as this catalogue calls it, None where it has nothing of the kind."""
        known = self._facts(reader).genres
        if name is None or name in known:
            return name
        return next((other for other in vocabulary.EQUIVALENTS.get(name, ()) if other in known), None)

    def _parse(self, reader: Reader, text: str, filters: Filters) -> Parsed:
        parsed = parse(text, filters, tuple(self._known_studios(reader).values()))
        made, constraints = parsed.filters, list(parsed.constraints)
        for attribute in ("genres", "without_genres"):
            names = []
            for name in getattr(made, attribute):
                known = self._in_catalogue(reader, name)
                if known is not None:
                    names.append(known)
                    constraints = [replace(c, value=known) if c.value == name else c for c in constraints]
                elif attribute == "genres":
                    # Nothing here is called that: the word goes back to the description.
                    words_of = next((c.words for c in constraints if c.value == name), "")
                    constraints = [c for c in constraints if c.value != name]
                    parsed = replace(parsed, rest=f"{parsed.rest} {words_of}".strip())
            made = replace(made, **{attribute: tuple(names)})  # type: ignore[arg-type]
        return replace(parsed, filters=made, constraints=tuple(constraints))

    def _suggested_words(self, reader: Reader, count: int, language: str) -> list[str]:
        """Return searches to try: what people searched, filled up from the catalogue's most watched."""
        found = list(self.suggested(count))
        if len(found) < count:
            ids = reader.browse(Filters(adult=self.adult), "watched", 0, count).ids
            titles = reader.documents(ids)
            found.extend(titles[id].name(language) for id in ids)
        return list(dict.fromkeys(found))[:count]


def _less(filters: Filters, options: Options) -> Filters:
    """Return the filters of a group by meaning: without what the reader is not to be recommended."""
    return replace(filters, exclude=(*filters.exclude, *options.exclude)) if options.exclude else filters


def _whole_words_first(ids: Sequence[int], hits: Sequence[Any], parts: Sequence[str]) -> list[int]:
    """Return the ids with whole-word matches before half-typed ones, each still by how many watch."""
    whole = {hit.id for hit in hits if parts[-1] in hit.name.split()}
    return sorted(ids, key=lambda id: id not in whole)


def _unit(vector: Any) -> Any:
    length = float((vector @ vector) ** 0.5)
    return vector / length if length else vector
