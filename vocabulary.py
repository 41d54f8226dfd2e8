"""Genres, themes and formats: their names in both languages and the words people use for them.

Canonical names are MyAnimeList's (its 2020 list, as in the Kaggle database, and today's). Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["genre", "theme", "format"]


@dataclass(frozen=True, slots=True)
class Term:
    """One genre, theme or format. `words` are what people type for it, in either language, beyond its names."""

    name: str
    ko: str
    kind: Kind
    words: tuple[str, ...] = ()


def _terms(kind: Kind, table: str) -> list[Term]:
    terms = []
    for line in table.strip().splitlines():
        name, ko, words = (part.strip() for part in line.split("|"))
        terms.append(Term(name, ko, kind, tuple(word.strip() for word in words.split(",") if word.strip())))
    return terms


GENRES = _terms(
    "genre",
    """
    Action | 액션 |
    Adventure | 모험 | adventures, 어드벤처
    Avant Garde | 아방가르드 | avant-garde, experimental, 실험, 실험적
    Boys Love | BL | bl, 보이즈러브
    Comedy | 코미디 | comedies, funny, humor, humour, hilarious, 개그, 코믹, 웃긴, 웃기는, 코메디
    Drama | 드라마 | dramas
    Dementia | 광기 |
    Ecchi | 에치 |
    Erotica | 에로티카 |
    Fantasy | 판타지 | fantasies, 환타지
    Girls Love | GL | gl, 백합, 걸즈러브
    Gourmet | 음식 | food, cooking, 요리, 미식, 먹방
    Hentai | 성인 |
    Horror | 공포 | scary, 호러, 무서운
    Mystery | 미스터리 | mysteries, 추리, 미스테리
    Romance | 로맨스 | romantic, love story, 연애, 러브스토리, 로맨틱
    Sci-Fi | SF | scifi, sci fi, science fiction, 에스에프, 공상과학
    Shoujo Ai | 소녀애 |
    Shounen Ai | 소년애 |
    Slice of Life | 일상 | slice-of-life, everyday life, 일상물
    Sports | 스포츠 | sport
    Supernatural | 초자연 | 초능력물, 오컬트
    Suspense | 서스펜스 | 긴장감
    Thriller | 스릴러 | thrillers
    Yaoi | 야오이 |
    Yuri | 유리 |
    """,
)

THEMES = _terms(
    "theme",
    """
    Adult Cast | 어른들 이야기 |
    Animals | 동물 |
    Anthropomorphic | 의인화 |
    Cars | 자동차 |
    Childcare | 육아 |
    Combat Sports | 격투 스포츠 | boxing, 복싱
    Crossdressing | 여장·남장 | cross-dressing, 여장, 남장
    Cyberpunk | 사이버펑크 |
    Delinquents | 불량소년 | 양아치, 불량배
    Demons | 악마 |
    Detective | 탐정 | detectives
    Educational | 교육 |
    Family | 가족 |
    Friendship | 우정 |
    Gag Humor | 개그 유머 |
    Game | 게임 |
    Gore | 잔혹 | gory, 고어, 잔인한
    Harem | 하렘 |
    High Stakes Game | 목숨 건 게임 | death game, 데스게임
    Historical | 역사 | history, 시대물, 역사물
    Idols | 아이돌 | idol
    Isekai | 이세계 |
    Iyashikei | 치유 | healing, 힐링, 치유물
    Josei | 조세이 |
    Kids | 어린이 | children, 아동, 키즈
    Love Polygon | 삼각관계 | love triangle
    Magic | 마법 | magical
    Mahou Shoujo | 마법소녀 | magical girl, magical girls
    Martial Arts | 무술 | kung fu, 무협, 격투
    Mecha | 메카 | robot, robots, giant robot, giant robots, 로봇, 거대로봇
    Medical | 의학 | doctors, 의료
    Military | 밀리터리 | army, 군대, 군사, 전쟁
    Music | 음악 | band, 밴드
    Mythology | 신화 |
    Organized Crime | 범죄 조직 | yakuza, mafia, 야쿠자, 마피아
    Otaku Culture | 오타쿠 |
    Parody | 패러디 |
    Performing Arts | 공연 예술 |
    Pets | 반려동물 |
    Police | 경찰 |
    Post-Apocalyptic | 포스트 아포칼립스 | post apocalyptic, apocalypse, 종말, 아포칼립스
    Psychological | 심리 | 심리물
    Racing | 레이싱 |
    Reincarnation | 환생 | 전생
    Revenge | 복수 |
    Reverse Harem | 역하렘 |
    Robots | 로봇·안드로이드 | androids, 안드로이드
    Samurai | 사무라이 |
    School | 학교 | high school, 학원물, 학원
    Seinen | 세이넨 | 청년
    Shoujo | 소녀 만화 | shojo, 순정, 순정만화
    Shounen | 소년 만화 | shonen, 소년만화
    Showbiz | 연예계 |
    Space | 우주 | outer space
    Strategy Game | 두뇌 게임 |
    Super Power | 초능력 | superpower, superpowers, 이능력
    Survival | 서바이벌 | 생존
    Team Sports | 팀 스포츠 |
    Time Travel | 시간 여행 | 타임슬립, 타임리프, 시간여행
    Tragedy | 비극 |
    Urban Fantasy | 어반 판타지 |
    Vampire | 뱀파이어 | vampires, 흡혈귀
    Video Game | 비디오 게임 |
    Visual Arts | 미술 |
    Workplace | 직장 |
    Yokai | 요괴 | youkai
    """,
)

FORMATS = _terms(
    "format",
    """
    tv | TV | tv series, tv show, tv anime, 티비
    movie | 영화 | movies, film, films, 극장판
    ova | OVA | ovas
    ona | ONA | onas, web anime, 웹애니
    special | 스페셜 | specials, tv special, 특별편
    music | 뮤직비디오 | music video
    """,
)

TERMS: dict[str, Term] = {term.name: term for term in (*GENRES, *THEMES)}
GENRE_NAMES = frozenset(term.name for term in GENRES)
THEME_NAMES = frozenset(term.name for term in THEMES)
ADULT_GENRES = frozenset({"Hentai", "Erotica"})

# Where a catalogue does not use a term, one of these stands for it (the 2020 list has no "Suspense").
EQUIVALENTS: dict[str, tuple[str, ...]] = {
    "Suspense": ("Thriller",),
    "Thriller": ("Suspense",),
    "Robots": ("Mecha",),
    "Mahou Shoujo": ("Magic",),
    "Magic": ("Mahou Shoujo",),
    "Boys Love": ("Shounen Ai",),
    "Girls Love": ("Shoujo Ai",),
    "Shounen Ai": ("Boys Love",),
    "Shoujo Ai": ("Girls Love",),
    "Racing": ("Cars",),
    "Cars": ("Racing",),
    "Martial Arts": ("Combat Sports",),
    "Yokai": ("Demons",),
    "Demons": ("Yokai",),
    "Avant Garde": ("Dementia",),
    "Police": ("Detective",),
    "Game": ("Video Game", "Strategy Game"),
    "Gag Humor": ("Comedy",),
}

_FORMATS_KO = {term.name: term.ko for term in FORMATS}
_FORMATS_EN = {"tv": "TV", "movie": "Film", "ova": "OVA", "ona": "ONA", "special": "Special", "music": "Music video"}


def label(name: str, language: str = "en") -> str:
    """Return the name of a genre or theme as a reader of `language` expects it."""
    term = TERMS.get(name)
    return term.ko if term and language == "ko" else name


def format_label(name: str | None, language: str = "en") -> str:
    """Return the name of a format as a reader of `language` expects it."""
    labels = _FORMATS_KO if language == "ko" else _FORMATS_EN
    return labels.get(name or "", name or "")
