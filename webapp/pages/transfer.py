"""Take a list along: export it, import one, and see what of it was not found."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer

from catalogue import Title
from lists.draft import ListFileError, Row
from lists.entry import Entry, ListError
from lists.formats import FORMATS, MEDIA_TYPES, read_list, write_list
from lists.match import Matched, match
from store.account import everything_of
from store.lists import Merged
from store.people import Person
from webapp import naming, who
from webapp.forms import go, say
from webapp.i18n import N_
from webapp.i18n import gettext as _
from webapp.services import search_service

blueprint = Blueprint("transfer", __name__)

# So many rows that were not found can be settled in one form; the rest is listed.
SETTLED = 150
# Looking for near names takes some milliseconds each.
SUGGESTED = 60

PROBLEMS = {
    "status": N_("the status %(value)s is unknown"),
    "score": N_("the score %(value)s is none of 1 to 10"),
    "episodes": N_("the number of episodes %(value)s can’t be"),
    "rewatches": N_("the number of rewatches %(value)s can’t be"),
    "date": N_("the date %(value)s can’t be read"),
    "updated": N_("the time of the last change %(value)s can’t be read"),
    "id": N_("the id %(value)s is no number"),
    "duplicate": N_("the title is in the file already; the first is kept"),
    "row": N_("the row can’t be read: %(value)s"),
}
NOTES = {
    "rounded": N_("scores rounded to whole numbers"),
    "partial": N_("dates without month or day, taken as the first"),
    "rewatching": N_("titles being watched again, taken as watching"),
    "notes": N_("entries with notes or tags, which are not kept"),
    "manga": N_("manga, left out"),
    "no status": N_("entries without a status, taken as completed"),
    "score format": N_("scores whose scale the file does not name, taken by how large they are"),
    "columns": N_("columns that are not read"),
}


@dataclass(frozen=True, slots=True)
class Open:
    """A row that was not found: what it is called, its entry signed for the form, and what it may have meant."""

    place: int
    name: str
    signed: str = ""
    suggestions: Sequence[Title] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What could not be read of one row of a file, in the reader's words."""

    place: int
    name: str
    why: str
    kept: bool


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file."""

    merged: Merged
    matched: Matched
    open: Sequence[Open] = ()
    listed: Sequence[Open] = ()
    told: Sequence[Told] = ()
    notes: Sequence[tuple[int, str]] = field(default_factory=tuple)


@blueprint.get("/people/<id>/export.<format>")
def export(id: str, format: str) -> Response:
    """Send the list of who is watching as a file: MyAnimeList's XML, AniList's JSON, or CSV."""
    person = who.require(id)
    if format not in FORMATS:
        abort(
            404, _("The format is %(value)s; allowed are %(choices)s.", value=format[:20], choices=", ".join(FORMATS))
        )
    entries = who.lists_of_request()
    titles = search_service().titles([entry.title_id for entry in entries])
    return _download(person, write_list(format, entries, titles), MEDIA_TYPES[format], format)


def _download(person: Person, data: bytes, kind: str, ending: str) -> Response:
    response = Response(data, content_type=kind)
    plain = re.sub(r"[^A-Za-z0-9]+", "-", person.id).strip("-")[:20] or "list"
    response.headers["Content-Disposition"] = f'attachment; filename="nextep-{plain}.{ending}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/people/<id>/everything.json")
def everything(id: str) -> Response:
    """Send all that is kept of an own profile: preferences, favourites, lists, what it hid and what was counted of it."""
    person = who.require(id)
    if person.kind != "own":
        # What was counted of somebody whom everybody shares is of other visitors, too.
        abort(403, _("%(name)s is shared by everybody here; only an own profile can be taken along whole.", name=who.name(person)))  # fmt: skip
    data = json.dumps(everything_of(who.open_store(), person.id), ensure_ascii=False, indent=1) + "\n"
    return _download(person, data.encode(), "application/json", "everything.json")


@blueprint.post("/people/<id>/import")
def import_list(id: str) -> ResponseReturnValue:
    """Add a file's entries to the list, or what its report asked about; nothing that is there is deleted."""
    person = who.require(id)
    if "settle" in request.form:
        return _settle(person)
    file = request.files.get("file")
    data = b""
    if file is not None:
        data = file.read()
        file.close()
    if not data:
        say(_("Choose a file first: XML of MyAnimeList, JSON of AniList, or CSV, each also as .gz."), kind="error")
        return go("/my-list#import")
    try:
        matched = _matched(data)
        merged = who.open_store().lists.add_many(person.id, matched.all())
    except (ListFileError, ListError) as error:
        say(_("This file can’t be imported. %(reason)s", reason=str(error)), kind="error")
        return go("/my-list#import")
    who.forget_lists()
    return render_template("my_list/report.html", person=person, report=_report(merged, matched, person))


