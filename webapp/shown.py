"""What rows led to: which titles a row showed, which of them were opened from it.

A click on a card in a row goes to `?from=row.place` (or `row.place.model`; travel.js adds it). That records where it was
clicked and leads on to the title's own address, so that no address a reader keeps or shares holds it. Without JavaScript
what was shown is counted all the same, and a title is opened by its own address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request
from flask.typing import ResponseReturnValue

from catalogue import Title
from store.events import MAX_PLACE, Event, EventKind
from webapp import who
from webapp.services import services
from webapp.visitors import visitor

_ORIGIN = re.compile(r"(?P<row>[\w-]{1,64})\.(?P<place>[0-9]{1,5})(?:\.(?P<model>[\w-]{1,64}))?")


def init(app: Flask) -> None:
    """Record what was shown once an answer is made, and what was opened before it is."""
    app.jinja_env.globals.update(row_shown=note)

    @app.before_request
    def opened() -> ResponseReturnValue | None:
        if request.endpoint != "titles.page" or "from" not in request.args or request.method != "GET":
            return None
        record("opened", int((request.view_args or {})["id"]), request.args["from"])
        rest = [(name, value) for name, value in request.args.items(multi=True) if name != "from"]
        answer = redirect(request.path + (f"?{urlencode(rest)}" if rest else ""), 302)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.after_request
    def write(response: Response) -> Response:
        events = g.pop("shown", None)
        if events and response.status_code == 200:
            services().recorder.events(events)
        return response


def note(row: str, titles: Iterable[Title], model: str = "") -> str:
    """Remember that a row showed these titles; returns nothing to say, so that a template can call it."""
    person, seen_by = who.current(), visitor()
    if person is None and seen_by is None:
        return ""
    events = [
        Event("shown", person.id if person else None, seen_by or "", title.id, row[:64], model[:64], place)
        for place, title in enumerate(titles)
    ]
    g.setdefault("shown", []).extend(events)
    return ""


def record(kind: EventKind, title_id: int, origin: str = "") -> None:
    """Record one event of who is here; `origin` is what a link says of its row. A bot's are not recorded."""
    person, seen_by = who.current(), visitor()
    if (person is None and seen_by is None) or not title_id:
        return
    row, place, model = read_origin(origin)
    services().recorder.events([Event(kind, person.id if person else None, seen_by or "", title_id, row, model, place)])


def read_origin(text: str) -> tuple[str, int, str]:
    """Return row, place and model of `row.place.model`; nothing of a text that is something else."""
    found = _ORIGIN.fullmatch(text)
    if found is None:
        return "", 0, ""
    return found["row"], min(int(found["place"]), MAX_PLACE), found["model"] or ""
