"""Check a catalogue file as an editor would: facts, names, texts, and that no sentence is borrowed.

`indexer.read` asks whether a file can be indexed; this asks whether it is fit to be published. The limits below are
those of the bundled catalogue (data/README.md).
"""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import vocabulary
from catalogue import LANGUAGES, Title
from indexer import catalogue_file, clean
from indexer.laftel import NAME as LAFTEL_NAME
from indexer.laftel import SYNOPSIS as LAFTEL_SYNOPSIS
from indexer.report import CatalogueError
from indexer.rows import File, csv_rows, lines
from search.keys import key

LENGTHS = {"en": (50, 90, "words"), "ko": (90, 220, "characters")}  # of an offered work's synopsis
ONE_LINE = {"en": 30, "ko": 80}  # the most of a work's that is not offered
MAX_SENTENCE = 40  # words of English, eojeols of Korean
MAX_GRADE = 14.0  # Flesch-Kincaid
MAX_EOJEOLS = 20.0  # of a Korean sentence, on average
MAX_ALIKE, MAX_ALIKE_IN_SERIES = 0.35, 0.6  # TF-IDF cosine of two synopses
COPIED = {"en": 6, "ko": 5}  # words in a row that count as borrowed
LATIN = frozenset({"D", "E", "SOS", "XYZ"})  # names that Korean itself writes in Latin letters
ELSEWHERE = 90_000_000  # ids above are of films that MyAnimeList doesn't know
NEEDED = ("format", "year", "aired_from", "duration_min", "studios", "source", "genres", "members", "series")

FACTS = ("anime_catalog/anime_2020.csv.gz", "anime_catalog/anime_newer_titles.csv.gz")
TEXTS = {  # file: (column of the name, column of the text)
    "anime_catalog/anime_2020.csv.gz": ("title", "synopsis"),
    "anime_catalog/anime_newer_titles.csv.gz": ("title", "synopsis"),
    "mal2020/anime_with_synopsis.csv.gz": ("Name", "sypnopsis"),
    "anime_korean_laftel/laftel_2024_top.csv.gz": (LAFTEL_NAME, LAFTEL_SYNOPSIS),
    "anime_korean_laftel/laftel_2022_hangul_only.csv.gz": (LAFTEL_NAME, LAFTEL_SYNOPSIS),
}

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")
_ENGLISH = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_HANGUL = re.compile(r"[가-힣]+")
_VOWELS = re.compile(r"[aeiouyàáâäèéêëìíîïòóôöùúûü]+")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: the rule that it breaks, what is wrong, and the work where it is one's."""

    rule: str
    what: str
    id: int | None = None
    name: str = ""

    def __str__(self) -> str:
        of = f"{self.id} {self.name}: " if self.id else ""
        return f"{self.rule}: {of}{self.what}"


def check_catalogue(path: Path, data: Path | None = None) -> list[Problem]:
    """Return what is wrong with the catalogue file at `path`, in the order of the rules.

    With `data`, a folder laid out as ../shared/data, years, episodes and formats must agree with it by id, and no
    synopsis may share a run of words with a text in it. Of lines that are no valid title only that is said.
    """
    titles, problems = _read(path)
    for rule in RULES:
        problems += rule(titles)
    if data is not None:
        problems += [*disagreements(titles, data), *borrowed(titles, data)]
    return problems


def _read(path: Path) -> tuple[list[Title], list[Problem]]:
    file = File(path / catalogue_file.TITLES_FILE if path.is_dir() else path)
    titles: list[Title] = []
    problems: list[Problem] = []

    def bad(_: str, line: int, why: str) -> None:
        problems.append(Problem("schema", f"line {line}: {why}"))

    for line, raw in lines(file, bad):
        if not raw.strip():
            continue
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as error:
            bad(file.name, line, f"not JSON ({error}).")
            continue
        why = catalogue_file.problem(found)
        if why is None and (unknown := found.keys() - catalogue_file.FIELDS):
            why = f"{', '.join(sorted(unknown))} is no field of a title."
        if why:
            bad(file.name, line, why)
        else:
            titles.append(Title.from_dict(found))
    if not titles and not problems:
        raise CatalogueError(f"{file.name}: no title in it.")
    return titles, problems


def _found(rule: str, title: Title, what: str) -> Problem:
    return Problem(rule, what, title.id, title.name())


# -- facts and names


