"""Every flow by keyboard alone, with a focus that can be seen at every stop."""

from __future__ import annotations

import re

import pytest
from places import choose, make_profile

# What shows the focus: an outline or a ring on the element itself, or on the part of it that stands for it.
SEEN = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  const at = document.activeElement
  if (!at || at === document.body) return "nothing has the focus"
  const box = at.getBoundingClientRect()
  const parts = [at, ...at.querySelectorAll(".poster"), ...(at.matches("input") ? [at.nextElementSibling, at.parentElement.querySelector(".poster")] : [])].filter(Boolean)
  const ring = part => { const style = getComputedStyle(part)
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none" }
  const name = `${at.localName}.${at.className} ${(at.ariaLabel ?? at.textContent ?? "").trim().slice(0, 40)}`
  if (!at.matches(":focus-visible")) return `not :focus-visible: ${name}`
  if (!parts.some(ring)) return `no ring: ${name}`
  const shown = parts.map(part => part.getBoundingClientRect()).some(one => one.width > 1 && one.bottom > 0 && one.top < innerHeight && one.right > 0 && one.left < innerWidth)
  return shown ? "" : `out of view: ${name} ${Math.round(box.top)}`
}"""
AT = "document.activeElement"


def press(page, key: str) -> None:
    """Press a key; the focus must be seen afterwards."""
    page.keyboard.press(key)
    assert page.evaluate(SEEN) == ""


def tab_to(page, selector: str, most: int = 80, key: str = "Tab") -> None:
    """Press Tab until the focus is on what the selector names; each stop on the way must be seen."""
    for _ in range(most):
        press(page, key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached with {most} presses of {key}")


@pytest.mark.parametrize("path", ["/", "/search?q=work", "/titles/1003", "/browse", "/about/quality", "/people"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_focus_is_seen_at_every_stop_and_comes_around(visit, path, width):
    page = visit(path, viewport={"width": width, "height": 844}, reduced_motion="reduce")
    page.evaluate("document.body.focus()")
    stops = []
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate(f"{AT} === document.body || {AT}.matches('.skip') && {len(stops)} > 0"):
            break
        stops.append(page.evaluate(SEEN))
    assert len(stops) > 8
    assert len(stops) < 400
    assert {said for said in stops if said} == set()


def test_the_first_stop_skips_to_the_content(visit):
    page = visit("/browse", reduced_motion="reduce")
    press(page, "Tab")
    assert page.evaluate(f"{AT}.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(f"document.querySelector('main').contains({AT})")


def test_tab_enters_each_row_once(visit):
    page = visit("/?rows=all", reduced_motion="reduce")
    rows = page.locator(".track").count()
    assert rows > 4
    inside = page.locator(".track a").first
    inside.focus()
    entered = [page.evaluate(f"{AT}.closest('section').id")]
    for _ in range(120):
        page.keyboard.press("Tab")
        where = page.evaluate(f"{AT}.closest('.track') ? {AT}.closest('section').id : ''")
        if where:
            entered.append(where)
        if page.evaluate(f"{AT}.closest('footer') !== null"):
            break
    assert len(entered) == len(set(entered)) == rows


def test_arrows_home_and_end_rove_and_the_row_remembers(visit):
    page = visit("/?rows=all", reduced_motion="reduce")
    links = page.locator("#row-newest .track a")
    at = "[...document.querySelectorAll('#row-newest .track a')].indexOf(document.activeElement)"
    links.first.focus()
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("End", links.count() - 1), ("ArrowRight", links.count() - 1), ("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1)):  # fmt: skip
        press(page, key)
        assert page.evaluate(at) == place, key
    press(page, "Tab")
    press(page, "Shift+Tab")
    assert page.evaluate(at) == 1


def test_choose_search_open_add_and_undo(visit):
    page = visit("/people", reduced_motion="reduce")
    tab_to(page, "form[action='/people/choose'] button")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/people" not in url)
    page.keyboard.press("/")
    assert page.evaluate(f"{AT}.id") == "q"
    page.keyboard.type("toradora")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=toradora")
    tab_to(page, "main a[href^='/titles/1003']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/titles/1003"))
    tab_to(page, ".list-button[data-status=plan_to_watch]")
    before = page.locator(".list-button[data-status=plan_to_watch]").get_attribute("aria-pressed")
    with page.expect_response("**/lists/1003"):
        page.keyboard.press("Enter")
    pressed = page.locator(".list-button[data-status=plan_to_watch]")
    assert pressed.get_attribute("aria-pressed") != before
    assert page.evaluate(f"{AT}.dataset.status") == "plan_to_watch"
    with page.expect_response("**/lists/1003/undo"):
        page.keyboard.press("u")
    assert pressed.get_attribute("aria-pressed") == before
    assert page.evaluate(SEEN) == ""


def test_a_filter_is_set_and_taken_away(visit):
    page = visit("/search?q=work", reduced_motion="reduce")
    tab_to(page, ".filters > summary")
    page.keyboard.press("Enter")
    tab_to(page, "input[name=genre][value=Drama]")
    page.keyboard.press("Space")
    page.wait_for_url("**genre=Drama**")
    page.wait_for_selector(".chip")
    assert page.evaluate(f"{AT}.value") == "Drama"
    tab_to(page, ".chip", key="Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chip", state="detached")
    assert page.evaluate(f"document.querySelector('main').contains({AT})")


def test_a_new_profile_is_made(visit):
    page = visit("/people", reduced_motion="reduce")
    tab_to(page, "a[href='/people/new']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/new")
    tab_to(page, "#name")
    page.keyboard.type("Keys")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pick")
    tab_to(page, "input[name=pick]")
    for _ in range(3):
        page.keyboard.press("Space")
        press(page, "Tab")
    assert page.locator("input[name=pick]:checked").count() == 3
    tab_to(page, "button[value=done]", key="Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/people/new" not in url)
    assert "Keys" in page.locator(".said-now").text_content()


def test_the_preview_opens_on_focus_and_closes_on_escape_and_leaves_the_focus(visit):
    page = visit("/", reduced_motion="reduce")
    choose(page, 1)
    page.goto("/?rows=all")
    page.locator(".track").nth(1).locator("a").first.focus()
    press(page, "ArrowRight")
    page.wait_for_selector("hover-preview.open .preview")
    title = page.evaluate(f"{AT}.closest('.card').dataset.title")
    press(page, "ArrowDown")
    assert page.evaluate(f"{AT}.closest('hover-preview') !== null")
    press(page, "Tab")
    press(page, "Escape")
    assert page.locator("hover-preview.open").count() == 0
    assert page.evaluate(f"{AT}.closest('.card').dataset.title") == title


def test_a_preview_that_comes_late_stays_away_from_whoever_went_on(visit):
    page = visit("/titles/1003", reduced_motion="reduce")
    page.locator(".track a[tabindex='0']").last.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.wait_for_timeout(900)
    assert page.evaluate(f"{AT}.closest('footer') !== null")
    assert page.locator("hover-preview.open").count() == 0


def test_the_menu_of_a_person_and_the_keys_open_and_close(visit):
    page = visit("/about", reduced_motion="reduce")
    choose(page, 2)
    page.goto("/about")
    tab_to(page, "details.who summary")
    page.keyboard.press("Enter")
    tab_to(page, ".who-menu a[href='/my-list']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/my-list")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate(f"{AT}.closest('dialog') !== null")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")


def test_a_line_of_my_list_is_changed_and_the_change_undone(visit):
    page = visit("/about", reduced_motion="reduce")
    make_profile(page, picks=3)
    page.goto("/my-list?status=completed")
    tab_to(page, ".line select[name=score]")
    page.keyboard.type("8")
    tab_to(page, ".line button.save", most=6)
    page.keyboard.press("Enter")
    page.wait_for_selector(".said-now form button")
    assert page.locator(".line select[name=score]").first.input_value() == "8"
    tab_to(page, ".said-now form button", key="Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.line select[name=score]').value === ''")


@pytest.mark.parametrize("key", ["u", "ㅕ"])
def test_u_takes_back_what_a_form_changed_on_a_korean_keyboard_too(visit, key):
    page = visit("/about", reduced_motion="reduce")
    make_profile(page, picks=3)
    page.goto("/titles/1003")
    tab_to(page, "#list-score")
    page.keyboard.type("9")
    tab_to(page, ".entry-form button[type=submit]", most=6)
    page.keyboard.press("Enter")
    page.wait_for_selector(".said-now form button")
    page.evaluate(
        "key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))", key
    )
    page.wait_for_function("() => document.querySelector('.said-now')?.textContent.includes('Undone')")
    assert page.locator("#list-score").input_value() == ""
