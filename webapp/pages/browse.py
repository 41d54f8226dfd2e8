"""Browsing: facets, sorting and pages, every one of them an address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, render_template, request

from search.engine import Sort
from search.results import Listing
from webapp import params, who
from webapp.i18n import N_
from webapp.i18n import gettext as _
from webapp.pages.search import Chip, Pager
from webapp.services import search_service
from webapp.wording import filter_words, format_label, genre_label, here

blueprint = Blueprint("browse", __name__)

PER_PAGE = 36
SHOWN_GENRES, SHOWN_STUDIOS = 24, 14
SORTS: dict[Sort, str] = {
    "watched": N_("Most watched"),
    "score": N_("Top rated"),
    "newest": N_("Newest"),
    "title": N_("By title"),
}
PARAMS = (
    params.Param("sort", "choice", "The order.", "watched", choices=tuple(SORTS)),
    params.PAGE,
    *params.FILTERS,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: how many works it leaves and the address that chooses it, or drops it again."""

    text: str
    count: int
    address: str
    chosen: bool


@blueprint.get("/browse")
def index() -> str:
    """Show a page of the catalogue."""
    values = params.read(request.args, PARAMS, strict=False)
    service = search_service()
    filters = replace(params.filters(values, service), exclude=who.hidden())
    listing = service.browse(filters, values["sort"], values["page"], PER_PAGE, facets=True)
    pages = max(1, min(-(-listing.total // PER_PAGE), params.MAX_PAGE))
    return render_template(
        "browse.html",
        listing=listing,
        values=values,
        sorts=[(name, _(text), here(sort=name, page=None)) for name, text in SORTS.items()],
        facets=facets(listing, values),
        chips=chips(values),
        pager=pager(listing.page, pages),
        heading=heading(values),
    )


def heading(values: params.Values) -> str:
    """Return what is listed, in a few words."""
    said = [filter_words(name, value) for name in ("genre", "theme", "format", "studio") for value in values[name]]
    return " · ".join(said) if 0 < len(said) <= 3 else _("All titles")


def facets(listing: Listing, values: params.Values) -> list[dict[str, Any]]:
    """Return the facets with their values as links."""
    counts = listing.facets
    labels = dict(list(counts.get("genre", {}).items())[:SHOWN_GENRES])
    studios = dict(list(counts.get("studio", {}).items())[:SHOWN_STUDIOS])
    chosen_labels = {*values["genre"], *values["theme"]}
    return [
        {"name": "genre", "heading": _("Genres and themes"), "choices": [
            _choice("theme" if label in values["theme"] else "genre", label, genre_label(label), count, label in chosen_labels, values)
            for label, count in {**dict.fromkeys(chosen_labels, listing.total), **labels}.items()
        ]},
        {"name": "format", "heading": _("Format"), "choices": [
            _choice("format", value, format_label(value), count, value in values["format"], values)
            for value, count in counts.get("format", {}).items()
        ]},
        {"name": "year", "heading": _("Years"), "choices": _decades(counts.get("year", {}), values)},
        {"name": "studio", "heading": _("Studios"), "choices": [
            _choice("studio", value, value, count, value in values["studio"], values)
            for value, count in studios.items()
        ]},
    ]  # fmt: skip


def _choice(parameter: str, value: str, text: str, count: int, chosen: bool, values: params.Values) -> Choice:
    given = values[parameter]
    changed = [other for other in given if other != value] if chosen else [*given, value]
    return Choice(text, count, here(**{parameter: changed, "page": None}), chosen)


def _decades(years: Any, values: params.Values) -> list[Choice]:
    counts: dict[int, int] = {}
    for year, count in years.items():
        counts[int(year) // 10 * 10] = counts.get(int(year) // 10 * 10, 0) + count
    choices = []
    for decade in sorted(counts, reverse=True):
        chosen = (values["year_from"], values["year_to"]) == (decade, decade + 9)
        first, last = (None, None) if chosen else (decade, decade + 9)
        text = _("%(decade)ss", decade=decade)
        choices.append(Choice(text, counts[decade], here(year_from=first, year_to=last, page=None), chosen))
    return choices


def chips(values: params.Values) -> list[Chip]:
    """Return the filters that apply, each with the address without it."""
    made = []
    years = [values.given.get("year_from"), values.given.get("year_to")]
    if None not in years:
        text = f"{years[0]}" if years[0] == years[1] else f"{years[0]}–{years[1]}"
        made.append(Chip(text, here(year_from=None, year_to=None, page=None)))
    for name in params.FILTER_NAMES:
        if name not in values.given or (name in ("year_from", "year_to") and None not in years):
            continue
        given = values[name]
        for value in given if isinstance(given, list) else [given]:
            left = [other for other in given if other != value] if isinstance(given, list) else None
            made.append(Chip(filter_words(name, value), here(**{name: left, "page": None})))
    return made


def pager(page: int, pages: int) -> Pager | None:
    """Return the addresses before and after a page."""
    if pages < 2 and page == 1:
        return None
    before = here(page=page - 1 if page > 2 else None) if page > 1 else None
    after = here(page=page + 1) if page < pages else None
    return Pager(page, pages, before, after)
