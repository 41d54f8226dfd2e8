"""Parameters of pages and of the API: one table says what is allowed, reads them and documents them.

A value that is not allowed is a QueryError that names the parameter, the value and what is allowed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from werkzeug.datastructures import MultiDict

import vocabulary
from catalogue import FORMATS
from search.constraints import genre_of
from search.engine import Filters
from search.keys import key
from search.options import MAX_LIMIT, MAX_PAGE, MAX_QUERY
from search.results import GROUPS, QueryError
from search.service import SearchService
from webapp.i18n import gettext as _

MAX_REPEATED = 20
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `low` and `high` bound numbers, `choices` names what a choice may be."""

    name: str
    kind: Literal["text", "number", "flag", "choice"]
    help: str
    default: Any = None
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    repeated: bool = False
    required: bool = False
    max_length: int = 200


Q = Param("q", "text", "A title, part of one, a genre, a studio, or what a story is about.", required=True, max_length=MAX_QUERY)  # fmt: skip
LANG = Param("lang", "choice", "Language of the answer; without it, what Accept-Language prefers.", choices=("en", "ko"))  # fmt: skip
LIMIT = Param("limit", "number", "Works in each group.", 20, 1, MAX_LIMIT)
PAGE = Param("page", "number", "Page, from 1.", 1, 1, MAX_PAGE)
FILTERS = (
    Param("year_from", "number", "First year.", low=1900, high=2100),
    Param("year_to", "number", "Last year.", low=1900, high=2100),
    Param("format", "text", f"Any of these formats: {', '.join(FORMATS)}.", repeated=True),
    Param("genre", "text", "All of these genres (a theme's name will do as well).", repeated=True),
    Param("without_genre", "text", "None of these genres or themes.", repeated=True),
    Param("theme", "text", "All of these themes.", repeated=True),
    Param("studio", "text", "Any of these studios.", repeated=True),
    Param("episodes_min", "number", "Fewest episodes.", low=0, high=100_000),
    Param("episodes_max", "number", "Most episodes.", low=0, high=100_000),
)
FILTER_NAMES = tuple(param.name for param in FILTERS)
GROUP = Param("group", "choice", "The group whose pages `page` turns.", choices=GROUPS)
CORRECT = Param("correct", "flag", "0 searches for exactly what was typed.", True)
SEEN = Param("seen", "flag", "1 also finds by meaning what the lists of who is watching leave out.", False)
EXPLAIN = Param("explain", "flag", "1 tells rank and score of each leg.", False)
# Added by others on the way to us; they change nothing.
_IGNORED = re.compile(r"_.*|utm_\w+|fbclid|gclid")


@dataclass(frozen=True, slots=True)
class Values:
    """What was read: `given` holds only what the reader said, without defaults."""

    all: Mapping[str, Any]
    given: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.all[name]


def read(args: MultiDict[str, str], params: Sequence[Param], *, strict: bool) -> Values:
    """Return the values of `params` in `args`; blank ones count as not given, as forms send them.

    `strict` refuses parameters that are not in the table, which is how an API tells of a slip; pages ignore them.
    """
    known = {param.name: param for param in params}
    if strict:
        for name in args:
            if name not in known and not _IGNORED.fullmatch(name):
                raise QueryError(name[:60], unknown(name[:60], known))
    given: dict[str, Any] = {}
    for param in params:
        texts = [text for text in args.getlist(param.name) if text.strip()]
        if param.repeated:
            if len(texts) > MAX_REPEATED:
                raise QueryError(param.name, _("%(name)s is given %(count)s times; allowed are up to %(most)s.", name=param.name, count=len(texts), most=MAX_REPEATED))  # fmt: skip
            if texts:
                given[param.name] = list(dict.fromkeys(_value(param, text) for text in texts))
        elif texts:
            if len(set(texts)) > 1:
                raise QueryError(param.name, _("%(name)s is given twice with different values.", name=param.name))
            given[param.name] = _value(param, texts[0])
        elif param.required:
            raise QueryError(param.name, _("%(name)s is empty; type a title, a genre or what a story is about.", name=param.name))  # fmt: skip
    check_years(given)
    defaults = {param.name: [] if param.repeated else param.default for param in params}
    return Values({**defaults, **given}, given)


def check_years(given: Mapping[str, Any]) -> None:
    """Raise QueryError when the first year is after the last."""
    first, last = given.get("year_from"), given.get("year_to")
    if first is not None and last is not None and first > last:
        raise QueryError("year_from", _("year_from %(first)s is after year_to %(last)s.", first=first, last=last))


