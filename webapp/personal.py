"""A person's rows: from their lists to taste, from taste to carousels, from carousels to rows with reasons in words."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import structlog
from flask import has_request_context

import vocabulary
from catalogue import Title
from lists.entry import STATUSES, Entry, Status
from recommenders.carousels import LENGTH, Carousel, Pick, for_you, home, ranking, why
from recommenders.taste import Taste, Watched
from search.engine import EngineError, Filters
from search.results import Listing
from webapp import rows, who
from webapp.i18n import N_, language
from webapp.i18n import gettext as _
from webapp.models import Serving, models
from webapp.pool import Pool
from webapp.rows import Hero, Row, Window
from webapp.services import services
from webapp.wording import genre_label

if TYPE_CHECKING:
    from store.people import Person

log = structlog.get_logger("nextep.web")

FAVOURITE = 10.0  # what choosing a work as a favourite says, where it has no score
Titles = Callable[[Sequence[int]], Mapping[int, Title]]
# The order of the page; what a person has no row for is left out.
PLAN = (
    "continue", "for_you", "because", "top10", "people", "because", "on_hold", "genre", "moods", "hidden_gems", "because",
    "makers", "top_rated", "new_for_you", "genres", "genre", "plan_to_watch", "most_watched", "genre", "new_season",
)  # fmt: skip


@dataclass(frozen=True)
class Evening:
    """One person at one moment: their list, the last change first, and what they are not interested in."""

    person: Person
    entries: Sequence[Entry]
    hidden: frozenset[int]
    serving: Serving
    today: datetime.date
    version: int = 0

    @cached_property
    def excluded(self) -> frozenset[int]:
        """Return what may not be recommended: the statuses that the person ticked, and what they hid."""
        return excluded_of(self.person, self.entries, self.hidden)

    @cached_property
    def taste(self) -> Taste:
        """Return what the lists say."""
        # Whoever wants to see no more of a work is not told of it as one that they loved.
        favourites = [id for id in self.person.favourites if id not in self.hidden]
        entries = [
            Watched(
                item=str(entry.title_id),
                liked=entry.title_id not in self.hidden and (entry.liked or entry.title_id in favourites),
                score=entry.score or (FAVOURITE if entry.title_id in favourites else None),
                begun=entry.status != "plan_to_watch",
                changed=entry.updated.timestamp(),
            )
            for entry in self.entries
        ]
        on_list = {entry.title_id for entry in self.entries}
        entries += [Watched(str(id), score=FAVOURITE) for id in favourites if id not in on_list]
        preferences = self.person.preferences
        excluded = frozenset(str(id) for id in self.excluded)
        return Taste(entries, excluded, preferences.adventurous, preferences.sequels)

    def carousels(self) -> list[Carousel]:
        """Return the rows that recommend, the hero first; empty where nothing is known that the person likes."""
        return home(self.serving.shelf, self.taste, self.today, LENGTH, hero=True)


def evening() -> Evening | None:
    """Return who is watching now and what they have; None where nobody is or nothing can be recommended from."""
    person = who.current() if has_request_context() else None
    if person is None:
        return None
    found = who.on_list()
    try:
        serving = models().serving()
    except EngineError as error:
        log.warning("no recommendations", reason=str(error))
        return None
    entries, today = tuple(found.entries.values()), services().settings.date
    made = Evening(person, entries, found.hidden, serving, today, found.version)
    if not found.version:  # the list could not be read
        return made
    # What it has worked out is good for the next request too, until the list changes; a name changes without it.
    kept = models().remembered(("evening", person.id, found.version, today, id(serving)), lambda: made)
    return kept if kept.person == person else made


def excluded_of(person: Person, entries: Sequence[Entry], hidden: Collection[int]) -> frozenset[int]:
    """Return the statuses that a person ticked, what they hid, and favourites that are on no list."""
    listed = {entry.title_id for entry in entries if entry.status in person.preferences.exclude}
    on_list = {entry.title_id for entry in entries}
    return frozenset(listed | set(hidden) | (set(person.favourites) - on_list))


def left_out() -> tuple[Status, ...]:
    """Return the statuses that who is watching ticked and has works of: what searches by meaning leave out."""
    person = who.current()
    if person is None:
        return ()
    there = {entry.status for entry in who.on_list().entries.values()}
    return tuple(status for status in STATUSES if status in there & person.preferences.exclude)


def excluded(seen: bool = False) -> tuple[int, ...]:
    """Return what searches by meaning and similar works leave out for who is watching; `seen` leaves out only what they hid."""
    person = who.current()
    if person is None:
        return ()
    found = who.on_list()
    if seen:
        return tuple(sorted(found.hidden))
    return tuple(sorted(excluded_of(person, tuple(found.entries.values()), found.hidden)))


def carousels_of(now: Evening) -> list[Carousel]:
    """Return the rows that recommend; for the same list, models and day they are worked out once."""
    if not now.version:
        return now.carousels()
    return models().remembered((now.person.id, now.version, now.today, id(now.serving)), now.carousels)


# -- the page ------------------------------------------------------------------------------------------------------


def home_page(
    now: Evening,
    carousels: Sequence[Carousel],
    pool: Pool,
    opened: Sequence[Title],
    windows: Mapping[str, Window],
    titles: Titles,
) -> tuple[Hero | None, list[Row]]:
    """Return the hero and the rows of a person's home.

    Charts and the person's own lists repeat what stands elsewhere; among all other rows no title comes twice. What
    the person is not interested in is nowhere.
    """
    ids = {int(pick.item) for row in carousels for pick in row.items}
    ids |= {int(other.item) for row in carousels for pick in row.items for other in pick.because}
    ids |= {int(row.seed) for row in carousels if row.seed}
    own = own_lists(now)
    shown = titles(sorted(ids | {entry.title_id for entries in own.values() for entry in entries}))
    pool = without(pool, now.hidden)
    opened = [title for title in opened if title.id not in now.hidden]
    chosen = _hero(carousels, shown, pool, now)
    used = {int(pick.item) for row in carousels for pick in row.items} | ({chosen.title.id} if chosen else set())
    made: dict[str, list[Row]] = {}
    for name, entries in own.items():
        made[name] = [_own_row(name, entries, shown)]
    for carousel in carousels:
        if carousel.kind != "hero":
            kind = carousel.kind if carousel.kind in ("because", "genre") else carousel.name
            made.setdefault(kind, []).append(row_of(carousel, shown, now.serving.name))
    if len(carousels) < 2:
        # Nothing is known that the person likes: the catalogue's own rows, after the person's lists.
        others = rows.home_rows(pool, opened, now.today, windows, now.excluded | used)
        return chosen, [row for row in [*(row for found in made.values() for row in found), *others] if _filled(row)]
    for name in ("top10", "top_rated", "most_watched"):
        made[name] = [rows.chart(name, pool, opened, windows.get(name, "all"))]
    made |= {
        "moods": [rows.moods_row()],
        "genres": [rows.tiles_row(pool)],
        "new_season": [rows.season_row(pool, now.today, now.excluded | used)],
    }
    planned = [made[name].pop(0) for name in PLAN if made.get(name)]
    left = [row for found in made.values() for row in found]
    return chosen, [row for row in [*planned, *left] if _filled(row)]


def own_lists(now: Evening) -> dict[str, list[Entry]]:
    """Return the entries that have rows of their own, each list by its last change, else as imported."""
    statuses = {"continue": "watching", "on_hold": "on_hold", "plan_to_watch": "plan_to_watch"}
    return {
        name: [entry for entry in now.entries if entry.status == status and entry.title_id not in now.hidden]
        for name, status in statuses.items()
    }


def without(pool: Pool, ids: Collection[int]) -> Pool:
    """Return the pool without some titles."""
    if not ids:
        return pool

    def kept(titles: Sequence[Title]) -> list[Title]:
        return [title for title in titles if title.id not in ids]

    return replace(
        pool,
        watched=kept(pool.watched),
        rated=kept(pool.rated),
        newest=kept(pool.newest),
        by_genre={label: kept(titles) for label, titles in pool.by_genre.items()},
    )


def _filled(row: Row) -> bool:
    return bool(row.items or row.tiles or row.moods)


def _hero(carousels: Sequence[Carousel], shown: Mapping[int, Title], pool: Pool, now: Evening) -> Hero | None:
    first = next((row for row in carousels if row.kind == "hero"), None)
    if first is not None and int(first.items[0].item) in shown:
        pick = first.items[0]
        return Hero(shown[int(pick.item)], reason(pick, shown) or _("The best match for your list today"))
    return rows.hero(without(pool, now.excluded), now.today)


def _own_row(name: str, entries: Sequence[Entry], shown: Mapping[int, Title]) -> Row:
    headings = {
        "continue": N_("Continue watching"),
        "on_hold": N_("Pick it up again"),
        "plan_to_watch": N_("Plan to watch"),
    }
    entries = [entry for entry in entries if entry.title_id in shown][: rows.LENGTH]
    progress = {}
    for entry in entries:
        total = shown[entry.title_id].episodes
        progress[entry.title_id] = min(entry.episodes / total, 1.0) if total else 0.0
    status = "watching" if name == "continue" else name
    return Row(
        name,
        _(headings[name]),
        [shown[entry.title_id] for entry in entries],
        kind="continue" if name == "continue" else "row",
        progress=progress if name != "plan_to_watch" else {},
        link=f"/my-list?status={status}",
    )


def row_of(carousel: Carousel, shown: Mapping[int, Title], model: str) -> Row:
    """Return a carousel as a row: its heading, its titles, and why each is there."""
    seed = shown.get(int(carousel.seed)) if carousel.seed else None
    picks = [pick for pick in carousel.items if int(pick.item) in shown]
    said = reasons(picks, shown, carousel.kind)
    return Row(
        carousel.name,
        heading(carousel, seed),
        [shown[int(pick.item)] for pick in picks],
        kind="because" if seed is not None else "row",
        note=_("Since %(year)s.", year=carousel.since) if carousel.since else "",
        more={"genre": carousel.label} if carousel.label else {},
        reasons={int(pick.item): text for pick, text in zip(picks, said, strict=True) if text},
        seed=seed,
        model=model,
    )


# -- words ---------------------------------------------------------------------------------------------------------


def heading(carousel: Carousel, seed: Title | None) -> str:
    """Return the heading of a carousel."""
    if seed is not None:
        return _("Because you loved %(title)s", title=seed.name(language()))
    if carousel.kind == "genre":
        return _("%(genre)s for you", genre=genre_label(carousel.label))
    return _(HEADINGS.get(carousel.kind, "For you"))


HEADINGS = {
    "people": N_("People like you liked"),
    "gems": N_("Hidden gems for you"),
    "makers": N_("More from makers you like"),
    "new": N_("New for you"),
    "for_you": N_("For you"),
}
# Said of hundreds of works on a page, so each is looked up once a row.
REASONS = {
    "in_common": N_("In common: %(things)s"),
    "same_people": N_("Liked by the same people as %(title)s"),
    "share": N_("Liked by %(share)s of the people whose lists are like yours"),
    "maker": N_("From %(maker)s, like %(title)s"),
    "in_common_with": N_("In common with %(title)s: %(things)s"),
    "two": N_("Because you watched %(one)s and %(other)s"),
    "one": N_("Because you watched %(one)s"),
}


def reason(pick: Pick, shown: Mapping[int, Title], kind: str = "for_you") -> str:
    """Return why a work was picked: the works that led to it, or what it shares with one; empty where nothing did."""
    return next(iter(reasons([pick], shown, kind)))


def reasons(picks: Iterable[Pick], shown: Mapping[int, Title], kind: str) -> list[str]:
    """Return why each work of a row was picked."""
    code = language()
    said: dict[str, str] = {}

    def words(key: str, **values: str) -> str:
        if key not in said:
            said[key] = _(REASONS[key])
        return said[key] % values

    made = []
    for pick in picks:
        names = [shown[int(one.item)].name(code) for one in pick.because if int(one.item) in shown]
        things = ", ".join([vocabulary.label(name, code) for name in pick.shared]) if pick.shared else ""
        if kind == "because" and things:
            text = words("in_common", things=things)
        elif kind == "because" and names:
            text = words("same_people", title=names[0])
        elif kind == "people" and pick.share is not None:
            text = words("share", share=f"{pick.share:.0%}")
        elif kind == "makers" and names:
            text = words("maker", maker=pick.shared[0], title=" · ".join(names))
        elif things and names:
            text = words("in_common_with", title=names[0], things=things)
        elif len(names) > 1:
            text = words("two", one=names[0], other=names[1])
        else:
            text = words("one", one=names[0]) if names else ""
        made.append(text)
    return made


def why_text(title: Title) -> str | None:
    """Return what on the lists of who is watching speaks for a title, None where nothing does."""
    now = evening()
    if now is None:
        return None
    pick = models().remembered(
        ("why", title.id, now.person.id, now.version, id(now.serving)),
        lambda: why(now.serving.shelf, now.taste, str(title.id)),
    )
    if pick is None:
        return None
    return reason(pick, services().search.titles([int(one.item) for one in pick.because])) or None


# -- lists for the API ---------------------------------------------------------------------------------------------


def recommendations(now: Evening, model: str, limit: int) -> list[tuple[Title, str]]:
    """Return the best titles for a person by one of the serving models, each with its reason.

    Raises KeyError for a model that does not serve.
    """
    row = for_you(now.serving.shelf_of(model), now.taste, now.today, limit)
    if row is None:
        return []
    ids = {int(pick.item) for pick in row.items} | {int(one.item) for pick in row.items for one in pick.because}
    shown = services().search.titles(sorted(ids))
    return [(shown[int(pick.item)], reason(pick, shown)) for pick in row.items if int(pick.item) in shown]


def listing(now: Evening, filters: Filters, page: int, limit: int) -> Listing | None:
    """Return a page of the works that pass the filters, the best for a person first; None where nothing tells."""
    order = models().remembered(
        ("ranked", now.person.id, now.version, id(now.serving)), lambda: ranking(now.serving.shelf, now.taste)
    )
    if order is None:
        return None
    search = services().search
    reader = search.reader()
    wanted = replace(filters, adult=search.adult, exclude=(*filters.exclude, *sorted(now.excluded)))
    passing = set(reader.browse(wanted, "watched", 0, reader.info().documents).ids)
    ids = [id for id in map(int, order) if id in passing]
    shown = ids[(page - 1) * limit : page * limit]
    found = search.titles(shown)
    return Listing(len(ids), page, limit, [found[id] for id in shown if id in found])
