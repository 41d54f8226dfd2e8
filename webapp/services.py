"""What the process holds open: search, the store of people and searches, and what is cached of them."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import structlog
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from catalogue import Title
from config import ROOT, Settings
from search.engine import EngineError
from search.service import SearchService
from store.open import Store, open_store
from store.searches import SearchLog
from webapp.pool import Pool, gather
from webapp.recorder import Recorder

log = structlog.get_logger("nextep.web")

CACHED_SECONDS = 60.0
RETRY_SECONDS = 30.0
OPEN_SECONDS = 5.0
OPENED_KEPT = 300
SAMPLE_PEOPLE = ROOT / "data" / "sample" / "people.jsonl"
T = TypeVar("T")


class Services:
    """Search and the store of one process, opened once, and again when the database comes back."""

    def __init__(
        self,
        settings: Settings,
        search: SearchService | None = None,
        searches: SearchLog | None = None,
        store: Store | None = None,
    ) -> None:
        """Take what a test hands in; the rest is opened from the settings."""
        self.settings = settings
        self._searches = searches
        self._store = store
        self._next_try = 0.0
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._cache: dict[str, tuple[float, Any]] = {}
        self._pool: tuple[tuple[str, datetime.date], Pool] | None = None
        if search is None:
            from search.open import open_service

            search = open_service(settings, suggested=self.popular, trending=self.trending)
        else:
            search.offer(self.popular, self.trending)
        self.search = search
        self.recorder = Recorder(self.searches, self.store)

    # -- the database ----------------------------------------------------------------------------------------------

    def store(self) -> Store | None:
        """Return people, lists and events, None while their database can't be opened (tried again every 30 s).

        Who comes while it is opened waits a while for that: a site that has just started is no broken one.
        """
        if self._store is not None or time.monotonic() < self._next_try:
            return self._store
        if not self._opening.acquire(timeout=OPEN_SECONDS):
            return None
        try:
            if self._store is None and time.monotonic() >= self._next_try:
                try:
                    store = open_store(self.settings.sqlalchemy_url)
                    store.people.ensure_samples(SAMPLE_PEOPLE)
                    self._store = store
                except (SQLAlchemyError, OSError) as error:
                    log.error("database unavailable", error=str(error).splitlines()[0])
                finally:
                    self._next_try = time.monotonic() + RETRY_SECONDS
        finally:
            self._opening.release()
        return self._store

    def searches(self) -> SearchLog | None:
        """Return the log of searches, None while its database can't be opened."""
        if self._searches is not None:
            return self._searches
        store = self.store()
        return store.searches if store else None

    # -- what people searched and opened ---------------------------------------------------------------------------

    def popular(self, count: int) -> list[str]:
        """Return searches that people made, each by three visitors or more."""
        return self._remembered("popular", lambda searches: searches.popular(50))[:count]

    def trending(self, count: int) -> list[str]:
        """Return the searches made most lately; until three visitors made one, names from the catalogue."""
        found = self.made_lately()[:count]
        if len(found) < count:
            found = list(dict.fromkeys([*found, *self._seeds()]))[:count]
        return found

    def made_lately(self) -> list[str]:
        """Return only what visitors really searched lately."""
        return self._remembered("trending", lambda searches: searches.trending(20))

    def _seeds(self) -> list[str]:
        from webapp.i18n import language

        try:
            return [title.name(language()) for title in self.pool().seeds()]
        except EngineError:
            return []

    def opened_lately(self) -> list[Title]:
        """Return the titles opened here in the last 30 days, the most opened first."""
        ids = self._remembered("opened", lambda searches: searches.opened_lately(OPENED_KEPT))
        found = self.search.titles(ids)
        return [found[id] for id in ids if id in found and found[id].offered]

    def _remembered(self, name: str, read: Callable[[SearchLog], list[T]]) -> list[T]:
        """Return what `read` gives, kept for a minute; empty (and logged) when the database does not answer."""
        at, value = self._cache.get(name, (-CACHED_SECONDS, []))
        if time.monotonic() - at < CACHED_SECONDS:
            return cast("list[T]", value)
        searches = self.searches()
        found: list[T] = []
        if searches is not None:
            try:
                found = read(searches)
            except (SQLAlchemyError, OSError) as error:
                log.error("searches unreadable", what=name, error=str(error).splitlines()[0])
        self._cache[name] = (time.monotonic(), found)
        return found

    # -- what the catalogue holds ----------------------------------------------------------------------------------

    def pool(self) -> Pool:
        """Return the titles that the home page chooses from, gathered once for each generation and day."""
        wanted = (self.search.info().generation, self.settings.date)
        kept = self._pool
        if kept is None or kept[0] != wanted:
            with self._lock:
                if self._pool is None or self._pool[0] != wanted:
                    self._pool = (wanted, gather(self.search, self.settings.date))
                kept = self._pool
        return kept[1]

    def forget(self) -> None:
        """Drop what is cached (tests)."""
        self._cache.clear()
        self._pool = None

    def warm(self) -> None:
        """Load the model and the first pages' titles before anybody asks."""
        try:
            self.search.reader()
            self.pool()
            self.store()
        except EngineError as error:
            log.warning("not ready", reason=str(error))
        except Exception:
            log.exception("warming failed")


def services() -> Services:
    """Return the services of the current application."""
    return cast(Services, current_app.extensions["nextep"])


def search_service() -> SearchService:
    """Return the search service of the current application."""
    return services().search


def titles_at_hand(ids: Sequence[int]) -> tuple[Mapping[int, Title], bool]:
    """Return titles by id and True, or none and False while the catalogue can't be read: lists go on without names."""
    try:
        return search_service().titles(ids), True
    except EngineError as error:
        log.warning("titles unreadable", reason=str(error))
        return {}, False
