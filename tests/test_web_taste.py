"""Taste: the numbers by hand, the charts as links, and switches that change the rows at once."""

from __future__ import annotations

import datetime
import re

import people
import pytest
import web
from web import get

from catalogue import Title
from lists.entry import Entry
from webapp import charts
from webapp.taste import drivers, parts, portrait, scores


def work(id, genres=("Drama",), year=2010, studios=(), format="tv", score=7.0, **facts):
    return Title(id, {"en": f"Work {id}"}, genres=genres, year=year, studios=studios, format=format, score=score, **facts)  # fmt: skip


def on(id, status="completed", score=None, **more):
    return Entry(id, status, score, **more)


TITLES = {
    title.id: title
    for title in (
        work(1, ("Drama", "Music"), 2011, ("Bones",), duration_min=30),
        work(2, ("Drama",), 2015, ("Bones",), score=8.6),
        work(3, ("Comedy",), 1999, ("Sunrise",), "movie"),
        work(4, ("Action",), 2012),
        work(5, ("Horror",), None, (), None, None),
    )
}


# -- numbers -------------------------------------------------------------------------------------------------------


def test_a_portrait_counts_what_was_liked_and_nothing_that_is_only_planned():
    entries = [on(1, score=9, episodes=12, rewatches=1), on(2), on(3, score=8), on(4, "plan_to_watch"), on(5, "dropped", 2)]  # fmt: skip
    found = portrait(entries, TITLES)
    assert found.begun == 4
    assert (found.episodes, found.minutes) == (24, 720)
    assert [(part.name, part.count) for part in found.genres] == [("Drama", 2), ("Comedy", 1), ("Music", 1)]
    assert found.genres[0].share == pytest.approx(2 / 3)
    assert found.genres[0].score == 9
    assert found.genres[0].beside == "2010"
    assert [(part.name, part.beside) for part in found.eras] == [("1990", "Comedy"), ("2010", "Drama")]
    assert [(part.name, part.count) for part in found.makers] == [("Bones", 2)]
    assert [(part.name, part.count) for part in found.formats] == [("tv", 2), ("movie", 1)]


def test_where_nothing_is_liked_what_was_begun_tells():
    found = portrait([on(5, "dropped", 2)], TITLES)
    assert [part.name for part in found.genres] == ["Horror"]


def test_a_list_of_nothing_has_no_portrait_and_breaks_nothing():
    for entries in ([], [on(99)], [on(4, "plan_to_watch")]):
        found = portrait(entries, TITLES)
        assert (found.begun, found.genres, found.scores) == (0, (), None)


def test_scores_lie_beside_the_members_mean_of_the_same_works():
    found = scores([(on(1, score=9), TITLES[1]), (on(2, score=7), TITLES[2]), (on(3), TITLES[3]), (on(5, score=1), TITLES[5])])  # fmt: skip
    assert found.rated == 2
    assert found.own == (0, 0, 0, 0, 0, 0, 1, 0, 1, 0)
    assert found.crowd == (0, 0, 0, 0, 0, 0, 1, 0, 1, 0)
    assert found.mean == 8
    assert found.crowd_mean == pytest.approx(7.8)
    assert found.apart == pytest.approx(0.2)


def test_the_works_that_the_rows_come_from_drive_them():
    picks = [((1, 3.0), (2, 1.0)), ((1, 2.0),), ((2, 0.0),), (), ((99, 5.0),)]
    found = drivers(picks, TITLES)
    assert [(driver.title.id, driver.led, round(driver.share, 3)) for driver in found] == [(1, 2, 0.583), (2, 1, 0.083)]
    assert drivers([], TITLES) == ()


def test_a_trait_counts_once_a_work():
    [part] = parts([(on(1), work(1, ("Drama", "Drama")))], lambda title: title.genres)
    assert (part.count, part.share) == (1, 1.0)


def test_a_donut_goes_around_once():
    for shares in ([1], [3, 1], [1, 1, 1, 1, 1], [1000, 1]):
        paths = charts.donut(shares)
        assert len(paths) == len(shares)
        assert all(re.fullmatch(r"M[\d. ]+A40 40 0 [01] 1 [\d. ]+", path) for path in paths)


