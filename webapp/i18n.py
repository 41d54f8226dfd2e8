"""English and Korean: which one a reader gets, and the catalogue of sentences, read from the .po files at start.

There is no compile step to forget: the .po files of `translations/ko/LC_MESSAGES`, one for each part of the site, are
all there is. A test names every sentence without a translation, and every translation left over.
"""

from __future__ import annotations

import io
from functools import lru_cache

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from markupsafe import Markup

from catalogue import LANGUAGES, Language
from config import ROOT

COOKIE = "lang"
PO_FOLDER = ROOT / "translations" / "ko" / "LC_MESSAGES"
# Each language named in itself.
NAMES: dict[Language, str] = {"en": "English", "ko": "한국어"}


def init(app: Flask) -> None:
    """Give the application its languages."""
    for code in LANGUAGES:
        catalog(code)
    app.jinja_env.globals.update(_=_said, ngettext=_said_of, language=language, language_names=NAMES)


def language() -> Language:
    """Return the reader's language: `?lang=`, else the cookie, else what the browser prefers, else English."""
    try:
        return g.language  # type: ignore[no-any-return]  # asked for hundreds of times a page
    except (AttributeError, RuntimeError):
        if not has_request_context():
            return "en"
    asked = (request.args.get("lang"), request.cookies.get(COOKIE))
    chosen = next((code for code in asked if code in LANGUAGES), None)
    g.language = chosen or request.accept_languages.best_match(LANGUAGES, "en")
    return g.language  # type: ignore[no-any-return]


# -- sentences -----------------------------------------------------------------------------------------------------


def gettext(text: str, **variables: object) -> str:
    """Return a sentence in the reader's language, `%(name)s` in it replaced."""
    said = _sentence(language(), text)
    return said % variables if variables else said


def ngettext(one: str, many: str, num: int, **variables: object) -> str:
    """Return the sentence for so many of something, `%(num)s` and other names in it replaced."""
    return catalog(language()).ungettext(one, many, num) % {"num": num, **variables}


def _said(text: str, **variables: object) -> Markup:
    """Return what `gettext` does, to a template: markup, into which variables go escaped."""
    return _markup(language(), text) % variables


def _said_of(one: str, many: str, num: int, **variables: object) -> Markup:
    return Markup(catalog(language()).ungettext(one, many, num)) % {"num": num, **variables}


# A page says a hundred sentences, some of them in every card. There are fewer than this in the code.
@lru_cache(4096)
def _sentence(code: Language, text: str) -> str:
    return str(catalog(code).gettext(text))


@lru_cache(4096)
def _markup(code: Language, text: str) -> Markup:
    return Markup(catalog(code).gettext(text))


@lru_cache
def catalog(code: Language) -> NullTranslations:
    """Return the sentences of a language; English is what the code says."""
    if code == "en":
        return Translations()
    compiled = io.BytesIO()
    write_mo(compiled, korean())
    compiled.seek(0)
    return Translations(compiled)


def korean() -> Catalog:
    """Return the messages of all .po files together; raise ValueError for a sentence that stands in two of them."""
    together = Catalog(locale="ko")
    for path in sorted(PO_FOLDER.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="ko"):
                if message.id and together.get(message.id) is not None:
                    raise ValueError(f"{path.name} translates {message.id!r}, and so does another file")
                if message.id:
                    together[message.id] = message
    return together


def translate(text: str, code: str) -> str:
    """Return a sentence in a language, outside a request too (the command line)."""
    return str(catalog("ko" if code == "ko" else "en").gettext(text))


def N_(text: str) -> str:  # noqa: N802
    """Mark a sentence for translation where it is written down and translated where it is used."""
    return text
