"""The application factory."""

from __future__ import annotations

import threading

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from config import ROOT, Settings
from search.service import SearchService
from store.searches import SearchLog
from webapp import (
    assets,
    cards,
    errors,
    fragments,
    hybrid,
    i18n,
    jsonld,
    logs,
    metrics,
    models,
    security,
    shown,
    visitors,
    who,
    wording,
)
from webapp.api import health, openapi, people_rows, profile, recommend
from webapp.api import lists as api_lists
from webapp.api import search as api_search
from webapp.api import suggest as api_suggest
from webapp.api import titles as api_titles
from webapp.pages import (
    about,
    admin,
    art,
    browse,
    docs,
    home,
    images,
    my_list,
    offline,
    people,
    preferences,
    quality,
    share,
    surprise,
    taste,
    titles,
    transfer,
    wellknown,
)
from webapp.pages import search as search_page
from webapp.services import Services

PAGES = (
    home,
    search_page,
    titles,
    browse,
    people,
    my_list,
    transfer,
    taste,
    about,
    quality,
    admin,
    docs,
    art,
    images,
    share,
    surprise,
    offline,
    wellknown,
)
API = (api_search, api_suggest, api_titles, api_lists, people_rows, profile, recommend, health, openapi)
MAX_BODY_BYTES = 1_000_000
SESSION_SECONDS = 365 * 86400


def create_app(
    settings: Settings | None = None, service: SearchService | None = None, log: SearchLog | None = None
) -> Flask:
    """Return the site for `settings`; tests hand in a search service and a log of searches of their own.

    Raises SettingsError in production without a secret key or with a superuser of Elasticsearch. Neither a missing index nor a missing database stops
    it: pages that need them say so.
    """
    settings = settings or config.load()
    if service is None:
        security.refuse_superuser(settings)
    app = Flask("webapp", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.config.update(
        SECRET_KEY=security.secret_key(settings),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION_SECONDS,
        # Else every picture and style sheet would come with a cookie, and no cache could keep it.
        SESSION_REFRESH_EACH_REQUEST=False,
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
    # All of one page is of one generation, though the index may be swapped while it is made.
    app.before_request(services.search.held.begin)
    app.teardown_request(lambda _error: services.search.held.end())
    metrics.init(app)
    people.init(app)
    security.init(app, settings)
    i18n.init(app)
    visitors.init(app)
    who.init(app)
    shown.init(app)
    my_list.init(app)
    taste.init(app)
    preferences.init(app)
    assets.init(app)
    wording.init(app)
    fragments.init(app)
    cards.init(app)
    images.init(app)
    share.init(app, warm=service is None)
    jsonld.init(app)
    errors.init(app)
    for module in (*PAGES, *API):
        app.register_blueprint(module.blueprint)
    security.limit(app, settings)
    hybrid.init(app, warm=service is None)
    models.init(app, warm=service is None)
    if service is None:
        # The model takes seconds to load; the first visitor need not wait for it.
        threading.Thread(target=services.warm, name="warm", daemon=True).start()
    return app
