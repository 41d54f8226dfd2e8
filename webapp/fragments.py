"""Pieces of a page that depend on a title, the language and little else: rendered once, then kept.

A page shows some forty cards; rendering them anew is half of what a page costs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from flask import Flask

from catalogue import Title
from webapp.i18n import language

MOST = 20_000
Piece = TypeVar("Piece")
_kept: dict[tuple[Hashable, ...], tuple[Title, Any]] = {}


def init(app: Flask) -> None:
    """Offer `kept` to templates."""
    app.jinja_env.globals.update(kept=kept)


def kept(kind: str, title: Title, *more: Hashable, caller: Callable[[], Piece]) -> Piece:
    """Return the piece `kind` of a title for the reader, rendered by the body of the call where it is not at hand.

    In a template: `{% call kept('facts', title) %}...{% endcall %}`, whose body may use nothing but the title and
    what stands in `more`.
    """
    wanted = (kind, language(), title.id, *more)
    found = _kept.get(wanted)
    # Another index may tell the same title otherwise.
    if found is not None and (found[0] is title or found[0] == title):
        return cast(Piece, found[1])
    made = caller()
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[wanted] = title, made
    return made
