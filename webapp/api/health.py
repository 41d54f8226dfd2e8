"""GET /healthz and /readyz: whether the process lives, and whether it can answer."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, jsonify

from search.engine import EngineError
from webapp.errors import ENGINE_RETRY_SECONDS, problem
from webapp.services import services

blueprint = Blueprint("health", __name__)
log = structlog.get_logger("nextep.web")


@blueprint.get("/healthz")
def health() -> Response:
    """Tell that the process answers; engine and database may be down."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Tell whether engine, index and embedding model serve; 503 with the reason otherwise."""
    site = services()
    try:
        info = site.search.ready()
    except EngineError as error:
        return _not_ready(str(error))
    except Exception as error:
        log.exception("not ready")
        return _not_ready(f"{type(error).__name__}: the log tells more.")
    models = {space.name: site.search.encoder.embedder(space) for space in info.spaces}
    missing = [name for name, model in models.items() if model is None]
    return jsonify(
        {
            "status": "degraded" if missing else "ready",
            "engine": site.search.engine.name,
            "index": info.generation,
            "titles": info.offered,
            "models": {space.name: f"{space.model} {space.revision}" for space in info.spaces},
            # Words and names answer without them; pages say so.
            "missing_models": missing,
            "database": site.searches() is not None,
        }
    )


def _not_ready(reason: str) -> Response:
    response = problem(503, reason)
    response.headers["Retry-After"] = str(ENGINE_RETRY_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response
