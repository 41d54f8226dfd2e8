"""My list: what the person who is watching watches, by status; every change is a form, and can be undone."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Flask, abort, render_template, request
from flask.typing import ResponseReturnValue

from catalogue import Title
from lists.entry import MAX_EPISODES, MAX_REWATCHES, STATUSES, Entry, ListError, Status
from search.keys import key
from search.results import QueryError
from store.lists import UNSET, Change, Written
from store.people import Person
from webapp import changes, params, who
from webapp.forms import choice, date, go, next_path, say, whole
from webapp.i18n import N_, language
from webapp.i18n import gettext as _
from webapp.pages.browse import pager
from webapp.pages.titles import MAX_ID
from webapp.services import search_service, titles_at_hand
from webapp.wording import here

blueprint = Blueprint("my_list", __name__)

PER_PAGE = 50
LABELS: dict[str, str] = {
    "watching": N_("Watching"),
    "on_hold": N_("On hold"),
    "plan_to_watch": N_("Plan to watch"),
    "completed": N_("Completed"),
    "dropped": N_("Dropped"),
    "hidden": N_("Not interested"),
}
ICONS = {"watching": "play", "on_hold": "pause", "plan_to_watch": "bookmark", "completed": "check", "dropped": "x", "hidden": "eye-off"}  # fmt: skip
SORTS = {"changed": N_("Last change"), "score": N_("Score"), "title": N_("By title")}
PARAMS = (
    params.Param("status", "choice", "The list.", choices=tuple(LABELS)),
    params.Param("sort", "choice", "The order.", "changed", choices=tuple(SORTS)),
    params.Param("q", "text", "Part of a title.", ""),
    params.PAGE,
)
_FIELDS = ("status", "score", "episodes", "rewatches", "started", "finished")
_COUNTS = ("episodes", "rewatches")
_NAMED = f"/my-list/<int(max={MAX_ID}):title>"


def init(app: Flask) -> None:
    """Offer the names of the lists to templates."""
    app.jinja_env.globals.update(status_label=label, status_icons=ICONS, statuses=STATUSES, entry_was=entry_was)


def label(status: str) -> str:
    """Return the name of a list for the reader."""
    return _(LABELS[status])


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list; `title` is None for a work that the catalogue does not hold."""

    id: int
    title: Title | None
    entry: Entry | None


