"""Tell visitors apart without knowing them: a random cookie, and of it only a salted hash is ever stored."""

from __future__ import annotations

import hashlib
import secrets

from flask import Flask, Response, current_app, request
from itsdangerous import BadSignature, Signer

from webapp.security import set_cookie
from webapp.services import services

COOKIE = "visitor"
DAYS = 180


def init(app: Flask) -> None:
    """Give whoever opens a page a cookie; whoever does not bring it back (bots) does not count."""

    @app.after_request
    def introduce(response: Response) -> Response:
        page = response.mimetype == "text/html" and request.method == "GET" and response.status_code == 200
        if page and _cookie() is None:
            set_cookie(response, COOKIE, _signer().sign(secrets.token_hex(16)).decode(), DAYS)
        return response


def visitor() -> str | None:
    """Return the visitor's hash, 32 characters; None for one without our cookie and for a mere prefetch."""
    if prefetched():
        return None
    value = _cookie()
    if value is None:
        return None
    salt = str(current_app.secret_key).encode()
    return hashlib.blake2b(value, key=hashlib.sha256(salt).digest(), digest_size=16).hexdigest()


def prefetched() -> bool:
    """Tell whether a browser fetches a page before anybody asked for it."""
    return "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))


def record_search(text: str, key: str, resolution: str, hits: int) -> None:
    """Remember a search, if a visitor made it."""
    who = visitor()
    if who and key:
        services().recorder.search(who, text, key, resolution, hits)


def record_opened(title_id: int) -> None:
    """Remember that a title was opened, if a visitor did."""
    who = visitor()
    if who:
        services().recorder.opened(who, title_id)


def _signer() -> Signer:
    # Signed, so that nobody makes up three visitors by inventing cookies.
    return Signer(str(current_app.secret_key), salt="visitor")


def _cookie() -> bytes | None:
    try:
        return _signer().unsign(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return None
