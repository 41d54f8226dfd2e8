"""GET /api/people/{id}/home and /recommendations: a person's rows and their best titles, for that person's browser."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import Field

from catalogue import Title
from search.results import QueryError
from webapp import params, personal, who
from webapp.api.shapes import Item, Shape, item_json
from webapp.i18n import gettext as _
from webapp.i18n import language
from webapp.services import services

blueprint = Blueprint("api_people_rows", __name__)

MAX_LIMIT = 100
HOME_PARAMS = (params.LANG,)
BEST_PARAMS = (
    params.Param("model", "text", "A model of those that serve; without it the one that serves the site.", default="", max_length=64),
    params.Param("limit", "number", "Works.", 20, 1, MAX_LIMIT),
    params.LANG,
)  # fmt: skip


class RowOf(Shape):
    """One row of a home page."""

    name: str
    title: str
    reason: str | None = Field(description="Why the row is there; each item says why it is.")
    items: list[Item]


class HomeAnswer(Shape):
    """A person's home page."""

    hero: Item | None = Field(description="What the page begins with: the best match, which stands in no row.")
    rows: list[RowOf]


class BestAnswer(Shape):
    """The best titles for a person."""

    model: str
    simulated: bool = Field(description="The model learned from a simulated crowd: nobody's data is in it.")
    items: list[Item]


@blueprint.get("/api/people/<id>/home")
def home(id: str) -> Response:
    """Show a person's rows in the order of their home page, each title with the reason it is there.

    Only rows of titles; charts, the person's own lists and what is recommended to them. No recommendation comes twice.
    """
    values = params.read(request.args, HOME_PARAMS, strict=True)
    now, code = _evening(id), values["lang"] or language()
    site = services()
    hero, rows = personal.home_page(now, personal.carousels_of(now), site.pool(), [], {}, site.search.titles)
    made = [
        {
            "name": row.name,
            "title": row.title,
            "reason": row.note or None,
            "items": [item_json(title, code, row.reasons.get(title.id)) for title in row.items],
        }
        for row in rows
        if row.items
    ]
    return jsonify({"hero": item_json(hero.title, code, hero.reason) if hero else None, "rows": made})


@blueprint.get("/api/people/<id>/recommendations")
def recommendations(id: str) -> Response:
    """List the best titles for a person by one of the serving models, each with its reason; empty for a new person."""
    values = params.read(request.args, BEST_PARAMS, strict=True)
    now, code = _evening(id), values["lang"] or language()
    name = values["model"] or now.serving.name
    if name not in now.serving.names():
        allowed = ", ".join(now.serving.names())
        raise QueryError("model", _("model is %(value)s; allowed are %(choices)s.", value=name[:64], choices=allowed))
    found: list[tuple[Title, str]] = personal.recommendations(now, name, values["limit"])
    items = [item_json(title, code, reason or None) for title, reason in found]
    return jsonify({"model": name, "simulated": now.serving.simulated, "items": items})


def _evening(id: str) -> personal.Evening:
    who.require(id)
    now = personal.evening()
    if now is None:
        abort(503, _("Recommendations can’t be made at the moment: the catalogue’s index does not answer."))
    return now
