"""My list: tabs, sorting, every change by form with its undo, import and export."""

from __future__ import annotations

import gzip
import re

import people
import pytest
import web
from web import get

from store.lists import Change


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return people.site(tmp_path_factory.mktemp("list"))


@pytest.fixture
def me(app):
    """A client with a profile of its own: works 1, 2 and 3 completed."""
    client = app.test_client()
    client.id = people.make_profile(client, "Juno")
    client.lists = people.store(app).lists
    return client


def entry(me, title):
    return me.lists.entry(me.id, title)


def test_the_tabs_count_and_hold_what_is_on_each_list(me):
    for title, status in ((4, "watching"), (5, "watching"), (6, "dropped")):
        me.lists.put(me.id, title, Change(status=status))
    me.lists.hide(me.id, 9)
    page = get(me, "/my-list")
    assert re.findall(r"(Watching|On hold|Plan to watch|Completed|Dropped|Not interested)\s+(\d+)", page.text) == [("Watching", "2"), ("On hold", "0"), ("Plan to watch", "0"), ("Completed", "3"), ("Dropped", "1"), ("Not interested", "1")]  # fmt: skip
    assert set(page.title_ids()) == {4, 5}
    for status, ids in (("completed", {1, 2, 3}), ("dropped", {6}), ("hidden", {9}), ("on_hold", set())):
        assert set(get(me, f"/my-list?status={status}").title_ids()) == ids
    assert me.get("/my-list?status=nonsense").status_code == 422


def test_a_list_is_sorted_and_filtered_by_links_and_a_form(me):
    for title, score in ((1, 4), (2, 9), (3, None)):
        me.lists.put(me.id, title, Change(score=score))

    def order(query):
        return list(dict.fromkeys(get(me, f"/my-list?status=completed{query}").title_ids()))

    assert order("&sort=score") == [2, 1, 3]
    assert order("&sort=title") == [1, 2, 3]
    assert order("&q=work+2") == [2]
    assert order("&q=" + "%EC%9E%91%ED%92%88%203") == [3]
    assert "Nothing on this list is called that" in get(me, "/my-list?status=completed&q=zzz").text


def test_an_entry_is_changed_by_its_form_and_the_change_undone(me):
    html = get(me, "/my-list?status=completed").html
    saved = people.submit(me, people.form(html, "/my-list/1"), score="9", episodes="1", status="dropped", rewatches="2", started="2016-05-01")  # fmt: skip
    now = entry(me, 1)
    assert (now.status, now.score, now.episodes, now.rewatches, str(now.started)) == ("dropped", 9, 1, 2, "2016-05-01")
    undo = people.form(saved.get_data(as_text=True), "/my-list/1/undo")
    undone = people.submit(me, undo)
    assert "is as it was" in undone.get_data(as_text=True)
    before = entry(me, 1)
    assert (before.status, before.score, before.rewatches, before.started) == ("completed", None, 0, None)


def test_an_undo_does_not_take_a_later_change_with_it(me):
    html = get(me, "/my-list?status=completed").html
    saved = people.submit(me, people.form(html, "/my-list/1"), score="9")
    me.lists.put(me.id, 1, Change(score=3))
    undone = people.submit(me, people.form(saved.get_data(as_text=True), "/my-list/1/undo"))
    assert "Nothing to undo" in undone.get_data(as_text=True)
    assert entry(me, 1).score == 3


def test_an_undo_that_was_not_made_here_or_for_somebody_else_is_refused(app, me):
    csrf = people.token(me)
    assert me.post("/my-list/1/undo", data={"csrf_token": csrf, "undo": "made.up"}).status_code == 400
    saved = people.submit(me, people.form(get(me, "/my-list").html, "/my-list/1"), score="9")
    signed = dict(people.form(saved.get_data(as_text=True), "/my-list/1/undo")["fields"])["undo"]
    other = app.test_client()
    people.make_profile(other, "Other")
    csrf = people.token(other)
    for address in ("/my-list/1/undo", "/my-list/2/undo"):
        assert other.post(address, data={"csrf_token": csrf, "undo": signed}).status_code == 403


