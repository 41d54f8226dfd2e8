"""/api/people/{id}/lists: a person's lists, read and changed by that person's browser alone."""

from __future__ import annotations

import datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from catalogue import Title
from lists.entry import MAX_EPISODES, MAX_REWATCHES, STATUSES, Entry, ListError, Status
from search.results import QueryError
from store.lists import Change, Written
from store.people import Person
from webapp import changes, params, who
from webapp.api import bodies
from webapp.api.shapes import Shape, art_address
from webapp.i18n import language
from webapp.pages.titles import MAX_ID
from webapp.services import search_service, titles_at_hand

blueprint = Blueprint("api_lists", __name__)

TOKEN_HEADER = "Idempotency-Key"
MOST_UNDO = 4000
LIST_PARAMS = (params.LANG,)
CHANGE_PARAMS = (params.LANG,)


class EntryOf(Shape):
    """A title on a list."""

    id: int = Field(description="The title's id.")
    title: str = Field(description="Its name in the reader's language; the id where the catalogue does not tell it.")
    status: str = Field(description=f"One of {', '.join(STATUSES)}.")
    score: int | None = Field(description="1 to 10.")
    episodes: int = Field(description="Episodes watched.")
    episodes_total: int | None = Field(description="Episodes there are, where known.")
    rewatches: int
    started: datetime.date | None
    finished: datetime.date | None
    updated: datetime.datetime
    art: str | None = Field(description="Address of its poster.")


class ListsAnswer(Shape):
    """All lists of a person, the last change first."""

    watching: list[EntryOf]
    on_hold: list[EntryOf]
    plan_to_watch: list[EntryOf]
    completed: list[EntryOf]
    dropped: list[EntryOf]


class ChangeAnswer(Shape):
    """What a change made of an entry."""

    entry: EntryOf | None = Field(description="The entry now; null where the title is on no list.")
    before: EntryOf | None = Field(description="The entry before the change.")
    changed: bool = Field(description="False where the change said what was there already.")
    undo: str = Field(description="What POST /api/people/{id}/lists/{title}/undo takes to take this change back.")


class EntryBody(BaseModel):
    """What to change; a field that is left out stays as it is, null empties score and dates.

    The fields of an answer that can't be changed may be sent along, so that an entry can be sent back as it came.
    """

    model_config = ConfigDict(extra="forbid")

    status: Status | None = Field(None, description="Needed for a title that is on no list yet.")
    score: int | None = Field(None, ge=1, le=10)
    episodes: int = Field(0, ge=0, le=MAX_EPISODES)
    rewatches: int = Field(0, ge=0, le=MAX_REWATCHES)
    started: datetime.date | None = None
    finished: datetime.date | None = None
    row: str = Field("", alias="from", description="The row it was found in: row.place or row.place.model.")


class UndoBody(BaseModel):
    """Which change to take back."""

    model_config = ConfigDict(extra="forbid")

    undo: str = Field(min_length=1, max_length=MOST_UNDO, description="The `undo` of the change's answer.")


# What may stand in a body: what can be changed, and the rest of an entry as it was answered.
FIELDS = ("status", "score", "episodes", "rewatches", "started", "finished", "from", "id", "title", "episodes_total", "updated", "art")  # fmt: skip
UNDO_EXAMPLES = {"undo": {"summary": "The last change", "value": {"undo": "eyJwZXJzb24iOi…"}}}
EXAMPLES = {
    "watching": {"summary": "Three episodes in", "value": {"status": "watching", "episodes": 3}},
    "completed": {"summary": "Done, and loved", "value": {"status": "completed", "score": 9}},
}
_ADDRESS = f"/api/people/<id>/lists/<int(max={MAX_ID}):title>"


@blueprint.after_request
def private(response: Response) -> Response:
    """Keep what is one person's out of every cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/api/people/<id>/lists")
def lists(id: str) -> Response:
    """Tell all lists of the person who is watching; 403 for anybody else's."""
    who.require(id)
    values = params.read(request.args, LIST_PARAMS, strict=True)
    code = values["lang"] or language()
    entries = who.lists_of_request()
    titles, _readable = titles_at_hand([entry.title_id for entry in entries])
    return jsonify({
        status: [entry_json(entry, titles.get(entry.title_id), code) for entry in entries if entry.status == status]
        for status in ("watching", "on_hold", "plan_to_watch", "completed", "dropped")
    })  # fmt: skip


