"""What the scripts of cards ask the server for: previews, surprises, the manifest, the service worker and its page."""

from __future__ import annotations

import gzip
import json
import random
import re

import people
import pytest
import web
from jinja2 import DictLoader

from webapp.assets import Assets
from webapp.pages import surprise
from webapp.pages.offline import ICONS
from webapp.pool import Pool

JAVASCRIPT_BUDGET = 30_000
STYLE_BUDGET = 25_000


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return people.site(tmp_path_factory.mktemp("cards"), 90)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def watched(app):
    """Return a client who made a profile."""
    client = app.test_client()
    people.make_profile(client)
    return client


def choices(html: str) -> list[str]:
    return re.findall(r'data-title="(\d+)"', html)


# -- previews ------------------------------------------------------------------------------------------------------


def test_a_preview_says_title_year_format_three_labels_and_leads_to_the_lists(client):
    page = web.get(client, "/titles/7/preview")
    assert "Work 7 of Summer" in page.text
    assert "1997" in page.text
    assert "TV" in page.text
    labels = page.html.partition('class="labels"')[2].partition("</ul>")[0]
    assert 1 <= labels.count("<li>") <= 3
    assert page.title_ids() == [7]
    assert any(link.startswith("/people?") for link in page.links())
    assert not page.all("html")


def test_a_preview_for_somebody_holds_the_buttons_of_their_lists(watched):
    page = web.get(watched, "/titles/7/preview")
    [form] = page.all("form")
    assert (form["data-title"], form["data-episodes"]) == ("7", "8")
    assert {button.get("data-status") for button in page.all("button")} == {"plan_to_watch", "watching", "completed", None}  # fmt: skip


@pytest.mark.parametrize("what", ["preview", "opened"])
def test_of_a_title_that_is_not_there_there_is_nothing_to_show_or_count(client, what):
    assert client.get(f"/titles/4040/{what}").status_code == 404


def test_looking_at_a_preview_and_prefetching_a_page_open_nothing(app, client):
    client.get("/")
    log = app.extensions["nextep"].searches()
    seen = []
    app.extensions["nextep"].recorder.opened, kept = lambda who, id: seen.append(id), app.extensions["nextep"].recorder.opened  # fmt: skip
    try:
        client.get("/titles/9/preview")
        client.get("/titles/9", headers={"Sec-Purpose": "prefetch"})
        assert seen == []
        # The page came out of the prefetch: the browser says that it is open now.
        assert client.get("/titles/9/opened").status_code == 204
        assert seen == [9]
    finally:
        app.extensions["nextep"].recorder.opened = kept
    assert log is not None


def test_only_a_prefetched_page_may_be_shown_again_without_asking(client):
    assert "max-age=30" in client.get("/titles/9", headers={"Sec-Purpose": "prefetch"}).headers["Cache-Control"]
    assert client.get("/titles/9").headers["Cache-Control"] == "private, no-cache"


# -- rows ----------------------------------------------------------------------------------------------------------


def test_the_first_two_rows_come_with_the_page_and_the_others_say_where_they_are(client):
    page = web.get(client, "/")
    filled = re.findall(r'<section class="row[^"]*" id="row-([\w-]+)" aria-labelledby="[^"]*">(?=.{0,1500}?<media-row)', page.html, re.DOTALL)  # fmt: skip
    left = [section for section in page.all("section") if section.get("data-fill")]
    assert len(filled) >= 2
    assert len(left) >= 3
    for section in left:
        row = web.get(client, str(section["data-fill"]))
        assert row.all("section")[0]["id"] == section["id"]
        assert row.title_ids()


def test_without_a_script_one_link_brings_every_row(client):
    bare = web.get(client, "/")
    assert any(link.startswith("/?rows=all#row-") for link in bare.links())
    whole = web.get(client, "/?rows=all")
    assert not [section for section in whole.all("section") if section.get("data-fill")]
    names = [section["id"] for section in bare.all("section") if str(section.get("id", "")).startswith("row-")]
    assert names == [section["id"] for section in whole.all("section") if str(section.get("id", "")).startswith("row-")]


def test_cards_link_to_the_address_that_a_reader_may_copy_and_say_their_place_apart(client):
    html = client.get("/rows/top10").get_data(as_text=True)
    assert re.findall(r'data-from="([^"]+)"', html) == [f"top10.{place}" for place in range(10)]
    assert html.count("data-foil") == 3


def test_what_is_hidden_by_a_script_needs_no_page(watched):
    secret = people.token(watched)
    headers = {"Accept": "application/json", "X-CSRFToken": secret}
    assert watched.post("/my-list/20/hide", headers=headers).status_code == 204
    assert "said-now" not in watched.get("/about").get_data(as_text=True)
    assert watched.post("/my-list/20/unhide", headers=headers).status_code == 204
    assert watched.post("/my-list/20/hide", headers={"Accept": "application/json"}).status_code == 400


