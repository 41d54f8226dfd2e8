"""Headers, hosts, rates, cookies and keys: what keeps the site safe, in one place."""

from __future__ import annotations

import ipaddress
import math
import os
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, abort, current_app, g, request
from flask.sessions import SecureCookieSessionInterface
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from werkzeug.sansio.utils import host_is_trusted

from config import Settings, SettingsError
from webapp import counts

CSP = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# Endpoints that count as searches; suggestions come many to a search and are allowed ten times as often.
SEARCHES = ("search.results", "api_search.search")
SUGGESTIONS = ("api_suggest.suggestions",)
SUGGESTIONS_A_SEARCH = 10
PICTURES = ("share.picture",)
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Asked by load balancers under any name, and never limited.
UNGUARDED = ("/healthz", "/readyz", "/metrics")


class _Session(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:
        return cookie_secure()


csrf = CSRFProtect()


def init(app: Flask, settings: Settings) -> None:
    """Check each request's host and bytes, and give each answer its headers."""
    csrf.init_app(app)
    app.session_interface = _Session()

    @app.before_request
    def check() -> None:
        if settings.hosts and request.path not in UNGUARDED and not host_is_trusted(request.host, settings.hosts):
            abort(400, "This site does not answer to that host name (NEXTEP_HOSTS).")
        try:
            unquote_to_bytes(request.query_string.replace(b"+", b" ")).decode("utf-8")
        except UnicodeDecodeError:
            abort(400, "The address holds bytes that are not UTF-8. Send text percent-encoded as UTF-8.")

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def address() -> str:
    """Return whom a rate limit counts: the address, or the /64 network of an IPv6 one, which one person owns."""
    try:
        found = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def limit(app: Flask, settings: Settings) -> None:
    """Limit searches, suggestions, writes and painting by address; call it once every view is registered.

    Several workers count together in a file of NEXTEP_VAR; while that can't be written each counts for itself.
    """
    if not settings.rate_limit:
        return
    storage = counts.uri(settings.var / "counts.sqlite") if settings.workers > 1 else "memory://"
    limiter = Limiter(address, app=app, storage_uri=storage, strategy="fixed-window", in_memory_fallback_enabled=True)
    app.extensions["nextep-limiter"] = limiter

    def guard(endpoints: tuple[str, ...], rate: int, scope: str, exempt_when: Callable[[], bool] = _has_token) -> None:
        shared: Callable[[Any], Any] = limiter.shared_limit(f"{rate}/minute", scope=scope, exempt_when=exempt_when)
        for endpoint in endpoints:
            app.view_functions[endpoint] = shared(app.view_functions[endpoint])

    guard(SEARCHES, settings.rate_limit, "search")
    guard(SUGGESTIONS, settings.rate_limit * SUGGESTIONS_A_SEARCH, "suggest")
    guard(PICTURES, settings.rate_limit, "paint", _painted)
    guard(tuple({rule.endpoint for rule in app.url_map.iter_rules() if WRITES & (rule.methods or set())}), settings.rate_limit, "write")  # fmt: skip

    @app.before_request
    def remember() -> None:
        g.limiter = limiter


def _has_token() -> bool:
    """Tell whether a service with one of the API tokens asks; one address may stand for many people then."""
    return bool(g.get("has_token"))


def _painted() -> bool:
    """Tell whether the share picture that is asked for is kept already: only painting takes a core."""
    return bool(current_app.extensions["nextep-shares"].keeps(**(request.view_args or {})))


def retry_after() -> int:
    """Return the seconds after which a limited visitor may try again."""
    limiter = g.get("limiter")
    current = limiter.current_limit if limiter else None
    return min(max(math.ceil(current.reset_at - time.time()), 1), 60) if current else 60


def cookie_secure() -> bool:
    """Tell whether cookies are for HTTPS only: everywhere but on this machine itself."""
    if request.is_secure:
        return True
    host = request.host.rsplit(":", 1)[0].strip("[]") if not request.host.endswith("]") else request.host.strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def set_cookie(response: Response, name: str, value: str, days: int) -> None:
    """Set a cookie that no script reads and no other site sends along."""
    response.set_cookie(
        name, value, max_age=days * 86400, httponly=True, samesite="Lax", secure=cookie_secure(), path="/"
    )


def refuse_superuser(settings: Settings) -> None:
    """Raise SettingsError in production for a superuser of Elasticsearch; elsewhere warn of one."""
    if settings.elasticsearch_url:
        # The client takes half a second to import; without an address nobody needs it.
        from search.elastic.client import refuse_superuser as refuse

        refuse(settings)


def secret_key(settings: Settings) -> str:
    """Return the key that signs cookies; in development one is made and kept in NEXTEP_VAR.

    Raises SettingsError in production without one.
    """
    if settings.secret_key is not None and settings.secret_key.get_secret_value():
        return settings.secret_key.get_secret_value()
    if settings.env == "production":
        raise SettingsError(
            "NEXTEP_SECRET_KEY is missing: production needs one. Make it with: "
            'python3 -c "import secrets; print(secrets.token_hex(32))"'
        )
    kept = settings.var / "secret_key"
    made = secrets.token_hex(32)
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made)
        return made
    except FileExistsError:
        return kept.read_text().strip() or made
    except OSError:
        return made
