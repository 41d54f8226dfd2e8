"""All that the site sees of search: one box resolved by name, then by part of a name, then by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from catalogue import FORMATS, Title
from search.encode import QueryEncoder
from search.engine import NO_FILTERS, SORTS, Engine, Filters, IndexInfo, Reader, Sort
from search.generation import Held, of_one
from search.kept import Kept
from search.likeness import shared
from search.near import CANDIDATES, Near
from search.options import DEFAULTS, Options, check_options, clean_query, describe
from search.passages import title_passages
from search.resolution import Clock, Draft, Resolver, Searches
from search.results import GROUPS, Answer, Found, Group, Listing, QueryError, Suggestion
from search.suggest import suggest
from search.terms import Terms

# The first letters that are typed are few; a thousand lists of eight take a megabyte.
SUGGESTIONS_KEPT = 1024


class SearchService:
    """Search, suggestions, similar works and browsing over whichever engine serves."""

    def __init__(
        self,
        engine: Engine,
        encoder: QueryEncoder,
        *,
        adult: bool = False,
        suggested: Searches = lambda count: (),
        trending: Searches = lambda count: (),
        notices: Sequence[str] = (),
    ) -> None:
        """Take the engine and the encoder; `suggested` and `trending` give searches that people made.

        `notices` go with every answer: a fallback that serves in place of what was asked for.
        """
        self.notices = tuple(notices)
        self.engine = engine
        self.encoder = encoder
        self.adult = adult
        self.held = Held()
        self.terms = Terms(adult)
        self._suggestions: Kept[tuple[object, ...], list[Suggestion]] = Kept(SUGGESTIONS_KEPT)
        self.near = Near(encoder, self.terms)
        self.resolver = Resolver(self.near, self.terms, adult, suggested, trending)

    def offer(self, suggested: Searches, trending: Searches) -> None:
        """Take other searches that people made: a service that is open before the site that counts them."""
        self.resolver.suggested, self.resolver.trending = suggested, trending

    # -- the whole box ---------------------------------------------------------------------------------------------

    def search(self, query: str, options: Options = DEFAULTS) -> Answer:
        """Resolve `query`: a name, a series, part of a name, a genre or maker, a plot, or nothing near.

        Raises QueryError for a query or option that can't be answered, EngineError when the engine can't.
        """
        clock = Clock()
        text = clean_query(query)
        check_options(options)
        reader = self.reader()
        options = replace(options, filters=replace(options.filters, adult=self.adult))

        def answered() -> tuple[Draft, list[Group]]:
            draft = self.resolver.resolve(reader, text, options, clock)
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

    # -- rendering -------------------------------------------------------------------------------------------------

    def _groups(self, reader: Reader, draft: Draft, options: Options, text: str) -> list[Group]:
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
            by_meaning = [id for id in chosen_ids if id in draft.ranked] if draft.text else []
            passages = self.near.passages(reader, draft.text, by_meaning) if by_meaning else {}
            items = [
                self._found(reader, titles[id], draft, options, passages.get(id)) for id in chosen_ids if id in titles
            ]
            made.append(Group(name, len(ids), items))
        return made

    def _found(
        self, reader: Reader, title: Title, draft: Draft, options: Options, nearest: tuple[str, int] | None
    ) -> Found:
        ranked = draft.ranked.get(title.id)
        passage = None
        if nearest is not None:
            space, position = nearest
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
        reader, searches = self.reader(), tuple(self.resolver.suggested(50))
        asked = (reader.info().generation, text, limit, language, searches)
        found = self._suggestions.get(asked)
        if found is None:
            facts = self.terms.of(reader)
            found = suggest(reader, text, limit, language, Filters(adult=self.adult), facts, searches)
            # Whose reader went on with another generation on the way is not kept.
            if reader.info().generation == asked[0]:
                self._suggestions.put(asked, found)
        return list(found)

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
            near = self.near.title(reader, title, wanted, CANDIDATES, [])[:limit]
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
        studios = self.terms.of(reader).studios
        return {
            "genre": frozenset(self.terms.of(reader).genres),
            "studio": frozenset(studios.values()),
            "format": frozenset(FORMATS),
        }
