"""Series: which works belong together, from a catalogue's relations or, where it names none, from titles and years."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from catalogue import Title
from search.keys import fold, has_cjk, key

MIN_KEY = 4  # letters of a Latin name that may hold a series together
MIN_CJK = 2
MAX_YEARS, NEAR = 30, 10  # between two works of a series that have no studio in common
ALONE = 3  # letters of a name that no other script confirms
SMALL = 6  # a name shorter than this needs like genres and near years
# Sources that run for years: works of one name from one of them are the same story.
SERIAL = frozenset({"Manga", "Light novel", "Visual novel", "Game", "4-koma manga", "Web manga", "Card game"})

# A phrase that begins two names of one studio: words, letters, native letters, and years between the works.
PHRASE, PHRASE_KEY, PHRASE_CJK, PHRASE_YEARS = 3, 14, 6, 8

_ROMAN = r"(?:ii|iii|iv|v|vi|vii|viii|ix|x)"
_ORDINAL = r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|final|last)"
_UNIT = r"(?:season|series|stage|part|cour|act|chapter|kessen|shou|ki|gou|hen)"
_KIND = (
    r"(?:movies?|the movie|gekijou ?ban|eiga|film|ova|oad|ona|tv|tv series|tv special|specials?|picture drama|recaps?"
    r"|soushuu-?hen|pilot|pv|cm|bd|dvd|extra|extras|omake|tokubetsu-?hen|bangai-?hen|the animation|animation|mini anime"
    r"|mini|shorts?|promotion|prologue|epilogue|episode|finale?|zoku|shin series|digest|encore|remake|rewrite|r2"
    r"|zenpen|kouhen|chuuhen|kanketsu-?hen|joukan|gekan|special edition|director'?s cut|special program"
    r"|web|net|music video|mv)"
)
_TRAILING = re.compile(
    rf"[\s:,.!?~☆★♪/'°-]*(?:"
    rf"(?<![\w.])(?:the )?{_ORDINAL} {_UNIT}\b|(?<!\w){_UNIT}[ .]?(?:\d{{1,2}}|{_ROMAN}|one|two|three)(?!\w)"
    rf"|(?<!\w){_KIND}(?:[ .]?\d{{1,2}}(?:\.\d)?)?(?!\w)|(?<=\w )(?:[1-9]\d?|{_ROMAN})(?!\w)|(?<=[a-z])\d(?!\w)"
    rf"|\((?:tv|ona|ova|movie|special|music|\d{{4}}|\w+ ver\.?)\)|\(\d+\)|(?<=\w )(?:19|20)\d\d(?!\w)"
    rf"|第?\s*[\d一二三四五六七八九十]+\s*(?:期|シリーズ|クール|シーズン|部|章|기|부|쿨)|シーズン\s*\d+|시즌\s*\d+|(?:the )?final"
    rf"|劇場版|映画|完結編|最終章|総集編|特別編|番外編|前編|後編|スペシャル|극장판|스페셜|특별편|완결편|총집편|part\s*\d+|파트\s*\d+"
    rf"|[Ⅱ-Ⅻ]|(?<=[぀-ヿ一-鿿가-힣])\d{{1,2}}(?!\w)"
    rf")[\s:,.!?~☆★♪/'°-]*$"
)
_LEADING = re.compile(
    r"^(?:gekijou ?ban|eiga|movie|ova|zoku|超?劇場版|映画|続|극장판)(?=[\s　『「:]|(?<=[版画続판]))[\s　:]*"
)
_CUT = re.compile(r":\s|\s[-~–—―]\s?|\s[-~]|[〜～「『〈《【]|\s\(|\s/\s|：|(?<=\w)~")
_EDGE = " 　:,.!?~-–—―/'°☆★♪♥」』〉》】・。、…"


class Name(NamedTuple):
    """A name as series see it: the exact keys of all of it and of what stands before its subtitle."""

    whole: str
    head: str


@dataclass(frozen=True, slots=True)
class Quality:
    """Pairwise quality of series against the truth: of the pairs put together, those that belong together; and back."""

    precision: float
    recall: float
    pairs: int


def with_series(titles: Sequence[Title]) -> list[Title]:
    """Return the titles, each with the id of its series' first work: by date, then by id; alone, its own.

    Where the catalogue names relations or series, their connected components are the series. Where it names none at
    all, series are inferred from names in several scripts, years and studios (precise rather than complete).
    """
    named = any(title.relations or title.series is not None for title in titles)
    groups = _named_groups(titles) if named else inferred_groups(titles)
    return [title.replace(series=groups[title.id]) for title in titles]


def series_quality(titles: Sequence[Title], truth: Sequence[Title]) -> Quality:
    """Compare the `series` of titles with the true relations and series of `truth`, over the ids both have."""
    true = _named_groups(truth)
    ours = {title.id: title.series for title in titles if title.id in true}
    found = _pairs(ours)
    wanted = _pairs({id: true[id] for id in ours})
    both = len(found & wanted)
    return Quality(both / len(found) if found else 1.0, both / len(wanted) if wanted else 1.0, len(wanted))


def inferred_groups(titles: Sequence[Title]) -> dict[int, int]:
    """Return {id: series} inferred from the names of the titles."""
    works = [_Work.of(title) for title in titles]
    union = _Union(title.id for title in titles)
    for agree, bucket in _buckets(works):
        for one, other in combinations(bucket, 2):
            if agree(one, other):
                union.join(one.title.id, other.title.id)
    for one, other in (*_hosted(works), *_phrased(works)):
        union.join(one.title.id, other.title.id)
    return _first_works(union, titles)


def base_name(name: str) -> Name:
    """Return a name's keys without season numbers, "Movie", "OVA", 第2期, 2기 and the like, whole and before a subtitle."""
    text = _stripped(fold(name))
    head = _stripped(_CUT.split(text, maxsplit=1)[0]) if _CUT.search(text) else text
    return Name(key(text), key(head) if head else key(text))


