"""Lists as CSV with a header, ours and what others write."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping

from catalogue import Title
from lists.draft import Draft, ListFileError, Parsed
from lists.entry import Entry

COLUMNS = ("id", "title", "status", "score", "episodes", "rewatches", "started", "finished", "updated")
# Names of columns by what they hold, letters and digits only; of several in a file the first here is read.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("malid", "idmal", "animeid", "seriesanimedbid", "itemid", "id"),
    "title": ("title", "name", "animetitle", "seriestitle", "englishtitle", "titleenglish", "anime", "제목"),
    "status": ("mystatus", "watchingstatus", "status", "list", "상태"),
    "score": ("myscore", "yourscore", "myrating", "score", "rating", "점수", "평점"),
    "episodes": ("mywatchedepisodes", "watchedepisodes", "episodeswatched", "progress", "episodes"),
    "rewatches": ("mytimeswatched", "timeswatched", "rewatches", "repeat", "rewatched"),
    "started": ("mystartdate", "startdate", "startedat", "started"),
    "finished": ("myfinishdate", "finishdate", "enddate", "completedat", "finishedat", "finished"),
    "updated": ("updated", "updatedat", "lastupdated", "mylastupdated", "timestamp"),
}
# What a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_csv(data: bytes) -> Parsed:
    """Read a list. Raises ListFileError where it is no CSV with a column that names the title."""
    text = _decoded(data)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    draft = Draft("CSV")
    try:
        header = [re.sub(r"[\W_]", "", name).casefold() for name in next(reader, [])]
        found = _columns(header)
        draft.notes["columns"] += len(header) - len(found)
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(header):
                why = f"{len(fields)} columns instead of {len(header)}"
                draft.problem(draft.place(), f"line {reader.line_num}", "row", why, kept=False)
                continue
            raw = {field: fields[at] for field, at in found.items()}
            if "status" not in found:
                raw["status"] = "completed"
                draft.notes["no status"] += 1
            draft.add(raw, [_plain(raw.get("title", ""))])
    except csv.Error as error:
        raise ListFileError(f"The CSV is broken near line {reader.line_num}: {error}.") from None
    return draft.done()


def _decoded(data: bytes) -> str:
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp949")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise ListFileError("The file is neither XML, JSON nor text; lists come as XML, JSON or CSV (also .gz).")


def _columns(header: list[str]) -> dict[str, int]:
    found = {}
    for field, names in ALIASES.items():
        name = next((name for name in names if name in header), None)
        if name is not None:
            found[field] = header.index(name)
    if "id" not in found and "title" not in found:
        told = ", ".join(name[:30] for name in header[:12]) or "none"
        raise ListFileError(f"The CSV has no column id or title; its columns are: {told}.")
    if "status" not in found and "score" not in found:
        raise ListFileError("The CSV has no column status and none of scores; a list says what was watched.")
    return found


def _plain(title: str) -> str:
    return title[1:] if title.startswith("'") and title[1:].startswith(_FORMULA) else title


def write_csv(entries: Iterable[Entry], titles: Mapping[int, Title]) -> bytes:
    """Write a list as CSV; a title that a spreadsheet would run as a formula gets an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        title = titles.get(entry.title_id)
        name = title.name("en").replace("\0", "") if title else ""  # with a NUL it would be no text
        row = entry.to_dict()
        row["title"] = f"'{name}" if name.startswith(_FORMULA) else name
        writer.writerow(["" if row[column] is None else row[column] for column in COLUMNS])
    return out.getvalue().encode()
