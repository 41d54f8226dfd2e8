"""Who is watching: choose a person, make a profile in three steps, take one's data along or delete it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template, request, session
from flask.typing import ResponseReturnValue

from catalogue import LANGUAGES, Title
from lists.entry import Entry
from search.engine import EngineError
from search.options import MAX_QUERY, Options
from store.people import MAX_NAME, Person, PersonError, imported_id
from vocabulary import label
from webapp import changes, who
from webapp.art.avatar import MOTIFS, NAMES, avatar_of, avatar_svg
from webapp.art.poster import ART_VERSION
from webapp.assets import FOREVER
from webapp.forms import go, next_path, return_to, say
from webapp.i18n import N_, language, translate
from webapp.i18n import gettext as _
from webapp.pages.art import CSP
from webapp.services import search_service, services
from webapp.starters import favourite_genres, starters

blueprint = Blueprint("people", __name__)

SHOWN_IMPORTED = 12
DRAFT = "draft"
LEAST, MOST = 3, 40
FIRST_GRID, MORE, WHOLE_GRID = 18, 12, 90
SEARCHED = 12
# A list of some ten thousand entries as MyAnimeList writes it.
MAX_UPLOAD_BYTES = 8_000_000


def init(app: Flask) -> None:
    """Let the form that imports lists send a file; call it before anything reads a form."""
    app.jinja_env.globals.update(face_of=face_address, return_to=return_to, new_token=changes.new_token)

    @app.before_request
    def allow_upload() -> None:
        if request.path.startswith("/people/") and request.path.endswith("/import"):
            request.max_content_length = MAX_UPLOAD_BYTES


# -- who is watching -----------------------------------------------------------------------------------------------


@blueprint.get("/people")
def index() -> str:
    """Show who can be chosen; `?user=` looks an imported person up."""
    store = who.open_store()
    asked = request.args.get("user", "").strip()[:100]
    found = None
    if asked:
        person = store.people.get(imported_id(asked)) or store.people.get(asked)
        found = person if person is not None and person.kind == "imported" else None
    own = [person for id in sorted(who.owned()) if (person := store.people.get(id)) is not None]
    imported = store.people.all("imported")
    return render_template(
        "people/index.html",
        samples=store.people.all("sample"),
        own=sorted(own, key=lambda person: person.created),
        imported=imported[:SHOWN_IMPORTED],
        imported_count=len(imported),
        asked=asked,
        found=found,
        foreign=_foreign(),
        next=next_path(),
    )


def _foreign() -> bool:
    """Return whether the catalogue's ids are its own: what lists name by MyAnimeList's ids are other works there."""
    try:
        return search_service().info().provenance == "laftel"
    except EngineError:
        return False


@blueprint.post("/people/choose")
def choose() -> ResponseReturnValue:
    """Make somebody the one who is watching."""
    person = who.open_store().people.get(request.form.get("person", "")[:100])
    if person is None:
        abort(404, _("There is no such person."))
    who.choose(person)
    return go(next_path())


@blueprint.post("/people/leave")
def leave() -> ResponseReturnValue:
    """Let nobody be watching."""
    who.leave()
    return go("/people")


# -- a new profile -------------------------------------------------------------------------------------------------


@blueprint.get("/people/new")
def new() -> str:
    """Show the step of a new profile that comes next: the name, then the favourites."""
    draft = _draft()
    named = bool(draft["name"]) and request.args.get("step") != "name"
    if not named:
        return render_template("people/name.html", draft=draft, most=MAX_NAME)
    chosen = _titles(draft["picks"])
    taken = {title.id for title in chosen}
    offered = starters(services().pool(), WHOLE_GRID)
    grid = [title for title in offered[: draft["shown"]] if title.id not in taken]
    found = [title for title in _found(draft["q"]) if title.id not in taken]
    return render_template(
        "people/favourites.html",
        draft=draft,
        chosen=chosen,
        found=found,
        grid=[title for title in grid if title.id not in {other.id for other in found}],
        more=draft["shown"] < len(offered),
        least=LEAST,
    )


@blueprint.post("/people/new")
def step() -> ResponseReturnValue:
    """Take a step of a new profile; what was chosen so far is kept in the session until it is done."""
    draft = _draft()
    action = request.form.get("action", "")
    if "name" in request.form:
        name = " ".join(request.form["name"].split())
        if not 1 <= len(name) <= MAX_NAME:
            say(_("A name of 1 to %(most)s letters is needed.", most=MAX_NAME), kind="error")
            return go("/people/new?step=name")
        draft["name"] = name
    if "favourites" in request.form:
        draft["picks"] = _picked(draft["picks"])
        draft["q"] = request.form.get("q", "").strip()[:MAX_QUERY]
    if action == "more":
        draft["shown"] = min(draft["shown"] + MORE, WHOLE_GRID)
    if action == "clear":
        draft["q"] = ""
    session[DRAFT] = draft
    if action == "done" and draft["name"]:
        return _create(draft)
    anchor = {"more": "#more", "search": "#found"}.get(action, "")
    return go(f"/people/new{anchor}")


def _create(draft: dict[str, Any]) -> ResponseReturnValue:
    favourites = _titles(draft["picks"])
    if len(favourites) < LEAST:
        say(_("Pick at least three favourites; you have %(count)s.", count=len(favourites)), kind="error")
        return go("/people/new")
    if len(who.owned()) >= who.MOST_OWNED:
        abort(403, _("This browser has made %(most)s profiles already; delete one first.", most=who.MOST_OWNED))
    store = who.open_store()
    made = Person(
        id="",
        kind="own",
        name={language(): draft["name"]},
        taste=taste_line(favourites),
        avatar=avatar_of(f"{draft['name']}/{changes.new_token()}"),
        favourites=tuple(title.id for title in favourites),
    )
    at = datetime.datetime.now(datetime.UTC)
    entries = [
        Entry(title.id, "completed", episodes=title.episodes or 0, updated=at, order=order)
        for order, title in enumerate(favourites)
    ]
    try:
        person = store.people.create(made, entries)
    except PersonError as error:
        say(str(error), kind="error")
        return go("/people/new?step=name")
    session.pop(DRAFT, None)
    who.own(person.id)
    who.choose(person)
    say(_("Welcome, %(name)s. What you see now comes from your favourites.", name=draft["name"]))
    return go("/")


def taste_line(favourites: Sequence[Title]) -> dict[str, str]:
    """Return the line under a new person's name, in both languages."""
    genres = favourite_genres(favourites)
    if not genres:
        return {}
    return {
        code: translate(N_("Likes %(genres)s"), code) % {"genres": ", ".join(label(name, code) for name in genres)}
        for code in LANGUAGES
    }