def test_one_episode_more_begins_and_the_last_one_completes(me):
    title = 2
    total = web.many(60)[title - 1].episodes
    me.lists.put(me.id, title, Change(status="plan_to_watch", episodes=0))
    for watched in range(1, total + 1):
        html = get(me, f"/my-list?status={entry(me, title).status}").html
        people.submit(me, people.form(html, f"/my-list/{title}"), action="plus")
        assert entry(me, title).episodes == watched
        assert entry(me, title).status == ("completed" if watched == total else "watching")


def test_the_same_form_sent_twice_is_one_change(me):
    me.lists.put(me.id, 20, Change(status="watching", episodes=1))
    one = people.form(get(me, "/my-list?status=watching").html, "/my-list/20")
    people.submit(me, one, action="plus")
    people.submit(me, one, action="plus")
    assert entry(me, 20).episodes == 2


def test_a_tab_that_is_behind_turns_nothing_back_that_it_does_not_change(me):
    me.lists.put(me.id, 20, Change(status="watching", episodes=1))
    line = people.form(get(me, "/my-list?status=watching").html, "/my-list/20")
    beside = people.form(get(me, "/titles/20").html, "/my-list/20", 1)
    me.lists.put(me.id, 20, Change(status="on_hold", score=9, episodes=4, rewatches=1))
    people.submit(me, line, started="2016-05-01")
    now = entry(me, 20)
    assert (now.status, now.score, now.episodes, now.rewatches) == ("on_hold", 9, 4, 1)
    assert str(now.started) == "2016-05-01"
    people.submit(me, beside, score="7")
    now = entry(me, 20)
    assert (now.status, now.score, now.episodes) == ("on_hold", 7, 4)
    # Taken off meanwhile: what the form shows is what is wanted.
    me.lists.remove(me.id, 20)
    people.submit(me, line, score="5")
    assert (entry(me, 20).status, entry(me, 20).score, entry(me, 20).episodes) == ("watching", 5, 1)


def test_a_page_that_was_gone_back_to_may_say_something_else(me):
    one = people.form(get(me, "/my-list?status=completed").html, "/my-list/1")
    people.submit(me, one, status="dropped")
    people.submit(me, one, status="on_hold")
    assert entry(me, 1).status == "on_hold"


def test_an_entry_is_taken_off_and_put_back(me):
    html = get(me, "/my-list").html
    gone = people.submit(me, people.form(html, "/my-list/1"), action="remove")
    assert entry(me, 1) is None
    people.submit(me, people.form(gone.get_data(as_text=True), "/my-list/1/undo"))
    assert entry(me, 1).status == "completed"


def test_not_interested_hides_with_an_undo_and_shows_in_its_tab(me):
    csrf = people.token(me)
    hidden = me.post("/my-list/9/hide", data={"csrf_token": csrf, "next": "/titles/9"}, follow_redirects=True)
    assert me.lists.hidden(me.id) == {9}
    assert hidden.request.path == "/titles/9"
    people.submit(me, people.form(hidden.get_data(as_text=True), "/my-list/9/unhide"))
    assert me.lists.hidden(me.id) == set()


@pytest.mark.parametrize(("field", "value"), [("score", "11"), ("score", "0"), ("score", "x"), ("episodes", "-1"), ("episodes", "9999999"), ("started", "yesterday"), ("started", "1500-01-01"), ("status", "watched"), ("rewatches", "1.5")])  # fmt: skip
def test_a_value_that_no_list_can_hold_is_named(me, field, value):
    before = entry(me, 1)
    one = people.form(get(me, "/my-list").html, "/my-list/1")
    told = web.Page(people.submit(me, one, **{field: value}).get_data(as_text=True))
    assert f"{field} is “{value}”" in told.text
    assert entry(me, 1) == before


def test_nobody_finishes_before_they_start(me):
    one = people.form(get(me, "/my-list").html, "/my-list/1")
    told = people.submit(me, one, started="2017-02-01", finished="2017-01-01").get_data(as_text=True)
    assert "before they start" in told
    assert entry(me, 1).started is None


def test_a_title_that_there_is_not_can_not_be_listed(me):
    csrf = people.token(me)
    for address in ("/my-list/99999", "/my-list/99999/hide"):
        assert me.post(address, data={"csrf_token": csrf, "status": "watching"}).status_code == 404


