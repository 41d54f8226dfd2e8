"""Read years, formats, lengths, genres, makers and "like X" from the words of a query.

Pure: text in, constraints and the remaining words out. The caller has already tried the whole text as a name,
so a word that is part of a title never comes here. In a description only explicit phrases count ("without
romance", "90s anime", "under 13 episodes"): there, "music", "in the 90s" or "with no family" tell the plot. A
filter read wrongly hides the work that is looked for; one not read costs little. So doubt leaves the words alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import vocabulary
from search.engine import NO_FILTERS, Filters
from search.keys import fold, has_hangul, key
from search.results import Constraint

_FORMAT_WORDS = {word for term in vocabulary.FORMATS for word in (term.name, term.ko, *term.words)}
FIRST_YEAR, LAST_YEAR = 1900, 2035
SHORT_EPISODES, SHORT_MINUTES = 13, 15
# More words than this, those of the vocabulary aside, are a description. Korean says more in a word.
FEW_WORDS, FEW_WORDS_KO = 3, 2
OLDEST_DECADE = 1960

_FILLER = {
    *[
        "a",
        "an",
        "the",
        "or",
        "anime",
        "animes",
        "animation",
        "cartoon",
        "cartoons",
        "show",
        "shows",
        "series",
        "serie",
        "title",
        "titles",
        "works",
        "work",
        "some",
        "any",
        "good",
        "best",
        "great",
        "top",
        "about",
        "of",
        "with",
        "for",
        "me",
        "please",
        "find",
        "recommend",
        "recommendation",
        "recommendations",
        "something",
        "stuff",
        "want",
        "watch",
        "to",
        "i",
        "genre",
        "genres",
        "and",
        "that",
        "is",
        "are",
        "from",
        "in",
        "by",
        "made",
    ],
    *[
        "애니",
        "애니메이션",
        "만화",
        "작품",
        "추천",
        "추천해줘",
        "추천해",
        "좀",
        "뭐",
        "있어",
        "있나",
        "있는",
        "나오는",
        "보고",
        "싶어",
        "싶다",
        "그리고",
        "중에",
        "중",
        "것",
        "거",
        "인",
        "한",
        "물",
        "계열",
        "장르",
        "제작",
        "의",
        "나온",
        "방영",
    ],
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
    known = _by_key(tuple(studios))
    for rule in (_years, _episodes, _length, _without, _studio(known), _formats, _bare_studio(known), _terms):
        rule(reading)
    rest = " ".join(reading.text.split()).strip(" ,.;:!?·")
    return Parsed(rest, reading.filters, tuple(reading.constraints), like)


_NOUN = r"(?:animes?|animations?|cartoons?|movies?|films?|shows?|series|titles?|works?|ovas?|something|anything|stuff)"
_KOREAN_NOUN = r"(?:애니|만화|작품|영화|극장판|것|거|분위기|느낌|나온|나오는|방영|제작|개봉|만든|만들어진|시리즈)"
_YEAR = r"(?:19|20)\d\d"

_LIKE = (
    re.compile(
        r"^(?:(?:an?|any|some|more|find|recommend)\s+)?(?:(?:me|anime|animes|movies?|films?|shows?|series|something|"
        r"anything|stuff|titles|works)\s+)*(?P<before>)(?:like|similar\s+to|in\s+the\s+style\s+of)\s+(?P<like>.+?)"
        rf"(?P<rest>(?:\s*,)?\s+(?:but|with|without|except|minus|from\s+(?:the\s+)?(?=\d)|(?:before|after|since)\s+(?={_YEAR}))\s*.+)?$",
        re.IGNORECASE,
    ),
    # "romance anime like Toradora", "90s shows similar to Cowboy Bebop"
    re.compile(
        rf"^(?P<before>(?:\S+\s+){{1,4}}?){_NOUN}\s+(?:like|similar\s+to)\s+(?P<like>.+?)"
        r"(?P<rest>(?:\s*,)?\s+(?:but|with|without|except|minus)\s+.+)?$",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?P<before>)(?P<like>.+?)\s*(?:와|과|이랑|랑)?\s*(?:같은데|비슷한데|같지만|같은|처럼|비슷한|닮은)(?:\s+|$)(?P<rest>.*)$"
    ),
)


def _like(text: str) -> tuple[str | None, str]:
    for pattern in _LIKE:
        match = pattern.match(text.strip())
        if match:
            rest = re.sub(
                r"^\s*,?\s*(but\b|하지만|인데|근데|그런데)", " ", match["rest"] or "", count=1, flags=re.IGNORECASE
            )
            rest = rest.strip()
            if has_hangul(text) and len(_telling(rest)) > FEW_WORDS_KO and not re.match(_KOREAN_NOUN, rest):
                # 꿈처럼 사라진 소녀를 찾는 소년: a description that compares.
                continue
            return match["like"].strip(" ,"), f"{match['before']} {rest}".strip()
    return None, text


def _telling(text: str) -> list[str]:
    """Return the words of `text` that tell something, those of the vocabulary aside."""
    left = content_words(re.sub(_spelled(), " ", text, flags=re.IGNORECASE))
    return [word for word in left if word not in _FORMAT_WORDS]


def _describes(text: str) -> bool:
    """Tell whether so many words are left in `text` that it must be a description."""
    return len(_telling(text)) > (FEW_WORDS_KO if has_hangul(text) else FEW_WORDS)


def _of_release(reading: _Reading, match: re.Match[str]) -> bool:
    """Tell whether a phrase of time says when a work was made, not when its story plays."""
    before, after = reading.text[: match.start()], reading.text[match.end() :]
    told = _telling(f"{before} {after}")
    if not told:
        return True
    if re.match(r"\s*(?:years?|days?|people|men|soldiers|episodes?|년)\b", after, re.IGNORECASE):
        return False
    if re.match(rf"\s*(?:{_NOUN}\b|(?:에\s*)?{_KOREAN_NOUN})", after, re.IGNORECASE):
        return True
    if re.search(rf"(?:{_NOUN}|{_spelled()})\s+(?:(?:that\s+)?(?:came\s+out|was\s+made|released|made|aired|from)\s+(?:in\s+)?)?$", before, re.IGNORECASE) and re.match(r"\s*(?:from|of|before|after|since|between|released|made|aired)\b", match.group(0), re.IGNORECASE):  # fmt: skip
        return True
    if re.match(r"\s*(?:released|made|aired)\b", match.group(0), re.IGNORECASE):
        return True
    if re.search(r"\b(?:in|during|year|set|his|her|their|my|mid|late|early|around|back)(?:\s+the)?\s*$", before, re.I):
        return False
    if re.match(r"\s*(?:in|late|early)\b", match.group(0), re.I) or match.group(0).rstrip().endswith("에"):
        return False
    return not _describes(f"{before} {after}")


def _years(reading: _Reading) -> None:
    decade = re.search(
        r"\b(?:(?:from|of|in)\s+)?(?:the\s+)?(?:early\s+|late\s+|mid[\s-]+)?(?P<d>(?:19|20)?\d0)['’]?s\b"
        r"|(?P<k>(?:19|20)?\d0)\s*년대(?:의|에)?(?:\s*(?:초반|중반|후반)(?:의|에)?)?",
        reading.text,
        re.IGNORECASE,
    )
    if decade:
        number = int(decade["d"] or decade["k"])
        start = number if number >= 1900 else (1900 if number >= 30 else 2000) + number
        if _of_release(reading, decade) and (OLDEST_DECADE <= start <= LAST_YEAR or not _telling(_without_match(reading, decade))):  # fmt: skip
            reading.take(decade, "year_from", start, year_from=start, year_to=start + 9)
            # One phrase, two parameters: both are removed together.
            reading.constraints.append(replace(reading.constraints[-1], parameter="year_to", value=start + 9))
            return
    year = rf"(?P<y>{_YEAR})"
    between = re.search(
        rf"\b(?:between|from)\s+(?P<a>{_YEAR})\s*(?:and|to|-|–)\s*(?P<b>{_YEAR})\b", reading.text, re.I
    ) or re.search(rf"(?P<a>{_YEAR})\s*(?:~|-|–|년?\s*부터)\s*(?P<b>{_YEAR})\s*년?(?:\s*까지|\s*사이)?", reading.text)
    if between and int(between["a"]) <= int(between["b"]) and _of_release(reading, between):
        words = between.group(0).strip()
        reading.take(between, "year_from", int(between["a"]), year_from=int(between["a"]), year_to=int(between["b"]))
        reading.constraints.append(Constraint("year_to", int(between["b"]), words))
        return
    korean = rf"(?P<k>{_YEAR})\s*년?"
    rules: tuple[tuple[str, Callable[[int], dict[str, int]]], ...] = (
        (rf"\b(?:before|prior to|older than)\s+{year}\b|{korean}\s*이전(?:에|의)?(?=\s|$)|(?P<j>{_YEAR})\s*년\s*전(?:에|의)?(?=\s|$)", lambda y: {"year_to": y - 1}),
        (rf"\b(?:after|newer than)\s+{year}\b", lambda y: {"year_from": y + 1}),
        # 2010년 이후: from that year on
        (rf"\bsince\s+{year}\b|{korean}\s*(?:부터|이후(?:에|의)?)(?=\s|$)", lambda y: {"year_from": y}),
        (rf"\b(?:from|of|released in|made in|aired in)\s+{year}\b|\((?P<p>{_YEAR})\)|(?P<k>{_YEAR})\s*년(?:작|도|에|의)?(?=\s|$)", lambda y: {"year_from": y, "year_to": y}),
        (rf"(?:^|(?<=\s)){year}(?=\s|$)", lambda y: {"year_from": y, "year_to": y}),
    )  # fmt: skip
    for pattern, make in rules:
        match = re.search(pattern, reading.text, re.IGNORECASE)
        if match is None or not _of_release(reading, match):
            continue
        number = int(next(value for value in match.groupdict().values() if value))
        if not FIRST_YEAR <= number <= LAST_YEAR or (match.groupdict().get("j") and _telling(_without_match(reading, match))):  # fmt: skip
            # 2000년 전 is "2,000 years ago" in a story.
            continue
        words = match.group(0).strip()
        first, *others = make(number).items()
        reading.take(match, first[0], first[1], **make(number))
        reading.constraints.extend(Constraint(name, value, words) for name, value in others)
        return


def _without_match(reading: _Reading, match: re.Match[str]) -> str:
    return f"{reading.text[: match.start()]} {reading.text[match.end() :]}"


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
    match = re.search(
        r"(?<!\w)(?P<n>\d{1,4})[\s-]*(?:episodes?|eps|부작|화)(?:짜리|의)?(?!\w)", reading.text, re.IGNORECASE
    )
    if match and not _telling(_without_match(reading, match)):
        number = int(match["n"])
        reading.take(match, "episodes_min", number, episodes_min=number, episodes_max=number)
        reading.constraints.append(replace(reading.constraints[-1], parameter="episodes_max"))


def _length(reading: _Reading) -> None:
    if reading.filters.episodes_max is not None:
        return
    match = re.search(
        r"(?:^|(?<=\s))short(?P<noun>\s+(?:ones|series|shows?|anime))?(?=\s|$)|(?:^|(?<=\s))(?:짧은|단편)(?=\s|$)",
        reading.text,
        re.I,
    )
    if match is None:
        return
    left = _without_match(reading, match)
    # "short girl, tall boy" is about people.
    if not _telling(left) or (match["noun"] and not _describes(left)):
        reading.take(match, "episodes_max", SHORT_EPISODES, episodes_max=SHORT_EPISODES)


# What a person who describes a plot can only mean of the work itself; "no magic", "no family" tell the plot.
_OF_WORKS = frozenset({"Romance", "Comedy", "Drama", "Horror", "Ecchi", "Harem", "Gore", "Isekai", "Mecha", "Sci-Fi",
                       "Slice of Life", "Thriller", "Yaoi", "Yuri", "Boys Love", "Girls Love"})  # fmt: skip


def _without(reading: _Reading) -> None:
    describes = _describes(reading.text)
    said = r"(?:without|minus|except|excluding|no)" if describes else r"(?:without|minus|except|excluding|not|no)"
    terms = _alternatives()
    for pattern in (
        rf"\b{said}\s+(?:any\s+|too much\s+)?(?P<t>{terms}(?:\s*(?:,|\bor\b|\band\b|\bnor\b)\s*(?:without\s+|no\s+)?{terms})*)\b",
        rf"(?P<t>{terms}(?:\s*(?:,|하고|이랑|랑|과|와|이나|나|및|/)\s*{terms})*)(?:은|는|이|가|을|를|물)?\s*"
        r"(?:없는|없이|빼고|제외하고|제외한|제외|말고|아닌|안\s*나오는)",
    ):
        at = 0
        while match := re.compile(pattern, re.IGNORECASE).search(reading.text, at):
            names = [_term_words()[_plain(found)] for found in re.findall(terms, match["t"], re.IGNORECASE)]
            if describes and not set(names) <= _OF_WORKS:
                at = match.end()
                continue
            words = match.group(0).strip()
            reading.add(match, "without_genres", "without_genre", names[0])
            for name in names[1:]:
                kept = (*reading.filters.without_genres, name)
                reading.filters = replace(reading.filters, without_genres=tuple(dict.fromkeys(kept)))
                reading.constraints.append(Constraint("without_genre", name, words))
            at = 0


def _studio(known: Mapping[str, str]) -> Callable[[_Reading], None]:
    def rule(reading: _Reading) -> None:
        # In a description only "an anime by X" names the maker: a lamp may be made from bones.
        said = (
            rf"(?:{_NOUN}|animated|produced)\s+"
            if _describes(reading.text)
            else r"(?:made\s+|produced\s+|animated\s+)?"
        )
        for pattern in (
            rf"\b{said}(?P<all>(?:by|from|studio)\s+(?:studio\s+)?(?P<s>\S+(?:\s+\S+){{0,3}}))",
            r"(?P<all>(?P<s>\S+(?:\s+\S+){0,2}?)\s*(?:제작사|제작|가\s*만든|이\s*만든|에서\s*만든|의\s*작품))(?=\s|$)",
        ):
            match = re.search(pattern, reading.text, re.IGNORECASE)
            if match is None:
                continue
            follows = match.start("s") != match.start(
                "all"
            )  # English names follow "by", Korean ones stand before "제작"
            parts = list(re.finditer(r"\S+", match["s"]))
            for size in range(len(parts), 0, -1):
                chosen = parts[:size] if follows else parts[-size:]
                name = match["s"][chosen[0].start() : chosen[-1].end()]
                studio = known.get(key(name)) or known.get(key(f"studio {name}"))
                if studio:
                    start = match.start("all") if follows else match.start("s") + chosen[0].start()
                    end = match.start("s") + chosen[-1].end() if follows else match.end()
                    _take_studio(reading, start, end, studio)
                    return

    return rule


def _bare_studio(known: Mapping[str, str]) -> Callable[[_Reading], None]:
    """Take a maker's name that, beside constraints, is all there is: "Ghibli movies", "madhouse horror"."""

    def rule(reading: _Reading) -> None:
        parts = re.sub(_spelled(), "\0", reading.text, flags=re.IGNORECASE).split("\0")
        names = [part.strip() for part in parts if content_words(part)]
        if len(names) != 1 or (len(parts) == 1 and not reading.constraints):
            return
        studio = known.get(key(names[0])) or known.get(key(f"studio {names[0]}"))
        at = reading.text.find(names[0])
        if studio and at >= 0:
            _take_studio(reading, at, at + len(names[0]), studio)

    return rule


