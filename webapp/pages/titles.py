"""The page of one title: its facts, its story, its series and works like it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from search.engine import EngineError
from webapp.services import search_service
from webapp.visitors import record_opened

blueprint = Blueprint("titles", __name__)

SIMILAR = 18
# What a program can still count to; a longer number in the address is no title's.
MAX_ID = 2**53 - 1


@blueprint.get(f"/titles/<int(max={MAX_ID}):id>")
def page(id: int) -> str:
    """Show one title."""
    service = search_service()
    title = service.title(id)
    if title is None:
        abort(404)
    series = service.series(title)
    try:
        similar = service.similar(id, SIMILAR)
        notice = ""
    except EngineError as error:
        # The page is worth showing without them.
        similar, notice = [], str(error)
    kinds = {relation.id: relation.kind for relation in title.relations}
    record_opened(id)
    return render_template(
        "titles/page.html",
        title=title,
        series=series if len(series) > 1 else [],
        kinds=kinds,
        similar=similar,
        notice=notice,
    )
