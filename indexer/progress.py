"""Progress on stderr with rate and time left; one line that rewrites itself, silent when piped."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Progress:
    """Shows how far a step has come. Call it with (done, total)."""

    def __init__(self, label: str, stream: TextIO | None = None, every: float = 0.5) -> None:
        """Take the step's name; `every` is the least time between two updates in seconds."""
        self.label = label
        self.stream = stream or sys.stderr
        self.every = every
        self.started = time.monotonic()
        self._shown = 0.0
        self._first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show `done` of `total`."""
        if not self.stream.isatty():
            return
        if self._first is None:
            # What the cache had counts as done, but not as speed.
            self._first = done
        now = time.monotonic()
        if now - self._shown < self.every and done < total:
            return
        self._shown = now
        rate = (done - self._first) / max(now - self.started, 1e-6)
        left = f", {(total - done) / rate:,.0f} s left" if rate > 0 and done < total else ""
        end = "\n" if done >= total else ""
        self.stream.write(f"\r\x1b[K{self.label}: {done:,}/{total:,} ({rate:,.0f}/s{left}){end}")
        self.stream.flush()
