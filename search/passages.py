"""Passages: windows of two sentences, small enough that one event of a plot is not lost among the others.

English and Korean sentences are told apart by their endings and a list of abbreviations; no library is needed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from catalogue import Title

_SIZE = 2  # sentences in a passage
_SHORT = 25  # characters; "Or so they think." says nothing alone and stays with its neighbour
_SHORT_KO = 12  # a Hangul syllable says about as much as two Latin letters
_ABBREVIATIONS = frozenset((
    "mr", "mrs", "ms", "dr", "st", "prof", "sr", "jr", "vs", "vol", "no", "ep", "fig", "capt", "lt", "col", "gen",
    "sgt", "cmdr", "rev", "hon", "mt", "ft", "dept", "inc", "ltd", "co", "corp", "etc", "al", "approx", "est",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "e.g", "i.e", "a.k.a",
    "u.s", "u.k", "u.n", "p.s", "a.m", "p.m", "a.d", "b.c",
))  # fmt: skip
# An ending, with what closes quotes and brackets after it; what follows is white space, or in Korean nothing:
# "떠난다.그곳에서" is two sentences, as "3.5" and "S.H.I.E.L.D" are not.
_END = re.compile(
    r"""(?:[.!?…。！？]+|(?<=[다요죠까네지])\.)["'”’」』）)\]]*(?=\s|$)|[。！？][」』）”’]*|(?<=[가-힣])[.!?]+(?=[가-힣「『“"])"""
)
_LINES = re.compile(r"\s*\n\s*\n\s*|\s*\r\n\s*\r\n\s*")
_SPACE = re.compile(r"\s+")
_LAST_WORD = re.compile(r"([^\s(\[\"'“‘]+?)\.+$")
_INITIAL = re.compile(r"(?:[A-Z]\.)*[A-Z]")


def sentences(text: str) -> list[str]:
    """Return the sentences of `text`, white space made one; a blank line ends a sentence too."""
    found: list[str] = []
    for block in _LINES.split(text.strip()):
        block = _SPACE.sub(" ", block).strip()
        start = 0
        for match in _END.finditer(block):
            if _goes_on(block, match):
                continue
            found.append(block[start : match.end()].strip())
            start = match.end()
        found.append(block[start:].strip())
    return [sentence for sentence in found if sentence]


def passages(text: str) -> list[str]:
    """Return every two neighbouring sentences of `text`: (1, 2), (2, 3), (3, 4) of four.

    The windows overlap, so that what happens from one sentence to the next is whole in one of them; a real synopsis
    has 2.7 (side by side it would have 2.0). A very short sentence counts as part of its neighbour. One sentence is one
    passage, an empty text none.
    """
    return list(_windows(text))


# A page of results cuts the same well-known synopses again and again.
@lru_cache(maxsize=16384)
def _windows(text: str) -> tuple[str, ...]:
    parts = _joined(sentences(text))
    if len(parts) < _SIZE:
        return tuple(parts)
    return tuple(" ".join(parts[at : at + _SIZE]) for at in range(len(parts) - _SIZE + 1))


def _joined(found: list[str]) -> list[str]:
    """Return the sentences with very short ones joined to the one before (the first: to the one after)."""
    parts: list[str] = []
    for sentence in found:
        if parts and (_is_short(sentence) or (len(parts) == 1 and _is_short(parts[0]))):
            parts[-1] += f" {sentence}"
        else:
            parts.append(sentence)
    return parts


def _is_short(sentence: str) -> bool:
    return len(sentence) < (_SHORT_KO if re.search("[가-힣]", sentence) else _SHORT)


def _goes_on(block: str, match: re.Match[str]) -> bool:
    """Tell whether a sentence goes on after what looks like its end."""
    end = match.end()
    mark, rest = match.group(), block[end : end + 2].lstrip()
    if not rest:
        return False
    if rest[0].islower():  # "..." in mid-sentence, '"Run!" he cries', "a.k.a. the boss"
        return True
    if mark != ".":
        return False
    word = _LAST_WORD.search(block[max(end - 20, 0) : end])
    if word is None:
        return False
    name = word.group(1)
    return name.casefold() in _ABBREVIATIONS or (_INITIAL.fullmatch(name) is not None and name != "I")


def title_passages(title: Title, languages: Sequence[str]) -> list[str]:
    """Return all windows that are embedded of a title: language by language, the synopsis before the hooks."""
    return [
        window
        for language in languages
        for text in (title.synopsis, title.hooks)
        if text.get(language)
        for window in passages(text[language])
    ]
