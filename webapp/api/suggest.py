"""GET /api/suggest: what a half-typed text may become."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from search.options import clean_query
from search.results import Suggestion
from webapp import params
from webapp.api.shapes import Suggestions, suggestion_json
from webapp.i18n import language
from webapp.services import search_service, services

blueprint = Blueprint("api_suggest", __name__)

PARAMS = (
    params.Param("q", "text", "What is typed so far; empty: what others search for.", "", max_length=params.MAX_QUERY),
    params.Param("limit", "number", "Lines.", 8, 1, 20),
    params.LANG,
)
ANSWER = Suggestions


@blueprint.get("/api/suggest")
def suggestions() -> Response:
    """Suggest titles, genres, studios and searches for a half-typed text, best first."""
    values = params.read(request.args, PARAMS, strict=True)
    code = values["lang"] or language()
    text = clean_query(values["q"], allow_empty=True)
    if text:
        found = search_service().suggest(text, values["limit"], code)
    else:
        found = [Suggestion("search", words) for words in services().trending(values["limit"])]
    response = jsonify({"query": text, "suggestions": [suggestion_json(item) for item in found]})
    # Typing back and forth asks the same again.
    response.headers["Cache-Control"] = "private, max-age=60"
    response.vary.update(("Accept-Language", "Cookie"))
    return response
