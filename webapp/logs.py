"""Structured logs: JSON lines in production, readable lines in development, each with the request's id."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

from config import Settings

log = structlog.get_logger("nextep.web")
_ID = re.compile(r"[\w.-]{8,64}")
QUIET = ("health.", "assets.", "art.")


def configure(settings: Settings) -> None:
    """Send our log and everybody else's to stderr in one form; leave a root logger that has handlers alone."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    if root.handlers:
        return
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.env == "production"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("nextep").setLevel(logging.INFO)


def init(app: Flask, settings: Settings) -> None:
    """Log each request once it is answered, with an id that the answer carries too."""
    configure(settings)

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        # Only a proxy that we trust may name a request.
        g.request_id = given if settings.proxies and _ID.fullmatch(given) else secrets.token_hex(8)
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        endpoint = request.endpoint or ""
        if not endpoint.startswith(QUIET) or response.status_code >= 400:
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
            )
        return response
