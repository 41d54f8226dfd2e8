"""Pieces of a page that depend on a title and the language alone: rendered once, then kept.

A page shows some forty cards; naming and measuring their titles anew is half of what rendering costs.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from markupsafe import Markup

from catalogue import Title
from webapp.i18n import language

MOST = 20_000
_kept: dict[tuple[str, str, int], tuple[Title, Markup]] = {}


def init(app: Flask) -> None:
    """Offer `kept` to templates."""
    app.jinja_env.globals.update(kept=kept)


def kept(kind: str, title: Title, caller: Callable[[], Markup]) -> Markup:
    """Return the piece `kind` of a title for the reader, rendered by the body of the call where it is not at hand.

    In a template: `{% call kept('facts', title) %}...{% endcall %}`, whose body may use nothing but the title.
    """
    wanted = (kind, language(), title.id)
    found = _kept.get(wanted)
    # Another index may tell the same title otherwise.
    if found is not None and (found[0] is title or found[0] == title):
        return found[1]
    made = caller()
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[wanted] = title, made
    return made
