"""The rows of the home page, as functions of titles."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
import web

from search.service import SearchService
from webapp import rows
from webapp.pool import Pool, gather, one_a_series

TODAY = web.TODAY
FREE = ("top10", "top_rated", "most_watched", "genres", "moods")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("rows"), titles=web.many(90))


@pytest.fixture(autouse=True)
def request_of_a_reader(app):
    with app.test_request_context("/"):
        yield


@pytest.fixture(scope="module")
def pool(app) -> Pool:
    return gather(app.extensions["nextep"].search, TODAY)


def named(made: list[rows.Row], name: str) -> rows.Row:
    return next(row for row in made if row.name == name)


def test_no_title_stands_twice_but_in_charts(pool):
    hero = rows.hero(pool, TODAY)
    made = rows.home_rows(pool, [], TODAY, {}, (hero.title.id,))
    ids = [title.id for row in made if row.name not in FREE for title in row.items]
    assert len(ids) == len(set(ids))
    assert hero.title.id not in ids
    for row in made:
        assert len({title.id for title in row.items}) == len(row.items)


def test_what_is_not_to_be_shown_stands_in_charts_alone_and_rows_stay_full(pool):
    plain = {row.name: row for row in rows.home_rows(pool, [], TODAY, {})}
    gone = {row.items[at].id for row in plain.values() if row.name not in FREE for at in (0, 1)}
    made = [row for row in rows.home_rows(pool, [], TODAY, {}, gone) if row.name not in FREE]
    assert not gone & {title.id for row in made for title in row.items}
    assert len(named(made, "new_season").items) == len(plain["new_season"].items)


def test_every_row_asked_for_is_there(pool):
    names = [row.name for row in rows.home_rows(pool, [], TODAY, {})]
    assert names[:4] == ["top10", "new_season", "moods", "top_rated"]
    assert {"gems", "most_watched", "newest", "genres"} <= set(names)
    assert len([name for name in names if name.startswith("genre-")]) >= 3


def test_charts_are_in_order(pool):
    made = rows.home_rows(pool, [], TODAY, {})
    assert len(named(made, "top10").items) == 10
    scores = [title.score for title in named(made, "top_rated").items]
    assert scores == sorted(scores, reverse=True)
    members = [title.members for title in named(made, "most_watched").items]
    assert members == sorted(members, reverse=True)


def test_the_top_ten_is_both_watched_and_rated(pool):
    top = pool.loved[:10]
    middle = sorted(title.members for title in pool.watched)[len(pool.watched) // 2]
    assert all(title.members > middle for title in top)
    assert all(title.score > 6 for title in top)


def test_a_chart_takes_one_work_of_a_series(pool):
    twins = [title.replace(series=7) for title in pool.watched[:5]]
    assert one_a_series([*twins, *pool.watched[5:]])[:2] == [twins[0], pool.watched[5]]


def test_the_last_thirty_days_go_by_what_was_opened_here(pool):
    opened = list(pool.watched[20:32])
    made = rows.home_rows(pool, opened, TODAY, {"most_watched": "month", "top10": "month"})
    assert list(named(made, "most_watched").items) == opened
    assert {title.id for title in named(made, "top10").items} <= {title.id for title in opened}
    assert "30 days" in named(made, "most_watched").note
    assert named(made, "top_rated").window == "all"


def test_too_little_opened_falls_back_to_all_time_and_says_so(pool):
    made = rows.home_rows(pool, list(pool.watched[:2]), TODAY, {"top10": "month"})
    assert list(named(made, "top10").items) == pool.loved[:10]
    assert "Too little" in named(made, "top10").note
    assert named(made, "top10").window == "month"


def test_genre_rows_hold_that_genre_and_can_be_of_the_last_thirty_days(pool):
    made = rows.home_rows(pool, [], TODAY, {})
    row = next(row for row in made if row.name.startswith("genre-"))
    label = row.more["genre"]
    assert all(label in (*title.genres, *title.themes) for title in row.items)
    opened = [title for title in pool.watched if label in (*title.genres, *title.themes)]
    turned = rows.genre_row(pool, opened, str(label), "month", set())
    assert list(turned.items) == opened[: rows.GENRE_LENGTH]


@pytest.mark.parametrize(("day", "season"), [("2017-01-01", (2017, "winter")), ("2017-03-31", (2017, "winter")), ("2017-04-01", (2017, "spring")), ("2017-12-31", (2017, "fall"))])  # fmt: skip
def test_seasons_begin_in_january_april_july_and_october(day, season):
    assert rows.season_of(datetime.date.fromisoformat(day)) == season


def test_the_season_before_winter_is_last_years_fall():
    assert rows.season_before(2017, "winter") == (2016, "fall")
    assert rows.season_before(2017, "fall") == (2017, "summer")


def aired(pool: Pool, *days: str) -> Pool:
    newest = [title.replace(aired_from=day, year=int(day[:4])) for title, day in zip(pool.newest, days, strict=False)]
    return dataclasses.replace(pool, newest=newest)


def test_new_releases_are_of_the_last_season_by_the_date_of_the_settings(pool):
    made = aired(
        pool, *["2017-04-03", "2017-05-09", "2017-06-30", "2017-04-01"], "2017-07-02", "2017-03-31", "2016-04-05"
    )
    row = rows.season_row(made, TODAY)
    assert row.title == "New in Spring 2017"
    assert row.note == ""
    assert {title.aired_from for title in row.items} == {"2017-04-03", "2017-05-09", "2017-06-30", "2017-04-01"}


def test_an_older_catalogue_shows_its_newest_and_says_so(pool):
    row = rows.season_row(aired(pool, "2015-10-01", "2015-10-08", "2015-07-01", "2014-01-09"), TODAY, length=3)
    assert row.title == "New since Summer 2015"
    assert "Spring 2017" in row.note
    assert [title.aired_from for title in row.items] == ["2015-10-01", "2015-10-08", "2015-07-01"]


def test_what_is_announced_for_later_is_not_new(app):
    pool = gather(app.extensions["nextep"].search, datetime.date(2010, 6, 1))
    assert max(title.aired_from for title in pool.newest) <= "2010-06-01"


def test_hidden_gems_are_rated_high_and_watched_by_few(pool):
    row = rows.gems_row(pool, set())
    assert row.items
    bar = sorted(title.members for title in pool.rated if title.score >= rows.GEM_SCORE)
    assert all(title.members <= bar[len(bar) // 4] for title in row.items)
    assert all(title.score >= rows.GEM_SCORE for title in row.items)


def test_the_hero_changes_from_day_to_day_and_not_within_one(pool):
    days = [TODAY + datetime.timedelta(days=number) for number in range(10)]
    ids = [rows.hero(pool, day).title.id for day in days]
    assert len(set(ids)) > 5
    assert ids == [rows.hero(pool, day).title.id for day in days]


def test_tiles_show_each_genre_with_another_picture(pool):
    tiles = rows.tiles_row(pool).tiles
    assert len({tile.title.id for tile in tiles}) == len(tiles)
    assert all(tile.label in (*tile.title.genres, *tile.title.themes) for tile in tiles)


def test_an_empty_catalogue_has_no_rows():
    empty = Pool([], [], [])
    assert rows.home_rows(empty, [], TODAY, {}) == []
    assert rows.hero(empty, TODAY) is None


def test_titles_without_score_date_or_watchers_break_nothing(tmp_path):
    bare = [web.title(number, f"Bare {number}", genres=()) for number in range(1, 9)]
    service = SearchService(web.make_engine(tmp_path, bare), web.encoder())
    made = rows.home_rows(gather(service, TODAY), [], TODAY, {})
    assert named(made, "most_watched").items
