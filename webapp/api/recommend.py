"""POST /api/recommend/hybrid: recommendations whose two scores add up, with the reason for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, jsonify
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from catalogue import Title
from recommenders.duet import Pick
from recommenders.profiles import TEN, liked
from search.results import QueryError
from vocabulary import label
from webapp import params
from webapp.api import bodies
from webapp.api.profile import profiles, unavailable, user_of
from webapp.api.shapes import Shape
from webapp.hybrid import hybrids
from webapp.i18n import gettext as _
from webapp.i18n import language
from webapp.services import search_service

blueprint = Blueprint("api_recommend", __name__)
bodies.guard(blueprint)

PARAMS = (params.LANG,)
FIELDS = ("user_id", "n_recommendations", "content_weight", "collaborative_weight", *params.FILTER_NAMES)
MOST = 100
MOST_WEIGHT = 1_000_000
CONTENT, COLLABORATIVE = 0.6, 0.4
# Scores are told to so many digits; the sum is made of what is told, so that it always adds up.
DIGITS = 6
SHARED = 4


class HybridBody(Shape):
    """Whom to recommend to, and how."""

    user_id: str | int
    n_recommendations: int = Field(10, ge=1, le=MOST)
    content_weight: float = Field(CONTENT, ge=0, le=MOST_WEIGHT, description="Weights are normalised to a sum of 1; both 0 is 422.")  # fmt: skip
    collaborative_weight: float = Field(COLLABORATIVE, ge=0, le=MOST_WEIGHT)
    year_from: int | None = None
    year_to: int | None = None
    format: str | list[str] | None = Field(None, description="Any of these.")
    genre: str | list[str] | None = Field(None, description="All of these, in English or Korean.")
    without_genre: str | list[str] | None = Field(None, description="None of these.")
    theme: str | list[str] | None = Field(None, description="All of these.")
    studio: str | list[str] | None = Field(None, description="Any of these.")
    episodes_min: int | None = None
    episodes_max: int | None = None


class Weights(Shape):
    """The weights that were used, with a sum of 1."""

    content: float
    collaborative: float


class Reason(Shape):
    """A work of the user's and what it added to the score."""

    id: int
    title: str
    weight: float


class Why(Shape):
    """Why a work is recommended: in words, by which works of the user's, and what it shares with these."""

    text: str
    because: list[Reason]
    shared: list[str]


class Recommendation(Shape):
    """A work; `final_score` is `content_score` + `collab_score`, both already weighted."""

    id: int
    title: str
    final_score: float
    content_score: float
    collab_score: float
    genres: str = Field(description="With | between them.")
    year: int | None
    synopsis: str
    why: Why


class HybridAnswer(Shape):
    """The recommendations, best first."""

    user_id: str | int
    method: str
    weights: Weights
    collaborative_model: str | None = Field(description="Its name; null where content answers alone.")
    notices: list[str] = Field(description="What is to be known: content_alone, simulated_lists, unknown_to_collaborative, nothing_known ...")  # fmt: skip
    recommendations: list[Recommendation]


EXAMPLES = {
    "english": {
        "summary": "Five works since 2005, mostly by content",
        "value": {"user_id": "reader-1", "n_recommendations": 5, "content_weight": 0.8, "collaborative_weight": 0.2, "year_from": 2005},
    },
    "korean": {
        "summary": "드라마 장르에서 열 작품",
        "value": {"user_id": "독자-1", "n_recommendations": 10, "content_weight": 0.6, "collaborative_weight": 0.4, "genre": "드라마"},
    },
}  # fmt: skip


@blueprint.post("/api/recommend/hybrid")
def hybrid() -> Response:
    """Recommend by content and by what people with the same works like, .6 and .4 unless given.

    Each part is scaled to 0..1 over all works that could be recommended, then weighted; filters choose among the
    ranked works and change no score. What was watched, adult works and what is not offered are left out. The ranking
    is pure: several works of one series may stand in it.
    """
    body = bodies.read(FIELDS, FIELDS[:1])
    user_id = user_of(body["user_id"])
    count = bodies.whole("n_recommendations", body.get("n_recommendations", 10), 1, MOST)
    content, others = _weights(body)
    service = search_service()
    filters = params.filters(bodies.filters(body), service)
    try:
        kept = profiles().get(user_id)
    except SQLAlchemyError as error:
        unavailable(error)
    if kept is None:
        abort(404, _("There is no profile of this user_id; POST one to /api/user/profile first."))
    opened = hybrids().open()
    reader = service.reader()
    ratings = [rating / kept.scale * TEN for rating in kept.ratings]
    rated = dict(zip(kept.watched, ratings, strict=True))
    weights = liked(list(rated.items()))
    allowed = opened.allowed(reader, replace(filters, adult=service.adult))
    picks, notices = opened.duet.recommend(weights, kept.watched, count, content, others, allowed, rated)
    because = [int(reason.item) for pick in picks for reason in pick.because]
    titles = service.titles(list(dict.fromkeys([*(pick.item for pick in picks), *because])))
    return jsonify(
        {
            "user_id": body["user_id"],
            "method": "hybrid",
            "weights": {"content": round(content, DIGITS), "collaborative": round(others, DIGITS)},
            "collaborative_model": opened.name,
            "notices": [*opened.notices, *notices],
            "recommendations": [_pick_json(pick, titles, language()) for pick in picks if pick.item in titles],
        }
    )


def _weights(body: dict[str, Any]) -> tuple[float, float]:
    usual = (("content_weight", CONTENT), ("collaborative_weight", COLLABORATIVE))
    content, others = (bodies.number(name, body.get(name, default), 0, MOST_WEIGHT) for name, default in usual)
    if content + others <= 0:
        raise QueryError("content_weight", _("content_weight and collaborative_weight are both 0; one must be above 0."))  # fmt: skip
    return content / (content + others), others / (content + others)


def _pick_json(pick: Pick, titles: dict[int, Title], code: str) -> dict[str, Any]:
    title = titles[pick.item]
    content, others = round(pick.content, DIGITS), round(pick.collaborative, DIGITS)
    return {
        "id": title.id,
        "title": title.name(code),
        "final_score": round(content + others, DIGITS),
        "content_score": content,
        "collab_score": others,
        "genres": "|".join(label(name, code) for name in title.genres),
        "year": title.year,
        "synopsis": title.text(code),
        "why": _why(pick, title, titles, code),
    }


def _why(pick: Pick, title: Title, titles: dict[int, Title], code: str) -> dict[str, Any]:
    reasons = [(titles[int(one.item)], one.weight) for one in pick.because if int(one.item) in titles]
    theirs = {name for other, _weight in reasons for name in (*other.genres, *other.themes)}
    shared = [label(name, code) for name in dict.fromkeys((*title.genres, *title.themes)) if name in theirs]
    if not reasons:
        text = _("Nothing you have rated speaks for it; it stands here because many watch it.")
    else:
        names = ", ".join(other.name(code) for other, _weight in reasons)
        text = _("Because you liked: %(titles)s.", titles=names)
        if shared:
            text += " " + _("In common: %(things)s", things=", ".join(shared[:SHARED])) + "."
    because = [{"id": other.id, "title": other.name(code), "weight": round(weight, 4)} for other, weight in reasons]
    return {"text": text, "because": because, "shared": shared}
