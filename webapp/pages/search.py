"""The page of results: a name, a series, names, hits by meaning, or nothing near."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

import vocabulary
from catalogue import FORMATS
from search.keys import key
from search.options import Options
from search.results import Answer, Constraint, Group
from webapp import params, personal, shown
from webapp.i18n import gettext as _
from webapp.i18n import language, ngettext
from webapp.metrics import metrics
from webapp.services import search_service, services
from webapp.visitors import record_search
from webapp.wording import filter_words, here

blueprint = Blueprint("search", __name__)

PER_PAGE = 24
# So many themes the filter form offers; browsing shows them all.
THEMES = 24
# A search that comes to one of these named a title (or the first of a series).
NAMED = ("exact", "series", "not_offered")
# From these is left out what the lists of who is watching exclude.
BY_MEANING = ("similar", "recommended")
PARAMS = (
    params.Param("q", "text", "The search.", default="", max_length=params.MAX_QUERY),
    params.GROUP,
    params.PAGE,
    params.CORRECT,
    params.SEEN,
    *params.FILTERS,
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter over the results; `remove` is the address without it, `words` the part of the query that said it."""

    text: str
    remove: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Addresses of the pages of a group."""

    page: int
    pages: int
    previous: str | None
    next: str | None


@blueprint.get("/search")
def results() -> str:
    """Show what the query finds; without one, what to search for."""
    values = params.read(request.args, PARAMS, strict=False)
    service = search_service()
    filters = params.filters(values, service)
    if not values["q"].strip():
        return render_template("search/start.html", values=values, choices=choices(), **ideas())
    options = Options(
        limit=PER_PAGE, page=values["page"], group=values["group"], language=language(), correct=values["correct"],
        explain=True, filters=filters, exclude=personal.excluded(seen=values["seen"]),
    )  # fmt: skip
    answer = service.search(values["q"], options)
    count(answer, first_page=values["page"] == 1)
    turned = answer.group(values["group"]) if values["group"] and values["page"] > 1 else None
    return render_template(
        "search/results.html",
        answer=answer,
        groups=[turned] if turned else answer.groups,
        turned=turned,
        values=values,
        chips=chips(answer, values),
        pager=lambda group: pager(group, values),
        choices=choices(),
        said=said(answer),
        left_out=personal.left_out() if by_meaning(answer) else (),
        **(ideas() if answer.resolution == "nothing" else {}),
    )


def count(answer: Answer, first_page: bool = True) -> None:
    """Count a search for the operator, and remember it: for what is trending, and as an event of the title it names."""
    metrics().searches.labels(answer.resolution).inc()
    if answer.corrected:
        metrics().corrected.inc()
    if first_page:
        hits = sum(group.total for group in answer.groups if group.items)
        record_search(answer.query, key(answer.query), answer.resolution, hits)
        if answer.resolution in NAMED:
            shown.record("searched", answer.groups[0].items[0].title.id)


def by_meaning(answer: Answer) -> bool:
    """Return whether works were looked for by meaning, found or not."""
    return answer.resolution == "nothing" or any(group.name in BY_MEANING for group in answer.groups)


def said(answer: Answer) -> str:
    """Return in a sentence how many works were found, for whoever hears the page."""
    found = sum(group.total for group in answer.groups if group.items)
    if not found:
        return _("Nothing similar to “%(query)s”", query=answer.query)
    return ngettext("%(num)s work found", "%(num)s works found", found)


def ideas() -> dict[str, Any]:
    """Return what to search for: what others searched, and whether that is real or taken from the catalogue."""
    return {"trending": services().trending(10), "really_trending": bool(services().made_lately())}


def choices() -> dict[str, Sequence[str]]:
    """Return what the filter form offers: genres, and the themes that most works have."""
    labels = list(services().pool().genres)
    genres = [label for label in labels if label in vocabulary.GENRE_NAMES]
    themes = [label for label in labels if label not in vocabulary.GENRE_NAMES][:THEMES]
    return {"genres": sorted(genres), "themes": sorted(themes), "formats": FORMATS}


def chips(answer: Answer, values: params.Values) -> list[Chip]:
    """Return the filters that apply: those read from the words first, then those given beside them."""
    made = []
    for words, group in _by_words(answer.constraints).items():
        texts = {constraint.parameter: constraint for constraint in group}
        if {"year_from", "year_to"} <= set(texts):
            first, last = texts["year_from"].value, texts["year_to"].value
            text = f"{first}" if first == last else f"{first}–{last}"
        else:
            text = ", ".join(_constraint_words(constraint) for constraint in group)
        made.append(Chip(text, _without(answer, group[0], words), words))
    for name in params.FILTER_NAMES:
        if name not in values.given:
            continue
        given = values[name]
        for value in given if isinstance(given, list) else [given]:
            left = [other for other in given if other != value] if isinstance(given, list) else None
            made.append(Chip(filter_words(name, value), here(**{name: left, "page": None, "group": None})))
    return made


def _constraint_words(constraint: Constraint) -> str:
    if constraint.parameter == "like":
        return filter_words("like", constraint.words)
    return filter_words(constraint.parameter, constraint.value)


def _by_words(constraints: Sequence[Constraint]) -> Mapping[str, list[Constraint]]:
    """Gather the constraints that one phrase made: they go together."""
    grouped: dict[str, list[Constraint]] = {}
    for constraint in constraints:
        grouped.setdefault(constraint.words, []).append(constraint)
    return grouped


def _without(answer: Answer, constraint: Constraint, words: str) -> str:
    """Return the address of the search without what these words asked for."""
    if constraint.parameter == "like":
        rest = " ".join(other.words for other in answer.constraints if other.parameter != "like")
    else:
        pattern = r"\s+".join(re.escape(word) for word in words.split())
        rest = re.sub(pattern, " ", answer.query, count=1, flags=re.IGNORECASE)
        rest = " ".join(rest.split()).strip(" ,")
        if rest == answer.query:
            # The words can't be cut out of the text; what is left to offer is the text without any of them.
            rest = ""
    if rest:
        return here(q=rest, page=None, group=None)
    kept = {name: values for name, values in request.args.lists() if name in params.FILTER_NAMES}
    return _browse(kept)


def _browse(kept: Mapping[str, Sequence[str]]) -> str:
    from urllib.parse import urlencode

    query = urlencode([(name, value) for name, values in kept.items() for value in values])
    return f"/browse?{query}" if query else "/browse"


def pager(group: Group, values: params.Values) -> Pager | None:
    """Return the addresses before and after this page of a group, None where all of it is shown."""
    page = values["page"] if values["group"] == group.name else 1
    pages = min(-(-group.total // PER_PAGE), params.MAX_PAGE)
    if pages < 2:
        return None
    before = here(group=group.name if page > 2 else None, page=page - 1 if page > 2 else None) if page > 1 else None
    after = here(group=group.name, page=page + 1) if page < pages else None
    return Pager(page, pages, before, after)


def heading(group: Group, answer: Answer) -> str:
    """Return the heading of a group of results."""
    return {
        "exact": _("Found"),
        "series": _("The whole series, in order") if answer.resolution == "series" else _("The rest of the series"),
        "not_offered": _("Known, but not offered here"),
        "names": _("What fits") if answer.constraints else _("By name"),
        "similar": _("Works like it"),
        "recommended": _("By meaning"),
        "suggestions": _("Try one of these"),
        "trending": _("Trending searches"),
    }[group.name]


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Offer headings to templates."""
    return {"group_heading": heading}
