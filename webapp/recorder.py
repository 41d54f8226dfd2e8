"""Write searches, opened titles and events down behind the visitor's back: a page never waits for the database."""

from __future__ import annotations

import atexit
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
# Events of so long are one transaction: with one for each page, whoever changes a list waits for the database.
GATHER_SECONDS = 0.25
MOST_GATHERED = 200
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
        self._hurry = threading.Event()

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
        self._hurry.set()
        while self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)
        self._hurry.clear()
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
                    # A worker that is told to stop writes down what it has.
                    atexit.register(self.flush)
                    self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        forgotten = -FORGET_EVERY
        while True:
            items = self._gathered()
            try:
                if time.monotonic() - forgotten >= FORGET_EVERY:
                    forgotten = time.monotonic()
                    self._try("forget", self._forget)
                events = tuple(event for method, values in items if method == "record_many" for event in values[0])
                if events:
                    self._try("record_many", self._write_events, events)
                for method, values in items:
                    if method != "record_many":
                        self._try(method, self._write, method, values)
            finally:
                for _ in items:
                    self._queue.task_done()

    def _gathered(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Return what there is to write, and what comes within a moment after it."""
        items = [self._queue.get()]
        until = time.monotonic() + GATHER_SECONDS
        while len(items) < MOST_GATHERED:
            try:
                items.append(self._queue.get_nowait())
            except queue.Empty:
                if time.monotonic() >= until or self._hurry.wait(0.05):
                    break
        return items

    def _write_events(self, events: Sequence[Event]) -> None:
        store = self._store()
        if store is None:
            raise OSError("no database")
        store.events.record_many(events)

    def _write(self, method: str, values: tuple[Any, ...]) -> None:
        place = self._searches()
        if place is None:
            raise OSError("no database")
        getattr(place, method)(*values)

    def _try(self, what: str, write: Callable[..., object], *values: Any) -> None:
        try:
            write(*values)
        except (SQLAlchemyError, OSError) as error:
            log.error("record dropped", what=what, reason=str(error).splitlines()[0])
        except Exception:
            log.exception("record dropped", what=what)

    def _forget(self) -> None:
        """Delete what is too old to keep; this thread is the one that may take its time."""
        store = self._store()
        if store is not None and (gone := store.forget_old()):
            log.info("forgotten", rows=gone)
