"""Engine, model or database down: pages say so, and what can still be served is."""

from __future__ import annotations

import threading
import time

import people
import pytest
import web
from samples import encoder
from sqlalchemy.exc import OperationalError
from web import get

from search.embedded import EmbeddedEngine
from search.encode import QueryEncoder
from search.engine import EngineError
from search.service import SearchService
from webapp import create_app, services


@pytest.fixture
def down(tmp_path):
    """Return a site without an index."""
    return web.make_site(tmp_path, EmbeddedEngine(tmp_path / "nothing")).test_client()


@pytest.mark.parametrize(
    "address", ["/", "/search?q=toradora", "/titles/1", "/browse", "/rows/top10", "/art/v1/1-poster.svg"]
)
def test_without_an_engine_a_page_says_when_to_come_back(down, address):
    response = down.get(address)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "not available right now" in response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/api/search?q=x", "/api/suggest?q=x", "/api/titles", "/api/titles/1", "/api/titles/1/similar", "/readyz"])  # fmt: skip
def test_without_an_engine_the_api_tells_the_reason(down, address):
    response = down.get(address)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "nextep index" in response.json["detail"]


@pytest.mark.parametrize("address", ["/about", "/docs", "/openapi.json", "/healthz", "/metrics", "/robots.txt", "/static/css/site.css", "/search"])  # fmt: skip
def test_without_an_engine_the_rest_works(down, address):
    assert down.get(address).status_code == (503 if address == "/search" else 200)


def test_without_an_engine_the_about_page_says_so(down):
    assert "No catalogue can be reached" in get(down, "/about").text


def test_without_an_engine_lists_are_shown_and_changed(down):
    token, address = people.choose(down, "mina"), "/api/people/mina/lists"
    page = get(down, "/my-list?status=completed")
    assert "name can’t be read at the moment" in page.text
    entries = down.get(address).json["completed"]
    first, second = (entry["id"] for entry in entries[:2])
    assert entries[0]["title"] == str(first)
    gone = down.delete(f"{address}/{first}", headers={"X-CSRFToken": token})
    assert (gone.status_code, gone.json["entry"]) == (200, None)
    form = people.form(page.html, f"/my-list/{second}")
    assert people.submit(down, form, action="remove").status_code == 200
    assert len(down.get(address).json["completed"]) == len(entries) - 2
    # What nobody can check is not put on a list.
    told = down.put(f"{address}/3", json={"status": "watching"}, headers={"X-CSRFToken": token})
    assert told.status_code == 503
    assert int(told.headers["Retry-After"]) > 0


def test_the_site_comes_back_with_the_engine_by_itself(tmp_path):
    engine = EmbeddedEngine(tmp_path / "index")
    client = web.make_site(tmp_path, engine).test_client()
    get(client, "/", 503)
    web.fill(engine)
    get(client, "/")
    assert client.get("/readyz").status_code == 200


def test_a_new_generation_is_followed(tmp_path):
    engine = web.make_engine(tmp_path)
    client = web.make_site(tmp_path, engine).test_client()
    get(client, "/")
    web.fill(engine, web.many(30))
    assert "Work" in get(client, "/").text
    assert client.get("/titles/30").status_code == 200


def test_an_index_of_another_model_is_refused_with_both_names(tmp_path):
    class Other:
        name, revision, dims = "other-model", "2", 8

        def embed_query(self, text):
            raise AssertionError

    service = SearchService(web.make_engine(tmp_path), QueryEncoder(lambda space: Other()))
    client = create_app(web.make_settings(tmp_path), service, web.make_log(tmp_path)).test_client()
    body = client.get("/readyz").json
    assert "other-model" in body["detail"]
    assert "word-hash" in body["detail"]


