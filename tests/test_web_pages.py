"""The pages: what each shows, in its several shapes, without JavaScript."""

from __future__ import annotations

import pytest
import web
from web import PAGES, PLOT, Page, get

from search import ranking


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("pages"))


@pytest.fixture(autouse=True)
def fixed_weights(monkeypatch):
    monkeypatch.setattr(ranking, "learned", lambda: {"en": web.WEIGHTS, "ko": web.WEIGHTS})


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_answers_in_both_languages(client, address, language):
    page = get(client, address, **{"Accept-Language": language})
    assert page.all("html")[0]["lang"] == language
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids)), "an id stands twice"


@pytest.mark.parametrize("address", PAGES)
def test_no_page_links_to_nowhere(client, address):
    links = {link.partition("#")[0] for link in get(client, address).links() if link.startswith("/")}
    for link in sorted(links - {""}):
        assert client.get(link, follow_redirects=True).status_code == 200, f"{address} links to {link}"


@pytest.mark.parametrize("address", PAGES)
def test_every_picture_has_its_size_and_an_alt_text(client, address):
    for picture in get(client, address).all("img"):
        assert picture["alt"] is not None
        assert picture["width"]
        assert picture["height"]


@pytest.mark.parametrize("address", PAGES)
def test_sections_are_named_by_their_headings(client, address):
    page = get(client, address)
    ids = {attributes.get("id") for _, attributes in page.tags}
    for section in page.all("section"):
        if "aria-labelledby" in section:
            assert section["aria-labelledby"] in ids


def test_the_home_page_has_the_rows_as_sections_with_headings(client):
    page = get(client, "/")
    names = [section["id"] for section in page.all("section") if str(section.get("id", "")).startswith("row-")]
    for name in (
        "row-top10",
        "row-top_rated",
        "row-most_watched",
        "row-new_season",
        "row-newest",
        "row-genres",
        "row-moods",
    ):
        assert name in names  # fmt: skip
    assert any(name.startswith("row-genre-") for name in names)


def test_a_row_of_the_home_page_comes_by_itself(client):
    page = get(client, "/rows/top10")
    assert page.all("section")[0]["id"] == "row-top10"
    assert not page.all("html")
    get(client, "/rows/nonsense", 404)


def test_an_exact_name_shows_its_work_first_with_its_facts(client):
    page = get(client, "/search?q=Toradora!")
    assert 'data-resolution="exact"' in page.html
    assert page.title_ids()[0] == 3
    assert "J.C.Staff" in page.text
    assert page.section("row-similar").title_ids()


def test_the_rest_of_a_series_stands_under_an_exact_hit(client):
    assert get(client, "/search?q=cowboy+bebop").section("row-series").title_ids() == [2]


def test_several_works_of_one_name_are_all_shown_the_most_watched_first(client):
    ids = get(client, "/search?q=twin+names").title_ids()
    assert list(dict.fromkeys(ids))[:2] == [12, 11]


def test_part_of_a_name_shows_names_and_apart_from_them_works_by_meaning(client):
    page = get(client, "/search?q=cowboy")
    assert 'data-resolution="names"' in page.html
    assert not set(page.section("row-recommended").title_ids()) & {1, 2}


def test_a_plot_shows_the_sentence_that_matched_and_why(client):
    page = get(client, f"/search?q={PLOT}")
    assert 'data-resolution="meaning"' in page.html
    assert page.title_ids()[0] == 6
    assert any("matched" in str(quote.get("class")) for quote in page.all("blockquote"))
    targets = {button.get("popovertarget") for button in page.all("button")}
    assert "why-6" in targets
    assert "why-6" in {box.get("id") for box in page.all("div")}


def test_a_work_that_is_not_offered_says_so(client):
    page = get(client, "/search?q=lost+tape")
    assert 'data-resolution="not_offered"' in page.html
    assert "not offered" in page.text
    assert "not offered" in get(client, "/titles/9").text


def test_a_typo_is_corrected_said_and_undone_by_a_link(client):
    page = get(client, "/search?q=toradroa")
    assert "Showing results for" in page.text
    undo = next(link for link in page.links() if "correct=0" in link)
    assert "toradroa" in undo
    assert "Showing results for" not in get(client, undo).text


