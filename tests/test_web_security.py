"""Headers, hosts, rates, cookies, keys, and a catalogue that attacks."""

from __future__ import annotations

import re

import people
import pytest
import web
from web import HOSTILE, PAGES, get

from config import SettingsError
from webapp import create_app, security


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return web.make_engine(tmp_path_factory.mktemp("security"))


@pytest.fixture(scope="module")
def client(tmp_path_factory, engine):
    return web.make_site(tmp_path_factory.mktemp("site"), engine).test_client()


EVERYWHERE = (*PAGES, "/nope", "/search?q=x&page=0", "/api/search?q=x", "/api/search", "/healthz", "/docs", "/openapi.json", "/robots.txt", "/rows/top10")  # fmt: skip


@pytest.mark.parametrize("address", EVERYWHERE)
def test_every_answer_has_the_security_headers(client, address):
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    for directive in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert headers["Permissions-Policy"]
    assert headers["X-Request-ID"]


@pytest.mark.parametrize("address", [*PAGES, "/nope", "/docs"])
def test_no_page_has_inline_script_or_style(client, address):
    page = web.Page(client.get(address).get_data(as_text=True))
    for tag, attributes in page.tags:
        assert "style" not in attributes, f"<{tag} style>"
        assert tag != "style"
        assert not [name for name in attributes if name.startswith("on")], f"<{tag} {attributes}>"
        if tag == "script":
            assert attributes.get("src") or attributes.get("type") == "application/ld+json"
        for name in ("src", "href", "action"):
            assert not str(attributes.get(name) or "").startswith(("http:", "//", "javascript:")) or tag in ("link", "meta")  # fmt: skip


# -- a catalogue that attacks --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("hostile"), titles=web.hostile()).test_client()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("address", ["/", "/titles/1", "/browse", "/search?q=alert", "/search?q=drama+club", "/search?q=script+alert+1+img", "/about"])  # fmt: skip
def test_a_hostile_catalogue_renders_as_text(attacked, address, language):
    page = get(attacked, address, **{"Accept-Language": language})
    assert HOSTILE not in page.html
    assert all(attributes.get("src") != "x" for attributes in page.all("img"))
    assert not [a for _, a in page.tags if "onerror" in a]
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page.text), "a bidirectional control reached the page"


@pytest.mark.parametrize("address", ["/api/search?q=alert", "/api/titles/1", "/api/suggest?q=scr", "/api/titles"])
def test_a_hostile_catalogue_is_json_and_nothing_else(attacked, address):
    response = attacked.get(address)
    assert response.status_code == 200
    assert response.content_type == "application/json"


@pytest.mark.parametrize("query", [HOSTILE, '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "</title><script>", "\u202egpj.exe"])  # fmt: skip
def test_what_was_searched_for_is_said_back_as_text(client, query):
    for address in ("/search", "/browse"):
        for name in ("q", "genre", "sort", "page"):
            html = client.get(address, query_string={"q": "x", name: query}).get_data(as_text=True)
            assert query not in html
            assert "<script>" not in html


def test_posters_of_a_hostile_catalogue_hold_no_script(attacked):
    for image in get(attacked, "/titles/1").all("img"):
        response = attacked.get(str(image["src"]))
        assert "script" not in response.get_data(as_text=True)
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


# -- rates ---------------------------------------------------------------------------------------------------------


def test_searches_are_limited_by_address_with_a_time_to_come_back(tmp_path, engine):
    client = web.make_site(tmp_path, engine, rate_limit=3).test_client()
    addresses = ("/search?q=a", "/api/search?q=b", "/search?q=c")
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]
    page, problem = client.get("/search?q=d"), client.get("/api/search?q=d")
    for response in (page, problem):
        assert response.status_code == 429
        assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert page.mimetype == "text/html"
    assert problem.json["detail"]
    assert problem.content_type == "application/problem+json"
    assert client.get("/api/search?q=d", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 200
    for free in ("/", "/browse", "/titles/1", "/api/titles", "/api/suggest?q=a", "/metrics", "/healthz", "/readyz"):
        assert [client.get(free).status_code for _ in range(5)] == [200] * 5


def test_suggestions_have_a_wider_limit_of_their_own(tmp_path, engine):
    client = web.make_site(tmp_path, engine, rate_limit=2).test_client()
    assert [client.get("/api/suggest?q=a").status_code for _ in range(20)] == [200] * 20
    assert client.get("/api/suggest?q=a").status_code == 429
    assert client.get("/api/search?q=a").status_code == 200


def test_no_limit_is_no_limit(tmp_path, engine):
    client = web.make_site(tmp_path, engine, rate_limit=0).test_client()
    assert {client.get("/api/search?q=tora").status_code for _ in range(130)} == {200}


def test_an_ipv6_network_counts_as_one_address(client):
    def counted(address):
        with client.application.test_request_context("/", environ_base={"REMOTE_ADDR": address}):
            return security.address()

    assert counted("2001:db8:1:2::1") == counted("2001:db8:1:2:ffff::9")
    assert counted("2001:db8:1:3::1") != counted("2001:db8:1:2::1")
    assert counted("::ffff:10.0.0.1") == counted("10.0.0.1") == "10.0.0.1"
    assert counted("") == "unknown"


# -- proxies and hosts ---------------------------------------------------------------------------------------------


def test_forwarded_headers_count_only_behind_as_many_proxies_as_are_trusted(tmp_path, engine):
    forwarded = {"X-Forwarded-For": "1.1.1.1, 2.2.2.2", "X-Forwarded-Proto": "https", "X-Request-ID": "given-by-proxy"}
    seen = {}
    for proxies in (0, 1):
        app = web.make_site(tmp_path / str(proxies), engine, proxies=proxies)
        app.add_url_rule("/whoami", "whoami", lambda: f"{security.address()} {security.cookie_secure()}")
        response = app.test_client().get("/whoami", headers=forwarded)
        seen[proxies] = (response.get_data(as_text=True), response.headers["X-Request-ID"] == "given-by-proxy")
    assert seen == {0: ("127.0.0.1 False", False), 1: ("2.2.2.2 True", True)}


def test_only_the_hosts_of_the_settings_are_answered_to(tmp_path, engine):
    client = web.make_site(tmp_path, engine, hosts=("nextep.example", ".friends.example")).test_client()
    for host, status in (("nextep.example", 200), ("nextep.example:8000", 200), ("a.friends.example", 200), ("evil.example", 400), ("localhost", 400)):  # fmt: skip
        assert client.get("/about", headers={"Host": host}).status_code == status
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200


def test_no_address_leads_away_from_the_site(client):
    for path in (
        "//evil.example",
        "/\\evil.example",
        "///evil.example/titles/1",
        "/http://evil.example",
        "/titles//evil.example",
    ):
        response = client.get("/", environ_overrides={"PATH_INFO": path})
        assert response.headers.get("Location", "http://localhost/").startswith("http://localhost/")
        for link in web.Page(response.get_data(as_text=True)).links():
            # A browser takes a backslash for a slash.
            assert not link.replace("\\", "/").startswith("//"), (path, link)
    for query in ("lang=ko&next=//evil.example", "lang=//evil.example", "look=//evil.example", "q=//evil.example"):
        page = get(client, f"/browse?{query}")
        assert not [link for link in page.links() if link.startswith(("//", "/\\", "http"))]


# -- cookies and keys ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("base", "secure"), [("http://localhost", False), ("http://127.0.0.1:8000", False), ("http://[::1]:8000", False), ("https://nextep.example", True), ("http://nextep.example", True), ("http://192.168.0.5:8000", True)])  # fmt: skip
def test_cookies_are_httponly_samesite_and_secure_outside_loopback(tmp_path, engine, base, secure):
    client = web.make_site(tmp_path, engine).test_client()
    response = client.get("/about?lang=ko&look=light", base_url=base)
    cookies = response.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"visitor", "lang", "look"}
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) == secure


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_so_are_the_cookies_of_who_is_watching_and_of_own_profiles(tmp_path, engine, scheme):
    client = web.make_site(tmp_path, engine, proxies=1).test_client()
    client.environ_base.update(HTTP_X_FORWARDED_PROTO=scheme, HTTP_REFERER=f"{scheme}://localhost/people/new")
    people.make_profile(client)
    for name in ("session", "profiles"):
        cookie = client.get_cookie(name)
        assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", scheme == "https"), name


