"""What makes the site installable: its manifest, its service worker, and the page for when there is no network."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template
from flask_babel import gettext as _

from catalogue import LANGUAGES
from webapp.assets import assets
from webapp.i18n import language

blueprint = Blueprint("offline", __name__)

ICONS = {"icons/192.png": ("192x192", "any"), "icons/512.png": ("512x512", "any"), "icons/maskable.png": ("512x512", "maskable")}  # fmt: skip
PAGE = "/offline"


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Tell a browser how to install the site."""
    files = assets()
    told = {
        "id": "/",
        "name": "Nextep",
        "short_name": "Nextep",
        "description": _("Find an anime by its name, or by what you remember of its story."),
        "lang": language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#100e17",
        "theme_color": "#100e17",
        "icons": [
            {"src": files.url(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, (sizes, purpose) in ICONS.items()
        ],
        "shortcuts": [
            {"name": _("Surprise me"), "url": "/surprise"},
            {"name": _("Browse"), "url": "/browse"},
        ],
    }
    response = Response(json.dumps(told, ensure_ascii=False), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept-Language", "Cookie"))
    return response


@blueprint.get("/sw.js")
def worker() -> Response:
    """Serve the service worker from the root, so that it may answer for every page."""
    files = assets()
    script = files.asset("sw.js")
    assert script is not None
    pages = {code: f"{PAGE}?lang={code}" for code in LANGUAGES}
    kept = [*pages.values(), files.url("css/site.css"), files.url("css/offline.css")]
    # The names carry hashes: whenever one changes so does this script, and browsers install it anew.
    head = f"const PAGES = {json.dumps(pages)};\nconst KEPT = {json.dumps(kept)};\nconst VERSION = {json.dumps(script.digest)};\n"
    response = Response(head.encode() + script.content, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get(PAGE)
def page() -> str:
    """Show the page that is kept for when there is no network; nothing on it is about a person."""
    return render_template("offline.html")
