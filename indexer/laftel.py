"""A Laftel-style Korean catalogue: one CSV with 제목, 장르, 태그, 줄거리 and what else there is."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable

import vocabulary
from catalogue import Character, Title
from indexer import clean
from indexer.report import Report
from indexer.rows import Bad, File, csv_rows
from search.keys import key

NAME, GENRES, TAGS, SYNOPSIS, STUDIO, YEAR = "제목", "장르", "태그", "줄거리", "제작사", "연도"
QUARTERS, SCORE, AGE, CHARACTERS, ID, SERIES = (
    "air_year_quarter", "avg_rating", "age_rating", "캐릭터", "laftel_id", "series_id",
)  # fmt: skip
MARKS = frozenset({GENRES, SYNOPSIS, TAGS})  # one of these beside the name makes a file ours

OWN_IDS = 1_000_000_000  # ids made from titles lie from here to twice this, above every real one
EROTIC = frozenset({"에로", "에로티카", "헨타이", "야애니", "포르노"})
SOURCES = {
    "만화 원작": "Manga", "소설 원작": "Novel", "게임 원작": "Game", "웹툰 원작": "Web manga",
    "오리지널 애니메이션 작품": "Original",
}  # fmt: skip
# What the vocabulary's own names and words do not settle. 성인 says "for grown-ups" here, not pornography.
_CANONICAL = {
    "성인": None, "GL 백합": "Girls Love", "치유": "Iyashikei", "음식": "Gourmet", "개그": "Comedy", "아동": "Kids",
    "시대물": "Historical", "요괴 및 괴물": "Yokai", "두뇌싸움": "Strategy Game", "회사": "Workplace", "게임": "Video Game",
    "연예인": "Showbiz", "군인": "Military", "악마 또는 천사": "Demons", "연기": "Performing Arts", "예술": "Visual Arts",
    "지식전달": "Educational", "루프물": "Time Travel", "성별전환": None, "로봇": "Mecha",
}  # fmt: skip
_VERSION = re.compile(r"^\s*[(\[]\s*((?:자막|더빙|무삭제)(?:\s*,\s*(?:자막|더빙|무삭제))*)\s*[)\]]\s*")
_REVIVED = re.compile(r"\s*-\s*판권 부활\s*$")
_NOTICE = re.compile(r"^\s*\[공지\].*?<줄거리>\s*", re.DOTALL)
_QUARTER = re.compile(r"(\d{4})년(?:\s*([1-4])분기)?")
_VOICE = re.compile(r"\s*\(\s*CV[^)]*\)?\s*$", re.IGNORECASE)
_FORMATS = (("movie", re.compile(r"극장판|the movie", re.IGNORECASE)), ("ova", re.compile(r"\b(?:OVA|OAD)\b")),
            ("special", re.compile(r"스페셜|특별편|특별판")))  # fmt: skip


def read_laftel(file: File, report: Report, bad: Bad) -> list[Title]:
    """Return the titles of a Korean catalogue, with ids of its own."""
    found: dict[int, Title] = {}
    series: dict[str, list[int]] = defaultdict(list)
    for line, row in csv_rows(file, bad):
        report.read += 1
        if not clean.known(row.get(NAME)):
            bad(file.name, line, f"{NAME} is {row.get(NAME)!r}; a title is needed.")
            continue
        id = _id(row, found)
        if id is None:
            bad(file.name, line, f"{ID} is {row[ID]!r}; a number from 1 on is needed.")
        elif id in found:
            report.left_out["duplicate id"] += 1
            report.warn(f"{file.name}, line {line}: id {id} is there already; the first is kept.")
        else:
            found[id] = make_title(id, row, report)
            if group := clean.known(row.get(SERIES)):
                series[group].append(id)
    for ids in series.values():
        first = min(ids, key=lambda id: (found[id].aired_from or "9999", id))
        for id in ids:
            found[id] = found[id].replace(series=first)
    return list(found.values())


def make_title(id: int, row: dict[str, str], report: Report) -> Title:
    """Return the title of one row; its names are Korean, its genres canonical where they correspond."""
    whole = clean.known(row[NAME]) or ""
    name, versions = split_name(whole)
    report.repaired["version moved out of the name"] += name != whole
    genres, themes = split_tags([*clean.items(row.get(GENRES)), *clean.items(row.get(TAGS))])
    year, season, aired = aired_quarter(row.get(QUARTERS) or row.get(YEAR))
    text = _NOTICE.sub("", row.get(SYNOPSIS) or "")
    synopsis = clean.synopsis(text)
    report.repaired["placeholder synopsis emptied"] += synopsis is None and bool(text.strip())
    return Title(
        id=id,
        titles={"ko": name},
        aliases=(whole,) if whole != name else (),
        format=next((kind for kind, pattern in _FORMATS if pattern.search(name)), None),
        year=clean.year(row.get(YEAR)) or year,
        season=season,
        aired_from=aired,
        studios=clean.items(row.get(STUDIO)),
        source=next((SOURCES[theme] for theme in themes if theme in SOURCES), None),
        genres=genres,
        themes=(*(theme for theme in themes if theme not in SOURCES), *versions),
        synopsis={"ko": synopsis} if synopsis else {},
        score=clean.score(row.get(SCORE), scale=5),
        members=clean.whole(row.get("rating_count")),
        adult=is_adult(clean.number(row.get(AGE)), [*genres, *themes]),
        characters=characters(row.get(CHARACTERS)),
        image_url=clean.known(row.get("image_url")),
    )


def split_name(name: str) -> tuple[str, tuple[str, ...]]:
    """Return a name without "(자막)", "(더빙)", "(무삭제)" and "- 판권 부활", and the versions that it named."""
    versions: list[str] = []
    while match := _VERSION.match(name):
        versions += [part.strip() for part in match[1].split(",")]
        name = name[match.end() :]
    return _REVIVED.sub("", name).strip(), tuple(versions)


def split_tags(tags: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (genres, themes) of Korean tags: canonical names where they correspond, Korean themes otherwise."""
    genres: dict[str, bool] = {}
    themes: dict[str, bool] = {}
    for tag in tags:
        name = canonical(tag)
        (genres if name in vocabulary.GENRE_NAMES else themes)[name or tag] = True
    return tuple(genres), tuple(themes)


