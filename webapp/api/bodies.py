"""JSON bodies: read strictly, every entry that is not allowed named with its place and what is allowed.

The routes that use it are for services: they know a caller by an API token and never by a cookie, so that no page of
another site can act for a person here, and no CSRF token is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NoReturn

from flask import Blueprint, Response, abort, g, request

from catalogue import LANGUAGES
from search.results import QueryError
from webapp import errors, params, security
from webapp.i18n import gettext as _
from webapp.services import services

MOST_TEXT = 200
MOST_DIGITS = 16


class Odd(str):
    """A number that no entry may be: NaN, Infinity, or one of too many digits."""


class _Twice(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def guard(blueprint: Blueprint) -> None:
    """Let a blueprint's routes be called by services: by token where the site has any, and without cookies."""
    security.csrf.exempt(blueprint)

    @blueprint.before_request
    def check() -> Response | None:
        # A cookie says nothing here, not even the language.
        asked = request.args.get("lang")
        g.language = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")
        refused = _refused()
        if refused is None:
            params.read(request.args, (params.LANG,), strict=True)
        return refused

    @blueprint.after_request
    def private(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response


def _refused() -> Response | None:
    tokens = services().settings.tokens
    if not tokens:
        return None
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    digest = hashlib.sha256(given.strip().encode("utf-8", "replace")).digest()
    # Every token is compared, each in the same time, so that the answer's time tells nothing of any.
    same = [hmac.compare_digest(digest, hashlib.sha256(token.encode()).digest()) for token in tokens]
    if scheme.lower() == "bearer" and any(same):
        g.has_token = True
        return None
    told = 'Bearer realm="nextep"' + (', error="invalid_token"' if given else "")
    response = errors.failure(401, _("An API token is needed: send the header Authorization: Bearer and the token."))
    response.headers["WWW-Authenticate"] = told
    return response


def read(names: Collection[str], required: Sequence[str]) -> dict[str, Any]:
    """Return the body, an object with some of `names`, none twice; raise QueryError for another, 415 for no JSON."""
    if request.mimetype != "application/json":
        abort(415, _("The body must be JSON: send the header Content-Type: application/json."))
    try:
        body = json.loads(
            request.get_data().decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=Odd,
            parse_int=lambda text: int(text) if len(text) <= MOST_DIGITS else Odd(text),
        )
    except UnicodeDecodeError:
        raise QueryError("body", _("The body is not UTF-8.")) from None
    except json.JSONDecodeError as error:
        raise QueryError("body", _("The body is not valid JSON: look at character %(at)s.", at=error.pos + 1)) from None
    except RecursionError:
        raise QueryError("body", _("The body is nested too deep.")) from None
    except _Twice as error:
        raise QueryError(error.name, _("%(name)s stands in one object twice.", name=error.name)) from None
    if not isinstance(body, dict):
        wrong("body", body, _("one object"))
    for name in body:
        if name not in names:
            raise QueryError(shown(name)[:60], params.unknown(shown(name)[:60], names))
    for name in required:
        if name not in body:
            raise QueryError(name, _("%(name)s is missing; the body needs %(needed)s.", name=name, needed=", ".join(required)))  # fmt: skip
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _value in pairs:
            if name in seen:
                raise _Twice(shown(name))
            seen.add(name)
    return made


def wrong(name: str, value: Any, wanted: str) -> NoReturn:
    """Raise QueryError: this entry has this value, and what is allowed."""
    said = shown(value)
    if isinstance(value, str) and said != "“”" and not isinstance(value, Odd):
        said = f"“{said}”"  # or the text "5" would be told to be 5 where 5 is allowed
    raise QueryError(name, _("%(name)s is %(value)s; allowed: %(wanted)s.", name=name, value=said, wanted=wanted))


def shown(value: Any) -> str:
    """Return a value that is safe and short enough to say back."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    plain = "".join(char for char in text[:200] if char.isprintable())
    return f"{plain[:60]}{'…' if len(plain) > 60 or len(text) > 200 else ''}" or "“”"


def plain_text(name: str, value: Any, most: int = MOST_TEXT) -> str:
    """Return a text of 1 to `most` characters that any database and page can hold."""
    wanted = _("a text of 1 to %(most)s characters, none of them a control character", most=most)
    if not isinstance(value, str) or isinstance(value, Odd) or not value.strip() or len(value) > most:
        wrong(name, value, wanted)
    # Half a surrogate pair is no character, and a control character no part of a name.
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        wrong(name, value, wanted)
    return value


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`; 3.0 is one."""
    if not is_number(value) or value != int(value) or not low <= value <= high:
        wrong(name, value, _("a whole number from %(low)s to %(high)s", low=low, high=high))
    return int(value)


def number(name: str, value: Any, low: float, high: float) -> float:
    """Return a number from `low` to `high`."""
    if not is_number(value) or not low <= value <= high:
        wrong(name, value, _("a number from %(low)s to %(high)s", low=low, high=high))
    return float(value)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number; true and false are none, although Python counts with them."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def filters(body: Mapping[str, Any]) -> params.Values:
    """Return the filters in a body, as `params.read` does those of an address."""
    given: dict[str, Any] = {}
    for param in params.FILTERS:
        value = body.get(param.name)
        if value is None:
            continue
        if param.kind == "number":
            given[param.name] = whole(param.name, value, param.low, param.high)
            continue
        several = value if isinstance(value, list) else [value]
        if not 1 <= len(several) <= params.MAX_REPEATED:
            wrong(param.name, value, _("a text, or a list of 1 to %(most)s texts", most=params.MAX_REPEATED))
        places = [f"{param.name}[{at}]" if isinstance(value, list) else param.name for at in range(len(several))]
        texts = [plain_text(place, one, param.max_length) for place, one in zip(places, several, strict=True)]
        given[param.name] = list(dict.fromkeys(texts))
    params.check_years(given)
    defaults = {param.name: [] if param.repeated else param.default for param in params.FILTERS}
    return params.Values({**defaults, **given}, given)
