"""How one box is read: exact name first, then part of a name, genre or maker, then a slip of the keys, then meaning."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import vocabulary
from catalogue import Title
from search import ranking
from search.constraints import FEW_WORDS, Parsed, genre_of
from search.engine import Filters, Reader
from search.keys import (
    has_hangul,
    key,
    loose_key,
    prefix_query,
    trigrams,
    typed_in_latin,
    words,
)
from search.near import CANDIDATES, COMPANIONS, Near
from search.options import MAX_LIMIT, MAX_PAGE, Options
from search.results import Constraint
from search.terms import Terms
from search.typos import Correction, corrections

NAMES_LIMIT = 400
# What a listing holds at most: the pages that may be turned at the largest size.
LISTED = MAX_LIMIT * MAX_PAGE
SLIP_CANDIDATES = 60
# A name is searched for in texts up to so many words; what is longer is a description.
NAME_WORDS = 12
# Searches that people made, as many as asked for.
Searches = Callable[[int], Sequence[str]]


class Clock:
    """Milliseconds of each named step."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.took: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block as part of `name`."""
        started = time.perf_counter()
        yield
        self.took[name] = round(self.took.get(name, 0.0) + (time.perf_counter() - started) * 1000, 3)

    def total(self) -> dict[str, float]:
        """Return the milliseconds of all and of each step."""
        return {"total": round((time.perf_counter() - self.started) * 1000, 3), **self.took}


@dataclass
class Draft:
    """An answer in the making: full id lists by group, cut to pages at the end; `text` is what was searched by meaning."""

    resolution: str = "nothing"
    text: str = ""
    groups: dict[str, list[int]] = field(default_factory=dict)
    words: dict[str, Sequence[str]] = field(default_factory=dict)
    ranked: dict[int, ranking.Ranked] = field(default_factory=dict)
    corrected: str | None = None
    parsed: Parsed | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def shown(self) -> set[int]:
        """The works that some group has."""
        return {id for ids in self.groups.values() for id in ids}


class Resolver:
    """Fills drafts, by whichever reader is given."""

    def __init__(self, near: Near, terms: Terms, adult: bool, suggested: Searches, trending: Searches) -> None:
        """Take what finds neighbours, what the catalogue knows, and searches to offer where nothing is near."""
        self.near, self.terms, self.adult = near, terms, adult
        self.suggested, self.trending = suggested, trending

    def resolve(self, reader: Reader, text: str, options: Options, clock: Clock) -> Draft:
        """Return what `text` means: a name, a series, part of a name, a genre or maker, a plot, or nothing near."""
        draft = Draft()
        with clock.step("names"):
            if self._by_name(reader, text, options.filters, draft):
                self._companions(reader, draft, options, clock)
                return draft
        parsed = self.terms.parse(reader, text, options.filters)
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
                        self._recommend_like_words(reader, text, less(filters, options), draft)
                    return draft
        if options.correct and self._wrong_keyboard(reader, text, options, draft, clock):
            return draft
        with clock.step("typos"):
            slips = self._slips(reader, text, options) if options.correct else []
        if slips and self._corrected(reader, slips, options, draft, clock):
            return draft
        with clock.step("meaning"):
            text_left = parsed.rest if parsed.has_words else text
            self._by_meaning(reader, text_left, less(filters, options), draft, options)
        if draft.resolution == "nothing":
            draft.words = {
                "suggestions": self._suggested_words(reader, 8, options.language),
                "trending": list(self.trending(8)),
            }
        return draft

    # -- names -----------------------------------------------------------------------------------------------------

    def _by_name(self, reader: Reader, text: str, filters: Filters, draft: Draft) -> bool:
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
        genre = self.terms.genre(reader, text)
        studio = self.terms.studio(reader, text)
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

    def _exactly(self, reader: Reader, ids: Sequence[int], draft: Draft) -> bool:
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

    def _companions(self, reader: Reader, draft: Draft, options: Options, clock: Clock) -> None:
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
            left = less(options.filters, options)
            base = replace(left, exclude=(*left.exclude, *draft.shown))
            if draft.resolution == "names":
                near = self.near.titles(reader, draft.groups["names"], base, draft.notices)
                draft.groups["recommended"] = [item.id for item in near]
            else:
                near = self.near.title(reader, title, base, CANDIDATES, draft.notices)
                draft.groups["similar"] = [item.id for item in near][:COMPANIONS]

    # -- like X ----------------------------------------------------------------------------------------------------

    def _like(self, reader: Reader, parsed: Parsed, draft: Draft, options: Options, clock: Clock) -> bool:
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
        left = less(parsed.filters, options)
        filters = replace(left, exclude=(*left.exclude, seed.id, *family))
        text = parsed.rest if parsed.has_words else ""
        with clock.step("similar"):
            near = self.near.title(reader, seed, filters, CANDIDATES, draft.notices, text=text)
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

    def _wrong_keyboard(self, reader: Reader, text: str, options: Options, draft: Draft, clock: Clock) -> bool:
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

    def _corrected(self, reader: Reader, slips: list[Correction], options: Options, draft: Draft, clock: Clock) -> bool:
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

    def _by_meaning(self, reader: Reader, text: str, filters: Filters, draft: Draft, options: Options) -> None:
        ranked, notices = self.near.text(reader, text, filters, explain=options.explain)
        draft.notices.extend(notices)
        if not ranked:
            draft.resolution = "nothing"
            return
        draft.resolution = "meaning"
        draft.text = text
        draft.groups["recommended"] = [item.id for item in ranked]
        draft.ranked = {item.id: item for item in ranked}

    def _recommend_like_words(self, reader: Reader, text: str, filters: Filters, draft: Draft) -> None:
        ranked, notices = self.near.text(
            reader, text, replace(filters, exclude=(*filters.exclude, *draft.groups["names"]))
        )
        draft.notices.extend(notices)
        draft.groups["recommended"] = [item.id for item in ranked][:COMPANIONS]

    # -- nothing near ----------------------------------------------------------------------------------------------

    def _suggested_words(self, reader: Reader, count: int, language: str) -> list[str]:
        """Return searches to try: what people searched, filled up from the catalogue's most watched."""
        found = list(self.suggested(count))
        if len(found) < count:
            ids = reader.browse(Filters(adult=self.adult), "watched", 0, count).ids
            titles = reader.documents(ids)
            found.extend(titles[id].name(language) for id in ids)
        return list(dict.fromkeys(found))[:count]


def less(filters: Filters, options: Options) -> Filters:
    """Return the filters of a group by meaning: without what the reader is not to be recommended."""
    return replace(filters, exclude=(*filters.exclude, *options.exclude)) if options.exclude else filters


def _whole_words_first(ids: Sequence[int], hits: Sequence[Any], parts: Sequence[str]) -> list[int]:
    """Return the ids with whole-word matches before half-typed ones, each still by how many watch."""
    whole = {hit.id for hit in hits if parts[-1] in hit.name.split()}
    return sorted(ids, key=lambda id: id not in whole)
