"""Find works by the names that people type: exactly, or else with names near to it."""

from __future__ import annotations

from search.engine import Filters, Reader
from search.keys import key, loose_key, prefix_query, trigrams
from search.service import SearchService
from search.typos import corrections

CANDIDATES = 60
SUGGESTED = 3


def exactly(reader: Reader, text: str, adult: bool) -> list[int]:
    """Return the works that bear this name in any language, the most watched first; none for a name nobody bears."""
    if not key(text):
        return []
    return reader.exact([key(text)], adult=adult) or reader.exact([f"~{loose_key(text)}"], adult=adult)


def near(service: SearchService, reader: Reader, text: str, limit: int = SUGGESTED) -> list[int]:
    """Return works whose names are nearest to a misspelt or unfinished one, best first."""
    filters = Filters(adult=service.adult, offered=None)
    found: list[int] = []
    grams = trigrams(text)
    if len(grams) > 1:
        candidates = reader.documents(reader.fuzzy(" ".join(grams), filters, CANDIDATES))
        found = [correction.id for correction in corrections(text, candidates.values(), limit)]
    if len(found) < limit and len(key(text)) > 1:
        found += [hit.id for hit in reader.prefixed(prefix_query(text), filters, limit)]
    return list(dict.fromkeys(found))[:limit]
