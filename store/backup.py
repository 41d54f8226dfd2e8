"""Everything the site remembers in one file, which SQLite and PostgreSQL both read back.

The file is a zip: `manifest.json` and, for each table, `<table>.jsonl` with one row a line. The manifest holds the
migration the tables were at, and for each table the number of rows and the SHA-256 of its file.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Boolean, Date, Engine, Float, Integer, String, Table, delete, func, insert, select, text
from sqlalchemy.orm import Session

from store import database
from store.searches import Clock, now
from store.tables import Base, Time

FORMAT, VERSION, MANIFEST = "nextep-backup", 1, "manifest.json"
MAX_LINE = 64 * 1024 * 1024
BATCH = 1000


class BackupError(ValueError):
    """A file that can't be restored, or a database that would be overwritten; the message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: when it was made, at which migration, and how many rows of each table."""

    created: str
    revision: str
    rows: Mapping[str, int]

    def text(self) -> str:
        """Return the contents for a person to read."""
        told = ", ".join(f"{count:,} {name}" for name, count in self.rows.items() if count)
        return f"Backup of {self.created} (tables {self.revision}): {told or 'empty'}."


def back_up(engine: Engine, file: Path, clock: Clock = now) -> Backup:
    """Write everything of one moment to `file`, which stays as it was until the new one is whole.

    Raises OSError where the file can't be written.
    """
    if not file.parent.is_dir():
        raise BackupError(f"{file.parent}: there is no such folder.")
    handle, scratch = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                made = _write(engine, archive, clock)
            stream.flush()
            os.fsync(stream.fileno())
        Path(scratch).replace(file)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return made


def _write(engine: Engine, archive: zipfile.ZipFile, clock: Clock) -> Backup:
    tables: dict[str, dict[str, Any]] = {}
    with database.snapshot(database.sessions(engine)) as session:
        revision = str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        for table in Base.metadata.sorted_tables:
            digest, rows = hashlib.sha256(), 0
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as out:
                found = select(table).order_by(*table.primary_key)
                for row in session.execute(found, execution_options={"yield_per": BATCH}).mappings():
                    plain = {name: _plain(value) for name, value in row.items()}
                    line = (json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
                    out.write(line)
                    digest.update(line)
                    rows += 1
            tables[table.name] = {"rows": rows, "sha256": digest.hexdigest()}
    created = clock().isoformat(timespec="seconds")
    manifest = {"format": FORMAT, "version": VERSION, "revision": revision, "created": created, "tables": tables}
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1) + "\n")
    return Backup(created, revision, {name: facts["rows"] for name, facts in tables.items()})


