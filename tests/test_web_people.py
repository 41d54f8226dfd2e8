"""Who is watching: choosing, a new profile without a script, one's own data, and nobody else's."""

from __future__ import annotations

import dataclasses
import re

import people
import pytest
import web
from web import get

from webapp.art.avatar import MOTIFS, NAMES, avatar_of, avatar_svg
from webapp.forms import safe_path


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return people.site(tmp_path_factory.mktemp("people"))


@pytest.fixture
def client(app):
    return app.test_client()


# -- choosing ------------------------------------------------------------------------------------------------------


def test_the_bundled_people_can_be_chosen_each_with_a_picture_and_a_taste(client):
    page = get(client, "/people")
    buttons = [one for one in people.forms(page.html) if one["action"] == "/people/choose"]
    assert len(buttons) == 8
    assert "Slow-burning romance" in page.text
    for image in page.all("img"):
        if "face" in str(image.get("class")):
            assert client.get(str(image["src"])).mimetype == "image/svg+xml"


def test_a_catalogue_with_ids_of_its_own_warns_of_lists_by_the_ids_of_others(client, app, monkeypatch):
    said = "Lists that name works by MyAnimeList’s ids"
    assert said not in get(client, "/people").text
    search = app.extensions["nextep"].search
    info = search.info()
    monkeypatch.setattr(search, "info", lambda: dataclasses.replace(info, provenance="laftel"))
    assert said in get(client, "/people").text


def test_two_clicks_lead_to_a_home_that_differs(client):
    before = get(client, "/").title_ids()
    link = next(link for link in get(client, "/").links() if link.startswith("/people?next="))
    page = get(client, link).html
    one = next(one for one in people.forms(page) if ("person", "dohyun") in one["fields"])
    after = people.submit(client, one)
    assert after.request.path == "/"
    page = web.Page(after.get_data(as_text=True))
    assert "Dohyun" in page.html
    assert get(client, "/my-list").text.count("My list")
    assert isinstance(before, list)


def test_the_choice_leads_back_to_where_it_was_asked_for(client):
    page = get(client, "/people?next=/titles/5").html
    one = next(one for one in people.forms(page) if ("person", "leo") in one["fields"])
    assert people.submit(client, one, follow=False).headers["Location"] == "/titles/5"


