"""Pictures for other sites that link to a title, painted once and kept in NEXTEP_VAR."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import cast

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue

from catalogue import LANGUAGES, Title
from vocabulary import format_label
from webapp.art.lettering import Faces, cjk_face
from webapp.art.share import ShareError, share_png, stamp
from webapp.assets import FOREVER
from webapp.errors import failure
from webapp.i18n import gettext as _
from webapp.i18n import language
from webapp.services import search_service
from webapp.wording import score

blueprint = Blueprint("share", __name__)
log = structlog.get_logger("nextep.web")

# Painting takes a core for a good part of a second: so many at a time, so many more may wait for their turn and keep a
# thread of the site waiting with them, and so many files are kept.
AT_ONCE = 2
WAITING = 2
MOST_KEPT = 5000
RETRY_SECONDS = 5


class Shares:
    """Share pictures on disk, painted where they are not there yet."""

    def __init__(self, folder: Path, faces: Faces) -> None:
        self.folder, self.faces = folder, faces
        self._room = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._turn = threading.BoundedSemaphore(AT_ONCE)

    def get(self, title: Title, language: str) -> bytes:
        """Return the picture of a title; raise ShareError where it can't be painted or too many are being painted."""
        kept = self._file(title.id, language, stamp(title, language))
        try:
            return kept.read_bytes()
        except FileNotFoundError:
            pass
        if not self._room.acquire(blocking=False):
            raise ShareError(f"More than {AT_ONCE + WAITING} share pictures are asked for at once.")
        try:
            with self._turn:
                # In the picture's language, which need not be that of whoever asks first.
                facts = (str(title.year or ""), format_label(title.format, language), score(title.score))
                made = share_png(title, language, self.faces, facts)
        finally:
            self._room.release()
        partial = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(made)
            partial.replace(kept)
            self._prune()
        except OSError as error:
            log.warning("share picture not kept", file=str(kept), error=str(error))
        return made

    def keeps(self, *, id: int, code: str, version: str) -> bool:
        """Tell whether the picture of this version has been painted and is still there."""
        return code in LANGUAGES and version.replace("-", "").isalnum() and self._file(id, code, version).is_file()

    def _file(self, id: int, code: str, version: str) -> Path:
        return self.folder / f"{id}-{code}-{version}.png"

    def warm(self) -> None:
        """Unpack and read the faces before anybody asks: seconds, once."""
        try:
            self.faces.warm()
        except OSError as error:
            log.error("faces not unpacked", folder=str(self.faces.folder), error=str(error))

    def _prune(self) -> None:
        """Drop the oldest quarter where there are more than MOST_KEPT."""
        files = list(self.folder.glob("*.png"))
        if len(files) > MOST_KEPT:
            for old in sorted(files, key=lambda file: file.stat().st_mtime)[: len(files) // 4]:
                old.unlink(missing_ok=True)


def init(app: Flask, *, warm: bool) -> None:
    """Open the folder and offer `share_url` to templates; unpack the faces in the background where `warm`."""
    var = cast(Path, app.extensions["nextep"].settings.var)
    app.extensions["nextep-shares"] = made = Shares(var / "share", Faces(var / "fonts", cjk_face()))
    app.jinja_env.globals["share_url"] = address
    if warm:
        threading.Thread(target=made.warm, name="warm-faces", daemon=True).start()


def address(title: Title) -> str:
    """Return the absolute address of a title's share picture in the reader's language."""
    code = language()
    return url_for("share.picture", version=stamp(title, code), id=title.id, code=code, _external=True)


@blueprint.get("/art/<version>/<int(max=9007199254740991):id>-share.<code>.png")
def picture(version: str, id: int, code: str) -> ResponseReturnValue:
    """Serve a title's share picture."""
    title = search_service().title(id)
    if title is None or code not in LANGUAGES:
        abort(404)
    try:
        made = cast(Shares, current_app.extensions["nextep-shares"]).get(title, code)
    except ShareError as error:
        log.error("share picture failed", id=id, error=str(error))
        response = failure(503, _("The picture can’t be painted at the moment."))
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    response = Response(made, mimetype="image/png")
    response.set_etag(hashlib.blake2b(made, digest_size=8).hexdigest())
    response.headers["Cache-Control"] = FOREVER if version == stamp(title, code) else "no-store"
    # Other sites show it: that is what it is for.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response.make_conditional(request)
