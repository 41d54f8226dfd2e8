"""What this site is and where its data come from; works without an index too."""

from __future__ import annotations

from flask import Blueprint, render_template

from search.engine import EngineError
from webapp.models import models
from webapp.services import services

blueprint = Blueprint("about", __name__)


@blueprint.get("/about")
def index() -> str:
    """Show provenance, model and licence."""
    site = services()
    info, reason, recommender = None, "", None
    try:
        info = site.search.info()
        recommender = models().serving()
    except EngineError as error:
        reason = str(error)
    return render_template(
        "about.html", info=info, reason=reason, engine=site.search.engine.name, recommender=recommender
    )
