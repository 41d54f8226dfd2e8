"""POST /api/user/profile: what it answers, what it refuses and how it names the entry, and whom it lets in."""

from __future__ import annotations

import json

import pytest
import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webapp.api import profile as api_profile
from webapp.api import shapes

ADDRESS = "/api/user/profile"
GOOD = {"user_id": "u", "watched_anime": [1, "Monster", "토라도라!"], "ratings": [9, 10, 5]}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


def post(client, body, status: int = 200, **headers):
    response = client.post(ADDRESS, json=body, headers=headers)
    assert response.status_code == status, response.get_data(as_text=True)[:400]
    return response.json


def refused(client, body, parameter: str, said: str = "") -> str:
    answer = post(client, body, 422)
    shapes.Problem.model_validate(answer)
    assert answer["parameter"] == parameter, answer
    assert said in answer["detail"]
    return answer["detail"]


# -- what it answers -----------------------------------------------------------------------------------------------


def test_a_profile_counts_and_weighs_what_was_watched(client):
    body = post(client, GOOD)
    api_profile.ProfileAnswer.model_validate(body)
    assert body["message"] == "The profile with 3 works is saved; ratings count up to 10."
    profile = body["profile"]
    assert profile["user_id"] == "u"
    assert profile["watched_count"] == 3
    assert profile["avg_rating"] == 8.0
    # 24 points: Drama and Mystery 10 (Monster), Action and Sci-Fi 9, Comedy and Romance 5.
    assert profile["top_genres"] == [
        ["Drama", 0.4167], ["Mystery", 0.4167], ["Action", 0.375], ["Sci-Fi", 0.375], ["Comedy", 0.2083], ["Romance", 0.2083],
    ]  # fmt: skip
    assert profile["top_tags"] == [["Psychological", 0.4167], ["Space", 0.375], ["School", 0.2083]]
    assert profile["eras"] == [["2000s", 0.625], ["1990s", 0.375]]
    assert profile["formats"] == [["TV", 1.0]]
    assert profile["unmatched"] == []
    assert [(one["given"], one["id"]) for one in profile["matched"]] == [("Monster", 6), ("토라도라!", 3)]


def test_the_same_works_rated_otherwise_are_another_taste(client):
    ratings = {"ratings": [2, 2, 10]}
    assert post(client, {**GOOD, **ratings})["profile"]["top_genres"][:2] == [["Comedy", 0.7143], ["Romance", 0.7143]]


def test_an_answer_is_in_korean_for_who_prefers_it(client):
    body = post(client, GOOD, **{"Accept-Language": "ko"})
    assert "3" in body["message"]
    assert "프로필" in body["message"]
    assert body["profile"]["top_genres"][0][0] == "드라마"
    assert body["profile"]["eras"][0][0] == "2000년대"
    assert body["profile"]["matched"][0]["title"] == "몬스터"
    assert client.post(f"{ADDRESS}?lang=ko", json=GOOD).json["profile"]["top_genres"][0][0] == "드라마"


@pytest.mark.parametrize(
    ("ratings", "given", "scale", "source"),
    [
        ([5, 4, 3, 2, 5], None, 5, "ratings"),
        ([5, 4, 3, 2], None, 10, "default"),  # four ratings show nothing
        ([4, 4, 3, 2, 1], None, 10, "default"),  # 5 is not the largest
        ([6, 5, 3, 2, 1], None, 10, "default"),
        ([5, 5, 5, 5, 5], 10, 10, "given"),
        ([4.5, 1, 0.5, 2, 5], 5, 5, "given"),
    ],
)
def test_the_scale_is_told(client, ratings, given, scale, source):
    body = {"user_id": "s", "watched_anime": [1, 2, 3, 4, 5][: len(ratings)], "ratings": ratings}
    told = post(client, body if given is None else {**body, "scale": given})
    assert (told["profile"]["scale"], told["profile"]["scale_from"]) == (scale, source)
    assert f"up to {scale}" in told["message"]
    assert told["profile"]["avg_rating"] == round(sum(ratings) / len(ratings), 2)