def _matched(data: bytes) -> Matched:
    service = search_service()
    reader = service.reader()

    def known(ids: Sequence[int]) -> set[int]:
        return set(service.titles(list(ids)))

    def named(name: str) -> list[int]:
        return naming.exactly(reader, name, service.adult)

    return match(read_list(data), known, named, datetime.datetime.now(datetime.UTC))  # type: ignore[arg-type]


def _report(merged: Merged, matched: Matched, person: Person) -> ImportReport:
    at = datetime.datetime.now(datetime.UTC)
    service = search_service()
    reader = service.reader()
    rows: list[tuple[Row, Sequence[int]]] = list(matched.ambiguous)
    for number, row in enumerate(matched.unmatched):
        near = naming.near(service, reader, row.name) if number < SUGGESTED else []
        rows.append((row, near))
    rows.sort(key=lambda pair: pair[0].place)
    titles = service.titles([id for _row, ids in rows for id in ids])
    last = max((entry.order for entry in matched.all()), default=0)
    made = [
        Open(
            row.place,
            row.name,
            _sign(person, row.entry(1, last + row.place, at)),
            [titles[id] for id in ids if id in titles],
        )
        for row, ids in rows[:SETTLED]
    ]
    told = [
        Told(problem.place, problem.name, _(PROBLEMS[problem.kind], value=f"“{problem.value}”"), problem.kept)
        for problem in matched.problems
    ]
    return ImportReport(
        merged=merged,
        matched=matched,
        open=made,
        listed=[Open(row.place, row.name) for row, _ids in rows[SETTLED:]],
        told=told,
        notes=[(count, _(NOTES[kind])) for kind, count in matched.parsed.notes.items() if count],
    )


def _settle(person: Person) -> ResponseReturnValue:
    """Add what the reader says the rows of a report mean."""
    entries: dict[int, Entry] = {}
    for name, chosen in request.form.items():
        if not re.fullmatch(r"row-[0-9]{1,6}", name) or not re.fullmatch(r"[0-9]{1,16}", chosen):
            continue
        signed = request.form.get(f"entry-{name.removeprefix('row-')}", "")
        try:
            told = _serializer().loads(signed)
        except BadSignature:
            abort(400, _("This report is not one of this site’s. Import the file again."))
        if told["person"] != person.id:
            abort(403, _("This report belongs to somebody else."))
        entry = Entry.from_dict(told["entry"])
        entries.setdefault(int(chosen), dataclasses.replace(entry, title_id=int(chosen)))
    there = search_service().titles(list(entries))
    on_list = who.on_list().entries
    # Two rows that mean one work: the list keeps what it has.
    added = [entry for id, entry in entries.items() if id in there and id not in on_list]
    merged = who.open_store().lists.add_many(person.id, added)
    who.forget_lists()
    say(_("Added %(count)s of the rows that were not found.", count=merged.added))
    return go("/my-list")


def _sign(person: Person, entry: Entry) -> str:
    return str(_serializer().dumps({"person": person.id, "entry": entry.to_dict()}))


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="import")
