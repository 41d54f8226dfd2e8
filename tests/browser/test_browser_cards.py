"""Rows, cards, the preview and the list buttons in Chromium."""

from __future__ import annotations

import itertools
import re

import places
import pytest
from places import settle

ROW = "#row-most_watched"
LEAN = "card => [...['X', 'Y'].map(axis => parseFloat(card.style.transform.split(`rotate${axis}(`)[1])), getComputedStyle(card).transform]"
SHIFTED = """() => { window.shifted = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
  if (!entry.hadRecentInput) window.shifted += entry.value }).observe({type: "layout-shift", buffered: true}) }"""


# What the tests of lost and refused answers bring about themselves.
BROKEN = (r"\b(403|500)\b", r"404: .*/preview$", "Failed to load resource", r"failed: .*/(api/people/|browse$)")


@pytest.fixture
def open_page(visit):
    """Return what opens a page on which answers may be lost or refused, as a test wants it to."""

    def opened(path="/", **options):
        return visit(path, BROKEN, **{"service_workers": "block", **options})

    return opened


def choose(page, number: int = 0) -> None:
    """Become somebody, and wait until the page that follows is whole."""
    places.choose(page, number)
    page.wait_for_load_state("networkidle")


def rest_on(page, card) -> None:
    """Bring a card into view and put the cursor on it."""
    card.scroll_into_view_if_needed()
    settle(page)
    box = card.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.4)


def preview_of(page, card):
    rest_on(page, card)
    page.wait_for_selector("hover-preview.open .preview")
    layer = page.locator("hover-preview")
    layer.evaluate("layer => Promise.allSettled(layer.getAnimations().map(one => one.finished))")
    return layer


def gone(page) -> None:
    """Wait until the preview has faded."""
    page.wait_for_function("() => getComputedStyle(document.querySelector('hover-preview')).visibility === 'hidden'")


def filled(page, row: str = ROW):
    """Scroll to a row, so that it is fetched, and return it."""
    page.locator(row).scroll_into_view_if_needed()
    page.wait_for_selector(f"{row} .card")
    page.wait_for_load_state("networkidle")
    page.locator(row).scroll_into_view_if_needed()
    # The page scrolls smoothly, and a card that moves under the cursor answers to nothing.
    settle(page)
    return page.locator(row)


# -- rows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "cards"), [(390, 2.3), (700, 3.3), (1000, 4), (1280, 5), (1920, 6)])
def test_as_many_cards_are_in_view_as_the_width_allows_and_the_next_peeks_in(visit, width, cards):
    page = visit("/", viewport={"width": width, "height": 900})
    measured = (
        filled(page)
        .locator(".track")
        .evaluate("""track => { const [first, second] = track.children
      const step = second.offsetLeft - first.offsetLeft, gap = step - first.offsetWidth
      return [(track.clientWidth - 2 * first.offsetLeft + gap) / step, gap, first.offsetLeft / innerWidth,
        Math.ceil(track.clientWidth / step), getComputedStyle(track).scrollSnapType] }""")
    )
    assert measured[0] == pytest.approx(cards, abs=0.06)
    assert measured[1] == 8
    assert measured[2] == pytest.approx(0.04, abs=0.002)
    assert measured[3] > cards
    assert measured[4] == "x proximity" or measured[4] == "x"


def test_rows_are_filled_as_they_come_near_and_nothing_jumps(visit):
    page = visit("/")
    page.evaluate(SHIFTED)
    assert page.locator("[data-fill]").count() > 0
    for _ in range(40):
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(60)
        if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 5"):
            break
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-fill]").count() == 0
    assert page.locator(f"{ROW} .arrow").count() == 2
    assert page.evaluate("window.shifted") < 0.05


def test_a_row_that_does_not_arrive_says_so_and_can_be_tried_again(open_page):
    page = open_page("/about")
    page.route("**/rows/newest", lambda route: route.fulfill(status=500))
    page.goto("/", wait_until="networkidle")
    page.locator("#row-newest").scroll_into_view_if_needed()
    failed = page.locator("#row-newest .failed")
    failed.wait_for()
    assert page.locator("#row-newest").get_attribute("aria-busy") is None
    page.unroute("**/rows/newest")
    failed.locator("button").click()
    page.wait_for_selector("#row-newest .card")