def test_nothing_near_says_so_and_offers_searches(client):
    page = get(client, "/search?q=qqqq+wwww+zzzz")
    assert "Nothing similar" in page.text
    assert [link for link in page.links() if link.startswith("/search?q=")]


def test_a_search_without_words_offers_some(client):
    for address in ("/search", "/search?q=", "/search?q=+++"):
        assert "What are you looking for?" in get(client, address).text


def test_filters_read_from_words_are_chips_that_take_the_words_away(client):
    page = get(client, "/search?q=drama+from+2004")
    chips = [a for a in page.all("a") if a.get("class") == "chip"]
    assert any("q=drama" in str(chip["href"]) for chip in chips)
    for chip in chips:
        get(client, str(chip["href"]))


def test_filters_given_are_chips_too_and_are_taken_away_one_by_one(client):
    page = get(client, "/search?q=cowboy&genre=Action&genre=Sci-Fi&year_from=1990")
    chips = [str(a["href"]) for a in page.all("a") if a.get("class") == "chip"]
    assert len(chips) == 3
    assert any("genre=Action" in chip and "Sci-Fi" not in chip for chip in chips)


def test_the_filter_form_works_without_javascript(client):
    page = get(client, "/search?q=cowboy&genre=Action&year_from=1990")
    forms = [form for form in page.all("form") if form.get("action") == "/search"]
    assert len(forms) == 2
    checked = [box for box in page.all("input") if box.get("type") == "checkbox" and "checked" in box]
    assert [box["value"] for box in checked] == ["Action"]
    assert any(box.get("name") == "q" and box.get("type") == "hidden" for box in page.all("input"))


def test_blank_fields_of_a_form_count_as_not_given(client):
    get(client, "/search?q=cowboy&genre=&year_from=&year_to=&without_genre=&episodes_max=")


def test_a_long_list_of_names_is_paged(tmp_path):
    client = web.make_site(tmp_path, titles=web.many(60)).test_client()
    first = get(client, "/search?q=work")
    onward = next(link for link in first.links() if "page=2" in link)
    second = get(client, onward)
    assert set(first.title_ids()[:24]).isdisjoint(second.title_ids())
    assert any("page=3" in link for link in second.links())


def test_a_title_shows_its_facts_story_people_series_and_works_like_it(client):
    page = get(client, "/titles/1")
    for words in ("Cowboy Bebop", "Sunrise", "April 3, 1998", "26 episodes", "Spike Spiegel", "Bounty hunters"):
        assert words in page.text
    assert page.section("row-series").title_ids() == [1, 2]
    near = page.section("row-similar").title_ids()
    assert near
    assert not {1, 2, 8, 9} & set(near)


def test_a_synopsis_in_the_other_language_says_so_and_is_marked(client):
    page = get(client, "/titles/6", **{"Accept-Language": "ko"})
    assert "한국어 줄거리가 아직 없어" in page.text
    assert any(box.get("class") == "prose" and box.get("lang") == "en" for box in page.all("div"))
    assert "한국어 줄거리가 아직 없어" not in get(client, "/titles/1", **{"Accept-Language": "ko"}).text


@pytest.mark.parametrize("address", ["/titles/999", "/titles/8", "/titles/0", "/titles/99999999999999999999", "/titles/x", "/titles/-1", "/titles/%FF", "/nope", "/titles/"])  # fmt: skip
def test_what_is_not_there_is_a_page_that_helps_on(client, address):
    page = get(client, address, 404)
    assert {"/", "/browse"} <= set(page.links())


def test_browsing_filters_by_links_and_every_count_is_true(client):
    page = get(client, "/browse")
    assert set(page.title_ids()) == {1, 2, 3, 4, 5, 6, 7, 10, 11, 12}
    drama = next(link for link in page.links() if link == "/browse?genre=Drama")
    chosen = get(client, drama)
    assert set(chosen.title_ids()) == {4, 5, 6, 11, 12}
    assert "/browse" in chosen.links()


def test_browsing_sorts_and_keeps_the_filters(client):
    page = get(client, "/browse?genre=Drama&sort=newest")
    assert page.title_ids() == [5, 12, 4, 6, 11]
    assert any("genre=Drama" in link and "sort=score" in link for link in page.links())


