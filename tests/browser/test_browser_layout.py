"""No page is wider than its window and no control lies on another, at any width, zoom, colour or motion."""

from __future__ import annotations

import pytest
from places import BEYOND, WITH_PERSON, WITHOUT_PERSON, make_profile

WIDTHS = (320, 390, 640, 768, 1280, 1920)
LAYOUTS = (320, 640, 1280)
# Pairs of controls that lie on each other where both can be seen. A row's arrows lie over its cards: they are shown to a
# mouse alone, and the cards under them can be reached beside them. What scrolls inside a box is cut to the box.
OVERLAPS = """() => {
  const cut = (element, box) => { let { left, top, right, bottom } = box
    for (let up = element.parentElement; up; up = up.parentElement) {
      const style = getComputedStyle(up)
      if (style.overflowX === "visible" && style.overflowY === "visible") continue
      const edge = up.getBoundingClientRect()
      left = Math.max(left, edge.left); right = Math.min(right, edge.right)
      if (up !== document.body && up !== document.documentElement) { top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom) }
    }
    return { left, top, right, bottom } }
  const controls = [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")]
    .filter(one => !one.matches(".arrow, .skip, .hidden, [tabindex='-1'][aria-hidden]") && one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .flatMap(one => (one.namespaceURI.endsWith("svg") ? [...one.children] : [one]).flatMap(part => [...part.getClientRects()]).map(box => ({ one, ...cut(one, box) })))
    .filter(({ left, top, right, bottom }) => right - left > 3 && bottom - top > 3)
    .sort((a, b) => a.top - b.top)
  const name = ({ one }) => `${one.localName}.${one.getAttribute("class")} ${(one.ariaLabel ?? one.textContent).trim().slice(0, 30)}`
  const found = []
  controls.forEach((a, at) => { for (const b of controls.slice(at + 1)) {
    if (b.top > a.bottom) break
    if (a.one === b.one || a.one.contains(b.one) || b.one.contains(a.one)) continue
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
    if (wide > 2 && tall > 2) found.push(`${name(a)} / ${name(b)}: ${Math.round(wide)} x ${Math.round(tall)}`)
  } })
  return found.slice(0, 5)
}"""


def assert_nothing(found: dict[str, list[str]]) -> None:
    assert not found, "\n".join(f"{where}: {one}" for where, wrong in found.items() for one in wrong)


def look(page, widths=WIDTHS) -> dict[str, list[str]]:
    found = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        # Between these widths a page changes how it is laid out; only there can controls come to lie on others.
        wrong = page.evaluate(OVERLAPS) if width in LAYOUTS else []
        if beyond := page.evaluate(BEYOND):
            wrong.append(f"{beyond} px too wide")
        if wrong:
            found[f"{page.url} at {width}"] = wrong
    return found


def look_at_all(page, paths, widths=WIDTHS) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        page.goto(path, wait_until="load")
        found |= look(page, widths)
    return found


# Korean words are shorter and break elsewhere; half of the widths tell.
LOCALES = pytest.mark.parametrize(("locale", "widths"), [("en-US", WIDTHS), ("ko-KR", (320, 768, 1280))])


@LOCALES
@pytest.mark.parametrize("half", [0, 1])
def test_nothing_overflows_or_overlaps(visit, locale, widths, half):
    page = visit("/about", locale=locale, reduced_motion="reduce", service_workers="block")
    assert_nothing(look_at_all(page, WITHOUT_PERSON[half::2], widths))


@LOCALES
def test_nothing_overflows_or_overlaps_on_the_pages_of_a_person(visit, locale, widths):
    page = visit("/people/new", locale=locale, reduced_motion="reduce", service_workers="block")
    found = look(page, widths)
    page.locator("#name").fill("Mina")
    page.locator("button[value=name]").click()
    page.locator(".pick").first.wait_for()
    found |= look(page, widths)
    make_profile(page, picks=7)
    found |= look_at_all(page, WITH_PERSON, widths)
    assert_nothing(found)


def test_nothing_overflows_or_overlaps_at_twice_the_size(visit):
    """At 200 % a window of 1280 pixels is 640 wide at two device pixels each."""
    page = visit("/about", viewport={"width": 640, "height": 450}, device_scale_factor=2, reduced_motion="reduce")
    make_profile(page, picks=4)
    assert_nothing(look_at_all(page, (*WITHOUT_PERSON, *WITH_PERSON), (640,)))


def test_letters_at_twice_their_size_overflow_nothing(visit):
    page = visit("/about", reduced_motion="reduce", service_workers="block")
    make_profile(page, picks=4)
    found = {}
    for path in (
        "/",
        "/search?q=work",
        "/search?q=toradora",
        "/titles/1003",
        "/browse",
        "/my-list",
        "/taste",
        "/people",
    ):
        page.goto(path, wait_until="load")
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        for width in (640, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            if beyond := page.evaluate(BEYOND):
                found[f"{path} at {width}"] = [f"{beyond} px too wide"]
    assert_nothing(found)


def test_in_forced_colours_every_control_has_an_edge_or_an_underline_and_nothing_overflows(visit):
    page = visit("/about", forced_colors="active", reduced_motion="reduce", service_workers="block")
    make_profile(page, picks=4)
    found = look_at_all(page, ("/", "/search?q=work", "/titles/1003", "/my-list", "/taste"), (390, 1280))
    page.goto("/titles/1003", wait_until="load")
    bare = page.evaluate("""() => [...document.querySelectorAll("main button, main .button, main select, main input:not([type=hidden])")]
      .filter(one => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.matches(".arrow"))
      .filter(one => parseFloat(getComputedStyle(one).borderTopWidth) < 1).map(one => `${one.localName}.${one.className}`)""")  # fmt: skip
    page.goto("/?rows=all", wait_until="load")
    page.locator(".track").nth(1).locator("a").first.focus()
    page.keyboard.press("ArrowRight")
    ring = page.evaluate("() => { const style = getComputedStyle(document.activeElement); return [style.outlineStyle, parseFloat(style.outlineWidth)] }")  # fmt: skip
    assert_nothing(found)
    assert bare == []
    assert ring[0] != "none"
    assert ring[1] >= 2


def test_whoever_wants_no_motion_gets_none(visit):
    page = visit("/?rows=all", reduced_motion="reduce", service_workers="block")
    page.mouse.move(640, 700)
    page.mouse.wheel(0, 900)
    card = page.locator("#row-most_watched .card").nth(1)
    card.hover()
    page.locator("hover-preview.open").wait_for()
    running = page.evaluate("document.getAnimations().filter(one => one.playState === 'running' && one.effect.getComputedTiming().duration > 20).map(one => `${one.animationName ?? one.transitionProperty} ${one.effect.target.className}`)")  # fmt: skip
    assert running == []
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert page.locator("#row-most_watched .poster").nth(1).evaluate("one => getComputedStyle(one).transform") == "none"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_labels_of_the_radar_are_whole(visit, width):
    page = visit("/about", viewport={"width": width, "height": 900})
    make_profile(page, picks=7)
    page.goto("/taste", wait_until="load")
    beyond = page.locator(
        ".radar"
    ).evaluate("""radar => { const card = radar.closest("section").getBoundingClientRect()
      return [...radar.querySelectorAll("text")].filter(one => { const box = one.getBoundingClientRect(); return box.left < card.left || box.right > card.right }).map(one => one.textContent) }""")
    assert beyond == []