def test_without_javascript_every_row_is_one_link_away(visit):
    page = visit("/", java_script_enabled=False)
    page.locator("#row-newest noscript a, #row-newest .unfilled a").first.click()
    page.wait_for_url("**/?rows=all#row-newest")
    assert page.locator("#row-newest .card").count() > 2


def test_arrows_are_not_for_fingers(visit):
    page = visit("/", viewport={"width": 820, "height": 1100}, has_touch=True, is_mobile=True)
    assert filled(page).locator(".arrow.on").evaluate("arrow => getComputedStyle(arrow).display") == "none"


# -- the preview ---------------------------------------------------------------------------------------------------


def test_the_preview_opens_over_a_card_after_a_while_and_is_no_larger_than_told(visit):
    page = visit("/")
    card = filled(page).locator(".card").nth(1)
    before = card.locator(".poster").evaluate("poster => poster.offsetWidth")
    # The page takes the time itself: how soon a test asks says nothing on a slow machine.
    card.evaluate("""card => { const layer = document.querySelector("hover-preview")
      card.addEventListener("pointerover", () => { window.came ??= performance.now() })
      new MutationObserver(() => { if (layer.classList.contains("open")) window.opened ??= performance.now() }).observe(layer, { attributes: true }) }""")
    layer = preview_of(page, card)
    assert page.evaluate("window.opened - window.came") >= 399
    assert layer.evaluate("layer => layer.offsetWidth") / before <= 1.255
    assert layer.evaluate("layer => layer.parentElement.localName") == "body"
    assert layer.evaluate("layer => getComputedStyle(layer).transitionDuration").split(", ")[:2] == ["0.2s", "0.2s"]
    text = layer.text_content()
    assert card.locator("b").first.text_content() in text
    assert layer.locator(".labels li").count() in (1, 2, 3)
    assert layer.locator(".list-form").count() == 1
    page.mouse.move(5, 5)
    gone(page)
    assert layer.evaluate("layer => getComputedStyle(layer).transitionDuration").split(", ")[:2] == ["0.25s", "0.25s"]


def test_the_preview_can_be_hovered_goes_when_the_cursor_does_and_escape_closes_it(visit):
    page = visit("/")
    card = filled(page).locator(".card").nth(1)
    layer = preview_of(page, card)
    box = layer.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] - 12, steps=4)
    page.wait_for_timeout(600)
    assert page.locator("hover-preview.open").count() == 1
    page.mouse.move(5, 5)
    gone(page)
    preview_of(page, card)
    page.keyboard.press("Escape")
    page.wait_for_timeout(700)
    assert page.locator("hover-preview.open").count() == 0


def test_a_cursor_that_leaves_the_window_opens_nothing_and_takes_the_preview_with_it(visit):
    page = visit("/")
    card = filled(page).locator(".card").nth(1)
    leave = "document.dispatchEvent(new PointerEvent('pointerleave', { pointerType: 'mouse' }))"
    page.evaluate("""() => document.addEventListener("pointerover", event => {
      if (!event.target.closest(".card") || window.left) return
      window.left = true
      setTimeout(() => document.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" })), 50) })""")
    rest_on(page, card)
    page.wait_for_timeout(900)
    assert page.evaluate("window.left")
    assert page.locator("hover-preview.open").count() == 0
    page.mouse.move(5, 5)
    preview_of(page, card)
    page.evaluate(leave)
    gone(page)


def test_the_first_and_the_last_card_grow_inwards(visit):
    page = visit("/")
    row = filled(page)
    card = row.locator(".card").first
    start = card.bounding_box()["x"]
    layer = preview_of(page, card)
    assert layer.bounding_box()["x"] == pytest.approx(start, abs=1.5)
    page.mouse.move(5, 5)
    gone(page)
    last = row.locator(".card").nth(4)
    box = last.bounding_box()
    shown = preview_of(page, last).bounding_box()
    assert shown["x"] + shown["width"] == pytest.approx(box["x"] + box["width"], abs=1.5)


