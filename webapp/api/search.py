"""GET /api/search: the whole box."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from search.options import Options
from webapp import params, personal
from webapp.api.shapes import SearchAnswer, answer_json
from webapp.i18n import language
from webapp.pages.search import count
from webapp.services import search_service

blueprint = Blueprint("api_search", __name__)

PARAMS = (
    params.Q,
    params.LIMIT,
    params.PAGE,
    params.GROUP,
    params.LANG,
    params.CORRECT,
    params.SEEN,
    params.EXPLAIN,
    *params.FILTERS,
)
ANSWER = SearchAnswer


@blueprint.get("/api/search")
def search() -> Response:
    """Find works by name, by part of a name, by genre or maker, or by what a story is about.

    The answer says which it was (`resolution`). Groups come in the order in which a person sees them: exact, series,
    not_offered, names, similar, recommended, suggestions, trending.
    """
    values = params.read(request.args, PARAMS, strict=True)
    service = search_service()
    code = values["lang"] or language()
    options = Options(
        limit=values["limit"],
        page=values["page"],
        group=values["group"],
        language=code,
        correct=values["correct"],
        explain=values["explain"],
        filters=params.filters(values, service),
        exclude=personal.excluded(seen=values["seen"]),
    )
    answer = service.search(values["q"], options)
    count(answer, first_page=values["page"] == 1)
    return jsonify(answer_json(answer, code))
