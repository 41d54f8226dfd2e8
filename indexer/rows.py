"""Rows of CSV and JSON Lines files as they come: broken ones are reported one by one, the rest goes on."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from indexer.report import CatalogueError

MAX_LINE = 1 << 20  # bytes; a longer line is no row of a catalogue
MAX_LINES = 200  # lines over which one quoted field may run before its quote counts as broken

Bad = Callable[[str, int, str], None]


@dataclass(frozen=True, slots=True)
class File:
    """A file to read: plain or gzipped, on its own or a member of a zip."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """Return the name that messages use."""
        return f"{self.path}:{self.member}" if self.member else str(self.path)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file's decompressed bytes; what is broken about the file itself is a CatalogueError."""
        # zipfile says RuntimeError of a zip with a password.
        try:
            if self.member is None:
                with self.path.open("rb") as plain, _unzipped(plain, self.path.name) as stream:
                    yield stream
            else:
                with (
                    zipfile.ZipFile(self.path) as archive,
                    archive.open(self.member) as packed,
                    _unzipped(packed, self.member) as stream,  # type: ignore[arg-type]
                ):
                    yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise CatalogueError(f"{self.name}: the file is damaged ({error or type(error).__name__}).") from error
        except OSError as error:
            raise CatalogueError(f"{self.name}: can't be read ({error.strerror or error}).") from error


@contextmanager
def _unzipped(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    if name.casefold().endswith(".gz"):
        with gzip.GzipFile(fileobj=stream) as plain:
            yield io.BufferedReader(plain)  # type: ignore[arg-type, misc]
    else:
        yield stream


def lines(file: File, bad: Bad) -> Iterator[tuple[int, bytes]]:
    """Yield (number, bytes) of each line; a line over MAX_LINE bytes is bad and skipped."""
    with file.open() as stream:
        number = 0
        while line := stream.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = stream.readline(MAX_LINE)
                bad(file.name, number, f"the line is longer than {MAX_LINE:,} bytes.")
                continue
            yield number, line


def header(file: File) -> list[str]:
    """Return the column names of a CSV file, empty where the first line is no header."""
    with file.open() as stream:
        first = stream.readline(MAX_LINE)
    encoding = _encoding(first)
    try:
        return [name.strip() for name in next(csv.reader([first.decode(encoding)], strict=True), [])]
    except (UnicodeDecodeError, csv.Error):
        return []


def csv_rows(file: File, bad: Bad) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, {column: text}) of each sound row of a CSV file with a header.

    A NUL byte, a broken quote, a field over the csv module's limit, a wrong number of columns and bytes that are
    not text make a row bad: `bad` is called with file, line and reason, and reading goes on with the next line.
    """
    columns = header(file)
    source = lines(file, bad)
    first = next(source, None)
    if first is None or not columns:
        return
    encoding = _encoding(first[1])
    waiting: deque[tuple[int, bytes]] = deque()
    while waiting or (following := next(source, None)):
        if not waiting:
            waiting.append(following)  # type: ignore[arg-type]
        taken, fields, why = _record(waiting, source, encoding, len(columns))
        line = waiting[0][0]
        for _ in range(taken):
            waiting.popleft()
        if why:
            bad(file.name, line, why)
        elif fields:
            yield line, dict(zip(columns, fields, strict=True))


def _record(
    waiting: deque[tuple[int, bytes]], source: Iterator[tuple[int, bytes]], encoding: str, columns: int
) -> tuple[int, list[str], str]:
    """Return (lines taken, fields, what is wrong) of the record that begins the waiting lines.

    A record that is wrong takes its first line only, so that what follows a broken quote is not lost with it.
    """
    text, count, why = "", 0, ""
    while count < MAX_LINES:
        if count == len(waiting):
            following = next(source, None)
            if following is None:
                break
            waiting.append(following)
        raw = waiting[count][1]
        count += 1
        if b"\0" in raw:
            return 1, [], why or "a NUL byte in the row."
        try:
            text += raw.decode(encoding)
        except UnicodeDecodeError as error:
            return 1, [], why or f"bytes that are not {encoding} text (byte {error.start + 1} of the line)."
        if count == 1 and not text.strip():
            return 1, [], ""
        if why and b'"' not in raw:
            continue
        try:
            fields = next(csv.reader(io.StringIO(text, newline=""), strict=True), [])
        except csv.Error as error:
            why = why or f"a quote that is not closed or not doubled ({error})."
            if "unexpected end of data" in str(error):
                continue
            return 1, [], why if "limit" not in str(error) else f"a field is too long ({error})."
        if len(fields) != columns:
            return 1, [], why or f"{len(fields)} columns instead of {columns}."
        return count, fields, ""
    return 1, [], why or "the row has no end."


def _encoding(first: bytes) -> str:
    """Return the encoding of a file by its first line: UTF-8, or the Korean one that spreadsheets still write."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            first.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "utf-8" if encoding == "utf-8-sig" and not first.startswith(b"\xef\xbb\xbf") else encoding
    return "utf-8"
