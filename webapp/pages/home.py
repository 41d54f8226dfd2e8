"""The home page: a hero and rows; each row also by itself, to be swapped without loading the page again."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from webapp.rows import Hero, Row, Window, hero, home_rows
from webapp.services import services

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def index() -> str:
    """Show the home page. `?top10=month` turns that row to the last 30 days."""
    chosen, rows = _home()
    return render_template("home.html", hero=chosen, rows=rows, total=services().pool().total)


@blueprint.get("/rows/<name>")
def row(name: str) -> str:
    """Show one row of the home page by itself."""
    _, rows = _home()
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        abort(404)
    return render_template("home/_row.html", row=found, address="/")


def _home() -> tuple[Hero | None, list[Row]]:
    site = services()
    pool, today = site.pool(), site.settings.date
    windows: dict[str, Window] = {name: "month" for name, value in request.args.items() if value == "month"}
    chosen = hero(pool, today)
    opened = site.opened_lately() if windows else []
    return chosen, home_rows(pool, opened, today, windows, {chosen.title.id} if chosen else ())
