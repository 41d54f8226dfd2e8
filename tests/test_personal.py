"""A person's home, recommendations and searches: their rows, the reasons, what is left out, and what serves."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
import shutil
import time

import numpy as np
import people
import pytest
import samples
import web
from web import get

from indexer.crowd import simulate, write_crowd
from lists.entry import Entry
from recommenders.default import train_default
from recommenders.train import train
from store.account import everything_of
from store.lists import Change
from store.people import Person, Preferences
from webapp.models import Models

TITLES = web.many(240)
CHARTS = ("top10", "top_rated", "most_watched")
OWN = ("continue", "on_hold", "plan_to_watch")
LIKED = (6, 12, 18, 24, 30, 42)  # Action


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("personal")


@pytest.fixture(scope="module")
def trained(folder):
    made = folder / "trained"
    train_default(TITLES, lambda file: write_crowd(simulate(TITLES, 300, 1), file), made, "test")
    return made


@pytest.fixture(scope="module")
def app(folder, trained):
    return web.make_site(folder, titles=TITLES, model_dir=trained)


@pytest.fixture
def person(app, request):
    return add(app, f"p{abs(hash(request.node.name))}")


@pytest.fixture
def client(app, person):
    return as_person(app, person)


def add(app, name: str, entries=None, **facts) -> Person:
    if entries is None:
        entries = [Entry(id, "completed", score=9, order=order) for order, id in enumerate(LIKED)]
        entries += [Entry(50, "watching", episodes=3, order=50), Entry(51, "watching", episodes=1, order=51)]
        entries += [
            Entry(52, "on_hold", order=52),
            Entry(53, "plan_to_watch", order=53),
            Entry(54, "dropped", 3, order=54),
        ]
    return people.store(app).people.create(Person(name, "imported", {"en": name}, **facts), entries)


def as_person(app, person: Person):
    client = app.test_client()
    with client.session_transaction() as session:
        session["person"] = person.id
    return client


def rows_of(client, person: Person, query: str = "") -> dict[str, dict]:
    response = client.get(f"/api/people/{person.id}/home{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return {row["name"]: row for row in response.get_json()["rows"]}


def ids(row: dict) -> list[int]:
    return [item["id"] for item in row["items"]]


def test_a_home_has_the_rows_of_a_person_in_the_order_of_the_page(client, person):
    names = list(rows_of(client, person))
    assert names[:2] == ["continue", "for_you"]
    assert [name for name in names if name in OWN] == list(OWN)
    assert len([name for name in names if name.startswith("because-")]) == 3
    assert {"people", "hidden_gems", "makers", "new_for_you", *CHARTS} <= set(names)
    assert any(name.startswith("favourite-") for name in names)


def test_a_title_stands_once_but_in_charts_and_own_lists(client, person):
    rows = rows_of(client, person)
    found = [id for name, row in rows.items() if name not in (*CHARTS, *OWN) for id in ids(row)]
    assert len(found) == len(set(found))
    assert not {*LIKED, 50, 51} & set(found)


def test_the_ticked_statuses_are_left_out_and_rows_stay_full(app):
    long = [Entry(id, "completed", score=8, order=id) for id in range(1, 101)]
    person = add(app, "long-list", long)
    client = as_person(app, person)
    rows = rows_of(client, person)
    lengths = {len(ids(rows[name])) for name in ("for_you", "people", "new_for_you")}
    assert len(lengths) == 1
    assert lengths.pop() >= 10
    people.store(app).people.set_preferences(person.id, Preferences(exclude=frozenset({"dropped"})))
    rows = rows_of(client, person)
    assert {id for row in rows.values() for id in ids(row)} & set(range(1, 101))


def test_own_lists_stand_in_the_order_of_the_last_change_else_of_import(app):
    day = datetime.datetime(2017, 1, 1, tzinfo=datetime.UTC)
    entries = [
        Entry(60, "watching", order=2),
        Entry(61, "watching", order=1),
        Entry(62, "watching", updated=day, order=3),
    ]
    person = add(app, "in-order", entries)
    assert ids(rows_of(as_person(app, person), person)["continue"]) == [62, 61, 60]


def test_every_recommendation_says_why_and_on_which_list_it_is(client, person):
    rows = rows_of(client, person)
    for name, row in rows.items():
        if name not in (*CHARTS, *OWN, "new_season"):
            assert all(item["reason"] for item in row["items"]), name
    statuses = {item["list_status"] for item in rows["continue"]["items"]}
    assert statuses == {"watching"}
    korean = rows_of(client, person, "?lang=ko")
    assert korean["for_you"]["title"] == "나를 위한 추천"
    assert all("Because" not in item["reason"] for item in korean["for_you"]["items"])


def test_a_new_entry_counts_at_once(app, client, person):
    before = rows_of(client, person)
    new = ids(before["for_you"])[0]
    people.store(app).lists.put(person.id, new, Change(status="completed", score=10))
    after = rows_of(client, person)
    assert f"because-{new}" in after
    assert new not in [id for name, row in after.items() if name not in CHARTS for id in ids(row)]
    assert len(after["for_you"]["items"]) == len(before["for_you"]["items"])


def test_what_one_is_not_interested_in_is_nowhere_at_once(app, client, person):
    rows = rows_of(client, person)
    gone = {ids(rows["for_you"])[0], ids(rows["top10"])[0], ids(rows["most_watched"])[1]}
    for id in gone:
        people.store(app).lists.hide(person.id, id)
    assert not gone & {id for row in rows_of(client, person).values() for id in ids(row)}
    page = get(client, "/?rows=all")
    assert not gone & set(page.title_ids())
    found = client.get("/api/search?q=a+story+about+a+club&limit=100").get_json()
    assert not gone & {
        item["id"] for group in found["groups"] if group["name"] == "recommended" for item in group["items"]
    }
    near = client.get("/api/titles/7/similar?limit=60").get_json()
    assert not gone & {item["id"] for item in near["items"]}


def test_what_one_is_not_interested_in_is_not_listed_either_until_it_is_undone(app, client, person):
    lists = people.store(app).lists
    first = client.get("/api/titles?limit=1").get_json()
    gone = first["items"][0]["id"]
    lists.hide(person.id, gone)
    listed = client.get("/api/titles?limit=100").get_json()
    assert gone not in ids(listed)
    assert listed["total"] == first["total"] - 1
    assert gone not in get(client, "/browse").title_ids()
    assert gone in get(app.test_client(), "/browse").title_ids()
    lists.unhide(person.id, gone)
    assert ids(client.get("/api/titles?limit=1").get_json()) == [gone]


def test_no_row_is_about_a_work_that_one_is_not_interested_in(app):
    person = add(app, "tired-of-it", favourites=(12,))
    client = as_person(app, person)
    before = rows_of(client, person)
    about = [int(name.removeprefix("because-")) for name in before if name.startswith("because-")]
    for id in about:
        people.store(app).lists.hide(person.id, id)
    after = rows_of(client, person)
    assert not {f"because-{id}" for id in about} & set(after)
    assert len([name for name in after if name.startswith("because-")]) == len(about)
    assert all(str(id) not in get(client, "/").text.split() for id in about)


def test_whoever_likes_nothing_gets_the_catalogues_rows_without_what_they_have_seen(app):
    nobody = rows_of(as_person(app, add(app, "blank", [])), people.store(app).people.get("blank"))
    seen = {id for name, row in nobody.items() if name not in CHARTS for id in ids(row)[:3]}
    person = add(app, "hard-to-please", [Entry(id, "completed", 1, order=id) for id in sorted(seen)])
    rows = rows_of(as_person(app, person), person)
    assert "for_you" not in rows
    assert not seen & {id for name, row in rows.items() if name not in CHARTS for id in ids(row)}
    assert {len(ids(rows[name])) for name in ("new_season", "newest")} == {
        len(ids(nobody[name])) for name in ("new_season", "newest")
    }


def test_the_best_match_is_told_beside_the_rows_and_stands_in_none(client, person):
    answer = client.get(f"/api/people/{person.id}/home").get_json()
    assert answer["hero"]["reason"]
    rows = {row["name"]: row for row in answer["rows"]}
    assert answer["hero"]["id"] not in {id for name, row in rows.items() if name not in CHARTS for id in ids(row)}


def test_a_title_searched_for_by_name_is_an_event_of_who_is_watching(app, client, person):
    client.get("/search?q=Work+8+of+Winter")
    client.get("/api/search?q=story+about+a+action+club")
    assert app.extensions["nextep"].recorder.flush()
    told = everything_of(people.store(app), person.id)["events"]
    searched = [(event["kind"], event["id"]) for event in told if event["kind"] == "searched"]
    exact = client.get("/api/search?q=Work+8+of+Winter").get_json()["groups"][0]["items"][0]["id"]
    assert searched == [("searched", exact)]


def test_searches_by_meaning_leave_out_what_the_person_has_seen_and_names_still_find_it(client, person):
    found = client.get("/api/search?q=story+about+a+action+club&limit=100").get_json()
    groups = {group["name"]: [item["id"] for item in group["items"]] for group in found["groups"]}
    assert groups["recommended"]
    assert not {*LIKED, 50, 51} & set(groups["recommended"])
    exact = client.get("/api/search?q=Work+6+of+Winter").get_json()
    first = exact["groups"][0]
    assert (first["name"], first["items"][0]["id"]) == ("exact", 6)
    assert first["items"][0]["list_status"] == "completed"
    near = next(group for group in exact["groups"] if group["name"] == "similar")
    assert not {*LIKED, 50, 51} & {item["id"] for item in near["items"]}


def test_a_search_says_what_it_left_out_and_finds_it_too_when_asked(client):
    page = get(client, "/search?q=story+about+a+action+club")
    assert {"/my-list?status=watching", "/my-list?status=completed"} <= set(page.links())
    assert not set(LIKED) & hits(page)
    asked = get(client, next(link for link in page.links() if "seen=1" in link))
    assert set(LIKED) & hits(asked)
    assert {"data-status": "completed", "aria-pressed": "true"}.items() in [
        {name: button.get(name) for name in ("data-status", "aria-pressed")}.items() for button in asked.all("button")
    ]
    back = get(client, next(link for link in asked.links() if link.endswith("/search?q=story+about+a+action+club")))
    assert not set(LIKED) & hits(back)
    found = client.get("/api/search?q=story+about+a+action+club&limit=100&seen=1").get_json()
    assert set(LIKED) <= {item["id"] for group in found["groups"] for item in group["items"]}


def hits(page) -> set[int]:
    return {int(item["data-title"]) for item in page.all("li") if item.get("class") == "hit"}


def test_not_interested_stays_left_out_of_a_search_with_everything_seen(app, client, person):
    people.store(app).lists.hide(person.id, 12)
    found = client.get("/api/search?q=story+about+a+action+club&limit=100&seen=1").get_json()
    everything = {item["id"] for group in found["groups"] for item in group["items"]}
    assert 6 in everything
    assert 12 not in everything


def test_the_page_of_a_title_says_why_it_is_for_the_person_unless_they_know_it(client, person):
    pick = rows_of(client, person)["for_you"]["items"][0]
    assert pick["reason"]
    assert pick["reason"] in get(client, f"/titles/{pick['id']}").text
    assert not [line for line in get(client, "/titles/6").all("p") if line.get("class") == "eyebrow"]


def test_somebody_without_a_person_finds_everything(app):
    found = app.test_client().get("/api/search?q=story+about+a+action+club&limit=100").get_json()
    everything = {item["id"] for group in found["groups"] for item in group["items"]}
    assert set(LIKED) & everything
    assert all(item["list_status"] is None for group in found["groups"] for item in group["items"])


def test_three_favourites_make_rows_like_a_long_list_and_none_the_catalogues_own(app, client, person):
    newcomer = add(app, "newcomer", [Entry(id, "completed", order=id) for id in (6, 12, 19)], favourites=(6, 12, 19))
    made = rows_of(as_person(app, newcomer), newcomer)
    assert {"for_you", "people", "hidden_gems", "new_for_you", "because-6", "because-12", "because-19"} <= set(made)
    assert len(made["for_you"]["items"]) == len(rows_of(client, person)["for_you"]["items"])
    nobody = add(app, "nobody", [])
    plain = rows_of(as_person(app, nobody), nobody)
    assert {"top10", "gems", "newest"} <= set(plain)
    assert "for_you" not in plain


def test_favourites_that_are_on_no_list_count_and_are_not_recommended(app):
    person = add(app, "only-favourites", [], favourites=(6, 12, 18))
    rows = rows_of(as_person(app, person), person)
    assert "because-6" in rows
    assert not {6, 12, 18} & {id for name, row in rows.items() if name not in CHARTS for id in ids(row)}


def test_the_page_brings_two_rows_and_the_others_one_by_one(client, person):
    page = get(client, "/")
    filled = [row for row in rows_of(client, person) if web.Page(page.html).section(f"row-{row}").title_ids()]
    assert filled == ["continue", "for_you"]
    for name in ("people", "hidden_gems", "top10"):
        assert page.section(f"row-{name}").all("h2")
        assert get(client, f"/rows/{name}").title_ids()
    everything = get(client, "/?rows=all")
    assert everything.section("row-people").title_ids()
    get(client, "/rows/nothing-like-it", 404)


def test_rows_by_themselves_are_those_of_the_page(client, person):
    rows = rows_of(client, person)
    for name in ("people", "hidden_gems"):
        assert get(client, f"/rows/{name}").title_ids()[-len(ids(rows[name])) :] == ids(rows[name])


def test_recommendations_come_from_the_model_asked_for(client, person):
    address = f"/api/people/{person.id}/recommendations"
    made = client.get(f"{address}?limit=15").get_json()
    assert made["model"] == "blend"
    assert made["simulated"] is True
    assert len(made["items"]) == 15
    assert all(item["reason"] for item in made["items"])
    others = {client.get(f"{address}?model={name}&limit=15").get_json()["model"] for name in ("clusters", "content")}
    assert others == {"clusters", "content"}
    refused = client.get(f"{address}?model=oracle")
    assert refused.status_code == 422
    assert "blend, clusters, content" in refused.get_json()["detail"]
    assert client.get(f"{address}?limit=101").status_code == 422


@pytest.mark.parametrize("address", ["home", "recommendations"])
def test_nobody_else_sees_a_persons_rows(app, client, address):
    other = app.extensions["nextep"].store().people.get("other") or add(app, "other")
    assert client.get(f"/api/people/{other.id}/{address}").status_code == 403
    assert app.test_client().get(f"/api/people/{other.id}/{address}").status_code == 403


def test_the_catalogue_can_be_listed_by_recommendation(app, client, person):
    made = client.get("/api/titles?sort=recommended&limit=10&genre=Comedy").get_json()
    assert (made["sort"], made["notices"]) == ("recommended", [])
    assert all("Comedy" in item["genres"] for item in made["items"])
    assert made["total"] > 10
    second = client.get("/api/titles?sort=recommended&limit=10&page=2&genre=Comedy").get_json()
    assert not {item["id"] for item in made["items"]} & {item["id"] for item in second["items"]}
    nobody = app.test_client().get("/api/titles?sort=recommended").get_json()
    assert nobody["notices"] == ["recommended_needs_person"]


def test_the_about_page_says_that_the_model_is_simulated(app):
    assert "simulated lists" in get(app.test_client(), "/about").text


# -- what serves ---------------------------------------------------------------------------------------------------


def models_of(app) -> Models:
    return app.extensions["nextep-models"]


def test_without_a_model_content_answers_and_says_so(tmp_path):
    app = web.make_site(tmp_path, titles=TITLES[:80])
    person = add(app, "alone")
    client = as_person(app, person)
    assert rows_of(client, person)["for_you"]["items"][0]["reason"].startswith("In common with")
    assert "No model has learned" in get(client, "/").text
    assert models_of(app).serving().name == "content"


def test_a_broken_model_is_said_and_content_answers(tmp_path, trained, caplog):
    shutil.copytree(trained, tmp_path / "broken")
    (tmp_path / "broken" / "blend" / "edlae" / "arrays.npz").write_bytes(b"no")
    app = web.make_site(tmp_path, titles=TITLES[:80], model_dir=tmp_path / "broken")
    person = add(app, "broken")
    assert "can’t be opened" in get(as_person(app, person), "/").text
    assert models_of(app).serving().notice == "model_broken"
    assert rows_of(as_person(app, person), person)["for_you"]["items"]


@pytest.mark.parametrize("made", ["nothing", "empty"])
def test_a_folder_without_a_model_is_said(tmp_path, made):
    if made == "empty":
        (tmp_path / "empty").mkdir()
    app = web.make_site(tmp_path, titles=TITLES[:20], model_dir=tmp_path / made)
    assert models_of(app).serving().notice == "model_broken"


def test_a_model_of_another_catalogue_is_not_used(tmp_path, trained):
    others = [title.replace(id=title.id + 90_000) for title in TITLES[:20]]
    app = web.make_site(tmp_path, titles=others, model_dir=trained)
    serving = models_of(app).serving()
    assert (serving.notice, serving.name) == ("model_foreign", "content")


def test_a_folder_that_is_one_model_serves_by_itself(tmp_path, trained):
    app = web.make_site(tmp_path, titles=TITLES[:60], model_dir=trained / "blend" / "edlae")
    serving = models_of(app).serving()
    assert (serving.name, serving.source, serving.notice) == ("edlae", "setting", "")


def test_models_are_opened_again_when_the_folder_changes(tmp_path, trained, monkeypatch):
    folder = tmp_path / "models"
    shutil.copytree(trained / "clusters", folder / "clusters")
    app = web.make_site(tmp_path, titles=TITLES[:60], model_dir=folder)
    held = models_of(app)
    before = held.serving()
    assert before.name == "clusters"
    assert held.serving() is before
    shutil.copytree(trained / "blend", folder / "blend")
    assert held.reload().name == "blend"
    shutil.rmtree(folder / "blend")
    monkeypatch.setattr("webapp.models.LOOK_SECONDS", -1.0)
    held.serving()  # opens behind the requests that go on
    for _ in range(200):
        if held.serving().name == "clusters":
            break
        time.sleep(0.02)
    assert held.serving().name == "clusters"


def test_the_default_model_serves_the_bundled_catalogue_and_no_other(tmp_path, trained):
    var = tmp_path / "var"
    shutil.copytree(trained, var / "models" / "default")
    assert models_of(web.make_site(tmp_path, titles=TITLES[:60])).serving().source == "content"
    engine = web.EmbeddedEngine(tmp_path / "bundled")
    made = samples.made_documents(TITLES[:60])
    build = engine.begin(dataclasses.replace(samples.info(documents=60), provenance="bundled"))
    build.add(made)
    build.publish()
    serving = models_of(web.make_site(tmp_path, engine)).serving()
    assert (serving.source, serving.name, serving.simulated) == ("default", "blend", True)


def test_popularity_does_not_rank_where_a_personal_model_is_there(tmp_path, trained):
    told = json.loads((trained / "blend" / "model.json").read_text(encoding="utf-8"))
    assert told["data"]["simulated"] is True
    lists = tmp_path / "lists.csv"
    rng = np.random.default_rng(0)
    with lists.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "status"])
        writer.writerows([f"u{user}", int(item), "completed"] for user in range(30) for item in rng.integers(1, 60, 9))
    for name in ("popularity", "item_knn"):
        train(name, lists, tmp_path / "models" / name)
    app = web.make_site(tmp_path, titles=TITLES[:60], model_dir=tmp_path / "models")
    serving = models_of(app).serving()
    assert serving.name == "item_knn"
    assert serving.simulated is False
    assert set(serving.names()) == {"item_knn", "popularity", "content"}


def bundled(folder, provenance="bundled"):
    engine = web.EmbeddedEngine(folder / "var" / "index")
    made = samples.made_documents(TITLES[:60])
    build = engine.begin(dataclasses.replace(samples.info(documents=60), provenance=provenance, catalogue_hash="abc"))
    build.add(made)
    build.publish()
    return engine


def test_indexing_the_bundled_catalogue_trains_the_default_model_once_and_says_so(tmp_path, capsys):
    import cli

    settings, engine = web.make_settings(tmp_path), bundled(tmp_path)
    cli._train_default(settings, engine)
    assert "3,000 simulated people" in capsys.readouterr().err
    stamp = (settings.default_models_dir / "stamp.json").read_text(encoding="utf-8")
    assert "abc" in stamp
    cli._train_default(settings, engine)
    assert capsys.readouterr().err == ""
    (settings.default_models_dir / "clusters" / "model.json").unlink()
    cli._train_default(settings, engine)
    assert "3,000 simulated people" in capsys.readouterr().err


def test_another_catalogue_gets_no_simulated_model(tmp_path, capsys):
    import cli

    settings = web.make_settings(tmp_path)
    cli._train_default(settings, bundled(tmp_path, "kaggle"))
    assert not settings.default_models_dir.exists()


def test_the_bench_measures_a_home_page_of_rows(tmp_path, monkeypatch):
    from evaluation import people as bench

    engine = bundled(tmp_path, "file")
    service = web.SearchService(engine, web.encoder())
    monkeypatch.setattr(bench, "open_service", lambda settings: service)
    told = bench.run_people(web.make_settings(tmp_path), people=2, lengths=(3, 20), rounds=2)
    assert "60 titles, model content" in told
    for step in bench.STEPS:
        assert f"| {step} |" in told
