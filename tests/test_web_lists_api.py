"""GET, PUT and DELETE /api/people/{id}/lists: the contract's shapes, idempotence, and clear refusals."""

from __future__ import annotations

import people
import pytest

from webapp.api import lists as api
from webapp.api import shapes


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return people.site(tmp_path_factory.mktemp("lists-api"))


@pytest.fixture
def me(app):
    client = app.test_client()
    client.id = people.make_profile(client, "Juno")
    client.csrf = people.token(client)
    return client


def put(me, title, body, status=200, method="put", **headers):
    response = getattr(me, method)(f"/api/people/{me.id}/lists/{title}", json=body, headers={"X-CSRFToken": me.csrf, **headers})  # fmt: skip
    assert response.status_code == status, response.get_data(as_text=True)
    if status == 200:
        api.ChangeAnswer.model_validate(response.json)
    else:
        assert response.content_type == "application/problem+json"
        shapes.Problem.model_validate(response.json)
    return response.json


def lists(me, query=""):
    response = me.get(f"/api/people/{me.id}/lists{query}")
    assert response.status_code == 200
    api.ListsAnswer.model_validate(response.json)
    return response.json


def test_the_lists_have_the_shape_of_the_contract(me):
    found = lists(me)
    assert list(found) == ["completed", "dropped", "on_hold", "plan_to_watch", "watching"] or set(found) == {"watching", "on_hold", "plan_to_watch", "completed", "dropped"}  # fmt: skip
    assert {entry["id"] for entry in found["completed"]} == {1, 2, 3}
    assert lists(me, "?lang=ko")["completed"][0]["title"].startswith("작품")


def test_a_title_is_put_on_a_list_changed_and_taken_off(me):
    made = put(me, 10, {"status": "watching", "episodes": 3})
    assert (made["before"], made["changed"]) == (None, True)
    assert (made["entry"]["status"], made["entry"]["episodes"], made["entry"]["score"]) == ("watching", 3, None)
    assert [entry["id"] for entry in lists(me)["watching"]] == [10]
    scored = put(me, 10, {"score": 8})
    assert (scored["entry"]["status"], scored["entry"]["episodes"], scored["entry"]["score"]) == ("watching", 3, 8)
    assert scored["before"]["score"] is None
    assert put(me, 10, {"score": 8})["changed"] is False
    assert put(me, 10, {"score": None})["entry"]["score"] is None
    gone = put(me, 10, None, method="delete")
    assert (gone["entry"], gone["before"]["id"], gone["changed"]) == (None, 10, True)
    assert put(me, 10, None, method="delete")["changed"] is False


def test_an_entry_can_be_sent_back_as_it_came(me):
    before = put(me, 11, {"status": "completed", "score": 9, "episodes": 4, "started": "2016-01-02", "finished": "2016-02-03", "rewatches": 2})["entry"]  # fmt: skip
    put(me, 11, None, method="delete")
    again = put(me, 11, before)["entry"]
    assert {**again, "updated": None} == {**before, "updated": None}


def test_the_same_token_changes_once_and_gets_the_first_answer(me):
    first = put(me, 12, {"status": "watching", "episodes": 1}, **{"Idempotency-Key": "one"})
    put(me, 12, {"episodes": 5})
    assert put(me, 12, {"status": "watching", "episodes": 1}, **{"Idempotency-Key": "one"}) == first
    assert lists(me)["watching"][0]["episodes"] == 5
    other = put(me, 13, {"status": "watching"}, 422, **{"Idempotency-Key": "one"})
    assert "token of its own" in other["detail"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"status": "watched"}, "status"),
        ({"status": 3}, "status"),
        ({"score": 5}, "status"),
        ({"status": "watching", "score": 0}, "score"),
        ({"status": "watching", "score": 11}, "score"),
        ({"status": "watching", "score": "8"}, "score"),
        ({"status": "watching", "score": 7.5}, "score"),
        ({"status": "watching", "score": True}, "score"),
        ({"status": "watching", "episodes": -1}, "episodes"),
        ({"status": "watching", "episodes": None}, "episodes"),
        ({"status": "watching", "episodes": 10**7}, "episodes"),
        ({"status": "watching", "rewatches": "x"}, "rewatches"),
        ({"status": "watching", "started": "2016-13-01"}, "started"),
        ({"status": "watching", "started": 2016}, "started"),
        ({"status": "completed", "started": "2016-02-02", "finished": "2016-01-01"}, "finished"),
        ({"status": "watching", "id": 99}, "id"),
        ({"status": "watching", "stars": 5}, "stars"),
        ([], "body"),
        ("watching", "body"),
    ],
)
def test_a_body_that_is_wrong_is_a_422_that_names_the_entry(me, body, parameter):
    before = lists(me)
    problem = put(me, 14, body, 422)
    assert problem["parameter"] == parameter
    assert problem["detail"]
    assert lists(me) == before


def test_no_json_is_a_415_and_broken_json_a_422(me):
    address, headers = f"/api/people/{me.id}/lists/14", {"X-CSRFToken": me.csrf}
    assert me.put(address, data="status=watching", headers=headers, content_type="application/x-www-form-urlencoded").status_code == 415  # fmt: skip
    broken = me.put(address, data=b"{", headers=headers, content_type="application/json")
    assert broken.status_code == 422
    assert broken.json["parameter"] == "body"


