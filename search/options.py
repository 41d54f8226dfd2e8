"""What a search may be asked: the query's text, limits, pages, filters; and their names in the API."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import vocabulary
from search.engine import NO_FILTERS, Filters
from search.results import GROUPS, QueryError

MAX_QUERY = 500
MAX_LIMIT = 100
MAX_PAGE = 500
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}


@dataclass(frozen=True, slots=True)
class Options:
    """How to search: per-group `limit`, `page` of `group`, the reader's `language`, filters given beside the words.

    `exclude` are works that no group of similar or recommended ones may hold; by name they are found all the same.
    """

    limit: int = 20
    page: int = 1
    group: str | None = None
    language: str = "en"
    correct: bool = True
    explain: bool = False
    filters: Filters = NO_FILTERS
    exclude: tuple[int, ...] = ()


DEFAULTS = Options()


def clean_query(query: str, allow_empty: bool = False) -> str:
    """Return the query without control characters and repeated spaces; raise QueryError for one that can't be.

    Unpaired surrogates, NULs and bidirectional controls are dropped: nobody means them.
    """
    kept = "".join(
        " " if char.isspace() else char
        for char in query
        if char.isspace() or unicodedata.category(char) not in _DROPPED
    )
    text = re.sub(r"\s+", " ", kept).strip()
    if not text and not allow_empty:
        raise QueryError("q", "q is empty; type a title, a genre or what a story is about.")
    if len(text) > MAX_QUERY:
        raise QueryError("q", f"q has {len(text):,} characters; allowed are up to {MAX_QUERY}.")
    return text


def check_options(options: Options) -> None:
    """Raise QueryError for an option out of range, naming it and what is allowed."""
    if not 1 <= options.limit <= MAX_LIMIT:
        raise QueryError("limit", f"limit is {options.limit}; allowed are 1 to {MAX_LIMIT}.")
    if not 1 <= options.page <= MAX_PAGE:
        raise QueryError("page", f"page is {options.page}; allowed are 1 to {MAX_PAGE}.")
    if options.group is not None and options.group not in GROUPS:
        raise QueryError("group", f"group is {options.group!r}; allowed are {', '.join(GROUPS)}.")
    filters = options.filters
    if filters.year_from is not None and filters.year_to is not None and filters.year_from > filters.year_to:
        raise QueryError("year_from", f"year_from {filters.year_from} is after year_to {filters.year_to}.")


def describe(filters: Filters) -> dict[str, Any]:
    """Return the filters that say something, under the API's names."""
    values = {
        "year_from": filters.year_from,
        "year_to": filters.year_to,
        "format": list(filters.formats),
        "genre": [name for name in filters.genres if not _is_theme(name)],
        "theme": [name for name in filters.genres if _is_theme(name)],
        "without_genre": list(filters.without_genres),
        "studio": list(filters.studios),
        "episodes_min": filters.episodes_min,
        "episodes_max": filters.episodes_max,
    }
    return {name: value for name, value in values.items() if value not in (None, [])}


def _is_theme(name: str) -> bool:
    term = vocabulary.TERMS.get(name)
    return term is not None and term.kind == "theme"
