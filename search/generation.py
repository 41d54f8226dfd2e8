"""One answer, one generation: what a request asks is answered by one reader, even where the index is swapped meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from search.engine import EngineError, Reader

T = TypeVar("T")
TRIES = 3


class Held(threading.local):
    """The reader that this thread's request began with; nothing is held outside `begin` and `end`."""

    def __init__(self) -> None:
        self.holding = False
        self.reader: Reader | None = None

    def begin(self) -> None:
        """Let the first reader that is opened from here on serve until `end`."""
        self.holding, self.reader = True, None

    def end(self) -> None:
        """Let go of it."""
        self.holding, self.reader = False, None

    def open(self, make: Callable[[], Reader]) -> Reader:
        """Return the reader that is held, else the one that `make` returns."""
        if self.reader is not None:
            return self.reader
        reader = make()
        if self.holding:
            self.reader = reader
        return reader


def of_one(reader: Reader, ask: Callable[[], T]) -> T:
    """Return what `ask` makes of `reader`; anew where that went on with another generation on the way.

    A reader does so when its index is removed, two swaps later: ids of the one before then mean nothing.
    """
    for _ in range(TRIES):
        before = reader.info().generation
        try:
            made = ask()
        except LookupError:
            if reader.info().generation == before:
                raise
            continue
        if reader.info().generation == before:
            return made
    raise EngineError("The index kept changing while this was searched. Try again.")
