"""What a run of the indexer read, kept, left out, repaired and could not read."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SHOWN = 20  # rows of one list that the text shows; to_dict has them all


class CatalogueError(ValueError):
    """A catalogue that can't be read; the message names the file and, where there is one, the line."""


@dataclass
class Report:
    """The account of one run. `unreadable` holds (file, line, why); `milliseconds` one number for each step.

    `left_out` counts by reason what is not offered, whether unreadable, doubled or known but without content;
    `doubtful` and `unmatched` hold the translations' rows that were not joined as (file, line, why).
    """

    read: int = 0
    kept: int = 0
    offered: int = 0
    adult: int = 0  # of those offered
    left_out: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    unreadable: list[tuple[str, int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)
    translations_read: int = 0
    matched: int = 0
    doubtful: list[tuple[str, int, str]] = field(default_factory=list)
    unmatched: list[tuple[str, int, str]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what runs inside as step `name`; a step that runs twice adds up."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - started) * 1000
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + spent

    def skip(self, file: str, line: int, why: str, strict: bool = False) -> None:
        """Note a row that can't be read; with `strict` raise CatalogueError instead of going on."""
        if strict:
            raise CatalogueError(f"{file}, line {line}: {why}")
        self.unreadable.append((file, line, why))
        self.left_out["unreadable row"] += 1

    def warn(self, text: str) -> None:
        """Note something the operator should know."""
        self.warnings.append(text)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "read": self.read,
            "kept": self.kept,
            "offered": self.offered,
            "adult": self.adult,
            "left_out": dict(+self.left_out),
            "repaired": dict(+self.repaired),
            "unreadable": [_row(row) for row in self.unreadable],
            "warnings": list(self.warnings),
            "translations": {
                "read": self.translations_read,
                "matched": self.matched,
                "doubtful": [_row(row) for row in self.doubtful],
                "unmatched": [_row(row) for row in self.unmatched],
            },
            "milliseconds": {name: round(spent, 1) for name, spent in self.milliseconds.items()},
        }

    def text(self) -> str:
        """Return the report for a person to read."""
        lines = [
            f"Read {self.read:,} rows, kept {self.kept:,} titles, offered {self.offered:,} "
            f"({self.adult:,} of them adult)."
        ]
        lines += _counts("Left out", self.left_out) + _counts("Repaired", self.repaired)
        if self.translations_read:
            lines.append(
                f"Translations: {self.translations_read:,} rows, {self.matched:,} matched, "
                f"{len(self.doubtful):,} doubtful, {len(self.unmatched):,} unmatched."
            )
        for name, rows in (
            ("Unreadable", self.unreadable),
            ("Doubtful translation", self.doubtful),
            ("Unmatched translation", self.unmatched),
        ):
            lines += [f"{name}: {file}, line {line}: {why}" for file, line, why in rows[:SHOWN]]
            if len(rows) > SHOWN:
                lines.append(f"{name}: {len(rows) - SHOWN:,} more.")
        lines += [f"Warning: {warning}" for warning in self.warnings]
        if self.milliseconds:
            lines.append("Steps: " + ", ".join(f"{name} {spent:,.0f} ms" for name, spent in self.milliseconds.items()))
        return "\n".join(lines)


def _row(row: tuple[str, int, str]) -> dict[str, str | int]:
    return {"file": row[0], "line": row[1], "why": row[2]}


def _counts(label: str, counts: Counter[str]) -> list[str]:
    named = [f"{count:,} {name}" for name, count in counts.most_common() if count]
    return [f"{label}: {', '.join(named)}."] if named else []
