"""People of the Kaggle "Anime Recommendation Database 2020": animelist.csv, read in one pass, however large."""

from __future__ import annotations

import csv
import gzip
import io
import random
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lists.draft import Draft, ListFileError, Parsed

# What holds lists, in the order of preference; rating_complete.csv has only what was completed and scored.
FILES = ("animelist.csv", "animelist.csv.gz", "rating_complete.csv", "rating_complete.csv.gz")
COLUMNS = {"anime_id": "id", "rating": "score", "watching_status": "status", "watched_episodes": "episodes"}
LEAST = 20  # entries of a person who is drawn at random
MAX_LINE = 4096


def find_lists(source: Path) -> tuple[Path, str | None]:
    """Return the file of lists at `source`, a folder, a zip or the file itself, and its name in a zip.

    Raises ListFileError where there is none.
    """
    if source.is_dir():
        for name in FILES:
            if (source / name).is_file():
                return source / name, None
    elif source.suffix == ".zip" and source.is_file():
        with _unbroken(source), zipfile.ZipFile(source) as archive:
            inside = {Path(name).name: name for name in archive.namelist()}
        for name in FILES:
            if name in inside:
                return source, inside[name]
    elif source.is_file():
        return source, None
    else:
        raise ListFileError(f"{source}: there is no such file or folder.")
    raise ListFileError(f"{source}: holds no {' or '.join(FILES[:3])}.")


def draw(source: Path, count: int, seed: int, least: int = LEAST) -> list[str]:
    """Return `count` user_ids drawn at random from those with `least` entries or more; all where there are not so many."""
    entries: Counter[bytes] = Counter()
    with _lines(source) as lines:
        next(lines, b"")
        for line in lines:
            entries[line.partition(b",")[0]] += 1
    able = sorted(user for user, number in entries.items() if number >= least)
    chosen = able if len(able) <= count else random.Random(seed).sample(able, count)
    return sorted((user.decode("ascii", "replace") for user in chosen), key=_number)


def read_people(source: Path, users: Collection[str]) -> dict[str, Parsed]:
    """Return the lists of `users` in their order; one whom the file does not have is left out.

    Raises ListFileError where the file is none of Kaggle's.
    """
    drafts: dict[bytes, Draft] = {}
    wanted = {user.encode() for user in users}
    with _lines(source) as lines:
        header = next(lines, b"").decode("utf-8-sig", "replace").strip().split(",")
        missing = [name for name in ("user_id", "anime_id", "rating") if name not in header]
        if missing or header[0] != "user_id":
            raise ListFileError(
                f"{source}: no column {', '.join(missing) or 'user_id first'}; it has {', '.join(header)[:200]}."
            )
        fields = [(COLUMNS[name], at) for at, name in enumerate(header) if name in COLUMNS]
        stated = "watching_status" in header
        for line in lines:
            user = line.partition(b",")[0]
            if user not in wanted:
                continue
            draft = drafts.setdefault(user, Draft("Kaggle"))
            values = next(csv.reader([line.decode("utf-8", "replace").strip()]))
            if len(values) != len(header):
                why = f"{len(values)} columns instead of {len(header)}"
                draft.problem(draft.place(), f"user {user.decode()}", "row", why, kept=False)
                continue
            raw = {field: values[at] for field, at in fields}
            if not stated:
                raw["status"] = "completed"
                draft.notes["no status"] += 1
            draft.add(raw)
    return {user: drafts[key].done() for user in users if (key := user.encode()) in drafts}


@contextmanager
def _lines(source: Path) -> Iterator[Iterator[bytes]]:
    path, member = find_lists(source)
    with _unbroken(path):
        if member is None:
            with path.open("rb") as plain, _unzipped(plain, path.name) as file:
                yield _split(file, path)
        else:
            with zipfile.ZipFile(path) as archive, archive.open(member) as packed, _unzipped(packed, member) as file:
                yield _split(file, path)


@contextmanager
def _unzipped(file: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    if name.endswith(".gz"):
        with gzip.GzipFile(fileobj=file) as plain:
            yield io.BufferedReader(plain)  # type: ignore[type-var]
    else:
        yield file


@contextmanager
def _unbroken(path: Path) -> Iterator[None]:
    """Say of a damaged file that it is."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ListFileError(f"{path}: the file is damaged ({error or type(error).__name__}).") from None


def _split(file: IO[bytes], path: Path) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise ListFileError(f"{path}: a line is longer than {MAX_LINE:,} bytes; it is no list of Kaggle's.")
        yield line


def _number(user: str) -> tuple[int, str]:
    return (int(user) if user.isdecimal() else 2**63, user)
