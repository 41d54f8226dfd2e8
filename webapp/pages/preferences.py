"""Language and theme: `?lang=ko` or `?look=light` on any page, remembered in a cookie. Works without JavaScript."""

from __future__ import annotations

from flask import Flask, Response, request

from catalogue import LANGUAGES
from webapp import i18n
from webapp.security import set_cookie

LOOK = "look"
THEMES = ("auto", "dark", "light")
DAYS = 365


def init(app: Flask) -> None:
    """Remember what a page's address says of language and theme."""
    app.jinja_env.globals.update(theme=theme, themes=THEMES)

    @app.after_request
    def remember(response: Response) -> Response:
        if response.mimetype == "text/html":
            if (code := request.args.get("lang")) in LANGUAGES and code != request.cookies.get(i18n.COOKIE):
                set_cookie(response, i18n.COOKIE, str(code), DAYS)
            if (chosen := request.args.get(LOOK)) in THEMES and chosen != request.cookies.get(LOOK):
                set_cookie(response, LOOK, str(chosen), DAYS)
            response.vary.update(("Accept-Language", "Cookie"))
            response.headers.setdefault("Cache-Control", "private, no-cache")
            response.headers["Content-Language"] = i18n.language()
        return response


def theme() -> str:
    """Return the chosen theme, dark unless another was chosen; `auto` leaves it to the browser."""
    asked = (request.args.get(LOOK), request.cookies.get(LOOK))
    return next((value for value in asked if value in THEMES), "dark")  # type: ignore[return-value]
