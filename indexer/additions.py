"""Join the project's own additions to a catalogue, by MyAnimeList's ids: hooks and the names people type.

Hooks are notes of what people remember of a work: who, where, which scenes, in everyday words. Publishers' synopses
often name nothing that stays in memory. They are searched beside the synopsis; a catalogue of an operator's own may
bring `hooks` and `aliases` itself.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from catalogue import LANGUAGES, Title
from indexer.report import Report

Hooks = Mapping[int, Mapping[str, str]]


def read_hooks(path: Path) -> Hooks:
    """Read `mal_id,en,ko`; raise ValueError with file and line for a row that is none."""
    found: dict[int, dict[str, str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in (rows := csv.DictReader(file)):
            try:
                id = int(row["mal_id"])
            except (KeyError, TypeError, ValueError):
                raise ValueError(
                    f"{path.name}, line {rows.line_num}: mal_id is {row.get('mal_id')!r}, not a number."
                ) from None
            found[id] = {language: text for language in LANGUAGES if (text := (row.get(language) or "").strip())}
    return found


def join_hooks(titles: Iterable[Title], hooks: Hooks, report: Report) -> list[Title]:
    """Return the titles with their hooks, where they bring none of their own."""
    joined = [
        title.replace(hooks=hooks[title.id]) if title.id in hooks and not title.hooks else title for title in titles
    ]
    report.repaired["hooks joined"] += sum(bool(title.hooks) for title in joined)
    return joined


def read_aliases(path: Path) -> Mapping[int, tuple[str, ...]]:
    """Read `mal_id,aliases`, the aliases parted by `|`; raise ValueError with file and line for a row that is none."""
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in (rows := csv.DictReader(file)):
            try:
                found[int(row["mal_id"])] = tuple(alias for alias in row["aliases"].split("|") if alias)
            except (KeyError, TypeError, ValueError, AttributeError):
                raise ValueError(f"{path.name}, line {rows.line_num}: {row!r} has no mal_id and aliases.") from None
    return found


def join_aliases(titles: Iterable[Title], aliases: Mapping[int, tuple[str, ...]], report: Report) -> list[Title]:
    """Return the titles with the names people type for them beside their own."""
    joined = []
    for title in titles:
        more = tuple(alias for alias in aliases.get(title.id, ()) if alias not in title.names())
        report.repaired["aliases joined"] += len(more)
        joined.append(title.replace(aliases=(*title.aliases, *more)) if more else title)
    return joined
