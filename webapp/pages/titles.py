"""The page of one title: its facts, its story, its series and works like it."""

from __future__ import annotations

import structlog
from flask import Blueprint, abort, make_response, render_template
from flask.typing import ResponseReturnValue

from search.engine import EngineError
from webapp import personal
from webapp.models import Serving, models
from webapp.pages import surprise
from webapp.related import related, watch_order
from webapp.services import search_service
from webapp.visitors import prefetched, record_opened

blueprint = Blueprint("titles", __name__)
log = structlog.get_logger("nextep.web")

# What a program can still count to; a longer number in the address is no title's.
MAX_ID = 2**53 - 1
# A page that was fetched on intent is the one that the click shows.
PREFETCHED = "private, max-age=30"


@blueprint.get(f"/titles/<int(max={MAX_ID}):id>")
def page(id: int) -> ResponseReturnValue:
    """Show one title."""
    service = search_service()
    title = service.title(id)
    if title is None:
        abort(404)
    series = watch_order(service.series(title))
    beside = related(title, service, _serving(), series, personal.excluded())
    kinds = {relation.id: relation.kind for relation in title.relations}
    record_opened(id)
    html = render_template(
        "titles/page.html",
        title=title,
        series=series if len(series) > 1 else [],
        kinds=kinds,
        related=beside,
        why=personal.why_text(title),
        surprise=surprise.line(title),
    )
    response = make_response(html)
    if prefetched():
        response.headers["Cache-Control"] = PREFETCHED
    return response


@blueprint.get(f"/titles/<int(max={MAX_ID}):id>/preview")
def preview(id: int) -> str:
    """Show what a card says of a title when it is looked at for longer."""
    title = search_service().title(id)
    if title is None:
        abort(404)
    return render_template("titles/_preview.html", title=title, why=personal.why_text(title))


@blueprint.get(f"/titles/<int(max={MAX_ID}):id>/opened")
def opened(id: int) -> ResponseReturnValue:
    """Count a title as opened whose page came out of the browser's prefetch, which is not counted."""
    if search_service().title(id) is None:
        abort(404)
    record_opened(id)
    return "", 204, {"Cache-Control": "no-store"}


def _serving() -> Serving | None:
    """Return the models that serve, None while there are none to ask."""
    try:
        return models().serving()
    except EngineError as error:
        log.warning("no models for similar works", reason=str(error))
        return None
