"""What forms of pages send: where to go afterwards, numbers, dates, and the messages that follow a change."""

from __future__ import annotations

import datetime
import re
from typing import Any
from urllib.parse import urlsplit

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from search.results import QueryError
from webapp.i18n import gettext as _

_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
# Fragments that a page fetches; after a change in one, the reader goes back to the page that holds it.
_FRAGMENTS = ("/rows/", "/api/", "/static/", "/art/")


def safe_path(text: str | None, otherwise: str = "/") -> str:
    """Return an address of this site to go to; what leads elsewhere is replaced."""
    return text if text and len(text) <= 2000 and _PATH.fullmatch(text) else otherwise


def next_path(otherwise: str = "/") -> str:
    """Return where the form says to go afterwards."""
    return safe_path(request.form.get("next") or request.args.get("next"), otherwise)


def return_to() -> str:
    """Return the address that forms on this page lead back to; within a fragment that of the page around it."""
    if request.headers.get("Sec-Fetch-Dest") != "empty" and not request.path.startswith(_FRAGMENTS):
        return request.full_path.rstrip("?") if request.method == "GET" else request.path
    around = urlsplit(request.referrer or "")
    if around.netloc != request.host:
        return "/"
    return safe_path(around.path + (f"?{around.query}" if around.query else ""))


def go(path: str) -> Response:
    """Lead on after a change, so that loading the page again repeats nothing."""
    return redirect(path, 303)


def say(text: str, undo_at: str = "", kind: str = "message", **fields: str) -> None:
    """Show a message on the next page; with `undo_at` it holds an Undo button that posts `fields` to that address."""
    # The session holds any JSON; only the annotation of flash wants a text.
    flash({"text": text, "undo": undo_at, "fields": fields}, kind)  # type: ignore[arg-type]


def whole(name: str, least: int, most: int) -> int | None:
    """Return a whole number of the form, None where the field is blank; QueryError for anything else."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        shown = "".join(char for char in text if char.isprintable())[:40]
        raise QueryError(name, _("%(name)s is %(value)s; allowed are %(low)s to %(high)s.", name=name, value=f"“{shown}”", low=least, high=most))  # fmt: skip
    return int(text)


def date(name: str) -> datetime.date | None:
    """Return a date of the form, None where the field is blank; QueryError for anything else."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        found = datetime.date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year < 2200:
        shown = "".join(char for char in text if char.isprintable())[:40]
        raise QueryError(name, _("%(name)s is %(value)s; a date such as 2017-08-10 is allowed.", name=name, value=f"“{shown}”"))  # fmt: skip
    return found


def choice(name: str, allowed: tuple[str, ...]) -> Any:
    """Return a value of the form that is one of `allowed`; QueryError for another or none."""
    text = request.form.get(name, "")
    if text not in allowed:
        shown = "".join(char for char in text if char.isprintable())[:40]
        raise QueryError(name, _("%(name)s is %(value)s; allowed are %(choices)s.", name=name, value=f"“{shown}”", choices=", ".join(allowed)))  # fmt: skip
    return text
