"""Surprise me: one title that somebody would not have looked for, and why it is this one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog
from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from catalogue import Title
from search.engine import EngineError
from webapp import personal
from webapp.i18n import gettext as _
from webapp.pool import Pool
from webapp.services import services
from webapp.wording import genre_label

blueprint = Blueprint("surprise", __name__)
log = structlog.get_logger("nextep.web")

PARAMETER = "surprise"
TASTE = "taste"
# From so many of the best, that a second click shows another title and every one of them is good.
CHOICE = 40
GOOD_SCORE = 7.5
# Of the genres this part is looked into least.
LITTLE = 3


@dataclass(frozen=True, slots=True)
class Surprise:
    """A title, and what chose it: a genre, or `taste`."""

    title: Title
    by: str


@blueprint.get("/surprise")
def surprise() -> ResponseReturnValue:
    """Lead to a title: by taste where somebody is watching, else a well rated one of a genre that few look into."""
    rng = random.SystemRandom()
    found = _by_taste(rng) or by_genre(services().pool(), services().opened_lately(), rng, personal.excluded())
    if found is None:
        return redirect("/browse", 303)
    answer = redirect(f"/titles/{found.title.id}?{urlencode({PARAMETER: found.by})}", 303)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _by_taste(rng: random.Random) -> Surprise | None:
    """Return one of the best matches for who is watching but not one of the very first, which their rows show already."""
    now = personal.evening()
    if now is None:
        return None
    try:
        offered = personal.recommendations(now, now.serving.name, CHOICE)
    except EngineError as error:
        log.warning("no surprise by taste", reason=str(error))
        return None
    if not offered:
        return None
    return Surprise(rng.choice(offered[len(offered) // 2 :])[0], TASTE)


def by_genre(pool: Pool, opened: Sequence[Title], rng: random.Random, without: Collection[int] = ()) -> Surprise | None:
    """Return a well rated title of one of the genres that are opened least for their size."""
    seen = Counter(label for title in opened for label in (*title.genres, *title.themes))
    genres = sorted(pool.by_genre, key=lambda label: (seen[label] / max(pool.genres.get(label, 1), 1), pool.genres.get(label, 0)))  # fmt: skip
    some = genres[: max(len(genres) // LITTLE, 1)]
    # A genre without a good title gives way to the next.
    for label in (*rng.sample(some, len(some)), *genres):
        free = [title for title in pool.by_genre[label] if title.id not in without and title.score is not None]
        good = sorted(free, key=lambda title: -(title.score or 0))[:CHOICE]
        good = [title for title in good if (title.score or 0) >= GOOD_SCORE] or good[:1]
        if good:
            return Surprise(rng.choice(good), label)
    return None


def line(title: Title) -> str:
    """Return why the reader was led to this title; empty for one who came another way."""
    by = request.args.get(PARAMETER, "")
    if by == TASTE and personal.evening() is not None:
        why = personal.why_text(title)
        return _("A surprise to your taste: %(why)s", why=why) if why else _("A surprise to your taste")
    if by and by in (*title.genres, *title.themes):
        return _("A surprise: well rated in %(genre)s, which few look into here", genre=genre_label(by))
    return ""