def canonical(tag: str) -> str | None:
    """Return the vocabulary's name for a Korean genre or tag ("SF" -> "Sci-Fi", "치유" -> "Iyashikei"), if it has one."""
    if tag in _CANONICAL:
        return _CANONICAL[tag]
    return _WORDS.get(tag.casefold())


def aired_quarter(text: str | None) -> tuple[int | None, str | None, str | None]:
    """Return (year, season, ISO date) of "2012년 1분기, 2012년 2분기": the earliest; a quarter begins in its first month."""
    found = sorted((int(match[1]), int(match[2] or 0)) for match in _QUARTER.finditer(text or ""))
    if not found:
        year = clean.year(text)
        return year, None, str(year) if year else None
    year, quarter = found[0]
    if not quarter:
        return year, None, f"{year:04}"
    aired = f"{year:04}-{quarter * 3 - 2:02}"
    return year, clean.season(None, aired), aired


def characters(text: str | None) -> tuple[Character, ...]:
    """Return the people of "딸기 (CV 김현지) | 가온 (CV 신용우)" without their voices."""
    names = (_VOICE.sub("", part).strip() for part in clean.items(text))
    return tuple(Character(name, name) for name in dict.fromkeys(names) if name)


def is_adult(age: float | None, tags: Iterable[str]) -> bool:
    """Tell whether a title is pornographic: only for grown-ups (19) and called erotic.

    19 and the genre 성인 do not say so: "진격의 거인" and "은혼" have both, for blood and for jokes.
    """
    return age is not None and age >= 19 and not EROTIC.isdisjoint(tags)


def _id(row: dict[str, str], taken: dict[int, Title]) -> int | None:
    if ID in row and row[ID].strip():
        return clean.whole(row[ID]) or None
    id = own_id(row[NAME])
    if id in taken and taken[id].text("ko") != (clean.synopsis(row.get(SYNOPSIS)) or ""):
        # Another work of the same name: its synopsis tells the two apart, whatever the order of later rows.
        return own_id(row[NAME], row.get(SYNOPSIS) or "")
    return id


def own_id(name: str, more: str = "") -> int:
    """Return the id, the same in every run, of a title that comes without one."""
    digest = hashlib.blake2b(f"{key(name)}\n{key(more) if more else ''}".encode(), digest_size=8).digest()
    return OWN_IDS + int.from_bytes(digest, "big") % OWN_IDS


def _words() -> dict[str, str]:
    """Return {Korean or Latin word: canonical name}; a name goes before another term's word, Hentai has none."""
    terms = [term for term in vocabulary.TERMS.values() if term.name not in vocabulary.ADULT_GENRES]
    made: dict[str, str] = {}
    for term in terms:
        for word in (term.name, term.ko):
            made.setdefault(word.casefold(), term.name)
    for term in terms:
        for word in term.words:
            made.setdefault(word.casefold(), term.name)
    return made


_WORDS = _words()
