"""Look at a cluster: its indices, their health and rights, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from elasticsearch import Elasticsearch

from search.elastic.analysis import TRIED
from search.elastic.client import Connection, is_superuser
from search.elastic.errors import IndexGone, NotAllowed, RequestRefused
from search.elastic.locks import lock_index
from search.elastic.mapping import OWN

T = TypeVar("T")
# What a server without the plugin, or a key without the right, can't tell.
UNKNOWN = "not visible to this sign-in"


@dataclass(frozen=True, slots=True)
class Index:
    """One index of ours; None is what the sign-in may not see. `models` come from its `_meta`."""

    name: str
    serving: bool
    aliases: tuple[str, ...]
    generation: str | None
    models: tuple[str, ...]
    analysers: tuple[str, ...]
    documents: int | None
    bytes: int | None
    shards: int
    replicas: str
    health: str | None
    blocked: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What was seen of a cluster. `hidden` names what the sign-in may not see, `problems` what to mend."""

    version: str
    alias: str
    health: str | None
    nodes: int | None
    licence: str | None
    disk: str | None
    superuser: bool
    secured: bool
    analysers: dict[str, bool | None]
    indices: tuple[Index, ...]
    hidden: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def serving(self) -> Index | None:
        """The index behind the alias."""
        return next((index for index in self.indices if index.serving), None)

    def to_dict(self) -> dict[str, Any]:
        """Return it as values for JSON."""
        serving = self.serving
        return {**asdict(self), "serving": serving.name if serving else None}

    def text(self) -> str:
        """Return it as lines for a person."""
        analysers = ", ".join(f"{name} {_known(there, 'yes', 'NO')}" for name, there in self.analysers.items())
        lines = [
            f"Elasticsearch {self.version}, {self.nodes or '?'} nodes, health {self.health or '?'}, "
            f"licence {self.licence or '?'}, disk {self.disk or '?'}",
            f"analysers: {analysers}",
        ]
        for index in self.indices:
            size = f"{index.bytes / 1e6:.1f} MB" if index.bytes is not None else "? MB"
            documents = f"{index.documents:,}" if index.documents is not None else "?"
            named = f"{index.name} (alias {', '.join(index.aliases) or 'none'})"
            lines.append(
                f"{'->' if index.serving else '  '} {named}: {documents} documents, {size}, {index.shards} shards, "
                f"replicas {index.replicas}, {index.health or '?'}, {', '.join(index.models) or 'no model named'}"
            )
        if not self.indices:
            lines.append(f"no index {self.alias!r} yet")
        if self.hidden:
            lines.append(f"not visible to this sign-in: {', '.join(self.hidden)}")
        lines += [f"WRONG {problem}" for problem in self.problems]
        return "\n".join(lines)


class _Look:
    """Ask one thing after another; what may not be seen is None and remembered."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.hidden: list[str] = []

    def at(self, name: str, call: Callable[[Elasticsearch], T]) -> T | None:
        try:
            return self.connection.ask(call)
        except (NotAllowed, RequestRefused):
            self.hidden.append(name)
            return None


def look(connection: Connection, alias: str) -> Status:
    """Return the state of the cluster and of the indices of `alias`; raise EngineError when it can't be reached."""
    version = str(connection.ask(lambda read: read.info())["version"]["number"])
    look = _Look(connection)
    secured, superuser = _rights(connection)
    health = look.at("health", lambda read: read.cluster.health(level="indices").body)
    licence = look.at("licence", lambda read: _licence(read))
    disk = look.at("disk", lambda read: _disk(read))
    indices = _indices(look, alias, health or {})
    serving = next((index for index in indices if index.serving), None)
    analysers = {name: _analyses(look, serving, name) for name in TRIED}
    seen = Status(
        version=version,
        alias=alias,
        health=str(health["status"]) if health else None,
        nodes=int(health["number_of_nodes"]) if health else None,
        licence=licence,
        disk=disk,
        superuser=superuser,
        secured=secured,
        analysers=analysers,
        indices=tuple(indices),
        hidden=tuple(dict.fromkeys(look.hidden)),
    )
    return Status(**{**_fields(seen), "problems": tuple(_problems(seen))})


def _fields(status: Status) -> dict[str, Any]:
    return {name: getattr(status, name) for name in status.__dataclass_fields__}


