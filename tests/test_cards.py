"""The card of a title and the buttons of its list: kept once, filled in for each row, form and person."""

from __future__ import annotations

import re

import people
import pytest
import web
from samples import title

from lists.change import Change
from webapp import cards

WORK = title(7, "Say <b>it</b>", genres=("Drama",), episodes=12)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return people.site(tmp_path_factory.mktemp("cards"), 60)


def card(app, work=WORK, language="en", **given) -> str:
    with app.test_request_context(f"/?lang={language}"):
        return str(cards.card(work, **given))


def test_a_card_is_rendered_once_and_filled_for_each_row(app, monkeypatch):
    first = card(app, origin="for_you", place=3, model="edlae", why="Because you watched <One> & Two")
    rendered = []
    monkeypatch.setattr(cards, "_cut", lambda markup: rendered.append(markup))
    second = card(app, origin="top10", place=0)
    assert not rendered
    assert 'data-from="for_you.3.edlae"' in first
    assert 'data-from="top10.0"' in second
    assert "Because you watched &lt;One&gt; &amp; Two" in first
    assert "Because" not in second
    assert "Say &lt;b&gt;it&lt;/b&gt;" in first
    assert str(cards.GAP) not in first + second


def test_what_a_card_says_beside_its_title(app):
    assert "data-from" not in card(app)
    assert ">2 of 3<" in card(app, number="2 of 3")
    assert ">드라마<" in card(app, shared=("Drama",), language="ko")
    assert ">Drama<" in card(app, shared=("Drama",))
    assert 'data-from="&#34;&gt;.0"' in card(app, origin='">')
    assert 'aria-current="page"' in card(app, current=True)
    assert "data-foil" in card(app, rank=1)
    assert "data-foil" not in card(app, rank=4)
    assert 'value="50"' in card(app, progress=0.5)


def test_a_changed_list_has_another_card(app):
    me = app.test_client()
    person = people.make_profile(me)
    assert "badge" not in web.get(me, "/browse").html
    people.store(app).lists.put(person, 50, Change(status="watching"))
    page = web.get(me, "/browse?sort=title").html + web.get(me, "/browse?page=2&sort=title").html
    of_card = re.search(r'<li class="card" data-title="50".*?</li>', page, re.DOTALL)[0]
    assert "badge on-watching" in of_card
    assert "badge" not in card(app, web.many(60)[49]), "nobody is watching"


def test_each_form_of_list_buttons_has_its_person_and_a_token_of_its_own(app):
    tokens = []
    for _ in range(2):
        me = app.test_client()
        person = people.make_profile(me)
        page = me.get("/titles/30/preview").text
        assert f'data-person="{person}"' in page
        tokens += re.findall(r'name="token" value="([^"]+)"', page)
    assert len(set(tokens)) == len(tokens) == 2
    with app.test_request_context("/"):
        assert "/people?next=" in str(cards.list_buttons(WORK))
