"""Pictures that are not drawn, served by this site so that no reader's browser ever asks another one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, has_app_context, redirect, request
from flask.typing import ResponseReturnValue

import config
from catalogue import Title
from config import Settings
from webapp.images import Images, Posters, read
from webapp.pages import art
from webapp.services import search_service

blueprint = Blueprint("images", __name__)

KEPT = "public, max-age=86400"
CSP = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where pictures come from: the operator's folder, and the catalogue's addresses where that is allowed."""

    posters: Posters
    images: Images | None


def init(app: Flask) -> None:
    """Open the sources that the settings name and offer `art` to templates."""
    app.extensions["nextep-images"] = opened(app.extensions["nextep"].settings)
    app.jinja_env.globals["art"] = address


def opened(settings: Settings) -> Sources:
    """Return the sources that settings name."""
    return Sources(Posters(settings.posters), Images(settings.var / "images") if settings.images else None)


def sources() -> Sources:
    """Return the sources of the current application; on the command line those of the environment's settings."""
    if not has_app_context():
        return _of_environment()
    return cast(Sources, current_app.extensions["nextep-images"])


@lru_cache(maxsize=1)
def _of_environment() -> Sources:
    return opened(config.load())


def address(title: Title, shape: str = "poster") -> str:
    """Return the address of a title's picture on a page: its own where it has one, else one that is drawn."""
    return f"/images/{title.id}" if shape == "poster" and _has_own(title) else art.beside(title.id, shape)


def lasting(title: Title) -> str:
    """Return the address of a title's poster wherever it is shown."""
    return f"/images/{title.id}" if _has_own(title) else art.address(title.id)


def _has_own(title: Title) -> bool:
    known = sources()
    if known.posters.file(title.id) is not None:
        return True
    return bool(known.images is not None and title.image_url and known.images.wanted(title.image_url))


@blueprint.get("/images/<int(max=9007199254740991):id>")
def image(id: int) -> ResponseReturnValue:
    """Serve a title's own picture; until it is here, and where it can't be had, the drawn one."""
    title = search_service().title(id)
    if title is None:
        abort(404)
    known = sources()
    file = known.posters.file(id)
    found = read(file) if file else None
    if found is None and known.images is not None and title.image_url:
        found = read(known.images.file(title.image_url))
        if found is None:
            known.images.fetch_later(title.image_url)
    if found is None:
        away = redirect(art.address(id), 302)
        away.headers["Cache-Control"] = "no-store"
        return away
    response = Response(found.content, mimetype=found.mimetype)
    response.set_etag(hashlib.blake2b(found.content, digest_size=8).hexdigest())
    response.headers["Cache-Control"] = KEPT
    response.headers["Content-Security-Policy"] = CSP
    return response.make_conditional(request)
