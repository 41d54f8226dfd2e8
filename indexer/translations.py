"""Join Korean titles, synopses, genres and themes to a catalogue: by id, else by exact name and year, never by guess."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from catalogue import Title
from indexer import clean, laftel
from indexer.read import account
from indexer.report import CatalogueError, Report
from indexer.rows import Bad, File, csv_rows, header, lines
from search.keys import has_cjk, key

ID_COLUMNS = ("id", "mal_id")
# A field of ours and the columns that may hold it; the second is the Korean catalogue's.
COLUMNS = {
    "title_ko": ("title_ko", laftel.NAME),
    "aliases_ko": ("aliases_ko",),
    "synopsis_ko": ("synopsis_ko", laftel.SYNOPSIS),
    "genres_ko": ("genres_ko", laftel.GENRES),
    "themes_ko": ("themes_ko", laftel.TAGS),
    "title_native": ("title_native",),
    "year": ("year", laftel.YEAR, laftel.QUARTERS),
}


def join_translations(titles: list[Title], path: Path, report: Report, strict: bool = False) -> list[Title]:
    """Return the titles with what the rows of `path` (CSV or JSON Lines, plain or .gz) say of them in Korean.

    A row with an id joins that title. One without joins the only title of exactly its Korean or native name and its
    year; where several fit, or the year is missing or another, it is doubtful and joins nothing. The report has
    matched, doubtful and unmatched rows with file and line.
    """
    by_id = {title.id: title for title in titles}
    by_name = _index(titles)
    joined: dict[int, int] = {}
    for line, row in _rows(path, partial(report.skip, strict=strict)):
        report.translations_read += 1
        id, why = _target(row, by_id, by_name)
        where = (str(path), line)
        if id is None:
            rows = report.unmatched if why.startswith("no ") else report.doubtful
            rows.append((*where, why))
        elif id in joined:
            report.doubtful.append((*where, f"{_called(row)}: line {joined[id]} was joined to id {id} already."))
        else:
            joined[id] = line
            by_id[id] = translate(by_id[id], row)
    report.matched += len(joined)
    return account([by_id[title.id] for title in titles], report)


def translate(title: Title, row: Mapping[str, str]) -> Title:
    """Return the title with one row's Korean name, aliases, synopsis, genres and themes."""
    whole = clean.known(row.get("title_ko"))
    name = laftel.split_name(whole)[0] if whole else None
    old = title.titles.get("ko")
    aliases = [*title.aliases, *clean.items(_piped(row.get("aliases_ko")))]
    if name and old and key(old) != key(name):
        aliases.append(old)
    native = clean.known(row.get("title_native"))
    synopsis = clean.synopsis(row.get("synopsis_ko"))
    genres, themes = laftel.split_tags([*clean.items(row.get("genres_ko")), *clean.items(row.get("themes_ko"))])
    names = {**title.titles, **({"ko": name} if name else {})}
    if native:
        names.setdefault("native", native)
    # What had nothing to offer but a name has it now.
    gained = bool(synopsis) and not title.synopsis and title.score is None
    return title.replace(
        titles=names,
        aliases=tuple(dict.fromkeys(aliases)),
        synopsis={**title.synopsis, **({"ko": synopsis} if synopsis else {})},
        genres=tuple(dict.fromkeys([*title.genres, *genres])),
        themes=tuple(dict.fromkeys([*title.themes, *themes])),
        offered=title.offered or gained,
    )


def _target(
    row: Mapping[str, str], by_id: Mapping[int, Title], by_name: Mapping[str, list[int]]
) -> tuple[int | None, str]:
    """Return the id of the title a row is about, or None and why there is none."""
    if given := (row.get("id") or "").strip():
        id = clean.whole(given)
        return (id, "") if id in by_id else (None, f"no title has the id {given} ({_called(row)}).")
    names = [row.get("title_ko") or "", row.get("title_native") or ""]
    found = dict.fromkeys(id for name in names if name.strip() for id in by_name.get(_name_key(name), ()))
    if not found:
        return None, f"no title is called {_called(row)}."
    year = clean.year(row.get("year"))
    fitting = [id for id in found if year is not None and by_id[id].year == year]
    if len(fitting) == 1:
        return fitting[0], ""
    if len(fitting) > 1:
        return None, f"{_called(row)} of {year} fits ids {_listed(fitting)}."
    ids = ", ".join(f"{id} ({by_id[id].year or 'no year'})" for id in list(found)[:5])
    said = f"is of {year}" if year else "has no year"
    return None, f"{_called(row)} {said}; the name fits id {ids}."


def _index(titles: Iterable[Title]) -> dict[str, list[int]]:
    """Return the ids by the exact keys of Korean and native names."""
    found: dict[str, list[int]] = defaultdict(list)
    for title in titles:
        names = [title.titles.get("ko"), title.titles.get("native"), *(a for a in title.aliases if has_cjk(a))]
        for name in dict.fromkeys(_name_key(name) for name in names if name):
            found[name].append(title.id)
    return found


def _name_key(name: str) -> str:
    return key(laftel.split_name(clean.unescape(name).strip())[0])


def _rows(path: Path, bad: Bad) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, {field: text}) of a file of translations; lists come joined by pipes."""
    if not path.is_file():
        raise CatalogueError(f"{path} is no file of translations; a CSV or JSON Lines file (plain or .gz) is needed.")
    file = File(path)
    if path.name.casefold().removesuffix(".gz").endswith((".jsonl", ".json")):
        source = _json_rows(file, bad)
    else:
        columns = header(file)
        if not any(name in columns for name in (*COLUMNS["title_ko"], "title_native", *ID_COLUMNS)):
            wanted = ", ".join([*ID_COLUMNS, *(name for names in COLUMNS.values() for name in names)])
            raise CatalogueError(f"{file.name}: no column of translations ({wanted}); it has {', '.join(columns)}.")
        source = csv_rows(file, bad)
    for line, row in source:
        fields = {name: next((row[at] for at in at_columns if row.get(at)), "") for name, at_columns in COLUMNS.items()}
        fields["id"] = next((row[name] for name in ID_COLUMNS if row.get(name)), "")
        yield line, fields


def _json_rows(file: File, bad: Bad) -> Iterator[tuple[int, dict[str, str]]]:
    for line, raw in lines(file, bad):
        if not raw.strip():
            continue
        try:
            data = json.loads(raw.decode("utf-8-sig" if line == 1 else "utf-8"))
        except (ValueError, RecursionError) as error:
            bad(file.name, line, f"not JSON ({error}).")
            continue
        if isinstance(data, dict):
            yield line, {name: _joined(value) for name, value in data.items() if value is not None}
        else:
            bad(file.name, line, "no object; each line is one row.")


def _joined(value: object) -> str:
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)


def _piped(text: str | None) -> str | None:
    """Return a list whose only separator is the pipe in a form that commas in names survive."""
    return f"{text}|" if text and "|" not in text else text


def _called(row: Mapping[str, str]) -> str:
    name = row.get("title_ko") or row.get("title_native")
    return f'"{name}"' if name else "a row without a name"


def _listed(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:5])) + (" ..." if len(ids) > 5 else "")
