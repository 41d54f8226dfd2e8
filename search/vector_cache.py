"""Vectors of texts on disk, so that only what changed is embedded again.

Two files grow at their ends for each model, revision and size: `.rows` holds vectors, `.keys` what each row is of
and its checksum. A row is on the disk before its key is, so that a process killed at any moment loses only what it had
not finished writing; the next writer cuts the torn end off. Any number of processes may read and write at once.

Vectors are kept in float16: the cosine between a unit vector and its copy is 1 within 2e-7, far below what separates
two works, and the files are half the size (33 MB for 42,000 vectors of 384).
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from search.embedders import Embedder
from search.engine import Vector
from search.memory import Progress

try:
    import fcntl
except ImportError:  # not a POSIX system; two writers must then not run at once
    fcntl = None  # type: ignore[assignment]

_KEY_BYTES = 16
_ENTRY = _KEY_BYTES + 4  # a key and the checksum of its row
_BATCH = 256


class VectorCache:
    """The vectors of one model, revision and size in `folder`, which is made when the first one is stored."""

    def __init__(self, folder: Path, model: str, revision: str, dims: int) -> None:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")[:60] or "model"
        digest = hashlib.sha256(f"{model}\0{revision}\0{dims}".encode()).hexdigest()[:12]
        self.folder, self.model, self.revision, self.dims = folder, model, revision, dims
        self.keys_path = folder / f"{name}-{digest}.keys"
        self.rows_path = folder / f"{name}-{digest}.rows"
        self._row_bytes = 2 * dims
        self._forget()
        self.refresh()

    @classmethod
    def of(cls, folder: Path, embedder: Embedder) -> VectorCache:
        """Return the cache in `folder` that belongs to `embedder`."""
        return cls(folder, embedder.name, embedder.revision, embedder.dims)

    def __len__(self) -> int:
        return len(self._rows)

    def key(self, prefix: str, text: str) -> bytes:
        """Return the key of a text: a hash of the model's revision, what stands before the text, and the text."""
        digest = hashlib.blake2b(digest_size=_KEY_BYTES)
        for part in (self.revision, prefix, text):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
        return digest.digest()

    def refresh(self) -> None:
        """Learn of the entries that were added since the last look, by this process or another."""
        try:
            with self.keys_path.open("rb") as file:
                if _end(file) < self._read * _ENTRY:  # somebody cleared the cache
                    self._forget()
                file.seek(self._read * _ENTRY)
                data = file.read()
            rows = self.rows_path.stat().st_size // self._row_bytes
        except FileNotFoundError:
            self._forget()
            return
        count = min(len(data) // _ENTRY, max(rows - self._read, 0))
        for at in range(count):
            entry = data[at * _ENTRY : (at + 1) * _ENTRY]
            self._rows[entry[:_KEY_BYTES]] = self._read + at
            self._checks.append(int.from_bytes(entry[_KEY_BYTES:], "little"))
        self._read += count

    def get(self, keys: Sequence[bytes]) -> tuple[Vector, npt.NDArray[np.bool_]]:
        """Return the vectors of `keys`, (keys, dims), and which were found; a row that is damaged was not."""
        half = np.zeros((len(keys), self.dims), np.float16)
        found = np.zeros(len(keys), bool)
        known = [(at, row) for at, key in enumerate(keys) if (row := self._rows.get(key)) is not None]
        if known:
            try:
                stored = np.memmap(self.rows_path, np.float16, "r", shape=(self._read, self.dims))
            except (FileNotFoundError, ValueError):  # somebody cleared the cache
                self._forget()
                return half.astype(np.float32), found
            for at, row in known:
                if zlib.crc32(stored[row].data) == self._checks[row]:
                    half[at] = stored[row]
                    found[at] = True
        return restored(half), found

    def add(self, keys: Sequence[bytes], vectors: Vector) -> None:
        """Store one vector a key, on the disk when this returns; raise OSError where it can't be written."""
        if vectors.shape != (len(keys), self.dims):
            raise ValueError(f"vectors have the shape {vectors.shape}; {(len(keys), self.dims)} is needed")
        half = np.ascontiguousarray(vectors, np.float16)
        entries = b"".join(
            key + zlib.crc32(row.data).to_bytes(4, "little") for key, row in zip(keys, half, strict=True)
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        with _opened(self.keys_path) as key_file, _opened(self.rows_path) as row_file, _locked(key_file):
            whole = min(_end(key_file) // _ENTRY, _end(row_file) // self._row_bytes)
            for file, size, data in ((row_file, self._row_bytes, half.tobytes()), (key_file, _ENTRY, entries)):
                file.truncate(whole * size)
                file.seek(whole * size)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        self.refresh()

    def _forget(self) -> None:
        self._rows: dict[bytes, int] = {}
        self._checks: list[int] = []
        self._read = 0  # entries of the keys file that are known here


def restored(half: npt.NDArray[np.float16]) -> Vector:
    """Return stored vectors in float32, of unit length again; a zero vector stays zero."""
    vectors = half.astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=vectors, where=lengths > 0)


def embed_cached(
    embedder: Embedder,
    texts: Sequence[str],
    cache: VectorCache,
    progress: Progress | None = None,
    batch: int = _BATCH,
) -> Vector:
    """Return the unit vectors of `texts`, (texts, dims), embedding only those that `cache` does not hold.

    Each batch is stored as soon as it is done, so that a run that was killed goes on where it stopped. Equal texts
    are embedded once. `progress(done, total)` counts the texts that had to be embedded.
    """
    keys = [cache.key(embedder.document_prefix, text) for text in texts]
    vectors, found = cache.get(keys)
    missing: dict[bytes, list[int]] = {}
    for at in np.flatnonzero(~found):
        missing.setdefault(keys[at], []).append(int(at))
    # Texts of like length go together: less padding, and the most memory is needed first.
    order = sorted(missing, key=lambda key: -len(texts[missing[key][0]]))
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        made = embedder.embed_documents([texts[missing[key][0]] for key in part])
        cache.add(part, made)
        # What is returned now is what the cache will return: a second run makes the same index.
        for key, vector in zip(part, restored(made.astype(np.float16)), strict=True):
            vectors[missing[key]] = vector
        if progress is not None:
            progress(start + len(part), len(order))
    return vectors


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading and writing at any place, made where it is missing."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
        yield file


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Keep other writers out; the lock goes with the process, however it ends."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_UN)


def _end(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)
