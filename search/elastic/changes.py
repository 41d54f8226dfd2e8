"""Change titles of the serving index in place, so that neither a reader nor a build under way loses it.

Each change raises the number in the index's `_meta` and marks its documents with it. A build remembers the number it
began at; before its swap it blocks writes to the serving index and brings over what carries a higher one. A change
that meets the block waits for the swap and starts over on the new index.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from elasticsearch import Elasticsearch

from search.elastic import mapping, queries
from search.elastic.client import Connection
from search.elastic.errors import DiskFull, WritesBlocked
from search.elastic.generations import described, refuse_full
from search.elastic.locks import Lock, holder
from search.engine import Document, Filters, IndexMissing, Space

log = logging.getLogger("nextep.elastic")
MOST_CHANGED = 10_000
WAIT_SECONDS = 120.0
BETWEEN_SECONDS = 0.2


def number(client: Elasticsearch, alias: str) -> int:
    """Return the number of the last change in place of the serving index, 0 without an index."""
    try:
        index, meta = described(client, alias)
    except IndexMissing:
        return 0
    # A change that was cut short may have marked documents before it told `_meta`.
    answer = client.search(
        index=index, size=0, query={"match_all": {}}, aggs={"last": {"max": {"field": "changed"}}}, request_cache=False
    )
    return max(int(meta[mapping.OWN]["changes"]), int(answer["aggregations"]["last"]["value"] or 0))


def since(client: Elasticsearch, index: str, number: int) -> list[int]:
    """Return the ids of the documents that were changed in place after the change `number`."""
    client.indices.refresh(index=index)
    body = {
        **queries.bare(MOST_CHANGED),
        "query": {"bool": {"filter": [{"range": {"changed": {"gt": number}}}]}},
        "sort": [{"id": "asc"}],
    }
    return [hit["sort"][0] for hit in client.search(index=index, body=body)["hits"]["hits"]]


def brought(
    client: Elasticsearch, old: str, new: str, ids: Sequence[int], spaces: Sequence[Space], same: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the documents of `ids` as `old` holds them, ready for `new`.

    Vectors of a space that is not the `same` in both come from what `new` holds of the work already.
    """
    theirs, ours = _whole(client, old, ids), _whole(client, new, ids)
    properties = client.indices.get_mapping(index=new)[new]["mappings"]["properties"]
    made = []
    for id in ids:
        source = {name: value for name, value in theirs[id].items() if name in properties}
        for space in spaces:
            if space.name in same:
                continue
            for field in (mapping.vector_field(space.name), mapping.passages_field(space.name)):
                source.pop(field, None)
                if field in ours.get(id, {}):
                    source[field] = ours[id][field]
        # To the new index it is no change: it begins with it.
        made.append({**source, "changed": 0})
    return made


def _whole(client: Elasticsearch, index: str, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return documents with their vectors, which indices of 9.2 and later leave out unless asked."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), 200):
        part = list(ids[start : start + 200])
        answer = client.search(
            index=index, size=len(part), query=queries.among(part), source={"exclude_vectors": False}
        )
        found.update({hit["_source"]["id"]: hit["_source"] for hit in answer["hits"]["hits"]})
    return found


def change(
    connection: Connection,
    alias: str,
    documents: Sequence[Document],
    catalogue_hash: str,
    since: str,
    write: Callable[[str, list[dict[str, Any]]], object],
) -> str | None:
    """Write `documents` into the serving index; return its generation, None where `since` no longer serves.

    `since` is the generation that the documents were made for: with another one, models may differ, so they must be
    made anew.
    """
    with Lock(connection, alias, "change", "change", WAIT_SECONDS):
        refuse_full(connection, alias)
        index, meta = connection.do(lambda client: described(client, alias))
        info = mapping.info_of(meta)
        if info.generation != since:
            return None
        analysers = meta[mapping.OWN]["analysers"]
        following = connection.do(lambda client: number(client, alias)) + 1
        sources = [mapping.source(document, info.spaces, analysers, following) for document in documents]
        try:
            write(index, sources)
        except WritesBlocked as error:
            # A build's block ends with its swap; a full disk's does not.
            if isinstance(error, DiskFull) or not _swapped(connection, alias, index):
                raise
            return None
        connection.do(lambda client: client.indices.refresh(index=index))
        total, offered, passages = connection.do(lambda client: _counts(client, index, info.spaces))
        told = dataclasses.replace(
            mapping.info_of({**meta, mapping.OWN: {**meta[mapping.OWN], "changes": 0}}),
            catalogue_hash=catalogue_hash, documents=total, offered=offered, passages=passages,
        )  # fmt: skip
        made = mapping.meta(told, analysers, following)
        connection.do(lambda client: client.indices.put_mapping(index=index, meta=made))
        return mapping.info_of(made).generation


def _swapped(connection: Connection, alias: str, index: str) -> bool:
    """Wait while a build swaps the alias; tell whether the index may be written now or another one serves."""
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        if connection.do(lambda client: described(client, alias))[0] != index:
            return True
        if connection.do(lambda client: holder(client, alias, "build")) is None:
            # The build that blocked the index is gone. Nobody else would unblock it before the next build.
            connection.do(
                lambda client: client.indices.put_settings(index=index, settings={"index.blocks.write": None})
            )
            return True
        time.sleep(BETWEEN_SECONDS)
    return False


def _counts(client: Elasticsearch, index: str, spaces: Sequence[Space]) -> tuple[int, int, int]:
    """Return how many works an index holds, how many of them are offered, and how many passages."""
    total = int(client.count(index=index)["count"])
    offered = int(client.count(index=index, query=queries.conditions(Filters()))["count"])
    paths = {space.name: mapping.passages_field(space.name) for space in spaces}
    aggs = {name: {"nested": {"path": path}} for name, path in paths.items()}
    passages = 0
    if aggs:
        answer = client.search(index=index, size=0, aggs=aggs)
        passages = sum(int(answer["aggregations"][name]["doc_count"]) for name in paths)
    return total, offered, passages
