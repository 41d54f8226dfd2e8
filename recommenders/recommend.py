"""Histories in, ranked ids out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recommenders.base import History, Model, ModelError
from recommenders.interactions import Interactions, LikedRule, write_ids
from recommenders.models import load_model

HEADER = ("user_id", "rank", "item_id", "score")


@dataclass
class Recommended:
    """What there is to say about a run."""

    people: int = 0
    rows: int = 0
    unknown: dict[str, int] = field(default_factory=dict)  # id -> in how many histories
    newcomers: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the report in a few lines."""
        lines = [f"{self.rows:,} rows for {self.people:,} people"]
        if self.unknown:
            shown = ", ".join(list(self.unknown)[:20]) + (", ..." if len(self.unknown) > 20 else "")
            lines.append(f"{len(self.unknown):,} titles of the histories were not in training: {shown}")
        if self.newcomers:
            shown = ", ".join(self.newcomers[:20]) + (", ..." if len(self.newcomers) > 20 else "")
            lines.append(
                f"{len(self.newcomers):,} people have nothing known that they like and get popularity: {shown}"
            )
        return "\n".join(lines)


def recommend(model_dir: Path, histories: Path, k: int, out: Path) -> Recommended:
    """Write the K best titles of each person of `histories` to `out` (CSV, also .gz), and say what was odd.

    The whole history is left out of the answer, and nothing else; what of it counts as liked is decided by the rule
    that the model was trained by, also by the numbers of episodes that it was trained with.

    Raises ModelError and InteractionsError with the reason.
    """
    if k < 1:
        raise ModelError(f"--k is {k}; it must be at least 1")
    model = load_model(model_dir)
    read = Interactions.read(histories, LikedRule.from_dict(model.data["rule"]), episodes=model.episodes_by_id())
    report = Recommended()
    report.rows = write_ids(_rows(model, read, k, report), HEADER, out)
    return report


def _rows(model: Model, read: Interactions, k: int, report: Recommended) -> Iterator[tuple[str, int, str, str]]:
    for user, history in histories_of(read):
        report.people += 1
        for id in model.unknown(history):
            report.unknown[id] = report.unknown.get(id, 0) + 1
        if not model.knows(history):
            report.newcomers.append(user)
        for rank, (item, score) in enumerate(model.recommend(history, k), 1):
            yield user, rank, item, f"{score:.9g}"


def histories_of(read: Interactions) -> Iterator[tuple[str, History]]:
    """Return each person's history, in the order of the file."""
    for row, user in enumerate(read.users.tolist()):
        span = slice(read.indptr[row], read.indptr[row + 1])
        items = read.items[read.indices[span]]
        liked = read.liked[span]
        ratings = {}
        if read.values is not None:
            ratings = {str(id): float(value) for id, value in zip(items, read.values[span], strict=True) if value > 0}
        yield user, History(items[liked].tolist(), ratings, items.tolist())
