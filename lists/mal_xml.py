"""MyAnimeList's XML: what its export writes and its import reads.

Parsed by expat with every declaration of an entity refused, so that no entity can grow ("billion laughs") or fetch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from catalogue import Title
from lists.draft import Draft, ListFileError, Parsed
from lists.entry import Entry, Status

FIELDS = {
    "series_animedb_id": "id",
    "series_title": "name",
    "my_status": "status",
    "my_score": "score",
    "my_watched_episodes": "episodes",
    "my_times_watched": "rewatches",
    "my_start_date": "started",
    "my_finish_date": "finished",
    "my_last_updated": "updated",
    "nextep_updated": "nextep_updated",
    "my_comments": "notes",
    "my_tags": "notes",
    "my_rewatching": "rewatching",
}
STATUS_NAMES: Mapping[Status, str] = {
    "watching": "Watching",
    "completed": "Completed",
    "on_hold": "On-Hold",
    "dropped": "Dropped",
    "plan_to_watch": "Plan to Watch",
}
FORMAT_NAMES = {"tv": "TV", "movie": "Movie", "ova": "OVA", "ona": "ONA", "special": "Special", "music": "Music"}
ROOT = "myanimelist"
MAX_DEPTH = 16
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_mal_xml(data: bytes) -> Parsed:
    """Read the anime of an export. Raises ListFileError where it is no such XML."""
    return _Reader().read(data)


class _Reader:
    def __init__(self) -> None:
        self._draft = Draft("MyAnimeList XML")
        self._path: list[str] = []
        self._raw: dict[str, str] | None = None

    def read(self, data: bytes) -> Parsed:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse_entity
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise ListFileError(f"The XML is broken: {error}.") from None
        return self._draft.done()

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        if not self._path and name != ROOT:
            raise ListFileError(f"The XML begins with <{name[:40]}>; a list of MyAnimeList begins with <{ROOT}>.")
        self._path.append(name)
        if len(self._path) > MAX_DEPTH:
            raise ListFileError(f"The XML is nested more than {MAX_DEPTH} deep; a list of MyAnimeList is not.")
        if len(self._path) == 2:
            self._draft.notes["manga"] += name == "manga"
            self._raw = {} if name == "anime" else None

    def _text(self, text: str) -> None:
        if self._raw is not None and len(self._path) == 3 and (field := FIELDS.get(self._path[2])):
            self._raw[field] = self._raw.get(field, "") + text

    def _end(self, _: str) -> None:
        self._path.pop()
        if len(self._path) != 1 or self._raw is None:
            return
        raw: dict[str, Any] = {**self._raw, "updated": self._raw.get("nextep_updated") or self._raw.get("updated")}
        if raw.get("rewatching", "").strip() in ("1", "YES"):
            raw["status"] = "watching"
            self._draft.notes["rewatching"] += 1
        self._draft.notes["notes"] += bool(raw.get("notes", "").strip())
        self._draft.add(raw, [raw.get("name")])
        self._raw = None


def _refuse_entity(name: str, *_: object) -> None:
    raise ListFileError(f"The XML declares an entity ({name[:40]}); lists have none, and entities are refused.")


def write_mal_xml(entries: Iterable[Entry], titles: Mapping[int, Title]) -> bytes:
    """Write a list as MyAnimeList's import reads it; `nextep_updated` keeps the time of the last change."""
    rows = list(entries)
    counts = Counter(entry.status for entry in rows)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{ROOT}>", "  <myinfo>"]
    lines += ["    <user_export_type>1</user_export_type>", f"    <user_total_anime>{len(rows)}</user_total_anime>"]
    for status, name in (
        ("watching", "watching"),
        ("completed", "completed"),
        ("on_hold", "onhold"),
        ("dropped", "dropped"),
        ("plan_to_watch", "plantowatch"),
    ):
        lines.append(f"    <user_total_{name}>{counts[status]}</user_total_{name}>")  # type: ignore[index]
    lines.append("  </myinfo>")
    for entry in rows:
        lines.append("  <anime>")
        lines += [f"    <{tag}>{_escaped(value)}</{tag}>" for tag, value in _fields(entry, titles.get(entry.title_id))]
        lines.append("  </anime>")
    return "\n".join([*lines, f"</{ROOT}>", ""]).encode()


def _fields(entry: Entry, title: Title | None) -> list[tuple[str, object]]:
    return [
        ("series_animedb_id", entry.title_id),
        ("series_title", title.name("en") if title else ""),
        ("series_type", FORMAT_NAMES.get(title.format or "", "") if title else ""),
        ("series_episodes", (title.episodes if title else None) or 0),
        ("my_id", 0),
        ("my_watched_episodes", entry.episodes),
        ("my_start_date", entry.started or "0000-00-00"),
        ("my_finish_date", entry.finished or "0000-00-00"),
        ("my_score", entry.score or 0),
        ("my_status", STATUS_NAMES[entry.status]),
        ("my_times_watched", entry.rewatches),
        ("my_rewatching", 0),
        ("my_last_updated", int(entry.updated.timestamp())),
        ("nextep_updated", entry.updated.isoformat()),
        ("update_on_import", 1),
    ]


def _escaped(value: object) -> str:
    return escape(_ILLEGAL.sub("", str(value)))
