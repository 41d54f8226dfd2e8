"""The two API keys that Nextep works with, each with no more rights than its job needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.elastic.client import Connection
from search.elastic.errors import ElasticError, NotAllowed

SEARCH, INDEX = "nextep-search", "nextep-index"


def descriptors(index: str) -> dict[str, Mapping[str, Any]]:
    """Return each key's role: what it may do to the alias `index` and the generations behind it.

    Indexing reads to verify, manages to create, swap, merge and delete, and watches the cluster's health.
    """
    names = [index, f"{index}-*"]
    return {
        SEARCH: {"search": {"indices": [{"names": names, "privileges": ["read", "view_index_metadata"]}]}},
        INDEX: {
            "index": {"cluster": ["monitor"], "indices": [{"names": names, "privileges": ["read", "write", "manage"]}]}
        },
    }


@dataclass(frozen=True, slots=True)
class Keys:
    """The encoded keys, and how many older ones of the same names still work."""

    search: str
    index: str
    older: int

    def text(self) -> str:
        """Return what can be pasted into .env."""
        return (
            "# For the site (it can only search):\n"
            f"ELASTICSEARCH_API_KEY={self.search}\n"
            "# For `nextep index`, where it runs (it can build and swap indices):\n"
            f"# ELASTICSEARCH_API_KEY={self.index}"
        )


def make_keys(connection: Connection, index: str, expires: str | None = None, withdraw: bool = False) -> Keys:
    """Make both keys; `withdraw` invalidates the older ones of the same names that this user made.

    Raises NotAllowed where the sign-in may not make keys: an API key can't make others with rights.
    """
    if connection.target.api_key:
        raise NotAllowed(
            "An API key can't make other keys. For this command sign in as a user who may: set "
            "ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, and leave ELASTICSEARCH_API_KEY empty."
        )
    older = [key["id"] for name in (SEARCH, INDEX) for key in _existing(connection, name)]
    made: dict[str, str] = {}
    for name, role in descriptors(index).items():
        answer = connection.do(
            lambda write, name=name, role=role: write.security.create_api_key(  # type: ignore[misc]
                name=name, role_descriptors=role, expiration=expires
            )
        )
        made[name] = str(answer["encoded"])
    if withdraw and older:
        connection.do(lambda write: write.security.invalidate_api_key(ids=older, owner=True))
        older = []
    return Keys(made[SEARCH], made[INDEX], len(older))


def _existing(connection: Connection, name: str) -> list[dict[str, Any]]:
    answer = connection.do(lambda write: write.security.get_api_key(name=name, owner=True))
    return [key for key in answer["api_keys"] if not key.get("invalidated")]


def write_keys(keys: Keys, search_file: Path | None, index_file: Path | None) -> None:
    """Write the keys to files that only this account can read."""
    for key, file in ((keys.search, search_file), (keys.index, index_file)):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.chmod(0o600)
            file.write_text(key + "\n", encoding="utf-8")


def works(connection: Connection, index: str) -> bool:
    """Tell whether the connection's key still signs in and may search."""
    try:
        answer = connection.do(
            lambda write: write.security.has_privileges(index=[{"names": [index], "privileges": ["read"]}])
        )
    except ElasticError:
        return False
    return bool(answer["has_all_requested"])
