"""Read and write a list in any of the formats that lists travel in."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Mapping

from catalogue import Title
from lists.anilist import read_anilist, write_anilist
from lists.csv_file import read_csv, write_csv
from lists.draft import ListFileError, Parsed
from lists.entry import Entry
from lists.mal_xml import read_mal_xml, write_mal_xml

MAX_BYTES = 32 * 1024 * 1024
Write = Callable[[Iterable[Entry], Mapping[int, Title]], bytes]
FORMATS: Mapping[str, Write] = {"xml": write_mal_xml, "json": write_anilist, "csv": write_csv}
MEDIA_TYPES = {"xml": "application/xml", "json": "application/json", "csv": "text/csv; charset=utf-8"}


def read_list(data: bytes) -> Parsed:
    """Read a list in whichever format it is, gzipped or not. Raises ListFileError with the reason."""
    if data.startswith(b"\x1f\x8b"):
        data = _unzipped(data)
    if len(data) > MAX_BYTES:
        raise ListFileError(f"The file has {len(data):,} bytes; {MAX_BYTES:,} are allowed.")
    if data.startswith(b"PK\x03\x04"):
        raise ListFileError("The file is a zip; unpack it and give the list itself (XML, JSON or CSV, also .gz).")
    start = data[:200].removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b" \t\r\n\xff\xfe")
    if not start:
        raise ListFileError("The file is empty.")
    if start.startswith(b"<"):
        return read_mal_xml(data)
    return read_anilist(data) if start.startswith((b"{", b"[")) else read_csv(data)


def write_list(format: str, entries: Iterable[Entry], titles: Mapping[int, Title]) -> bytes:
    """Write a list as xml, json or csv, in the order of its import; names come from `titles` where they are there.

    Raises ListFileError for another format.
    """
    if format not in FORMATS:
        raise ListFileError(f"The format is {format!r}; allowed are {', '.join(FORMATS)}.")
    return FORMATS[format](sorted(entries, key=lambda entry: (entry.order, entry.title_id)), titles)


def _unzipped(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            plain = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ListFileError(f"The gzip file is damaged: {error or type(error).__name__}.") from None
    if len(plain) > MAX_BYTES:
        raise ListFileError(f"The file unpacks to more than {MAX_BYTES:,} bytes, which are allowed.")
    return plain
