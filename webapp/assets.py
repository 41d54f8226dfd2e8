"""Style sheets, scripts, fonts and icons, served from memory under names that carry a hash of what they hold.

A hashed address never changes what it holds, so browsers keep it for a year; references between files (`url(...)`,
`import`) are rewritten to hashed ones on loading. There is no build step.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import posixpath
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue

from config import ROOT

STATIC = ROOT / "static"
FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "public, max-age=0, must-revalidate"
TEXT = frozenset({".css", ".js", ".svg", ".json", ".txt", ".webmanifest"})
TYPES = {".woff2": "font/woff2", ".js": "text/javascript", ".webmanifest": "application/manifest+json"}
_HASHED = re.compile(r"^(?P<stem>.+)\.(?P<hash>[0-9a-f]{10})(?P<ending>\.\w+)$")
_REFERENCE = re.compile(r"""(?P<lead>url\(\s*['"]?|\bfrom\s*['"]|\bimport\s*['"])(?P<name>\.{1,2}/[\w./-]+)""")

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its address below /static/, content, the same gzipped where that is smaller, and type."""

    address: str
    content: bytes
    zipped: bytes | None
    mimetype: str
    digest: str


class Assets:
    """All files of a folder by name; read again when one changes, where `watch` says so."""

    def __init__(self, folder: Path = STATIC, watch: bool = False) -> None:
        self.folder = folder
        self._watch = watch
        self._lock = threading.Lock()
        self._looked = 0.0
        self._stamp = 0.0
        self._files: dict[str, Asset] = {}
        self._load()

    def asset(self, name: str) -> Asset | None:
        """Return the file of that name, without a hash."""
        self._refresh()
        return self._files.get(name)

    def url(self, name: str) -> str:
        """Return the hashed address of a file; an unknown name is a mistake in a template."""
        found = self.asset(name)
        if found is None:
            raise LookupError(f"There is no static file {name!r} in {self.folder}.")
        return f"/static/{found.address}"

    def _refresh(self) -> None:
        if not self._watch or time.monotonic() - self._looked < 1.0:
            return
        self._looked = time.monotonic()
        if self._newest() != self._stamp:
            self._load()

    def _newest(self) -> float:
        return max((path.stat().st_mtime for path in self.folder.rglob("*")), default=0.0)

    def _load(self) -> None:
        with self._lock:
            self._stamp = self._newest()
            paths = {
                path.relative_to(self.folder).as_posix(): path
                for path in sorted(self.folder.rglob("*"))
                if path.is_file() and not path.name.startswith(".")
            }
            made: dict[str, Asset] = {}
            for name in paths:
                self._make(name, paths, made, ())
            self._files = made

    def _make(self, name: str, paths: dict[str, Path], made: dict[str, Asset], above: tuple[str, ...]) -> Asset:
        if name in made:
            return made[name]
        if name in above:
            raise ValueError(f"Static files import each other in a circle: {' -> '.join((*above, name))}.")
        content = paths[name].read_bytes()
        ending = posixpath.splitext(name)[1]
        if ending in (".css", ".js"):

            def hashed(match: re.Match[str]) -> str:
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), match["name"]))
                if target not in paths:
                    raise LookupError(f"{name} refers to {match['name']}, which does not exist.")
                found = self._make(target, paths, made, (*above, name))
                return f"{match['lead']}/static/{found.address}"

            content = _REFERENCE.sub(hashed, content.decode()).encode()
        digest = hashlib.blake2b(content, digest_size=5).hexdigest()
        zipped = gzip.compress(content, 9, mtime=0) if ending in TEXT else None
        mimetype = TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        stem = name.removesuffix(ending)
        made[name] = Asset(f"{stem}.{digest}{ending}", content, zipped, mimetype, digest)
        return made[name]


def init(app: Flask) -> None:
    """Load the files and offer `static_url` to templates."""
    services = app.extensions["nextep"]
    made = Assets(watch=services.settings.env == "development")
    app.extensions["nextep-assets"] = made
    app.jinja_env.globals["static_url"] = made.url
    app.register_blueprint(blueprint)


@blueprint.get("/static/<path:name>")
def file(name: str) -> ResponseReturnValue:
    """Serve one file, for ever under its hashed name, to be asked for again under its plain one."""
    files = assets()
    match = _HASHED.match(name)
    found = files.asset(match["stem"] + match["ending"]) if match else files.asset(name)
    if found is None:
        abort(404)
    current = match is not None and match["hash"] == found.digest
    response = Response(mimetype=found.mimetype)
    response.headers["Cache-Control"] = FOREVER if current else REVALIDATE
    response.set_etag(found.digest)
    response.vary.add("Accept-Encoding")
    if found.zipped is not None and len(found.zipped) < len(found.content) and accepts_gzip():
        response.data = found.zipped
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.data = found.content
    return response.make_conditional(request)


def assets() -> Assets:
    """Return the static files of the current application."""
    return cast(Assets, current_app.extensions["nextep-assets"])


def accepts_gzip() -> bool:
    """Tell whether the browser takes gzip."""
    return bool(request.accept_encodings["gzip"])


@blueprint.after_app_request
def compress(response: Response) -> Response:
    """Gzip pages and JSON that are worth it."""
    if (
        response.direct_passthrough
        or response.status_code < 200
        or response.status_code in (204, 304)
        or "Content-Encoding" in response.headers
        or response.mimetype not in ("text/html", "application/json", "image/svg+xml", "application/problem+json")
    ):
        return response
    response.vary.add("Accept-Encoding")
    data = response.get_data()
    if len(data) > 1000 and accepts_gzip():
        response.set_data(gzip.compress(data, 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
