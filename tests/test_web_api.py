"""The JSON API: the shapes of the contract, and what it says to whoever asks wrongly."""

from __future__ import annotations

from urllib.parse import quote_from_bytes, urlencode

import pytest
import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import ranking
from search.results import GROUPS
from webapp.api import openapi, shapes

ITEM = {"id", "title", "titles", "year", "format", "genres", "episodes", "score", "synopsis", "art", "list_status", "reason"}  # fmt: skip
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


@pytest.fixture(autouse=True)
def fixed_weights(monkeypatch):
    monkeypatch.setattr(ranking, "learned", lambda: {"en": web.WEIGHTS, "ko": web.WEIGHTS})


def problem(client, address: str, status: int) -> dict:
    response = client.get(address)
    assert response.status_code == status, response.get_data(as_text=True)[:300]
    assert response.content_type == "application/problem+json"
    body = response.json
    shapes.Problem.model_validate(body)
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


# -- shapes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "resolution", "groups"),
    [
        ("cowboy bebop", "exact", ["exact", "series", "similar"]),
        ("attack on titan", "exact", ["exact", "series", "similar"]),
        ("cowboy", "names", ["names", "recommended"]),
        (web.PLOT, "meaning", ["recommended"]),
        ("lost tape", "not_offered", ["not_offered", "similar"]),
        ("qqqq wwww zzzz", "nothing", ["suggestions", "trending"]),
    ],
)
def test_an_answer_has_the_shape_of_the_contract(client, query, resolution, groups):
    body = client.get("/api/search", query_string={"q": query, "explain": 1}).json
    shapes.SearchAnswer.model_validate(body)
    assert {"query", "resolution", "corrected", "filters", "groups", "took_ms"} <= set(body)
    assert body["query"] == query
    assert body["resolution"] == resolution
    assert [group["name"] for group in body["groups"]] == groups
    assert groups == sorted(groups, key=GROUPS.index)
    assert body["took_ms"]["total"] > 0
    for group in body["groups"]:
        for item in group["items"]:
            if group["name"] in ("suggestions", "trending"):
                assert "id" not in item
            else:
                assert set(item) >= ITEM
                assert set(item["titles"]) == {"romaji", "native", "en", "ko"}


def test_a_title_is_named_in_the_language_asked_for(client):
    def named(**ask):
        headers = ask.pop("headers", {})
        return client.get("/api/search", query_string={"q": "toradora", **ask}, headers=headers).json["groups"][0]["items"][0]["title"]  # fmt: skip

    assert named() == "Toradora!"
    assert named(lang="ko") == "토라도라!"
    assert named(headers={"Accept-Language": "ko-KR,ko;q=0.9"}) == "토라도라!"
    assert named(lang="en", headers={"Accept-Language": "ko"}) == "Toradora!"


def test_a_typo_keeps_its_targets_resolution_and_can_be_undone(client):
    body = client.get("/api/search?q=toradroa").json
    assert (body["resolution"], body["corrected"]) == ("exact", "Toradora!")
    assert client.get("/api/search?q=toradroa&correct=0").json["corrected"] is None


def test_limit_is_per_group_and_page_turns_the_pages_of_the_group(client):
    first = client.get("/api/search?q=drama&limit=2&group=names").json["groups"][0]
    second = client.get("/api/search?q=drama&limit=2&group=names&page=2").json["groups"][0]
    assert first["name"] == second["name"] == "names"
    assert first["total"] == second["total"] == 5
    assert len(first["items"]) == len(second["items"]) == 2
    assert {item["id"] for item in first["items"]}.isdisjoint(item["id"] for item in second["items"])


def test_explain_tells_rank_and_score_of_each_leg(client):
    plain = client.get("/api/search", query_string={"q": web.PLOT}).json["groups"][0]["items"][0]
    told = client.get("/api/search", query_string={"q": web.PLOT, "explain": 1}).json["groups"][0]["items"][0]
    assert "explain" not in plain
    assert told["explain"]["legs"]["words"]["rank"] == 1


