"""Who is watching: the person that this browser chose, the profiles it made, and the lists of that person.

The choice stands in the signed session; the ids of own profiles in a signed cookie of its own that lasts longer. A
page that nobody is watching reads neither the database nor sets a cookie.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog
from flask import Flask, Response, abort, current_app, g, has_request_context, request, session
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.exc import SQLAlchemyError

from lists.entry import Entry
from store.open import Store
from store.people import Person, UnknownPerson
from webapp.errors import failure
from webapp.i18n import gettext as _
from webapp.i18n import language
from webapp.security import set_cookie
from webapp.services import services

log = structlog.get_logger("nextep.web")

PERSON = "person"
OWNED_COOKIE = "profiles"
# Browsers keep a cookie for 400 days at most.
OWNED_DAYS = 400
MOST_OWNED = 20
KEPT_LISTS = 200


@dataclass(frozen=True, slots=True)
class OnList:
    """The lists of one person as a request sees them."""

    entries: Mapping[int, Entry]
    hidden: frozenset[int] = frozenset()
    version: int = 0


NOTHING = OnList({})


def init(app: Flask) -> None:
    """Offer the person to templates, and write the cookie of own profiles where it changed."""
    app.jinja_env.globals.update(
        watching=current, list_status=list_status, entry_of=entry_of, is_hidden=is_hidden, person_name=name,
        person_taste=taste, csrf_now=csrf_now,
    )  # fmt: skip
    app.extensions["nextep-lists"] = _Kept()
    app.register_error_handler(SQLAlchemyError, _unreachable)
    app.register_error_handler(UnknownPerson, _gone)

    @app.after_request
    def remember(response: Response) -> Response:
        if "owned" in g:
            set_cookie(response, OWNED_COOKIE, _serializer(app).dumps(sorted(g.owned)), OWNED_DAYS)
        return response


# -- the person ----------------------------------------------------------------------------------------------------


def current() -> Person | None:
    """Return who is watching, None where nobody was chosen, the profile is gone or the database does not answer."""
    try:
        return g.watching  # type: ignore[no-any-return]  # asked for with each card
    except (AttributeError, RuntimeError):
        if not has_request_context():
            return None
    g.watching = None
    chosen = session.get(PERSON)
    store = services().store() if chosen else None
    if store is not None:
        try:
            found = store.people.with_version(str(chosen))
            if found is not None:
                g.watching, g.version = found
        except (SQLAlchemyError, OSError) as error:
            log.error("person unreadable", error=str(error).splitlines()[0])
    return g.watching  # type: ignore[no-any-return]


def choose(person: Person) -> None:
    """Make `person` the one who is watching; 403 for a profile that another browser made."""
    if not visible(person):
        abort(403, _("This profile belongs to another browser."))
    session[PERSON] = person.id
    session.permanent = True
    g.watching = person
    forget_lists()


def keep(person: Person) -> None:
    """Let this request know the person as changed."""
    g.watching = person
    forget_lists()


def leave() -> None:
    """Let nobody be watching."""
    session.pop(PERSON, None)
    g.watching = None
    forget_lists()


def visible(person: Person) -> bool:
    """Tell whether this browser may choose a person: an own profile only where it was made."""
    return person.kind != "own" or person.id in owned()


def require(person_id: str) -> Person:
    """Return the person of that id where it is the one who is watching; 403 otherwise."""
    person = current()
    if person is None or person.id != person_id:
        if session.get(PERSON) == person_id and services().store() is None:
            unavailable()
        abort(403, _("These lists belong to somebody else: choose that person first."))
    return person


def open_store() -> Store:
    """Return the store; 503 while its database can't be opened."""
    store = services().store()
    if store is None:
        unavailable()
    return store


def unavailable() -> NoReturn:
    """Answer 503: the database of lists can't be reached."""
    abort(503, _unavailable())


def _unavailable() -> str:
    return _("Lists can’t be reached at the moment. Nothing is lost; try again in a little while.")


def _unreachable(error: SQLAlchemyError) -> Response:
    log.error("database failed", path=request.path, error=str(error).splitlines()[0])
    return failure(503, _unavailable())


