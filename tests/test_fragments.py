"""Pieces of pages that are rendered once: for each language and title, and anew where the title is another."""

from __future__ import annotations

import pytest
import web
from samples import title

from webapp.fragments import kept


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("fragments"))


def test_a_piece_is_rendered_once_for_each_language_and_anew_for_another_title(app):
    rendered = []

    def facts(work, language: str) -> str:
        def body() -> str:
            rendered.append((work.score, language))
            return f"{work.score} {language}"

        with app.test_request_context(f"/?lang={language}"):
            return str(kept("facts of a test", work, caller=body))

    one, changed = title(1, "Kept", score=8.0), title(1, "Kept", score=9.0)
    assert [facts(one, "en"), facts(one, "en"), facts(title(1, "Kept", score=8.0), "en")] == ["8.0 en"] * 3
    assert facts(one, "ko") == "8.0 ko"
    assert facts(changed, "en") == "9.0 en"
    assert rendered == [(8.0, "en"), (8.0, "ko"), (9.0, "en")]


def test_a_card_in_one_language_says_nothing_of_the_other(app):
    client = app.test_client()
    pages = [web.get(client, f"/titles/1?lang={language}").html for language in ("en", "ko", "en")]
    assert pages[0].count('class="letters') == pages[1].count('class="letters') > 0
    assert "영화" not in pages[0]
