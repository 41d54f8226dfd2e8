"""How a title's facts read in the reader's language: names, numbers, seasons, labels. Offered to every template."""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal
from flask import Flask, request
from jinja2 import Template
from markupsafe import Markup

import vocabulary
from catalogue import Title
from search.keys import key
from webapp.assets import assets
from webapp.i18n import N_, language, ngettext
from webapp.i18n import gettext as _

SOURCES = {
    "manga": N_("Manga"),
    "4komamanga": N_("4-panel manga"),
    "webmanga": N_("Web manga"),
    "digitalmanga": N_("Web manga"),
    "lightnovel": N_("Light novel"),
    "novel": N_("Novel"),
    "webnovel": N_("Web novel"),
    "visualnovel": N_("Visual novel"),
    "game": N_("Game"),
    "cardgame": N_("Card game"),
    "original": N_("Original work"),
    "book": N_("Book"),
    "picturebook": N_("Picture book"),
    "music": N_("Music"),
    "radio": N_("Radio"),
    "mixedmedia": N_("Mixed media"),
    "other": N_("Other"),
}
SEASONS = {
    "winter": N_("Winter %(year)s"),
    "spring": N_("Spring %(year)s"),
    "summer": N_("Summer %(year)s"),
    "fall": N_("Fall %(year)s"),
}
RELATIONS = {
    "prequel": N_("Prequel"),
    "sequel": N_("Sequel"),
    "side_story": N_("Side story"),
    "spin_off": N_("Spin-off"),
    "summary": N_("Summary"),
    "adaptation": N_("Another adaptation"),
}
ROLES = {"main": N_("Main"), "supporting": N_("Supporting")}
PARAMETERS = {
    "year_from": N_("From %(value)s"),
    "year_to": N_("Until %(value)s"),
    "without_genre": N_("Without %(value)s"),
    "episodes_min": N_("At least %(value)s episodes"),
    "episodes_max": N_("Up to %(value)s episodes"),
    "like": N_("Like %(value)s"),
}


def init(app: Flask) -> None:
    """Offer the words to templates, and keep what could rearrange a page out of all that they say."""
    app.jinja_env.template_class = HarmlessTemplate
    app.jinja_env.globals.update(
        name=name, second_name=second_name, icon=icon, here=here, people_count=people_count,
        episodes=episodes, season=season, source=source, relation=relation, role=role, person=person, day=day,
        duration=duration, genre_label=genre_label, format_label=format_label, lettering=lettering, whole=whole,
        name_language=name_language, synopsis=synopsis, filter_words=filter_words, labels=labels, score=score,
        sentence=sentence, provenance_text=provenance_text, leg_label=leg_label, page_path=page_path,
    )  # fmt: skip


# -- names ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Words with the language they are in, as `lang` of the element; empty where it is the page's."""

    text: str
    lang: str = ""


def name(title: Title) -> Text:
    """Return the title's name for the reader."""
    shown = title.name(language())
    return Text(shown, name_language(shown))


def second_name(title: Title) -> Text | None:
    """Return the native name where it differs, else the romanised one, for the line under the name."""
    first = title.name(language())
    for other in (title.titles.get("native"), title.titles.get("romaji"), title.titles.get("en")):
        if other and key(other) != key(first):
            return Text(other, name_language(other))
    return None


def name_language(text: str) -> str:
    """Return the language that a name's letters tell, empty where it is the page's own."""
    if any("ぁ" <= char <= "ヿ" or "一" <= char <= "鿿" for char in text):
        return "ja"
    if any("가" <= char <= "힣" for char in text):
        return "" if language() == "ko" else "ko"
    return "en" if language() == "ko" and any(char.isascii() and char.isalpha() for char in text) else ""


_REARRANGING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    """Drop control and bidirectional characters: they could rearrange a page."""
    return _REARRANGING.sub("", text)


class HarmlessTemplate(Template):
    """A template whose page holds no such character, whatever it is given."""

    def render(self, *given: Any, **named: Any) -> str:
        """Return the page, cleaned once: it says thousands of things, most of them again in another's words."""
        return harmless(super().render(*given, **named))


def lettering(text: str) -> str:
    """Return the size of a title on its poster (s, m, l): the longer, the smaller; wide letters count double."""
    width = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    longest = max((sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in word) for word in text.split()), default=0)  # fmt: skip
    if width <= 16 and longest <= 9:
        return "l"
    return "m" if width <= 34 and longest <= 12 else "s"


def person(character: object) -> Text:
    """Return a character's name for the reader."""
    english, korean = character.name, character.name_ko  # type: ignore[attr-defined]
    shown = (korean if language() == "ko" else english) or english
    return Text(shown, name_language(shown))


def synopsis(title: Title) -> Text | None:
    """Return the synopsis in the reader's language, else in the other one, marked as such."""
    own = title.synopsis.get(language())
    if own:
        return Text(own)
    for code, text in title.synopsis.items():
        if text:
            return Text(text, code)
    return None


# -- facts ---------------------------------------------------------------------------------------------------------


def genre_label(label: str) -> str:
    """Return a genre's or theme's name for the reader."""
    return vocabulary.label(label, language())


