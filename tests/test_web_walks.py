"""Random walks over links and forms, without JavaScript: no page breaks and none is a dead end. NEXTEP_WALKS=n walks n times as far."""

from __future__ import annotations

import os

import pytest
import web
from walker import Site, Walker

STEPS = 60 * max(int(os.environ.get("NEXTEP_WALKS") or 1), 1)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("walks"), titles=web.many(40) + [one.replace(id=one.id + 1000, series=one.series and one.series + 1000) for one in web.CATALOGUE])  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_walk_of_a_visitor_breaks_or_ends(app, seed, language):
    walker = Walker(app.test_client(), seed, language=language)
    for _ in range(STEPS):
        walker.step()
    assert len({step for step in walker.path if step.startswith("= ")}) > STEPS // 6


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("seed", [3, 4])
def test_no_walk_of_a_person_breaks_or_ends(app, seed, language):
    client = app.test_client()
    walker = Walker(client, seed, "/people", language)
    form = next(one for one in walker.page.forms if one.action.endswith("/choose"))
    client.post(form.action, data={one["name"]: one["value"] for one in form.fields})
    walker = Walker(client, seed, "/titles/1", language)
    for at in range(STEPS):
        walker.step()
        if at % 15 == 14:
            # Back to where lists are changed: the walk must write, too.
            walker = _again(walker, client, seed + at, language)
    changes = [step for step in walker.path if step.startswith("POST")]
    assert changes


def _again(walker, client, seed, language):
    onward = Walker(client, seed, ("/my-list", "/titles/2", "/taste", "/people/new")[seed % 4], language)
    onward.path[:0] = walker.path
    return onward


def test_a_walker_sees_what_a_page_offers():
    page = Site('<h1>x</h1><a href="/a">a</a><form action="/b" method="post"><input name="q"><select name="s"><option>1</option></select><button name="go" value="1">Go</button></form>')  # fmt: skip
    assert page.links == ["/a"]
    assert [(form.action, form.method, len(form.fields), len(form.buttons)) for form in page.forms] == [("/b", "post", 2, 1)]  # fmt: skip
    assert page.forms[0].fields[1]["options"] == ["1"]