def _rights(connection: Connection) -> tuple[bool, bool]:
    """Return whether security is on, and whether the sign-in is a superuser's."""
    try:
        connection.ask(lambda read: read.security.authenticate())
    except (RequestRefused, IndexGone):
        return False, False
    return True, connection.ask(is_superuser)


def _licence(read: Elasticsearch) -> str:
    return str(read.license.get()["license"]["type"])


def _disk(read: Elasticsearch) -> str:
    """Return green, yellow (over the low watermark) or red (over the flood stage), as the health report says."""
    return str(read.health_report(feature="disk", verbose=False)["indicators"]["disk"]["status"])


def _indices(look: _Look, alias: str, health: dict[str, Any]) -> list[Index]:
    ours = f"{alias}-*"
    found = look.at("indices", lambda read: read.indices.get(index=ours, expand_wildcards="all").body) or {}
    found.pop(lock_index(alias), None)
    stats = look.at("sizes", lambda read: read.indices.stats(index=ours, metric=["docs", "store"]).body) or {}
    indices = []
    for name, described in sorted(found.items()):
        settings = described["settings"]["index"]
        meta = described.get("mappings", {}).get("_meta", {})
        sizes = stats.get("indices", {}).get(name, {})
        blocks = settings.get("blocks", {})
        indices.append(
            Index(
                name=name,
                serving=alias in described.get("aliases", {}),
                aliases=tuple(sorted(described.get("aliases", {}))),
                generation=meta.get("generation"),
                models=tuple(
                    f"{space.get('name')} by {space.get('model')} {space.get('revision')} ({space.get('dims')})"
                    for space in meta.get("spaces", ())
                ),
                analysers=tuple(meta.get(OWN, {}).get("analysers", ())),
                documents=_count(look, name),
                bytes=sizes.get("total", {}).get("store", {}).get("size_in_bytes"),
                shards=int(settings.get("number_of_shards", 1)),
                replicas=str(settings.get("auto_expand_replicas", settings.get("number_of_replicas", "?"))),
                health=health.get("indices", {}).get(name, {}).get("status"),
                blocked=str(blocks.get("read_only_allow_delete", "false")) == "true",
            )
        )
    return indices


def _count(look: _Look, name: str) -> int | None:
    answer = look.at("documents", lambda read: read.count(index=name).body)
    return int(answer["count"]) if answer else None


def _analyses(look: _Look, serving: Index | None, name: str) -> bool | None:
    """Tell whether the server can tokenise so: by trying, since the list of plugins may name it otherwise.

    A key that may not try is told what the serving index was built with.
    """
    index, (tokenizer, _, _) = serving.name if serving else None, TRIED[name]
    try:
        look.connection.ask(lambda read: read.indices.analyze(index=index, tokenizer=tokenizer, text="가"))
    except NotAllowed:
        return name in serving.analysers if serving else None
    except RequestRefused:
        return False
    return True


def _problems(seen: Status) -> list[str]:
    wrong = []
    if not seen.secured:
        wrong.append("security is off: whoever reaches the port may do everything. Set xpack.security.enabled=true")
    if seen.superuser:
        wrong.append("the sign-in is a superuser's; production refuses it. Run: nextep es setup")
    if seen.indices and seen.serving is None:
        wrong.append(f"no index is behind the alias {seen.alias!r}. Run: nextep index")
    if seen.health == "red":
        wrong.append("part of the data can't be reached (red). Is a node missing?")
    if seen.disk in ("yellow", "red"):
        wrong.append(f"the disk is nearly full ({seen.disk}). Make room before the indices turn read-only")
    wrong += [f"{index.name} is read-only: the disk was full" for index in seen.indices if index.blocked]
    if seen.licence not in (None, "basic"):
        wrong.append(f"the licence is {seen.licence!r}: what it allows may answer 403 on the free basic one")
    wrong += [
        f"the server has no {name}; install the plugin analysis-{name} on every node (es/Dockerfile)"
        for name, there in seen.analysers.items()
        if there is False and name == "nori"
    ]
    if seen.serving is not None:
        wrong += [
            f"{seen.serving.name} was built without {name}, which the server has. Run: nextep index --rebuild"
            for name, there in seen.analysers.items()
            if there and name not in seen.serving.analysers
        ]
    return wrong


def _known(value: bool | None, yes: str, no: str) -> str:
    return "?" if value is None else yes if value else no
