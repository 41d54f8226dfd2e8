"""Change a person's lists: in the store, in what this request knows of them, and in the operator's counts.

The undo of a change is a signed text that holds the entry before and after it: no page keeps any state for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from flask import abort, current_app
from itsdangerous import BadSignature, URLSafeSerializer

from store.lists import Change, Entry, Lists, Written
from store.people import Person
from webapp import shown, who
from webapp.i18n import gettext as _


def put(
    person: Person,
    title_id: int,
    change: Change | Callable[[Entry | None], Change],
    *,
    token: str | None = None,
    origin: str = "",
) -> Written:
    """Change the entry of a title; raises ListError for values that no list can hold."""
    written = _lists().put(person.id, title_id, change, token=token)
    if written.changed:
        if written.before is None:
            shown.record("added", title_id, origin)
        after, before = written.after, written.before
        if after and after.status == "completed" and not (before and before.status == "completed"):
            shown.record("completed", title_id, origin)
    return _done(written)


def remove(person: Person, title_id: int, *, token: str | None = None) -> Written:
    """Take a title off the list."""
    return _done(_lists().remove(person.id, title_id, token=token))


def hide(person: Person, title_id: int, *, token: str | None = None, origin: str = "") -> bool:
    """Remember that somebody is not interested in a title."""
    changed = _lists().hide(person.id, title_id, token=token)
    if changed:
        shown.record("hidden", title_id, origin)
    who.forget_lists()
    return changed


def unhide(person: Person, title_id: int, *, token: str | None = None) -> bool:
    """Show a title again."""
    changed = _lists().unhide(person.id, title_id, token=token)
    who.forget_lists()
    return changed


def undo(person: Person, title_id: int, signed: str) -> Written:
    """Take a change back, unless the entry was changed again since; 400 for an undo that was not made here."""
    try:
        told = _serializer().loads(signed)
        whose, before, after = told["person"], _entry(told["before"]), _entry(told["after"])
    except (BadSignature, KeyError, TypeError):
        abort(400, _("This undo is not one of this site’s. Change the entry by hand."))
    if (whose, told.get("title")) != (person.id, title_id):
        abort(403, _("This undo belongs to somebody else."))
    return _done(_lists().restore(person.id, title_id, before, expected=after))


def sign_undo(person: Person, title_id: int, written: Written) -> str:
    """Return what `undo` takes to undo this change."""
    plain = {
        "person": person.id,
        "title": title_id,
        "before": written.before.to_dict() if written.before else None,
        "after": written.after.to_dict() if written.after else None,
    }
    return str(_serializer().dumps(plain))


def new_token() -> str:
    """Return a name for one change, to stand in one form."""
    return secrets.token_urlsafe(9)


def token_of(form_token: str, *said: object) -> str | None:
    """Return the token of a change: the form's with what the form says.

    The same form sent twice is one change; a form of a page that was gone back to and now says something else is another.
    """
    if not form_token:
        return None
    words = "\0".join(map(str, said)).encode()
    return f"{form_token[:60]}.{hashlib.blake2b(words, digest_size=8).hexdigest()}"


def _done(written: Written) -> Written:
    who.forget_lists()
    return written


def _lists() -> Lists:
    return who.open_store().lists


def _entry(plain: dict[str, Any] | None) -> Entry | None:
    return Entry.from_dict(plain) if plain is not None else None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="undo")
