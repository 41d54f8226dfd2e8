"""The rows of the home page: pure functions from the pool of titles to rows.

Charts rank, so a title may stand in several; among the other rows no title comes twice.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from catalogue import SEASONS, Title
from webapp.i18n import N_, language
from webapp.i18n import gettext as _
from webapp.pool import Pool, Season, in_order, one_a_series
from webapp.wording import genre_label
from webapp.wording import season as season_name

Window = Literal["all", "month"]
TOP = 10
LENGTH = 18
GENRE_LENGTH = 14
GENRE_ROWS = 5
TILES = 12
# A chart of the last 30 days needs so many titles that were opened; with fewer, all time is shown and said.
ENOUGH_OPENED = 6
ENOUGH_IN_SEASON = 4
ENOUGH_INSTEAD = 10
GEM_SCORE = 7.0


@dataclass(frozen=True, slots=True)
class Tile:
    """A link to a genre, with a work whose picture stands for it."""

    label: str
    name: str
    count: int
    title: Title


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `window` is None where it can't be switched; `note` says what the reader should know of it.

    `reasons` says by id why a title is there, `progress` which share of its episodes was seen (0 to 1), `seed` is the
    work that a "because" row is about, `model` what chose the titles, `link` an address for the heading. A row that is
    not `filled` is a heading whose titles come from /rows/{name}.
    """

    name: str
    title: str
    items: Sequence[Title] = ()
    kind: Literal["row", "top", "tiles", "moods", "continue", "because"] = "row"
    note: str = ""
    window: Window | None = None
    more: Mapping[str, str | int] = field(default_factory=dict)
    tiles: Sequence[Tile] = ()
    moods: Sequence[str] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)
    progress: Mapping[int, float] = field(default_factory=dict)
    seed: Title | None = None
    model: str = ""
    link: str = ""
    filled: bool = True

    @property
    def whys(self) -> list[str]:
        """Return the reason of each title in the order of the row, empty where it has none."""
        return [self.reasons.get(title.id, "") for title in self.items]


@dataclass(frozen=True, slots=True)
class Hero:
    """The work of the day with the line that says why."""

    title: Title
    reason: str


def hero(pool: Pool, today: datetime.date) -> Hero | None:
    """Return the work of the day: each day another of the best known and best rated that have a synopsis."""
    told = [title for title in pool.loved[:28] if title.synopsis.get(language())] or pool.loved[:28]
    if not told:
        return None
    # Shuffled, but always the same way, so that no work comes back before all had their day.
    shuffled = sorted(told, key=lambda title: hashlib.blake2b(str(title.id).encode()).digest())
    title = shuffled[today.toordinal() % len(shuffled)]
    watched = [other.id for other in pool.watched]
    rated = [other.id for other in pool.rated]
    if title.id in rated[:25]:
        return Hero(title, _("Today's pick: number %(rank)s of the best rated here", rank=rated.index(title.id) + 1))
    if title.id in watched[:25]:
        return Hero(title, _("Today's pick: number %(rank)s of the most watched here", rank=watched.index(title.id) + 1))  # fmt: skip
    return Hero(title, _("Today's pick: watched by many and rated high"))


def home_rows(
    pool: Pool,
    opened: Sequence[Title],
    today: datetime.date,
    windows: Mapping[str, Window],
    shown: Collection[int] = (),
) -> list[Row]:
    """Return the rows of the home page, in order.

    `opened` are the titles opened here in the last 30 days, the most opened first; `windows` says which rows are to
    go by them; the titles of `shown` (the hero) stand in charts only.
    """
    if not pool.total:
        return []
    used = set(shown)
    length = row_length(pool)

    def taken(row: Row) -> Row:
        used.update(title.id for title in row.items)
        return row

    season = taken(season_row(pool, today, used, length))
    newest = taken(newest_row(pool, used, length))
    gems = taken(gems_row(pool, used, length))
    genre_rows = [
        taken(genre_row(pool, opened, label, windows.get(genre_name(label), "all"), used, min(length, GENRE_LENGTH)))
        for label in _row_genres(pool)
    ]
    charts = {
        name: chart(name, pool, opened, windows.get(name, "all")) for name in ("top10", "top_rated", "most_watched")
    }
    first, rest = genre_rows[:1], genre_rows[1:]
    rows = [
        charts["top10"],
        season,
        moods_row(),
        charts["top_rated"],
        tiles_row(pool),
        *first,
        gems,
        charts["most_watched"],
        *rest,
        newest,
    ]
    return [row for row in rows if row.items or row.tiles or row.moods]


