"""Write a fresh index beside the serving one, verify it, and swap the alias in one call."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

from search.elastic import changes, mapping, verify
from search.elastic.analysis import missing, try_analysers
from search.elastic.client import Connection
from search.elastic.errors import IndexGone, item_error
from search.elastic.generations import Generations, blocked, described, generations, new_name, refuse_full, swap
from search.elastic.locks import Lock, lock_index
from search.elastic.reader import ElasticReader, Opened
from search.engine import BuildRefused, Document, EngineError, IndexInfo, IndexMissing, Space

log = logging.getLogger("nextep.elastic")
CHUNK = 200
CHUNK_BYTES = 8_000_000
RETRIES = 6
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
RETRIED = (429, 502, 503, 504)
# A force-merge of a large index takes minutes.
MERGE_SECONDS = 3600.0
COPIES_SECONDS = 60


class ElasticBuild:
    """One generation in the making. Holds the build lock from `begin` to `publish` or `abort`."""

    def __init__(self, connection: Connection, alias: str, info: IndexInfo, published: Callable[[], None]) -> None:
        """Take the lock, delete what killed builds left, and create a new index."""
        self._connection, self._alias, self._published = connection, alias, published
        self._lock = Lock(connection, alias, "build", "build")
        try:
            sweep(connection, alias)
            refuse_full(connection, alias)
            self._since = connection.do(lambda write: changes.number(write, alias))
            self.analysers = connection.do(lambda write: try_analysers(write, lock_index(alias)))
            for sentence in missing(self.analysers):
                log.warning("%s", sentence)
            self.index = new_name(alias)
            self._info = dataclasses.replace(info, generation=self.index)
            connection.do(self._create)
        except BaseException:
            self._lock.release()
            raise
        self._count = 0
        self._passages = 0
        self._written: dict[str, verify.Written] = {space.name: verify.Written() for space in info.spaces}
        self._finished = False
        self._done = False

    def _create(self, client: Elasticsearch) -> None:
        client.indices.create(
            index=self.index,
            mappings=mapping.mapping(self._info, self.analysers),
            settings=mapping.settings(self.analysers),
        )

    def add(self, documents: Iterable[Document]) -> int:
        """Add documents; return how many."""
        before = self._count
        bulk(self._connection, self.index, self._sources(documents))
        return self._count - before

    def _sources(self, documents: Iterable[Document]) -> Iterator[Mapping[str, Any]]:
        spaces: tuple[Space, ...] = self._info.spaces
        for document in documents:
            for space in spaces:
                vector = document.vectors.get(space.name)
                if vector is not None:
                    self._written[space.name].ids.append(document.title.id)
                    self._written[space.name].vectors.append(vector)
                self._passages += len(document.passages.get(space.name, ()))
            self._count += 1
            yield mapping.source(document, spaces, self.analysers)

    def verify(self, sample: Sequence[Document]) -> None:
        """Check count, sample documents and vector search against exact search; raise BuildRefused when one is off."""
        self._finish()
        verify.verify(self._reader(), sample, self._count, self._written)

    def publish(self) -> str:
        """Swap the alias in one call, keep the index before, delete older ones; return the generation."""
        self._finish()
        self._catch_up()
        self._lock.check()
        was = self._connection.do(lambda write: generations(write, self._alias))
        self._connection.do(lambda write: swap(write, self._alias, self.index, was))
        # From here on the new index serves: whatever fails below is tidied up by the next run.
        self._done = True
        self._published()
        try:
            sweep(self._connection, self._alias)
        except EngineError as error:
            log.warning("the index before the last was not deleted, the next run will: %s", error)
        self._lock.release()
        return self._connection.do(lambda write: mapping.info_of(described(write, self.index)[1])).generation

    def abort(self) -> None:
        """Delete what was built; the serving index is untouched."""
        try:
            # A swap whose answer was lost may have been made all the same: what serves is never deleted.
            if (
                not self._done
                and self._connection.do(lambda write: generations(write, self._alias)).serving != self.index
            ):
                self._connection.do(lambda write: write.indices.delete(index=self.index, ignore_unavailable=True))
                unblock(self._connection, self._alias)
        except EngineError as error:
            log.error("the half-built index %s was not deleted, the next run will: %s", self.index, error)
        try:
            self._lock.release()
        except EngineError as error:
            log.error("the build lock was not given back, it ends with this process: %s", error)

    def _finish(self) -> None:
        """Make everything visible, in one segment and on every node."""
        if self._finished:
            return
        connection, index = self._connection, self.index
        connection.do(lambda write: write.indices.refresh(index=index))
        connection.do(
            lambda write: write.options(request_timeout=MERGE_SECONDS).indices.forcemerge(
                index=index, max_num_segments=1
            )
        )
        connection.do(lambda write: write.indices.put_settings(index=index, settings=mapping.FILLED))
        connection.do(lambda write: write.indices.refresh(index=index))
        connection.do(
            lambda write: write.options(request_timeout=COPIES_SECONDS + 30).cluster.health(
                index=index,
                wait_for_no_initializing_shards=True,
                wait_for_status="yellow",
                timeout=f"{COPIES_SECONDS}s",
            )
        )
        self._info = dataclasses.replace(self._info, **verify.counts(self._reader(), self._passages))  # type: ignore[arg-type]
        self._describe()
        self._finished = True

    def _describe(self) -> None:
        made = mapping.meta(self._info, self.analysers)
        self._connection.do(lambda write: write.indices.put_mapping(index=self.index, meta=made))

    def _catch_up(self) -> None:
        """Bring over what was changed in place since this build began; nothing can be changed until the swap."""
        try:
            serving, meta = self._connection.do(lambda write: described(write, self._alias))
        except IndexMissing:
            return
        self._connection.do(lambda write: write.indices.add_block(index=serving, block="write"))
        changed = self._connection.do(lambda write: changes.since(write, serving, self._since))
        if not changed:
            return
        theirs = {space.name: space for space in mapping.info_of(meta).spaces}
        same = {space.name for space in self._info.spaces if theirs.get(space.name) == space}
        brought = self._connection.do(
            lambda write: changes.brought(write, serving, self.index, changed, self._info.spaces, same)
        )
        stale = [space.name for space in self._info.spaces if space.name not in same]
        if stale:
            log.warning(
                "titles %s were changed while another model indexed them: their vectors in %s are of the text before. "
                "Run nextep index again to mend it",
                ", ".join(map(str, changed)), ", ".join(stale),
            )  # fmt: skip
        bulk(self._connection, self.index, brought)
        self._connection.do(lambda write: write.indices.refresh(index=self.index))
        log.warning("%d titles that were changed in place meanwhile are in the new index too", len(changed))
        # The catalogue is no longer the one that was read: the next run finds a difference and builds again.
        self._info = dataclasses.replace(
            self._info,
            catalogue_hash=f"{self._info.catalogue_hash}+{len(changed)}",
            **verify.counts(self._reader(), self._passages),  # type: ignore[arg-type]
        )
        self._describe()

    def _reader(self) -> ElasticReader:
        """Return a reader of the index that is being built."""
        opened = Opened(self.index, self._info, self.analysers)

        def gone() -> Opened:
            raise IndexGone(f"The index {self.index} was deleted while it was built. Run: nextep index")

        return ElasticReader(self._connection, opened, gone, patient=True)


def bulk(connection: Connection, index: str, sources: Iterable[Mapping[str, Any]]) -> int:
    """Write documents, 429 retried with growing waits; raise with the first item's error and how many failed."""

    def write(client: Elasticsearch) -> int:
        actions = ({"_index": index, "_id": str(source["id"]), "_source": source} for source in sources)
        done, failed, first = 0, 0, None
        for well, item in streaming_bulk(
            client, actions, chunk_size=CHUNK, max_chunk_bytes=CHUNK_BYTES, max_retries=RETRIES,
            initial_backoff=FIRST_WAIT, max_backoff=LONGEST_WAIT, retry_on_status=RETRIED,
            raise_on_error=False, raise_on_exception=True,
        ):  # fmt: skip
            if well:
                done += 1
                continue
            failed += 1
            first = first or next(iter(item.values()))
        if first is not None:
            error = item_error(first, connection.target)
            kind = type(error) if error is not None else BuildRefused
            raise kind(
                f"{failed} of {done + failed} documents were not indexed; the first ({first.get('_id')}): {error}"
            )
        return done

    return connection.do(write)


