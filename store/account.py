"""All that is kept of one person, for that person to take along."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from store import database
from store.open import Store
from store.rows import UnknownPerson, entries_of, read_entry
from store.tables import EntryRow, EventRow, HiddenRow, PersonRow


def everything_of(store: Store, person_id: str) -> dict[str, Any]:
    """Return a person, list, hidden titles and events of one moment as plain values. Raises UnknownPerson."""
    with database.snapshot(database.sessions(store.engine)) as session:
        person = session.get(PersonRow, person_id)
        if person is None:
            raise UnknownPerson(person_id)
        entries = session.execute(entries_of(person_id).order_by(EntryRow.position, EntryRow.title_id))
        hidden = session.scalars(select(HiddenRow).where(HiddenRow.person_id == person_id).order_by(HiddenRow.at))
        events = session.scalars(select(EventRow).where(EventRow.person_id == person_id).order_by(EventRow.id))
        return {
            "id": person.id,
            "kind": person.kind,
            "name": person.name,
            "taste": person.taste,
            "avatar": person.avatar,
            "created": person.created.isoformat(),
            "preferences": {
                "exclude": person.exclude,
                "adventurous": person.adventurous,
                "sequels": person.sequels,
            },
            "favourites": person.favourites,
            "entries": [read_entry(row).to_dict() for row in entries],
            "hidden": [{"id": row.title_id, "at": row.at.isoformat()} for row in hidden],
            "events": [
                {
                    "at": row.at.isoformat(),
                    "kind": row.kind,
                    "id": row.title_id,
                    "row": row.row,
                    "model": row.model,
                    "place": row.place,
                }
                for row in events
            ],
        }
