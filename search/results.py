"""What the search service answers: plain values that pages and the API render."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from catalogue import Title

Resolution = Literal["exact", "series", "names", "meaning", "not_offered", "nothing"]
# The groups in the order in which a person sees them.
GROUPS = ("exact", "series", "not_offered", "names", "similar", "recommended", "suggestions", "trending")


class QueryError(ValueError):
    """A query or one of its parameters can't be answered; names the parameter and what is allowed."""

    def __init__(self, parameter: str, detail: str) -> None:
        """Take the parameter's name and a sentence for the person who sent it."""
        super().__init__(detail)
        self.parameter = parameter
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Found:
    """A work in a group. `passage` is the sentence that matched, `shared` what it has in common with a seed.

    `explain` holds rank and score of each leg, where asked for.
    """

    title: Title
    passage: str | None = None
    shared: tuple[str, ...] = ()
    score: float | None = None
    explain: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One group of an answer; `words` instead of `items` for suggested and trending searches."""

    name: str
    total: int
    items: Sequence[Found] = ()
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Constraint:
    """A filter read from the words of a query, which the reader may remove.

    `parameter` and `value` are the API's, `words` the part of the query that said it.
    """

    parameter: str
    value: str | int
    words: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to one query.

    `filters` are all that apply, given and read from the words; `constraints` those read from the words.
    `notices` are keys of sentences for the reader: a fallback that served, a leg that was lost.
    """

    query: str
    resolution: Resolution
    groups: Sequence[Group]
    corrected: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    constraints: Sequence[Constraint] = ()
    notices: Sequence[str] = ()
    took_ms: Mapping[str, float] = field(default_factory=dict)
    generation: str = ""

    def group(self, name: str) -> Group | None:
        """Return the group of that name, if it is there."""
        return next((group for group in self.groups if group.name == name), None)

    def first(self) -> Title | None:
        """Return the first work of the answer."""
        return next((found.title for group in self.groups for found in group.items), None)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line under the search box; `matched` are (start, end) of the typed part in `text`."""

    kind: Literal["title", "genre", "studio", "search"]
    text: str
    id: int | None = None
    matched: Sequence[tuple[int, int]] = ()
    title: Title | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of browsing."""

    total: int
    page: int
    limit: int
    items: Sequence[Title]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
