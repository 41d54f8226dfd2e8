"""Posters: pictures drawn from a title, the same for ever under one address."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from typing import Literal, cast

from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue

from catalogue import Title
from webapp.art.poster import ART_VERSION, composition, poster_svg
from webapp.assets import FOREVER, accepts_gzip
from webapp.services import search_service

blueprint = Blueprint("art", __name__)

Shape = Literal["poster", "wide", "share"]
# An SVG that is opened by itself may do nothing but show.
CSP = "default-src 'none'; frame-ancestors 'none'"


def address(id: int, shape: str = "poster", other: bool = False) -> str:
    """Return the address of a title's picture; the version is part of it, so that it may be kept for ever.

    `other` is the picture in its other composition.
    """
    return f"/art/{ART_VERSION}/{id}-{shape}{'-b' if other else ''}.svg"


def beside(id: int, shape: str = "poster") -> str:
    """Return the address of a picture that has another composition than the one last put on this page."""
    other = composition(id) == g.get("last_composition")
    g.last_composition = composition(id, other)
    return address(id, shape, other)


@blueprint.get("/art/<version>/<int(max=9007199254740991):id>-<any(poster, wide, share):shape>.svg")
@blueprint.get(
    "/art/<version>/<int(max=9007199254740991):id>-<any(poster, wide, share):shape>-b.svg", defaults={"other": True}
)
def picture(version: str, id: int, shape: str, other: bool = False) -> ResponseReturnValue:
    """Serve a title's picture, in its other composition where asked for."""
    title = search_service().title(id)
    if title is None:
        abort(404)
    plain, zipped = drawings.get(title, cast(Shape, shape), other)
    response = Response(zipped if accepts_gzip() else plain, mimetype="image/svg+xml")
    if accepts_gzip():
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Content-Security-Policy"] = CSP
    # An address of another version is from a page of before an update: what it gets is of now, and not to be kept.
    response.headers["Cache-Control"] = FOREVER if version == ART_VERSION else "no-store"
    return response.make_conditional(request)


def _stamp(title: Title) -> tuple[object, ...]:
    """Return what a picture may depend on."""
    return title.id, title.genres, title.themes, title.year, title.format, title.score


class Drawings:
    """Pictures drawn lately, plain and gzipped."""

    def __init__(self, most: int = 3000) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[object, ...], tuple[bytes, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, title: Title, shape: Shape, other: bool = False) -> tuple[bytes, bytes]:
        """Return the picture of a title, drawn where it is not at hand."""
        wanted = (*_stamp(title), shape, other)
        with self._lock:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
                return self._kept[wanted]
        plain = poster_svg(title, shape, other).encode()
        made = plain, gzip.compress(plain, 9, mtime=0)
        with self._lock:
            self._kept[wanted] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


drawings = Drawings()