def test_filters_take_several_values_in_any_case_and_either_language(client):
    def ids(**ask):
        return {item["id"] for item in client.get("/api/titles", query_string=ask).json["items"]}

    assert ids(genre=["action", "SCI-FI"]) == {1, 2}
    assert ids(genre="로맨스") == {3}
    assert ids(genre="space") == ids(theme="Space") == {1, 2}
    assert ids(format=["Movie"]) == ids(format="film") == {2}
    assert ids(studio=["wit  studio", "BONES"]) == {2, 4, 5}
    assert ids(genre="drama", without_genre="military") == {6, 11, 12}
    assert ids(year_from=2013, year_to=2017) == {4, 5, 12}
    assert ids(episodes_max=3) == {2, 11}


def test_a_genre_that_this_catalogue_has_no_work_of_finds_nothing(client):
    assert client.get("/api/titles?genre=Sports").json["total"] == 0


def test_filters_are_told_back(client):
    body = client.get("/api/search?q=a+boy+and+a+killer&year_from=1990&genre=mystery").json
    assert body["filters"] == {"year_from": 1990, "genre": ["Mystery"]}


def test_suggestions_have_the_shape_of_the_contract(client):
    body = client.get("/api/suggest?q=tora").json
    shapes.Suggestions.model_validate(body)
    first = body["suggestions"][0]
    assert (first["kind"], first["id"], first["text"], first["matched"]) == ("title", 3, "Toradora!", [[0, 4]])


def test_an_empty_box_suggests_what_to_search_for(client):
    body = client.get("/api/suggest?q=&limit=3").json
    assert len(body["suggestions"]) == 3
    assert {item["kind"] for item in body["suggestions"]} == {"search"}


@pytest.mark.parametrize("sort", ["score", "watched", "newest", "title"])
def test_the_list_of_titles_has_stable_pages(client, sort):
    seen = []
    for page in range(1, 6):
        body = client.get(f"/api/titles?sort={sort}&limit=2&page={page}").json
        shapes.TitlesPage.model_validate(body)
        assert body["total"] == 10
        seen += [item["id"] for item in body["items"]]
    assert sorted(seen) == [1, 2, 3, 4, 5, 6, 7, 10, 11, 12]
    assert client.get(f"/api/titles?sort={sort}&limit=2&page=6").json["items"] == []


def test_recommended_without_a_person_says_what_it_did_instead(client):
    body = client.get("/api/titles?sort=recommended").json
    assert body["sort"] == "watched"
    assert body["notices"] == ["recommended_needs_person"]


def test_a_title_comes_with_all_that_is_known(client):
    body = client.get("/api/titles/1").json
    shapes.FullTitle.model_validate(body)
    assert body["studios"] == ["Sunrise"]
    assert set(body["synopses"]) == {"en", "ko"}
    assert [item["id"] for item in body["series"]] == [1, 2]
    assert body["characters"] == [{"name": "Spike Spiegel", "name_ko": "스파이크 스피겔", "role": "main"}]


def test_similar_works_say_what_they_share_and_leave_the_series_out(client):
    body = client.get("/api/titles/4/similar?limit=5&lang=en").json
    shapes.Similar.model_validate(body)
    ids = [item["id"] for item in body["items"]]
    assert ids
    assert not {4, 5, 8, 9} & set(ids)
    reasons = {item["id"]: item["reason"] for item in body["items"]}
    assert "Drama" in (reasons.get(6) or "Drama")
    korean = client.get("/api/titles/4/similar?lang=ko").json["items"]
    assert all(item["reason"] is None or item["reason"].startswith("공통점") for item in korean)


def test_a_synopsis_in_another_language_than_asked_for_is_marked(client):
    item = client.get("/api/titles/6?lang=ko").json
    assert item["synopsis"]
    assert item["synopsis_language"] == "en"


