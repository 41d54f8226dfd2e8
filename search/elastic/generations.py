"""Which indices there are of an alias: the serving one, the one kept before it, and litter."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from search.elastic import mapping
from search.elastic.client import Connection
from search.elastic.errors import disk_full
from search.engine import SCHEMA_VERSION, IndexMismatch, IndexMissing

MISSING = "There is no index yet. Run: nextep index"


def previous_alias(alias: str) -> str:
    """Name the alias of the generation that is kept."""
    return f"{alias}-previous"


def new_name(alias: str) -> str:
    """Return a name for a new index, later ones sorting after earlier ones."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{alias}-{now:%Y%m%d%H%M%S}-{uuid.uuid4().hex[:6]}"


def is_generation(name: str, alias: str) -> bool:
    """Tell whether an index is a generation of the alias, and not of one whose name begins with it."""
    return re.fullmatch(rf"{re.escape(alias)}-\d{{14}}-[0-9a-f]{{6}}", name) is not None


@dataclass(frozen=True, slots=True)
class Generations:
    """The indices of an alias, None where there is none; `others` are half-built or out of use."""

    serving: str | None
    previous: str | None
    others: tuple[str, ...]


def generations(client: Elasticsearch, alias: str) -> Generations:
    """Return the indices of an alias."""
    found = client.indices.get_alias(index=f"{alias}-*", expand_wildcards="all").body
    ours = {name: set(made["aliases"]) for name, made in found.items() if is_generation(name, alias)}
    serving = next((name for name, aliases in ours.items() if alias in aliases), None)
    previous = next((name for name, aliases in ours.items() if previous_alias(alias) in aliases), None)
    return Generations(serving, previous, tuple(name for name in sorted(ours) if name not in (serving, previous)))


def described(client: Elasticsearch, name: str) -> tuple[str, Mapping[str, Any]]:
    """Return the concrete index behind an alias (or name) and its `_meta`; raise IndexMissing without one.

    Raises IndexMismatch for an index that this program did not write or can't read.
    """
    try:
        found = client.indices.get_mapping(index=name, filter_path="*.mappings._meta").body
        if not found:
            # An index without `_meta` leaves nothing after the filter.
            found = client.indices.get_mapping(index=name).body
    except NotFoundError:
        raise IndexMissing(MISSING) from None
    if len(found) != 1:
        raise IndexMismatch(
            f"The alias {name} stands for {len(found)} indices ({', '.join(sorted(found))}), not for one. "
            "Run: nextep index --rebuild"
        )
    index, made = next(iter(found.items()))
    meta = made.get("mappings", {}).get("_meta", {})
    own = meta.get(mapping.OWN)
    if own is None:
        raise IndexMismatch(f"{index} is not an index of Nextep's. Set NEXTEP_INDEX to another name.")
    if (own["format"], meta["schema_version"]) != (mapping.FORMAT, SCHEMA_VERSION):
        raise IndexMismatch(
            f"The index {index} was written in format {own['format']}, schema {meta['schema_version']}; this program "
            f"reads format {mapping.FORMAT}, schema {SCHEMA_VERSION}. Run: nextep index --rebuild"
        )
    return index, meta


def swap(client: Elasticsearch, alias: str, new: str, was: Generations) -> None:
    """Let the alias name `new` and the other alias what served, in one call."""
    kept = previous_alias(alias)
    actions: list[dict[str, Any]] = [{"add": {"index": new, "alias": alias}}]
    if was.serving and was.serving != new:
        actions.append({"remove": {"index": was.serving, "alias": alias}})
        actions.append({"add": {"index": was.serving, "alias": kept}})
        if was.previous:
            actions.append({"remove": {"index": was.previous, "alias": kept}})
    client.indices.update_aliases(actions=actions)


def blocked(client: Elasticsearch, index: str, kind: str) -> bool:
    """Tell whether an index has the block `kind` ("write", "read_only_allow_delete")."""
    name = f"index.blocks.{kind}"
    held = client.indices.get_settings(index=index, name=name, flat_settings=True).body
    return any(made.get("settings", {}).get(name) == "true" for made in held.values())


def refuse_full(connection: Connection, alias: str) -> None:
    """Raise DiskFull at once where the serving index is locked by the flood stage: no write would get through."""

    def full(client: Elasticsearch) -> bool:
        serving = generations(client, alias).serving
        return serving is not None and blocked(client, serving, "read_only_allow_delete")

    if connection.do(full):
        raise disk_full(connection.target)
