"""Say what went wrong: a page for people, problem JSON (RFC 9457) for programs, never a stack trace."""

from __future__ import annotations

import json
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from search.engine import EngineError
from search.results import QueryError
from webapp.i18n import gettext as _
from webapp.security import retry_after

log = structlog.get_logger("nextep.web")

ENGINE_RETRY_SECONDS = 30
# Addresses for programs.
_API = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json")


def init(app: Flask) -> None:
    """Answer every error in the form that fits the address."""
    app.register_error_handler(QueryError, _query)
    app.register_error_handler(EngineError, _engine)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def is_api() -> bool:
    """Tell whether the address is for programs."""
    return request.path.startswith(_API)


def problem(status: int, detail: str, parameter: str | None = None, title: str | None = None) -> Response:
    """Return problem JSON."""
    body: dict[str, object] = {"type": "about:blank", "title": title or HTTPStatus(status).phrase, "status": status}
    body["detail"] = detail
    if parameter is not None:
        body["parameter"] = parameter
    body["instance"] = request.path
    body["request_id"] = g.get("request_id", "")
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")


def failure(status: int, detail: str, parameter: str | None = None) -> Response:
    """Return the answer to a request that failed. No engine, model or database is needed for it."""
    if is_api():
        response = problem(status, detail, parameter)
    else:
        page = render_template("error.html", status=status, detail=detail, parameter=parameter)
        response = Response(page, status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _query(error: QueryError) -> Response:
    return failure(422, error.detail, error.parameter)


def _engine(error: EngineError) -> Response:
    log.error("engine unavailable", reason=str(error), kind=type(error).__name__)
    # What an outsider needs not know (addresses, users) is in the log, in /readyz and in `nextep doctor`.
    response = failure(503, getattr(error, "public", str(error)) if is_api() else "")
    response.headers["Retry-After"] = str(ENGINE_RETRY_SECONDS)
    return response


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    detail = "" if status == 404 and not is_api() else str(error.description or "")
    if isinstance(error, CSRFError):
        detail = _("The form was open for too long. Go back, load the page again and send it once more.")
    if status == 429:
        seconds = retry_after()
        detail = _("Too many searches from your address. Try again in %(seconds)s seconds.", seconds=seconds)
    response = failure(status, detail)
    if status == 429:
        response.headers["Retry-After"] = str(seconds)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error", path=request.path)
    return failure(500, _("Something broke on our side. It was written down under %(id)s.", id=g.get("request_id", "")))
