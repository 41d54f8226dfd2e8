"""Find the titles that a list file means."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from lists.draft import NOTES, Parsed, Problem, Row
from lists.entry import Entry

SHOWN = 50  # lines of one kind that the text shows; to_dict has them all

Known = Callable[[Collection[int]], Set[int]]
Named = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Matched:
    """What a file's rows came to.

    `entries` are of titles in the catalogue, `beyond` of ids that the catalogue does not have (keep them, and they show
    once it does); `unmatched` rows have no id and no name that is known, `ambiguous` ones a name of several titles.
    """

    parsed: Parsed
    entries: tuple[Entry, ...] = ()
    beyond: tuple[Entry, ...] = ()
    named: int = 0  # of `entries`, those found by name
    unmatched: tuple[Row, ...] = ()
    ambiguous: tuple[tuple[Row, tuple[int, ...]], ...] = ()
    problems: tuple[Problem, ...] = ()
    names: dict[int, str] = field(default_factory=dict)  # of `beyond`, as the file calls them

    def all(self) -> list[Entry]:
        """Return every entry with a title, in or beyond the catalogue, in the file's order."""
        return sorted((*self.entries, *self.beyond), key=lambda entry: entry.order)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "format": self.parsed.format,
            "matched": len(self.entries),
            "by_name": self.named,
            "not_in_catalogue": [{"id": entry.title_id, "name": self.names[entry.title_id]} for entry in self.beyond],
            "unmatched": [{"place": row.place, "name": row.name} for row in self.unmatched],
            "ambiguous": [{"place": row.place, "name": row.name, "ids": list(ids)} for row, ids in self.ambiguous],
            "problems": [{"place": p.place, "name": p.name, "kind": p.kind, "value": p.value, "kept": p.kept} for p in self.problems],
            "notes": {kind: count for kind, count in self.parsed.notes.items() if count},
        }  # fmt: skip

    def text(self) -> str:
        """Return the report for a person to read."""
        lines = [f"{self.parsed.format}: {len(self.entries):,} titles found ({self.named:,} by name)."]
        for label, found in (
            ("Not in the catalogue, kept", [f"{self.names[e.title_id]} ({e.title_id})" for e in self.beyond]),
            ("Not found", [f"entry {row.place}, {row.name}" for row in self.unmatched]),
            ("Several titles of this name", [f"entry {row.place}, {row.name}: {', '.join(map(str, ids))}" for row, ids in self.ambiguous]),
            ("Could not be read", [problem.text() for problem in self.problems]),
        ):  # fmt: skip
            lines += [f"{label}: {one}" for one in found[:SHOWN]]
            if len(found) > SHOWN:
                lines.append(f"{label}: {len(found) - SHOWN:,} more.")
        lines += [f"{count:,} {NOTES[kind]}." for kind, count in self.parsed.notes.items() if count]
        return "\n".join(lines)


def match(parsed: Parsed, known: Known, named: Named, at: datetime.datetime) -> Matched:
    """Match rows to titles: by MyAnimeList's id, and where a row has none by exact name.

    `known` returns those of some ids that the catalogue has, `named` the ids of the titles of a name. An id decides even
    where a title of that name is there: works of one name are many. `at` is the last change of what tells none.
    """
    there = known([row.id for row in parsed.rows if row.id is not None])
    taken = {row.id for row in parsed.rows if row.id is not None}
    entries: list[Entry] = []
    beyond: list[Entry] = []
    unmatched: list[Row] = []
    ambiguous: list[tuple[Row, tuple[int, ...]]] = []
    problems = list(parsed.problems)
    names: dict[int, str] = {}
    by_name = 0
    for order, row in enumerate(parsed.rows):
        if row.id is not None:
            (entries if row.id in there else beyond).append(row.entry(row.id, order, at))
            names.setdefault(row.id, row.name)
            continue
        ids = _named(row, named)
        if not ids:
            unmatched.append(row)
        elif len(ids) > 1:
            ambiguous.append((row, ids))
        elif ids[0] in taken:
            problems.append(Problem(row.place, row.name, "duplicate", "", kept=False))
        else:
            taken.add(ids[0])
            entries.append(row.entry(ids[0], order, at))
            by_name += 1
    kept = {entry.title_id: names[entry.title_id] for entry in beyond}
    return Matched(
        parsed, tuple(entries), tuple(beyond), by_name, tuple(unmatched), tuple(ambiguous), tuple(problems), kept
    )


def _named(row: Row, named: Named) -> tuple[int, ...]:
    """Return the titles of the first of the row's names that is known."""
    for name in row.names:
        if ids := tuple(dict.fromkeys(named(name))):
            return ids
    return ()
