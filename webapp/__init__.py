"""The site: pages and JSON over the search service."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings
    from search.service import SearchService
    from store.searches import SearchLog


def create_app(
    settings: Settings | None = None, service: SearchService | None = None, log: SearchLog | None = None
) -> Flask:
    """Return the site; see webapp.app. The import stands here, so that gunicorn's master stays small."""
    from webapp.app import create_app as make

    return make(settings, service, log)
