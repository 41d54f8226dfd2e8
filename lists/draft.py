"""What a list file said: the rows that could be read, and what could not, by place and name."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lists.entry import EPOCH, MAX_EPISODES, MAX_REWATCHES, MAX_TITLE, Entry, ListError, Status, check_date

MAX_ROWS = 50_000
MAX_NAME = 500

ProblemKind = Literal["status", "score", "episodes", "rewatches", "date", "updated", "id", "duplicate", "row"]
# What was wrong, in English; `{value}` is what the file says.
PROBLEMS: Mapping[ProblemKind, str] = {
    "status": "the status {value} is unknown",
    "score": "the score {value} is none of 1 to 10",
    "episodes": "the number of episodes {value} can't be",
    "rewatches": "the number of rewatches {value} can't be",
    "date": "the date {value} can't be read",
    "updated": "the time of the last change {value} can't be read",
    "id": "the id {value} is no number",
    "duplicate": "the title is in the file already; the first is kept",
    "row": "the row can't be read: {value}",
}
NoteKind = Literal["rounded", "partial", "rewatching", "notes", "manga", "no status", "score format", "columns"]
NOTES: Mapping[NoteKind, str] = {
    "rounded": "scores rounded to whole numbers",
    "partial": "dates without month or day, taken as the first",
    "rewatching": "titles being watched again, taken as watching",
    "notes": "entries with notes or tags, which are not kept",
    "manga": "manga, left out",
    "no status": "entries without a status, taken as completed",
    "score format": "scores whose scale the file does not name, taken by how large they are",
    "columns": "columns that are not read",
}

STATUS_WORDS: Mapping[str, Status] = {
    "1": "watching", "watching": "watching", "currentlywatching": "watching", "current": "watching",
    "repeating": "watching", "rewatching": "watching", "시청중": "watching", "보는중": "watching",
    "2": "completed", "completed": "completed", "complete": "completed", "finished": "completed",
    "watched": "completed", "완료": "completed", "다봤어요": "completed",
    "3": "on_hold", "onhold": "on_hold", "paused": "on_hold", "hold": "on_hold", "보류": "on_hold",
    "4": "dropped", "dropped": "dropped", "drop": "dropped", "하차": "dropped",
    "6": "plan_to_watch", "plantowatch": "plan_to_watch", "planning": "plan_to_watch", "planned": "plan_to_watch",
    "ptw": "plan_to_watch", "볼예정": "plan_to_watch", "보고싶어요": "plan_to_watch",
}  # fmt: skip
_PARTS = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ].*)?")
_WHOLE = re.compile(r"\d{1,18}(?:\.0+)?")
_NONE = ("", "-", "none", "null", "nan", "n/a", "unknown")


class ListFileError(ValueError):
    """A file that is no list, or one too large; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One title as a file lists it: `place` counts its entries from 1, `id` is MyAnimeList's where the file knows it."""

    place: int
    id: int | None
    names: tuple[str, ...]
    status: Status
    score: int | None = None
    episodes: int = 0
    rewatches: int = 0
    started: datetime.date | None = None
    finished: datetime.date | None = None
    updated: datetime.datetime | None = None

    @property
    def name(self) -> str:
        """Return what a report calls the row."""
        return self.names[0] if self.names else f"id {self.id}"

    def entry(self, title_id: int, order: int, at: datetime.datetime) -> Entry:
        """Return the entry of this row for a title; `at` is the last change where the file does not tell it."""
        return Entry(
            title_id=title_id,
            status=self.status,
            score=self.score,
            episodes=self.episodes,
            rewatches=self.rewatches,
            started=self.started,
            finished=self.finished,
            updated=self.updated or at,
            order=order,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read of an entry. `kept` tells whether the rest of the entry was."""

    place: int
    name: str
    kind: ProblemKind
    value: str
    kept: bool

    def text(self) -> str:
        """Return the problem as an English line."""
        why = PROBLEMS[self.kind].format(value=repr(self.value))
        return f"Entry {self.place} ({self.name}): {why}{'; kept without it' if self.kept else ''}."


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that was read: its rows in order, and all that was not taken as it stands."""

    format: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    notes: Mapping[NoteKind, int] = field(default_factory=dict)


@dataclass
class Draft:
    """Rows on their way from a file. Raw values go in; what they can't be is noted and not guessed."""

    format: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: Counter[NoteKind] = field(default_factory=Counter)
    _seen: set[object] = field(default_factory=set)
    _places: int = 0

    def add(self, raw: Mapping[str, Any], names: Sequence[Any] = ()) -> Row | None:
        """Add one entry: `raw` has id, status, score, episodes, rewatches, started, finished, updated as the file says.

        Returns the row, None where it could not be taken.
        """
        place = self.place()
        if place > MAX_ROWS:
            raise ListFileError(f"The file has more than {MAX_ROWS:,} entries; so many are no person's list.")
        called = tuple(dict.fromkeys(text[:MAX_NAME] for name in names if (text := _text(name))))
        given = _text(raw.get("id"))
        id = whole(given)
        id = id if id and id <= MAX_TITLE else None
        name = called[0] if called else f"id {given}" if given else "without a name"
        if id is None and given.casefold() not in (*_NONE, "0"):
            self.problem(place, name, "id", given, kept=bool(called))
        if id is None and not called:
            if given.casefold() in (*_NONE, "0"):
                self.problem(place, name, "row", "neither id nor name", kept=False)
            return None
        status = read_status(raw.get("status"))
        if status is None:
            self.problem(place, name, "status", _text(raw.get("status")), kept=False)
            return None
        key: object = id if id is not None else called[0].casefold()
        if key in self._seen:
            self.problem(place, name, "duplicate", "", kept=False)
            return None
        self._seen.add(key)
        row = Row(
            place,
            id,
            called,
            status,
            score=self._score(place, name, raw.get("score")),
            episodes=self._count(place, name, "episodes", raw.get("episodes"), MAX_EPISODES),
            rewatches=self._count(place, name, "rewatches", raw.get("rewatches"), MAX_REWATCHES),
            started=self._date(place, name, raw.get("started")),
            finished=self._date(place, name, raw.get("finished")),
            updated=self._moment(place, name, raw.get("updated")),
        )
        self.rows.append(row)
        return row

    def place(self) -> int:
        """Count one entry of the file and return its place."""
        self._places += 1
        return self._places

    def problem(self, place: int, name: str, kind: ProblemKind, value: str, kept: bool) -> None:
        """Note what could not be read."""
        self.problems.append(Problem(place, name, kind, value[:80], kept))

    def done(self) -> Parsed:
        """Return what was read."""
        return Parsed(self.format, tuple(self.rows), tuple(self.problems), dict(self.notes))

    def _score(self, place: int, name: str, value: Any) -> int | None:
        text = _text(value)
        if text.casefold() in _NONE:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if number == 0:
            return None
        # Half up, and never from a score to none.
        score = max(math.floor(number + 0.5), 1) if 0 < number <= 10 else None
        if score is None:
            self.problem(place, name, "score", text, kept=True)
        self.notes["rounded"] += score is not None and score != number
        return score

    def _count(self, place: int, name: str, kind: ProblemKind, value: Any, most: int) -> int:
        text = _text(value)
        if text.casefold() in _NONE:
            return 0
        number = whole(text)
        if number is None or number > most:
            self.problem(place, name, kind, text, kept=True)
            return 0
        return number

    def _date(self, place: int, name: str, value: Any) -> datetime.date | None:
        text = _text(value)
        if text.casefold() in _NONE or not text.strip("0-/. "):
            return None
        found = _PARTS.fullmatch(text)
        try:
            if found is None:
                raise ValueError(text)
            year, month, day = (int(part or 0) for part in found.groups())
            made = datetime.date(year, month or 1, day or 1)
            check_date("date", made)
        except (ValueError, ListError):
            self.problem(place, name, "date", text, kept=True)
            return None
        self.notes["partial"] += not (month and day)
        return made

    def _moment(self, place: int, name: str, value: Any) -> datetime.datetime | None:
        text = _text(value)
        if text.casefold() in (*_NONE, "0"):
            return None
        try:
            seconds = whole(text)
            if seconds is not None:
                return EPOCH + datetime.timedelta(seconds=seconds)
            made = datetime.datetime.fromisoformat(text)
            return (made if made.tzinfo else made.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
        except (ValueError, OverflowError):
            self.problem(place, name, "updated", text, kept=True)
            return None


def read_status(value: Any) -> Status | None:
    """Return the status that a word or a code of MyAnimeList means, None where it means none."""
    return STATUS_WORDS.get(re.sub(r"[\W_]", "", _text(value)).casefold())


def whole(text: str) -> int | None:
    """Return the number from 0 on that `text` is ("12", "12.0"), else None."""
    return int(text.split(".")[0]) if text.isascii() and _WHOLE.fullmatch(text) else None


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list | bool):
        return ""
    # A NUL or half a surrogate pair can be kept by no database.
    return "".join(char for char in str(value) if char.isprintable() or char.isspace()).strip()
