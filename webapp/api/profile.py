"""POST /api/user/profile: what a service's user has watched and how it was rated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import structlog
from flask import Blueprint, Response, abort, jsonify
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from catalogue import Title
from recommenders.profiles import TEN, Preferences, Rated, Weighted, average, preferences, scale_of
from search.engine import Reader
from search.results import QueryError
from search.service import SearchService
from store.profiles import MAX_USER_ID, Profile, Profiles
from vocabulary import format_label, label
from webapp import naming, params
from webapp.api import bodies
from webapp.api.shapes import Shape
from webapp.i18n import gettext as _
from webapp.i18n import language, ngettext
from webapp.services import search_service, services

log = structlog.get_logger("nextep.web")
blueprint = Blueprint("api_profile", __name__)
bodies.guard(blueprint)

PARAMS = (params.LANG,)
MOST_WATCHED = 5000
# Names near an unmatched one take milliseconds to find, so only so many get them.
MOST_SUGGESTED = 20
FIELDS = ("user_id", "watched_anime", "ratings", "scale")
BIGGEST_ID = 9_007_199_254_740_991


class ProfileBody(Shape):
    """What a user watched."""

    user_id: str | int = Field(description=f"The service's own id of the user, up to {MAX_USER_ID} characters; 7 and \"7\" are one.")  # fmt: skip
    watched_anime: list[int | str] = Field(description=f"1 to {MOST_WATCHED} works: a number is an id, a text a title in any language; none twice.")  # fmt: skip
    ratings: list[float] = Field(description="One for each work, above 0 and up to `scale`.")
    scale: Literal[5, 10] | None = Field(None, description="10 unless given, or unless 5 is the largest of five or more ratings.")  # fmt: skip


class NearName(Shape):
    """A work that may have been meant."""

    id: int
    title: str


class Unmatched(Shape):
    """An entry that names no work of the catalogue."""

    given: int | str
    suggestions: list[NearName]


class Matched(Shape):
    """A title that was given and the work that bears it."""

    given: str
    id: int
    title: str
    same_name: list[int] = Field(description="Further works of that name; the most watched one was taken.")


class ProfileOf(Shape):
    """What the ratings say of a taste. Weights are shares of all rating points, the largest first."""

    user_id: str | int
    watched_count: int = Field(description="Works that the catalogue has.")
    avg_rating: float | None = Field(description="Their mean rating, on `scale`; null where there is none.")
    scale: int
    scale_from: str = Field(description="given, ratings (5 is the largest of five or more) or default.")
    top_genres: list[tuple[str, float]]
    top_tags: list[tuple[str, float]]
    eras: list[tuple[str, float]]
    formats: list[tuple[str, float]]
    matched: list[Matched]
    unmatched: list[Unmatched] = Field(description=f"The first {MOST_SUGGESTED} come with suggestions.")


class ProfileAnswer(Shape):
    """The profile that was saved."""

    message: str
    profile: ProfileOf


EXAMPLES = {
    "english": {
        "summary": "Titles and ids, rated to ten",
        "value": {"user_id": "reader-1", "watched_anime": ["Cowboy Bebop", "Monster", 1535], "ratings": [9, 10, 8]},
    },
    "korean": {
        "summary": "한국어 제목, 별점 5점 만점",
        "value": {"user_id": "독자-1", "watched_anime": ["카우보이 비밥", "몬스터", "데스노트"], "ratings": [4.5, 5, 4], "scale": 5},
    },
}  # fmt: skip


@dataclass
class _Watched:
    """The entries by what the catalogue knows of them."""

    rated: list[Rated] = field(default_factory=list)
    ratings: list[float] = field(default_factory=list)
    matched: list[dict[str, Any]] = field(default_factory=list)
    unmatched: list[int | str] = field(default_factory=list)


@blueprint.post("/api/user/profile")
def put() -> Response:
    """Save what a user has watched; a profile that was there is replaced.

    Answers with the taste that the ratings show. An entry that names no work is told in `unmatched`, with names near
    it; everything else that is not allowed is 422 and names the entry, like `ratings[2]` (counted from 0).
    """
    body = bodies.read(FIELDS, FIELDS[:3])
    user_id = user_of(body["user_id"])
    given, ratings, scale, scale_from = _lists(body)
    service = search_service()
    reader = service.reader()
    watched = _found(service, reader, given, ratings, scale)
    kept = Profile(
        tuple(one.title.id for one in watched.rated), tuple(watched.ratings), scale,
        tuple(str(entry) for entry in watched.unmatched),
    )  # fmt: skip
    try:
        profiles().put(user_id, kept)
    except SQLAlchemyError as error:
        unavailable(error)
    message = ngettext(
        "The profile with %(num)s work is saved; ratings count up to %(scale)s.",
        "The profile with %(num)s works is saved; ratings count up to %(scale)s.",
        len(watched.rated), scale=scale,
    )  # fmt: skip
    taste = preferences(watched.rated)
    mean = average(watched.rated, scale)
    return jsonify(
        {
            "message": message,
            "profile": {
                "user_id": body["user_id"],
                "watched_count": len(watched.rated),
                "avg_rating": None if mean is None else round(mean, 2),
                "scale": scale,
                "scale_from": scale_from,
                **taste_json(taste, language()),
                "matched": watched.matched,
                "unmatched": _unmatched(service, reader, watched.unmatched),
            },
        }
    )


def taste_json(taste: Preferences, code: str) -> dict[str, list[list[Any]]]:
    """Return the preferences with the reader's names."""

    def named(weights: Weighted, name: Any) -> list[list[Any]]:
        return [[name(thing), weight] for thing, weight in weights]

    return {
        "top_genres": named(taste.genres, lambda thing: label(thing, code)),
        "top_tags": named(taste.tags, lambda thing: label(thing, code)),
        "eras": named(taste.eras, lambda thing: f"{thing[:-1]}년대" if code == "ko" else thing),
        "formats": named(taste.formats, lambda thing: format_label(thing, code)),
    }