@blueprint.get("/my-list")
def index() -> ResponseReturnValue:
    """Show one of the lists, sorted and filtered."""
    person = who.current()
    if person is None:
        return go(f"/people?{urlencode({'next': '/my-list'})}")
    values = params.read(request.args, PARAMS, strict=False)
    on_list = who.on_list()
    counts = dict.fromkeys(LABELS, 0)
    for entry in on_list.entries.values():
        counts[entry.status] += 1
    counts["hidden"] = len(on_list.hidden)
    status = values["status"] or next((name for name, count in counts.items() if count), "watching")
    if status == "hidden":
        entries: list[tuple[int, Entry | None]] = [(id, on_list.entries.get(id)) for id in sorted(on_list.hidden)]
    else:
        entries = [(id, entry) for id, entry in on_list.entries.items() if entry.status == status]
    titles, readable = titles_at_hand([id for id, _ in entries])
    lines = [Line(id, titles.get(id), entry) for id, entry in entries]
    lines = _sorted(_filtered(lines, values["q"]), values["sort"])
    pages = max(1, -(-len(lines) // PER_PAGE))
    page = min(values["page"], pages)
    return render_template(
        "my_list/index.html",
        person=person,
        tabs=[(name, label(name), counts[name], here(status=name, page=None, q=None)) for name in LABELS],
        status=status,
        readable=readable,
        sorts=[(name, _(text), here(sort=name, page=None, status=status)) for name, text in SORTS.items()],
        values=values,
        lines=lines[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(lines),
        pager=pager(page, pages),
        all=sum(counts[name] for name in STATUSES),
    )


def _filtered(lines: Sequence[Line], text: str) -> list[Line]:
    wanted = key(text)
    if not wanted:
        return list(lines)
    return [line for line in lines if line.title and any(wanted in key(name) for name in line.title.names())]


def _sorted(lines: list[Line], sort: str) -> list[Line]:
    if sort == "score":
        return sorted(lines, key=lambda line: -((line.entry.score if line.entry else None) or 0))
    if sort == "title":
        return sorted(lines, key=lambda line: (line.title is None, line.title.name(language()).casefold() if line.title else ""))  # fmt: skip
    return lines


# -- changes -------------------------------------------------------------------------------------------------------


def for_somebody(view: Callable[[Person, int], ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Call a view with who is watching and the title; where nobody is, lead to the choice and back."""

    @functools.wraps(view)
    def asked(title: int) -> ResponseReturnValue:
        person = who.current()
        if person is None:
            return go(f"/people?{urlencode({'next': next_path('/my-list')})}")
        try:
            return view(person, title)
        except (ListError, QueryError) as error:
            # Back to the form: a page that says only this would have lost it.
            say(error.detail if isinstance(error, QueryError) else str(error), kind="error")
            return go(next_path("/my-list"))

    return asked


@blueprint.post(_NAMED)
@for_somebody
def change(person: Person, title: int) -> ResponseReturnValue:
    """Put a title on a list, change its entry or take it off."""
    form = request.form
    action = form.get("action", "")
    said = {name: form[name] for name in form if name not in ("csrf_token", "token", "next")}
    token = changes.token_of(form.get("token", ""), *sorted(said.items()))
    if action == "remove":
        written = changes.remove(person, title, token=token)
    else:
        work = _known(title)
        made = functools.partial(_plus, work) if action == "plus" else _read(title)
        if made is None:
            return go(next_path("/my-list"))
        written = changes.put(person, title, made, token=token, origin=form.get("from", ""))
    _tell(person, title, written)
    return go(next_path("/my-list"))


def _read(title: int) -> Change | None:
    """Return what the form says; None where it says that the end came before the beginning, which is told."""
    form, entry = request.form, who.entry_of(title)
    said = _said() if entry else set(form)
    given: dict[str, Any] = {}
    if "score" in said:
        given["score"] = whole("score", 1, 10)
    for name, most in (("episodes", MAX_EPISODES), ("rewatches", MAX_REWATCHES)):
        if name in said:
            given[name] = whole(name, 0, most) or 0
    for name in ("started", "finished"):
        if name in said:
            given[name] = date(name)
    started = given.get("started", entry.started if entry else None)
    finished = given.get("finished", entry.finished if entry else None)
    if started and finished and finished < started and ("started" in given or "finished" in given):
        say(_("Nobody finishes before they start: %(finished)s is before %(started)s.", finished=finished, started=started), kind="error")  # fmt: skip
        return None
    status = cast(Status, choice("status", STATUSES)) if "status" in said and form["status"] else None
    if status is None and entry is None:
        # A score or episodes alone say that it was begun.
        status = "watching" if given.get("episodes") else "completed" if given.get("score") else "plan_to_watch"
    return _whole(title, Change(status=status, **given))


def entry_was(entry: Entry | None) -> str:
    """Return what a form shows of an entry, for the form to send along as `was`."""
    shown = entry.to_dict() if entry else {}
    return json.dumps({name: str(shown.get(name) or (0 if name in _COUNTS else "")) for name in _FIELDS})


def _said() -> set[str]:
    """Return the fields of the form that the reader changed.

    A form sends all it shows. What another tab changed since is not to be turned back by what nobody touched here, so
    that a field which says what it `was` says nothing.
    """
    try:
        was = json.loads(request.form.get("was", ""))
    except ValueError:
        was = {}
    known = was if isinstance(was, dict) else {}
    return {name for name, value in request.form.items() if known.get(name) != value}


def _plus(work: Title, entry: Entry | None) -> Change:
    """Return one episode more; the last one completes."""
    watched = (entry.episodes if entry else 0) + 1
    if work.episodes and watched >= work.episodes:
        return Change(status="completed", episodes=work.episodes)
    status = entry.status if entry and entry.status != "plan_to_watch" else "watching"
    return Change(status=cast(Status, status), episodes=watched)


def _whole(title: int, made: Change) -> Change:
    """Return the change with all episodes where a title becomes completed and nobody said how many were seen."""
    entry = who.entry_of(title)
    moved = made.status == "completed" and not (entry and entry.status == "completed")
    told = made.episodes not in (UNSET, entry.episodes if entry else 0)
    work = search_service().title(title) if moved and not told else None
    return dataclasses.replace(made, episodes=work.episodes) if work is not None and work.episodes else made


@blueprint.post(f"{_NAMED}/undo")
@for_somebody
def undo(person: Person, title: int) -> ResponseReturnValue:
    """Take the last change of a title back."""
    written = changes.undo(person, title, request.form.get("undo", ""))
    if written.changed:
        say(_("Undone: %(title)s is as it was.", title=_named(title)))
    else:
        say(_("Nothing to undo: %(title)s was changed again since.", title=_named(title)))
    return go(next_path("/my-list"))


@blueprint.post(f"{_NAMED}/hide")
@for_somebody
def hide(person: Person, title: int) -> ResponseReturnValue:
    """Recommend a title no more."""
    _known(title)
    changes.hide(person, title, origin=request.form.get("from", ""))
    if _by_script():
        return "", 204
    say(_("%(title)s is recommended no more.", title=_named(title)), f"/my-list/{title}/unhide")
    return go(next_path("/my-list"))


@blueprint.post(f"{_NAMED}/unhide")
@for_somebody
def unhide(person: Person, title: int) -> ResponseReturnValue:
    """Recommend a title again."""
    changes.unhide(person, title)
    if _by_script():
        return "", 204
    say(_("%(title)s may be recommended again.", title=_named(title)))
    return go(next_path("/my-list"))


def _by_script() -> bool:
    """Tell whether a script asks, which says itself what was changed."""
    return request.accept_mimetypes.best == "application/json"


def _tell(person: Person, title: int, written: Written) -> None:
    after = written.after
    if not written.changed:
        say(_("Nothing changed: %(title)s is as it was.", title=_named(title)))
        return
    if after is None:
        text = _("%(title)s is off your lists.", title=_named(title))
    elif written.before is None or written.before.status != after.status:
        text = _("%(title)s: %(list)s.", title=_named(title), list=label(after.status))
    else:
        text = _("%(title)s is saved.", title=_named(title))
    say(text, f"/my-list/{title}/undo", undo=changes.sign_undo(person, title, written))


def _known(title: int) -> Title:
    found = search_service().title(title)
    if found is None:
        abort(404, _("There is no such title."))
    return found


def _named(title: int) -> str:
    found = titles_at_hand([title])[0].get(title)
    return found.name(language()) if found else str(title)