def _stripped(text: str) -> str:
    text = _LEADING.sub("", text.strip(_EDGE)) or text
    while (shorter := _TRAILING.sub("", text).strip(_EDGE)) and shorter != text:
        text = shorter
    return text.strip(_EDGE) or text


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    title: Title
    romaji: Name
    native: Name
    english: Name

    @classmethod
    def of(cls, title: Title) -> _Work:
        empty = Name("", "")
        names = title.titles
        native = names.get("native") or names.get("ko") or ""
        return cls(
            title,
            base_name(names["romaji"]) if names.get("romaji") else empty,
            base_name(native) if native else empty,
            base_name(names["en"]) if names.get("en") else empty,
        )


def _buckets(works: Iterable[_Work]) -> Iterable[tuple[Callable[[_Work, _Work], bool], list[_Work]]]:
    """Yield works with one head in common, and what else two of them must agree in."""
    for field in ("romaji", "native", "english"):
        by_head: dict[str, list[_Work]] = defaultdict(list)
        for work in works:
            head = getattr(work, field).head
            if len(head) >= (MIN_CJK if has_cjk(head) else MIN_KEY) and not head.isdigit():
                by_head[head].append(work)
        for bucket in by_head.values():
            if len(bucket) > 1:
                bucket.sort(key=lambda work: (work.title.year or 9999, work.title.id))
                yield _agreement(field), bucket


def _agreement(field: str) -> Callable[[_Work, _Work], bool]:
    others = [name for name in ("romaji", "native", "english") if name != field]

    def agree(one: _Work, other: _Work) -> bool:
        if not _related(one, other):
            return False
        pairs = [(getattr(one, name), getattr(other, name)) for name in others]
        if not any(a.head and b.head for a, b in pairs):
            # A catalogue with names in one script only: a long enough name has to do.
            return len(getattr(one, field).head) >= ALONE
        return any(_same_start(a, b) for a, b in pairs)

    return agree


def _same_start(one: Name, other: Name) -> bool:
    """Tell whether two names begin alike for at least half of the shorter head."""
    least = min(len(one.head), len(other.head))
    return least >= MIN_CJK and _common(one.whole, other.whole) >= min(least, max(3, least / 2))


