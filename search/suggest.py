"""Suggestions for a half-typed text: titles, genres, makers and searches, with the typed part marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import vocabulary
from catalogue import Title
from search.constraints import genre_of
from search.engine import Filters, Reader
from search.keys import fold, has_hangul, initials, is_initials, jamo, key, loose_key, prefix_query, trigrams
from search.results import Suggestion
from search.terms import Facts
from search.typos import corrections

# Of eight lines at most so many are not titles.
MAX_TERMS = 2
MAX_SEARCHES = 2


def suggest(
    reader: Reader,
    text: str,
    limit: int,
    language: str,
    filters: Filters,
    facts: Facts,
    searches: Sequence[str],
) -> list[Suggestion]:
    """Return at most `limit` suggestions for `text`, best first, grouped by kind.

    Titles that begin so come before titles with a later word that does, each the most watched first; typos are
    looked for only where nothing begins so.
    """
    if not key(text):
        return [Suggestion("search", search) for search in searches[:limit]]
    terms = list(_terms(text, language, facts))[:MAX_TERMS]
    makers = [Suggestion("studio", name, matched=marked(name, text)) for name in _studios(text, facts)][:MAX_TERMS]
    found = [
        Suggestion("search", search, matched=marked(search, text))
        for search in searches
        if fold(search).startswith(fold(text)) and fold(search) != fold(text)
    ][:MAX_SEARCHES]
    titles = _titles(reader, text, limit, language, filters)
    room = max(limit - len(terms) - len(makers) - len(found), limit // 2)
    return [*titles[:room], *terms, *makers, *found][:limit]


def _titles(reader: Reader, text: str, limit: int, language: str, filters: Filters) -> list[Suggestion]:
    wanted = prefix_query(text)
    hits = reader.prefixed(wanted, filters, limit * 3)
    if len(hits) < limit and wanted.isascii() and (loose := loose_key(text)) != wanted:
        hits = [*hits, *reader.prefixed(loose, filters, limit)]
    ids = list(dict.fromkeys(hit.id for hit in hits))
    if not ids and len(key(text)) > 3:
        candidates = reader.documents(reader.fuzzy(" ".join(trigrams(text)), filters, 60))
        ids = [slip.id for slip in corrections(text, candidates.values(), limit)]
    titles = reader.documents(ids)
    exact = {id for id in ids if key(text) in {key(name) for name in titles[id].names()}}
    first = {id for id in ids if any(_begins(name, wanted) for name in titles[id].names())}
    ordered = sorted(ids, key=lambda id: (id not in exact, id not in first))
    return [_suggestion(titles[id], text, language) for id in ordered[:limit]]


def _begins(name: str, wanted: str) -> bool:
    return prefix_query(name).startswith(wanted)


def _suggestion(title: Title, text: str, language: str) -> Suggestion:
    """Show the reader's name of the title, or the name that matched where the reader's did not."""
    shown = title.name(language)
    matched = marked(shown, text)
    if not matched:
        for name in title.names():
            spans = marked(name, text)
            if spans:
                shown, matched = (f"{shown} ({name})", [(a + len(shown) + 2, b + len(shown) + 2) for a, b in spans])
                break
    return Suggestion("title", shown, title.id, matched, title)


def _terms(text: str, language: str, facts: Facts) -> Iterator[Suggestion]:
    wanted = prefix_query(text)
    whole = genre_of(text)
    for name in sorted(facts.genres, key=lambda name: (name != whole, -facts.genres[name])):
        if name == whole or any(form.startswith(wanted) for form in _forms(name)):
            label = vocabulary.label(name, language)
            yield Suggestion("genre", label, matched=marked(label, text))


@lru_cache(1024)
def _forms(genre: str) -> tuple[str, ...]:
    """Return the prefix forms of all that a genre or theme is called."""
    term = vocabulary.TERMS.get(genre)
    return tuple(prefix_query(word) for word in ((term.name, term.ko, *term.words) if term else (genre,)))


def _studios(text: str, facts: Facts) -> list[str]:
    wanted = key(text)
    if len(wanted) < 2:
        return []
    return [name for found, name in facts.studios.items() if found.startswith(wanted)]


def marked(shown: str, text: str) -> list[tuple[int, int]]:
    """Return where `text` stands in `shown`, as (start, end); at word starts, spacing and punctuation ignored."""
    wanted = prefix_query(text)
    if not wanted:
        return []
    if is_initials(text):
        return _marked_initials(shown, text.replace(" ", ""))
    for start in (match.start() for match in re.finditer(r"\w+", shown)):
        rest = shown[start:]
        if not prefix_query(rest).startswith(wanted):
            continue
        for end in range(1, len(rest) + 1):
            typed = jamo(key(rest[:end]))
            if typed.startswith(wanted) or typed == wanted:
                return [(start, start + end)]
    return []


def _marked_initials(shown: str, wanted: str) -> list[tuple[int, int]]:
    places = [at for at, char in enumerate(shown) if has_hangul(char)]
    letters = "".join(initials(shown[at]) or shown[at] for at in places)
    found = letters.find(wanted)
    return [(places[found], places[found + len(wanted) - 1] + 1)] if found >= 0 else []
