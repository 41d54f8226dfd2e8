"""The Kaggle "Anime Recommendation Database 2020" in its own file and column names."""

from __future__ import annotations

from collections.abc import Iterable

import vocabulary
from catalogue import Title
from indexer import clean
from indexer.heads import Heads, is_cut, learn_heads, restore_head
from indexer.report import CatalogueError, Report
from indexer.rows import Bad, File, csv_rows, header

TITLES_FILE, SYNOPSES_FILE = "anime.csv", "anime_with_synopsis.csv"
REQUIRED = ("MAL_ID", "Name")
SYNOPSIS_COLUMNS = ("sypnopsis", "synopsis", "Synopsis")  # the first is the source's own spelling


def read_kaggle(titles: File, synopses: File | None, report: Report, bad: Bad) -> list[Title]:
    """Return the titles of anime.csv with the synopses of anime_with_synopsis.csv."""
    _require(titles, REQUIRED)
    texts: dict[int, str] = {}
    if synopses is None:
        report.warn(f"{titles.name}: no {SYNOPSES_FILE} beside it, so no title has a synopsis.")
    else:
        texts = _synopses(synopses, report, bad)
    heads, unmended = learn_heads(texts.values()), 0
    found: dict[int, Title] = {}
    for line, row in csv_rows(titles, bad):
        report.read += 1
        id = clean.whole(row["MAL_ID"])
        name = clean.known(row["Name"])
        if not id or not name:
            field, value = ("Name", row["Name"]) if id else ("MAL_ID", row["MAL_ID"])
            bad(titles.name, line, f"{field} is {value!r}; a {'name' if id else 'number from 1 on'} is needed.")
        elif id in found:
            report.left_out["duplicate id"] += 1
            report.warn(f"{titles.name}, line {line}: id {id} is there already; the first is kept.")
        else:
            _count_entities(row, report)
            names = [name, clean.known(row.get("English name")) or ""]
            text = _headed(texts.pop(id, ""), heads, names, report)
            unmended += is_cut(text)
            found[id] = make_title(id, row, text)
    if unmended:
        report.warn(f"{unmended:,} synopses lost first letters that can't be known for sure; they stand as they are.")
    if texts:
        report.warn(f"{len(texts):,} synopses of {SYNOPSES_FILE} have no title in {TITLES_FILE}.")
    return list(found.values())


def make_title(id: int, row: dict[str, str], synopsis: str = "") -> Title:
    """Return the title of one row of anime.csv; genres stay as the source lists them, themes are those among them."""
    genres = clean.items(row.get("Genres"))
    aired = clean.aired_from(row.get("Aired"))
    premiered = row.get("Premiered")
    names = {"romaji": row["Name"], "native": row.get("Japanese name"), "en": row.get("English name")}
    source = clean.known(row.get("Source"))
    return Title(
        id=id,
        titles={field: name for field, text in names.items() if (name := clean.known(text))},
        format=clean.format_name(row.get("Type")),
        year=clean.year(aired) or clean.year(premiered),
        season=clean.season(premiered, aired),
        aired_from=aired,
        episodes=clean.episodes(row.get("Episodes")),
        duration_min=clean.duration(row.get("Duration")),
        studios=clean.items(row.get("Studios")),
        source=source,
        genres=genres,
        themes=tuple(genre for genre in genres if genre in vocabulary.THEME_NAMES),
        synopsis={"en": synopsis} if synopsis else {},
        score=clean.score(row.get("Score")),
        members=clean.whole(row.get("Members")),
        adult=is_adult(genres, row.get("Rating")),
    )


def is_adult(genres: Iterable[str], rating: str | None) -> bool:
    """Tell whether a title is pornographic by its genres or by MyAnimeList's rating Rx."""
    return not vocabulary.ADULT_GENRES.isdisjoint(genres) or (rating or "").strip().casefold().startswith("rx")


def _synopses(file: File, report: Report, bad: Bad) -> dict[int, str]:
    columns = header(file)
    _require(file, ("MAL_ID",))
    column = next((name for name in SYNOPSIS_COLUMNS if name in columns), None)
    if column is None:
        raise CatalogueError(f"{file.name}: no column {' or '.join(SYNOPSIS_COLUMNS)}; it has {', '.join(columns)}.")
    texts: dict[int, str] = {}
    for line, row in csv_rows(file, bad):
        id, text = clean.whole(row["MAL_ID"]), row[column]
        if not id:
            bad(file.name, line, f"MAL_ID is {row['MAL_ID']!r}; a number from 1 on is needed.")
        elif id in texts:
            report.warn(f"{file.name}, line {line}: id {id} has a synopsis already; the first is kept.")
        else:
            texts[id] = clean_synopsis(text, report) or ""
    return texts


def clean_synopsis(text: str, report: Report) -> str | None:
    """Return the cleaned synopsis and count what was done to it."""
    made = clean.synopsis(text)
    report.repaired["placeholder synopsis emptied"] += made is None and bool(text.strip())
    report.repaired["source note removed"] += clean.has_notes(text)
    report.repaired["HTML entities decoded"] += clean.has_entities(text)
    return made


def _headed(text: str, heads: Heads, names: list[str], report: Report) -> str:
    restored = restore_head(text, heads, names)
    report.repaired["lost first letters restored"] += restored is not None
    return restored or text


def _count_entities(row: dict[str, str], report: Report) -> None:
    report.repaired["HTML entities decoded"] += any(clean.has_entities(text) for text in row.values())


def _require(file: File, columns: tuple[str, ...]) -> None:
    have = header(file)
    missing = [name for name in columns if name not in have]
    if missing:
        raise CatalogueError(f"{file.name}: no column {', '.join(missing)}; it has {', '.join(have) or 'no header'}.")
