"""The budgets of docs and issue: what a page may weigh, hold and move."""

from __future__ import annotations

import gzip
import re

import pytest
from places import make_profile

from config import ROOT

KB = 1000
SHIFTED = """() => { window.shifted = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
  if (!entry.hadRecentInput) window.shifted += entry.value }).observe({type: "layout-shift", buffered: true}) }"""
# What a browser asked for on this page: the page itself, then everything it named, each with its size on the wire.
ASKED = """() => performance.getEntries().filter(entry => ["navigation", "resource"].includes(entry.entryType))
  .map(entry => [new URL(entry.name).pathname, entry.transferSize || entry.encodedBodySize, entry.initiatorType])"""


def zipped(path: str) -> int:
    return len(gzip.compress((ROOT / path).read_bytes(), 6))


def to_the_end(page) -> None:
    """Scroll a page to its end, as a reader does, until every row has come."""
    for _ in range(80):
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(50)
        if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 5 && !document.querySelector('[data-fill]')"):  # fmt: skip
            break
    page.wait_for_function("() => !document.querySelector('[data-fill], [aria-busy]')")
    page.wait_for_load_state("networkidle")


def test_all_scripts_together_are_under_30_kb_gzipped():
    sizes = {str(path.relative_to(ROOT)): zipped(str(path.relative_to(ROOT))) for path in (ROOT / "static").rglob("*.js")}  # fmt: skip
    assert sizes
    assert sum(sizes.values()) < 30 * KB, sizes


@pytest.mark.parametrize("somebody", [False, True])
def test_the_style_sheets_of_each_page_are_under_25_kb(visit, record_property, somebody):
    page = visit("/about")
    paths = ["/", "/search?q=work", "/titles/1003", "/browse", "/people", "/about/quality"]
    if somebody:
        make_profile(page, picks=3)
        paths += ["/my-list", "/taste"]
    for path in paths:
        page.goto(path, wait_until="load")
        sheets = page.evaluate("[...document.querySelectorAll('link[rel=stylesheet]')].map(link => new URL(link.href).pathname)")  # fmt: skip
        files = [re.sub(r"\.[0-9a-f]{10}\.", ".", sheet).lstrip("/") for sheet in sheets]
        raw = sum((ROOT / file).stat().st_size for file in files)
        packed = sum(zipped(file) for file in files)
        record_property(f"css {path}", f"{packed} gzipped, {raw} raw")
        assert packed < 25 * KB, (path, files, raw)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("somebody", [False, True])
def test_the_whole_home_page_is_under_400_kb_and_2500_nodes(visit, record_property, width, somebody):
    page = visit("/about", viewport={"width": width, "height": 844}, service_workers="block")
    if somebody:
        make_profile(page, picks=5)
    page.evaluate("caches.keys()")
    page.goto("about:blank")
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.goto("/", wait_until="networkidle")
    first = page.evaluate(ASKED)
    nodes = page.evaluate("document.querySelectorAll('*').length")
    to_the_end(page)
    whole = page.evaluate(ASKED)
    weight, all_nodes = sum(size for _, size, _ in whole), page.evaluate("document.querySelectorAll('*').length")
    record_property("home", f"{sum(size for _, size, _ in first)} bytes and {nodes} nodes at first, {weight} and {all_nodes} in the end")  # fmt: skip
    assert any(path.endswith(".woff2") and size > 10_000 for path, size, _ in whole)
    assert weight < 400 * KB, sorted(whole, key=lambda one: -one[1])[:12]
    assert all_nodes < 2500


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_while_a_page_is_read(visit, width):
    page = visit("/about", viewport={"width": width, "height": 844})
    make_profile(page, picks=5)
    shifted = {}
    for path in (
        "/",
        "/search?q=work",
        "/search?q=story+about+a+drama+club",
        "/titles/1003",
        "/my-list?status=completed",
    ):
        page.goto(path, wait_until="networkidle")
        page.evaluate(SHIFTED)
        to_the_end(page)
        shifted[path] = page.evaluate("window.shifted")
    assert {path: shift for path, shift in shifted.items() if shift >= 0.05} == {}


def test_a_page_that_jumps_would_be_noticed(visit):
    page = visit("/about")
    page.evaluate(SHIFTED)
    page.wait_for_timeout(600)
    page.evaluate("""() => { const block = document.createElement("div"); block.style.setProperty("height", "300px")
      document.querySelector("main").prepend(block) }""")
    page.wait_for_function("() => window.shifted > 0.05")