def test_completing_a_title_counts_all_its_episodes_unless_it_is_told_how_many(me):
    csrf = people.token(me)
    me.post("/my-list/24", data={"csrf_token": csrf, "status": "completed"})
    assert entry(me, 24).episodes == web.many(60)[23].episodes == 25
    me.post("/my-list/23", data={"csrf_token": csrf, "status": "completed", "episodes": "3"})
    assert entry(me, 23).episodes == 3


def test_where_nobody_is_watching_a_change_leads_to_the_choice(app):
    client = app.test_client()
    csrf = people.token(client)
    response = client.post("/my-list/5", data={"csrf_token": csrf, "status": "watching", "next": "/titles/5"})
    assert response.headers["Location"] == "/people?next=%2Ftitles%2F5"


def test_a_database_that_fails_in_the_middle_of_a_change_says_that_nothing_is_lost(app, me, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def fail(*_, **__):
        raise OperationalError("statement", {}, Exception("database is locked"))

    one = people.form(get(me, "/my-list").html, "/my-list/1")
    monkeypatch.setattr(me.lists, "put", fail)
    answer = people.submit(me, one, score="9")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.get_data(as_text=True)
    assert "locked" not in answer.get_data(as_text=True)


# -- elsewhere on the site -----------------------------------------------------------------------------------------


def test_the_page_of_a_title_holds_the_controls_of_its_entry(me):
    html = get(me, "/titles/30").html
    assert "on none" in html
    people.submit(me, people.form(html, "/my-list/30", 1), status="watching", score="8", episodes="2")
    html = get(me, "/titles/30").html
    now = dict(people.form(html, "/my-list/30", 1)["fields"])
    assert (now["status"], now["score"], now["episodes"]) == ("watching", "", "2") or now["score"] == "8"
    assert entry(me, 30).score == 8
    pressed = [one for one in people.form(html, "/my-list/30")["buttons"] if one.get("aria-pressed") == "true"]
    assert [one["data-status"] for one in pressed] == ["watching"]
    people.submit(me, people.form(html, "/my-list/30"), **{pressed[0]["name"]: pressed[0]["value"]})
    assert entry(me, 30) is None


def test_where_nobody_is_watching_the_controls_lead_to_the_choice(app):
    client = app.test_client()
    assert "/people?next=/titles/30" in get(client, "/titles/30").links()


def test_the_macros_of_lists_say_the_status_in_both_languages(app, me):
    from flask import render_template_string

    me.lists.put(me.id, 40, Change(status="watching"))
    title = web.many(60)[39]
    cookies = {cookie.key: cookie.value for cookie in me._cookies.values()}
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    for language, word in (("en", "Watching"), ("ko", "보는 중")):
        with app.test_request_context("/", headers={"Cookie": header, "Accept-Language": language}):
            badge = render_template_string('{% from "_list.html" import list_badge %}{{ list_badge(title) }}', title=title)  # fmt: skip
            assert word in badge
            buttons = render_template_string("{{ list_buttons(title) }}", title=title)
            assert people.form(buttons, "/my-list/40")["method"] == "post"
            other = render_template_string('{% from "_list.html" import list_badge %}{{ list_badge(title) }}', title=web.many(60)[41])  # fmt: skip
            assert other.strip() == ""


# -- import and export ---------------------------------------------------------------------------------------------


def multipart(data: bytes, name: str, **fields: str) -> dict[str, object]:
    """Return what to send for a form with a file (the test client leaves its own temporary file open)."""
    parts = [f'--cut\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]  # fmt: skip
    head = f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = b"".join(parts) + head + data + b"\r\n--cut--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=cut"}


def upload(me, data: bytes, name: str = "list.csv"):
    sent = multipart(data, name, csrf_token=people.token(me))
    return me.post(f"/people/{me.id}/import", **sent, follow_redirects=True)


@pytest.mark.parametrize("format", ["xml", "json", "csv"])
def test_a_list_comes_back_from_its_export_as_it_was(me, format):
    me.lists.put(me.id, 4, Change(status="watching", score=8, episodes=3, rewatches=1))
    before = me.lists.entries(me.id)
    sent = me.get(f"/people/{me.id}/export.{format}")
    assert "attachment" in sent.headers["Content-Disposition"]
    assert sent.headers["Cache-Control"] == "no-store"
    for entry in before:
        me.lists.remove(me.id, entry.title_id)
    report = upload(me, gzip.compress(sent.data), f"list.{format}.gz")
    assert report.status_code == 200
    assert "What was imported" in report.get_data(as_text=True)

    def told(entries):
        return {(e.title_id, e.status, e.score, e.episodes, e.rewatches) for e in entries}

    assert told(me.lists.entries(me.id)) == told(before)


def test_all_that_is_kept_of_an_own_profile_can_be_taken_along(app, me):
    me.lists.hide(me.id, 9)
    assert f"/people/{me.id}/everything.json" in get(me, "/my-list").html
    sent = me.get(f"/people/{me.id}/everything.json")
    assert "attachment" in sent.headers["Content-Disposition"]
    assert sent.headers["Cache-Control"] == "no-store"
    told = sent.get_json()
    assert told["name"] == {"en": "Juno"}
    assert told["favourites"] == [1, 2, 3]
    assert {one["id"] for one in told["entries"]} == {1, 2, 3}
    assert [one["id"] for one in told["hidden"]] == [9]
    assert app.test_client().get(f"/people/{me.id}/everything.json").status_code == 403
    # What was counted of a person whom everybody shares is of other visitors, too.
    sample = people.store(app).people.all("sample")[0].id
    other = app.test_client()
    people.choose(other, sample)
    assert "everything.json" not in get(other, "/my-list").html
    assert other.get(f"/people/{sample}/everything.json").status_code == 403


def test_what_an_import_does_not_find_is_told_with_suggestions_and_can_be_settled(me):
    rows = [b"id,title,status,score", b"10,Work 10,completed,9", b",Wrok 41 of Autumn,watching,8", b",Wholly unknown thing,dropped,2", b"987654,From elsewhere,completed,7", b"11,Work 11,nonsense,3"]  # fmt: skip
    page = upload(me, b"\n".join(rows)).get_data(as_text=True)
    assert entry(me, 10).score == 9
    assert entry(me, 987654).score == 7
    for said in ("Wrok 41 of Autumn", "Wholly unknown thing", "From elsewhere", "nonsense", "Nothing near it is known here"):  # fmt: skip
        assert said in page
    choices = [one for one in web.Page(page).all("input") if one.get("type") == "radio" and one.get("value")]
    name = next(str(one["name"]) for one in choices if one["value"] == "41")
    done = people.submit(me, people.form(page, f"/people/{me.id}/import"), **{name: "41"})
    assert done.request.path == "/my-list"
    assert (entry(me, 41).status, entry(me, 41).score) == ("watching", 8)
    assert "This catalogue does not hold it" in get(me, "/my-list?status=completed").text


def test_a_settled_row_never_overwrites_what_is_on_the_list(me):
    page = upload(me, b"title,status,score\nWrok 41 of Autumn,watching,8\n").get_data(as_text=True)
    me.lists.put(me.id, 41, Change(status="dropped", score=2))
    name = next(str(one["name"]) for one in web.Page(page).all("input") if one.get("type") == "radio")
    people.submit(me, people.form(page, f"/people/{me.id}/import"), **{name: "41"})
    assert entry(me, 41).score == 2


@pytest.mark.parametrize(("data", "said"), [(b"", "Choose a file"), (b"PK\x03\x04zip", "zip"), (b"\x1f\x8bbroken", "damaged"), (b"<html>", "imported"), (b"a,b\n1,2\n", "imported")])  # fmt: skip
def test_a_file_that_is_no_list_says_so_and_changes_nothing(me, data, said):
    before = me.lists.entries(me.id)
    assert said in upload(me, data).get_data(as_text=True)
    assert me.lists.entries(me.id) == before


def test_a_report_for_somebody_else_is_refused(app, me):
    page = upload(me, b"title,status\nWrok 41 of Autumn,watching\n").get_data(as_text=True)
    fields = dict(people.form(page, f"/people/{me.id}/import")["fields"])
    other = app.test_client()
    id = people.make_profile(other, "Other")
    csrf = people.token(other)
    name = next(name for name in fields if name.startswith("entry-"))
    sent = {"csrf_token": csrf, "settle": "1", name: fields[name], name.replace("entry", "row"): "41"}
    assert other.post(f"/people/{id}/import", data=sent).status_code == 403
    sent[name] = "made.up"
    assert other.post(f"/people/{id}/import", data=sent).status_code == 400


def test_a_large_list_may_be_uploaded_and_a_larger_body_elsewhere_may_not(me):
    rows = b"id,title,status\n" + b"".join(b"%d,%s,completed\n" % (number, b"x" * 80) for number in range(1, 15_001))
    assert len(rows) > 1_000_000
    assert upload(me, rows).status_code == 200
    assert me.post("/my-list/1", **multipart(rows, "x", csrf_token=people.token(me))).status_code == 413


def test_a_long_list_is_shown_in_pages(me):
    upload(me, b"id,status\n" + b"".join(b"%d,dropped\n" % number for number in range(1, 61)))
    first, second = get(me, "/my-list?status=dropped"), get(me, "/my-list?status=dropped&page=2")
    ids = [set(page.title_ids()) for page in (first, second)]
    assert len(ids[0]) == 50
    assert not ids[0] & ids[1]
    assert ids[0] | ids[1] == set(range(1, 61))


# -- what rows led to ----------------------------------------------------------------------------------------------


def test_what_is_opened_from_a_row_is_counted_and_the_address_stays_clean(app, me):
    get(me, "/about")
    answer = me.get("/titles/33?from=gems.2.blend&lang=en")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/titles/33?lang=en"
    html = get(me, "/titles/33").html
    assert 'rel="canonical" href="http://localhost/titles/33"' in html
    people.submit(me, people.form(html, "/my-list/33"), status="completed")
    site = app.extensions["nextep"]
    assert site.recorder.flush()
    rows = {(row.row, row.model): row for row in people.store(app).events.conversion()}
    found = rows["gems", "blend"]
    assert (found.opened, found.added, found.completed) == (1, 1, 1)


def test_what_a_row_shows_is_counted_once_the_page_is_made(app, me):
    from webapp import shown

    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in me._cookies.values())
    with app.test_request_context("/", headers={"Cookie": cookies}):
        assert shown.note("test-row", web.many(60)[:4], "ease") == ""
        app.process_response(app.make_response("ok"))
    assert app.extensions["nextep"].recorder.flush()
    rows = {(row.row, row.model): row for row in people.store(app).events.conversion()}
    assert rows["test-row", "ease"].shown == 4


