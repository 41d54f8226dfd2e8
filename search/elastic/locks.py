"""Locks that outlive nobody: a document each, with who holds it and a heartbeat.

A holder on this machine is known to be dead when its process is gone; one elsewhere, when its heartbeat is old.
Each beat is written under the sequence number of the one before, so a holder whose lock was taken over learns it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from elasticsearch import BadRequestError, ConflictError, Elasticsearch, NotFoundError

from search.elastic.client import Connection
from search.engine import BuildRefused, EngineError

BEAT_SECONDS = 5.0
DEAD_AFTER = 60.0
BETWEEN_SECONDS = 0.1
MAPPING = {
    "dynamic": "strict",
    "properties": {
        "pid": {"type": "integer"},
        "host": {"type": "keyword"},
        "started": {"type": "keyword"},
        "token": {"type": "keyword"},
        "beat": {"type": "double"},
    },
}


def lock_index(alias: str) -> str:
    """Name the index that holds the locks of an alias."""
    return f"{alias}-lock"


class Lock:
    """A lock that is held; `with` or `release` gives it back."""

    def __init__(self, connection: Connection, alias: str, name: str, what: str, patience: float = 0.0) -> None:
        """Take the lock `name`; raise BuildRefused with the pid and machine of who holds it, `what` saying at what.

        `patience` is how many seconds to wait for a lock that is held for moments only.
        """
        self._connection = connection
        self._index, self._name, self._what = lock_index(alias), name, what
        self._me = {"pid": os.getpid(), "host": socket.gethostname(), "started": started(os.getpid()) or "",
                    "token": uuid.uuid4().hex}  # fmt: skip
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._place = self._wait(patience)
        self._lost = False
        self._beats = threading.Thread(target=self._beat, name=f"lock {name}", daemon=True)
        self._beats.start()

    def __enter__(self) -> Lock:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give the lock back."""
        self.release()

    def check(self) -> None:
        """Raise BuildRefused when somebody took the lock for abandoned."""
        self._renew()
        if self._lost:
            raise BuildRefused(f"The lock of this {self._what} was taken over by another. Nothing was changed.")

    def release(self) -> None:
        """Give the lock back; a lock that was taken over stays with its new holder."""
        if self._ended.is_set():
            return
        self._ended.set()
        with self._guard:
            self._connection.do(self._delete)

    def _wait(self, patience: float) -> tuple[int, int]:
        ends = time.monotonic() + patience
        while True:
            try:
                return self._connection.do(self._acquire)
            except BuildRefused:
                if time.monotonic() >= ends:
                    raise
            time.sleep(BETWEEN_SECONDS)

    def _acquire(self, client: Elasticsearch) -> tuple[int, int]:
        _make_index(client, self._index)
        for _ in range(5):
            try:
                made = client.create(index=self._index, id=self._name, document=self._document(), refresh=False)
                return made["_seq_no"], made["_primary_term"]
            except ConflictError:
                pass
            try:
                held = client.get(index=self._index, id=self._name)
            except NotFoundError:
                continue
            holder = held["_source"]
            if alive(holder):
                raise BuildRefused(
                    f"Another {self._what} is running (pid {holder['pid']} on {holder['host']}); "
                    "wait for it or stop it, then try again."
                )
            try:
                return self._write(client, held["_seq_no"], held["_primary_term"])
            except ConflictError:
                continue
        raise BuildRefused(f"Another {self._what} is starting; try again.")

    def _write(self, client: Elasticsearch, number: int, term: int) -> tuple[int, int]:
        made = client.index(
            index=self._index, id=self._name, document=self._document(), if_seq_no=number, if_primary_term=term
        )
        return made["_seq_no"], made["_primary_term"]

    def _document(self) -> dict[str, Any]:
        return {**self._me, "beat": time.time()}

    def _delete(self, client: Elasticsearch) -> None:
        number, term = self._place
        try:
            client.delete(index=self._index, id=self._name, if_seq_no=number, if_primary_term=term)
        except (ConflictError, NotFoundError):
            self._lost = True

    def _renew(self) -> None:
        def renew(client: Elasticsearch) -> None:
            try:
                self._place = self._write(client, *self._place)
            except (ConflictError, NotFoundError):
                self._lost = True

        with self._guard:
            if not self._ended.is_set() and not self._lost:
                self._connection.do(renew)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS) and not self._lost:
            try:
                self._renew()
            except EngineError:
                # The cluster does not answer for now; the build itself will say so, and the next beat tries again.
                continue


def holder(client: Elasticsearch, alias: str, name: str) -> dict[str, Any] | None:
    """Return who holds a lock and lives, None where nobody does."""
    try:
        held = dict(client.get(index=lock_index(alias), id=name)["_source"])
    except NotFoundError:
        return None
    return held if alive(held) else None


def alive(holder: dict[str, Any]) -> bool:
    """Tell whether the holder of a lock can still be at it."""
    if holder["host"] == socket.gethostname():
        return holder["started"] == (started(holder["pid"]) or None)
    return bool(time.time() - holder["beat"] < DEAD_AFTER)


def started(pid: int) -> str | None:
    """Return when a process of this machine started, None where it is gone; a pid that is used again differs."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return _without_proc(pid)
    # A killed process that nobody has waited for yet is gone.
    return None if fields[0] in "ZX" else fields[19]


def _without_proc(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "running"


def _make_index(client: Elasticsearch, index: str) -> None:
    if client.indices.exists(index=index):
        return
    try:
        client.indices.create(
            index=index,
            mappings=MAPPING,
            settings={"number_of_shards": 1, "auto_expand_replicas": "0-all"},
        )
    except BadRequestError as error:
        # Another process made it in between.
        if error.error != "resource_already_exists_exception":
            raise
