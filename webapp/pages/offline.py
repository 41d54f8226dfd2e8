"""What makes the site installable: its manifest, its service worker, and the page for when there is no network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache

from flask import Blueprint, Response, current_app, render_template

from catalogue import LANGUAGES
from webapp.assets import assets
from webapp.i18n import PO_FOLDER, language
from webapp.i18n import gettext as _

blueprint = Blueprint("offline", __name__)

ICONS = {"icons/192.png": ("192x192", "any"), "icons/512.png": ("512x512", "any"), "icons/maskable.png": ("512x512", "maskable")}  # fmt: skip
PAGE = "/offline"
TEMPLATE = "offline.html"


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
    # Whenever something that is kept changes so does this script, and browsers install it anew, into a cache of its own.
    version = _version(script.digest, kept)
    head = f"const PAGES = {json.dumps(pages)};\nconst KEPT = {json.dumps(kept)};\nconst VERSION = {json.dumps(version)};\n"
    response = Response(head.encode() + script.content, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _version(script: str, kept: Sequence[str]) -> str:
    """Return a hash of what is kept: the addresses of style sheets carry their own, those of the pages do not."""
    assert current_app.jinja_loader is not None
    page, _file, _fresh = current_app.jinja_loader.get_source(current_app.jinja_env, TEMPLATE)
    return hashlib.blake2b("\n".join([script, *kept, page, _words()]).encode(), digest_size=5).hexdigest()


@lru_cache(maxsize=1)
def _words() -> str:
    """Return what the page says in Korean; as the translations themselves, read once."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(PO_FOLDER.glob("*.po")))


@blueprint.get(PAGE)
def page() -> str:
    """Show the page that is kept for when there is no network; nothing on it is about a person."""
    return render_template(TEMPLATE)