def _take_studio(reading: _Reading, start: int, end: int, studio: str) -> None:
    match = re.compile(re.escape(reading.text[start:end])).search(reading.text, start)
    assert match is not None
    studios = reading.filters.studios
    reading.take(match, "studio", studio, studios=studios if studio in studios else (*studios, studio))


@lru_cache(maxsize=4)
def _by_key(studios: tuple[str, ...]) -> dict[str, str]:
    return {key(studio): studio for studio in studios if len(key(studio)) > 2}


def _formats(reading: _Reading) -> None:
    for term in vocabulary.FORMATS:
        # "music" alone is the theme, not the music videos.
        names = {word for word in (term.name, term.ko, *term.words) if genre_of(word) is None}
        spelled = "|".join(re.escape(word) for word in sorted(names, key=len, reverse=True))
        for match in re.finditer(rf"(?<!\w)(?:{spelled})(?!\w)", reading.text, re.IGNORECASE):
            before, after = reading.text[: match.start()], reading.text[match.end() :]
            begins = not content_words(before) and re.match(
                r"\s+(?:about|where|in which|with|of|from|by)\b", after, re.I
            )
            # "a film club" and "girls making a movie" tell the plot; "ghost movies" does not.
            ends = not content_words(after) and not re.search(r"\b(?:an?|the|his|her|their|\w+ing)\s*$", before, re.I)
            if not _telling(f"{before} {after}") or begins or (ends and not _describes(f"{before} {after}")):
                reading.add(match, "formats", "format", term.name)
                break


