"""The application factory."""

from __future__ import annotations

import threading

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from config import ROOT, Settings
from search.service import SearchService
from store.searches import SearchLog
from webapp import assets, errors, i18n, logs, metrics, security, visitors, wording
from webapp.api import health, openapi
from webapp.api import search as api_search
from webapp.api import suggest as api_suggest
from webapp.api import titles as api_titles
from webapp.pages import about, art, browse, docs, home, preferences, titles, wellknown
from webapp.pages import search as search_page
from webapp.services import Services

PAGES = (home, search_page, titles, browse, about, docs, art, wellknown)
API = (api_search, api_suggest, api_titles, health, openapi)
MAX_BODY_BYTES = 1_000_000


def create_app(
    settings: Settings | None = None, service: SearchService | None = None, log: SearchLog | None = None
) -> Flask:
    """Return the site for `settings`; tests hand in a search service and a log of searches of their own.

    Raises SettingsError in production without a secret key. Neither a missing index nor a missing database stops
    it: pages that need them say so.
    """
    settings = settings or config.load()
    app = Flask("webapp", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.config.update(
        SECRET_KEY=security.secret_key(settings),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        JSON_SORT_KEYS=False,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    logs.init(app, settings)
    app.extensions["nextep"] = services = Services(settings, service, log)
    metrics.init(app)
    security.init(app, settings)
    i18n.init(app)
    visitors.init(app)
    preferences.init(app)
    assets.init(app)
    wording.init(app)
    errors.init(app)
    for module in (*PAGES, *API):
        app.register_blueprint(module.blueprint)
    security.limit(app, settings)
    if service is None:
        # The model takes seconds to load; the first visitor need not wait for it.
        threading.Thread(target=services.warm, name="warm", daemon=True).start()
    return app
