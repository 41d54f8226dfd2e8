"""Korean as an input method types it: what is composed is nobody's query yet, and no key of it is the site's."""

from __future__ import annotations

import pytest


@pytest.fixture
def typing(visit):
    """Return a page with the focus in the search box, the input method's door, and what was asked of the server."""
    page = visit("/about", locale="ko-KR")
    # Time stands still but where a test lets it pass: a slow machine must not look like somebody who pauses.
    page.clock.install(time="2026-01-01T10:00:00")
    page.reload(wait_until="networkidle")
    page.clock.pause_at("2026-01-01T12:00:00")
    page.locator("#q").focus()
    page.clock.run_for(1000)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return page, page.context.new_cdp_session(page), asked


def compose(session, text: str) -> None:
    session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def commit(session, text: str) -> None:
    session.send("Input.insertText", {"text": text})


def test_nothing_is_asked_and_nothing_sent_while_a_syllable_is_composed(typing):
    page, session, asked = typing
    for text in ("ㅌ", "토", "톨"):
        compose(session, text)
        page.clock.run_for(40)
    assert page.locator("#q").input_value() == "톨"
    # What a keyboard sends with an open syllable: Enter and the arrows belong to the input method.
    for key, code in (("Enter", 229), ("ArrowDown", 229)):
        session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": code})
    assert asked == []
    assert page.url.endswith("/about")
    assert page.locator("#q").get_attribute("aria-activedescendant") is None


def test_half_typed_hangul_is_answered_when_the_typing_rests(typing):
    page, session, asked = typing
    for text in ("ㅌ", "토"):
        compose(session, text)
        page.clock.run_for(40)
    commit(session, "토")
    compose(session, "ㄹ")
    page.clock.run_for(500)
    page.locator("[role=option] >> text=토라도라").first.wait_for()
    assert len([url for url in asked if "/api/suggest" in url]) == 1


def test_a_finished_word_is_answered_and_enter_then_searches_for_it(typing):
    page, session, asked = typing
    for part in ("토", "라"):
        compose(session, part)
        commit(session, part)
    page.clock.run_for(500)
    page.locator("[role=option] >> text=토라도라").first.wait_for()
    assert [url for url in asked if "/api/suggest" in url]
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert page.locator("#q").input_value() == "토라"


def test_the_keys_of_the_site_wait_for_the_input_method(visit):
    page = visit("/titles/1003", locale="ko-KR")
    page.evaluate(
        """() => { for (const key of ["?", "u"]) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, isComposing: true, bubbles: true })) }"""
    )
    assert page.locator("dialog[open]").count() == 0
