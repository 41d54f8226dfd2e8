"""Files that programs look for: robots.txt, security.txt, the manifest and the favicon."""

from __future__ import annotations

import datetime

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from webapp.assets import assets
from webapp.services import services

blueprint = Blueprint("wellknown", __name__)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Keep robots from searching; the catalogue they may read."""
    lines = ["User-agent: *", "Disallow: /search", "Disallow: /api/", "Disallow: /rows/", "Allow: /"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/.well-known/security.txt")
def security() -> Response:
    """Say where to report a weakness (RFC 9116)."""
    expires = services().settings.date + datetime.timedelta(days=180)
    lines = [
        f"Contact: {request.host_url}about#security",
        f"Expires: {expires.isoformat()}T00:00:00Z",
        "Preferred-Languages: en, ko",
        f"Canonical: {request.host_url}.well-known/security.txt",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Send browsers that ask for the old name to the drawn one."""
    return redirect(assets().url("mark.svg"), 302)
