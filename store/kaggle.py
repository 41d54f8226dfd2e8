"""Users of the Kaggle lists as people of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lists.draft import NOTES, Parsed
from store.open import Store
from store.people import Person, imported_id
from store.searches import Clock, now


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one user: added, replaced, or there already and left as they were; and what was not taken as is."""

    id: str
    user_id: str
    state: Literal["added", "replaced", "there"]
    entries: int
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values."""
        return {
            "id": self.id,
            "user_id": self.user_id,
            "state": self.state,
            "entries": self.entries,
            "problems": list(self.problems),
        }


def import_person(store: Store, user_id: str, parsed: Parsed, replace: bool = False, clock: Clock = now) -> Imported:
    """Make a user of the Kaggle lists a person; one who is there stays as they are unless `replace`.

    Raises PersonError for a user_id that no person can have.
    """
    id, at = imported_id(user_id), clock()
    entries = [row.entry(row.id, order, at) for order, row in enumerate(parsed.rows) if row.id is not None]
    notes = [f"{count:,} {NOTES[kind]}." for kind, count in parsed.notes.items() if count]
    problems = (*(problem.text() for problem in parsed.problems), *notes)
    if store.people.get(id) is None:
        scored = sum(entry.score is not None for entry in entries)
        name = {"en": f"User {user_id}", "ko": f"이용자 {user_id}"}
        taste = {
            "en": f"From the Kaggle lists: {len(entries):,} titles, {scored:,} scored.",
            "ko": f"Kaggle 목록에서: 작품 {len(entries):,}편, 평점 {scored:,}개.",
        }
        store.people.create(Person(id, "imported", name, taste), entries)
        return Imported(id, user_id, "added", len(entries), problems)
    if not replace:
        return Imported(id, user_id, "there", store.lists.sizes().get(id, 0))
    store.lists.replace_all(id, entries)
    return Imported(id, user_id, "replaced", len(entries), problems)
