"""Attacks on the whole site: from its catalogue, from other sites, and by address."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import people
import pytest
import web
from samples import title
from web import HOSTILE, PAGES, get

from webapp.art.share import names
from webapp.images import picture
from webapp.security import WRITES

TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SERVICES = {"/api/user/profile", "/api/recommend/hybrid"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return web.make_engine(tmp_path_factory.mktemp("attacks"))


@pytest.fixture(scope="module")
def app(tmp_path_factory, engine):
    return web.make_site(tmp_path_factory.mktemp("site"), engine)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("hostile"), titles=web.hostile())


# -- a hostile catalogue -------------------------------------------------------------------------------------------


def pages_of(app) -> list[str]:
    """Return an address of every page and fragment that shows anything of the catalogue."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.rule.startswith(("/static/", "/docs/", "/art/", "/images/", "/metrics", "/.well-known")):  # fmt: skip
            found.append(re.sub(r"<[^>]*>", "1", rule.rule))
    return [
        *sorted(set(found)),
        "/search?q=alert",
        "/search?q=drama+club",
        "/browse?genre=Drama",
        "/rows/top10",
        "/titles/3",
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_hostile_catalogue_is_text_on_every_page_there_is(attacked, language):
    client = attacked.test_client()
    seen = 0
    for address in pages_of(attacked):
        response = client.get(address, headers={"Accept-Language": language})
        assert response.status_code < 500, address
        if response.mimetype != "text/html":
            continue
        seen += 1
        page = web.Page(response.get_data(as_text=True))
        assert HOSTILE not in page.html, address
        assert not TURNING.search(page.html), address
        assert not [a for _, a in page.tags if "onerror" in a or a.get("src") == "x"], address
        assert page.html.count("<script") == len(page.all("script"))
    assert seen > 10


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_data_block_of_a_hostile_title_ends_where_it_should(attacked, language):
    html = attacked.test_client().get("/titles/1", headers={"Accept-Language": language}).get_data(as_text=True)
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert not re.search("[<>&\u2028\u2029]", block)
    told = json.loads(block)
    assert HOSTILE in told["name"]
    assert told["@context"] == "https://schema.org"
    assert not TURNING.search(json.dumps(told, ensure_ascii=False))


def test_suggestions_and_the_api_give_a_hostile_name_as_json_only(attacked):
    client = attacked.test_client()
    for address in ("/api/suggest?q=scr", "/api/search?q=alert", "/api/titles/1", "/api/titles/1/similar"):
        response = client.get(address)
        assert response.content_type == "application/json", address
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "script" in client.get("/api/suggest?q=scr").get_data(as_text=True)


def test_the_share_picture_of_a_hostile_title_is_a_picture(attacked):
    html = attacked.test_client().get("/titles/1").get_data(as_text=True)
    address = re.search(r'property="og:image" content="([^"]+)"', html)[1]
    response = attacked.test_client().get(urlsplit(address).path)
    assert picture(response.data).mimetype == response.mimetype == "image/png"
    faces = attacked.extensions["nextep-shares"].faces
    assert not TURNING.search("".join(names(web.hostile()[0], "en", faces)))


def test_a_name_that_runs_the_other_way_keeps_to_itself(app):
    style = app.test_client().get("/static/css/search.css").get_data(as_text=True)
    [isolated] = re.findall(r"([^}]*)\{ unicode-bidi: isolate; \}", style)
    for place in (".quoted", ".chip", ".letters b", ".option > span", ".native", ".hero-facts > span"):
        assert place in isolated


# -- other sites ---------------------------------------------------------------------------------------------------


def changes(app) -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"<[^>]*>", "1", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted(WRITES & (rule.methods or set()))
    ]


def test_every_change_by_a_browser_needs_a_token(app):
    tried = [(method, address) for method, address in changes(app) if address not in SERVICES]
    assert len(tried) >= 10
    client = app.test_client()
    people.token(client)
    for method, address in tried:
        for headers in ({}, {"X-CSRFToken": "made up"}, {"Origin": "https://evil.example"}):
            assert client.open(address, method=method, headers=headers).status_code == 400, (method, address)


def test_what_services_call_takes_no_body_that_another_sites_form_could_send(app):
    client = app.test_client()
    for address in SERVICES:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            body = '{"user_id": "a", "watched_anime": [1], "ratings": [9]}'
            assert client.post(address, data=body, content_type=kind).status_code == 415, (address, kind)
        assert "Access-Control-Allow-Origin" not in client.options(address).headers


@pytest.mark.parametrize("away", ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/%09/evil.example", "javascript:alert(1)", "\t//evil.example", "///evil.example"])  # fmt: skip
def test_no_parameter_of_any_page_leads_away(app, away):
    client = app.test_client()
    for address in {re.sub(r"\?.*", "", page) for page in PAGES} | {"/people", "/search", "/my-list", "/images/1"}:
        for name in ("next", "q", "lang", "look", "to", "url", "return_to"):
            response = client.get(address, query_string={name: away})
            place = urlsplit(response.headers.get("Location", "/"))
            assert place.netloc in ("", "localhost"), (address, name)
            assert not place.path.startswith(("//", "/\\"))


# -- rates ---------------------------------------------------------------------------------------------------------


def test_writes_are_limited_by_address_with_a_time_to_come_back(tmp_path, engine):
    client = web.make_site(tmp_path, engine, rate_limit=2).test_client()
    body = {"user_id": "a", "watched_anime": [1], "ratings": [9]}
    statuses = [client.post("/api/user/profile", json=body).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.post("/api/user/profile", json=body)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.content_type == "application/problem+json"
    elsewhere = client.post("/api/user/profile", json=body, environ_base={"REMOTE_ADDR": "10.9.8.7"})
    assert elsewhere.status_code == 200
    assert client.get("/search?q=a").status_code == 200


def test_a_made_up_forwarded_address_does_not_widen_the_limit(tmp_path, engine):
    client = web.make_site(tmp_path, engine, rate_limit=2).test_client()
    statuses = [client.get("/api/search?q=a", headers={"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}", "X-Real-IP": f"10.0.0.{n}"}).status_code for n in range(4)]  # fmt: skip
    assert statuses == [200, 200, 429, 429]


# -- addresses and files -------------------------------------------------------------------------------------------


def test_absolute_addresses_follow_a_proxy_only_where_one_is_trusted(tmp_path, engine):
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for proxies, host in ((0, "localhost"), (1, "evil.example")):
        page = get(
            web.make_site(tmp_path / str(proxies), engine, proxies=proxies).test_client(), "/titles/1", **headers
        )
        assert {urlsplit(str(meta["content"])).hostname for meta in page.all("meta") if str(meta.get("property")) in ("og:url", "og:image")} == {host}  # fmt: skip


def test_security_txt_says_where_to_report_and_until_when_it_holds(app):
    response = app.test_client().get("/.well-known/security.txt", base_url="https://nextep.example")
    assert response.mimetype == "text/plain"
    text = response.get_data(as_text=True)
    assert "Contact: https://nextep.example/about#security" in text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", text, re.MULTILINE)
    assert 'id="security"' in app.test_client().get("/about").get_data(as_text=True)


def test_a_control_character_in_a_name_is_nowhere(tmp_path):
    works = [title(1, "A\x00B\x1bC\x9b", synopsis={"en": "A drama\x07 club."}, genres=("Drama",))]
    client = web.make_site(tmp_path, titles=works).test_client()
    for address in ("/titles/1", "/browse"):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", client.get(address).get_data(as_text=True))
