"""What services told about their users: system B's profiles, in a name space of their own."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from lists.entry import EPOCH, ListError
from store.rows import check_text, replacing
from store.searches import Clock, now
from store.tables import ProfileRow

MAX_USER_ID = 200


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user watched: title ids and their ratings side by side, on a scale to 10 or to 5.

    `unmatched` are the entries that named no known title.
    """

    watched: tuple[int, ...]
    ratings: tuple[float, ...]
    scale: int = 10
    unmatched: tuple[str, ...] = ()
    updated: datetime.datetime = EPOCH

    def __post_init__(self) -> None:
        if len(self.watched) != len(self.ratings):
            raise ListError(f"{len(self.watched)} titles have {len(self.ratings)} ratings; each needs one.")


class Profiles:
    """The profiles of all services' users."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock = now) -> None:
        """Take a maker of sessions; `clock` tells the time (tests give their own)."""
        self._sessions = sessions
        self._clock = clock

    def put(self, user_id: str, profile: Profile) -> None:
        """Keep a user's profile in place of the one before. Raises ListError for a user_id that can't be kept."""
        if not user_id or check_text("user_id", user_id, MAX_USER_ID, ListError) != user_id:
            raise ListError(f"user_id is {user_id!r}; 1 to {MAX_USER_ID} letters without outer spaces are needed.")
        plain = {
            "watched": list(profile.watched),
            "ratings": list(profile.ratings),
            "scale": profile.scale,
            "unmatched": list(profile.unmatched),
        }
        row = {"user_id": user_id, "updated": self._clock(), "profile": plain}
        with self._sessions.begin() as session:
            session.execute(replacing(session, ProfileRow, row))

    def get(self, user_id: str) -> Profile | None:
        """Return a user's profile, None where there is none."""
        with self._sessions() as session:
            row = session.get(ProfileRow, user_id)
            return _profile(row.profile, row.updated) if row is not None else None

    def delete(self, user_id: str) -> bool:
        """Delete a user's profile; tell whether there was one."""
        with self._sessions.begin() as session:
            gone = session.execute(delete(ProfileRow).where(ProfileRow.user_id == user_id))
            return gone.rowcount > 0  # type: ignore[attr-defined, no-any-return]


def _profile(data: Mapping[str, Any], updated: datetime.datetime) -> Profile:
    return Profile(tuple(data["watched"]), tuple(data["ratings"]), data["scale"], tuple(data["unmatched"]), updated)
