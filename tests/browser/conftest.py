"""A real browser on a real server, for the tests of this folder; they skip where there is no Chromium.

Nothing may go wrong on any page that a test opens: no console message, no failing request, no refused piece (CSP). A test
that fails leaves a picture and a trace of each of its pages in `test-results/` (NEXTEP_TEST_RESULTS); a trace is read with
`playwright show-trace FILE`; with NEXTEP_TRACE=full it holds the page at each step, too.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(os.environ.get("NEXTEP_TEST_RESULTS") or ROOT / "test-results")
# The shell without a browser around it draws the same pages in two thirds of the time.
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)  # fmt: skip
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")  # fmt: skip
# The machines that run the tests are small and shared: what matters is that a thing happens, not how soon.
PATIENCE = 60_000
LONGEST_SECONDS = 300
CLOSING_SECONDS = 20
# Tells our browser from others on the machine.
MARK = f"--nextep-tests={uuid.uuid4().hex}"
# A trace tells actions, requests and messages; the page at each of them costs time: NEXTEP_TRACE=full.
FULL_TRACE = os.environ.get("NEXTEP_TRACE") == "full"
ADMIN_TOKEN = "operator-of-the-tests"
_REPORTS = pytest.StashKey[dict[str, pytest.TestReport]]()
_KEPT = pytest.StashKey[list[Path]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_KEPT] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)
            # Playwright leaves its own loop and pipes to the garbage collector.
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    item.stash.setdefault(_REPORTS, {})[report.when] = report
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for path in config.stash[_KEPT]:
        terminalreporter.write_line(f"kept of a failed browser test: {path}")


@pytest.fixture(autouse=True)
def no_waiting_for_ever() -> Iterator[None]:
    """Fail a test that hangs: the browser's own waits end, but a script that never answers does not.

    The browser is ended, so that whatever waits for it fails; the next test gets a new one. An exception out of a signal
    would end Playwright's own loop instead, and every test after it would fail with it.
    """
    rung = []

    def ring(*_: object) -> None:
        rung.append(True)
        if not end_browser():
            raise TimeoutError(f"not done after {LONGEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LONGEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    assert not rung, f"not done after {LONGEST_SECONDS} s"


def end_browser() -> bool:
    """Kill the browser of these tests, and the script that began it; tell whether it was found (Linux only)."""
    found = False
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = command.read_bytes()
            if MARK.encode() in words and b"--type=" not in words:
                os.kill(int(command.parent.name), signal.SIGKILL)
                found = True
    return found


class Chromium:
    """The browser, started anew where a test lost it."""

    def __init__(self, driver: Any) -> None:
        self._driver, self._browser = driver, None

    def __getattr__(self, name: str) -> Any:
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._driver.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, MARK], timeout=120_000)  # fmt: skip
        return getattr(self._browser, name)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk")
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")
    with playwright.sync_playwright() as driver:
        browser = Chromium(driver)
        yield browser
        browser.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an app on a free port; give its address."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def address(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a catalogue of 90 works and a few known ones; return where."""
    import web

    titles = [*web.many(90), *(one.replace(id=one.id + 1000, series=one.series and one.series + 1000) for one in web.CATALOGUE)]  # fmt: skip
    with served(web.make_site(tmp_path_factory.mktemp("browser"), titles=titles, admin_token=ADMIN_TOKEN)) as where:
        yield where


@pytest.fixture(scope="session")
def address_without_index(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a site that has no catalogue; return where."""
    import web

    from search.embedded import EmbeddedEngine

    folder = tmp_path_factory.mktemp("down")
    with served(web.make_site(folder, EmbeddedEngine(folder / "nothing"))) as where:
        yield where


class Visit:
    """A page in the browser that remembers what went wrong on it; `allowed` are patterns of what may."""

    def __init__(self, chromium: Any, address: str, allowed: tuple[str, ...] = (), **options: Any) -> None:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        options.setdefault("locale", "en-US")
        # The worker is for when there is no network; the tests that want it allow it.
        options.setdefault("service_workers", "block")
        self.context = chromium.new_context(base_url=address, **options)
        self.context.set_default_timeout(PATIENCE)
        self.context.tracing.start(snapshots=FULL_TRACE, screenshots=FULL_TRACE)
        self.allowed = re.compile("|".join(allowed)) if allowed else None
        self.wrong: list[str] = []
        self.context.on("page", self._listen)
        self.page = self.context.new_page()

    def _listen(self, page: Any) -> None:
        page.on("console", lambda message: self._note(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._note(f"{error} on {page.url} {error.stack}"))
        page.on("requestfailed", lambda request: self._note(f"failed: {request.url}") if "ERR_ABORTED" not in str(request.failure) else None)  # fmt: skip
        page.on("response", lambda response: self._note(f"{response.status}: {response.url}") if response.status >= 400 else None)  # fmt: skip

    def _note(self, text: str) -> None:
        if "blocked by Playwright" in text:
            return
        if not (self.allowed and self.allowed.search(text)):
            self.wrong.append(text)

    def close(self) -> None:
        """End the visit; a page that still loads or writes would keep its context from closing.

        So does, now and then, a download that a walk left behind: then the browser goes, and the next test has a new one.
        """
        late = threading.Timer(CLOSING_SECONDS, end_browser)
        late.start()
        try:
            for page in self.context.pages:
                page.close()
            self.context.close()
        finally:
            late.cancel()

    def keep(self, folder: Path) -> list[Path]:
        """Leave a picture of each page and the trace in the folder; return where they are."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = []
        for number, page in enumerate(self.context.pages, 1):
            kept.append(folder / f"page-{number}.png")
            page.screenshot(path=kept[-1], full_page=True, timeout=PATIENCE)
        kept.append(folder / "trace.zip")
        self.context.tracing.stop(path=kept[-1])
        return kept


def playwright_error() -> type[Exception]:
    """Return what Playwright raises of a page or a browser that is not there any more."""
    from playwright.sync_api import Error

    return Error


@pytest.fixture
def visits(chromium: Any, request: pytest.FixtureRequest) -> Iterator[list[Visit]]:
    """Return where a test's visits are noted: they are closed after it, and nothing may have gone wrong on them."""
    made: list[Visit] = []
    yield made
    wrong = [text for one in made for text in one.wrong]
    reports = request.node.stash.get(_REPORTS, {})
    if wrong or any(report.failed for report in reports.values()):
        name = re.sub(r"[^\w-]+", "-", request.node.nodeid.rsplit("/", 1)[-1])[:120].strip("-")
        for number, one in enumerate(made, 1):
            # A browser that is gone has nothing to show.
            with suppress(playwright_error()):
                request.config.stash[_KEPT] += one.keep(RESULTS / name / str(number))
    for one in made:
        with suppress(playwright_error()):
            one.close()
    assert wrong == []


@pytest.fixture
def visit(chromium: Any, address: str, visits: list[Visit]) -> Callable[..., Any]:
    """Return what opens a page: an address, patterns of what may go wrong on it, and options of the browser's context."""

    def open_page(path: str = "/", allowed: tuple[str, ...] = (), at: str = "", **options: Any) -> Any:
        visits.append(Visit(chromium, at or address, allowed, **options))
        # Every script has run when a page is loaded; rows may still be on their way.
        visits[-1].page.goto(path, wait_until="load")
        return visits[-1].page

    return open_page