def test_what_names_no_work_comes_back_with_what_it_may_have_meant(client):
    told = post(
        client, {"user_id": "u", "watched_anime": ["Cowboy Bebob", 1, 77777, "zzzzqqq"], "ratings": [9, 8, 7, 6]}
    )
    by_entry = {one["given"]: one["suggestions"] for one in told["profile"]["unmatched"]}
    assert list(by_entry) == ["Cowboy Bebob", 77777, "zzzzqqq"]
    assert by_entry["Cowboy Bebob"][0] == {"id": 1, "title": "Cowboy Bebop"}
    assert by_entry[77777] == by_entry["zzzzqqq"] == []
    assert told["profile"]["watched_count"] == 1
    assert told["profile"]["avg_rating"] == 8.0


def test_a_profile_of_nothing_known_is_saved_and_says_so(client):
    told = post(client, {"user_id": "n", "watched_anime": ["nothing of the kind"], "ratings": [9]})["profile"]
    assert (told["watched_count"], told["avg_rating"], told["top_genres"]) == (0, None, [])


def test_of_one_name_the_most_watched_work_is_taken_and_the_others_told(client):
    told = post(client, {"user_id": "t", "watched_anime": ["Twin Names"], "ratings": [9]})["profile"]
    assert told["matched"] == [{"given": "Twin Names", "id": 12, "title": "Twin Names", "same_name": [11]}]


def test_an_adult_title_is_nowhere_and_one_that_is_not_offered_counts(client):
    told = post(client, {"user_id": "a", "watched_anime": [8, "Forbidden Night", "Lost Tape"], "ratings": [9, 9, 8]})
    assert [one["given"] for one in told["profile"]["unmatched"]] == [8, "Forbidden Night"]
    assert all(near["id"] != 8 for one in told["profile"]["unmatched"] for near in one["suggestions"])
    assert told["profile"]["watched_count"] == 1


def test_posting_again_replaces(app, client):
    post(client, GOOD)
    post(client, {"user_id": "u", "watched_anime": [4], "ratings": [3], "scale": 5})
    kept = app.extensions["nextep"].store().profiles.get("u")
    assert (kept.watched, kept.ratings, kept.scale) == ((4,), (3.0,), 5)


def test_a_number_as_user_id_is_told_back_as_one(client):
    assert post(client, {**GOOD, "user_id": 7})["profile"]["user_id"] == 7


# -- what it refuses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "parameter", "said"),
    [
        ({"user_id": ""}, "user_id", "1 to 200"),
        ({"user_id": "  "}, "user_id", "1 to 200"),
        ({"user_id": " u"}, "user_id", "spaces"),
        ({"user_id": "x" * 201}, "user_id", "1 to 200"),
        ({"user_id": "a\nb"}, "user_id", "control"),
        ({"user_id": "a\u0085b"}, "user_id", "control"),
        ({"user_id": None}, "user_id", "null"),
        ({"user_id": True}, "user_id", "true"),
        ({"user_id": 1.5}, "user_id", "1.5"),
        ({"user_id": ["u"]}, "user_id", "text"),
        ({"watched_anime": []}, "watched_anime", "1 to 5000"),
        ({"watched_anime": "Monster"}, "watched_anime", "list"),
        ({"watched_anime": {"1": 2}}, "watched_anime", "list"),
        ({"ratings": []}, "ratings", "1 to 5000"),
        ({"ratings": 9}, "ratings", "list"),
        ({"ratings": [9, 10]}, "ratings", "3 entries and ratings has 2"),
        ({"watched_anime": [1, True, 3]}, "watched_anime[1]", "true"),
        ({"watched_anime": [1, None, 3]}, "watched_anime[1]", "null"),
        ({"watched_anime": [1, 2.5, 3]}, "watched_anime[1]", "2.5"),
        ({"watched_anime": [1, -2, 3]}, "watched_anime[1]", "-2"),
        ({"watched_anime": [1, [2], 3]}, "watched_anime[1]", "title"),
        ({"watched_anime": [1, {"id": 2}, 3]}, "watched_anime[1]", "title"),
        ({"watched_anime": [1, "", 3]}, "watched_anime[1]", "1 to 200"),
        ({"watched_anime": [1, "x" * 201, 3]}, "watched_anime[1]", "1 to 200"),
        ({"watched_anime": [1, "a\x00b", 3]}, "watched_anime[1]", "control"),
        ({"watched_anime": [1, 10**15 * 10, 3]}, "watched_anime[1]", "whole number"),
        ({"ratings": [9, "10", 5]}, "ratings[1]", "10"),
        ({"ratings": [9, None, 5]}, "ratings[1]", "null"),
        ({"ratings": [9, True, 5]}, "ratings[1]", "true"),
        ({"ratings": [9, 0, 5]}, "ratings[1]", "above 0 and up to 10"),
        ({"ratings": [9, -1, 5]}, "ratings[1]", "-1"),
        ({"ratings": [9, 10, 10.5]}, "ratings[2]", "10.5"),
        ({"ratings": [9, [1], 5]}, "ratings[1]", "above 0"),
        ({"ratings": [4, 6, 5], "scale": 5}, "ratings[1]", "up to 5"),
        ({"scale": 100}, "scale", "5, 10"),
        ({"scale": "10"}, "scale", "5, 10"),
        ({"scale": True}, "scale", "5, 10"),
        ({"rating": [1]}, "rating", "ratings"),
        ({"user": "x"}, "user", "user_id"),
    ],
)
def test_an_invalid_entry_is_named_with_what_is_allowed(client, change, parameter, said):
    refused(client, {**GOOD, **change}, parameter, said)


