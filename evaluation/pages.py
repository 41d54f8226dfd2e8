"""Pages as a browser shows them: when the largest picture stands, what jumps, how soon a click or a letter is painted.

The site is one of its own (gunicorn, no rate limit, a scratch database) over the serving index; the browser is Chromium
through Playwright. Both share the machine, and the report says how busy it was before.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from config import Settings
from evaluation.clock import Clock
from evaluation.served import served

HEADING = "## Pages in Chromium"
PATHS = {"home": "/", "search": "/search?q={query}", "title": "/titles/{id}"}
QUERY = "two+geniuses+too+proud+to+confess+their+love"
WIDTHS = {390: 844, 1280: 800}
GOALS = {"LCP": 1000.0, "interaction": 200.0, "CLS": 0.05}
# Chromium reports no event shorter than this; such an interaction counts as this long.
SHORTEST = 16.0
SLOWER = 4
LONG_TASK = 50.0
# Chromium calls its maker's servers at every start; on a closed network that only costs time.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip
WATCH = """() => { window.seen = { lcp: 0, cls: 0, events: {}, tasks: [] }
  const on = (type, does, more) => new PerformanceObserver(list => list.getEntries().forEach(does)).observe({ type, buffered: true, ...more })
  on("largest-contentful-paint", entry => { seen.lcp = entry.startTime })
  on("layout-shift", entry => { if (!entry.hadRecentInput) seen.cls += entry.value })
  on("event", entry => { if (entry.interactionId) seen.events[entry.interactionId] = Math.max(seen.events[entry.interactionId] ?? 0, entry.duration) }, { durationThreshold: 16 })
  on("longtask", entry => { seen.tasks.push(entry.duration) }) }"""
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))"


@dataclass
class Figures:
    """What was seen of one page at one width, a number for each run or interaction."""

    lcp: list[float] = field(default_factory=list)
    cls: list[float] = field(default_factory=list)
    interactions: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)
    kilobytes: list[float] = field(default_factory=list)

    def row(self, name: str, width: int) -> str:
        """Return the line of the table."""
        cells = [
            name,
            str(width),
            str(len(self.lcp)),
            *_percentiles(self.lcp, "{:.0f}"),
            f"{max(self.cls):.3f}",
            str(len(self.interactions)),
            *_percentiles(self.interactions, "{:.0f}"),
            str(sum(task > LONG_TASK for task in self.tasks)),
            f"{max(self.tasks, default=0):.0f}",
            f"{max(self.kilobytes):.0f}",
        ]
        return f"| {' | '.join(cells)} |"


def run(settings: Settings, runs: int, out: Path | None = None, say: Callable[[str], None] = print) -> str:
    """Return the section of the report; with `out` it also takes its place in that file.

    Raises ValueError where Chromium or Playwright is missing or the site does not start.
    """
    executable, playwright = chromium()
    clock = Clock()
    figures: dict[tuple[str, int], Figures] = {}
    with site(settings) as (address, titles, id), playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(ARGUMENTS), timeout=120_000)
        version = browser.version
        try:
            for name, path in PATHS.items():
                for width, height in WIDTHS.items():
                    say(f"{name} at {width} pixels, {runs} times")
                    found = figures[name, width] = Figures()
                    for _ in range(runs):
                        _visit(browser, address + path.format(query=QUERY, id=id), width, height, found)
                    _slowly(browser, address + path.format(query=QUERY, id=id), width, height, found)
                    clock.tick()
        finally:
            browser.close()
    text = _section(figures, runs, titles, version, clock)
    if out is not None:
        _place(out, text)
    return text


def _section(figures: dict[tuple[str, int], Figures], runs: int, titles: int, version: str, clock: Clock) -> str:
    lines = [
        f"{HEADING} {version.split('.')[0]}, {titles:,} titles",
        "",
        f"{time.strftime('%Y-%m-%d')}, `nextep bench pages`: {runs} runs each with an empty cache against a warm site on {os.cpu_count()} "
        f"cores shared with the browser, load average {clock.busy:.1f} before. LCP is the largest contentful paint (goal {GOALS['LCP']:.0f} ms), CLS "
        f"what jumped (the worst run; goal {GOALS['CLS']}), interaction a click or a letter until its paint (Event Timing; goal "
        f"{GOALS['interaction']:.0f} ms; shorter than {SHORTEST:.0f} ms counts as {SHORTEST:.0f}); long tasks (over {LONG_TASK:.0f} ms) while rows are scrolled and "
        f"cards moved over with the processor slowed {SLOWER} times; kB is what was transferred. {clock.said()}",
        "",
        "| page | px | runs | LCP p50 ms | LCP p95 ms | CLS | interactions | p50 ms | p95 ms | long tasks | longest ms | kB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(found.row(name, width) for (name, width), found in figures.items()),
    ]
    return "\n".join(lines) + "\n"


def _percentiles(values: Sequence[float], form: str) -> tuple[str, str]:
    if not values:
        return "–", "–"
    p50, p95 = np.percentile(values, [50, 95])
    return form.format(p50), form.format(p95)


def _place(out: Path, section: str) -> None:
    """Put the section where the last one stood in the file, else at its end."""
    text = out.read_text(encoding="utf-8") if out.is_file() else "# Speed, measured\n"
    start = text.find(f"\n{HEADING}")
    if start < 0:
        text = f"{text.rstrip()}\n\n{section}"
    else:
        end = text.find("\n## ", start + 1)
        text = f"{text[: start + 1]}{section}{text[end:] if end >= 0 else ''}"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")


# -- in the browser ------------------------------------------------------------------------------------------------


@contextmanager
def _opened(browser: Any, address: str, width: int, height: int) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US", service_workers="block")
    context.set_default_timeout(60_000)
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    try:
        page.goto(address, wait_until="networkidle")
        yield page
    finally:
        context.close()


def _visit(browser: Any, address: str, width: int, height: int, found: Figures) -> None:
    with _opened(browser, address, width, height) as page:
        # Read before the first interaction, which ends what the browser looks for.
        found.lcp.append(page.evaluate("seen.lcp"))
        found.kilobytes.append(page.evaluate("performance.getEntries().reduce((sum, one) => sum + (one.transferSize || 0), 0) / 1000"))  # fmt: skip
        made = _interact(page)
        seen = page.evaluate("Object.values(seen.events)")
        found.interactions += [*seen, *[SHORTEST] * max(made - len(seen), 0)]
        found.cls.append(page.evaluate("seen.cls"))


def _interact(page: Any) -> int:
    """Type into the search box, open what the page can open, turn a row; return how many interactions that were."""
    made = 0
    page.locator("#q").click()
    page.evaluate(PAINTED)
    for letter in "love":
        page.keyboard.press(letter)
        page.evaluate(PAINTED)
    page.keyboard.press("Escape")
    page.evaluate(PAINTED)
    made += 6
    for selector in (".filters > summary", "button.explain", ".arrow.on:not([aria-disabled=true])", "[data-theme-switch]"):  # fmt: skip
        element = page.locator(selector).first
        if element.count() and element.is_visible():
            element.scroll_into_view_if_needed()
            box = element.bounding_box()
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            page.evaluate(PAINTED)
            page.keyboard.press("Escape")
            page.evaluate(PAINTED)
            made += 2
    return made


def _slowly(browser: Any, address: str, width: int, height: int, found: Figures) -> None:
    """Scroll the page and its first row and move over cards, on a processor that is slowed; note the long tasks."""
    with _opened(browser, address, width, height) as page:
        row = page.locator("media-row .track").first
        if not row.count():
            return
        row.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.evaluate("seen.tasks.length = 0")
        box = row.bounding_box()
        for step in range(60):
            page.mouse.move(box["x"] + box["width"] * (0.05 + 0.9 * step / 60), box["y"] + box["height"] * (0.2 + 0.1 * (step % 5)))  # fmt: skip
        for _ in range(20):
            page.mouse.wheel(80, 0)
            page.wait_for_timeout(16)
        for _ in range(20):
            page.mouse.wheel(0, 60)
            page.wait_for_timeout(16)
        page.wait_for_timeout(400)
        found.tasks += page.evaluate("seen.tasks")


def chromium() -> tuple[str, Any]:
    """Return Chromium's path and what opens Playwright; raise ValueError where either is missing."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise ValueError("Chromium is needed: apt-get install chromium fonts-noto-cjk, or set CHROMIUM to its path.")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise ValueError("Playwright is needed: .venv/bin/python -m pip install -r requirements-dev.txt") from None
    return path, sync_playwright


# -- the site ------------------------------------------------------------------------------------------------------


@contextmanager
def site(settings: Settings, **changes: str) -> Iterator[tuple[str, int, int]]:
    """Serve the index of the settings on a free port, with further variables of the environment.

    Gives the address, the number of titles and the id of the most watched one. Raises ValueError where nothing can be served.
    """
    from search.engine import EngineError
    from search.open import open_service

    try:
        service = open_service(settings)
        first = service.browse(limit=1)
    except EngineError as error:
        raise ValueError(f"There is nothing to serve: {error}") from error
    if not first.items:
        raise ValueError("There is nothing to serve: the index is empty. Run: nextep index")
    titles, id = first.total, first.items[0].id
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            "NEXTEP_VAR": str(settings.var.resolve()),
            "DATABASE_URL": f"sqlite:///{Path(scratch) / 'bench.sqlite3'}",
            **changes,
        }
        with served(environment, Path(scratch)) as (host, port):
            address = f"http://{host}:{port}"
            # Each page twice, as visitors before did.
            for path in [*PATHS.values()] * 2:
                with urllib.request.urlopen(address + path.format(query=QUERY, id=id), timeout=60) as answer:
                    answer.read()
            yield address, titles, id