def format_label(value: str | None) -> str:
    """Return a format's name for the reader."""
    return vocabulary.format_label(value, language())


def labels(title: Title, count: int = 99) -> list[str]:
    """Return the title's genres, then themes, at most `count`."""
    return list(dict.fromkeys([*title.genres, *title.themes]))[:count]


def score(value: float | None) -> str:
    """Return a score with one decimal."""
    return "" if value is None else f"{value:.1f}"


def people_count(count: int | None) -> str:
    """Return a number of people in short: 1.3M, 125만."""
    return "" if not count else format_compact_decimal(count, locale=language(), fraction_digits=1 if count >= 1000 else 0)  # fmt: skip


def whole(number: int) -> str:
    """Return a number with the reader's separators."""
    return str(format_decimal(number, locale=language()))


def episodes(count: int) -> str:
    """Return a number of episodes."""
    return ngettext("%(num)s episode", "%(num)s episodes", count)


def duration(minutes: int | None) -> str:
    """Return minutes as hours and minutes."""
    if not minutes:
        return ""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min", minutes=rest)
    return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if rest else _("%(hours)s h", hours=hours)


def season(year: int, quarter: str | None) -> str:
    """Return a season of a year."""
    return _(SEASONS[quarter], year=year) if quarter in SEASONS else str(year)


def source(value: str | None) -> str:
    """Return what a work was made from."""
    known = SOURCES.get(key(value or ""))
    return _(known) if known else value or ""


def relation(kind: str) -> str:
    """Return what another work is to this one."""
    return _(RELATIONS[kind]) if kind in RELATIONS else kind


def role(value: str) -> str:
    """Return a character's part in the story."""
    return _(ROLES[value]) if value in ROLES else value


def day(value: str | None) -> str:
    """Return an ISO date (or a year, or a year and month) as the reader writes it."""
    if not value:
        return ""
    try:
        parts = [int(part) for part in value.split("-")]
        if len(parts) == 3:
            return format_date(datetime.date(*parts), "long", locale=language())
        if len(parts) == 2:
            return format_date(datetime.date(parts[0], parts[1], 1), "MMMM y" if language() == "en" else "y년 MMMM", locale=language())  # fmt: skip
    except ValueError:
        pass
    return value


def filter_words(parameter: str, value: object) -> str:
    """Return a filter as a chip says it."""
    text = str(value)
    if parameter in ("genre", "theme", "without_genre"):
        text = genre_label(text)
    elif parameter == "format":
        text = format_label(text)
    return _(PARAMETERS[parameter], value=text) if parameter in PARAMETERS else text


# Keys of SearchService's notices.
NOTICES = {
    "no_model": N_("The language model is not available, so this search goes by words alone."),
    "lsa": N_("No language model was at hand when the catalogue was indexed; search by meaning is weaker than usual."),
    "partial": N_("A part of the index did not answer; there may be more than is shown."),
}


def sentence(notice: str) -> str:
    """Return a notice of the search service as a sentence."""
    if notice in NOTICES:
        return _(NOTICES[notice])
    return notice if " " in notice else _("This search was answered in a simpler way than usual (%(reason)s).", reason=notice)  # fmt: skip


PROVENANCE = {
    "bundled": N_("The bundled demonstration catalogue. Facts such as years, formats and scores are from public lists; every synopsis was written for this project."),
    "kaggle": N_("The “Anime Recommendation Database 2020” from Kaggle, collected from MyAnimeList."),
    "laftel": N_("A list of works offered in Korea, with Korean titles, tags and stories."),
    "file": N_("A catalogue file that the operator of this site supplied."),
}  # fmt: skip


def provenance_text(value: str) -> str:
    """Return where a catalogue comes from."""
    return _(PROVENANCE[value]) if value in PROVENANCE else value


LEGS = {"words": N_("Words"), "document": N_("Meaning of the whole"), "passage": N_("Meaning of a passage")}


def leg_label(leg: str) -> str:
    """Return what a leg of the search looks at."""
    kind = leg.partition(":")[0]
    return _(LEGS[kind]) if kind in LEGS else leg


# -- pieces of pages -----------------------------------------------------------------------------------------------


def icon(symbol: str) -> Markup:
    """Return an icon of the sprite; decoration, so hidden from screen readers."""
    return _icon(assets().url("icons.svg"), symbol)


@lru_cache(maxsize=1000)
def _icon(sprite: str, symbol: str) -> Markup:
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>').format(sprite, symbol)  # fmt: skip


def here(**changes: object) -> str:
    """Return this page's address with parameters changed; None or empty removes one, a list repeats one."""
    kept: dict[str, list[str]] = {name: values for name, values in request.args.lists() if name not in ("lang", "look")}
    for parameter, value in changes.items():
        if value is None or value == "" or value == []:
            kept.pop(parameter, None)
        else:
            kept[parameter] = [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
    query = urlencode([(name, text) for name, values in kept.items() for text in values])
    return f"{page_path()}?{query}" if query else page_path()


def page_path() -> str:
    """Return this page's path as a link may hold it: browsers take a bare backslash for a slash, and two lead elsewhere."""
    return quote(request.path, safe="/:@!$&'()*+,;=~")