def sweep(connection: Connection, alias: str) -> None:
    """Delete indices that neither serve nor are kept, and let the serving one be changed; the lock must be held."""
    was: Generations = connection.do(lambda write: generations(write, alias))
    for name in was.others:
        connection.do(lambda write, name=name: write.indices.delete(index=name, ignore_unavailable=True))  # type: ignore[misc]
    unblock(connection, alias)


def unblock(connection: Connection, alias: str) -> None:
    """Let the serving index be changed again, which a build that ended before its swap had prevented."""

    def clear(client: Elasticsearch) -> None:
        serving = generations(client, alias).serving
        if serving is None:
            return
        if blocked(client, serving, "write"):
            client.indices.put_settings(index=serving, settings={"index.blocks.write": None})

    connection.do(clear)


def rollback(connection: Connection, alias: str) -> str:
    """Return to the generation before; raise BuildRefused without one."""
    was = connection.do(lambda write: generations(write, alias))
    if was.serving is None:
        raise IndexMissing("There is no index yet. Run: nextep index")
    if was.previous is None:
        raise BuildRefused("There is no earlier generation to return to.")
    with Lock(connection, alias, "build", "build"):
        was = connection.do(lambda write: generations(write, alias))
        if was.previous is None:
            raise BuildRefused("There is no earlier generation to return to.")
        previous = was.previous
        connection.do(lambda write: swap(write, alias, previous, was))
        unblock(connection, alias)
        return connection.do(lambda write: mapping.info_of(described(write, previous)[1])).generation