@pytest.mark.parametrize("name", ["user_id", "watched_anime", "ratings"])
def test_what_is_missing_is_named(client, name):
    refused(client, {key: value for key, value in GOOD.items() if key != name}, name, "missing")


@pytest.mark.parametrize(
    ("watched", "places"),
    [([1, 6, 1], (2, 0)), ([1, "Monster", 6], (2, 1)), (["Monster", "몬스터", 1], (1, 0)), (["zz9", 1, "zz9"], (2, 0))],
)
def test_a_work_that_stands_twice_is_named_at_both_places(client, watched, places):
    detail = refused(client, {**GOOD, "watched_anime": watched}, f"watched_anime[{places[0]}]")
    assert f"watched_anime[{places[0]}] and watched_anime[{places[1]}]" in detail


@pytest.mark.parametrize(
    ("raw", "parameter", "said"),
    [
        ('{"user_id": "u", "watched_anime": [1], "ratings": [NaN]}', "ratings[0]", "NaN"),
        ('{"user_id": "u", "watched_anime": [1], "ratings": [-Infinity]}', "ratings[0]", "Infinity"),
        ('{"user_id": "u", "watched_anime": [1], "ratings": [1e999]}', "ratings[0]", "up to 10"),
        ('{"user_id": "u", "watched_anime": [1], "ratings": [' + "9" * 6000 + "]}", "ratings[0]", "99999"),
        ('{"user_id": "u", "watched_anime": [' + "1" * 400 + '], "ratings": [1]}', "watched_anime[0]", "11111"),
        ('{"user_id": "u", "watched_anime": [1e300], "ratings": [1]}', "watched_anime[0]", "whole number"),
        ('{"user_id": "u", "watched_anime": ["\\ud800"], "ratings": [1]}', "watched_anime[0]", "text"),
        ('{"user_id": "\\udfff", "watched_anime": [1], "ratings": [1]}', "user_id", "text"),
        ('{"user_id": "u", "user_id": "v", "watched_anime": [1], "ratings": [1]}', "user_id", "twice"),
        ("[1, 2]", "body", "object"),
        ("null", "body", "object"),
        ('"text"', "body", "object"),
        ("", "body", "not valid JSON"),
        ("{", "body", "character 2"),
        ("{'user_id': 1}", "body", "character 2"),
        ("[" * 100_000, "body", "deep"),
    ],
)
def test_a_body_that_is_hardly_json_is_refused(client, raw, parameter, said):
    response = client.post(ADDRESS, data=raw, content_type="application/json")
    assert response.status_code == 422, response.get_data(as_text=True)[:300]
    assert response.json["parameter"] == parameter
    assert said in response.json["detail"]