def _common(one: str, other: str) -> int:
    """Return how many letters two keys begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _related(one: _Work, other: _Work) -> bool:
    """Tell whether studios, years, sources and genres let two works of one name be of one series."""
    a, b = one.title, other.title
    if not set(a.studios).isdisjoint(b.studios):
        return True
    years = abs(a.year - b.year) if a.year and b.year else 0
    common, all_genres = len({*a.genres} & {*b.genres}), len({*a.genres} | {*b.genres})
    alike = common / all_genres if all_genres else 0.0
    heads = [work.romaji.head or work.native.head for work in (one, other)]
    if min(map(len, heads)) < (ALONE if has_cjk(heads[0]) else SMALL):
        return years <= NEAR and alike >= 0.5
    if "music" in (a.format, b.format):
        return alike >= 0.5
    # Folk tales and plain words are filmed again and again under one name; a serial work is the same work.
    homonyms = one.romaji.whole == other.romaji.whole and years > 2
    serial = a.source == b.source and a.source in SERIAL
    return serial or (years <= NEAR and (a.source == b.source or alike >= 0.5) if homonyms else years <= MAX_YEARS)


def _hosted(works: Sequence[_Work]) -> Iterable[tuple[_Work, _Work]]:
    """Yield works with the work whose whole name theirs goes on from, in Latin and in native letters alike."""
    hosts: dict[str, list[_Work]] = defaultdict(list)
    for work in works:
        if work.romaji.whole and work.native.whole and work.title.format != "music":
            hosts[work.romaji.whole].append(work)
    for work in works:
        parts = _stripped(fold(work.title.titles.get("romaji", ""))).split()
        made = ""
        for at, part in enumerate(parts[:-1], start=1):
            made += key(part)
            if len(made) < 6 or (at == 1 and len(made) < 8):
                continue
            for host in hosts.get(made, ()):
                if host is not work and _goes_on(host, work):
                    yield host, work


def _goes_on(host: _Work, work: _Work) -> bool:
    if len(host.native.whole) < 3 or not work.native.whole.startswith(host.native.whole):
        return False
    a, b = host.title, work.title
    return not set(a.studios).isdisjoint(b.studios) or (
        len({*a.genres} & {*b.genres}) * 2 >= min(len(a.genres), len(b.genres)) > 0
    )


def _phrased(works: Iterable[_Work]) -> Iterable[tuple[_Work, _Work]]:
    """Yield works of one studio whose names begin with the same phrase in both scripts ("Suzumiya Haruhi no ...")."""
    by_phrase: dict[str, list[_Work]] = defaultdict(list)
    for work in works:
        parts = _stripped(fold(work.title.titles.get("romaji", ""))).split()
        phrase = "".join(key(part) for part in parts[:PHRASE])
        if len(parts) > PHRASE and len(phrase) >= PHRASE_KEY and work.title.format != "music":
            by_phrase[phrase].append(work)
    for bucket in by_phrase.values():
        for one, other in combinations(bucket, 2):
            a, b = one.title, other.title
            native = _common(one.native.whole, other.native.whole)
            near = abs((a.year or 0) - (b.year or 0)) <= PHRASE_YEARS
            if near and native >= PHRASE_CJK and not set(a.studios).isdisjoint(b.studios):
                yield one, other


def _named_groups(titles: Sequence[Title]) -> dict[int, int]:
    known = {title.id: title for title in titles}
    # Works may name a first work or a relation that the catalogue lacks; it holds them together all the same.
    named = {title.series for title in titles if title.series is not None}
    related = {relation.id for title in titles for relation in title.relations}
    union = _Union({*known, *named, *related})
    for title in titles:
        if title.series is not None:
            union.join(title.id, title.series)
    for title in titles:
        for relation in title.relations:
            other = known.get(relation.id)
            # Two works that name different series are not of one, whatever relates them.
            if None in (title.series, other.series if other else None) or title.series == other.series:  # type: ignore[union-attr]
                union.join(title.id, relation.id)
    return _first_works(union, titles)


def _first_works(union: _Union, titles: Iterable[Title]) -> dict[int, int]:
    groups: dict[int, list[Title]] = defaultdict(list)
    for title in titles:
        groups[union.root(title.id)].append(title)
    return {
        title.id: min(group, key=lambda work: (work.aired_from or str(work.year or 9999), work.id)).id
        for group in groups.values()
        for title in group
    }


def _pairs(series: dict[int, int | None]) -> set[tuple[int, int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for id, of in series.items():
        if of is not None:
            groups[of].append(id)
    return {pair for group in groups.values() for pair in combinations(sorted(group), 2)}


class _Union:
    """Disjoint sets of ids."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._parent = {id: id for id in ids}

    def root(self, id: int) -> int:
        while self._parent[id] != id:
            self._parent[id] = self._parent[self._parent[id]]
            id = self._parent[id]
        return id

    def join(self, one: int, other: int) -> None:
        self._parent[self.root(other)] = self.root(one)
