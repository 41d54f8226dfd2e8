"""The home page: a hero and rows; each row also by itself, to be swapped or filled without loading the page again.

Who is watching gets rows of their own; the first two come with the page, and the others when they are scrolled to.
Without JavaScript `?rows=all` brings all of them.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from flask import Blueprint, abort, render_template, request

from catalogue import Title
from webapp import personal
from webapp.i18n import language
from webapp.models import models
from webapp.pool import Pool
from webapp.rows import Hero, Row, Window, hero, home_rows
from webapp.services import services

blueprint = Blueprint("home", __name__)

FILLED = 2
# Rows without cards weigh little and are not worth a request.
LIGHT = ("tiles", "moods")


@blueprint.get("/")
def index() -> str:
    """Show the home page. `?top10=month` turns that row to the last 30 days, `?rows=all` fills every row."""
    now = personal.evening()
    chosen, rows = _home(now)
    whole = request.args.get("rows") == "all"
    if not whole:
        rows = _to_fill(rows)
    return render_template(
        "home.html",
        hero=chosen,
        rows=rows,
        total=services().pool().total,
        whole=whole,
        recommender=now.serving if now is not None else None,
    )


@blueprint.get("/rows/<name>")
def row(name: str) -> str:
    """Show one row of the home page by itself."""
    _, rows = _home(personal.evening())
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        abort(404)
    return render_template("home/row.html", row=found)


def _to_fill(rows: list[Row]) -> list[Row]:
    """Return the rows with the titles of all but the first left to be filled in."""
    places = [at for at, row in enumerate(rows) if row.kind not in LIGHT]
    kept = set(places[:FILLED])
    windowed = {at for at, row in enumerate(rows) if row.window == "month"}
    return [
        row if at in kept | windowed or row.kind in LIGHT else replace(row, items=(), filled=False)
        for at, row in enumerate(rows)
    ]


def _home(now: personal.Evening | None) -> tuple[Hero | None, list[Row]]:
    site = services()
    pool, today = site.pool(), site.settings.date
    windows: dict[str, Window] = {name: "month" for name, value in request.args.items() if value == "month"}
    opened = site.opened_lately() if windows else []
    if now is not None:

        def made() -> tuple[Hero | None, list[Row]]:
            carousels = personal.carousels_of(now)
            return personal.home_page(now, carousels, pool, opened, windows, site.search.titles)

        if windows or not now.version:
            return made()
        # A page asks for its other rows one by one: until the list changes they are those of the page.
        return models().remembered((now.person.id, now.version, today, id(now.serving), pool, language()), made)
    if windows:
        return _of_all(pool, today, windows, opened)
    return _remembered(pool, today, language())


@lru_cache(16)
def _remembered(pool: Pool, today: datetime.date, language: str) -> tuple[Hero | None, list[Row]]:
    return _of_all(pool, today)


def _of_all(
    pool: Pool, today: datetime.date, windows: Mapping[str, Window] | None = None, opened: Sequence[Title] = ()
) -> tuple[Hero | None, list[Row]]:
    chosen = hero(pool, today)
    return chosen, home_rows(pool, opened, today, windows or {}, {chosen.title.id} if chosen else ())