def _gone(error: UnknownPerson) -> Response:
    """Answer a change of somebody who was deleted while it was on its way."""
    return failure(403, _("These lists belong to somebody else: choose that person first."))


# -- own profiles --------------------------------------------------------------------------------------------------


def owned() -> set[str]:
    """Return the ids of the profiles that this browser made."""
    if "owned" in g:
        return set(g.owned)
    try:
        found = _serializer(current_app).loads(request.cookies.get(OWNED_COOKIE, ""))
    except BadSignature:
        return set()
    return {str(item) for item in found} if isinstance(found, list) else set()


def own(person_id: str) -> None:
    """Remember that this browser made a profile."""
    g.owned = owned() | {person_id}


def disown(person_id: str) -> None:
    """Forget a profile of this browser."""
    g.owned = owned() - {person_id}


def _serializer(app: Flask) -> URLSafeSerializer:
    return URLSafeSerializer(str(app.secret_key), salt="profiles")


# -- the lists -----------------------------------------------------------------------------------------------------


class _Kept:
    """Lists read lately, by person and version: a page need not read a thousand entries that did not change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, OnList] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, store: Store, person_id: str, version: int | None) -> OnList:
        """Return the lists of a person as they are now, or were at `version`, the latest that is known."""
        if version is None:
            version = store.lists.version(person_id)
        with self._lock:
            kept = self._kept.get(person_id)
        if kept is not None and kept.version == version:
            return kept
        made = OnList(
            {entry.title_id: entry for entry in store.lists.entries(person_id)},
            frozenset(store.lists.hidden(person_id)),
            version,
        )
        with self._lock:
            self._kept[person_id] = made
            self._kept.move_to_end(person_id)
            while len(self._kept) > KEPT_LISTS:
                self._kept.popitem(last=False)
        return made


def on_list() -> OnList:
    """Return the lists of who is watching, read once a request; empty where nobody is."""
    try:
        return g.lists  # type: ignore[no-any-return]
    except (AttributeError, RuntimeError):
        if not has_request_context():
            return NOTHING
    person, g.lists = current(), NOTHING
    store = services().store() if person else None
    if person is not None and store is not None:
        try:
            g.lists = current_app.extensions["nextep-lists"].read(store, person.id, g.get("version"))
        except (SQLAlchemyError, OSError) as error:
            log.error("lists unreadable", error=str(error).splitlines()[0])
    return g.lists  # type: ignore[no-any-return]


def forget_lists() -> None:
    """Read the lists anew within this request, after a change."""
    g.pop("lists", None)
    g.pop("version", None)


def lists_of_request() -> Sequence[Entry]:
    """Return the entries of who is watching, the last changed first."""
    return tuple(on_list().entries.values())


def entry_of(title_id: int) -> Entry | None:
    """Return the entry of a title, None where it is on no list."""
    return on_list().entries.get(title_id)


def list_status(title_id: int) -> str | None:
    """Return on which list of who is watching a title is."""
    entry = entry_of(title_id)
    return entry.status if entry else None


def hidden() -> tuple[int, ...]:
    """Return what who is watching is not interested in, to be left out of listings."""
    return tuple(sorted(on_list().hidden))


def is_hidden(title_id: int) -> bool:
    """Tell whether who is watching is not interested in a title."""
    return title_id in on_list().hidden


# -- words ---------------------------------------------------------------------------------------------------------


def name(person: Person) -> str:
    """Return a person's name for the reader."""
    return _said(person.name)


def taste(person: Person) -> str:
    """Return a person's taste in one line, empty where none was written."""
    return _said(person.taste)


def _said(texts: Mapping[str, str]) -> str:
    return texts.get(language()) or next((text for text in texts.values() if text), "")


def csrf_now() -> str:
    """Return the token that changes need; only where somebody is watching, so that others get no cookie."""
    if "csrf_now" not in g:
        g.csrf_now = generate_csrf() if current() is not None else ""
    return g.csrf_now  # type: ignore[no-any-return]