@pytest.mark.parametrize("away", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\nb", "javascript:alert(1)", "", None])  # fmt: skip
def test_no_form_leads_away_from_the_site(client, away):
    assert safe_path(away) == "/"
    csrf = people.token(client)
    response = client.post("/people/choose", data={"csrf_token": csrf, "person": "mina", "next": away or ""})
    assert response.headers["Location"] == "/"


def test_whoever_is_watching_is_named_on_every_page_and_can_leave(client):
    people.choose(client, "mina")
    for address in ("/", "/browse", "/titles/3", "/about", "/search?q=work", "/nope"):
        html = client.get(address).get_data(as_text=True)
        assert "Watching: Mina" in html, address
        assert '<meta name="csrf-token" content="' in html
    people.submit(client, people.form(get(client, "/").html, "/people/leave"))
    assert "Watching: Mina" not in get(client, "/").html
    assert client.get("/my-list").headers["Location"].startswith("/people?next=")


def test_where_nobody_is_watching_no_page_sets_a_session(client):
    for address in ("/", "/browse", "/titles/3", "/about", "/search?q=work"):
        names = {cookie.partition("=")[0] for cookie in client.get(address).headers.getlist("Set-Cookie")}
        assert names <= {"visitor"}, address


def test_pictures_and_style_sheets_come_without_the_cookie_of_whoever_is_watching(client):
    people.choose(client, "mina")
    page = get(client, "/people")
    for address in [*[str(image["src"]) for image in page.all("img")][:3], "/static/css/people.css"]:
        response = client.get(address)
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")


def test_an_unknown_person_is_a_404_and_an_unknown_cookie_is_nobody(client, app):
    csrf = people.token(client)
    assert client.post("/people/choose", data={"csrf_token": csrf, "person": "nobody"}).status_code == 404
    with client.session_transaction() as session:
        session["person"] = "gone"
    assert "Watching:" not in get(client, "/").html


def test_an_imported_person_is_found_by_user_id(app, client):
    from store.people import Person

    kept = people.store(app).people
    if kept.get("kaggle-77") is None:
        kept.create(Person("kaggle-77", "imported", {"en": "User 77"}))
    page = get(client, "/people?user=77")
    assert ("person", "kaggle-77") in [field for one in people.forms(page.html) for field in one["fields"]]
    assert "Nobody with the user_id 78" in get(client, "/people?user=78").text
    assert "Nobody with" in get(client, "/people?user=mina").text


# -- a new profile -------------------------------------------------------------------------------------------------


def test_a_profile_is_made_in_three_steps_without_a_script(app, client):
    page = get(client, "/people/new").html
    asked = people.submit(client, people.form(page, "/people/new"), name="  Ju  no ", action="name")
    html = asked.get_data(as_text=True)
    assert "Ju no, what do you love?" in html
    grid = [str(one["value"]) for one in web.Page(html).all("input") if one.get("name") == "pick"]
    assert len(grid) == len(set(grid)) >= 12
    done = people.submit(client, people.form(html, "/people/new"), pick=grid[:3], action="done")
    assert done.request.path == "/"
    assert "Welcome, Ju no" in done.get_data(as_text=True)
    with client.session_transaction() as session:
        person = people.store(app).people.get(session["person"])
    assert person.kind == "own"
    assert sorted(person.favourites) == sorted(int(id) for id in grid[:3])
    assert len(person.id) >= 16
    entries = people.store(app).lists.entries(person.id)
    assert {entry.title_id for entry in entries} == set(person.favourites)
    assert {entry.status for entry in entries} == {"completed"}


def test_more_to_pick_from_keeps_what_is_ticked_and_what_was_found(client):
    people.submit(client, people.form(get(client, "/people/new").html, "/people/new"), name="Juno", action="name")
    html = get(client, "/people/new").html
    grid = [str(one["value"]) for one in web.Page(html).all("input") if one.get("name") == "pick"]
    html = people.submit(client, people.form(html, "/people/new"), pick=grid[4:6], action="more").get_data(as_text=True)
    boxes = [one for one in web.Page(html).all("input") if one.get("name") == "pick"]
    assert len(boxes) > len(grid)
    assert {one["value"] for one in boxes if "checked" in one} == set(grid[4:6])
    html = people.submit(client, people.form(html, "/people/new"), q="Work 41 of", action="search").get_data(as_text=True)  # fmt: skip
    boxes = [one for one in web.Page(html).all("input") if one.get("name") == "pick"]
    assert {one["value"] for one in boxes if "checked" in one} == set(grid[4:6])
    assert "41" in {one["value"] for one in boxes}
    # A title that is unticked again goes.
    html = people.submit(client, people.form(html, "/people/new"), pick=[grid[4], "41"], action="more").get_data(as_text=True)  # fmt: skip
    assert {str(one["value"]) for one in web.Page(html).all("input") if "checked" in one} == {grid[4], "41"}


@pytest.mark.parametrize(("name", "picks", "said"), [("", ["1", "2", "3"], "A name of 1 to"), ("x" * 61, ["1", "2", "3"], "A name of 1 to"), ("Juno", ["1", "2"], "at least three"), ("Juno", ["1", "2", "999999"], "at least three"), ("Juno", ["1", "2", "x"], "at least three")])  # fmt: skip
def test_a_profile_that_is_not_complete_says_what_is_missing(client, name, picks, said):
    csrf = people.token(client)
    shown = client.post("/people/new", data={"csrf_token": csrf, "name": name, "action": "name"}, follow_redirects=True)
    if name == "Juno":
        shown = client.post("/people/new", data={"csrf_token": csrf, "favourites": "1", "pick": picks, "action": "done"}, follow_redirects=True)  # fmt: skip
    assert said in shown.get_data(as_text=True)
    with client.session_transaction() as session:
        assert "person" not in session


def test_the_works_to_pick_from_are_known_and_differ():
    from webapp.pool import Pool
    from webapp.starters import starters

    titles = [web.title(number, f"Work {number}", genres=("Action",) if number != 4 else ("Romance",), year=2010, members=100 - number) for number in range(1, 11)]  # fmt: skip
    pool = Pool(titles, titles, titles)
    first = starters(pool, 4)
    assert first[0].id == 1
    assert first[1].id == 4
    assert starters(pool, 2) == first[:2]
    assert starters(Pool((), (), ()), 5) == []


# -- whose it is ---------------------------------------------------------------------------------------------------


def test_an_own_profile_is_seen_and_chosen_by_its_browser_alone(app, client):
    id = people.make_profile(client, "Mine")
    assert id in get(client, "/people").html
    other = app.test_client()
    csrf = people.token(other)
    assert id not in get(other, "/people").html
    refused = other.post("/people/choose", data={"csrf_token": csrf, "person": id})
    assert refused.status_code == 403
    assert "Mine" not in refused.get_data(as_text=True)


def test_the_cookie_of_own_profiles_can_not_be_made_up(app, client):
    id = people.make_profile(client)
    other = app.test_client()
    other.set_cookie("profiles", f'["{id}"].x')
    assert id not in get(other, "/people").html


def _addresses(app) -> list[tuple[str, str]]:
    """Return every address that names a person, with every method it takes."""
    found = []
    for rule in app.url_map.iter_rules():
        if "<id>" not in rule.rule or not rule.rule.startswith(("/people/", "/api/people/")):
            continue
        address = re.sub(r"<(?:[^<>]*:)?format>", "csv", re.sub(r"<(?:[^<>]*:)?title>", "5", rule.rule))
        found += [(method, address) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def test_nobody_reads_or_changes_what_belongs_to_another(app, client):
    addresses = _addresses(app)
    assert len(addresses) >= 6
    owner = app.test_client()
    id = people.make_profile(owner, "Mine")
    before = people.store(app).lists.entries(id)
    csrf = people.choose(client, "mina")
    for method, address in addresses:
        for whose in (id, "dohyun", "no-such-person"):
            response = client.open(
                address.replace("<id>", whose),
                method=method,
                headers={"X-CSRFToken": csrf},
                json={"status": "dropped"} if address.startswith("/api/") and method != "GET" else None,
                data=None if address.startswith("/api/") else {"csrf_token": csrf, "confirm": "yes"},
            )
            assert response.status_code == 403, f"{method} {address} {whose}: {response.status_code}"
            assert "Mine" not in response.get_data(as_text=True)
    nobody = app.test_client()
    csrf = people.token(nobody)
    for method, address in addresses:
        response = nobody.open(address.replace("<id>", id), method=method, headers={"X-CSRFToken": csrf}, json={} if address.startswith("/api/") and method != "GET" else None)  # fmt: skip
        assert response.status_code == 403, f"{method} {address}"
    assert people.store(app).lists.entries(id) == before


def test_every_change_needs_a_csrf_token(app, client):
    people.choose(client, "mina")
    changing = []
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) & {"POST", "PUT", "DELETE", "PATCH"}:
            address = re.sub(r"<(?:[^<>]*:)?title>", "5", rule.rule.replace("<id>", "mina"))
            if not rule.rule.startswith(("/people", "/my-list", "/taste", "/api/people", "/admin")):
                continue
            changing.append(address)
            assert client.open(address, method=method, data={"status": "watching"}).status_code == 400, address
    assert len(changing) >= 11


def test_a_profile_is_deleted_with_everything_after_a_second_question(app, client):
    id = people.make_profile(client, "Brief")
    asked = people.submit(client, people.form(get(client, "/my-list").html, f"/people/{id}/delete"))
    html = asked.get_data(as_text=True)
    assert "Delete Brief?" in html
    assert people.store(app).people.get(id) is not None
    gone = people.submit(client, people.form(html, f"/people/{id}/delete"))
    assert gone.request.path == "/people"
    assert "is deleted" in gone.get_data(as_text=True)
    assert people.store(app).people.get(id) is None
    assert id not in get(client, "/people").html
    assert "Watching:" not in get(client, "/").html


def test_a_bundled_person_can_not_be_deleted(app, client):
    csrf = people.choose(client, "mina")
    assert client.post("/people/mina/delete", data={"csrf_token": csrf, "confirm": "yes"}).status_code == 403
    assert people.store(app).people.get("mina") is not None
    assert not [one for one in people.forms(get(client, "/my-list").html) if one["action"].endswith("/delete")]


def test_without_a_database_pages_stay_and_those_of_people_say_why(tmp_path):
    from samples import encoder

    from search.service import SearchService
    from webapp import create_app

    settings = web.make_settings(tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none")
    client = create_app(settings, SearchService(web.make_engine(tmp_path), encoder())).test_client()
    with client.session_transaction() as session:
        session["person"] = "mina"
    for address in ("/", "/titles/3", "/search?q=toradora"):
        assert client.get(address).status_code == 200
    for address in ("/people", "/people/mina/export.csv", "/api/people/mina/lists"):
        response = client.get(address)
        assert response.status_code == 503
        assert "Nothing is lost" in response.get_data(as_text=True)


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("motif", sorted(MOTIFS))
def test_a_picture_is_drawn_for_every_motif_small_and_without_text_or_script(motif):
    for palette in NAMES:
        drawn = avatar_svg(palette, motif)
        assert drawn == avatar_svg(palette, motif)
        assert len(drawn) < 6000
        assert not re.search(r"<(text|script|image|style)", drawn)


def test_a_picture_that_there_is_not_is_a_404(client):
    assert client.get("/art/v1/face-mud-planet.svg").status_code == 404
    assert client.get("/art/v1/face-dusk-dragon.svg").status_code == 404


def test_whoever_has_no_picture_gets_the_same_one_each_time():
    assert avatar_of("a") == avatar_of("a")
    assert len({tuple(avatar_of(str(number)).values()) for number in range(60)}) > 30


@pytest.mark.parametrize("language", ["en", "ko"])
def test_names_are_text_whatever_they_hold(app, client, language):
    people.make_profile(client, "<script>alert(1)</script>\u202e")
    for address in ("/", "/people", "/my-list", "/taste"):
        page = get(client, address, **{"Accept-Language": language})
        assert "<script>alert" not in page.html
        assert "\u202e" not in page.text