def restore(engine: Engine, file: Path, force: bool = False) -> Backup:
    """Put a backup's rows into the database in one transaction, after the whole file was checked.

    A database that holds anything is refused, or with `force` emptied. A backup of an older Nextep is taken; one of a
    newer one is not. Raises BackupError.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive, file)
            for name, facts in manifest["tables"].items():
                _check(archive, file, name, facts)
            database.upgrade(engine)
            with database.writing(database.sessions(engine)) as session:
                _empty(session, force)
                for table in Base.metadata.sorted_tables:
                    if table.name in manifest["tables"]:
                        _fill(session, table, archive, file)
    except FileNotFoundError:
        raise BackupError(f"{file}: there is no such file.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BackupError(f"{file}: the file is damaged or no backup ({error or type(error).__name__}).") from None
    return Backup(manifest["created"], manifest["revision"], {name: facts["rows"] for name, facts in manifest["tables"].items()})  # fmt: skip


def _manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(archive.read(MANIFEST))
    except KeyError:
        raise BackupError(f"{file}: no backup of Nextep; {MANIFEST} is missing.") from None
    except ValueError as error:
        raise BackupError(f"{file}: {MANIFEST} is broken ({error}).") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BackupError(f"{file}: no backup of Nextep; {MANIFEST} does not say {FORMAT}.")
    if manifest.get("version") != VERSION:
        raise BackupError(f"{file}: the backup's version is {manifest.get('version')!r}; {VERSION} can be read.")
    known = {script.revision for script in ScriptDirectory(str(database.MIGRATIONS)).walk_revisions()}
    if manifest.get("revision") not in known:
        raise BackupError(
            f"{file}: the backup's tables are at {manifest.get('revision')!r}, which this Nextep does not know; "
            f"it knows {', '.join(sorted(known))}. Use a Nextep as new as the one that wrote it."
        )
    tables = manifest.get("tables")
    ours = {table.name for table in Base.metadata.sorted_tables}
    if not isinstance(tables, dict) or not set(tables) <= ours or not isinstance(manifest.get("created"), str):
        raise BackupError(f"{file}: {MANIFEST} names tables that are not there.")
    if not all(isinstance(facts, dict) and {"rows", "sha256"} <= set(facts) for facts in tables.values()):
        raise BackupError(f"{file}: {MANIFEST} has tables without counts.")
    return manifest


def _check(archive: zipfile.ZipFile, file: Path, name: str, facts: Mapping[str, Any]) -> None:
    digest, rows = hashlib.sha256(), 0
    for line in _lines(archive, file, name):
        digest.update(line)
        rows += 1
    if rows != facts["rows"]:
        raise BackupError(f"{file}: {name} has {rows:,} rows; the manifest says {facts['rows']}.")
    if digest.hexdigest() != facts["sha256"]:
        raise BackupError(f"{file}: {name} was changed after it was written (its SHA-256 differs).")


def _lines(archive: zipfile.ZipFile, file: Path, name: str) -> Iterator[bytes]:
    try:
        stream: IO[bytes] = archive.open(f"{name}.jsonl")
    except KeyError:
        raise BackupError(f"{file}: {name}.jsonl is missing.") from None
    with stream:
        while line := stream.readline(MAX_LINE):
            if len(line) == MAX_LINE:
                raise BackupError(f"{file}: {name} has a row of more than {MAX_LINE:,} bytes.")
            yield line


def _empty(session: Session, force: bool) -> None:
    tables = list(reversed(Base.metadata.sorted_tables))
    if session.get_bind().dialect.name == "postgresql":
        # Nobody writes between the look and the last row; readers go on. People first, as all who write lock them:
        # another order would have two wait for each other.
        names = ", ".join(table.name for table in reversed(tables))
        session.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
    counts = {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}
    held = [f"{count:,} {name}" for name, count in counts.items() if count]
    if held and not force:
        raise BackupError(f"The database holds {', '.join(held)}; nothing was changed. With --force they are replaced.")
    for table in tables:
        session.execute(delete(table))


def _fill(session: Session, table: Table, archive: zipfile.ZipFile, file: Path) -> None:
    batch: list[dict[str, Any]] = []
    for number, line in enumerate(_lines(archive, file, table.name), 1):
        try:
            batch.append(_values(table, json.loads(line)))
        except (ValueError, TypeError, AttributeError) as error:
            raise BackupError(f"{file}: {table.name}, row {number}: {error}") from None
        if len(batch) == BATCH:
            session.execute(insert(table), batch)
            batch = []
    if batch:
        session.execute(insert(table), batch)
    counted = table.autoincrement_column
    if counted is not None and session.get_bind().dialect.name == "postgresql":
        last = select(func.max(counted)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, counted.name)
        session.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


def _values(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(row) - set(table.columns.keys())
    if unknown:
        raise ValueError(f"there is no column {sorted(unknown)[0]!r}.")
    # What an older Nextep did not have yet may be empty, or the row can't be kept.
    return {name: _value(column.type, row.get(name), name, column.nullable) for name, column in table.columns.items()}


def _value(kind: Any, value: Any, name: str, nullable: bool | None) -> Any:
    """Return a value of a backup as the column's; raise ValueError where it is of another kind."""
    if value is None:
        if not nullable:
            raise ValueError(f"{name} is missing.")
        return None
    if isinstance(kind, JSON):
        return value
    if isinstance(kind, Time):
        return datetime.datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return datetime.date.fromisoformat(value)
    for column, types in ((Boolean, bool), (Integer, int), (Float, int | float), (String, str)):
        if isinstance(kind, column):
            if not isinstance(value, types) or (isinstance(value, bool) and column is not Boolean):
                raise ValueError(f"{name} is {value!r}; a value for {kind} is needed.")
            return value
    raise ValueError(f"{name} is of a kind that backups do not know, {kind}.")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