def test_without_a_model_words_still_answer_and_the_page_says_so(tmp_path):
    service = SearchService(web.make_engine(tmp_path), QueryEncoder(lambda space: None))
    client = create_app(web.make_settings(tmp_path), service, web.make_log(tmp_path)).test_client()
    page = get(client, f"/search?q={web.PLOT}")
    assert "goes by words alone" in page.text
    assert client.get("/readyz").json["status"] == "degraded"
    assert get(client, "/titles/1").section("row-series")


def test_similar_works_that_fail_do_not_take_the_page_with_them(tmp_path, monkeypatch):
    service = SearchService(web.make_engine(tmp_path), encoder())
    client = create_app(web.make_settings(tmp_path), service, web.make_log(tmp_path)).test_client()

    def fail(*_, **__):
        raise EngineError("the vectors are gone")

    monkeypatch.setattr(service, "similar", fail)
    page = get(client, "/titles/1")
    assert "can’t be looked up" in page.text
    assert "vectors are gone" not in page.text


def test_an_unexpected_error_is_a_page_with_a_number_and_no_stack_trace(tmp_path, monkeypatch):
    service = SearchService(web.make_engine(tmp_path), encoder())
    app = create_app(web.make_settings(tmp_path), service, web.make_log(tmp_path))

    def fail(*_, **__):
        raise RuntimeError("secret inner detail")

    monkeypatch.setattr(service, "search", fail)
    for address in ("/search?q=x", "/api/search?q=x"):
        response = app.test_client().get(address)
        text = response.get_data(as_text=True)
        assert response.status_code == 500
        assert response.headers["X-Request-ID"] in text
        assert "secret inner detail" not in text
        assert "Traceback" not in text


# -- the database --------------------------------------------------------------------------------------------------


def test_a_missing_database_stops_no_page(tmp_path):
    engine = web.make_engine(tmp_path)
    settings = web.make_settings(tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none")
    client = create_app(settings, SearchService(engine, encoder())).test_client()
    for address in ("/", "/?top10=month", "/search?q=toradora", "/titles/3", "/search", "/api/suggest?q="):
        assert client.get(address).status_code == 200
    assert client.get("/readyz").json["database"] is False


class Broken:
    """A log whose database is locked."""

    def __getattr__(self, name):
        def fail(*_, **__):
            raise OperationalError("statement", {}, Exception("database is locked"))

        return fail


def test_who_comes_while_the_database_is_opened_waits_for_it(tmp_path, monkeypatch):
    began, go_on, real = threading.Event(), threading.Event(), services.open_store

    def slow(url):
        began.set()
        assert go_on.wait(10)
        return real(url)

    monkeypatch.setattr(services, "open_store", slow)
    app = web.make_site(tmp_path, database_url=f"sqlite:///{tmp_path / 'slow.sqlite3'}")
    held = app.extensions["nextep"]
    assert held._store is None
    first = threading.Thread(target=held.store)
    first.start()
    assert began.wait(10)
    threading.Timer(0.3, go_on.set).start()
    assert app.test_client().get("/people").status_code == 200
    first.join()


def test_a_locked_database_fails_no_page_and_is_logged(tmp_path, caplog):
    app = web.make_site(tmp_path, log=Broken())
    client = app.test_client()
    client.get("/about")
    for address in ("/", "/?top10=month", "/search?q=toradora", "/titles/3", "/search"):
        assert client.get(address).status_code == 200
    assert app.extensions["nextep"].recorder.flush()
    assert "record dropped" in caplog.text
    assert "searches unreadable" in caplog.text


def test_a_slow_database_makes_no_visitor_wait(tmp_path):
    held = threading.Event()

    class Slow:
        def __getattr__(self, name):
            def wait(*_):
                held.wait(60)
                return []

            return wait

    app = web.make_site(tmp_path, log=Slow())
    client = app.test_client()
    client.get("/about")
    began = time.monotonic()
    assert client.get("/titles/3").status_code == 200
    assert time.monotonic() - began < 30
    held.set()
    assert app.extensions["nextep"].recorder.flush()
