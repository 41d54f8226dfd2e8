"""Read years, formats, lengths, genres, makers and "like X" from the words of a query.

Pure: text in, constraints and the remaining words out. The caller has already tried the whole text as a name,
so a word that is part of a title never comes here. In a long description only explicit phrases count ("without
romance", "90s anime", "under 13 episodes"): there, "music" or "space" tells the plot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import vocabulary
from search.engine import NO_FILTERS, Filters
from search.keys import fold, has_hangul, key
from search.results import Constraint

FIRST_YEAR, LAST_YEAR = 1900, 2035
SHORT_EPISODES, SHORT_MINUTES = 13, 15
# More remaining words than this are a description, in which genre words are part of the plot.
FEW_WORDS = 3

_FILLER = {
    *"a an the anime animes animation cartoon cartoons show shows series serie title titles works work some any good best "
    "great top about of with for me please find recommend recommendation recommendations something stuff want watch to i "
    "genre genres and that is are from in by made".split(),
    *"애니 애니메이션 만화 작품 추천 추천해줘 추천해 좀 뭐 있어 있나 있는 나오는 보고 싶어 싶다 그리고 중에 중 것 거 인 한 물 "
    "계열 장르 제작 의 나온 방영".split(),
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query taken apart: what must hold, what is left to search for, and a work to be like."""

    rest: str
    filters: Filters
    constraints: tuple[Constraint, ...] = ()
    like: str | None = None

    @property
    def has_words(self) -> bool:
        """Tell whether anything is left that means something."""
        return bool(content_words(self.rest))


@dataclass
class _Reading:
    text: str
    filters: Filters
    constraints: list[Constraint]

    def take(self, match: re.Match[str], parameter: str, value: str | int, **changes: object) -> None:
        self.filters = replace(self.filters, **changes)  # type: ignore[arg-type]
        self.constraints.append(Constraint(parameter, value, match.group(0).strip()))
        self.text = f"{self.text[: match.start()]} {self.text[match.end() :]}"

    def add(self, match: re.Match[str], field: str, parameter: str, value: str) -> None:
        values = getattr(self.filters, field)
        self.take(match, parameter, value, **{field: (*values, value) if value not in values else values})


def content_words(text: str) -> list[str]:
    """Return the words of `text` that are not filler."""
    return [word for word in re.findall(r"[\w'’]+", fold(text)) if word not in _FILLER]


def parse(text: str, filters: Filters = NO_FILTERS, studios: Iterable[str] = ()) -> Parsed:
    """Return `text` taken apart, on top of `filters` already given.

    `studios` are the makers the catalogue knows. Terms of vocabulary.py count whether or not the catalogue
    uses them; a filter that leaves nothing is the caller's to drop.
    """
    like, text = _like(text)
    reading = _Reading(text, filters, [])
    for rule in (_years, _episodes, _length, _without, _studio(tuple(studios)), _formats, _terms):
        rule(reading)
    rest = " ".join(reading.text.split()).strip(" ,.;:!?·")
    return Parsed(rest, reading.filters, tuple(reading.constraints), like)


_LIKE = (
    re.compile(
        r"^(?:(?:an?|any|some|more|find|recommend)\s+)?(?:(?:me|anime|animes|movies?|films?|shows?|series|something|"
        r"anything|stuff|titles|works)\s+)*(?:like|similar\s+to|in\s+the\s+style\s+of)\s+(?P<like>.+?)"
        r"(?P<rest>(?:\s*,)?\s+(?:but|with|without|except|only|minus)\s+.+)?$",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?P<like>.+?)\s*(?:와|과|이랑|랑)?\s*(?:같은데|비슷한데|같지만|같은|같이|처럼|비슷한|닮은)\s*(?P<rest>.*)$"
    ),
)


def _like(text: str) -> tuple[str | None, str]:
    for pattern in _LIKE:
        match = pattern.match(text.strip())
        if match:
            rest = re.sub(
                r"^\s*,?\s*(but|only|하지만|인데|근데|그런데)\b", " ", match["rest"] or "", flags=re.IGNORECASE
            )
            return match["like"].strip(" ,"), rest.strip()
    return None, text


