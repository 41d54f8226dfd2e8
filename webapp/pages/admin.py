"""For the operator alone: what the rows of each model led to."""

from __future__ import annotations

import hashlib
import hmac

from flask import Blueprint, Response, abort, render_template, request, session
from flask.typing import ResponseReturnValue

from store.events import Conversion
from webapp import params, who
from webapp.errors import failure
from webapp.forms import go, say
from webapp.i18n import gettext as _
from webapp.services import services

blueprint = Blueprint("admin", __name__)

OPERATOR = "operator"
PARAMS = (params.Param("days", "number", "How many days back.", 30, 1, 180),)


@blueprint.get("/admin/conversion")
def conversion() -> ResponseReturnValue:
    """Show shown, opened, added and completed for each row and model; the operator's token is needed."""
    if not _admitted():
        return _refused()
    values = params.read(request.args, PARAMS, strict=False)
    found = who.open_store().events.conversion(values["days"])
    # A row that was opened and never shown is one that somebody made up in an address.
    rows = [row for row in found if row.shown]
    return render_template("admin/conversion.html", rows=rows, days=values["days"], models=by_model(rows))


@blueprint.post("/admin/conversion")
def enter() -> ResponseReturnValue:
    """Let the operator in with the token, or out again."""
    if "leave" in request.form:
        session.pop(OPERATOR, None)
    elif _is_token(request.form.get("token", "")):
        session[OPERATOR] = _mark()
    else:
        say(_("That is not the token."), kind="error")
    return go("/admin/conversion")


def by_model(rows: list[Conversion]) -> list[Conversion]:
    """Return the sums over the rows of each model."""
    sums: dict[str, Conversion] = {}
    for row in rows:
        one = sums.get(row.model, Conversion("", row.model))
        sums[row.model] = Conversion(
            "",
            row.model,
            one.shown + row.shown,
            one.opened + row.opened,
            one.added + row.added,
            one.completed + row.completed,
        )
    return sorted(sums.values(), key=lambda one: -one.shown)


def _admitted() -> bool:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _is_token(given.strip())
    mark = _mark()
    return bool(mark) and hmac.compare_digest(str(session.get(OPERATOR, "")), mark)


def _refused() -> Response:
    if not _token():
        abort(403, _("This page is for the operator, who has set no NEXTEP_ADMIN_TOKEN."))
    if request.headers.get("Authorization"):
        response = failure(401, _("That is not the token."))
        response.headers["WWW-Authenticate"] = 'Bearer realm="nextep-admin", error="invalid_token"'
        return response
    return Response(render_template("admin/enter.html"), 401, headers={"WWW-Authenticate": 'Bearer realm="nextep-admin"'})  # fmt: skip


def _token() -> str:
    given = services().settings.admin_token
    return given.get_secret_value().strip() if given else ""


def _is_token(given: str) -> bool:
    token = _token()
    same = hmac.compare_digest(hashlib.sha256(given.encode("utf-8", "replace")).digest(), hashlib.sha256(token.encode()).digest())  # fmt: skip
    return bool(token) and same


def _mark() -> str:
    """Return what the session of the operator holds: another token shuts everybody out."""
    token = _token()
    return hashlib.sha256(f"operator {token}".encode()).hexdigest() if token else ""
