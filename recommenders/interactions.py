"""Who has what in their list: one sparse noun that flows through split, fit and score."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

# Names under which each column is known, the contract's own first; upper and lower case are alike.
COLUMNS: dict[str, tuple[str, ...]] = {
    "user": ("user_id", "userid", "user", "username"),
    "item": ("item_id", "anime_id", "mal_id", "movie_id", "movieid", "itemid", "item"),
    "value": ("value", "rating", "score", "my_score"),
    "status": ("status", "watching_status", "my_status"),
    "timestamp": ("timestamp", "time", "updated_at", "my_last_updated"),
    "episodes": ("watched_episodes", "my_watched_episodes"),
}
WATCHING, COMPLETED, ON_HOLD, DROPPED, PLAN_TO_WATCH = 1, 2, 3, 4, 6
STATUSES: dict[str, int] = {
    "watching": WATCHING,
    "current": WATCHING,
    "repeating": WATCHING,
    "rewatching": WATCHING,
    "completed": COMPLETED,
    "onhold": ON_HOLD,
    "paused": ON_HOLD,
    "dropped": DROPPED,
    "plantowatch": PLAN_TO_WATCH,
    "planning": PLAN_TO_WATCH,
}
_CODES = frozenset(STATUSES.values())
ALLOWED_STATUSES = "there are 1 watching, 2 completed, 3 on_hold, 4 dropped, 6 plan_to_watch"
_NUMBER = re.compile(r"([0-9]{1,9})(?:\.0*)?")  # pandas writes 2.0 where a status of the column is missing
PARQUET = (".parquet", ".pq")
_BLOCK = 4_000_000  # rows sorted at a time
Progress = Callable[[int], None]


class InteractionsError(ValueError):
    """A file of interactions can't be read; the message says where and why."""