def _terms(reading: _Reading) -> None:
    """Take genre and theme words of a short query, longest first; nothing of a description."""
    words = content_words(re.sub(_spelled(), " ", reading.text, flags=re.IGNORECASE))
    explicit = re.search(r"\bgenre\b|장르", reading.text) is not None
    if words and not explicit:
        # "sad romance in the rain" is a description; "90s robot" and "romantic comedy movies" are not.
        return
    while match := re.search(_spelled(), reading.text, re.IGNORECASE):
        words_of = match.group(0).strip()
        both = _BOTH.get(_plain(match["t"]).replace(" ", ""))
        names = both or (_term_words()[_plain(match["t"])],)
        reading.add(match, "genres", _parameter(names[0]), names[0])
        for name in names[1:]:
            reading.filters = replace(reading.filters, genres=tuple(dict.fromkeys((*reading.filters.genres, name))))
            reading.constraints.append(Constraint(_parameter(name), name, words_of))


def _parameter(name: str) -> str:
    return "genre" if vocabulary.TERMS[name].kind == "genre" else "theme"


# Words that say two genres at once.
_BOTH = dict.fromkeys(
    ("romcom", "romanticcomedy", "로맨스코미디", "로맨틱코미디", "러브코미디", "럽코", "로코"), ("Romance", "Comedy")
)


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
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"[\s-]+") for word in spelled) + ")"


@lru_cache(maxsize=1)
def _spelled() -> str:
    """Return the pattern of a term standing as a word of its own, group `t` the term."""
    both = r"rom[\s-]?com|로맨스코미디|로맨틱코미디|러브\s?코미디|럽코|로코"
    return rf"(?<!\w)(?P<t>{both}|{_alternatives()})(?:물|계|의|인|하고|이랑|랑|과|와)?(?!\w)"
