"""POST /api/recommend/hybrid: scores that add up, reasons, filters, both catalogues, and what is refused."""

from __future__ import annotations

import json
import threading

import pytest
import web
from samples import CATALOGUE

from indexer.read import read_catalogue
from indexer.report import Report
from recommenders.features import from_titles
from recommenders.interactions import Interactions
from recommenders.models import make_model
from webapp import hybrid
from webapp.api import recommend as api_recommend
from webapp.api import shapes

ADDRESS = "/api/recommend/hybrid"
# Who likes Cowboy Bebop (1) likes Monster (6); nobody has 10, 11 or 12.
LISTS = [(user, item) for user, own in enumerate([(1, 6), (1, 6, 2), (1, 6), (3, 7), (3, 7), (4, 5), (4, 5, 6)]) for item in own]  # fmt: skip
KOREAN = """제목,장르,태그,줄거리,연도,avg_rating,rating_count,age_rating
밤의 기사,"판타지, 액션","마법, 학교",마법 학교의 기사가 밤마다 괴물과 싸운다.,2015,4.5,900,15
낮의 기사,"판타지, 액션","마법, 학교",마법 학교의 기사가 낮마다 용과 싸운다.,2017,4.4,700,15
조용한 식당,"일상, 드라마","음식, 치유",작은 식당에 손님이 찾아와 음식을 먹는다.,2012,4.2,400,0
바닷가 식당,"일상, 드라마","음식, 치유",바닷가 작은 식당의 주인이 음식을 만든다.,2019,4.1,300,0
금지된 밤,에로,,어른만 보는 이야기.,2011,3.0,50,19
"""


def trained(folder, name: str = "item_knn"):
    lists = Interactions.from_arrays([user for user, _ in LISTS], [item for _, item in LISTS])
    make_model(name, {}, 42, from_titles(CATALOGUE)).fit(lists).save(folder)
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hybrid")
    return web.make_site(folder, model_dir=trained(folder / "model"))


@pytest.fixture(scope="module")
def client(app):
    client = app.test_client()
    profile(client, "u", [1, 3], [9, 2])
    return client


def profile(client, user_id, watched, ratings, **more):
    body = {"user_id": user_id, "watched_anime": watched, "ratings": ratings, **more}
    response = client.post("/api/user/profile", json=body)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.json["profile"]


def ask(client, status: int = 200, *, headers=None, **body):
    response = client.post(ADDRESS, json={"user_id": "u", **body}, headers=headers)
    assert response.status_code == status, response.get_data(as_text=True)[:400]
    return response.json


def ids(answer) -> list[int]:
    return [item["id"] for item in answer["recommendations"]]


# -- scores and reasons --------------------------------------------------------------------------------------------


def test_the_answer_has_the_shape_of_the_contract(client):
    body = ask(client)
    api_recommend.HybridAnswer.model_validate(body)
    assert body["user_id"] == "u"
    assert body["method"] == "hybrid"
    assert body["weights"] == {"content": 0.6, "collaborative": 0.4}
    assert body["collaborative_model"] == "item_knn"
    assert body["notices"] == []
    assert {"id", "title", "final_score", "content_score", "collab_score", "genres", "year", "synopsis", "why"} == set(
        body["recommendations"][0]
    )
    assert {"text", "because", "shared"} == set(body["recommendations"][0]["why"])


def test_final_is_the_sum_of_the_two_scores_and_never_rises(client):
    items = ask(client, n_recommendations=100)["recommendations"]
    for item in items:
        assert item["final_score"] == pytest.approx(item["content_score"] + item["collab_score"], abs=1e-9)
        assert 0 <= item["content_score"] <= 0.6
        assert 0 <= item["collab_score"] <= 0.4
    finals = [item["final_score"] for item in items]
    assert finals == sorted(finals, reverse=True)
    assert max(item["content_score"] for item in items) == 0.6
    assert max(item["collab_score"] for item in items) == 0.4


def test_a_low_rating_recommends_nothing_like_it(client):
    items = {item["id"]: item for item in ask(client, n_recommendations=100)["recommendations"]}
    # 7 is what everybody who likes Toradora! (3) likes; it was rated 2.
    assert items[7]["collab_score"] == 0
    assert items[6]["collab_score"] == 0.4


def test_what_was_watched_what_is_adult_and_what_is_not_offered_is_left_out(client):
    assert sorted(ids(ask(client, n_recommendations=100))) == [2, 4, 5, 6, 7, 10, 11, 12]


