"""The search box's memory and the page of results in Chromium: in its place, with the way back, and without scripts."""

from __future__ import annotations

import pytest
from places import make_profile

HITS = "[...document.querySelectorAll('.hit')].map(hit => hit.dataset.title)"
KEPT = "JSON.parse(localStorage.getItem('nextep-searches') ?? '[]')"


@pytest.fixture
def page(visit):
    """Return the page of a search; a mark on the window tells later whether it was loaded anew."""
    page = visit("/search?q=work")
    page.evaluate("window.sameDocument = true")
    return page


def same(page) -> bool:
    return page.evaluate("window.sameDocument === true")


def search(page, text: str) -> None:
    page.locator("#q").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_function("text => document.title.startsWith(text)", arg=text)


def test_a_search_shows_its_results_in_their_place(page):
    search(page, "toradora")
    assert same(page)
    assert page.url.endswith("/search?q=toradora")
    assert page.locator(".wide h2").first.text_content().startswith("Toradora")
    assert page.evaluate("document.activeElement.id") == "q"
    assert "found" in page.locator("p[role=status]").last.text_content()
    assert page.locator("#main").get_attribute("aria-busy") is None
    assert "q=toradora" in page.locator("a[hreflang=ko]").get_attribute("href")


def test_back_and_forward_bring_the_results_the_words_and_the_place_back(page):
    page.evaluate("scrollTo({top: 400, behavior: 'instant'})")
    search(page, "toradora")
    assert page.evaluate("scrollY") == 0
    page.go_back()
    page.wait_for_function("() => document.title.startsWith('work')")
    page.wait_for_function("() => scrollY === 400")
    assert page.locator("#q").input_value() == "work"
    page.go_forward()
    page.wait_for_function("() => document.title.startsWith('toradora')")
    assert page.locator("#q").input_value() == "toradora"
    assert same(page)


def test_a_ticked_filter_counts_at_once_keeps_the_focus_and_becomes_a_chip(page):
    page.locator(".filters summary").click()
    before = page.locator("[data-said]").get_attribute("data-said")
    box = page.locator(".filters input[name=genre][value=Drama]")
    box.focus()
    page.keyboard.press("Space")
    page.wait_for_selector(".chip")
    assert same(page)
    assert "genre=Drama" in page.url
    assert page.evaluate("document.activeElement.value") == "Drama"
    assert page.evaluate("document.querySelector('.filters').open")
    assert page.locator("[data-said]").get_attribute("data-said") != before
    page.locator(".chip").first.click()
    page.wait_for_selector(".chip", state="detached")
    assert same(page)
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_pages_turn_in_their_place(page):
    page.locator("a[rel=next]").first.click()
    page.wait_for_selector("a[rel=prev]")
    page.wait_for_function("() => scrollY === 0")
    assert same(page)
    assert "page=2" in page.url
    page.locator("a[rel=prev]").first.click()
    page.wait_for_selector("a[rel=prev]", state="detached")
    assert same(page)
    assert "page=2" not in page.url


def test_a_typo_is_said_and_one_click_undoes_it(page):
    page.locator("#q").fill("toradroa")
    page.keyboard.press("Enter")
    page.wait_for_selector("a[href*='correct=0']")
    page.locator("a[href*='correct=0']").click()
    page.wait_for_url("**correct=0**")
    assert same(page)


def test_only_the_last_of_two_searches_is_shown(page):
    def slowly(route):
        page.wait_for_timeout(250)
        route.continue_()

    page.route("**/search?q=cowboy", slowly)
    page.locator("#q").fill("cowboy")
    page.keyboard.press("Enter")
    search(page, "toradora")
    page.wait_for_timeout(500)
    assert page.url.endswith("q=toradora")
    assert page.title().startswith("toradora")


def test_a_link_to_a_title_and_a_new_tab_are_left_alone(page):
    page.locator("a[href^='/titles/']").first.click()
    page.wait_for_url("**/titles/*")
    assert not same(page)


