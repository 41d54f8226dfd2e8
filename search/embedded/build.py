"""Write a generation beside the serving one, verify it, and swap it in by one rename."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import orjson
import tantivy

from catalogue import Title
from search.embedded import layout, names
from search.engine import BuildRefused, Document, Filters, IndexInfo, IndexMissing, LegsRequest
from search.keys import key

ANYTHING = Filters(adult=True, offered=None)


class EmbeddedBuild:
    """One generation in the making. Holds the build lock from `begin` to `publish` or `abort`."""

    def __init__(self, root: Path, info: IndexInfo) -> None:
        """Take the lock, clear what killed builds left, and open a new folder."""
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._lock = acquire(root)
        try:
            sweep(root)
            self.generation = f"gen-{info.built_at.replace(':', '').replace('-', '')[:15]}-{uuid.uuid4().hex[:6]}"
            self.folder = root / f"tmp-{self.generation}"
            (self.folder / layout.WORDS_DIR).mkdir(parents=True)
            self._info = dataclasses.replace(info, generation=self.generation)
            self._index = layout.open_words(self.folder / layout.WORDS_DIR, create=True)
            # One thread makes one segment, which keeps scores and order the same on every run.
            self._writer = self._index.writer(heap_size=64_000_000, num_threads=1)
            self._documents = (self.folder / layout.DOCUMENTS).open("wb")
        except BaseException:
            release(self._lock)
            raise
        self._offsets = [0]
        self._columns: list[Title] = []
        self._names: list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]] = []
        self._vectors: dict[str, list[Any]] = {space.name: [] for space in info.spaces}
        self._passages: dict[str, list[Any]] = {space.name: [] for space in info.spaces}
        self._finished = False

    def add(self, documents: Iterable[Document]) -> int:
        """Add documents; return how many."""
        count = 0
        for document in documents:
            self._add(document)
            count += 1
        return count

    def _add(self, document: Document) -> None:
        title, row = document.title, len(self._columns)
        line = orjson.dumps(title.to_dict()) + b"\n"
        self._documents.write(line)
        self._offsets.append(self._offsets[-1] + len(line))
        self._columns.append(title)
        self._names.append((document.keys, document.names, document.prefixes, document.grams))
        made = tantivy.Document()
        made.add_unsigned("doc", row)
        for field, text in document.texts.items():
            if text and field in (*layout.ENGLISH_FIELDS, *layout.SPLIT_FIELDS):
                made.add_text(field, text)
        for value in facet_values(title):
            made.add_text("facet", value)
        if title.year is not None:
            made.add_integer("year", title.year)
        if title.episodes is not None:
            made.add_integer("episodes", title.episodes)
        self._writer.add_document(made)
        for space in self._info.spaces:
            self._vectors[space.name].append(document.vectors.get(space.name))
            self._passages[space.name].append(document.passages.get(space.name))

    def _finish(self) -> None:
        """Write everything that is not yet on disk."""
        if self._finished:
            return
        self._documents.flush()
        os.fsync(self._documents.fileno())
        self._documents.close()
        self._writer.commit()
        self._writer.wait_merging_threads()
        # tantivy wants this file even to read; on a read-only mount it could not make it.
        (self.folder / layout.WORDS_DIR / ".tantivy-meta.lock").touch()
        columns = self._columns
        np.savez(
            self.folder / layout.COLUMNS,
            id=np.array([title.id for title in columns], dtype=np.int64),
            offset=np.array(self._offsets, dtype=np.int64),
            year=_numbers([title.year for title in columns]),
            episodes=_numbers([title.episodes for title in columns]),
            members=_numbers([title.members for title in columns], missing=0),
            score=np.array([np.nan if title.score is None else title.score for title in columns], dtype=np.float32),
            series=np.array([title.series if title.series is not None else title.id for title in columns], np.int64),
            offered=np.array([title.offered for title in columns], dtype=bool),
            adult=np.array([title.adult for title in columns], dtype=bool),
            aired=np.array([aired_number(title) for title in columns], dtype=np.int32),
        )
        (self.folder / layout.NAMES).write_bytes(orjson.dumps(names.tables(self._names)))
        passages = 0
        for space in self._info.spaces:
            empty = np.zeros(space.dims, dtype=np.float32)
            matrix = np.stack([empty if v is None else v for v in self._vectors[space.name]] or [empty])
            np.save(self.folder / layout.vectors_file(space.name), matrix[: len(columns)].astype(np.float32))
            counts = [0 if block is None else len(block) for block in self._passages[space.name]]
            blocks = [block for block in self._passages[space.name] if block is not None and len(block)]
            flat = np.concatenate(blocks) if blocks else np.zeros((0, space.dims))
            np.save(self.folder / layout.passages_file(space.name), flat.astype(np.float32))
            np.save(self.folder / layout.offsets_file(space.name), np.cumsum([0, *counts]).astype(np.int64))
            passages += len(flat)
        self._info = dataclasses.replace(
            self._info,
            documents=len(columns),
            offered=sum(title.offered and not title.adult for title in columns),
            passages=passages,
        )
        self._vectors.clear()
        self._passages.clear()
        manifest = {
            "format_version": layout.FORMAT_VERSION,
            "tantivy": layout.TANTIVY,
            "info": dataclasses.asdict(self._info),
        }
        (self.folder / layout.MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        self._finished = True

    def verify(self, sample: Sequence[Document]) -> None:
        """Check count, sample documents and a kNN query; raise BuildRefused when one is off."""
        from search.embedded.reader import EmbeddedReader

        self._finish()
        with EmbeddedReader(self.folder) as reader:
            count = len(self._columns)
            if count == 0:
                raise BuildRefused("The new index is empty. Nothing was changed; check the source.")
            if reader.count != count:
                raise BuildRefused(f"The new index holds {reader.count} documents, not {count}. Nothing was changed.")
            for document in sample:
                title = document.title
                if reader.documents([title.id]).get(title.id) != title:
                    raise BuildRefused(f"Title {title.id} does not read back as written. Nothing was changed.")
                if document.keys and title.id not in reader.exact([document.keys[0]], adult=True):
                    raise BuildRefused(f"Title {title.id} is not found by its own name. Nothing was changed.")
                for space, vector in document.vectors.items():
                    request = LegsRequest(vectors={space: vector}, filters=ANYTHING, size=10, lexical=False)
                    nearest = reader.legs(request).hits[f"document:{space}"]
                    # A twin with the same text may stand first, but never a lower cosine.
                    if nearest and nearest[0].score < 0.999:
                        raise BuildRefused(f"Title {title.id} is not its own nearest neighbour in {space}.")

    def publish(self) -> str:
        """Swap the new generation in, keep the one before, remove older ones."""
        self._finish()
        for path in self.folder.rglob("*"):
            if path.is_file():
                _fsync(path)
        final = self.root / self.generation
        os.rename(self.folder, final)
        _fsync(self.root)
        previous = current(self.root)
        point(self.root, self.generation, previous)
        for path in self.root.glob("gen-*"):
            if path.name not in (self.generation, previous):
                shutil.rmtree(path, ignore_errors=True)
        release(self._lock)
        return self.generation

    def abort(self) -> None:
        """Remove what was built; the serving generation is untouched."""
        if not self._documents.closed:
            self._documents.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        release(self._lock)


def acquire(root: Path) -> IO[str]:
    """Take the build lock; raise BuildRefused with the pid of who holds it. A killed holder's lock is free."""
    handle = (root / layout.LOCK).open("a+", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        pid = handle.read().strip() or "unknown"
        handle.close()
        raise BuildRefused(f"Another build is running (pid {pid}); wait for it or stop it, then try again.") from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def release(handle: IO[str]) -> None:
    """Give the build lock back."""
    if not handle.closed:
        handle.truncate(0)
        handle.close()


def sweep(root: Path) -> None:
    """Remove half-built folders and generations that CURRENT does not name; the lock must be held."""
    keep = {name for name in generations(root) if name}
    for path in [*root.glob("tmp-*"), *root.glob("gen-*")]:
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
    (root / f"{layout.CURRENT}.new").unlink(missing_ok=True)


def generations(root: Path) -> tuple[str | None, str | None]:
    """Return the serving generation and the one kept before it, None where there is none."""
    try:
        lines = (root / layout.CURRENT).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return None, None
    return (lines[0] if lines else None), (lines[1] if len(lines) > 1 else None)


def current(root: Path) -> str | None:
    """Return the name of the serving generation."""
    return generations(root)[0]


def point(root: Path, generation: str, previous: str | None) -> None:
    """Make `generation` the serving one, atomically."""
    temporary = root / f"{layout.CURRENT}.new"
    temporary.write_text(f"{generation}\n{previous or ''}\n", encoding="ascii")
    _fsync(temporary)
    os.replace(temporary, root / layout.CURRENT)
    _fsync(root)


def rollback(root: Path) -> str:
    """Return to the generation before; raise BuildRefused without one."""
    serving, previous = generations(root)
    if serving is None:
        raise IndexMissing("There is no index yet. Run: nextep index")
    if previous is None or not (root / previous).is_dir():
        raise BuildRefused("There is no earlier generation to return to.")
    lock = acquire(root)
    try:
        point(root, previous, serving)
    finally:
        release(lock)
    return previous


def facet_values(title: Title) -> list[str]:
    """Return the terms by which filters find a title."""
    labels = dict.fromkeys([*title.genres, *title.themes])
    return [
        *(f"genre:{label}" for label in labels),
        *(f"studio:{key(studio)}" for studio in title.studios),
        f"format:{title.format}",
        f"offered:{int(title.offered)}",
        f"adult:{int(title.adult)}",
    ]


def aired_number(title: Title) -> int:
    """Return the first day as YYYYMMDD for sorting, unknown parts 0, unknown dates 0."""
    if title.aired_from:
        parts = [int(part) for part in title.aired_from.split("-")]
        return sum(part * scale for part, scale in zip(parts, (10000, 100, 1), strict=False))
    return (title.year or 0) * 10000


def _numbers(values: Sequence[int | None], missing: int = -1) -> np.ndarray:
    return np.array([missing if value is None else value for value in values], dtype=np.int32)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
