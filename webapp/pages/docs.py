"""The API's documentation: Swagger UI over our OpenAPI document, from an installed package and not from a CDN."""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.resources import files

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from webapp import security
from webapp.assets import FOREVER, accepts_gzip

blueprint = Blueprint("docs", __name__)

FOLDER = ("templates", "swagger")
# Swagger UI draws its icons from data: addresses.
CSP = f"{security.CSP}; img-src 'self' data:"
TYPES = {"css": "text/css", "js": "text/javascript"}


@blueprint.get("/docs")
def index() -> Response:
    """Show the API's documentation."""
    response = Response(render_template("docs.html", version=version()))
    response.headers["Content-Security-Policy"] = CSP
    return response


@blueprint.get("/docs/<version>/<name>")
def part(version: str, name: str) -> ResponseReturnValue:
    """Serve a file of Swagger UI."""
    kind = name.rpartition(".")[2]
    if kind not in TYPES or name not in ("swagger-ui.css", "swagger-ui-bundle.js"):
        abort(404)
    plain, zipped = _part(kind, name)
    response = Response(zipped if accepts_gzip() else plain, mimetype=TYPES[kind])
    if accepts_gzip():
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOREVER
    return response.make_conditional(request)


@lru_cache
def _part(kind: str, name: str) -> tuple[bytes, bytes]:
    content = files("flask_openapi_swagger").joinpath(*FOLDER, kind, name).read_bytes()
    return content, gzip.compress(content, 6, mtime=0)


@lru_cache
def version() -> str:
    """Return the version of the package, which makes its addresses change with it."""
    from importlib.metadata import version as installed

    return installed("flask-openapi-swagger")