def _years(reading: _Reading) -> None:
    few = len(content_words(reading.text)) <= FEW_WORDS + 3
    decade = re.search(
        r"(?<!set in the )(?<!set in )\b(?:from\s+|of\s+|in\s+)?(?:the\s+)?(?:early\s+|late\s+)?(?P<d>(?:19|20)?\d0)['’]?s\b"
        r"|(?P<k>(?:19|20)?\d0)\s*년대(?:의|에)?",
        reading.text,
        re.IGNORECASE,
    )
    if decade and (few or decade["k"] or re.search(r"from|of|anime|show|movie|film", reading.text, re.IGNORECASE)):
        number = int(decade["d"] or decade["k"])
        start = number if number >= 1900 else (1900 if number >= 30 else 2000) + number
        if FIRST_YEAR <= start <= LAST_YEAR:
            reading.take(decade, "year_from", start, year_from=start, year_to=start + 9)
            # One phrase, two parameters: both are removed together.
            reading.constraints.append(replace(reading.constraints[-1], parameter="year_to", value=start + 9))
            return
    year = r"(?P<y>(?:19|20)\d\d)"
    between = re.search(
        r"\b(?:between|from)\s+(?P<a>(?:19|20)\d\d)\s*(?:and|to|-|–)\s*(?P<b>(?:19|20)\d\d)\b", reading.text, re.I
    ) or re.search(
        r"(?P<a>(?:19|20)\d\d)\s*(?:~|-|–|년?\s*부터)\s*(?P<b>(?:19|20)\d\d)\s*년?(?:\s*까지|\s*사이)?", reading.text
    )
    if between and int(between["a"]) <= int(between["b"]):
        words = between.group(0).strip()
        reading.take(between, "year_from", int(between["a"]), year_from=int(between["a"]), year_to=int(between["b"]))
        reading.constraints.append(Constraint("year_to", int(between["b"]), words))
        return
    rules: tuple[tuple[str, Callable[[int], dict[str, int]]], ...] = (
        (rf"\b(?:before|prior to|older than)\s+{year}\b|{year.replace('y>', 'k>')}\s*년?\s*(?:이전|전)(?:에|의)?(?=\s|$)", lambda y: {"year_to": y - 1}),
        (rf"\b(?:after|newer than)\s+{year}\b|{year.replace('y>', 'k>')}\s*년?\s*이후(?:에|의)?(?=\s|$)", lambda y: {"year_from": y + 1}),
        (rf"\bsince\s+{year}\b|{year.replace('y>', 'k>')}\s*년?\s*부터", lambda y: {"year_from": y}),
        (rf"\b(?:from|released in|made in|aired in)\s+{year}\b|\({year.replace('y>', 'p>')}\)|{year.replace('y>', 'k>')}\s*년(?:작|도|에|의)?(?=\s|$)", lambda y: {"year_from": y, "year_to": y}),
        (rf"(?:^|\s){year}(?=\s|$)" if few else r"(?!)(?P<y>x)", lambda y: {"year_from": y, "year_to": y}),
    )  # fmt: skip
    for pattern, make in rules:
        match = re.search(pattern, reading.text, re.IGNORECASE)
        if match is None:
            continue
        number = int(next(value for value in match.groupdict().values() if value))
        if "이후" in match.group(0):  # 2010년 이후: from that year on
            changes = {"year_from": number}
        else:
            changes = make(number)
        words = match.group(0).strip()
        first, *others = changes.items()
        reading.take(match, first[0], first[1], **changes)
        reading.constraints.extend(Constraint(name, value, words) for name, value in others)
        return


def _episodes(reading: _Reading) -> None:
    for pattern, changes in (
        (r"\b(?:under|below|less than|fewer than)\s+(?P<n>\d{1,4})\s*(?:episodes?|eps?)\b", (-1, "episodes_max")),
        (r"\b(?:at most|up to|max(?:imum)?(?: of)?)\s+(?P<n>\d{1,4})\s*(?:episodes?|eps?)\b", (0, "episodes_max")),
        (r"\b(?P<n>\d{1,4})\s*(?:episodes?|eps?)\s+or\s+(?:less|fewer)\b", (0, "episodes_max")),
        (r"\b(?:over|more than)\s+(?P<n>\d{1,4})\s*(?:episodes?|eps?)\b", (1, "episodes_min")),
        (r"\b(?:at least)\s+(?P<n>\d{1,4})\s*(?:episodes?|eps?)\b", (0, "episodes_min")),
        (r"(?P<n>\d{1,4})\s*(?:화|회|부작|편)\s*(?:이하|이내|까지)(?:의|인)?", (0, "episodes_max")),
        (r"(?P<n>\d{1,4})\s*(?:화|회|부작|편)\s*미만(?:의|인)?", (-1, "episodes_max")),
        (r"(?P<n>\d{1,4})\s*(?:화|회|부작|편)\s*이상(?:의|인)?", (0, "episodes_min")),
        (r"(?P<n>\d{1,4})\s*(?:화|회|부작|편)\s*(?:초과|넘는)(?:의|인)?", (1, "episodes_min")),
    ):
        match = re.search(pattern, reading.text, re.IGNORECASE)
        if match:
            number = max(int(match["n"]) + changes[0], 0)
            reading.take(match, changes[1], number, **{changes[1]: number})


