"""What people searched and opened: recorded as it happens, told back as what is trending."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Callable

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from store.tables import Opened, Search

# A search is shown to others only when so many visitors made it: one person can't put words on the page.
MIN_VISITORS = 3
HALF_LIFE_DAYS = 3.0
WINDOW_DAYS = 30
KEEP_DAYS = 180
MAX_ROWS_READ = 50_000

Clock = Callable[[], datetime.datetime]


def now() -> datetime.datetime:
    """Return the present time in UTC."""
    return datetime.datetime.now(datetime.UTC)


class SearchLog:
    """Searches and opened titles of all visitors."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock = now) -> None:
        """Take a maker of sessions; `clock` tells the time (tests give their own)."""
        self._sessions = sessions
        self._clock = clock

    def record(self, visitor: str, text: str, key: str, resolution: str, hits: int) -> None:
        """Remember one search; nothing near is remembered too, but never shown."""
        with self._sessions.begin() as session:
            session.add(Search(at=self._clock(), visitor=visitor, text=text, key=key, resolution=resolution, hits=hits))

    def record_opened(self, visitor: str, title_id: int) -> None:
        """Remember that a title's page was opened."""
        with self._sessions.begin() as session:
            session.add(Opened(at=self._clock(), visitor=visitor, title_id=title_id))

    def trending(self, count: int) -> list[str]:
        """Return the searches most made lately, each by three visitors or more, newer ones counting more.

        A visitor counts once a search; the weight halves every three days. The spelling shown is the commonest.
        """
        since = self._clock() - datetime.timedelta(days=WINDOW_DAYS)
        rows = (
            select(Search.key, Search.visitor, func.max(Search.at), func.max(Search.text))
            .where(Search.at >= since, Search.resolution != "nothing", Search.hits > 0)
            .group_by(Search.key, Search.visitor)
            .order_by(func.max(Search.at).desc())
            .limit(MAX_ROWS_READ)
        )
        weights: dict[str, float] = defaultdict(float)
        visitors: dict[str, int] = defaultdict(int)
        spellings: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        with self._sessions() as session:
            for key, _, at, text in session.execute(rows):
                weights[key] += self._weight(at)
                visitors[key] += 1
                spellings[key][text] += 1
        shown = [key for key in weights if visitors[key] >= MIN_VISITORS]
        shown.sort(key=lambda key: (-weights[key], key))
        return [min(spellings[key], key=lambda text: (-spellings[key][text], text)) for key in shown[:count]]

    def popular(self, count: int) -> list[str]:
        """Return the searches most visitors made in the last 30 days, each by three visitors or more."""
        since = self._clock() - datetime.timedelta(days=WINDOW_DAYS)
        people = func.count(func.distinct(Search.visitor))
        rows = (
            select(func.max(Search.text), people)
            .where(Search.at >= since, Search.resolution != "nothing", Search.hits > 0)
            .group_by(Search.key)
            .having(people >= MIN_VISITORS)
            .order_by(people.desc(), func.max(Search.text))
            .limit(count)
        )
        with self._sessions() as session:
            return [text for text, _ in session.execute(rows)]

    def opened_lately(self, count: int, days: int = 30) -> list[int]:
        """Return the titles whose pages most visitors opened in the last `days`, the most opened first."""
        since = self._clock() - datetime.timedelta(days=days)
        people = func.count(func.distinct(Opened.visitor))
        rows = (
            select(Opened.title_id)
            .where(Opened.at >= since)
            .group_by(Opened.title_id)
            .order_by(people.desc(), Opened.title_id)
            .limit(count)
        )
        with self._sessions() as session:
            return list(session.scalars(rows))

    def forget_old(self) -> int:
        """Delete what is older than half a year; return how many rows went."""
        before = self._clock() - datetime.timedelta(days=KEEP_DAYS)
        gone = 0
        with self._sessions.begin() as session:
            for table in (Search, Opened):
                gone += session.execute(delete(table).where(table.at < before)).rowcount  # type: ignore[attr-defined]
        return gone

    def _weight(self, at: datetime.datetime) -> float:
        if at.tzinfo is None:  # SQLite keeps no time zone; everything written is UTC.
            at = at.replace(tzinfo=datetime.UTC)
        days = max((self._clock() - at).total_seconds() / 86400, 0.0)
        return math.exp2(-days / HALF_LIFE_DAYS)