# -- surprise ------------------------------------------------------------------------------------------------------


def test_a_surprise_leads_to_a_title_and_says_why_it_is_this_one(client):
    answer = client.get("/surprise")
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    page = web.get(client, answer.location)
    assert "A surprise: well rated in" in page.text
    assert "surprise" not in re.search(r'<link rel="canonical" href="([^"]+)"', page.html)[1]


def test_a_surprise_for_somebody_is_of_their_taste_and_nothing_that_they_finished(watched):
    found = {watched.get("/surprise").location for _ in range(12)}
    assert len(found) > 2
    assert all(address.endswith("?surprise=taste") for address in found)
    assert not {re.search(r"\d+", address)[0] for address in found} & {"1", "2", "3"}
    assert "A surprise to your taste" in web.get(watched, found.pop()).text


@pytest.mark.parametrize("by", ["Nonsense", "<b>", "taste"])
def test_an_address_that_somebody_made_up_is_no_surprise(client, by):
    page = web.get(client, f"/titles/9?surprise={by}")
    assert "surprise-line" not in page.html


def test_the_genre_that_is_opened_least_for_its_size_is_chosen():
    def of(genre: str, first: int) -> list:
        return [web.title(first + at, f"{genre} {at}", genres=(genre,), score=9 - at * 0.2) for at in range(10)]

    often, seldom = of("Action", 1), of("Horror", 101)
    pool = Pool([], [], [], {"Action": 10, "Horror": 10}, {"Action": often, "Horror": seldom}, 20)
    found = [surprise.by_genre(pool, often, random.Random(seed), {101}) for seed in range(30)]
    assert {one.by for one in found} == {"Horror"}
    assert all(one.title.score >= surprise.GOOD_SCORE and one.title.id != 101 for one in found)
    assert len({one.title.id for one in found}) > 3
    # Where nothing of it is left, the next genre gives way to none.
    rest = surprise.by_genre(pool, often, random.Random(1), {title.id for title in seldom})
    assert rest.by == "Action"
    assert surprise.by_genre(Pool([], [], []), [], random.Random(1)) is None


# -- installed and without a network -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_manifest_names_icons_of_the_size_it_says(client, language):
    response = client.get("/manifest.webmanifest", headers={"Accept-Language": language})
    assert response.mimetype == "application/manifest+json"
    told = json.loads(response.get_data())
    assert (told["lang"], told["start_url"], told["display"]) == (language, "/", "standalone")
    assert len(told["icons"]) == len(ICONS)
    for icon in told["icons"]:
        picture = client.get(icon["src"]).get_data()
        assert picture.startswith(b"\x89PNG")
        assert f"{int.from_bytes(picture[16:20])}x{int.from_bytes(picture[20:24])}" == icon["sizes"]
        assert len(picture) < 20_000


def test_the_service_worker_keeps_the_page_without_a_network_and_its_style_and_nothing_else(client):
    response = client.get("/sw.js")
    assert response.mimetype == "text/javascript"
    assert response.headers["Cache-Control"] == "no-cache"
    kept = json.loads(re.search(r"const KEPT = (.*);", response.get_data(as_text=True))[1])
    assert {re.sub(r"\.[0-9a-f]{10}\.", ".", address) for address in kept} == {"/offline?lang=en", "/offline?lang=ko", "/static/css/site.css", "/static/css/offline.css"}  # fmt: skip
    assert all(client.get(address).status_code == 200 for address in kept)


def test_browsers_take_a_new_worker_when_the_page_that_it_keeps_says_something_else(tmp_path):
    app = people.site(tmp_path, 3)
    client = app.test_client()
    before = client.get("/sw.js").data
    assert client.get("/sw.js").data == before
    page = app.jinja_loader.get_source(app.jinja_env, "offline.html")[0]
    app.jinja_loader = DictLoader({"offline.html": page.replace("</main>", "<p>Soon.</p></main>")})
    assert client.get("/sw.js").data != before


@pytest.mark.parametrize(("language", "words"), [("en", "No connection"), ("ko", "인터넷 연결 없음")])
def test_the_page_without_a_network_is_about_nobody(watched, language, words):
    page = web.get(watched, f"/offline?lang={language}")
    assert words in page.text
    assert "Juno" not in page.html
    assert not page.all("form")
    assert not page.all("script")


# -- budgets -------------------------------------------------------------------------------------------------------


def test_scripts_and_styles_of_every_page_keep_their_budgets():
    files = Assets()
    scripts = [files.asset(path.relative_to(files.folder).as_posix()) for path in files.folder.rglob("*.js")]
    assert sum(len(one.zipped) for one in scripts) < JAVASCRIPT_BUDGET
    styles = [files.asset(path.relative_to(files.folder).as_posix()) for path in files.folder.rglob("*.css")]
    assert sum(len(gzip.compress(one.content, 9)) for one in styles) < STYLE_BUDGET
