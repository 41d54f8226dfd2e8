"""Write searches, opened titles and events down behind the visitor's back: a page never waits for the database."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from store.events import Event
from store.open import Store
from store.searches import SearchLog

log = structlog.get_logger("nextep.web")

WAITING = 2000
FORGET_EVERY = 86_400.0


class Recorder:
    """A queue and one thread that empties it; what does not fit or can't be written is dropped and logged."""

    def __init__(
        self, searches: Callable[[], SearchLog | None], store: Callable[[], Store | None] = lambda: None
    ) -> None:
        """Take what returns the log and the store, or None while there is none."""
        self._searches = searches
        self._store = store
        self._queue: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def search(self, visitor: str, text: str, key: str, resolution: str, hits: int) -> None:
        """Record one search."""
        self._put("record", (visitor, text[:500], key[:500], resolution, hits))

    def opened(self, visitor: str, title_id: int) -> None:
        """Record that a title's page was opened."""
        self._put("record_opened", (visitor, title_id))

    def events(self, events: Sequence[Event]) -> None:
        """Record what was shown, opened or put on a list, all of it in one transaction."""
        if events:
            self._put("record_many", (tuple(events),))

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until everything is written; tell whether it was (tests, shutdown)."""
        until = time.monotonic() + seconds
        while self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)
        return not self._queue.unfinished_tasks

    def _put(self, method: str, values: tuple[Any, ...]) -> None:
        try:
            self._queue.put_nowait((method, values))
        except queue.Full:
            log.error("record dropped", what=method, reason="the database is too slow")
            return
        if self._thread is None:
            with self._lock:
                # Started on first use, so that a worker forked later has a thread of its own.
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        forgotten = -FORGET_EVERY
        while True:
            method, values = self._queue.get()
            try:
                if time.monotonic() - forgotten >= FORGET_EVERY:
                    forgotten = time.monotonic()
                    self._forget()
                place: object = self._searches()
                if method == "record_many":
                    store = self._store()
                    place = store.events if store else None
                if place is None:
                    log.error("record dropped", what=method, reason="no database")
                else:
                    getattr(place, method)(*values)
            except (SQLAlchemyError, OSError) as error:
                log.error("record dropped", what=method, reason=str(error).splitlines()[0])
            except Exception:
                log.exception("record dropped", what=method)
            finally:
                self._queue.task_done()

    def _forget(self) -> None:
        """Delete what is too old to keep; this thread is the one that may take its time."""
        store = self._store()
        if store is not None and (gone := store.forget_old()):
            log.info("forgotten", rows=gone)
