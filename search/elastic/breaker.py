"""A circuit breaker: after several failures in a row requests fail at once, and now and then one tries again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Count failures in a row; from `failures` on let through one request every `seconds`. Safe for threads."""

    def __init__(self, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.failures, self.seconds, self._clock = failures, seconds, clock
        self._lock = threading.Lock()
        self._count = 0
        self._next = 0.0
        self._reason = ""

    def admits(self) -> bool:
        """Tell whether a request may try; where it is open, one in `seconds` may (the probe)."""
        with self._lock:
            if self._count < self.failures:
                return True
            now = self._clock()
            if now < self._next:
                return False
            # A probe that never reports back keeps nobody out for longer than the next one is due.
            self._next = now + self.seconds
            return True

    def worked(self) -> bool:
        """Note an answer; return whether it closed the breaker."""
        with self._lock:
            closed = self._count >= self.failures
            self._count = 0
            return closed

    def failed(self, reason: str) -> bool:
        """Note a failure and why; return whether it opened the breaker."""
        with self._lock:
            self._count += 1
            self._reason = reason
            if self._count >= self.failures:
                self._next = self._clock() + self.seconds
            return self._count == self.failures

    @property
    def reason(self) -> str:
        """Why the last request failed."""
        return self._reason
