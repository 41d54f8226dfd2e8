"""The Elasticsearch engine: hands out readers of the index behind the alias and builds the next."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from search.elastic import build, changes, mapping
from search.elastic.analysis import missing
from search.elastic.build import ElasticBuild
from search.elastic.client import Connection
from search.elastic.errors import Unavailable
from search.elastic.generations import described
from search.elastic.reader import ElasticReader, Opened
from search.engine import Build, Document, IndexInfo

log = logging.getLogger("nextep.elastic")
# A swap by another process is seen after so long; not every request asks which index serves.
RESOLVED_SECONDS = 1.0


class ElasticEngine:
    """Generations as indices behind one alias; safe for threads and for any number of processes."""

    name = "elasticsearch"

    def __init__(self, connection: Connection, alias: str) -> None:
        """Take the connection and the alias; nothing is sent yet."""
        self.connection, self.alias = connection, alias
        self._lock = threading.Lock()
        self._reader: ElasticReader | None = None
        self._opened: Opened | None = None
        self._until = 0.0

    def reader(self) -> ElasticReader:
        """Return a reader of the serving generation; raise IndexMissing without one.

        While no node answers it is the one that served last: lists and pages whose titles it remembers go on, and
        whatever it must ask says that the cluster is down.
        """
        reader = self._reader
        if reader is not None and time.monotonic() < self._until:
            return reader
        # One asks which index serves; those who come meanwhile go on with the one before.
        if not self._lock.acquire(blocking=reader is None):
            assert reader is not None
            return reader
        try:
            if self._reader is None or time.monotonic() >= self._until:
                try:
                    self._take(self._resolve())
                except Unavailable:
                    if self._reader is None:
                        raise
                    # Asked again as often as before, so that one page asks once and not with each of its rows.
                    self._until = time.monotonic() + RESOLVED_SECONDS
            assert self._reader is not None
            return self._reader
        finally:
            self._lock.release()

    def ready(self) -> IndexInfo:
        """Return what the serving generation says of itself, asked of the cluster now."""
        return self._resolve().info

    def _take(self, opened: Opened) -> None:
        """Let the readers from here on be of this index."""
        if self._reader is None or opened is not self._opened:
            self._reader = ElasticReader(self.connection, opened, self._again)
        self._opened = opened
        self._until = time.monotonic() + RESOLVED_SECONDS

    def _again(self) -> Opened:
        """Return the index that serves now; the one that a reader had is gone."""
        self._forget()
        return self._resolve()

    def _resolve(self) -> Opened:
        index, meta = self.connection.ask(lambda read: described(read, self.alias))
        info = mapping.info_of(meta)
        held = self._opened
        if held is not None and (held.index, held.info) == (index, info):
            return held
        analysers = tuple(meta[mapping.OWN]["analysers"])
        for sentence in missing(analysers):
            log.warning("%s: %s", index, sentence)
        return Opened(index, info, analysers)

    def _forget(self) -> None:
        self._until = 0.0

    def begin(self, info: IndexInfo) -> Build:
        """Begin a new generation; raise BuildRefused while another build runs."""
        return ElasticBuild(self.connection, self.alias, info, self._forget)

    def change(self, documents: Sequence[Document], catalogue_hash: str, since: str) -> str | None:
        """Change titles of the serving generation in place; return what it is called then.

        None where the generation `since`, which the documents were made for, no longer serves: make them anew.
        """
        made = changes.change(
            self.connection,
            self.alias,
            documents,
            catalogue_hash,
            since,
            lambda index, sources: build.bulk(self.connection, index, sources),
        )
        self._forget()
        return made

    def rollback(self) -> str:
        """Return to the generation before; raise BuildRefused without one."""
        generation = build.rollback(self.connection, self.alias)
        self._forget()
        return generation

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()
