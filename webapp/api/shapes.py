"""The JSON that the API answers: from Title, Answer and Suggestion to plain values, and models that document it.

No request is needed: `nextep search --json` prints the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import has_request_context
from pydantic import BaseModel, ConfigDict, Field

from catalogue import NAME_FIELDS, Title
from search.results import Answer, Found, Group, Listing, Suggestion
from vocabulary import label
from webapp.i18n import N_, translate

# -- the shapes, for the documentation and the tests ---------------------------------------------------------------


class Shape(BaseModel):
    """A shape of the API."""

    model_config = ConfigDict(extra="forbid")


class Names(Shape):
    """A work's names as the catalogue gives them."""

    romaji: str | None
    native: str | None
    en: str | None
    ko: str | None


class Item(Shape):
    """A work, in the reader's language."""

    id: int
    title: str = Field(description="Its name in the reader's language.")
    titles: Names
    year: int | None
    format: str | None = Field(description="tv, movie, ova, ona, special or music.")
    genres: list[str]
    themes: list[str]
    episodes: int | None
    score: float | None = Field(description="0 to 10.")
    synopsis: str
    synopsis_language: str | None = Field(description="Another than asked for where there is none in that language.")
    art: str = Field(description="Address of its poster.")
    list_status: str | None = Field(description="On which list of the person's it is.")
    reason: str | None = Field(description="Why it is here.")


class FoundItem(Item):
    """A work in a group of an answer."""

    passage: str | None = Field(None, description="The sentences of the synopsis that matched, for hits by meaning.")
    explain: dict[str, Any] | None = Field(None, description="Rank and score of each leg, with explain=1.")


class Word(Shape):
    """A search to try."""

    text: str
    title: str


class GroupOf(Shape):
    """One group of an answer."""

    name: str
    total: int
    items: list[FoundItem | Word]


class SearchAnswer(Shape):
    """The answer to a query."""

    query: str
    resolution: str = Field(description="exact, series, names, meaning, not_offered or nothing.")
    corrected: str | None = Field(description="What the typo was taken for; correct=0 undoes it.")
    filters: dict[str, Any] = Field(description="All filters that apply, given and read from the words.")
    constraints: list[dict[str, Any]] = Field(description="The filters read from the words of the query.")
    groups: list[GroupOf]
    notices: list[str] = Field(description="Fallbacks that served.")
    took_ms: dict[str, float]


class SuggestionOf(Shape):
    """One line under the search box."""

    kind: str = Field(description="title, genre, studio or search.")
    text: str
    id: int | None = None
    matched: list[tuple[int, int]] = Field(description="Where the typed part stands in text.")
    year: int | None = None
    format: str | None = None
    art: str | None = None


class Suggestions(Shape):
    """Suggestions for a half-typed text."""

    query: str
    suggestions: list[SuggestionOf]


class TitlesPage(Shape):
    """A page of the catalogue."""

    total: int
    page: int
    limit: int
    sort: str
    notices: list[str]
    items: list[Item]


class Person(Shape):
    """One of a story's people."""

    name: str
    name_ko: str | None
    role: str


class Related(Shape):
    """Another work and what it is to this one."""

    id: int
    kind: str


class FullTitle(Item):
    """Everything that is known of a work."""

    aliases: list[str]
    season: str | None
    aired_from: str | None
    duration_min: int | None
    studios: list[str]
    source: str | None
    synopses: dict[str, str]
    members: int | None = Field(description="How many watch or have watched it.")
    offered: bool = Field(description="False: known, but not offered here.")
    relations: list[Related]
    series: list[Item] = Field(description="All of its series in order of release, itself among them.")
    characters: list[Person]


class Similar(Shape):
    """Works like one."""

    id: int
    items: list[Item]


class Problem(BaseModel):
    """What was wrong with a request (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    parameter: str | None = Field(None, description="The parameter that was wrong.")
    instance: str
    request_id: str


# -- from our values to JSON ---------------------------------------------------------------------------------------


def art_address(title: Title) -> str:
    """Return the address of a title's poster."""
    from webapp.pages.images import lasting

    return lasting(title)


def list_status(title_id: int) -> str | None:
    """Return on which list of who is watching a title is, None where nobody is (on the command line, too)."""
    if not has_request_context():
        return None
    from webapp import who

    return who.list_status(title_id)


def item_json(title: Title, language: str, reason: str | None = None) -> dict[str, Any]:
    """Return a title as an Item."""
    text = title.text(language)
    spoken = next((code for code, said in title.synopsis.items() if said and said == text), None)
    return {
        "id": title.id,
        "title": title.name(language),
        "titles": {field: title.titles.get(field) for field in NAME_FIELDS},
        "year": title.year,
        "format": title.format,
        "genres": list(title.genres),
        "themes": list(title.themes),
        "episodes": title.episodes,
        "score": title.score,
        "synopsis": text,
        "synopsis_language": spoken,
        "art": art_address(title),
        "list_status": list_status(title.id),
        "reason": reason,
    }


def shared_reason(shared: Sequence[str], language: str) -> str | None:
    """Return what two works share as a reason."""
    if not shared:
        return None
    said = ", ".join(label(name, language) for name in shared[:4])
    return translate(N_("In common: %(things)s"), language) % {"things": said}


def found_json(found: Found, language: str) -> dict[str, Any]:
    """Return a work of a group."""
    made = item_json(found.title, language, shared_reason(found.shared, language))
    made["passage"] = found.passage
    if found.explain is not None:
        made["explain"] = dict(found.explain)
    return made


def group_json(group: Group, language: str) -> dict[str, Any]:
    """Return a group of an answer."""
    items = [found_json(found, language) for found in group.items]
    words = [{"text": word, "title": word} for word in group.words]
    return {"name": group.name, "total": group.total, "items": items or words}


def answer_json(answer: Answer, language: str = "en") -> dict[str, Any]:
    """Return the whole answer to a query."""
    return {
        "query": answer.query,
        "resolution": answer.resolution,
        "corrected": answer.corrected,
        "filters": dict(answer.filters),
        "constraints": [
            {"parameter": item.parameter, "value": item.value, "words": item.words} for item in answer.constraints
        ],
        "groups": [group_json(group, language) for group in answer.groups],
        "notices": list(answer.notices),
        "took_ms": dict(answer.took_ms),
    }


def suggestion_json(suggestion: Suggestion) -> dict[str, Any]:
    """Return a line under the search box."""
    made: dict[str, Any] = {"kind": suggestion.kind, "text": suggestion.text}
    if suggestion.id is not None:
        made["id"] = suggestion.id
    made["matched"] = [list(span) for span in suggestion.matched]
    if suggestion.title is not None:
        made.update(year=suggestion.title.year, format=suggestion.title.format, art=art_address(suggestion.title))
    return made


def listing_json(listing: Listing, language: str, sort: str, notices: Iterable[str] = ()) -> dict[str, Any]:
    """Return a page of the catalogue."""
    return {
        "total": listing.total,
        "page": listing.page,
        "limit": listing.limit,
        "sort": sort,
        "notices": list(notices),
        "items": [item_json(title, language) for title in listing.items],
    }


def title_json(title: Title, series: Sequence[Title], language: str) -> dict[str, Any]:
    """Return everything that is known of a title."""
    known = title.to_dict()
    kept = ("aliases", "season", "aired_from", "duration_min", "studios", "source", "members", "offered", "relations", "characters")  # fmt: skip
    return {
        **item_json(title, language),
        **{field: known[field] for field in kept},
        "synopses": dict(title.synopsis),
        "series": [item_json(other, language) for other in series],
    }
