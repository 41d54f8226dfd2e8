"""What is remembered of visitors, and how it comes back as trending."""

from __future__ import annotations

import pytest
import web
from web import get

from search.keys import key
from webapp.visitors import COOKIE


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return web.make_engine(tmp_path_factory.mktemp("visitors"))


@pytest.fixture
def app(tmp_path, engine):
    return web.make_site(tmp_path, engine)


def site(app):
    return app.extensions["nextep"]


def wait(app) -> None:
    assert site(app).recorder.flush()
    site(app).forget()


def visit(app, *addresses: str):
    client = app.test_client()
    client.get("/about")
    for address in addresses:
        client.get(address)
    wait(app)
    return client


def test_three_visitors_make_a_search_trending_and_two_do_not(app):
    for _ in range(2):
        visit(app, "/search?q=TORADORA!")
    assert site(app).made_lately() == []
    visit(app, "/search?q=toradora", "/search?q=toradora")
    assert [key(text) for text in site(app).made_lately()] == ["toradora"]
    assert "oradora" in get(app.test_client(), "/search").text
    assert "Trending searches" in get(app.test_client(), "/search").text


def test_one_visitor_can_not_put_words_on_the_page(app):
    client = app.test_client()
    for _ in range(10):
        client.get("/search?q=buy+now")
    wait(app)
    assert site(app).made_lately() == []


def test_a_bot_without_cookies_does_not_count(app):
    for _ in range(5):
        app.test_client(use_cookies=False).get("/search?q=toradora")
        app.test_client(use_cookies=False).get("/titles/3")
    wait(app)
    assert site(app).made_lately() == []
    assert site(app).opened_lately() == []


def test_made_up_cookies_do_not_count(app):
    for number in range(5):
        client = app.test_client()
        client.set_cookie(COOKIE, f"{number:032x}.forged")
        client.get("/search?q=toradora")
    wait(app)
    assert site(app).made_lately() == []


def test_opened_titles_are_counted_and_turn_the_charts(app):
    visit(app, *[f"/titles/{number}" for number in (1, 2, 3, 4, 6, 7, 10, 999, 8)])
    visit(app, "/titles/7")
    assert site(app).opened_lately()[0].id == 7
    assert {title.id for title in site(app).opened_lately()} == {1, 2, 3, 4, 6, 7, 10}
    page = get(app.test_client(), "/?most_watched=month").section("row-most_watched")
    assert page.title_ids()[0] == 7
    assert "opened on this site" in page.text


def test_a_prefetch_is_not_a_visit(app):
    client = visit(app)
    client.get("/titles/3", headers={"Sec-Purpose": "prefetch;prerender"})
    wait(app)
    assert site(app).opened_lately() == []


def test_what_is_stored_is_a_salted_hash_and_no_cookie(app):
    client = visit(app, "/search?q=toradora")
    cookie = client.get_cookie(COOKIE).value
    from sqlalchemy import text

    with site(app).searches()._sessions() as session:
        stored = session.execute(text("SELECT visitor FROM searches")).scalar_one()
    assert len(stored) == 32
    assert stored not in cookie
    assert cookie.split(".")[0] not in stored


def test_turning_pages_and_the_api_count_once(app):
    client = visit(app, "/search?q=drama", "/search?q=drama&group=names&page=2")
    client.get("/api/search?q=drama&page=2&group=names")
    wait(app)
    from sqlalchemy import text

    with site(app).searches()._sessions() as session:
        assert session.execute(text("SELECT count(*) FROM searches")).scalar_one() == 1


def test_a_search_that_found_nothing_is_never_shown(app):
    for _ in range(4):
        visit(app, "/search?q=qqqq+wwww+zzzz")
    assert site(app).made_lately() == []


def test_searches_to_try_are_taken_from_the_catalogue_until_there_are_some(app):
    page = get(app.test_client(), "/search")
    assert "Newer works that many watch" in page.text
    assert any("Attack" in link or "Twin" in link for link in page.links())
    korean = app.test_client().get("/api/suggest?q=&lang=ko", headers={"Accept-Language": "ko"}).json["suggestions"]
    assert "토라도라!" in [item["text"] for item in korean]
