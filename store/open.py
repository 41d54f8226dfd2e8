"""Open all that the site remembers, by one address."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from store import database
from store.events import Events
from store.lists import Lists
from store.people import People
from store.profiles import Profiles
from store.searches import Clock, SearchLog, now


@dataclass(frozen=True)
class Store:
    """People, their lists, events, the API's profiles and searches, in one database."""

    engine: Engine
    people: People
    lists: Lists
    events: Events
    profiles: Profiles
    searches: SearchLog

    def forget_old(self) -> int:
        """Delete what is kept for a time only: old searches, events and tokens; return how many rows went."""
        return self.searches.forget_old() + self.events.forget_old() + self.lists.forget_tokens()


def open_store(url: str, clock: Clock = now) -> Store:
    """Connect, bring the tables up to date, and return what is there.

    Raises SQLAlchemyError while the database can't be reached.
    """
    engine = database.connect(url)
    database.upgrade(engine)
    return make_store(engine, clock)


def make_store(engine: Engine, clock: Clock = now) -> Store:
    """Return the store of a database whose tables are up to date."""
    sessions = database.sessions(engine)
    return Store(
        engine=engine,
        people=People(sessions, clock),
        lists=Lists(sessions, clock),
        events=Events(sessions, clock),
        profiles=Profiles(sessions, clock),
        searches=SearchLog(sessions, clock),
    )