@blueprint.put(_ADDRESS)
def put(id: str, title: int) -> Response:
    """Put a title on a list, or change its entry; the same Idempotency-Key twice changes it once."""
    person = who.require(id)
    values = params.read(request.args, CHANGE_PARAMS, strict=True)
    work = search_service().title(title)
    if work is None:
        abort(404, f"There is no title {title}.")
    try:
        change, origin = _change(title)
        written = changes.put(person, title, change, token=_token(), origin=origin)
    except ListError as error:
        raise QueryError(str(error).split(" ", 1)[0], str(error)) from None
    return _answer(person, title, written, work, values["lang"] or language())


@blueprint.delete(_ADDRESS)
def remove(id: str, title: int) -> Response:
    """Take a title off the lists; a title that is on none is no error."""
    person = who.require(id)
    values = params.read(request.args, CHANGE_PARAMS, strict=True)
    try:
        written = changes.remove(person, title, token=_token())
    except ListError as error:
        raise QueryError(str(error).split(" ", 1)[0], str(error)) from None
    return _answer(person, title, written, titles_at_hand([title])[0].get(title), values["lang"] or language())


@blueprint.post(f"{_ADDRESS}/undo")
def undo(id: str, title: int) -> Response:
    """Take a change back, unless the entry was changed again since: then `changed` is false and nothing is lost."""
    person = who.require(id)
    values = params.read(request.args, CHANGE_PARAMS, strict=True)
    signed = bodies.plain_text("undo", bodies.read(("undo",), ("undo",))["undo"], MOST_UNDO)
    written = changes.undo(person, title, signed)
    return _answer(person, title, written, titles_at_hand([title])[0].get(title), values["lang"] or language())


def _answer(person: Person, title_id: int, written: Written, title: Title | None, code: str) -> Response:
    return jsonify({
        "entry": entry_json(written.after, title, code) if written.after else None,
        "before": entry_json(written.before, title, code) if written.before else None,
        "changed": written.changed,
        "undo": changes.sign_undo(person, title_id, written),
    })  # fmt: skip


def _token() -> str | None:
    token = request.headers.get(TOKEN_HEADER, "").strip()
    return token[:100] or None


def _change(title: int) -> tuple[Change, str]:
    """Return the change that the body says and the row it was found in; QueryError names an entry that is wrong."""
    body = bodies.read(FIELDS, ())
    if body.get("id", title) != title:
        bodies.wrong("id", body["id"], str(title))
    given: dict[str, Any] = {}
    if body.get("status") is not None:
        if body["status"] not in STATUSES:
            bodies.wrong("status", body["status"], ", ".join(STATUSES))
        given["status"] = body["status"]
    for name, low, high in (("score", 1, 10), ("episodes", 0, MAX_EPISODES), ("rewatches", 0, MAX_REWATCHES)):
        if name in body:
            empty = name == "score" and body[name] is None
            given[name] = None if empty else bodies.whole(name, body[name], low, high)
    for name in ("started", "finished"):
        if name in body:
            given[name] = None if body[name] is None else _date(name, body[name])
    origin = body.get("from")
    return Change(**given), origin if isinstance(origin, str) else ""


def _date(name: str, value: Any) -> datetime.date:
    wanted = "a date such as 2017-08-10"
    try:
        found = datetime.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    return found if found is not None and 1900 <= found.year < 2200 else bodies.wrong(name, value, wanted)


def entry_json(entry: Entry, title: Title | None, code: str) -> dict[str, Any]:
    """Return an entry as the API answers it."""
    return {
        "id": entry.title_id,
        "title": title.name(code) if title else str(entry.title_id),
        "status": entry.status,
        "score": entry.score,
        "episodes": entry.episodes,
        "episodes_total": title.episodes if title else None,
        "rewatches": entry.rewatches,
        "started": entry.started.isoformat() if entry.started else None,
        "finished": entry.finished.isoformat() if entry.finished else None,
        "updated": entry.updated.isoformat(),
        "art": art_address(title) if title else None,
    }