def row_length(pool: Pool) -> int:
    """Return how many titles a row that may not repeat others takes: of a small catalogue, so that each gets some."""
    return max(3, min(LENGTH, pool.total // 6))


# -- charts --------------------------------------------------------------------------------------------------------


def chart(name: str, pool: Pool, opened: Sequence[Title], window: Window) -> Row:
    """Return a chart: `top10`, `top_rated` or `most_watched`, of all time or by what was opened here lately."""
    length = TOP if name == "top10" else LENGTH
    headings = {
        "top10": N_("Top 10"),
        "top_rated": N_("Top rated"),
        "most_watched": N_("Most watched"),
    }
    all_time: dict[str, Callable[[], Sequence[Title]]] = {
        "top10": lambda: pool.loved or pool.watched_once,
        "top_rated": lambda: pool.rated_once,
        "most_watched": lambda: pool.watched_once,
    }
    lately: dict[str, Callable[[], Sequence[Title]]] = {
        "top10": lambda: _blend(opened),
        "top_rated": lambda: sorted(opened, key=lambda title: -(title.score or 0)),
        "most_watched": lambda: list(opened),
    }
    items, note, window = _windowed(all_time[name](), lately[name](), window, length)
    more = {"top10": {}, "top_rated": {"sort": "score"}, "most_watched": {"sort": "watched"}}[name]
    return Row(name, _(headings[name]), items, "top" if name == "top10" else "row", note, window, more)


def _blend(opened: Sequence[Title]) -> list[Title]:
    """Return opened titles by the sum of their ranks by openings and by score."""
    by_score = sorted(opened, key=lambda title: -(title.score or 0))
    rank = {title.id: at for at, title in enumerate(by_score)}
    ordered = sorted(enumerate(opened), key=lambda pair: pair[0] + rank[pair[1].id])
    return [title for _, title in ordered]


def _windowed(
    all_time: Sequence[Title], lately: Sequence[Title], window: Window, length: int
) -> tuple[list[Title], str, Window]:
    if window == "all":
        return list(all_time[:length]), "", "all"
    if len(lately) < ENOUGH_OPENED:
        note = _("Too little was opened on this site in the last 30 days to tell, so this is all time.")
        return list(all_time[:length]), note, "month"
    return list(lately[:length]), _("By what was opened on this site in the last 30 days."), "month"


# -- new -----------------------------------------------------------------------------------------------------------


def season_of(day: datetime.date) -> tuple[int, str]:
    """Return the year and the season of a day: winter from January, spring from April ..."""
    return day.year, SEASONS[(day.month - 1) // 3]


def season_before(year: int, season: str) -> tuple[int, str]:
    """Return the season before one."""
    at = SEASONS.index(season)
    return (year, SEASONS[at - 1]) if at else (year - 1, SEASONS[-1])


def season_row(pool: Pool, today: datetime.date, used: Collection[int] = (), length: int = LENGTH) -> Row:
    """Return the releases of the season before this one; where there are hardly any, the newest there are, and say so."""
    wanted = season_before(*season_of(today))
    by_season: dict[Season, list[Title]] = {}
    for season, titles in pool.by_season.items():
        free = [title for title in titles if title.id not in used] if in_order(season) <= in_order(wanted) else []
        if free:
            by_season[season] = free
    found = by_season.get(wanted, [])
    heading, note = _("New in %(season)s", season=season_name(*wanted)), ""
    if len(found) < ENOUGH_IN_SEASON and by_season:
        for season in by_season:
            found = found if season == wanted else [*found, *by_season[season]]
            heading = _("New since %(season)s", season=season_name(*season))
            if len(found) >= min(ENOUGH_INSTEAD, length):
                break
        note = _("This catalogue holds next to nothing of %(wanted)s, the last season; these are its newest.", wanted=season_name(*wanted))  # fmt: skip
    else:
        found = sorted(found, key=lambda title: (-(title.members or 0), title.id))
    return Row("new_season", heading, found[:length], note=note, more={"sort": "newest"})


def newest_row(pool: Pool, used: Collection[int], length: int = LENGTH) -> Row:
    """Return the newest releases of all."""
    items = [title for title in pool.newest if title.id not in used][:length]
    return Row("newest", _("Newest of all"), items, more={"sort": "newest"})


# -- found apart from the crowd ------------------------------------------------------------------------------------


def gems_row(pool: Pool, used: Collection[int], length: int = LENGTH) -> Row:
    """Return hidden gems: of the best rated the quarter that the fewest watch, by score, one a series."""
    rated = [title for title in pool.rated if (title.score or 0) >= GEM_SCORE and title.members]
    if not rated:
        return Row("gems", _("Hidden gems"))
    bar = sorted(title.members or 0 for title in rated)[max(len(rated) // 4 - 1, 0)]
    few = [title for title in one_a_series(rated) if (title.members or 0) <= bar and title.id not in used]
    return Row("gems", _("Hidden gems"), few[:length], note=_("Rated high by the few who know them."))


def genre_name(label: str) -> str:
    """Return the name of a genre's row."""
    return "genre-" + "".join(char if char.isalnum() else "-" for char in label.lower())


def _row_genres(pool: Pool) -> list[str]:
    """Return the genres that get a row: the largest, but not two that mostly hold the same works."""
    chosen: list[str] = []
    for label in pool.by_genre:
        ids = {title.id for title in pool.by_genre[label]}
        alike = [other for other in chosen if len(ids & {t.id for t in pool.by_genre[other]}) > 0.7 * len(ids)]
        if not alike:
            chosen.append(label)
    return chosen[:GENRE_ROWS]


def genre_row(
    pool: Pool, opened: Sequence[Title], label: str, window: Window, used: Collection[int], length: int = GENRE_LENGTH
) -> Row:
    """Return the most watched of a genre, or those of it that were opened here lately."""

    def free(titles: Iterable[Title]) -> list[Title]:
        return one_a_series([title for title in titles if title.id not in used])

    lately = [title for title in opened if label in (*title.genres, *title.themes)]
    items, note, window = _windowed(free(pool.by_genre[label]), free(lately), window, length)
    return Row(genre_name(label), genre_label(label), items, note=note, window=window, more={"genre": label})


def tiles_row(pool: Pool) -> Row:
    """Return the genres as tiles, each with the picture of a work that is not on another tile."""
    tiles, taken = [], set()
    for label, titles in pool.by_genre.items():
        face = next((title for title in titles if title.id not in taken), None)
        if face is not None:
            taken.add(face.id)
            tiles.append(Tile(label, genre_label(label), pool.genres.get(label, len(titles)), face))
    return Row("genres", _("By genre"), kind="tiles", tiles=tiles[:TILES])


def moods_row() -> Row:
    """Return things to search for in words, which is what sets this search apart."""
    moods = [
        _("trapped inside a game"),
        _("pirates looking for treasure"),
        _("friends start a band"),
        _("robots of the 90s"),
        _("a detective with a secret"),
        _("something short and funny"),
        _("a musician who can no longer play"),
        _("rivals who become friends"),
    ]
    return Row("moods", _("Say what you are in the mood for"), kind="moods", moods=moods)
