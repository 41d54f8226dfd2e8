"""What the browser has to do while somebody scrolls a row or plays with its cards: no layout that the scripts force.

Times are measured by `nextep bench pages`; here work is counted, which is the same on every machine.
"""

from __future__ import annotations

import pytest

# The questions that make a browser lay the page out there and then, counted for as long as the page lives.
COUNT = """() => { window.asked = 0
  const rect = Element.prototype.getBoundingClientRect
  Element.prototype.getBoundingClientRect = function () { window.asked += 1; return rect.call(this) }
  for (const [owner, names] of [[HTMLElement.prototype, ["offsetLeft", "offsetTop", "offsetWidth", "offsetHeight"]], [Element.prototype, ["scrollLeft", "scrollTop", "scrollWidth", "scrollHeight", "clientWidth", "clientHeight"]]])
    for (const name of names) { const own = Object.getOwnPropertyDescriptor(owner, name)
      Object.defineProperty(owner, name, { ...own, get() { window.asked += 1; return own.get.call(this) } }) }
  window.frames = 0
  const tick = () => { window.frames += 1; requestAnimationFrame(tick) }; tick() }"""


class Work:
    """Layouts, style recalculations, frames and questions since it was made."""

    def __init__(self, page, session) -> None:
        self._page, self._session = page, session
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        found = {one["name"]: one["value"] for one in self._session.send("Performance.getMetrics")["metrics"]}
        said = self._page.evaluate("({ asked: window.asked, frames: window.frames })")
        return {"layouts": found["LayoutCount"], "styles": found["RecalcStyleCount"], **said}

    def done(self) -> dict[str, float]:
        """Return what was done since."""
        now = self._now()
        return {name: now[name] - before for name, before in self._before.items()}


@pytest.fixture
def watched(visit):
    page = visit("/?rows=all", service_workers="block")
    row = page.locator("#row-most_watched")
    row.evaluate("row => row.scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.wait_for_load_state("networkidle")
    # A preview that opens over the cards has its own reasons to ask where they are.
    page.route("**/preview", lambda route: None)
    page.evaluate(COUNT)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    return page, row, lambda: Work(page, session)


def test_playing_with_a_card_reads_its_rectangle_once_and_lays_nothing_out(watched):
    page, row, begin = watched
    box = row.locator(".card .poster").nth(1).bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.wait_for_timeout(80)
    work = begin()
    for step in range(40):
        page.mouse.move(box["x"] + 10 + step * 2, box["y"] + 10 + step * 3)
    done = work.done()
    assert done["asked"] == 0, done
    assert done["layouts"] <= 2, done


def test_moving_over_all_cards_asks_once_a_card(watched):
    page, row, begin = watched
    boxes = [row.locator(".card .poster").nth(at).bounding_box() for at in range(5)]
    work = begin()
    for box in boxes:
        for part in (0.2, 0.4, 0.6, 0.8):
            page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] * part)
    done = work.done()
    # Entering a card reads its rectangle and adds the two layers of light: one layout each, whatever happens on the card.
    assert done["asked"] <= 2 * len(boxes), done
    assert done["layouts"] <= 4 * len(boxes) + 4, done


def test_scrolling_a_row_lays_out_no_more_than_once_a_frame(watched):
    page, row, begin = watched
    box = row.locator(".track").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + box["height"] - 4)
    work = begin()
    for _ in range(25):
        # More than half a card: a slow machine lets a row come to rest, and snap, between two turns of the wheel.
        page.mouse.wheel(150, 0)
    page.wait_for_function("""() => document.querySelector("#row-most_watched .track").scrollLeft > 200""", polling=100)
    page.wait_for_timeout(400)
    done = work.done()
    assert done["frames"] > 0
    # A handler that wrote and then asked would lay out twice or more in a frame.
    assert done["layouts"] <= done["frames"] + 2, done
    assert done["asked"] <= 6 * done["frames"] + 6, done


def test_scrolling_the_page_asks_nothing(watched):
    page, _row, begin = watched
    page.mouse.move(3, 400)
    page.wait_for_timeout(300)
    work = begin()
    for _ in range(20):
        page.mouse.wheel(0, 120)
    page.wait_for_timeout(300)
    done = work.done()
    assert done["asked"] == 0, done