@dataclass(frozen=True)
class LikedRule:
    """What counts as liked: one of `statuses`, or a score of `min_score`, or `min_share` of the episodes.

    A file that has neither a value nor a status anywhere is liked throughout; `everything` says so for any file.
    `min_score` none: 7, or 3.5 where 5 is the largest of five or more scores; what was read of a file with scores
    holds the number taken.

    Raises InteractionsError for a status, score or share that can't be.
    """

    statuses: tuple[int, ...] = (WATCHING, COMPLETED)
    min_score: float | None = None
    min_share: float = 0.6
    everything: bool = False

    def __post_init__(self) -> None:
        odd = [code for code in self.statuses if code not in _CODES]
        if odd:
            raise InteractionsError(f"status {odd[0]!r} is not known; {ALLOWED_STATUSES}")
        if self.min_score is not None and not 0 < self.min_score < math.inf:
            raise InteractionsError(f"the least score liked is {self.min_score}; it must be a number above 0")
        if not 0 < self.min_share <= 1:
            raise InteractionsError(f"the least share of episodes is {self.min_share}; it must be in (0, 1]")

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain values."""
        return {**dataclasses.asdict(self), "statuses": list(self.statuses)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LikedRule:
        """Read what `to_dict` wrote. Raises InteractionsError for anything else."""
        try:
            return cls(**{**data, "statuses": tuple(data["statuses"])})
        except (KeyError, TypeError) as error:
            raise InteractionsError(f"{data!r} is no rule of what is liked: {error!r}") from None


EVERYTHING = LikedRule(everything=True)


@dataclass(frozen=True, eq=False)
class Interactions:
    """Entries of lists, grouped by person and sorted by title within one (CSR); at most one entry a pair.

    `values` are scores with 0 for "not rated", which is never "rated 0"; `liked` marks the entries that count as
    positive. `notes` says what a reader of the data should know (odd statuses, repeated entries).
    """

    users: NDArray[np.str_]  # (users,)
    items: NDArray[np.str_]  # (items,)
    indptr: NDArray[Any]  # (users + 1,)
    indices: NDArray[np.int32]  # (entries,)
    liked: NDArray[np.bool_]  # (entries,)
    values: NDArray[np.float32] | None = None  # (entries,)
    status: NDArray[np.int8] | None = None  # (entries,)
    timestamps: NDArray[np.int64] | None = None  # (entries,)
    rule: LikedRule = field(default_factory=LikedRule)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of people and of titles."""
        return len(self.users), len(self.items)

    @cached_property
    def matrix(self) -> csr_array:
        """Return what is liked, as ones: (users, items), float32."""
        return self._csr(self.liked, None)

    @cached_property
    def ratings(self) -> csr_array:
        """Return the observed scores only: (users, items), float32; an unrated entry is not stored."""
        if self.values is None:
            return empty(len(self.users), len(self.items))
        return self._csr(self.values > 0, self.values)

    def _csr(self, mask: NDArray[np.bool_], data: NDArray[np.float32] | None) -> csr_array:
        if mask.all():
            kept = np.ones(len(self), np.float32) if data is None else data
            return csr_array((kept, self.indices, self.indptr), shape=self.shape)
        counted = np.concatenate([[0], np.cumsum(mask)])
        indices = self.indices[mask]
        kept = np.ones(len(indices), np.float32) if data is None else data[mask]
        return csr_array((kept, indices, counted[self.indptr].astype(self.indptr.dtype)), shape=self.shape)

    @cached_property
    def hash(self) -> str:
        """Return a digest of ids, entries and what is liked: the same data read twice has the same."""
        digest = hashlib.sha256()
        for ids in (self.users, self.items):
            digest.update("\n".join(ids.tolist()).encode())
        arrays = (self.indptr.astype(np.int64), self.indices, self.liked, self.values, self.status, self.timestamps)
        for array in arrays:
            digest.update(b"-" if array is None else np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()

    def keep(self, mask: NDArray[np.bool_]) -> Interactions:
        """Return the entries of `mask` (entries,); people and titles stay."""
        counted = np.concatenate([[0], np.cumsum(mask)])
        return dataclasses.replace(self, indptr=counted[self.indptr].astype(self.indptr.dtype), **self._columns(mask))

    def select_users(self, rows: NDArray[np.integer[Any]]) -> Interactions:
        """Return the people at `rows`, in that order; titles stay."""
        lengths = np.diff(self.indptr)[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(self.indptr.dtype)
        at = np.repeat(self.indptr[:-1][rows] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return dataclasses.replace(self, users=self.users[rows], indptr=indptr, **self._columns(at))

    def select_items(self, columns: NDArray[np.integer[Any]]) -> Interactions:
        """Return the titles at `columns` (rising) and their entries; people stay, also those left with none."""
        place = np.full(len(self.items), -1, np.int32)
        place[columns] = np.arange(len(columns), dtype=np.int32)
        kept = self.keep(place[self.indices] >= 0)
        return dataclasses.replace(kept, items=self.items[columns], indices=place[kept.indices])

    def _columns(self, at: NDArray[Any]) -> dict[str, Any]:
        names = ("indices", "liked", "values", "status", "timestamps")
        return {name: None if getattr(self, name) is None else getattr(self, name)[at] for name in names}

    def rows(self) -> NDArray[np.int64]:
        """Return the person of each entry: (entries,)."""
        return np.repeat(np.arange(len(self.users)), np.diff(self.indptr))

    @classmethod
    def from_arrays(
        cls,
        users: Sequence[Any],
        items: Sequence[Any],
        values: Sequence[float] | None = None,
        status: Sequence[int | str] | None = None,
        timestamps: Sequence[int] | None = None,
        rule: LikedRule = LikedRule(),
    ) -> Interactions:
        """Make interactions from columns of equal length; ids become strings."""
        builder = _Builder(rule, {})
        columns: dict[str, Any] = {"values": values, "status": None, "timestamps": timestamps}
        if status is not None:
            columns["status"] = np.asarray([status_code(str(one)) for one in status], np.int8)
        lengths = {len(users), len(items), *(len(column) for column in columns.values() if column is not None)}
        if len(lengths) > 1:
            raise InteractionsError(f"the columns have different lengths: {sorted(lengths)}")
        builder.add(
            np.asarray([builder.users.code(str(id)) for id in users], np.int32),
            np.asarray([builder.items.code(str(id)) for id in items], np.int32),
            **columns,
        )
        return builder.build()

    @classmethod
    def read(
        cls,
        path: Path | str,
        rule: LikedRule = LikedRule(),
        *,
        episodes: Mapping[str, int] | None = None,
        columns: Mapping[str, str] | None = None,
        delimiter: str | None = None,
        header: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Interactions:
        """Read CSV (also .gz) or Parquet in bounded memory: about 30 bytes a row at the most.

        `episodes` are the numbers of episodes of titles, for the rule's share; `columns` names a column of the file
        for one of ours ({"timestamp": "seq"}); `header` names the columns of a file that has none.

        Raises InteractionsError: no such file, no column of people or titles, a value that is not a number.
        """
        path = Path(path)
        if not path.is_file():
            raise InteractionsError(f"{path}: there is no such file")
        builder = _Builder(rule, episodes or {})
        import pyarrow as pa

        try:
            for batch in _batches(path, dict(columns or {}), delimiter, header):
                builder.add_batch(batch)
                if progress:
                    progress(len(builder))
            return builder.build()
        except UnicodeDecodeError as error:
            packed = path.suffix.lower() != ".gz" and path.read_bytes()[:2] == b"\x1f\x8b"
            hint = "it is compressed, so its name must end in .gz" if packed else f"it is not UTF-8 ({error.reason})"
            raise InteractionsError(f"{path}: {hint}") from None
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, gzip.BadGzipFile, OSError) as error:
            raise InteractionsError(f"{path}: {error}") from None
        except InteractionsError as error:
            raise InteractionsError(f"{path}: {error}") from None


def empty(people: int, items: int) -> csr_array:
    """Return a matrix (people, items) that stores nothing."""
    parts = (np.empty(0, np.float32), np.empty(0, np.int32), np.zeros(people + 1, np.int32))
    return csr_array(parts, shape=(people, items))


def sort_key(id: str) -> tuple[bool, int, str]:
    """Return the key that orders ids: numbers by value, then texts. Ties of models end with it."""
    number = id.isascii() and id.isdigit()
    return (not number, int(id) if number else 0, id)


def status_code(text: str) -> int:
    """Return the code of a status by its number or name; 0 for none and for Kaggle's stray codes (0, 5, 33, 55).

    Raises InteractionsError for a name that is not known.
    """
    text = text.strip().lower()
    if not text:
        return 0
    number = _NUMBER.fullmatch(text)
    if number:
        return int(number[1]) if int(number[1]) in _CODES else 0
    code = STATUSES.get(text.replace("_", "").replace("-", "").replace(" ", ""))
    if code is None:
        raise InteractionsError(f"status {text!r} is not known; {ALLOWED_STATUSES}")
    return code


class _Ids:
    """Numbers ids in order of appearance."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def code(self, id: str) -> int:
        return self.codes.setdefault(id, len(self.codes))

    def encode(self, column: Any) -> NDArray[np.int32]:
        """Return the codes of one dictionary-encoded Arrow column."""
        if column.null_count:
            raise InteractionsError(f"{column.null_count} rows have no id of a person or a title")
        own = np.fromiter((self.code(id) for id in column.dictionary.to_pylist()), np.int32, len(column.dictionary))
        return own[column.indices.to_numpy(zero_copy_only=False)]

    def array(self) -> NDArray[np.str_]:
        return np.array(list(self.codes), dtype=np.str_) if self.codes else np.empty(0, "<U1")


class _Column:
    """A growing array that is never held twice (realloc)."""

    def __init__(self, dtype: Any) -> None:
        self.data: NDArray[Any] = np.empty(0, dtype)
        self.length = 0

    def add(self, part: NDArray[Any]) -> None:
        needed = self.length + len(part)
        if needed > len(self.data):
            self.data.resize(max(needed, len(self.data) * 3 // 2, 1024), refcheck=False)
        self.data[self.length : needed] = part
        self.length = needed

    def take(self) -> NDArray[Any]:
        self.data.resize(self.length, refcheck=False)
        return self.data


class _Builder:
    """Takes columns batch by batch; groups, sorts and drops repeated entries in the end."""

    def __init__(self, rule: LikedRule, episodes: Mapping[str, int]) -> None:
        self.rule = rule
        self.episodes = episodes
        self.users, self.items = _Ids(), _Ids()
        self.columns: dict[str, _Column] = {"users": _Column(np.int32), "items": _Column(np.int32)}
        self.shares = False
        self.odd_statuses = 0

    def __len__(self) -> int:
        return self.columns["users"].length

    def add(self, users: NDArray[np.int32], items: NDArray[np.int32], **optional: Any) -> None:
        self.columns["users"].add(users)
        self.columns["items"].add(items)
        kinds = {"values": np.float32, "status": np.int8, "timestamps": np.int64, "shares": np.bool_}
        for name, column in optional.items():
            if column is None:
                continue
            array: NDArray[Any] = np.asarray(column, kinds[name])
            if name == "values":
                array = np.where(np.isnan(array), np.float32(0), array)
                if not np.isfinite(array).all() or (array < 0).any():
                    raise InteractionsError("a value is negative or not finite; blank or 0 means not rated")
            self.columns.setdefault(name, _Column(kinds[name])).add(array)

    def add_batch(self, batch: Mapping[str, Any]) -> None:
        users, items = self.users.encode(batch["user"]), self.items.encode(batch["item"])
        optional: dict[str, Any] = {}
        if "value" in batch:
            optional["values"] = batch["value"].to_numpy(zero_copy_only=False)
        if "status" in batch:
            optional["status"] = self._statuses(batch["status"])
        if "timestamp" in batch:
            optional["timestamps"] = batch["timestamp"]
        if "episodes" in batch and self.episodes:
            totals = np.fromiter((self.episodes.get(id) or 0 for id in self.items.codes), np.float32)[items]
            seen = np.nan_to_num(batch["episodes"].to_numpy(zero_copy_only=False).astype(np.float32))
            optional["shares"] = (totals > 0) & (seen >= self.rule.min_share * totals)
        self.add(users, items, **optional)

    def _statuses(self, column: Any) -> NDArray[np.int8]:
        texts = ["" if text is None else text for text in column.dictionary.to_pylist()]
        codes = np.array([*(status_code(text) for text in texts), 0], np.int8)
        at = column.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
        odd = np.array([*(bool(text.strip()) and status_code(text) == 0 for text in texts), False])
        self.odd_statuses += int(odd[at].sum())
        return codes[at]

    def build(self) -> Interactions:
        if not len(self):
            raise InteractionsError("there is not one row")
        taken = {name: column.take() for name, column in self.columns.items()}
        self.columns.clear()
        notes: list[str] = []
        users, values, status, shares = taken.pop("users"), *(taken.get(n) for n in ("values", "status", "shares"))
        items = self.items.array()
        order = sorted(range(len(items)), key=lambda code: sort_key(str(items[code])))
        place = np.empty(len(items), np.int32)
        place[order] = np.arange(len(items), dtype=np.int32)
        np.take(place, taken["items"], out=taken["items"])
        taken["liked"] = self._liked(len(users), values, status, shares, notes)
        taken.pop("shares", None)
        if np.any(users[1:] < users[:-1]):
            grouped = np.argsort(users, kind="stable")
            users = users[grouped]
            for name in taken:
                taken[name] = taken[name][grouped]
            del grouped
        length, lengths = _sort_blocks(users, taken, len(self.users.codes), len(items))
        if length < len(users):
            notes.append(f"{len(users) - length} repeated entries: the last of each counts")
        if self.odd_statuses:
            notes.append(f"{self.odd_statuses} entries have a status of no meaning and count as without one")
        for name in taken:
            taken[name] = taken[name][:length]
        width = np.int32 if length < 2**31 else np.int64
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(width)
        indices = taken.pop("items")
        ids, sorted_items = self.users.array(), items[order]
        return Interactions(ids, sorted_items, indptr, indices, rule=self.rule, notes=tuple(notes), **taken)

    def _liked(self, length: int, values: Any, status: Any, shares: Any, notes: list[str]) -> NDArray[np.bool_]:
        rated = values is not None and bool(values.any())
        known = status is not None and bool(status.any())
        rule = self.rule
        if rated and rule.min_score is None:
            halved = values.max() == 5 and np.count_nonzero(values) >= 5
            self.rule = rule = dataclasses.replace(rule, min_score=3.5 if halved else 7.0)
            if halved:
                notes.append("scores go up to 5: at least 3.5 counts as liked, unless min_score says otherwise")
        if rule.everything or not (rated or known):
            return np.ones(length, np.bool_)
        liked = np.zeros(length, np.bool_)
        if known:
            table = np.zeros(128, np.bool_)
            table[list(rule.statuses)] = True
            liked |= table[status]
        if rated:
            assert rule.min_score is not None
            liked |= values >= rule.min_score
        if shares is not None:
            liked |= shares
        return liked


def _sort_blocks(
    users: NDArray[np.int32], columns: dict[str, NDArray[Any]], n_users: int, n_items: int
) -> tuple[int, NDArray[np.int64]]:
    """Sort entries by title within people and drop repeated ones, in place; return the new length and the counts.

    Of several entries of one pair the latest counts, or without time stamps the last of the file.
    """
    starts = np.searchsorted(users, np.arange(n_users + 1))
    lengths = np.zeros(n_users, np.int64)
    written = first = 0
    while first < n_users:
        last = max(int(np.searchsorted(starts, starts[first] + _BLOCK, side="right")) - 1, first + 1)
        rows = slice(int(starts[first]), int(starts[last]))
        key = users[rows].astype(np.int64) * n_items + columns["items"][rows]
        if np.all(key[1:] > key[:-1]):
            at = np.arange(len(key))
        else:
            times = columns.get("timestamps")
            at = np.argsort(key, kind="stable") if times is None else np.lexsort((times[rows], key))
            final = np.append(key[at][1:] != key[at][:-1], True)
            at = at[final]
        lengths[first:last] = np.bincount(users[rows][at] - first, minlength=last - first)
        for column in columns.values():
            column[written : written + len(at)] = column[rows][at]
        written += len(at)
        first = last
    return written, lengths


def _batches(
    path: Path, columns: dict[str, str], delimiter: str | None, header: Sequence[str] | None
) -> Iterator[dict[str, Any]]:
    if path.suffix.lower() in PARQUET:
        yield from _parquet_batches(path, columns)
    else:
        yield from _csv_batches(path, columns, delimiter, header)


def _named(names: Sequence[str], columns: dict[str, str]) -> dict[str, str]:
    """Return which column of the file is which of ours."""
    cleaned = [name.strip().lstrip("\ufeff").strip('"').lower() for name in names]
    by_lower = dict(zip(reversed(cleaned), reversed(names), strict=True))
    found: dict[str, str] = {}
    for ours, known in COLUMNS.items():
        wanted = (columns[ours].lower(),) if ours in columns else known
        name = next((by_lower[one] for one in wanted if one in by_lower), None)
        if name is not None:
            if cleaned.count(name.strip().lstrip("\ufeff").strip('"').lower()) > 1:
                raise InteractionsError(f"two columns are called {name}; the header is {', '.join(names)}")
            found[ours] = name
        elif ours in columns or ours in ("user", "item"):
            raise InteractionsError(f"no column {' or '.join(wanted)}; the header is {', '.join(names)}")
    return found


def _csv_batches(
    path: Path, columns: dict[str, str], delimiter: str | None, header: Sequence[str] | None
) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import csv

    opener = gzip.open if path.suffix.lower() == ".gz" else open
    if header is None:
        with opener(path, "rt", encoding="utf-8-sig") as file:
            first = file.readline().rstrip("\r\n")
        if delimiter is None:
            delimiter = next((one for one in ",\t;" if one in first), ",")
        names = [name.strip().strip('"') for name in first.split(delimiter)]
    else:
        names = list(header)
    found = _named(names, columns)
    text = pa.dictionary(pa.int32(), pa.string())
    types = {"user": text, "item": text, "status": text, "value": pa.float32(), "timestamp": pa.string()}
    wanted = {name: types.get(ours, pa.float32()) for ours, name in found.items()}
    reader = csv.open_csv(
        pa.input_stream(str(path), compression="gzip" if opener is gzip.open else None),
        read_options=csv.ReadOptions(
            block_size=1 << 23, use_threads=False, column_names=names, skip_rows=0 if header else 1
        ),
        parse_options=csv.ParseOptions(delimiter=delimiter or ","),
        convert_options=csv.ConvertOptions(
            column_types=wanted, include_columns=list(wanted), null_values=[""], strings_can_be_null=True
        ),
        memory_pool=pa.system_memory_pool(),
    )
    with reader:
        for batch in reader:
            yield _columns_of(batch, found)


def _parquet_batches(path: Path, columns: dict[str, str]) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(str(path)) as file:
        found = _named(file.schema_arrow.names, columns)
        for batch in file.iter_batches(batch_size=1 << 19, columns=list(found.values()), use_threads=False):
            made = {name: batch.column(name) for name in batch.schema.names}
            for ours in ("user", "item", "status"):
                if ours in found:
                    made[found[ours]] = made[found[ours]].cast(pa.string()).dictionary_encode()
            for ours in ("value", "episodes"):
                if ours in found:
                    made[found[ours]] = _numbers(made[found[ours]])
            if "timestamp" in found:
                made[found["timestamp"]] = made[found["timestamp"]].cast(pa.string())
            yield _columns_of(made, found)


def _numbers(column: Any) -> Any:
    """Return a column as float32; texts are read, and a blank one is missing."""
    import pyarrow as pa
    from pyarrow import compute

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        column = column.cast(pa.string())
        blank = compute.equal(compute.utf8_trim_whitespace(column), "")
        column = compute.if_else(blank, pa.scalar(None, pa.string()), column)
    return column.cast(pa.float32())


def _columns_of(batch: Any, found: Mapping[str, str]) -> dict[str, Any]:
    made = {ours: batch[name] for ours, name in found.items()}
    if "timestamp" in made:
        made["timestamp"] = _times(made["timestamp"])
    return made


def _times(column: Any) -> NDArray[np.int64]:
    """Return seconds from whole numbers or dates; a blank one is 0, the oldest."""
    import pandas as pd
    import pyarrow as pa

    try:
        return column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        pass
    try:
        times = pd.to_datetime(pd.Series(column.to_pylist()), utc=True, format="mixed")
    except ValueError as error:
        raise InteractionsError(f"a timestamp is neither a whole number nor a date: {error}") from None
    seconds = (times - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    return np.nan_to_num(seconds.to_numpy(dtype=np.float64, na_value=np.nan)).astype(np.int64)


def write_ids(rows: Iterable[tuple[Any, ...]], header: Sequence[str], path: Path) -> int:
    """Write rows as CSV (also .gz), quoting what needs it; return how many.

    A file at `path` is replaced when all is written, and stays where that fails.
    """
    import csv

    if path.suffix.lower() in PARQUET:
        raise InteractionsError(f"{path}: answers are written as .csv or .csv.gz")
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.is_file() or not path.exists()  # not a pipe, nor a folder, which open refuses
    path = path.resolve() if whole else path
    made = path.with_name(f".{path.name}-{os.getpid()}") if whole else path
    count = 0
    try:
        with opener(made, "wt", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            for row in rows:
                writer.writerow(row)
                count += 1
        if whole:
            os.replace(made, path)
    finally:
        if whole:
            made.unlink(missing_ok=True)
    return count