def test_focus_opens_the_preview_and_arrow_down_leads_into_it_and_escape_back(open_page):
    page = open_page()
    choose(page)
    page.goto("/", wait_until="networkidle")
    row = filled(page, "#row-top10")
    row.locator(".card a").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("hover-preview.open")
    link = "document.activeElement.closest('.card')?.dataset.title"
    title = page.evaluate(link)
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('hover-preview') !== null")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('hover-preview') !== null")
    page.keyboard.press("Escape")
    assert page.locator("hover-preview.open").count() == 0
    assert page.evaluate(link) == title


def test_there_is_no_preview_for_fingers(visit):
    page = visit("/", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/preview" in request.url else None)
    box = filled(page).locator(".card").first.bounding_box()
    page.touchscreen.tap(box["x"] + 20, box["y"] + 20)
    page.wait_for_url("**/titles/*")
    assert asked == []


# -- cards that answer ---------------------------------------------------------------------------------------------


def test_a_card_leans_a_little_one_at_a_time_and_its_loop_stops_at_rest(open_page):
    page = open_page()
    # A preview would come over the card.
    page.route("**/preview", lambda route: route.fulfill(status=404))
    cards = filled(page).locator(".card tilt-card")
    page.evaluate("""() => { window.frames = 0; const own = requestAnimationFrame
      window.requestAnimationFrame = does => own(now => { window.frames += 1; does(now) }) }""")
    for at in (1, 2):
        rest_on(page, cards.nth(at))
        box = cards.nth(at).bounding_box()
        for x, y in ((0.1, 0.1), (0.9, 0.9), (0.98, 0.02)):
            page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
            page.wait_for_function("([row, at, side]) => parseFloat(document.querySelectorAll(`${row} tilt-card`)[at].style.transform.split('rotateY(')[1]) * side > 0.5", arg=[ROW, at, x - 0.5])  # fmt: skip
            lean = cards.nth(at).evaluate(LEAN)
            assert abs(lean[0]) <= 8
            assert abs(lean[1]) <= 10
            assert lean[2].startswith("matrix3d")
        assert page.locator("tilt-card.answering").count() == 1
    # The spring needs so many frames, and a slow machine its time for each; then there is not one more.
    page.wait_for_function(
        """() => { window.calm = window.frames === window.before ? window.calm + 1 : 0
      window.before = window.frames
      return window.calm >= 2 }""",
        polling=500,
    )


def test_only_the_top_ranked_are_of_foil(visit):
    page = visit("/?rows=all")
    assert page.locator("tilt-card[data-foil]").count() == page.locator("#row-top10 tilt-card[data-foil]").count() == 3


def test_for_whoever_wants_no_motion_a_card_gets_a_border_and_stays(open_page):
    page = open_page(reduced_motion="reduce")
    # A preview would come over the card.
    page.route("**/preview", lambda route: route.fulfill(status=404))
    poster = filled(page).locator(".card .poster").nth(1)
    shadow = "([row, plain]) => getComputedStyle(document.querySelectorAll(`${row} .card .poster`)[1], '::after').boxShadow !== plain"
    plain = poster.evaluate("poster => getComputedStyle(poster, '::after').boxShadow")
    rest_on(page, poster)
    page.wait_for_function(shadow, arg=[ROW, plain])
    page.mouse.move(*(poster.bounding_box()[side] + 30 for side in ("x", "y")))
    page.wait_for_timeout(200)
    assert poster.evaluate("poster => getComputedStyle(poster).transform") == "none"


# -- lists ---------------------------------------------------------------------------------------------------------

people = itertools.count()


@pytest.fixture
def listed(open_page):
    """Return a home page of somebody, another person for each test, and a card of it that is on no list."""
    page = open_page()
    choose(page, next(people) % 6)
    page.goto("/", wait_until="networkidle")
    row = filled(page, "#row-top10")
    at = next(at for at in range(10) if row.locator(".card").nth(at).locator(".badge").count() == 0)
    return page, row.locator(".card").nth(at)


def button(page, status: str):
    return page.locator(f"hover-preview button[data-status={status}]")


def answered(page, method: str):
    return page.expect_response(lambda response: "/lists/" in response.url and response.request.method == method)


def test_a_list_button_changes_at_once_and_the_toast_undoes_it(listed):
    page, card = listed
    preview_of(page, card)
    with answered(page, "PUT"):
        button(page, "plan_to_watch").click()
        assert button(page, "plan_to_watch").get_attribute("aria-pressed") == "true"
    assert "Plan to watch" in card.locator(".badge").text_content()
    assert page.locator("#toasts").get_attribute("aria-live") == "polite"
    assert "Plan to watch" in page.locator(".toast").text_content()
    assert page.evaluate("document.activeElement.dataset.status") == "plan_to_watch"
    with answered(page, "POST"):
        page.keyboard.press("u")
    assert card.locator(".badge").count() == 0
    assert button(page, "plan_to_watch").get_attribute("aria-pressed") == "false"
    page.reload(wait_until="networkidle")
    title = card.get_attribute("data-title")
    assert page.locator(f".card[data-title='{title}'] .badge").count() == 0


def test_the_toast_undoes_nothing_that_another_tab_changed_since(listed):
    page, card = listed
    title = card.get_attribute("data-title")
    preview_of(page, card)
    with answered(page, "PUT") as put:
        button(page, "watching").click()
    page.evaluate("""async address => { const token = document.querySelector("meta[name=csrf-token]").content
      await fetch(address, { method: "PUT", headers: { "X-CSRFToken": token, "Content-Type": "application/json" }, body: JSON.stringify({ status: "completed", score: 9 }) }) }""", put.value.url)  # fmt: skip
    with answered(page, "POST") as undone:
        page.locator(".toast button").click()
    assert undone.value.json()["changed"] is False
    page.wait_for_function("document.querySelector('.toast').textContent.includes('changed again')")
    assert card.locator(".badge.on-completed").count() == 1
    page.reload(wait_until="networkidle")
    assert page.locator(f".card[data-title='{title}'] .badge.on-completed").count() >= 1


def test_a_change_that_is_refused_is_taken_back_and_said(listed):
    page, card = listed
    page.route("**/api/people/**", lambda route: route.fulfill(status=403, body="{}"))
    preview_of(page, card)
    button(page, "completed").click()
    page.wait_for_selector(".failed-toast")
    assert button(page, "completed").get_attribute("aria-pressed") == "false"
    assert card.locator(".badge").count() == 0


def test_a_lost_answer_is_asked_for_again_under_the_same_key(listed):
    page, card = listed
    keys = []

    def lose_the_first(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/people/**/lists/*", lose_the_first)
    preview_of(page, card)
    with answered(page, "PUT") as again:
        button(page, "watching").click()
    answer = again.value.json()
    assert answer["entry"]["status"] == "watching"
    assert answer["before"] is None
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert page.locator(".failed-toast").count() == 0
    with answered(page, "POST"):
        page.locator(".toast button").click()


def test_not_interested_takes_a_card_away_everywhere_and_undo_brings_it_back_in_its_place(listed):
    page, card = listed
    title = card.get_attribute("data-title")
    filled(page, "#row-most_watched")
    order = "[...document.querySelectorAll('#row-top10 .card')].map(card => card.dataset.title)"
    before = page.evaluate(order)
    everywhere = page.locator(f".card[data-title='{title}']").count()
    page.locator("#row-top10").scroll_into_view_if_needed()
    preview_of(page, page.locator(f"#row-top10 .card[data-title='{title}']"))
    with page.expect_response("**/hide"):
        page.locator("hover-preview button[data-hide]").click()
    page.locator(f".card[data-title='{title}']").first.wait_for(state="detached")
    assert page.locator(f".card[data-title='{title}']").count() == 0
    assert page.evaluate("document.activeElement.closest('.card') !== null")
    with page.expect_response("**/unhide"):
        page.locator(".toast button").click()
    assert page.evaluate(order) == before
    assert page.locator(f".card[data-title='{title}']").count() == everywhere
    assert page.locator("#row-top10 .card a[tabindex='0']").count() == 1


# -- to a page and back --------------------------------------------------------------------------------------------


def test_a_page_is_fetched_on_intent_and_still_counts_as_opened(open_page):
    page = open_page()
    card = filled(page).locator(".card").nth(1)
    with page.expect_request(lambda request: re.search(r"/titles/\d+$", request.url) is not None) as early:
        rest_on(page, card)
    assert "prefetch" in early.value.headers.get("sec-purpose", early.value.headers.get("purpose", ""))
    early.value.response().finished()
    link = card.locator("a")
    assert "from=" not in link.get_attribute("href")
    with page.expect_response("**/opened") as counted:
        link.evaluate("link => link.click()")
    assert counted.value.status == 204
    page.wait_for_load_state("networkidle")
    assert re.search(r"/titles/\d+$", page.url)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].transferSize") == 0


def test_only_the_card_that_was_activated_is_named_and_only_while_the_page_changes(open_page):
    page = open_page()
    page.evaluate("""() => addEventListener("pageswap", event => { setTimeout(() => {}, 0)
      sessionStorage.named = [...document.querySelectorAll(".poster")].filter(one => one.style.viewTransitionName === "poster").length })""")
    card = filled(page).locator(".card").nth(2)
    card.locator("a").click()
    page.wait_for_url("**/titles/*")
    assert page.evaluate("sessionStorage.named") == "1"
    assert page.locator(".title-poster .poster").evaluate("one => getComputedStyle(one).viewTransitionName") == "poster"
    page.go_back()
    page.wait_for_function("() => ![...document.querySelectorAll('.poster')].some(one => getComputedStyle(one).viewTransitionName !== 'none')")  # fmt: skip


# -- keys, and no network ------------------------------------------------------------------------------------------


def test_a_question_mark_shows_the_keys_but_not_while_somebody_types(visit):
    page = visit("/about")
    page.locator("#q").focus()
    page.keyboard.type("?")
    assert page.locator("#q").input_value() == "?"
    assert page.locator("dialog[open]").count() == 0
    page.locator("#q").evaluate("input => input.blur()")
    page.keyboard.press("?")
    assert page.locator("dialog[open] kbd").count() > 8
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    page.locator("a[data-keys]").click()
    assert page.locator("dialog[open]").count() == 1


def test_the_keys_stand_on_a_page_for_whoever_has_no_script(visit):
    page = visit("/", java_script_enabled=False)
    page.locator("a[data-keys]").click()
    page.wait_for_url("**/about#keys")
    assert page.locator("#keys kbd").first.is_visible()


@pytest.mark.parametrize(("language", "words"), [("en-US", "No connection"), ("ko-KR", "인터넷 연결 없음")])
def test_without_a_network_a_page_says_so_and_nothing_of_a_person_was_kept(open_page, language, words):
    page = open_page("/about", locale=language, service_workers="allow")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    choose(page)
    page.context.set_offline(True)
    page.goto("/browse")
    assert page.locator("h1").text_content() == words
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") != "rgba(0, 0, 0, 0)"
    kept = page.evaluate("caches.keys().then(names => Promise.all(names.map(async name => (await (await caches.open(name)).keys()).map(one => new URL(one.url).pathname)))).then(all => all.flat())")  # fmt: skip
    assert {re.sub(r"\.[0-9a-f]{10}\.", ".", path) for path in kept} == {"/offline", "/offline-language", "/static/css/site.css", "/static/css/offline.css"}  # fmt: skip
    page.context.set_offline(False)
    page.locator("main a.button").click()
    page.wait_for_selector(".browse")