def test_bytes_that_are_no_utf8_are_refused(client):
    response = client.post(ADDRESS, data=b'{"user_id": "\xff"}', content_type="application/json")
    assert response.status_code == 422
    assert "UTF-8" in response.json["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/xml"])  # fmt: skip
def test_another_content_type_is_415(client, kind):
    response = client.post(ADDRESS, data=json.dumps(GOOD), content_type=kind)
    assert response.status_code == 415
    assert "application/json" in response.json["detail"]


def test_a_body_of_megabytes_is_413(client):
    response = client.post(ADDRESS, data=b" " * 1_100_000, content_type="application/json")
    assert response.status_code == 413
    assert response.content_type == "application/problem+json"


def test_parameters_in_the_address_are_refused_like_everywhere(client):
    assert client.post(f"{ADDRESS}?user_id=u", json=GOOD).status_code == 422
    assert client.get(ADDRESS).status_code == 405


def test_errors_are_korean_for_who_prefers_it(client):
    assert "허용" in post(client, {**GOOD, "ratings": [9, 10, 11]}, 422, **{"Accept-Language": "ko"})["detail"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.fixed_dictionaries(
        {}, optional={"user_id": values, "watched_anime": st.lists(values, max_size=4) | values, "ratings": st.lists(values, max_size=4) | values, "scale": values}
    )
)  # fmt: skip
def test_no_body_breaks_it(client, body):
    response = client.post(ADDRESS, data=json.dumps(body), content_type="application/json")
    assert response.status_code in (200, 422)


# -- who is let in -------------------------------------------------------------------------------------------------


def test_no_cookie_and_no_csrf_token_are_needed_or_looked_at(client):
    client.set_cookie("lang", "ko")
    try:
        response = client.post(ADDRESS, json=GOOD)
    finally:
        client.delete_cookie("lang")
    assert response.status_code == 200
    assert response.json["message"].startswith("The profile")
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_with_tokens_only_who_has_one_is_let_in(tmp_path):
    client = web.make_site(tmp_path, api_tokens="first-token, 둘째").test_client()
    for sent in (
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic first-token",
        "first-token",
        "Bearer first-token,",
    ):
        response = client.post(ADDRESS, json=GOOD, headers={"Authorization": sent} if sent is not None else {})
        assert response.status_code == 401, sent
        assert response.headers["WWW-Authenticate"].startswith('Bearer realm="nextep"')
        assert response.content_type == "application/problem+json"
        assert "first-token" not in response.get_data(as_text=True)
    # Not even a body that is wrong is looked at before.
    assert client.post(ADDRESS, data="{").status_code == 401
    assert post(client, GOOD, Authorization="Bearer first-token")["profile"]["watched_count"] == 3
    assert post(client, GOOD, Authorization="bearer first-token")["profile"]["watched_count"] == 3
    assert client.post("/api/recommend/hybrid", json={"user_id": "u"}).status_code == 401
    assert client.get("/api/titles/1").status_code == 200


def test_writes_are_limited_by_address_but_not_for_a_token(tmp_path):
    open_site = web.make_site(tmp_path / "open", rate_limit=3).test_client()
    codes = [open_site.post(ADDRESS, json=GOOD).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    known = web.make_site(tmp_path / "tokens", rate_limit=3, api_tokens="t").test_client()
    assert {known.post(ADDRESS, json=GOOD, headers={"Authorization": "Bearer t"}).status_code for _ in range(8)} == {
        200
    }


def test_without_a_database_it_is_503(tmp_path, monkeypatch):
    site = web.make_site(tmp_path)
    monkeypatch.setattr(site.extensions["nextep"], "store", lambda: None)
    response = site.test_client().post(ADDRESS, json=GOOD)
    assert response.status_code == 503
    assert "database" in response.json["detail"]
