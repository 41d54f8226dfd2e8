"""My taste: charts that are links, what drives the recommendations, and the switches that change them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue

from lists.entry import STATUSES
from search.results import QueryError
from store.people import PersonError, Preferences
from webapp import charts, personal, who
from webapp.forms import go, say, whole
from webapp.i18n import gettext as _
from webapp.services import search_service
from webapp.taste import Driver, Part, drivers, portrait
from webapp.wording import format_label, genre_label

blueprint = Blueprint("taste", __name__)

# Fewer works than this tell no taste.
LEAST = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as the page draws it: a label, a link, a count, and how long it is (0 to 1)."""

    label: str
    href: str
    count: int
    share: float
    length: float
    score: float | None = None
    note: str = ""


def init(app: Flask) -> None:
    """Offer the geometry of charts to templates."""
    app.jinja_env.globals.update(donut_arcs=charts.donut, radar_points=charts.radar)


@blueprint.get("/taste")
def index() -> ResponseReturnValue:
    """Show the taste of who is watching."""
    person = who.current()
    if person is None:
        return go(f"/people?{urlencode({'next': '/taste'})}")
    entries = who.lists_of_request()
    titles = search_service().titles([entry.title_id for entry in entries])
    found = portrait(entries, titles)
    return render_template(
        "taste/index.html",
        person=person,
        taste=found,
        enough=found.begun >= LEAST,
        drivers=_drivers(),
        genres=genres(found.genres),
        wheel=wheel(found.spokes),
        eras=eras(found.eras),
        makers=makers(found.makers),
        formats=formats(found.formats),
        preferences=person.preferences,
        adventurous=round(person.preferences.adventurous * 100),
    )


@blueprint.post("/taste")
def change() -> ResponseReturnValue:
    """Keep what recommendations leave out and how far they stray."""
    person = who.current()
    if person is None:
        return go(f"/people?{urlencode({'next': '/taste'})}")
    try:
        adventurous = whole("adventurous", 0, 100)
        wanted = Preferences(
            exclude=frozenset(status for status in STATUSES if status in request.form.getlist("exclude")),
            adventurous=person.preferences.adventurous if adventurous is None else adventurous / 100,
            sequels="sequels" in request.form,
        )
    except (PersonError, QueryError) as error:
        say(error.detail if isinstance(error, QueryError) else str(error), kind="error")
        return go("/taste#switches")
    changed = who.open_store().people.set_preferences(person.id, wanted)
    same = dataclasses.replace(person, preferences=wanted) == person
    who.keep(changed)
    say(_("Nothing changed.") if same else _("Saved. Your rows follow from now on."))
    return go("/taste#switches")


def _drivers() -> tuple[Driver, ...]:
    """Return the works that the rows of who is watching come from; none while nothing can be recommended."""
    now = personal.evening()
    if now is None:
        return ()
    picks = [
        [(int(because.item), because.weight) for because in pick.because]
        for carousel in personal.carousels_of(now)
        for pick in carousel.items
    ]
    return drivers(picks, search_service().titles(sorted({id for pick in picks for id, _weight in pick})))


# -- charts as the page draws them ---------------------------------------------------------------------------------


def genres(parts: tuple[Part, ...]) -> list[Bar]:
    """Return the genres, each a link to the genre in the decade that the person has most of it from."""
    made = []
    for part in parts:
        label = genre_label(part.name)
        note = _("mostly %(decade)ss", decade=part.beside) if part.beside else ""
        made.append(_bar(part, label, parts, note, genre=part.name, **_years(part.beside)))
    return made


def wheel(parts: tuple[Part, ...]) -> list[Bar]:
    """Return the spokes of the radar."""
    return [_bar(part, genre_label(part.name), parts, genre=part.name) for part in parts]


def eras(parts: tuple[Part, ...]) -> list[Bar]:
    """Return the decades without a gap, each a link to its commonest genre in it."""
    if not parts:
        return []
    known = {int(part.name): part for part in parts}
    made = []
    for decade in range(min(known), max(known) + 10, 10):
        part = known.get(decade, Part(str(decade), 0, 0.0))
        label = _("%(decade)ss", decade=decade)
        note = _("%(genre)s, %(decade)ss", genre=genre_label(part.beside), decade=decade) if part.beside else ""
        made.append(_bar(part, label, parts, note, genre=part.beside or "", **_years(part.name)))
    return made


def makers(parts: tuple[Part, ...]) -> list[Bar]:
    """Return the studios."""
    return [_bar(part, part.name, parts, studio=part.name) for part in parts]


def formats(parts: tuple[Part, ...]) -> list[Bar]:
    """Return the formats."""
    return [_bar(part, format_label(part.name), parts, format=part.name) for part in parts]


def _bar(part: Part, label: str, parts: tuple[Part, ...], note: str = "", **query: str) -> Bar:
    most = max((other.count for other in parts), default=0) or 1
    href = f"/browse?{urlencode({name: value for name, value in query.items() if value})}"
    return Bar(label, href, part.count, part.share, part.count / most, part.score, note)


def _years(decade: str | None) -> dict[str, str]:
    return {"year_from": decade, "year_to": str(int(decade) + 9)} if decade else {}
