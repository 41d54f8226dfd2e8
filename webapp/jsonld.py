"""A title as schema.org describes works, for search engines: a data block, not a script."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Flask, url_for
from markupsafe import Markup

from catalogue import Title
from webapp.i18n import language
from webapp.pages.share import address
from webapp.wording import genre_label, harmless, labels, name, synopsis

TYPES = {"movie": "Movie", "music": "MusicVideoObject"}
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
# Within <script> only these could end it or begin another; JSON says them in another way.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def init(app: Flask) -> None:
    """Offer the data block to templates."""
    app.jinja_env.globals["json_ld"] = block


def describe(title: Title) -> dict[str, Any]:
    """Return a title as a schema.org object, without what is not known of it."""
    shown = name(title).text
    story = synopsis(title)
    others = [other for other in title.names() if other != shown]
    made: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": TYPES.get(title.format or "", "TVSeries"),
        "name": shown,
        "alternateName": list(dict.fromkeys(others)),
        "url": url_for("titles.page", id=title.id, _external=True),
        "image": address(title),
        "description": story.text if story else None,
        "inLanguage": language() if story and not story.lang else story.lang if story else None,
        "genre": [genre_label(label) for label in labels(title)],
        "datePublished": _date(title),
        "productionCompany": [{"@type": "Organization", "name": studio} for studio in title.studios],
    }
    if made["@type"] == "TVSeries":
        made["numberOfEpisodes"] = title.episodes
    if title.score is not None:
        # How many people rated is not known (members are those who listed it), so no count is claimed.
        made["aggregateRating"] = {"@type": "AggregateRating", "ratingValue": title.score, "bestRating": 10, "worstRating": 1}  # fmt: skip
    return {key: value for key, value in made.items() if value not in (None, "", [])}


def block(title: Title) -> Markup:
    """Return the description as text that stays within its <script> element whatever a catalogue says."""
    text = json.dumps(_clean(describe(title)), ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return harmless(value) if isinstance(value, str) else value


def _date(title: Title) -> str | None:
    if title.aired_from and _DATE.fullmatch(title.aired_from):
        return title.aired_from
    return str(title.year) if title.year else None
