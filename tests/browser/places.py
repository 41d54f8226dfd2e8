"""The pages of the site, and how a test becomes somebody on it."""

from __future__ import annotations

from typing import Any

WITHOUT_PERSON = (
    "/",
    "/?rows=all",
    "/search",
    "/search?q=toradora",
    "/search?q=work",
    "/search?q=attack+on+titan",
    "/search?q=Twin+Names",
    "/search?q=drama",
    "/search?q=story+about+a+drama+club",
    "/search?q=Lost+Tape",
    "/search?q=toradroa",
    "/search?q=zzqq+xxqq+vvqq",
    "/search?q=comedy&genre=Romance&year_from=2000",
    "/titles/1",
    "/titles/1003",
    "/titles/1011",
    "/browse",
    "/browse?genre=Drama&sort=score",
    "/people",
    "/about",
    "/about/quality",
    "/offline",
)
TABS = ("watching", "on_hold", "plan_to_watch", "completed", "dropped", "hidden")
WITH_PERSON = (
    "/",
    "/?rows=all",
    "/search?q=toradora",
    "/search?q=story+about+a+drama+club",
    "/titles/1",
    "/taste",
    "/people",
    *(f"/my-list?status={name}" for name in TABS),
)
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Smooth scrolling takes as long as the machine needs: a page stands still when several frames find it where it was.
STANDS_STILL = """() => new Promise(done => { let before = "", calm = 0, frames = 0
  const look = () => {
    const now = [scrollX, scrollY, ...[...document.querySelectorAll(".track")].map(track => track.scrollLeft)].join()
    calm = now === before ? calm + 1 : 0
    before = now
    if (calm >= 5 || ++frames > 600) done()
    else requestAnimationFrame(look) }
  look() })"""


def settle(page: Any) -> None:
    """Wait until the page and its rows have stopped moving."""
    page.evaluate(STANDS_STILL)


def choose(page: Any, number: int = 0) -> None:
    """Become one of the people of the demonstration."""
    page.goto("/people")
    page.locator("form[action*=choose] button").nth(number).click()
    page.wait_for_url(lambda url: "/people" not in url)


def make_profile(page: Any, name: str = "Walker", picks: int = 5) -> None:
    """Make a new profile in its steps and become it; it works without scripts, too."""
    page.goto("/people/new?step=name")
    page.locator("#name").fill(name)
    page.locator("button[value=name]").click()
    page.locator(".pick").first.wait_for()
    for at in range(picks):
        page.locator(".pick label").nth(at).click()
    page.locator("button[value=done]").click()
    page.wait_for_url(lambda url: "/people/new" not in url)