def test_production_refuses_to_start_without_a_secret_key(tmp_path):
    with pytest.raises(SettingsError, match="NEXTEP_SECRET_KEY"):
        create_app(web.make_settings(tmp_path, secret_key=None))


def test_development_makes_a_key_and_keeps_it_to_itself(tmp_path):
    settings = web.make_settings(tmp_path, secret_key=None, env="development")
    first = security.secret_key(settings)
    assert security.secret_key(settings) == first
    assert len(first) == 64
    assert (settings.var / "secret_key").stat().st_mode & 0o077 == 0


def test_a_write_by_a_browser_needs_a_csrf_token(tmp_path, engine):
    app = web.make_site(tmp_path, engine)
    app.add_url_rule("/write", "write", lambda: "written", methods=["POST"])
    assert app.test_client().post("/write").status_code == 400


def test_a_large_body_is_refused(tmp_path, engine):
    app = web.make_site(tmp_path, engine)

    def write() -> str:
        from flask import request

        return str(len(request.get_data()))

    security.csrf.exempt(write)
    app.add_url_rule("/write", "write", write, methods=["POST"])
    assert app.test_client().post("/write", data=b"x" * 2_000_000).status_code == 413


# -- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["../config.py", "..%2f..%2fconfig.py", "/etc/passwd", "css/../../config.py", "%2e%2e/config.py", ".env", "css", ""])  # fmt: skip
def test_static_files_stay_in_their_folder(client, path):
    assert client.get(f"/static/{path}").status_code in (404, 308)


def test_hashed_files_are_kept_for_ever_and_plain_names_are_asked_for_again(client):
    style = next(str(link["href"]) for link in get(client, "/about").all("link") if link.get("rel") == "stylesheet")
    hashed = client.get(style, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in hashed.headers["Cache-Control"]
    assert hashed.headers["Content-Encoding"] == "gzip"
    plain = client.get("/static/css/site.css")
    assert "immutable" not in plain.headers["Cache-Control"]
    again = client.get("/static/css/site.css", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304
    outdated = re.sub(r"\.[0-9a-f]{10}\.", ".0000000000.", style)
    assert "immutable" not in client.get(outdated).headers["Cache-Control"]


def test_references_in_style_sheets_are_hashed_and_lead_somewhere(client):
    text = client.get("/static/css/site.css").get_data(as_text=True)
    found = re.findall(r'url\("?(/static/[^")]+)', text)
    assert found
    for address in found:
        assert "immutable" in client.get(address).headers["Cache-Control"]


def test_pages_are_gzipped_for_whoever_takes_it(client):
    response = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert "Content-Encoding" not in client.get("/").headers


def test_the_front_end_keeps_its_budgets(client):
    import gzip

    def size(*names):
        return sum(len(gzip.compress(client.get(f"/static/{name}").data)) for name in names)

    assert size("css/site.css") < 25_000
    assert size("site.js", "elements/search-box.js", "elements/media-row.js") < 30_000
    assert len(client.get("/").data) < 200_000