def complete(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find works whose facts are missing or contradict one another."""
    for title in titles:
        missing = [name for name in NEEDED if not getattr(title, name)]
        if missing:
            yield _found("facts", title, f"no {', '.join(missing)}.")
        if title.year and title.aired_from and not title.aired_from.startswith(str(title.year)):
            yield _found("facts", title, f"year {title.year}, but it aired from {title.aired_from}.")
        if title.format == "movie" and title.season:
            yield _found("facts", title, f"a film has no season ({title.season}).")
    for before, after in itertools.pairwise(titles):
        if (before.aired_from or "") > (after.aired_from or "") or before.aired_from is None:
            yield _found("order", after, "lines are sorted by aired_from.")


def unique(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find ids, and names that a reader sees, that two works share."""
    for field in ("id", "en", "ko"):
        owners: dict[str, Title] = {}
        for title in titles:
            name = str(title.id) if field == "id" else title.titles.get(field)
            if not name:
                continue
            other = owners.setdefault(key(name), title)
            if other is not title:
                yield _found("unique", title, f"the {field} {name!r} is {other.id}'s too.")


def both_languages(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find works without a name or a synopsis in one of the languages."""
    for title in titles:
        for language in LANGUAGES:
            missing = [
                what
                for what, where in (("name", title.titles), ("synopsis", title.synopsis))
                if not where.get(language)
            ]
            if missing:
                yield _found("languages", title, f"no {' and no '.join(missing)} in {language}.")
        if title.offered and not 1 <= len(title.characters) <= 6:
            yield _found("characters", title, f"{len(title.characters)} characters; 1 to 6 are named.")
        if any(not person.name_ko for person in title.characters):
            yield _found("languages", title, "a character has no Korean name.")


def vocabulary_kept(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find genres and themes that the vocabulary does not know, and adult works."""
    for title in titles:
        strange = [name for name in title.genres if name not in vocabulary.GENRE_NAMES]
        strange += [name for name in title.themes if name not in vocabulary.THEME_NAMES]
        if strange:
            yield _found("vocabulary", title, f"{', '.join(strange)} is no genre or theme.")
        if title.adult or vocabulary.ADULT_GENRES.intersection(title.genres):
            yield _found("vocabulary", title, "nothing adult is bundled.")


def connected(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find relations and series that lead nowhere or contradict one another."""
    by_id = {title.id: title for title in titles}
    back = {"prequel": "sequel", "sequel": "prequel"}
    for title in titles:
        for relation in title.relations:
            other = by_id.get(relation.id)
            if other is None or other is title:
                where = "itself" if other else f"{relation.id}, which is not in the catalogue"
                yield _found("relations", title, f"a {relation.kind} leads to {where}.")
            elif relation.kind in back and not any(
                there.id == title.id and there.kind == back[relation.kind] for there in other.relations
            ):
                yield _found(
                    "relations",
                    title,
                    f"{other.id} is its {relation.kind}, but it is not that one's {back[relation.kind]}.",
                )
            elif relation.kind in back and other.series != title.series:
                yield _found("series", title, f"its {relation.kind} {other.id} is of the series {other.series}.")
        first = by_id.get(title.series) if title.series else None
        if title.series and first is None:
            yield _found("series", title, f"its series begins with {title.series}, which is not in the catalogue.")
        elif first and first.series != first.id:
            yield _found("series", title, f"its series begins with {first.id}, which is of the series {first.series}.")
        elif first and (first.aired_from or "") > (title.aired_from or ""):
            yield _found("series", title, f"it is older than {first.id}, the first of its series.")


# -- texts


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in either language."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of an English text: the school years that reading it takes.

    0.39 words/sentence + 11.8 syllables/word - 15.59 (Kincaid et al. 1975); syllables are runs of vowels, a silent e
    at the end left out.
    """
    found = _ENGLISH.findall(text)
    if not found:
        return 0.0
    return 0.39 * len(found) / len(sentences(text)) + 11.8 * sum(map(_syllables, found)) / len(found) - 15.59


def _syllables(word: str) -> int:
    word = word.casefold()
    runs = len(_VOWELS.findall(word))
    return max(runs - (word.endswith("e") and not word.endswith("le")), 1)


def eojeols(text: str) -> float:
    """Return the mean number of eojeols (words between spaces) of a Korean text's sentences."""
    return len(text.split()) / max(len(sentences(text)), 1)


def lengths(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find synopses that are too short or too long, and lines of works not offered that are more than a line."""
    for title in titles:
        for language, text in title.synopsis.items():
            size = len(text.split()) if language == "en" else len(text)
            least, most, unit = LENGTHS[language]
            if not title.offered:
                least, most = 1, ONE_LINE[language] if language == "ko" else ONE_LINE["en"]
            if not least <= size <= most:
                yield _found(
                    "length", title, f"the {language} synopsis has {size} {unit}; {least} to {most} it may be."
                )
            if "\n" in text or (not title.offered and len(sentences(text)) > 1):
                yield _found("length", title, f"the {language} text of a work not offered is one line.")


def readable(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find sentences that run on and texts that are hard to read."""
    for title in titles:
        for language, text in title.synopsis.items():
            longest = max((len(part.split()) for part in sentences(text)), default=0)
            if longest > MAX_SENTENCE:
                yield _found(
                    "sentence", title, f"a {language} sentence has {longest} words; {MAX_SENTENCE} is the most."
                )
        if not title.offered:
            continue
        if (level := grade(title.synopsis.get("en", ""))) > MAX_GRADE:
            yield _found("reading", title, f"the English is of grade {level:.1f}; {MAX_GRADE:g} is the most.")
        if (mean := eojeols(title.synopsis.get("ko", ""))) > MAX_EOJEOLS:
            yield _found("reading", title, f"Korean sentences have {mean:.1f} eojeols; {MAX_EOJEOLS:g} is the most.")


def latin(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find Latin letters in Korean synopses that are no name written so, and Korean in English ones."""
    for title in titles:
        stray = [word for word in _LATIN.findall(title.synopsis.get("ko", "")) if word not in LATIN]
        if stray:
            yield _found("latin", title, f"{', '.join(stray)} stands in the Korean synopsis.")
        if _HANGUL.search(title.synopsis.get("en", "")):
            yield _found("latin", title, "Hangul stands in the English synopsis.")


def alike(titles: Sequence[Title]) -> Iterator[Problem]:
    """Find pairs of synopses that say nearly the same: TF-IDF cosine of words, for Korean of syllable pairs and triples."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    kinds: dict[str, Mapping[str, object]] = {
        "en": {"stop_words": "english"},
        "ko": {"analyzer": "char_wb", "ngram_range": (2, 3)},
    }
    for language, options in kinds.items():
        texts = [(title, title.synopsis[language]) for title in titles if title.synopsis.get(language)]
        if len(texts) < 2:
            continue
        matrix = TfidfVectorizer(sublinear_tf=True, **options).fit_transform([text for _, text in texts])
        near = (matrix @ matrix.T).tocoo()
        for row, column, cosine in sorted(zip(near.row, near.col, near.data, strict=True)):
            first, second = texts[row][0], texts[column][0]
            most = MAX_ALIKE_IN_SERIES if first.series == second.series else MAX_ALIKE
            if row < column and cosine > most:
                yield _found(
                    "alike",
                    first,
                    f"the {language} synopsis is like that of {second.id} ({cosine:.2f}; {most:g} is the most).",
                )


RULES: tuple[Callable[[Sequence[Title]], Iterable[Problem]], ...] = (
    complete, unique, both_languages, vocabulary_kept, connected, lengths, readable, latin, alike,
)  # fmt: skip


# -- against real data


def disagreements(titles: Sequence[Title], data: Path) -> Iterator[Problem]:
    """Find years, episodes and formats that are not those of the databases in `data`, by id."""
    ours = {str(title.id): title for title in titles if title.id < ELSEWHERE}
    for name in FACTS:
        if not (data / name).exists():
            continue
        for _, row in csv_rows(File(data / name), _ignore):
            title = ours.get(row["mal_id"])
            if title is None:
                continue
            theirs = {
                "year": clean.year(row["year"]) or clean.year(clean.aired_from(row["aired"])),
                "episodes": clean.episodes(row["episodes"]),
                "format": clean.format_name(row["type"]),
            }
            for field, value in theirs.items():
                own = getattr(title, field)
                if value and own and value != own:
                    yield _found("data", title, f"{field} is {own}, in {name} {value}.")


def borrowed(titles: Sequence[Title], data: Path) -> Iterator[Problem]:
    """Find runs of words (COPIED) of a synopsis that stand in a text of `data`."""
    own: dict[str, dict[tuple[str, ...], list[Title]]] = {language: defaultdict(list) for language in LANGUAGES}
    for title in titles:
        for language, text in title.synopsis.items():
            for run in _runs(text, language):
                own[language][run].append(title)
    seen: set[tuple[str, str]] = set()
    for name, (name_column, column) in TEXTS.items():
        if not (data / name).exists():
            continue
        language = "ko" if column == LAFTEL_SYNOPSIS else "en"
        wanted = own[language].keys()
        for _, row in csv_rows(File(data / name), _ignore):
            text = row.get(column) or ""
            if (language, text) in seen:
                continue
            seen.add((language, text))
            for run in sorted(wanted & set(_runs(text, language))):
                for title in own[language][run]:
                    yield _found("borrowed", title, f"{' '.join(run)!r} stands in {name}, {row[name_column]}.")


def _runs(text: str, language: str) -> Iterator[tuple[str, ...]]:
    found = _HANGUL.findall(text) if language == "ko" else _ENGLISH.findall(text.casefold().replace("’", "'"))
    return zip(*(found[start:] for start in range(COPIED[language])), strict=False)


def _ignore(_: str, __: int, ___: str) -> None:
    """Take no notice of a row of other people's data that can't be read."""