def _length(reading: _Reading) -> None:
    if len(content_words(reading.text)) > FEW_WORDS + 1 or reading.filters.episodes_max is not None:
        return
    match = re.search(
        r"(?:^|\s)short(?:\s+(?:ones|series|shows?|anime))?(?=\s|$)|(?:^|\s)(?:짧은|단편)(?=\s|$)", reading.text, re.I
    )
    if match and len(content_words(reading.text)) > 0:
        reading.take(match, "episodes_max", SHORT_EPISODES, episodes_max=SHORT_EPISODES)


def _without(reading: _Reading) -> None:
    for pattern in (
        r"\b(?:without|minus|except|excluding|not|no)\s+(?:any\s+|too much\s+)?(?P<t>{terms})\b",
        r"(?P<t>{terms})(?:은|는|이|가|을|를|물)?\s*(?:없는|없이|빼고|제외하고|제외한|제외|말고|아닌|안\s*나오는)",
    ):
        while match := re.search(pattern.format(terms=_alternatives()), reading.text, re.IGNORECASE):
            name = _term_words()[_plain(match["t"])]
            reading.add(match, "without_genres", "without_genre", name)


def _studio(studios: tuple[str, ...]) -> Callable[[_Reading], None]:
    known = {key(studio): studio for studio in studios if len(key(studio)) > 2}

    def rule(reading: _Reading) -> None:
        for pattern in (
            r"\b(?:by|from|made by|produced by|studio)\s+(?:studio\s+)?(?P<s>[^,;]+)$",
            r"\b(?:by|from|made by|produced by|studio)\s+(?:studio\s+)?(?P<s>\S+(?:\s+\S+){0,3})",
            r"(?P<s>\S+(?:\s+\S+){0,2})\s*(?:제작|가\s*만든|이\s*만든|에서\s*만든|의\s*작품)",
        ):
            match = re.search(pattern, reading.text, re.IGNORECASE)
            if match is None:
                continue
            parts = match["s"].split()
            for size in range(len(parts), 0, -1):
                # English names follow "by", Korean ones stand before "제작".
                chosen = (
                    parts[-size:] if has_hangul(match.group(0)) and match.start("s") == match.start() else parts[:size]
                )
                studio = known.get(key(" ".join(chosen))) or known.get(key("studio " + " ".join(chosen)))
                if studio:
                    span = re.search(
                        re.escape(match.group(0)[: match.start("s") - match.start()])
                        + r"\s*"
                        + re.escape(" ".join(chosen)),
                        reading.text,
                    )
                    found = span if span and chosen == parts[:size] else match
                    reading.take(found, "studio", studio, studios=(*reading.filters.studios, studio))
                    return

    return rule


def _formats(reading: _Reading) -> None:
    few = len(content_words(reading.text)) <= FEW_WORDS + 1
    for term in vocabulary.FORMATS:
        spelled = "|".join(re.escape(word) for word in sorted({term.name, term.ko, *term.words}, key=len, reverse=True))
        pattern = (
            rf"(?<!\w)(?:{spelled})(?!\w)"
            if few
            else rf"^(?:an?\s+|the\s+)?(?:anime\s+)?(?:{spelled})(?=\s+(?:about|where|in which)\b)"
        )
        match = re.search(pattern, reading.text, re.IGNORECASE)
        if match:
            reading.add(match, "formats", "format", term.name)


def _terms(reading: _Reading) -> None:
    """Take genre and theme words of a short query, longest first; nothing of a description."""
    alternatives = rf"(?<!\w)(?P<t>{_alternatives()})(?:물|계|의|인|하고|이랑|랑|과|와)?(?!\w)"
    words = content_words(re.sub(alternatives, " ", reading.text, flags=re.IGNORECASE))
    explicit = re.search(r"\bgenre\b|장르", reading.text) is not None
    if words and not explicit:
        # "sad romance in the rain" is a description; "90s robot" and "romantic comedy movies" are not.
        return
    while match := re.search(alternatives, reading.text, re.IGNORECASE):
        name = _term_words()[_plain(match["t"])]
        term = vocabulary.TERMS[name]
        reading.add(match, "genres", "genre" if term.kind == "genre" else "theme", name)


def genre_of(text: str) -> str | None:
    """Return the genre or theme that `text` as a whole names, in either language."""
    return _term_words().get(_plain(text))


def _plain(text: str) -> str:
    return " ".join(fold(text).replace("-", " ").split())


@lru_cache(maxsize=1)
def _term_words() -> dict[str, str]:
    made: dict[str, str] = {}
    for term in vocabulary.TERMS.values():
        if term.name in vocabulary.ADULT_GENRES:
            continue
        for word in (term.name, term.ko, *term.words):
            made.setdefault(_plain(word), term.name)
            made.setdefault(_plain(word).replace(" ", ""), term.name)
    return made


@lru_cache(maxsize=1)
def _alternatives() -> str:
    spelled = sorted(_term_words(), key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"[\s-]+") for word in spelled)