def profiles() -> Profiles:
    """Return the profiles; 503 while the database can't be opened."""
    store = services().store()
    if store is None:
        abort(503, _("The database does not answer. Try again in a minute."))
    return store.profiles


def unavailable(error: Exception) -> NoReturn:
    """Answer 503: the database failed."""
    log.error("database unavailable", error=str(error).splitlines()[0])
    abort(503, _("The database does not answer. Try again in a minute."))


def user_of(value: Any) -> str:
    """Return a user_id as text; raise QueryError for what is none."""
    if bodies.is_number(value):
        return str(bodies.whole("user_id", value, -BIGGEST_ID, BIGGEST_ID))
    text = bodies.plain_text("user_id", value, MAX_USER_ID)
    if text != text.strip():
        bodies.wrong("user_id", value, _("a text without spaces at its ends"))
    return text


def _lists(body: dict[str, Any]) -> tuple[list[int | str], list[float], int, str]:
    """Return entries, ratings, scale and where the scale is from; raise QueryError for the first odd entry."""
    for name in ("watched_anime", "ratings"):
        if not isinstance(body[name], list) or not 1 <= len(body[name]) <= MOST_WATCHED:
            bodies.wrong(name, body[name], _("a list of 1 to %(most)s entries", most=MOST_WATCHED))
    given, ratings = body["watched_anime"], body["ratings"]
    if len(given) != len(ratings):
        raise QueryError("ratings", _("watched_anime has %(watched)s entries and ratings has %(ratings)s; each work needs one rating.", watched=len(given), ratings=len(ratings)))  # fmt: skip
    entries: list[int | str] = []
    for at, entry in enumerate(given):
        place = f"watched_anime[{at}]"
        if isinstance(entry, str) and not isinstance(entry, bodies.Odd):
            entries.append(bodies.plain_text(place, entry))
        elif bodies.is_number(entry) and entry == int(entry) and 0 <= entry <= BIGGEST_ID:
            entries.append(int(entry))
        else:
            bodies.wrong(place, entry, _("the id of a work (a whole number) or its title (a text)"))
    scale = body.get("scale")
    if scale is not None and (not bodies.is_number(scale) or scale not in (5, 10)):
        bodies.wrong("scale", scale, "5, 10")
    for at, rating in enumerate(ratings):
        _checked(at, rating, 10)
    found, source = scale_of(ratings, None if scale is None else int(scale))
    return entries, [_checked(at, rating, found) for at, rating in enumerate(ratings)], found, source


def _checked(at: int, rating: Any, scale: int) -> float:
    if not bodies.is_number(rating) or not 0 < rating <= scale:
        bodies.wrong(f"ratings[{at}]", rating, _("a number above 0 and up to %(high)s", high=scale))
    return float(rating)


def _found(
    service: SearchService, reader: Reader, given: Sequence[int | str], ratings: Sequence[float], scale: int
) -> _Watched:
    """Look every entry up; raise QueryError, which names both places, for a work that stands in the list twice."""
    by_name = {entry: naming.exactly(reader, entry, service.adult) for entry in set(given) if isinstance(entry, str)}
    ids = [entry if isinstance(entry, int) else next(iter(by_name[entry]), -1) for entry in given]
    titles = service.titles(list(dict.fromkeys(ids)))
    watched = _Watched()
    first_at: dict[int | str, int] = {}
    for at, (entry, id, rating) in enumerate(zip(given, ids, ratings, strict=True)):
        title = titles.get(id)
        same = id if title is not None else entry
        if same in first_at:
            raise QueryError(
                f"watched_anime[{at}]",
                _("watched_anime[%(second)s] and watched_anime[%(first)s] are the same work, %(title)s; give it once.",
                  second=at, first=first_at[same], title=bodies.shown(title.name(language()) if title else entry)),
            )  # fmt: skip
        first_at[same] = at
        if title is None:
            watched.unmatched.append(entry)
            continue
        watched.rated.append(Rated(title, rating / scale * TEN))
        watched.ratings.append(rating)
        if isinstance(entry, str):
            others = [other for other in by_name[entry] if other != id]
            name = title.name(language())
            watched.matched.append({"given": entry, "id": id, "title": name, "same_name": others})
    return watched


def _unmatched(service: SearchService, reader: Reader, entries: Sequence[int | str]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for entry in entries:
        near: list[Title] = []
        if isinstance(entry, str) and len(told) < MOST_SUGGESTED:
            ids = naming.near(service, reader, entry)
            found = service.titles(ids)
            near = [found[id] for id in ids if id in found]
        suggestions = [{"id": title.id, "title": title.name(language())} for title in near]
        told.append({"given": entry, "suggestions": suggestions})
    return told
