"""What stands beside a title: its series in order, works like it of three kinds, and its description for machines."""

from __future__ import annotations

import json
import re

import pytest
import web
from samples import encoder, title

from catalogue import Relation
from recommenders.base import ModelError
from search.service import SearchService
from webapp.related import by_people, related, watch_order


def work(id, year, *relations, **more):
    return title(id, f"Work {id}", year=year, series=1, relations=tuple(Relation(*one) for one in relations), **more)


def ids(works):
    return [one.id for one in works]


def test_a_series_without_relations_goes_by_release():
    assert ids(watch_order([work(1, 2010), work(2, 2005), work(3, None), work(4, 2005)])) == [2, 4, 1, 3]
    assert watch_order([]) == []


def test_what_a_work_follows_comes_before_it_even_if_it_was_made_later():
    zero = work(1, 2011, (2, "sequel"))
    assert ids(watch_order([work(2, 2006), zero, work(3, 2008, (2, "prequel"))])) == [1, 2, 3]


def test_a_summary_or_side_story_comes_after_what_it_tells_of():
    first = work(1, 2010, (2, "summary"), (3, "side_story"), (4, "sequel"))
    assert ids(watch_order([work(2, 2009), work(3, 2012), work(4, 2011), first])) == [1, 2, 4, 3]


def test_relations_that_run_in_a_circle_or_leave_the_series_lose_nothing():
    circle = [
        work(1, 2010, (2, "prequel")),
        work(2, 2009, (1, "prequel")),
        work(3, 2001, (99, "prequel"), (3, "sequel")),
    ]
    assert ids(watch_order(circle)) == [3, 2, 1]


def test_adaptations_and_unknown_kinds_do_not_order():
    assert ids(watch_order([work(1, 2010, (2, "adaptation")), work(2, 2001, (1, "other"))])) == [2, 1]


# -- three kinds ---------------------------------------------------------------------------------------------------


class Likeness:
    """A model that knows who likes what together."""

    def __init__(self, near):
        self.near = near
        self.index = {str(id): at for at, id in enumerate([1, *near])}

    def similar(self, item, k):
        from recommenders.base import Scored

        if item == "13":
            raise ModelError("broken")
        return [Scored(str(id), float(score)) for id, score in self.near.items()][:k]


class Serving:
    def __init__(self, **models):
        self.models, self.simulated = models, True


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return SearchService(web.make_engine(tmp_path_factory.mktemp("related"), web.many(120)), encoder())


def test_the_same_people_speak_through_a_model_and_without_one_are_silent(service):
    work = service.title(1)
    near = {7: 0.9, 8: 0.8, 999: 0.7, 9: 0.5, 10: 0.0}
    serving = Serving(item_knn=Likeness(near), content=Likeness({20: 1.0}))
    assert ids(by_people(work, service, serving, {8})) == [7, 9]
    assert by_people(work, service, None, set()) == []
    assert by_people(work, service, Serving(content=Likeness({20: 1.0})), set()) == []
    assert by_people(service.title(30), service, serving, set()) == []
    assert by_people(service.title(1).replace(id=13), service, Serving(ease=Likeness({13: 1.0})), set()) == []


def test_no_work_stands_in_two_rows_and_none_of_the_series_or_the_readers_lists_in_any(service):
    work = service.title(1)
    serving = Serving(ease=Likeness({id: 1 / id for id in range(2, 120)}))
    found = related(work, service, serving, [service.title(5)], exclude=(6, 7))
    rows = [[one.title.id for one in found.plot], ids(found.people), ids(found.makers)]
    assert all(rows)
    shown = [id for row in rows for id in row]
    assert len(shown) == len(set(shown))
    assert not {1, 5, 6, 7} & set(shown)
    assert all(set(one.studios) & set(work.studios) for one in found.makers)
    assert found.simulated
    watched = [one.members for one in found.makers]
    assert watched == sorted(watched, reverse=True)


def test_a_work_without_a_studio_has_no_makers(service):
    assert related(service.title(1).replace(studios=()), service, None, []).makers == []


def test_the_page_shows_the_rows_it_has_and_no_empty_one(tmp_path):
    client = web.make_site(tmp_path, titles=web.many(60)).test_client()
    page = web.get(client, "/titles/1")
    assert page.section("row-similar").title_ids()
    assert page.section("row-makers").title_ids()
    assert 'id="row-people"' not in page.html
    assert not set(page.section("row-similar").title_ids()) & set(page.section("row-makers").title_ids())


# -- for machines --------------------------------------------------------------------------------------------------


def told(client, address: str) -> dict:
    html = client.get(address).get_data(as_text=True)
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)[1])


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    works = [
        title(1, "Toradora!", titles={"native": "とらドラ！", "ko": "토라도라!", "en": "Toradora!"}, aliases=("Tiger x Dragon",), format="tv", year=2008,
              aired_from="2008-10-02", episodes=25, genres=("Romance",), studios=("J.C.Staff",), score=8.2, synopsis={"en": "A & B < C."}),
        title(2, "Film", format="movie", year=2016, episodes=1),
        title(3, "Bare", format=None, year=None, episodes=None, score=None, genres=(), studios=(), synopsis={}),
        title(4, "Month", year=2001, aired_from="2001-05"),
    ]  # fmt: skip
    return web.make_site(tmp_path_factory.mktemp("machines"), titles=works).test_client()


def test_a_series_is_described_with_all_that_is_known(client):
    found = told(client, "/titles/1")
    assert found["@type"] == "TVSeries"
    assert found["name"] == "Toradora!"
    assert set(found["alternateName"]) == {"とらドラ！", "토라도라!", "Tiger x Dragon"}
    assert (found["datePublished"], found["numberOfEpisodes"], found["genre"]) == ("2008-10-02", 25, ["Romance"])
    assert found["aggregateRating"] == {
        "@type": "AggregateRating",
        "ratingValue": 8.2,
        "bestRating": 10,
        "worstRating": 1,
    }
    assert found["productionCompany"] == [{"@type": "Organization", "name": "J.C.Staff"}]
    assert found["description"] == "A & B < C."
    assert found["image"].startswith("http://localhost/art/")
    assert found["url"] == "http://localhost/titles/1"


def test_the_description_speaks_the_readers_language(client):
    found = told(client, "/titles/1?lang=ko")
    assert (found["name"], found["genre"]) == ("토라도라!", ["로맨스"])
    assert "Toradora!" in found["alternateName"]
    assert found["inLanguage"] == "en"


def test_a_film_has_no_number_of_episodes_and_nothing_is_made_up(client):
    film, bare, month = (told(client, f"/titles/{id}") for id in (2, 3, 4))
    assert film["@type"] == "Movie"
    assert "numberOfEpisodes" not in film
    assert film["datePublished"] == "2016"
    assert not {
        "datePublished",
        "numberOfEpisodes",
        "aggregateRating",
        "genre",
        "productionCompany",
        "description",
    } & set(bare)
    assert month["datePublished"] == "2001-05"
