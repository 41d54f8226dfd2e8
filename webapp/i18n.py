"""English and Korean: which one a reader gets, and the catalogue of sentences, read from the .po file at start.

There is no compile step to forget: `translations/ko/LC_MESSAGES/messages.po` is the only file. After adding strings:

    pybabel extract -F translations/babel.cfg -k N_ -o /tmp/messages.pot webapp templates
    pybabel update -d translations -l ko -i /tmp/messages.pot --no-fuzzy-matching --no-location --omit-header
"""

from __future__ import annotations

import io
from functools import lru_cache

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel

from catalogue import LANGUAGES, Language
from config import ROOT

COOKIE = "lang"
PO = ROOT / "translations" / "ko" / "LC_MESSAGES" / "messages.po"
# Each language named in itself.
NAMES: dict[Language, str] = {"en": "English", "ko": "한국어"}


def init(app: Flask) -> None:
    """Give the application its languages."""
    babel = Babel(
        app, default_locale="en", default_translation_directories=str(ROOT / "translations"), locale_selector=language
    )
    with app.app_context():
        babel.domain_instance.cache.update({(code, "messages"): catalog(code) for code in LANGUAGES})
    app.jinja_env.globals.update(language=language, language_names=NAMES)


def language() -> Language:
    """Return the reader's language: `?lang=`, else the cookie, else what the browser prefers, else English."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        asked = (request.args.get("lang"), request.cookies.get(COOKIE))
        chosen = next((code for code in asked if code in LANGUAGES), None)
        g.language = chosen or request.accept_languages.best_match(LANGUAGES, "en")
    return g.language  # type: ignore[no-any-return]


@lru_cache
def catalog(code: Language) -> NullTranslations:
    """Return the sentences of a language; English is what the code says."""
    if code == "en":
        return Translations()
    with PO.open("rb") as file:
        messages = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def translate(text: str, code: str) -> str:
    """Return a sentence in a language, outside a request too (the command line)."""
    return str(catalog("ko" if code == "ko" else "en").gettext(text))


def N_(text: str) -> str:  # noqa: N802
    """Mark a sentence for translation where it is written down and translated where it is used."""
    return text