def test_what_was_searched_for_is_remembered_in_this_browser_only(visit):
    page = visit("/about")
    for text in ("toradora", "cowboy", "Toradora"):
        page.locator("#q").fill(text)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**q={text}")
    assert page.evaluate(KEPT) == ["Toradora", "cowboy"]
    page.goto("/about")
    page.locator("#q").focus()
    page.wait_for_selector(".option[data-kind=recent]")
    assert page.locator(".option[data-kind=recent] > span:not(.forget)").all_text_contents() == ["Toradora", "cowboy"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=Toradora")


def remembering(visit, *texts: str):
    page = visit("/about")
    page.evaluate("texts => localStorage.setItem('nextep-searches', JSON.stringify(texts))", list(texts))
    page.locator("#q").focus()
    page.wait_for_selector(".option[data-kind=recent]")
    return page


def test_a_remembered_search_is_forgotten_by_key_and_by_pointer(visit):
    page = remembering(visit, "one", "two", "three")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")
    assert page.evaluate(KEPT) == ["two", "three"]
    assert page.locator("#q").get_attribute("aria-activedescendant") == "suggestion-0"
    page.locator(".option[data-kind=recent] .forget").nth(1).click()
    assert page.evaluate(KEPT) == ["two"]
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.url.endswith("/about")


def test_all_are_forgotten_at_once(visit):
    page = remembering(visit, "one", "two")
    page.locator(".option[data-kind=clear]").click()
    assert page.evaluate(KEPT) == []
    assert page.locator(".option[data-kind=recent]").count() == 0


def test_typing_leaves_what_was_remembered_behind(visit):
    page = remembering(visit, "one")
    page.keyboard.type("tora")
    page.wait_for_selector("[role=option] mark")
    assert page.locator(".option[data-kind=recent]").count() == 0


def test_what_stands_in_the_browsers_memory_is_text(visit):
    page = remembering(visit, "<img src=x onerror=alert(1)>")
    assert page.locator(".option[data-kind=recent] img").count() == 0
    page.evaluate("localStorage.setItem('nextep-searches', '{\"a\": [')")
    page.reload()
    page.locator("#q").focus()
    page.wait_for_selector(".option[data-kind=search]")
    assert page.locator(".option[data-kind=recent]").count() == 0


def test_a_hit_is_put_on_a_list_or_taken_away_where_it_stands(visit):
    page = visit("/about")
    make_profile(page, picks=3)
    page.goto("/search?q=story+about+a+drama+club")
    before = page.evaluate(HITS)
    first, second = (page.locator(f".hit[data-title='{title}']") for title in before[:2])
    with page.expect_response("**/lists/*"):
        first.locator("button[data-status=plan_to_watch]").click()
    assert "Plan to watch" in first.locator(".hit-facts .badge").text_content()
    with page.expect_response("**/hide"):
        second.locator("button[data-hide]").click()
    second.wait_for(state="detached")
    assert page.evaluate(HITS) == [before[0], *before[2:]]
    with page.expect_response("**/unhide"):
        page.locator(".toast button").click()
    assert page.evaluate(HITS) == before
    page.goto("/search?q=toradora")
    wide = page.locator(".wide").first
    with page.expect_response("**/lists/*"):
        wide.locator("button[data-status=watching]").click()
    assert "Watching" in wide.locator(".wide-poster .badge").text_content()


def test_results_filters_pages_and_back_work_without_javascript(visit):
    page = visit("/search?q=work", java_script_enabled=False)
    page.locator(".filters summary").click()
    page.locator(".filters label", has_text="Drama").first.click()
    page.locator(".filters button[type=submit]").click()
    page.wait_for_url("**genre=Drama**")
    page.locator(".chip").first.click()
    page.wait_for_url(lambda url: "genre=Drama" not in url)
    page.locator("a[rel=next]").first.click()
    page.wait_for_url("**page=2**")
    page.go_back()
    page.wait_for_url(lambda url: "page=2" not in url)


def test_a_hostile_suggestion_is_text(visit):
    page = visit("/about")
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    found = {"query": "scr", "suggestions": [{"kind": kind, "text": hostile, "id": 1, "matched": [[0, 4]]} for kind in ("title", "genre", "studio", "search")]}  # fmt: skip
    page.route("**/api/suggest*", lambda route: route.fulfill(json=found))
    page.locator("#q").fill("scr")
    page.wait_for_selector("[role=option]")
    assert page.locator("[role=option]").count() == 4
    assert page.locator(".listbox :is(img[src=x], script)").count() == 0
    assert page.locator("[role=option] > span").first.text_content() == hostile