# -- asked wrongly -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "parameter", "said"),
    [
        ("/api/search", "q", "empty"),
        ("/api/search?q=", "q", "empty"),
        ("/api/search?q=+++", "q", "empty"),
        ("/api/search?q=%00%01", "q", "empty"),
        ("/api/search?q=" + "x" * 10_000, "q", "10,000 characters"),
        ("/api/search?q=x&limit=0", "limit", "1 to 100"),
        ("/api/search?q=x&limit=101", "limit", "1 to 100"),
        ("/api/search?q=x&limit=-1", "limit", "1 to 100"),
        ("/api/search?q=x&limit=ten", "limit", "1 to 100"),
        ("/api/search?q=x&limit=1e3", "limit", "1 to 100"),
        ("/api/search?q=x&limit=１０", "limit", "1 to 100"),
        ("/api/search?q=x&limit=99999999999999999999999", "limit", "1 to 100"),
        ("/api/search?q=x&page=0", "page", "1 to 500"),
        ("/api/search?q=x&group=best", "group", "exact, series"),
        ("/api/search?q=x&lang=fr", "lang", "en, ko"),
        ("/api/search?q=x&correct=maybe", "correct", "0 and 1"),
        ("/api/search?q=x&explain=2", "explain", "0 and 1"),
        ("/api/search?q=x&year_from=12", "year_from", "1900 to 2100"),
        ("/api/search?q=x&year_from=2010&year_to=2000", "year_from", "after year_to"),
        ("/api/search?q=x&episodes_max=-5", "episodes_max", "0 to"),
        ("/api/search?q=x&format=vhs", "format", "tv, movie"),
        ("/api/search?q=x&genre=Romanse", "genre", "Romance"),
        ("/api/search?q=x&theme=Spaec", "theme", "Space"),
        ("/api/search?q=x&without_genre=Zzz", "without_genre", "unknown"),
        ("/api/search?q=x&studio=Madhose", "studio", "Madhouse"),
        ("/api/search?q=x&genre=Hentai", "genre", "unknown"),
        ("/api/search?q=x&genre=Drama&genre=Nope", "genre", "Nope"),
        ("/api/search?q=x&year_form=1990", "year_form", "year_from"),
        ("/api/search?q=x&limit=2&limit=3", "limit", "twice"),
        ("/api/search?q=x&" + "&".join(f"genre=g{n}" for n in range(30)), "genre", "30 times"),
        ("/api/suggest?q=x&limit=21", "limit", "1 to 20"),
        ("/api/titles?sort=best", "sort", "score, watched"),
        ("/api/titles?limit=1000", "limit", "1 to 100"),
        ("/api/titles/1?colour=red", "colour", "lang"),
        ("/api/titles/1/similar?limit=0", "limit", "1 to 60"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(client, address, parameter, said):
    body = problem(client, address, 422)
    assert body["parameter"] == parameter
    assert said in body["detail"]


@pytest.mark.parametrize("address", ["/api/titles/999", "/api/titles/99999999999999999999", "/api/titles/1.5", "/api/titles/abc", "/api/titles/999/similar", "/api/nothing", "/api/"])  # fmt: skip
def test_what_is_not_there_is_a_404_problem(client, address):
    problem(client, address, 404)


@pytest.mark.parametrize("raw", ["%FF", "%ED%A0%80", "%C3%28", "abc%80"])
@pytest.mark.parametrize("route", ["/api/search", "/search", "/api/suggest", "/browse"])
def test_bytes_that_are_not_utf8_are_refused_and_explained(client, route, raw):
    response = client.get(f"{route}?q={raw}")
    assert response.status_code == 400
    assert "UTF-8" in response.get_data(as_text=True)


def test_another_method_is_refused_with_what_is_allowed(client):
    response = client.delete("/api/search")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("text", ["🤖🌸", "a AND (b OR", '"', "title:*", "~5", "../../etc/passwd", "' OR 1=1 --", "*" * 100, "\\", "{{7*7}}", "%", "ㅋㅋㅋ", "\u202etxt", "a\x00b", "∀"])  # fmt: skip
def test_odd_texts_are_answered(client, text):
    for route in ("/api/search", "/api/suggest", "/search"):
        assert client.get(route, query_string={"q": text}).status_code in (200, 422)


@FUZZ
@given(query=st.text(max_size=60), limit=st.integers(-5, 200), lang=st.sampled_from(["en", "ko", "", "xx"]))
def test_no_text_breaks_the_search(client, query, limit, lang):
    encoded = urlencode({"q": query.encode("utf-8", "surrogatepass"), "limit": limit, "lang": lang})
    for route in ("/api/search", "/api/suggest", "/search"):
        assert client.get(f"{route}?{encoded}").status_code in (200, 400, 422)


@FUZZ
@given(
    raw=st.binary(max_size=40), name=st.sampled_from(["q", "genre", "year_from", "studio", "page", "sort", "format"])
)
def test_no_bytes_break_any_route(client, raw, name):
    query = f"{name}={quote_from_bytes(raw)}" + ("" if name == "q" else "&q=x")
    for route in ("/api/search", "/api/titles", "/search", "/browse", "/titles/1", "/"):
        assert client.get(f"{route}?{query}").status_code in (200, 400, 422)


@FUZZ
@given(path=st.text(max_size=30))
def test_no_path_breaks_the_site(client, path):
    address = "/" + quote_from_bytes(path.encode("utf-8", "surrogatepass"))
    assert client.get(address).status_code in (200, 302, 308, 400, 404, 405)
    assert client.get("/titles" + address).status_code in (200, 308, 400, 404)


# -- health and documentation --------------------------------------------------------------------------------------


def test_health_and_readiness_answer(client):
    assert client.get("/healthz").json == {"status": "ok"}
    body = client.get("/readyz").json
    assert body["status"] == "ready"
    assert body["titles"] == 11 or body["titles"] == 10
    assert body["models"] == {"text": "word-hash 1"}
    assert body["database"] is True


def test_metrics_count_requests_by_route_and_searches_by_resolution(tmp_path):
    client = web.make_site(tmp_path).test_client()
    client.get("/api/search?q=toradora")
    client.get("/search?q=toradroa")
    client.get("/titles/3")
    client.get("/titles/3")
    client.get("/" + "x" * 50)
    text = client.get("/metrics").get_data(as_text=True)
    assert 'nextep_searches_total{resolution="exact"} 2.0' in text
    assert "nextep_searches_corrected_total 1.0" in text
    assert 'nextep_requests_total{method="GET",route="/titles/<int(max=9007199254740991):id>",status="200"} 2.0' in text
    assert 'route="(none)",status="404"' in text
    assert "xxxxx" not in text
    assert "nextep_request_seconds_bucket" in text


def test_the_openapi_document_has_every_route_parameter_and_answer(client):
    body = client.get("/openapi.json").json
    assert body["openapi"].startswith("3.1")
    with client.application.test_request_context():
        assert openapi.paths() <= set(body["paths"])
    search = body["paths"]["/api/search"]["get"]
    assert {"q", "limit", "page", "group", "lang", "correct", "explain", "year_from", "genre"} <= {p["name"] for p in search["parameters"]}  # fmt: skip
    references = [part for part in str(body).split("'") if part.startswith("#/components/schemas/")]
    assert references
    assert {reference.rsplit("/", 1)[1] for reference in references} <= set(body["components"]["schemas"])


def test_the_command_line_prints_what_the_api_answers(client):
    from samples import encoder

    from search.service import SearchService

    service = SearchService(client.application.extensions["nextep"].search.engine, encoder())
    printed = shapes.answer_json(service.search("toradora"), "ko")
    answered = client.get("/api/search?q=toradora&lang=ko").json
    for body in (printed, answered):
        body.pop("took_ms")
    assert printed == answered
