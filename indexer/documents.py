"""Make a document from a title: the one function that decides what is indexed of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import vocabulary
from catalogue import Title
from search.engine import Document, Vector
from search.keys import bigrams, distinct, has_cjk, key, loose_key, prefix_forms, trigrams, words

MIN_SERIES_KEY = 3


def make_document(
    title: Title,
    vectors: Mapping[str, Vector] | None = None,
    passage_vectors: Mapping[str, Vector] | None = None,
    series_keys: Iterable[str] = (),
) -> Document:
    """Return the document of `title`, with its vectors by space and the keys of its series' common names."""
    names = title.names()
    people = [name for person in title.characters for name in (person.name, person.name_ko) if name]
    labels = list(dict.fromkeys([*title.genres, *title.themes]))
    korean = " ".join(
        [
            title.synopsis.get("ko", ""),
            title.hooks.get("ko", ""),
            *(vocabulary.label(label, "ko") for label in labels if title.synopsis.get("ko")),
            *people,
        ]
    )
    tags = [*labels, *title.studios, *(name for name in people if not has_cjk(name)), title.format or ""]
    return Document(
        title=title,
        keys=distinct(
            [
                *(key(name) for name in names),
                *(f"~{loose_key(name)}" for name in names),
                *(f"series:{k}" for k in series_keys),
            ]
        ),
        names=distinct(" ".join(words(name)) for name in names),
        prefixes=distinct(form for name in names for form in prefix_forms(name)),
        grams=" ".join(distinct(gram for name in names for gram in trigrams(name))),
        texts={
            "en": f"{title.synopsis.get('en', '')}\n{title.hooks.get('en', '')}".strip(),
            "tags": " ".join(tags),
            "name": " ".join(distinct(word for name in names for word in words(name) if not has_cjk(word))),
            "bi": " ".join(bigrams(korean)),
            "name_bi": " ".join(distinct(pair for name in names for pair in bigrams(name))),
        },
        vectors=dict(vectors or {}),
        passages=dict(passage_vectors or {}),
    )


def embedding_text(title: Title, language: str) -> str:
    """Return the text of the whole work that is embedded in `language`: name, genres, themes, synopsis.

    Without a synopsis in that language it is empty, but for a work with an English or romanised name: genres and
    name place it roughly, which is all there is for a work that is known and not offered.
    """
    labels = [vocabulary.label(label, language) for label in dict.fromkeys([*title.genres, *title.themes])]
    synopsis = title.synopsis.get(language, "")
    if not synopsis and not (language == "en" and labels and (title.titles.get("en") or title.titles.get("romaji"))):
        return ""
    return ". ".join(part for part in (title.name(language), ", ".join(labels), synopsis) if part)


def series_names(titles: Iterable[Title]) -> dict[int, tuple[str, ...]]:
    """Return the exact keys of each series' common names, {series: keys}, for series of two works and more.

    A common name is the longest run of leading words that at least two works, and half of those named in that
    script, share: "Fullmetal Alchemist", "강철의 연금술사". A key that two series share is nobody's.
    """
    members: dict[int, list[Title]] = defaultdict(list)
    for title in titles:
        if title.series is not None and not title.adult:
            members[title.series].append(title)
    owners: dict[str, set[int]] = defaultdict(set)
    for series, works in members.items():
        if len(works) > 1:
            for language in ("romaji", "en", "ko", "native"):
                named = [name for work in works if (name := work.titles.get(language))]
                for common in _common_names(named):
                    owners[common].add(series)
    found: dict[int, list[str]] = defaultdict(list)
    for common, of in owners.items():
        if len(of) == 1 and len(common) >= MIN_SERIES_KEY:
            found[next(iter(of))].append(common)
    return {series: tuple(sorted(keys)) for series, keys in found.items()}


def _common_names(names: list[str]) -> set[str]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        parts = words(name)
        for prefix in {key(" ".join(parts[:end])) for end in range(1, len(parts) + 1)}:
            counts[prefix] += 1
    enough = [prefix for prefix, count in counts.items() if count >= max(2, len(names) / 2)]
    # Of "full", "fullmetal alchemist" only the longest is the series' name; a number is not part of it.
    longest = max(enough, key=len, default="")
    trimmed = re.sub(r"(?:season|part|the|\d+|기|제)+$", "", longest)
    return {form for form in (longest, trimmed) if form}
