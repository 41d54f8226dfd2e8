"""Counts of the rate limits in a small SQLite file, for worker processes that must count together.

One process counts in its memory; with several each would allow the whole limit, and a visitor as many times as much.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

from limits.storage import Storage

SCHEME = "nextep-counts"
# So often counts that are over are swept out: their keys hold addresses of visitors.
SWEEP_SECONDS = 60.0


def uri(file: Path) -> str:
    """Return the address by which Flask-Limiter opens the counts in `file`."""
    return f"{SCHEME}://{file}"


class SharedCounts(Storage):
    """What the limiter counts by key, until the window of the key ends (Unix seconds)."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012
    base_exceptions = (sqlite3.Error, OSError)

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions)
        self._file = Path((uri or "").partition("://")[2])
        self._own = threading.local()
        self._swept = 0.0

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more for a key, whose window is `expiry` seconds long, and return the count."""
        now = time.time()
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            self._database().execute("DELETE FROM counts WHERE ends <= ?", (now,))
        [[count]] = (
            self._database()
            .execute(
                "INSERT INTO counts VALUES (:key, :amount, :ends) ON CONFLICT (key) DO UPDATE SET"
                " count = CASE WHEN ends <= :now THEN excluded.count ELSE count + excluded.count END,"
                " ends = CASE WHEN ends <= :now THEN excluded.ends ELSE ends END RETURNING count",
                {"key": key, "amount": amount, "ends": now + expiry, "now": now},
            )
            .fetchall()
        )
        return int(count)

    def get(self, key: str) -> int:
        """Return the count of a key, 0 once its window has ended."""
        found = self._found(key)
        return int(found[0]) if found else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window of a key ends; for one that is not counted, now."""
        found = self._found(key)
        return float(found[1]) if found else time.time()

    def check(self) -> bool:
        """Tell whether the file can be read."""
        try:
            self._found("")
        except self.base_exceptions:
            return False
        return True

    def reset(self) -> int | None:
        """Forget every count; return how many there were."""
        return self._database().execute("DELETE FROM counts").rowcount

    def clear(self, key: str) -> None:
        """Forget the count of a key."""
        self._database().execute("DELETE FROM counts WHERE key = ?", (key,))

    def _found(self, key: str) -> tuple[int, float] | None:
        rows = self._database().execute("SELECT count, ends FROM counts WHERE key = ? AND ends > ?", (key, time.time()))
        return rows.fetchone()  # type: ignore[no-any-return]

    def _database(self) -> sqlite3.Connection:
        """Return this thread's connection; what a power cut loses are counts of a minute, so nothing is synced."""
        if not hasattr(self._own, "database"):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            opened = sqlite3.connect(self._file, timeout=2, isolation_level=None)
            opened.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
                "CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, count INTEGER NOT NULL, ends REAL NOT NULL) WITHOUT ROWID"
            )
            self._own.database = opened
        return self._own.database  # type: ignore[no-any-return]
