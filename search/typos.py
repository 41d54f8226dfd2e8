"""Find the name a misspelt text was meant to be.

The engine gives candidates by shared trigrams; this compares them letter by letter (optimal string alignment:
a swap of neighbours is one slip) on loose keys, Hangul as jamo, and against the beginnings of long names too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from catalogue import Title
from search.keys import has_cjk, jamo, key, loose_key, without_article, words

# With three letters, one slip away lies half the alphabet.
MIN_LETTERS = 4
MAX_WORDS = 12


@dataclass(frozen=True, slots=True)
class Correction:
    """A name close to what was typed. `similarity` is 1 for equal, `whole` whether the whole name was compared."""

    id: int
    name: str
    similarity: float
    score: float
    whole: bool


def allowed(letters: int) -> float:
    """Return the least similarity at which a text of so many letters counts as misspelt.

    One slip in four and five letters, two in six to nine, then about a quarter.
    """
    if letters <= 5:
        return 1 - 1.01 / max(letters, 1)
    if letters <= 9:
        return 1 - 2.01 / letters
    return 0.745


def corrections(text: str, titles: Iterable[Title], limit: int = 8) -> list[Correction]:
    """Return the names nearest to `text`, best first, at most one a work."""
    typed = jamo(loose_key(text))
    count = len(words(without_article(text)))
    if len(typed) < MIN_LETTERS or count > MAX_WORDS:
        return []
    found: dict[int, Correction] = {}
    for title in titles:
        for correction in _compare(typed, count, text, title):
            held = found.get(title.id)
            if held is None or correction.score > held.score:
                found[title.id] = correction
    return sorted(found.values(), key=lambda item: (-item.score, item.id))[:limit]


def _compare(typed: str, count: int, text: str, title: Title) -> Iterable[Correction]:
    # The prior only decides between names that are equally near.
    prior = 0.012 * math.log10(1 + max(title.members or 0, 0))
    plain, least = jamo(key(without_article(text))), allowed(len(typed))
    for name in title.names():
        if not has_cjk(text) and has_cjk(name):
            continue
        parts = words(without_article(name))
        for end in {len(parts), *range(max(1, count - 1), min(count + 2, len(parts)))}:
            whole = end == len(parts)
            part = "".join(parts[:end])
            target = jamo(loose_key(part))
            if len(target) < MIN_LETTERS - 1:
                continue
            similarity = max(
                OSA.normalized_similarity(typed, target, score_cutoff=least),
                OSA.normalized_similarity(plain, jamo(part), score_cutoff=least) - 0.001,
            )
            if similarity < least:
                continue
            score = similarity + prior - (0 if whole else 0.05)
            yield Correction(title.id, name, similarity, score, whole)
