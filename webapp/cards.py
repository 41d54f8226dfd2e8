"""What pages show by the dozen, the card of a title and the buttons of its list, put together from kept pieces.

How they look say the macros `open_card` (`_card.html`) and `open_buttons` (`_list.html`). Each leaves gaps for what
differs from row to row and from form to form; it is rendered once for a title and cut at them, and here they are filled.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

from flask import Flask, current_app, g
from markupsafe import Markup, escape

from catalogue import Title
from webapp import who
from webapp.changes import new_token
from webapp.fragments import kept
from webapp.i18n import language
from webapp.pages import images

# No text of a catalogue can hold it.
GAP = Markup(f"[{secrets.token_hex(16)}]")


def init(app: Flask) -> None:
    """Offer `card` and `list_buttons` to templates."""
    app.jinja_env.globals.update(card=card, list_buttons=list_buttons)


def card(
    title: Title,
    eager: bool = False,
    rank: int | None = None,
    shared: Sequence[str] = (),
    number: str = "",
    current: bool = False,
    why: str = "",
    origin: str = "",
    place: int = 0,
    model: str = "",
    progress: float | None = None,
) -> Markup:
    """Return a title as a row or grid shows it.

    `why` is a reason in words, `shared` the genres that two works have in common, `number` the place in a series;
    `origin` is the row, `place` its place there and `model` whose choice it is.
    """
    given = (eager, rank, current, progress)

    def pieces() -> list[str]:
        return _cut(_macro("_card.html", "open_card")(title, GAP, *given))

    start, before, after, end = kept("card", title, *given, who.list_status(title.id), caller=pieces)
    source = f' data-from="{escape(origin)}.{place}{f".{escape(model)}" if model else ""}"' if origin else ""
    said = _reason(language(), number, why, tuple(shared)) if number or why or shared else ""
    return Markup("".join((start, source, before, images.address(title), after, said, end)))


def list_buttons(title: Title) -> Markup:
    """Return the form that puts a title on a list of who is watching; where nobody is, the way to choose somebody."""
    person = who.current()
    status, hidden = who.list_status(title.id), who.is_hidden(title.id)

    def pieces() -> list[str]:
        return _cut(_macro("_list.html", "open_buttons")(title, GAP, status, hidden))

    if person is None:
        return _macro("_list.html", "to_choose")(title)
    start, before, end = kept("list-buttons", title, status, hidden, caller=pieces)
    return Markup("".join((start, person.id, before, _hidden_fields(), end)))


def _hidden_fields() -> str:
    """Return the hidden fields of a form, with a token of its own."""
    if "fields" not in g:
        g.fields = _cut(_macro("_list.html", "hidden_fields")(GAP))
    return new_token().join(g.fields)


@lru_cache(4096)
def _reason(language: str, number: str, why: str, shared: tuple[str, ...]) -> Markup:
    return _macro("_card.html", "reason")(number, why, shared)


def _cut(rendered: Markup) -> list[str]:
    return str(rendered).split(str(GAP))


def _macro(template: str, name: str) -> Callable[..., Markup]:
    return cast(Callable[..., Markup], getattr(current_app.jinja_env.get_template(template).module, name))
