"""GET /api/titles: the catalogue, one title, and works like it."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel

from catalogue import Title
from search.engine import Filters
from webapp import params, personal, who
from webapp.api.shapes import FullTitle, Similar, TitlesPage, item_json, listing_json, shared_reason, title_json
from webapp.i18n import language
from webapp.pages.titles import MAX_ID
from webapp.services import search_service

blueprint = Blueprint("api_titles", __name__)

SORTS = ("score", "watched", "newest", "recommended", "title")
LIST_PARAMS = (
    params.Param("sort", "choice", "The order.", "watched", choices=SORTS),
    params.PAGE,
    params.Param("limit", "number", "Works on a page.", 20, 1, params.MAX_LIMIT),
    params.LANG,
    *params.FILTERS,
)
ONE_PARAMS = (params.LANG,)
SIMILAR_PARAMS = (params.Param("limit", "number", "Works.", 12, 1, 60), params.LANG)


@blueprint.get("/api/titles")
def titles() -> Response:
    """List the catalogue, filtered and sorted; the pages are stable.

    What somebody is not interested in is left out for them. `recommended` is for who is watching, without what they do
    not want recommended; it needs a person with a list: see notices.
    """
    values = params.read(request.args, LIST_PARAMS, strict=True)
    service = search_service()
    sort, notices = values["sort"], []
    filters, listing = replace(params.filters(values, service), exclude=who.hidden()), None
    if sort == "recommended":
        now = personal.evening()
        listing = personal.listing(now, filters, values["page"], values["limit"]) if now is not None else None
        if listing is None:
            # Nobody to recommend to; what most watch is the honest stand-in.
            sort, notices = "watched", ["recommended_needs_person"]
    if listing is None:
        listing = service.browse(filters, sort, values["page"], values["limit"])
    return jsonify(listing_json(listing, values["lang"] or language(), sort, notices))


@blueprint.get(f"/api/titles/<int(max={MAX_ID}):id>")
def title(id: int) -> Response:
    """Show everything that is known of a title; 404 for an unknown one."""
    values = params.read(request.args, ONE_PARAMS, strict=True)
    found = _title(id)
    return jsonify(title_json(found, search_service().series(found), values["lang"] or language()))


@blueprint.get(f"/api/titles/<int(max={MAX_ID}):id>/similar")
def similar(id: int) -> Response:
    """List works like a title, each with what it has in common; its own series is left out."""
    values = params.read(request.args, SIMILAR_PARAMS, strict=True)
    code = values["lang"] or language()
    _title(id)
    near = search_service().similar(id, values["limit"], Filters(exclude=personal.excluded()))
    items = [item_json(found.title, code, shared_reason(found.shared, code)) for found in near]
    return jsonify({"id": id, "items": items})


def _title(id: int) -> Title:
    found = search_service().title(id)
    if found is None:
        abort(404, f"There is no title {id}.")
    return found


ANSWERS: dict[str, type[BaseModel]] = {"titles": TitlesPage, "title": FullTitle, "similar": Similar}
