"""AniList's JSON: its MediaListCollection as the API answers it, and flatter shapes that exporters write."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalogue import Title
from lists.draft import Draft, ListFileError, Parsed
from lists.entry import Entry, Status

STATUS_CODES: Mapping[Status, str] = {
    "watching": "CURRENT",
    "completed": "COMPLETED",
    "on_hold": "PAUSED",
    "dropped": "DROPPED",
    "plan_to_watch": "PLANNING",
}
LIST_NAMES = {"CURRENT": "Watching", "COMPLETED": "Completed", "PAUSED": "Paused", "DROPPED": "Dropped",
              "PLANNING": "Planning"}  # fmt: skip
# The most that each format of AniList gives, and what a point is worth of ten.
SCORE_FORMATS = {"POINT_100": (100, 0.1), "POINT_10_DECIMAL": (10, 1.0), "POINT_10": (10, 1.0), "POINT_5": (5, 2.0)}
# The three faces, as AniList itself weighs them (35, 60 and 85 of 100).
FACES = {1: 3.5, 2: 6.0, 3: 8.5}
ENOUGH_SCORES = 5


def read_anilist(data: bytes) -> Parsed:
    """Read the anime of an export. Raises ListFileError where it is no such JSON."""
    try:
        root = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ListFileError(f"The JSON is broken: {error}.") from None
    collection = _collection(root)
    entries = list(_entries(collection))
    draft = Draft("AniList JSON")
    format, scores = _score_format(collection), [_number(entry.get("score")) for _, entry in entries]
    if format is None and (given := [score for score in scores if score]):
        format = _guess(given)
        draft.notes["score format"] += len(given)
    seen: set[int | str] = set()
    kept = []
    for (status, entry), score in zip(entries, scores, strict=True):
        media = _object(entry, "media") or entry
        # An entry stands in its list and again in each list of the person's own.
        identity = entry.get("mediaId") or media.get("id") if media is not entry else None
        if isinstance(identity, int | str):
            if identity in seen:
                continue
            seen.add(identity)
        if str(media.get("type") or "ANIME").upper() == "MANGA":
            draft.notes["manga"] += 1
            continue
        row = draft.add(_raw(entry, media, status, score, format, draft), _names(entry, media))
        if row is not None:
            kept.append((_order(entry), row))
    parsed = draft.done()
    # Our own export groups by status as AniList does, and keeps the order beside it.
    if kept and all(order is not None for order, _ in kept):
        rows = tuple(row for _, row in sorted(kept, key=lambda pair: (pair[0] or 0, pair[1].place)))
        return dataclasses.replace(parsed, rows=rows)
    return parsed


def _collection(root: Any) -> dict[str, Any]:
    """Return what holds `lists`, `entries` or is a list of entries, out of whatever wraps it."""
    for _ in range(3):
        if isinstance(root, list):
            return {"entries": root}
        if not isinstance(root, dict):
            break
        if isinstance(root.get("lists"), list | dict) or isinstance(root.get("entries"), list):
            return root
        inner = [root[key] for key in ("data", "MediaListCollection", "anime", "animeList") if key in root]
        if not inner:
            break
        root = inner[0]
    raise ListFileError("The JSON holds no `lists` of AniList and no entries.")


def _entries(collection: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield (status of the list, entry)."""
    lists = collection.get("lists")
    if not isinstance(lists, list | dict):
        lists = [collection]
    elif isinstance(lists, dict):
        lists = [{"status": name, "entries": entries} for name, entries in lists.items()]
    for one in lists:
        if isinstance(one, dict) and isinstance(one.get("entries"), list):
            for entry in one["entries"]:
                yield (
                    one.get("status"),
                    entry if isinstance(entry, dict) else {"title": str(entry)[:80], "status": "no object"},
                )
        elif isinstance(one, dict):
            # A list of AniList's own data export is flat: each of its `lists` is an entry.
            yield None, one
        else:
            raise ListFileError(f"The JSON's lists hold {str(one)[:40]!r}; an entry is an object.")


def _score_format(collection: dict[str, Any]) -> str | None:
    user = _object(collection, "user")
    for holder in (_object(user, "mediaListOptions"), user, collection):
        format = holder.get("scoreFormat")
        if format is None:
            continue
        if format not in (*SCORE_FORMATS, "POINT_3"):
            raise ListFileError(
                f"The scoreFormat is {str(format)[:40]!r}; allowed are {', '.join(SCORE_FORMATS)}, POINT_3."
            )
        return str(format)
    return None


