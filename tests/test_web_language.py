"""English and Korean: chosen, remembered, complete."""

from __future__ import annotations

import re

import pytest
import web
from babel.messages.extract import extract_from_dir
from web import get

import vocabulary
from config import ROOT
from webapp import i18n, wording
from webapp.i18n import catalog, translate


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("language")).test_client()


@pytest.fixture(scope="module")
def used() -> set[str | tuple[str, ...]]:
    """Return every sentence that the code and the templates say."""
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    found: set[str | tuple[str, ...]] = set()
    for folder, methods in (("webapp", [("**.py", "python")]), ("templates", [("**.html", "jinja2")])):
        for _, _, message, *_ in extract_from_dir(ROOT / folder, methods, keywords=keywords):
            found.add(tuple(message) if isinstance(message, tuple | list) else message)
    return found


@pytest.fixture(scope="module")
def korean():
    return i18n.korean()


def test_no_sentence_is_untranslated(used, korean):
    assert len(used) > 150
    missing = []
    for sentence in used:
        message = korean.get(sentence[0] if isinstance(sentence, tuple) else sentence)
        said = message.string if message else ""
        if not (all(said) if isinstance(said, tuple) else said) or (message and message.fuzzy):
            missing.append(sentence)
    assert missing == []


def test_no_translation_is_left_over(used, korean):
    said = {sentence[0] if isinstance(sentence, tuple) else sentence for sentence in used}
    assert [m.id for m in korean if m.id and (m.id[0] if isinstance(m.id, tuple) else m.id) not in said] == []


def test_translations_keep_their_placeholders(korean):
    for message in korean:
        if not message.id:
            continue
        english = message.id[-1] if isinstance(message.id, tuple) else message.id
        for said in message.string if isinstance(message.string, tuple) else (message.string,):
            assert set(re.findall(r"%\(\w+\)s|\{\w+\}", english)) == set(re.findall(r"%\(\w+\)s|\{\w+\}", said)), (
                english
            )


@pytest.mark.parametrize("address", [*web.PAGES, "/nope", "/search?q=x&page=0"])
def test_a_korean_page_says_nothing_in_english_but_names(client, address):
    page = web.Page(client.get(address, headers={"Accept-Language": "ko"}).get_data(as_text=True)).text
    english = [m for m in ("Works like it", "Most watched", "Filters", "Browse", "Characters", "episodes", "Next page", "Top rated", "Found in") if m in page]  # fmt: skip
    assert english == []


def test_the_browser_is_asked_first_and_english_serves_the_rest(client):
    for accepted, language in (("ko", "ko"), ("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("en-GB", "en"), ("fr", "en"), ("", "en"), ("de,ko;q=0.5", "ko"), ("!!;q=x", "en")):  # fmt: skip
        assert get(client, "/about", **{"Accept-Language": accepted}).all("html")[0]["lang"] == language


def test_the_switch_keeps_the_page_and_its_parameters_and_is_remembered(tmp_path):
    client = web.make_site(tmp_path).test_client()
    page = get(client, "/browse?genre=Drama&sort=score")
    switch = next(str(a["href"]) for a in page.all("a") if a.get("hreflang") == "ko")
    assert "genre=Drama" in switch
    assert "sort=score" in switch
    assert get(client, switch).all("html")[0]["lang"] == "ko"
    assert get(client, "/about").all("html")[0]["lang"] == "ko"
    assert get(client, "/about", **{"Accept-Language": "en"}).all("html")[0]["lang"] == "ko"
    assert get(client, "/about?lang=xx").all("html")[0]["lang"] == "ko"
    assert get(client, "/about?lang=en").all("html")[0]["lang"] == "en"


def test_the_theme_is_switched_and_remembered(tmp_path):
    client = web.make_site(tmp_path).test_client()
    assert get(client, "/about").all("html")[0]["data-theme"] == "dark"
    assert get(client, "/about?look=light").all("html")[0]["data-theme"] == "light"
    assert get(client, "/browse?theme=Space").all("html")[0]["data-theme"] == "light"
    assert get(client, "/about?look=pink").all("html")[0]["data-theme"] == "light"


def test_japanese_names_are_marked_as_japanese(client):
    for language in ("en", "ko"):
        page = get(client, "/titles/3", **{"Accept-Language": language})
        assert any(a.get("lang") == "ja" and a.get("class") == "native" for a in page.all("p"))


def test_names_in_the_other_language_are_marked_too(client):
    page = get(client, "/titles/7", **{"Accept-Language": "ko"})
    assert page.all("h1")[0]["lang"] == "en"
    assert "lang" not in get(client, "/titles/7").all("h1")[0]


def test_genres_and_formats_are_named_in_korean(client):
    page = get(client, "/titles/2", **{"Accept-Language": "ko"})
    for words in ("영화", "액션", "우주"):
        assert words in page.text


def test_pages_say_on_what_they_vary(client):
    response = client.get("/about")
    assert {"Accept-Language", "Cookie"} <= set(response.headers["Vary"].replace(" ", "").split(","))
    assert response.headers["Content-Language"] == "en"


def test_a_sentence_is_translated_outside_a_request_too():
    assert translate("In common: %(things)s", "ko") == "공통점: %(things)s"
    assert translate("In common: %(things)s", "en") == "In common: %(things)s"
    assert catalog("ko").ngettext("%(num)s episode", "%(num)s episodes", 3) == "%(num)s화"


@pytest.mark.parametrize(("text", "language", "lang"), [("進撃の巨人", "en", "ja"), ("진격의 거인", "en", "ko"), ("진격의 거인", "ko", ""), ("Titan", "ko", "en"), ("Titan", "en", ""), ("86", "ko", "")])  # fmt: skip
def test_the_letters_tell_the_language_of_a_name(client, text, language, lang):
    with client.application.test_request_context("/", headers={"Accept-Language": language}):
        assert wording.name_language(text) == lang


def test_numbers_and_dates_read_as_the_reader_writes_them(client):
    said = {}
    for language in ("en", "ko"):
        with client.application.test_request_context("/", headers={"Accept-Language": language}):
            said[language] = [
                wording.people_count(1_251_960), wording.people_count(900), wording.people_count(None), wording.day("1998-04-03"),
                wording.day("1998-04"), wording.day("1998"), wording.day("soon"), wording.duration(115), wording.duration(24),
                wording.season(2016, "fall"), wording.season(2016, None), wording.source("Light novel"), wording.source("Dream"),
                wording.episodes(1), wording.episodes(26),
            ]  # fmt: skip
    assert said["en"] == ["1.3M", "900", "", "April 3, 1998", "April 1998", "1998", "soon", "1 h 55 min", "24 min", "Fall 2016", "2016", "Light novel", "Dream", "1 episode", "26 episodes"]  # fmt: skip
    assert said["ko"] == ["125.2만", "900", "", "1998년 4월 3일", "1998년 4월", "1998", "soon", "1시간 55분", "24분", "2016년 4분기", "2016", "라이트 노벨", "Dream", "1화", "26화"]  # fmt: skip


def test_every_term_of_the_vocabulary_has_a_korean_name():
    assert [name for name, term in vocabulary.TERMS.items() if not term.ko] == []