def test_works_that_training_never_saw_are_scored_by_content(app):
    client = app.test_client()
    profile(client, "mystery", [6], [10])
    items = {item["id"]: item for item in ask(client, user_id="mystery", n_recommendations=100)["recommendations"]}
    assert items[10]["content_score"] > 0  # Mystery by Madhouse, like Monster
    assert items[10]["collab_score"] == 0


def test_weights_are_normalised_and_change_the_order(client):
    alike = ask(client, content_weight=60, collaborative_weight=40)
    assert alike["weights"] == {"content": 0.6, "collaborative": 0.4}
    assert alike["recommendations"] == ask(client)["recommendations"]
    assert ids(ask(client, content_weight=1, collaborative_weight=0))[0] == 2
    assert ids(ask(client, content_weight=0, collaborative_weight=1))[0] == 6
    assert ask(client, content_weight=1)["weights"] == {
        "content": round(1 / 1.4, 6),
        "collaborative": round(0.4 / 1.4, 6),
    }


def test_every_reason_names_works_of_the_person_and_adds_up(client):
    items = {item["id"]: item for item in ask(client, n_recommendations=100)["recommendations"]}
    why = items[2]["why"]
    assert why["because"] == [
        {"id": 1, "title": "Cowboy Bebop", "weight": pytest.approx(items[2]["final_score"], abs=0.01)}
    ]
    assert why["shared"] == ["Action", "Sci-Fi", "Space"]
    assert why["text"] == "Because you liked: Cowboy Bebop. In common: Action, Sci-Fi, Space."
    assert items[2]["genres"] == "Action|Sci-Fi"
    assert items[11]["why"]["because"] == [] or items[11]["final_score"] > 0


def test_it_answers_in_korean_for_who_prefers_it(client):
    item = next(item for item in ask(client, headers={"Accept-Language": "ko"})["recommendations"] if item["id"] == 2)
    assert item["genres"] == "액션|SF"
    assert item["why"]["text"].startswith("좋아하신 작품: 카우보이 비밥. 공통점: 액션, SF")
    assert item["why"]["shared"][:2] == ["액션", "SF"]
    assert item["why"]["because"][0]["title"] == "카우보이 비밥"


def test_as_many_as_asked_for_and_the_same_every_time(client):
    assert len(ids(ask(client, n_recommendations=3))) == 3
    assert ids(ask(client, n_recommendations=3)) == ids(ask(client))[:3]
    assert ask(client) == ask(client)


def test_a_profile_posted_again_changes_the_recommendations(app):
    client = app.test_client()
    profile(client, "again", [4], [9])
    before = ask(client, user_id="again")
    profile(client, "again", [3], [9])
    after = ask(client, user_id="again")
    assert ids(before)[0] == 5
    assert 5 not in ids(after)[:1]
    assert 4 in ids(after)


def test_a_profile_of_nothing_known_gets_what_most_watch_and_is_told(app):
    client = app.test_client()
    profile(client, "nobody", ["no such work"], [9])
    body = ask(client, user_id="nobody", n_recommendations=2)
    assert "nothing_known" in body["notices"]
    assert ids(body) == [4, 5]
    assert body["recommendations"][0]["why"]["because"] == []
    assert "many watch it" in body["recommendations"][0]["why"]["text"]


# -- filters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"genre": "Drama"}, {4, 5, 6, 11, 12}),
        ({"genre": "드라마"}, {4, 5, 6, 11, 12}),
        ({"genre": ["drama", "military"]}, {4, 5}),
        ({"without_genre": ["Drama"]}, {2, 7, 10}),
        ({"year_from": 2013}, {4, 5, 12}),
        ({"year_from": 2001, "year_to": 2004}, {2, 6, 7}),
        ({"format": "movie"}, {2}),
        ({"theme": "Space"}, {2}),
        ({"studio": ["Madhouse", "Bones"]}, {2, 6, 10}),
        ({"episodes_max": 3}, {2, 11}),
        ({"genre": None, "year_from": None}, {2, 4, 5, 6, 7, 10, 11, 12}),
    ],
)
def test_filters_choose_among_the_ranked_works_and_change_no_score(client, filters, found):
    whole = {item["id"]: item for item in ask(client, n_recommendations=100)["recommendations"]}
    some = ask(client, n_recommendations=100, **filters)["recommendations"]
    assert {item["id"] for item in some} == found
    assert all(whole[item["id"]] == item for item in some)


