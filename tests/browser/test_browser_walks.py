"""Random walks in a real browser: whatever is clicked, ticked or typed, nothing breaks and nothing is a dead end.

The same walk every time; NEXTEP_WALKS=n walks n times as far. tests/test_web_walks.py walks without JavaScript.
"""

from __future__ import annotations

import os
import random

import pytest
from places import make_profile
from walker import TEXTS

STEPS = 12 * max(int(os.environ.get("NEXTEP_WALKS") or 1), 1)
# Everything that can be pressed; files are left to the tests of lists, other sites to nobody.
CONTROLS = """() => [...document.querySelectorAll("a[href], button, summary, input, select, [role=option]")]
  .map((one, at) => { one.dataset.walk = at; return one })
  .filter(one => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[inert]") && !one.hasAttribute("download") && one.type !== "file" && one.type !== "hidden")
  .filter(one => one.localName !== "a" || new URL(one.href).origin === location.origin)
  .map(one => [one.dataset.walk, one.localName, one.type ?? "", (one.ariaLabel ?? one.textContent ?? one.value ?? "").trim().slice(0, 30)])"""
# By the element's own click: a walker has no patience for what slides in.
PRESS = "at => document.querySelector(`[data-walk='${at}']`)?.click()"
SET = """([at, text]) => { const one = document.querySelector(`[data-walk='${at}']`)
  if (one.localName === "select") one.selectedIndex = text.length % one.options.length
  else one.value = text
  one.dispatchEvent(new Event("input", { bubbles: true })); one.dispatchEvent(new Event("change", { bubbles: true })) }"""


def when_still(page, ask: str):
    """Ask the page something once it has stopped changing for another: a click may still be leading away."""
    from playwright.sync_api import Error

    for _ in range(20):
        page.wait_for_timeout(150)
        page.wait_for_load_state("load")
        try:
            if found := page.evaluate(ask):
                return found
        except Error as error:
            if "navigation" not in str(error):
                raise
    return None


def act(page, script: str, *values) -> None:
    """Do something that may lead away before the page can answer."""
    page.evaluate(f"values => {{ setTimeout(() => ({script})(values), 0) }}", values[0] if len(values) == 1 else list(values))  # fmt: skip


def walk(page, seed: int, steps: int) -> list[str]:
    """Press and fill things in at random; return what was done."""
    rng = random.Random(seed)
    way: list[str] = []
    for _ in range(steps):
        if when_still(page, "document.contentType") != "text/html" or page.url.endswith("/docs"):
            # The API's own pages lead nowhere but back.
            page.goto("/")
        controls = when_still(page, CONTROLS)
        way.append(page.url)
        assert controls, f"a dead end: {way[-8:]}"
        assert when_still(page, "document.querySelectorAll('h1').length") == 1, f"not a whole page: {way[-8:]}"
        at, name, kind, text = rng.choice(controls)
        way.append(f"{name} {kind} {text!r}")
        if name == "select" or (name == "input" and kind not in ("checkbox", "radio", "submit")):
            act(page, SET, at, rng.choice(TEXTS))
            if kind == "search":
                page.wait_for_timeout(30)
                act(page, "at => document.querySelector(`[data-walk='${at}']`)?.form.requestSubmit()", at)
        else:
            act(page, PRESS, at)
        page.wait_for_timeout(100)
    return way


# A number out of range is refused with a page that says so; a plain text has no script that could take a skipped transition for
# what it is.
REFUSED = ("40[034]", "422", r"Transition was skipped on \S+\.(txt|json) ")


@pytest.mark.parametrize(("locale", "seed"), [("en-US", 11), ("ko-KR", 12)])
def test_a_visitor_finds_no_broken_page(visit, locale, seed):
    page = visit("/", locale=locale, allowed=REFUSED)
    assert len(walk(page, seed, STEPS)) == 2 * STEPS


@pytest.mark.parametrize(("locale", "seed"), [("en-US", 21), ("ko-KR", 22)])
def test_a_person_finds_no_broken_page(visit, locale, seed):
    page = visit("/about", locale=locale, allowed=REFUSED)
    make_profile(page, picks=4)
    page.goto("/titles/1003")
    assert len(walk(page, seed, STEPS)) == 2 * STEPS
