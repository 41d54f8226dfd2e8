"""A steady load on a site or a connection, and what came of it: the fault tests' measuring device."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Visit:
    """One request: when it was due (seconds since the load began), how long it took, and what came: a status or an error."""

    at: float
    seconds: float
    what: str
    outcome: object

    @property
    def good(self) -> bool:
        return self.outcome == 200


@dataclass
class Load:
    """Visits of `visit(number)` at a fixed rate, whether or not earlier ones have been answered (an open loop)."""

    visit: Callable[[int], tuple[str, object]]
    rate: float = 20.0
    visits: list[Visit] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Load]:
        """Keep up the load while the block runs, and wait for the last answer."""
        self.began = time.monotonic()
        with ThreadPoolExecutor(64) as threads:
            clock = threading.Thread(target=self._tick, args=(threads,), daemon=True)
            clock.start()
            try:
                yield self
            finally:
                self._stop.set()
                clock.join()

    def now(self) -> float:
        """Return the seconds since the load began."""
        return time.monotonic() - self.began

    def between(self, start: float, end: float) -> list[Visit]:
        """Return the visits that were due in that time."""
        return [visit for visit in list(self.visits) if start <= visit.at < end]

    def _tick(self, threads: ThreadPoolExecutor) -> None:
        number = 0
        while not self._stop.is_set():
            due = self.began + number / self.rate
            time.sleep(max(0.0, due - time.monotonic()))
            threads.submit(self._one, number, due)
            number += 1

    def _one(self, number: int, due: float) -> None:
        what, outcome = self.visit(number)
        # Counted from when it was due, so that a queue shows as slowness.
        self.visits.append(Visit(due - self.began, time.monotonic() - due, what, outcome))


def p(visits: list[Visit], percent: int) -> float:
    """Return a percentile of the seconds taken."""
    times = [visit.seconds for visit in visits]
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] if len(times) > 1 else sum(times)


def told(name: str, visits: list[Visit]) -> str:
    """Return a line of the measurement."""
    failed = [visit for visit in visits if not visit.good]
    slowest = max((visit.seconds for visit in visits), default=0.0)
    return (
        f"{name}: {len(visits)} requests, {len(failed)} failed, p50 {p(visits, 50) * 1000:.0f} ms, "
        f"p99 {p(visits, 99) * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms"
    )