def test_pages_of_browsing_hold_every_title_once(tmp_path):
    client = web.make_site(tmp_path, titles=web.many(80)).test_client()
    seen: list[int] = []
    address: str | None = "/browse?sort=score"
    while address:
        page = get(client, address)
        seen.extend(page.title_ids())
        address = next((str(a["href"]) for a in page.all("a") if a.get("rel") == "next"), None)
    assert sorted(seen) == list(range(1, 81))


def test_a_decade_is_a_link_that_can_be_dropped(client):
    page = get(client, "/browse?year_from=1990&year_to=1999")
    assert set(page.title_ids()) == {1, 11}
    assert "1990–1999" in page.text


def test_the_about_page_tells_where_everything_comes_from(client):
    page = get(client, "/about")
    for words in ("tiny", "word-hash", "embedded", "MIT", "64 dimensions"):
        assert words in page.text


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/search?q=x&year_from=abc", "year_from"),
        ("/search?q=x&page=0", "page"),
        ("/search?q=x&group=nothing", "group"),
        ("/search?q=x&genre=Zzzz", "genre"),
        ("/search?q=x&year_from=2010&year_to=2000", "year_from"),
        ("/search?q=" + "x" * 10_000, "q"),
        ("/search?q=%00", "q"),
        ("/browse?sort=best", "sort"),
        ("/browse?page=999999", "page"),
        ("/browse?studio=Nobody", "studio"),
    ],
)
def test_a_page_asked_wrongly_names_the_parameter_and_how_to_go_on(client, address, parameter):
    page = get(client, address, 422)
    assert parameter in page.text
    assert "/browse" in page.links()


def test_unknown_parameters_in_a_link_from_elsewhere_change_nothing(client):
    get(client, "/search?q=cowboy&utm_source=mail&fbclid=1&colour=red")


def test_the_api_documentation_needs_nothing_from_elsewhere(client):
    page = get(client, "/docs")
    addresses = [str(tag.get("src") or tag.get("href")) for name, tag in page.tags if name in ("script", "link")]
    assert addresses
    for address in addresses:
        assert address.startswith("/")
        assert client.get(address).status_code == 200
    get(client, "/docs/1/secrets.py", 404)


def test_robots_and_security_txt_are_there(client):
    assert "Disallow: /search" in client.get("/robots.txt").get_data(as_text=True)
    text = client.get("/.well-known/security.txt").get_data(as_text=True)
    assert "Contact:" in text
    assert "Expires: 2018-02-06T00:00:00Z" in text
    assert client.get("/favicon.ico").headers["Location"].startswith("/static/mark.")


def test_a_poster_is_drawn_for_every_title_and_kept_for_ever(client):
    source = next(str(image["src"]) for image in get(client, "/titles/1").all("img"))
    response = client.get(source)
    assert response.mimetype == "image/svg+xml"
    assert "immutable" in response.headers["Cache-Control"]
    assert "<script" not in response.get_data(as_text=True)
    assert client.get(source.replace("/1-", "/8-")).status_code == 404
    assert client.get(source.replace("/1-", "/999-")).status_code == 404
    assert client.get(source.replace("/art/", "/art/old")).headers["Cache-Control"] == "no-store"


def test_an_adult_title_is_nowhere_unless_it_is_asked_for(tmp_path):
    engine = web.make_engine(tmp_path)
    hidden = web.make_site(tmp_path, engine).test_client()
    shown = web.make_site(tmp_path, engine, adult=True).test_client()
    for address in ("/", "/browse", "/search?q=forbidden+night", "/search?q=Forbidden"):
        assert 8 not in get(hidden, address).title_ids()
    assert hidden.get("/titles/8").status_code == 404
    assert hidden.get("/api/titles/8").status_code == 404
    assert hidden.get("/api/titles/8/similar").status_code == 404
    assert 8 not in [item.get("id") for item in hidden.get("/api/suggest?q=forbid").json["suggestions"]]
    assert shown.get("/titles/8").status_code == 200
    assert 8 in get(shown, "/browse").title_ids()


def test_the_empty_home_page_of_an_empty_catalogue_says_what_to_do(tmp_path):
    unseen = web.CATALOGUE[7:9]
    page = get(web.make_site(tmp_path, titles=unseen).test_client(), "/")
    assert isinstance(page, Page)
    assert "The catalogue is empty" in page.text