def _draft() -> dict[str, Any]:
    kept = session.get(DRAFT) or {}
    return {"name": "", "picks": [], "shown": FIRST_GRID, "q": "", **kept}


def _picked(before: Sequence[int]) -> list[int]:
    """Return the works ticked in the form: those ticked before first, in the order in which they were."""
    ticked = {int(text) for text in request.form.getlist("pick") if text.isdigit() and len(text) < 17}
    return [id for id in dict.fromkeys([*before, *sorted(ticked)]) if id in ticked][:MOST]


def _titles(ids: Sequence[int]) -> list[Title]:
    found = search_service().titles(ids)
    return [found[id] for id in ids if id in found and found[id].offered]


def _found(query: str) -> list[Title]:
    """Return the works that a search finds by name, else by meaning."""
    if not query:
        return []
    answer = search_service().search(query, Options(limit=SEARCHED, language=language()))
    named = [found.title for group in answer.groups if group.name in ("exact", "series", "names") for found in group.items]  # fmt: skip
    near = [found.title for group in answer.groups if group.name in ("recommended", "similar") for found in group.items]
    unique = {title.id: title for title in [*named, *near] if title.offered}
    return list(unique.values())[:SEARCHED]


# -- one's data ----------------------------------------------------------------------------------------------------


@blueprint.post("/people/<id>/delete")
def delete(id: str) -> ResponseReturnValue:
    """Delete an own profile and all that belongs to it; the first time it asks whether that is meant."""
    person = who.require(id)
    if person.kind != "own":
        abort(403, _("%(name)s is shared by everybody here and can’t be deleted.", name=who.name(person)))
    if request.form.get("confirm") != "yes":
        return render_template("people/delete.html", person=person, count=len(who.lists_of_request()))
    who.open_store().people.delete(id)
    who.leave()
    who.disown(id)
    say(_("The profile and everything in it is deleted."))
    return go("/people")


# -- pictures ------------------------------------------------------------------------------------------------------


def face_address(person: Person) -> str:
    """Return the address of a person's picture; it tells palette and motif and nothing of the person."""
    avatar = {**avatar_of(person.id), **person.avatar}
    if avatar["palette"] not in NAMES or avatar["motif"] not in MOTIFS:
        avatar = avatar_of(person.id)
    return f"/art/{ART_VERSION}/face-{avatar['palette']}-{avatar['motif']}.svg"


@blueprint.get("/art/<version>/face-<palette>-<motif>.svg")
def picture(version: str, palette: str, motif: str) -> Response:
    """Serve a person's picture."""
    try:
        drawn = avatar_svg(palette, motif)
    except KeyError:
        abort(404)
    response = Response(drawn, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = CSP
    response.headers["Cache-Control"] = FOREVER if version == ART_VERSION else "no-store"
    return response
