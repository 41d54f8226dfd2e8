"""The query sets of the project and the measures over them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config import ROOT

QUERIES = ROOT / "data" / "queries"
BOOTSTRAP_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Query:
    """One query and the works it is meant to find."""

    text: str
    ids: frozenset[int]
    kind: str
    language: str = "en"
    split: str = "test"
    tercile: str | None = None


def load_queries(name: str, folder: Path = QUERIES) -> list[Query]:
    """Return the query set of a file; a ValueError names a line that is none."""
    found = []
    for number, line in enumerate((folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines(), 1):
        try:
            data = json.loads(line)
            found.append(
                Query(
                    data["q"],
                    frozenset(data["ids"]),
                    data["kind"],
                    data.get("lang", "en"),
                    data.get("split", "test"),
                    data.get("tercile"),
                )
            )
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{name}.jsonl, line {number}: {error!r}") from None
    return found


def rank_of(found: Iterable[int], wanted: frozenset[int]) -> int:
    """Return the rank of the first wanted id from 1, 0 where there is none."""
    return next((rank for rank, id in enumerate(found, 1) if id in wanted), 0)


@dataclass(frozen=True, slots=True)
class Measured:
    """hit@1, hit@5, hit@10 and MRR (cut at 100) of a set of queries, each with a 95 % bootstrap interval."""

    queries: int
    values: dict[str, tuple[float, float, float]]

    def row(self) -> list[str]:
        """Return the measures as table cells."""
        return [f"{mean:.3f} [{low:.3f}, {high:.3f}]" for mean, low, high in self.values.values()]


MEASURES: dict[str, Callable[[int], float]] = {
    "hit@1": lambda rank: float(rank == 1),
    "hit@5": lambda rank: float(0 < rank <= 5),
    "hit@10": lambda rank: float(0 < rank <= 10),
    "MRR": lambda rank: 1 / rank if rank else 0.0,
}


def measure(ranks: Sequence[int], seed: int = 42) -> Measured:
    """Return the measures of the ranks; queries are resampled for the interval."""
    rng = np.random.default_rng(seed)
    rounds = rng.integers(0, len(ranks), (BOOTSTRAP_ROUNDS, len(ranks)))
    values = {}
    for name, of in MEASURES.items():
        scores = np.array([of(rank) for rank in ranks])
        means = scores[rounds].mean(axis=1)
        values[name] = (float(scores.mean()), float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5)))
    return Measured(len(ranks), values)