# -- refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "parameter", "said"),
    [
        ({"user_id": ""}, "user_id", "1 to 200"),
        ({"user_id": None}, "user_id", "null"),
        ({"n_recommendations": 0}, "n_recommendations", "1 to 100"),
        ({"n_recommendations": 101}, "n_recommendations", "1 to 100"),
        ({"n_recommendations": "5"}, "n_recommendations", "whole"),
        ({"n_recommendations": 2.5}, "n_recommendations", "2.5"),
        ({"n_recommendations": True}, "n_recommendations", "true"),
        ({"n_recommendations": None}, "n_recommendations", "null"),
        ({"content_weight": 0, "collaborative_weight": 0}, "content_weight", "both 0"),
        ({"content_weight": -0.1}, "content_weight", "-0.1"),
        ({"content_weight": "0.6"}, "content_weight", "number"),
        ({"collaborative_weight": True}, "collaborative_weight", "true"),
        ({"collaborative_weight": 1e300}, "collaborative_weight", "1e+300"),
        ({"genre": "Nonsense"}, "genre", "Nonsense"),
        ({"genre": []}, "genre", "1 to 20"),
        ({"genre": ["Drama", 5]}, "genre[1]", "text"),
        ({"genre": 5}, "genre", "text"),
        ({"year_from": "2010"}, "year_from", "1900 to 2100"),
        ({"year_from": 20100}, "year_from", "1900 to 2100"),
        ({"year_from": True}, "year_from", "true"),
        ({"year_from": 2010, "year_to": 2000}, "year_from", "after"),
        ({"studio": "Nowhere"}, "studio", "Nowhere"),
        ({"n": 5}, "n", "allowed"),
        ({"genres": "Drama"}, "genres", "genre"),
    ],
)
def test_an_invalid_entry_is_named_with_what_is_allowed(client, change, parameter, said):
    body = ask(client, 422, **change)
    shapes.Problem.model_validate(body)
    assert body["parameter"] == parameter
    assert said in body["detail"]


@pytest.mark.parametrize("raw", ['{"user_id": "u", "content_weight": NaN}', '{"user_id": "u", "content_weight": Infinity}', '{"user_id": "u", "n_recommendations": 1e999}'])  # fmt: skip
def test_numbers_that_are_none_are_refused(client, raw):
    assert client.post(ADDRESS, data=raw, content_type="application/json").status_code == 422


def test_an_unknown_user_is_404_and_the_body_is_checked_first(client):
    assert "profile" in ask(client, 404, user_id="stranger")["detail"]
    assert ask(client, 422, user_id="stranger", n_recommendations=0)["parameter"] == "n_recommendations"
    assert ask(client, 404, user_id="U")  # ids are as given


def test_another_content_type_is_415_and_another_method_405(client):
    assert client.post(ADDRESS, data=json.dumps({"user_id": "u"})).status_code == 415
    assert client.get(ADDRESS).status_code == 405


# -- which model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name"), [("hybrid", "item_knn"), ("blend", "edlae"), ("ials", "ials"), ("edlae", "edlae")]
)
def test_the_collaborative_part_of_whatever_was_trained_is_taken(tmp_path, kind, name):
    client = web.make_site(tmp_path, model_dir=trained(tmp_path / "model", kind)).test_client()
    profile(client, "u", [1], [9])
    body = ask(client)
    assert body["collaborative_model"] == name
    assert max(item["collab_score"] for item in body["recommendations"]) == pytest.approx(0.4)


def test_of_a_folder_of_models_the_most_fitting_is_taken(tmp_path):
    for name in ("popularity", "item_knn", "content"):
        trained(tmp_path / "models" / name, name)
    client = web.make_site(tmp_path, model_dir=tmp_path / "models").test_client()
    profile(client, "u", [1], [9])
    assert ask(client)["collaborative_model"] == "item_knn"


def test_without_a_model_content_answers_alone_and_says_so(tmp_path):
    client = web.make_site(tmp_path).test_client()
    profile(client, "u", [1], [9])
    body = ask(client)
    assert body["collaborative_model"] is None
    assert body["notices"] == ["content_alone"]
    assert ids(body)[0] == 2
    assert {item["collab_score"] for item in body["recommendations"]} == {0.0}


@pytest.mark.parametrize("content", [None, "{", '{"model": "popularity"}'])
def test_a_broken_model_folder_is_said_and_content_goes_on(tmp_path, content):
    folder = tmp_path / "model"
    folder.mkdir()
    if content:
        (folder / "model.json").write_text(content)
    client = web.make_site(tmp_path, model_dir=folder).test_client()
    profile(client, "u", [1], [9])
    body = ask(client)
    assert body["notices"] == ["model_broken"]
    assert ids(body)[0] == 2