def _guess(scores: list[float]) -> str:
    if max(scores) > 10:
        return "POINT_100"
    return "POINT_5" if max(scores) == 5 and len(scores) >= ENOUGH_SCORES else "POINT_10_DECIMAL"


def _object(holder: dict[str, Any], key: str) -> dict[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _raw(
    entry: dict[str, Any], media: dict[str, Any], status: Any, score: float | None, format: str | None, draft: Draft
) -> dict[str, Any]:
    given = entry.get("status") or status
    draft.notes["rewatching"] += str(given).upper() == "REPEATING"
    draft.notes["notes"] += bool(entry.get("notes"))
    ours = _object(entry, "nextep")
    return {
        "id": next((media[key] for key in ("idMal", "malId", "mal_id", "id_mal") if media.get(key)), None),
        "status": given,
        "score": _of_ten(score, format) if score is not None else entry.get("score"),
        "episodes": entry.get("progress"),
        "rewatches": entry.get("repeat"),
        "started": _fuzzy(entry.get("startedAt")),
        "finished": _fuzzy(entry.get("completedAt")),
        "updated": ours.get("updated") or entry.get("updatedAt"),
    }


def _of_ten(score: float, format: str | None) -> float | str:
    """Return a score of `format` as one of ten; what the format can't give comes back as words for the report."""
    if format == "POINT_3":
        most, made = 3, FACES.get(int(score), 0.0)
    else:
        most, worth = SCORE_FORMATS[format or "POINT_10"]
        made = round(score * worth, 6)
    return made if 0 <= score <= most else f"{score:g} of {format}"


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _fuzzy(value: Any) -> str | None:
    """Return AniList's date, whose parts may be missing, as year-month-day with 00 for what is."""
    if isinstance(value, dict):
        year, month, day = (value.get(part) or 0 for part in ("year", "month", "day"))
        numbers = all(isinstance(part, int) for part in (year, month, day))
        return f"{year:04}-{month:02}-{day:02}" if numbers else str(value)
    return str(value) if value else None


def _names(entry: dict[str, Any], media: dict[str, Any]) -> list[Any]:
    title = media.get("title")
    if isinstance(title, dict):
        return [title.get(key) for key in ("english", "romaji", "native", "userPreferred")]
    return [title, media.get("name")]


def _order(entry: dict[str, Any]) -> int | None:
    order = _object(entry, "nextep").get("order")
    return order if isinstance(order, int) else None


def write_anilist(entries: Iterable[Entry], titles: Mapping[int, Title]) -> bytes:
    """Write a list as AniList's API answers a MediaListCollection; `nextep` keeps order and time of the last change."""
    groups: dict[str, list[dict[str, Any]]] = {code: [] for code in STATUS_CODES.values()}
    for at, entry in enumerate(entries):
        groups[STATUS_CODES[entry.status]].append(_plain(at, entry, titles.get(entry.title_id)))
    lists = [
        {"name": LIST_NAMES[code], "status": code, "isCustomList": False, "entries": group}
        for code, group in groups.items()
        if group
    ]
    user = {"mediaListOptions": {"scoreFormat": "POINT_10"}}
    made = {"data": {"MediaListCollection": {"user": user, "lists": lists}}}
    return (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode()


def _plain(at: int, entry: Entry, title: Title | None) -> dict[str, Any]:
    names = title.titles if title else {}
    return {
        "status": STATUS_CODES[entry.status],
        "score": entry.score or 0,
        "progress": entry.episodes,
        "repeat": entry.rewatches,
        "startedAt": _parts(entry.started),
        "completedAt": _parts(entry.finished),
        "updatedAt": int(entry.updated.timestamp()),
        "media": {
            "idMal": entry.title_id,
            "type": "ANIME",
            "title": {
                key: names.get(ours) for key, ours in (("romaji", "romaji"), ("english", "en"), ("native", "native"))
            },
            "episodes": title.episodes if title else None,
        },
        "nextep": {"order": at, "updated": entry.updated.isoformat()},
    }


def _parts(date: Any) -> dict[str, int | None]:
    return {part: getattr(date, part) if date else None for part in ("year", "month", "day")}
