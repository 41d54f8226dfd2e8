"""Examine what Nextep needs and say how to mend what is missing."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import asdict, dataclass
from typing import Literal

from config import Settings, SettingsError

NEEDED_DISK = 1_000_000_000
NEEDED_MEMORY = 1_500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: `status` is ok, note (works, but worth knowing) or wrong (with what mends it)."""

    name: str
    status: Literal["ok", "note", "wrong"]
    detail: str
    mend: str = ""

    def text(self) -> str:
        """Return the finding as a line."""
        mark = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}[self.status]
        return f"{mark} {self.name}: {self.detail}" + (f"\n      -> {self.mend}" if self.mend else "")

    def to_dict(self) -> dict[str, str]:
        """Return the finding as a dict."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Return a finding for each of model, engine and index, port, disk, memory, database and secret key.

    With an Elasticsearch also for its version, sign-in, licence, analysers and disk.
    """
    return [
        _model(settings),
        *_elasticsearch(settings),
        *_index(settings),
        _database(settings),
        _port(settings),
        _disk(settings),
        _memory(),
        _secret(settings),
    ]


def _model(settings: Settings) -> Finding:
    from search.embedders import EmbedderUnavailable
    from search.open import open_embedder

    try:
        embedder = open_embedder(settings)
    except EmbedderUnavailable as error:
        return Finding("model", "wrong", str(error), "make install, or set NEXTEP_EMBEDDER=lsa to do without a model")
    if embedder is None:
        return Finding("model", "note", "LSA (TF-IDF + SVD) serves; a sentence model finds more by meaning")
    languages = ", ".join(embedder.languages)
    return Finding("model", "ok", f"{embedder.name} {embedder.revision}, {embedder.dims} dimensions, {languages}")


def _elasticsearch(settings: Settings) -> list[Finding]:
    """Return what is found of the cluster: nothing where none is set, one finding where it can't be reached."""
    if not settings.elasticsearch_url:
        return []
    from search.elastic.client import connect
    from search.elastic.status import UNKNOWN, look
    from search.engine import EngineError

    try:
        connection = connect(settings, guard=False)
        try:
            seen = look(connection, settings.index_name)
        finally:
            connection.close()
    except (EngineError, SettingsError) as error:
        return [Finding("elasticsearch", "wrong", str(error), "docs/elasticsearch.md tells what each message means")]
    version = f"version {seen.version} at {', '.join(settings.elasticsearch_url)}, health {seen.health or UNKNOWN}"
    reached = Finding("elasticsearch", "ok", version)
    if seen.health == "red":
        reached = Finding("elasticsearch", "wrong", version, "part of the data can't be reached: is a node missing?")
    serious: Literal["wrong", "note"] = "wrong" if settings.env == "production" else "note"
    sign_in = Finding("sign-in", "ok", "the API key" if settings.elasticsearch_api_key else "a user without all rights")
    if not seen.secured:
        sign_in = Finding("sign-in", serious, "security is off: whoever reaches the port may do everything",
                          "set xpack.security.enabled=true")  # fmt: skip
    elif seen.superuser:
        sign_in = Finding("sign-in", serious, "a superuser's, which production refuses", "nextep es setup")
    licence = Finding("licence", "ok", seen.licence or UNKNOWN)
    if seen.licence not in (None, "basic"):
        licence = Finding("licence", "note", f"{seen.licence}: what it allows may answer 403 on the free basic one",
                          "xpack.license.self_generated.type=basic")  # fmt: skip
    missing = [name for name, there in seen.analysers.items() if there is False]
    unseen = [name for name, there in seen.analysers.items() if there is None]
    analysers = Finding("analysers", "ok", UNKNOWN if unseen else ", ".join(seen.analysers))
    if missing:
        said = f"the server has no {', '.join(missing)}: Korean and Japanese are searched by pairs of letters"
        analysers = Finding(
            "analysers", "note", said, "install the plugins on every node: es/Dockerfile; then nextep index --rebuild"
        )
    disk = Finding("elasticsearch disk", "ok", seen.disk or UNKNOWN)
    if any(index.blocked for index in seen.indices):
        disk = Finding(
            "elasticsearch disk", "wrong", "full: indices are read-only, so indexing fails", "make room on the nodes"
        )
    elif seen.disk in ("yellow", "red"):
        disk = Finding(
            "elasticsearch disk", "wrong", f"nearly full ({seen.disk})", "make room before indices turn read-only"
        )
    return [reached, sign_in, licence, analysers, disk]


def _index(settings: Settings) -> list[Finding]:
    from search.engine import EngineError, IndexMismatch, IndexMissing
    from search.open import open_encoder, open_engine

    try:
        engine = open_engine(settings)
    except SettingsError as error:
        return [Finding("engine", "wrong", str(error))]
    where = f"alias {settings.index_name}" if settings.elasticsearch_url else str(settings.index_dir.resolve())
    name = Finding("engine", "ok", f"{engine.name} in {where}")
    try:
        info = engine.reader().info()
        open_encoder(settings).check(info)
    except IndexMissing as error:
        return [name, Finding("index", "wrong", str(error), "nextep index")]
    except IndexMismatch as error:
        return [name, Finding("index", "wrong", str(error), "nextep index --rebuild")]
    except EngineError as error:
        return [Finding("engine", "wrong", str(error))]
    spaces = ", ".join(f"{space.name} by {space.model}" for space in info.spaces)
    detail = f"{info.generation}: {info.offered:,} titles of {info.documents:,} offered, {info.passages:,} passages ({spaces})"
    return [name, Finding("index", "ok", detail)]


def _database(settings: Settings) -> Finding:
    from sqlalchemy.exc import SQLAlchemyError

    from store.database import connect

    try:
        with connect(settings.sqlalchemy_url).connect():
            pass
    except (SQLAlchemyError, OSError) as error:
        return Finding("database", "wrong", str(error).splitlines()[0], "check DATABASE_URL and NEXTEP_VAR")
    kind = "SQLite" if settings.database_url is None else settings.database_url.split(":")[0]
    return Finding("database", "ok", kind)


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            return Finding("port", "note", f"{place} can't be taken ({error.strerror})", "nextep serve --port 8001")
    return Finding("port", "ok", f"{settings.host}:{settings.port} is free")


def _disk(settings: Settings) -> Finding:
    place = settings.var.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if not os.access(place, os.W_OK):
        return Finding("disk", "wrong", f"{place} can't be written", "set NEXTEP_VAR to a folder that can")
    if free < NEEDED_DISK:
        return Finding("disk", "wrong", f"{free / 1e9:.1f} GB free at {place}", "make room: 1 GB is needed")
    return Finding("disk", "ok", f"{free / 1e9:.0f} GB free at {place}")


def _memory() -> Finding:
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return Finding("memory", "note", "not known on this system")
    if total < NEEDED_MEMORY:
        return Finding(
            "memory", "wrong", f"{total / 1e9:.1f} GB in all", "1.5 GB are needed; NEXTEP_EMBEDDER=lsa needs less"
        )
    return Finding("memory", "ok", f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free")


def _secret(settings: Settings) -> Finding:
    if settings.secret_key is not None:
        return Finding("secret key", "ok", "set")
    if settings.env == "production":
        mend = 'set NEXTEP_SECRET_KEY, for instance to the output of: python3 -c "import secrets; print(secrets.token_hex(32))"'
        return Finding("secret key", "wrong", "missing in production", mend)
    return Finding("secret key", "ok", "made at start (development)")