def _value(param: Param, text: str) -> Any:
    if param.kind == "number":
        return _number(param, text.strip())
    if param.kind == "flag":
        if text.strip().lower() in ("1", "true", "yes", "on"):
            return True
        if text.strip().lower() in ("0", "false", "no", "off"):
            return False
        raise QueryError(param.name, _("%(name)s is %(value)s; allowed are 0 and 1.", name=param.name, value=_shown(text)))  # fmt: skip
    if param.kind == "choice":
        if text.strip() not in param.choices:
            raise QueryError(param.name, _("%(name)s is %(value)s; allowed are %(choices)s.", name=param.name, value=_shown(text), choices=", ".join(param.choices)))  # fmt: skip
        return text.strip()
    if len(text) > param.max_length:
        raise QueryError(param.name, _("%(name)s has %(count)s characters; allowed are up to %(most)s.", name=param.name, count=f"{len(text):,}", most=param.max_length))  # fmt: skip
    return text


def _number(param: Param, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise QueryError(param.name, _("%(name)s is %(value)s; a whole number from %(low)s to %(high)s is allowed.", name=param.name, value=_shown(text), low=param.low, high=param.high))  # fmt: skip
    number = int(text)
    if not param.low <= number <= param.high:
        raise QueryError(param.name, _("%(name)s is %(value)s; allowed are %(low)s to %(high)s.", name=param.name, value=number, low=param.low, high=param.high))  # fmt: skip
    return number


def filters(values: Values, service: SearchService) -> Filters:
    """Return the filters given, each value as the catalogue spells it; raise QueryError for an unknown one."""
    known = None if not any(name in values.given for name in FILTER_NAMES) else service.filter_values()
    if known is None:
        return Filters()

    def labels(name: str) -> tuple[str, ...]:
        return tuple(_label(name, text, known["genre"], service.adult) for text in values[name])

    return Filters(
        year_from=values["year_from"],
        year_to=values["year_to"],
        formats=tuple(dict.fromkeys(_format(text) for text in values["format"])),
        genres=tuple(dict.fromkeys((*labels("genre"), *labels("theme")))),
        without_genres=tuple(dict.fromkeys(labels("without_genre"))),
        studios=tuple(dict.fromkeys(_studio(text, known["studio"]) for text in values["studio"])),
        episodes_min=values["episodes_min"],
        episodes_max=values["episodes_max"],
    )


def _label(parameter: str, text: str, known: Iterable[str], adult: bool) -> str:
    """Return a genre or theme as the catalogue calls it; also by its Korean name and by the words people use."""
    by_key = {key(name): name for name in known}
    term = genre_of(text)
    for name in (text, term, *vocabulary.EQUIVALENTS.get(term or "", ())):
        if name and key(name) in by_key:
            return by_key[key(name)]
    if term is not None and (adult or term not in vocabulary.ADULT_GENRES):
        # A genre that exists; this catalogue has no work of it.
        return term
    raise QueryError(parameter, _unknown_value(parameter, text, by_key.values()))


def _studio(text: str, known: Iterable[str]) -> str:
    by_key = {key(name): name for name in known}
    for spelled in (text, f"studio {text}"):
        if key(spelled) in by_key:
            return by_key[key(spelled)]
    raise QueryError("studio", _unknown_value("studio", text, by_key.values()))


def _format(text: str) -> str:
    for term in vocabulary.FORMATS:
        if key(text) in {key(word) for word in (term.name, term.ko, *term.words)}:
            return term.name
    raise QueryError("format", _("format is %(value)s; allowed are %(choices)s.", value=_shown(text), choices=", ".join(FORMATS)))  # fmt: skip


def _unknown_value(parameter: str, text: str, known: Iterable[str]) -> str:
    by_key = {key(name): name for name in known}
    near = [by_key[found] for found in difflib.get_close_matches(key(text), by_key, 4, 0.55)]
    if near:
        return _("%(name)s %(value)s is unknown. Did you mean %(near)s?", name=parameter, value=_shown(text), near=", ".join(near))  # fmt: skip
    some = ", ".join(sorted(by_key.values())[:12])
    return _("%(name)s %(value)s is unknown. There are for instance %(near)s.", name=parameter, value=_shown(text), near=some)  # fmt: skip


def unknown(name: str, known: Iterable[str]) -> str:
    """Return the sentence for a parameter that there is not, with the nearest or all that there are."""
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    if near:
        return _("There is no parameter %(name)s. Did you mean %(near)s?", name=_shown(name), near=near[0])
    return _("There is no parameter %(name)s; allowed are %(choices)s.", name=_shown(name), choices=", ".join(known))


def _shown(text: str) -> str:
    """Return a value that is safe and short enough to say back."""
    plain = "".join(char for char in text if char.isprintable())
    return f"“{plain[:60]}{'…' if len(plain) > 60 else ''}”"