@pytest.mark.parametrize("title", [999_999, 0])
def test_a_title_that_there_is_not_is_a_404(me, title):
    assert put(me, title, {"status": "watching"}, 404)["detail"]


def test_a_parameter_that_there_is_not_is_named(me):
    response = me.get(f"/api/people/{me.id}/lists?limit=3")
    assert response.status_code == 422
    assert response.json["parameter"] == "limit"


def test_without_a_csrf_token_nothing_changes(me):
    before = lists(me)
    for method in (me.put, me.delete):
        assert method(f"/api/people/{me.id}/lists/1", json={"status": "dropped"}).status_code == 400
        assert method(f"/api/people/{me.id}/lists/1", json={"status": "dropped"}, headers={"X-CSRFToken": "x"}).status_code == 400  # fmt: skip
    assert lists(me) == before


def test_the_csrf_token_of_the_page_is_the_one_to_send(me):
    page = me.get("/").get_data(as_text=True)
    me.csrf = page.split('<meta name="csrf-token" content="')[1].split('"')[0]
    assert put(me, 15, {"status": "plan_to_watch"})["changed"] is True


def test_lists_are_not_kept_by_caches(me):
    assert "no-store" in me.get(f"/api/people/{me.id}/lists").headers["Cache-Control"]


def test_what_is_on_a_list_is_said_wherever_the_api_shows_the_title(app, me):
    put(me, 16, {"status": "watching"})
    for address in ("/api/titles?limit=100", "/api/search?q=Work+16+of"):
        text = me.get(address).json
        items = text["items"] if "items" in text else [item for group in text["groups"] for item in group["items"]]
        assert {item["list_status"] for item in items if item["id"] == 16} == {"watching"}
    assert app.test_client().get("/api/titles/16").json["list_status"] is None


def test_the_document_describes_the_routes(me):
    document = me.get("/openapi.json").json["paths"]
    assert set(document["/api/people/{id}/lists"]) == {"get"}
    assert set(document["/api/people/{id}/lists/{title}"]) == {"put", "delete"}
    assert set(document["/api/people/{id}/lists/{title}/undo"]) == {"post"}


def undo(me, title, body, status=200):
    response = me.post(f"/api/people/{me.id}/lists/{title}/undo", json=body, headers={"X-CSRFToken": me.csrf})
    assert response.status_code == status, response.get_data(as_text=True)
    if status == 200:
        api.ChangeAnswer.model_validate(response.json)
    return response.json


def test_an_undo_brings_the_entry_back_whole(me):
    put(me, 20, {"status": "watching", "episodes": 4, "score": 7, "started": "2024-01-05"})
    before = put(me, 20, {"score": 7})["entry"]
    moved = put(me, 20, {"status": "dropped", "episodes": 5})
    undone = undo(me, 20, {"undo": moved["undo"]})
    assert undone["changed"] is True
    same = ("status", "episodes", "score", "started")
    assert (
        [undone["entry"][name] for name in same] == [before[name] for name in same] == ["watching", 4, 7, "2024-01-05"]
    )
    # What is undone can be done again the same way.
    assert undo(me, 20, {"undo": undone["undo"]})["entry"]["status"] == "dropped"
    gone = put(me, 20, None, method="delete")
    assert undo(me, 20, {"undo": gone["undo"]})["entry"]["status"] == "dropped"
    added = put(me, 21, {"status": "completed"})
    assert undo(me, 21, {"undo": added["undo"]})["entry"] is None


def test_an_undo_never_takes_back_what_another_tab_changed_since(me):
    first = put(me, 22, {"status": "watching"})
    put(me, 22, {"score": 9})
    answer = undo(me, 22, {"undo": first["undo"]})
    assert (answer["changed"], answer["entry"]["score"]) == (False, 9)
    # A lost answer asked for again changes nothing either.
    scored = put(me, 22, {"score": 3})
    assert undo(me, 22, {"undo": scored["undo"]})["entry"]["score"] == 9
    assert undo(me, 22, {"undo": scored["undo"]})["changed"] is False


@pytest.mark.parametrize(("body", "said"), [
    ({}, "undo"), ({"undo": 3}, "undo"), ({"undo": ""}, "undo"), ({"undo": "x" * 5000}, "undo"), ({"undo": "x", "more": 1}, "more"),
])  # fmt: skip
def test_an_undo_of_another_shape_is_named(me, body, said):
    assert said in str(undo(me, 23, body, status=422))


def test_an_undo_is_of_one_person_and_one_title(app, me):
    made = put(me, 24, {"status": "watching"})
    undo(me, 24, {"undo": made["undo"] + "x"}, status=400)
    undo(me, 25, {"undo": made["undo"]}, status=403)
    other = app.test_client()
    other.id = people.make_profile(other, "Rin")
    other.csrf = people.token(other)
    undo(other, 24, {"undo": made["undo"]}, status=403)
    assert [entry["id"] for entry in lists(me)["watching"] if entry["id"] == 24] == [24]