def test_content_is_kept_for_the_next_process_and_made_anew_for_another_index(tmp_path):
    engine = web.make_engine(tmp_path)
    first = web.make_site(tmp_path, engine)
    first.extensions["nextep-hybrid"].settle()
    kept = tmp_path / "var" / "models" / "hybrid-content" / "model.json"
    stamp = kept.stat().st_mtime_ns
    second = web.make_site(tmp_path, engine).extensions["nextep-hybrid"]
    opened = second.settle()
    assert kept.stat().st_mtime_ns == stamp
    web.fill(engine, CATALOGUE[:5])
    assert second.open() is opened  # which serves until the next is ready
    assert second.settle().generation != opened.generation
    assert second.settle().duet.ids != opened.duet.ids
    assert json.loads(kept.read_text())["metrics"]["generation"] == second.open().generation


def test_while_the_hybrid_is_made_ready_nobody_waits_long(tmp_path, monkeypatch):
    site = web.make_site(tmp_path)
    hold = threading.Event()
    made = hybrid.describe_all
    monkeypatch.setattr(hybrid.Hybrids.open, "__defaults__", (0.05,))
    monkeypatch.setattr(hybrid, "describe_all", lambda *args: hold.wait(30) and made(*args))
    client = site.test_client()
    profile(client, "u", [1], [9])
    response = client.post(ADDRESS, json={"user_id": "u"})
    assert response.status_code == 503
    assert "prepared" in response.json["detail"]
    assert response.headers["Retry-After"]
    hold.set()
    site.extensions["nextep-hybrid"].settle()
    assert ids(ask(client))[0] == 2


# -- the Korean catalogue ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def korean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("korean")
    (folder / "laftel.csv").write_text(KOREAN, encoding="utf-8")
    titles = read_catalogue(folder / "laftel.csv", Report())
    return web.make_site(folder, titles=titles, model_dir=trained(folder / "model")).test_client()


def test_the_korean_catalogue_takes_korean_titles_and_genres(korean):
    told = profile(korean, "독자", ["밤의 기사", "낮의 가사"], [5, 4], scale=5)
    assert told["watched_count"] == 1
    assert told["avg_rating"] == 5
    assert told["unmatched"][0]["suggestions"][0]["title"] == "낮의 기사"
    body = ask(korean, user_id="독자", headers={"Accept-Language": "ko"}, n_recommendations=10)
    names = [item["title"] for item in body["recommendations"]]
    assert names[0] == "낮의 기사"
    assert "밤의 기사" not in names
    assert "금지된 밤" not in names
    assert body["recommendations"][0]["genres"] == "판타지|액션"
    assert body["recommendations"][0]["synopsis"].startswith("마법 학교의")
    assert body["recommendations"][0]["why"]["text"].startswith("좋아하신 작품: 밤의 기사. 공통점: 판타지")
    # The model was trained on another catalogue's ids.
    assert body["notices"][0] == "model_foreign"
    assert body["collaborative_model"] is None
    only = ask(korean, user_id="독자", genre="일상", headers={"Accept-Language": "ko"})
    assert {item["title"] for item in only["recommendations"]} == {"조용한 식당", "바닷가 식당"}


def test_a_korean_top_genre_is_named_in_the_readers_language(korean):
    body = {"user_id": "x", "watched_anime": ["조용한 식당"], "ratings": [9]}
    in_korean = korean.post("/api/user/profile", json=body, headers={"Accept-Language": "ko"}).json["profile"]
    in_english = korean.post("/api/user/profile", json=body).json["profile"]
    assert {name for name, _ in in_korean["top_genres"]} >= {"일상", "드라마"}
    assert {name for name, _ in in_english["top_genres"]} >= {"Slice of Life", "Drama"}


# -- documentation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/user/profile", "/api/recommend/hybrid"])
def test_the_openapi_document_tells_body_examples_and_errors(client, path):
    document = client.get("/openapi.json").json
    told = document["paths"][path]["post"]
    content = told["requestBody"]["content"]["application/json"]
    shape = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
    assert "user_id" in shape["required"]
    assert set(content["examples"]) == {"english", "korean"}
    for example in content["examples"].values():
        assert set(example["value"]) <= set(shape["properties"])
        answer = client.post(path, json=example["value"])
        assert answer.status_code in (200, 404), answer.get_data(as_text=True)
    assert {"200", "401", "413", "415", "422", "429", "503"} <= set(told["responses"])
    assert told["security"] == [{"token": []}, {}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