def test_a_radar_begins_upwards_and_the_longest_reaches_the_rim():
    first, *rest = charts.radar([1.0, 0.5, 0.0])
    assert (first.x, first.at_x, first.at_y, first.anchor) == (110, 110, first.y, "middle")
    assert {spoke.anchor for spoke in rest} == {"start", "end"}


# -- the page ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return people.site(tmp_path_factory.mktemp("taste"))


@pytest.fixture
def me(app):
    client = app.test_client()
    client.id = people.make_profile(client, "Juno", (1, 2, 3, 7, 12, 18))
    at = datetime.datetime(2017, 1, 1, tzinfo=datetime.UTC)
    people.store(app).lists.add_many(client.id, [Entry(id, "completed", 5 + id % 6, updated=at) for id in range(20, 40)])  # fmt: skip
    return client


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_bar_is_a_link_that_leads_somewhere(me, language):
    page = get(me, "/taste", **{"Accept-Language": language})
    links = {link for link in page.links() if link.startswith("/browse?")}
    assert len(links) > 12
    for link in links:
        get(me, link)
    assert any("genre=" in link and "year_from=" in link for link in links)
    assert any("studio=" in link for link in links)
    assert any("format=" in link for link in links)


def test_every_chart_has_a_sentence_and_a_table_of_the_same_numbers(me):
    html = get(me, "/taste").html
    sections = re.findall(r'<section class="chart".*?</section>', html, re.DOTALL)
    assert len(sections) == 6
    for section in sections:
        assert 'class="said"' in section
        assert "<details" in section
        assert "<table>" in section
        assert "<svg" in section
        assert "style=" not in section


def test_too_short_a_list_says_what_is_missing(app):
    client = app.test_client()
    id = people.make_profile(client)
    people.store(app).lists.remove(id, 1)
    page = get(client, "/taste")
    assert "Three titles on your lists are needed" in page.text
    assert "chart-genres" not in page.html


def test_the_switches_are_kept_and_shown(app, me):
    one = people.form(get(me, "/taste").html, "/taste")
    assert sorted(value for name, value in one["fields"] if name == "exclude") == ["completed", "watching"]
    version = people.store(app).lists.version(me.id)
    saved = people.submit(me, one, exclude=["dropped", "on_hold"], adventurous="80", sequels="1")
    assert "Saved" in saved.get_data(as_text=True)
    kept = people.store(app).people.get(me.id).preferences
    assert (kept.exclude, kept.adventurous, kept.sequels) == ({"dropped", "on_hold"}, 0.8, True)
    assert people.store(app).lists.version(me.id) > version
    again = people.form(saved.get_data(as_text=True), "/taste")
    assert ("adventurous", "80") in again["fields"]
    assert "Nothing changed" in people.submit(me, again).get_data(as_text=True)


def test_the_switches_change_the_rows_at_once(app, me):
    def shown():
        return set(get(me, "/").title_ids())

    people.submit(me, people.form(get(me, "/taste").html, "/taste"), exclude=["completed", "watching"])
    before = people.store(app).people.get(me.id).preferences
    first = shown()
    people.submit(me, people.form(get(me, "/taste").html, "/taste"), exclude=None, adventurous="100", sequels="1")
    assert people.store(app).people.get(me.id).preferences != before
    assert shown() != first


@pytest.mark.parametrize("value", ["101", "-1", "x"])
def test_a_switch_that_can_not_be_is_refused(me, value):
    one = people.form(get(me, "/taste").html, "/taste")
    assert "adventurous is" in people.submit(me, one, adventurous=value).get_data(as_text=True)


def test_where_nobody_is_watching_taste_leads_to_the_choice(app):
    response = app.test_client().get("/taste")
    assert response.headers["Location"] == "/people?next=%2Ftaste"


def test_a_catalogue_that_attacks_is_text_on_the_pages_of_people(tmp_path):
    client = web.make_site(tmp_path, titles=web.hostile()).test_client()
    people.make_profile(client, "Juno", tuple(range(1, 6)))
    for address in ("/taste", "/my-list", "/people/new", "/titles/1"):
        page = get(client, address)
        assert web.HOSTILE not in page.html
        assert not [a for _, a in page.tags if "onerror" in a]
        assert "\u202e" not in page.text
