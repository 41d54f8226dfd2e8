"""How fast the processor was while something was measured: shared machines change their pace within minutes."""

from __future__ import annotations

import os
import time

import numpy as np

STEPS = 400_000


class Clock:
    """Milliseconds of processor time for the same loop of arithmetic, taken whenever `tick` is called.

    `busy` is the load average before.
    """

    def __init__(self) -> None:
        self.busy = os.getloadavg()[0]
        self.taken: list[float] = []
        self.tick()

    def tick(self) -> None:
        """Take the time of one loop."""
        started = time.thread_time()
        total = 0
        for number in range(STEPS):
            total += number * number
        self.taken.append((time.thread_time() - started) * 1000)

    def said(self) -> str:
        """Return a sentence for a report, so that its figures can be set beside those of another run."""
        return (
            f"Pace of the processor: {STEPS:,} steps of arithmetic took {min(self.taken):.0f} to {max(self.taken):.0f} ms, "
            f"median {np.median(self.taken):.0f}, of {len(self.taken)} times."
        )