@pytest.mark.parametrize("origin", ["", "<b>", "row", "row.x", "a.1.b.c", "x" * 200, "row.99999999"])
def test_a_made_up_origin_is_no_row(origin):
    from webapp.shown import read_origin

    assert read_origin(origin) == ("", 0, "")


def test_the_conversion_page_is_for_the_operator_alone(tmp_path):
    engine = web.make_engine(tmp_path)
    closed = web.make_site(tmp_path / "closed", engine).test_client()
    assert closed.get("/admin/conversion").status_code == 403
    app = web.make_site(tmp_path / "open", engine, admin_token="op-token")
    client = app.test_client()
    page = client.get("/admin/conversion")
    assert page.status_code == 401
    wrong = people.submit(client, people.form(page.get_data(as_text=True), "/admin/conversion"), token="no")
    assert wrong.status_code == 401
    assert client.get("/admin/conversion", headers={"Authorization": "Bearer no"}).status_code == 401
    assert client.get("/admin/conversion", headers={"Authorization": "Bearer op-token"}).status_code == 200
    people.store(app).events.record("shown", None, "v", 3, "gems", "ease", 1)
    people.store(app).events.record("opened", None, "v", 3, "made-up", "ease", 1)
    inside = people.submit(client, people.form(wrong.get_data(as_text=True), "/admin/conversion"), token="op-token")
    assert inside.status_code == 200
    assert "gems" in inside.get_data(as_text=True)
    assert "made-up" not in inside.get_data(as_text=True)
    assert client.get("/admin/conversion?days=7").status_code == 200
    people.submit(client, people.form(inside.get_data(as_text=True), "/admin/conversion"), leave="1")
    assert client.get("/admin/conversion").status_code == 401
