"""Lost heads: the synopses of 2020 whose first letters are gone, and what they can be known to have been.

The scrape meant to take "[Written by MAL Rewrite]" off the end and took every leading character *of that set* off the
beginning: "Music video" became "usic video", "An educational film" became "ducational film". So a text that begins
with a small letter outside the set was cut, what is missing is spelt in the set's letters alone, and sentences that
were not cut (all but the first of each text) show which heads go with which rests.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

STRIPPED = "[Written by MAL Rewrite]"
MIN_SHARE = 0.85  # of the evidence for a rest, the part that speaks for the head we take
MIN_SEEN = 2.0
BARE = 0.1  # what a word of running text counts as a beginning, beside the same word after an article
_SENTENCE = re.compile(r"(?:^|(?<=[.!?…]\s)|(?<=[.!?…][\"”)]\s))[\"“(]?([A-Z][^.!?…]*)")
_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_ARTICLE = re.compile(r"\b([Aa]n?) ([a-z]+(?:[-'’][a-z]+)*)")
_NAME = re.compile(r"(?<![.!?…] )\b[A-Z][a-z]+\b")
# Words that end the noun phrase at the beginning of a text.
_LINK = re.compile(
    r"(?:a|about|after|all|also|and|animated|as|at|based|bundled|by|commissioned|created|directed|during|explaining"
    r"|featuring|for|from|in|included|including|into|is|made|of|on|or|produced|released|set|showing|shown|starring"
    r"|that|the|this|to|using|when|where|which|who|whose|with|was|are|were|will|has|have|had)"
)
_NO_PLURAL = re.compile(r".*(?:ss|us|is|series)")

Seen = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Heads:
    """What a catalogue's uncut text shows: {rest: {head: evidence}} by two words, one word, and running text."""

    by_pair: Seen = field(default_factory=dict)
    by_word: Seen = field(default_factory=dict)
    running: Seen = field(default_factory=dict)
    words: frozenset[str] = frozenset()


def is_cut(text: str) -> bool:
    """Tell whether a synopsis lost its head: it begins with a small letter that the cut could not remove."""
    return "a" <= text[:1] <= "z" and text[0] not in STRIPPED


def learn_heads(texts: Iterable[str]) -> Heads:
    """Return what the texts show; a cut text's first word teaches nothing."""
    by_pair: dict[str, Counter[str]] = defaultdict(Counter)
    by_word: dict[str, Counter[str]] = defaultdict(Counter)
    words: Counter[str] = Counter()
    articles: Counter[str] = Counter()
    for text in texts:
        tokens = _TOKEN.findall(text)
        words.update(token for token in tokens[is_cut(text) :] if token.islower())
        articles.update(f"{article.capitalize()} {word}" for article, word in _ARTICLE.findall(text))
        for match in _SENTENCE.finditer(text):
            head, rest = _cut(match[1])
            if head:
                first, pair = _keys(rest)
                by_word[first][head] += 1
                by_pair[pair][head] += 1
    running: dict[str, dict[str, float]] = defaultdict(dict)
    counted = [*articles.items(), *((word.capitalize(), count * BARE) for word, count in words.items() if count > 2)]
    for start, weight in counted:
        head, rest = _cut(start)
        if head:
            running[rest][head] = running[rest].get(head, 0.0) + weight
    known = frozenset(word for word, count in words.items() if count > 2)
    return Heads(dict(by_pair), dict(by_word), dict(running), known)


def restore_head(text: str, heads: Heads, names: Iterable[str] = ()) -> str | None:
    """Return a cut synopsis with its head again, or None where it can't be known for sure.

    A name of the work or of its people that ends so is best; then what uncut sentences with the same two words
    begin with, then with the same word; then running text.
    """
    if not is_cut(text):
        return None
    head = _name_head(text, names) or _own_name_head(text) or _seen_head(text, heads)
    return head + text if head else None


def _cut(text: str) -> tuple[str, str]:
    """Return what the scrape would have taken off and what it would have left; ("", text) where that isn't seen."""
    rest = text.lstrip(STRIPPED)
    return (text[: len(text) - len(rest)], rest) if rest[:1].islower() else ("", text)


def _keys(rest: str) -> tuple[str, str]:
    tokens = rest[:80].split()
    first = tokens[0].strip(",;:")
    return first, " ".join([first, *tokens[1:2]]).rstrip(",;:.")


def _name_head(text: str, names: Iterable[str]) -> str | None:
    """Return what is missing of a name of the work with which the text begins ("ove Hina Final" -> "L")."""
    found = []
    for name in names:
        for match in re.finditer(r"\S+", name):
            head, rest = _cut(name[match.start() :])
            first = rest.split(" ")[0]
            whole = head and len(first) > 2 and re.match(rf"{re.escape(first)}(?![\w-])", text)
            if whole and head[0].isupper():
                found.append(head)
    # "Line Rangers" or "Rangers": the shorter head claims less.
    return min(found, key=len, default=None)


def _own_name_head(text: str) -> str | None:
    """Return what is missing of the text's first name where the text has it again ("akoto and Yura ... Makoto")."""
    match = _TOKEN.match(text)
    if match is None or len(match[0]) < 3:
        return None
    found = {head for name in _NAME.findall(text[match.end() :]) for head, rest in [_cut(name)] if rest == match[0]}
    return found.pop() if len(found) == 1 else None


def _seen_head(text: str, heads: Heads) -> str | None:
    first, pair = _keys(text)
    levels = [
        (heads.by_pair.get(pair), MIN_SEEN),
        (heads.by_word.get(first), MIN_SEEN),
        (heads.running.get(first), 0.0),
    ]
    if pair[len(first) + 1 : len(first) + 2].isupper() and first not in heads.words:
        # "ou Aida", "tune Balot": a person's name, of which words know nothing.
        levels = levels[:1]
    for seen, least in levels:
        head = _dominant(seen or {}, least)
        if head:
            return head if _fits(head, text, first, heads) else None
    return None


def _dominant(seen: Mapping[str, float], least: float) -> str | None:
    """Return the head that most of the evidence speaks for; "Re" and "A re" are one head with two spellings."""
    total = sum(seen.values())
    if not seen or total < least:
        return None
    cores: Counter[str] = Counter()
    for head, weight in seen.items():
        cores[_core(head)] += weight  # type: ignore[assignment]
    core, weight = cores.most_common(1)[0]
    if weight < MIN_SHARE * total:
        return None
    return max((head for head in seen if _core(head) == core), key=lambda head: (seen[head], head))


def _core(head: str) -> str:
    return re.sub(r"^An? ", "", head).casefold()


def _fits(head: str, text: str, first: str, heads: Heads) -> bool:
    """Tell whether the head makes a word that the catalogue knows, and no article before a plural."""
    made = f"{head}{first}".split(" ")[-1].casefold()
    made_word = _TOKEN.match(made)
    known = made_word is not None and (made_word[0] in heads.words or made_word[0].split("-")[0] in heads.words)
    return known and not (head in ("A ", "An ") and _is_plural(text))


def _is_plural(text: str) -> bool:
    """Tell whether the noun phrase that begins the text looks plural, where no article stood."""
    phrase: list[str] = []
    for token in _TOKEN.findall(text[:120]):
        if _LINK.fullmatch(token) or (phrase and token[0].isupper()):
            break
        phrase.append(token)
    last = phrase[-1] if phrase else ""
    return last.endswith("s") and not _NO_PLURAL.fullmatch(last)
