"""A real browser on a real server, for the tests of this folder; they skip where there is no Chromium."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)
            # Playwright leaves its own loop and pipes to the garbage collector.
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk")
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a catalogue of 90 works and a few known ones; return where."""
    import web
    from werkzeug.serving import make_server

    titles = [*web.many(90), *(one.replace(id=one.id + 1000, series=one.series and one.series + 1000) for one in web.CATALOGUE)]  # fmt: skip
    app = web.make_site(tmp_path_factory.mktemp("browser"), titles=titles)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Visit:
    """A page in the browser that remembers what went wrong on it."""

    def __init__(self, chromium: Any, address: str, **options: Any) -> None:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        options.setdefault("locale", "en-US")
        self.context = chromium.new_context(base_url=address, **options)
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text) if message.type in ("error", "warning") else None)  # fmt: skip
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}") if "ERR_ABORTED" not in str(request.failure) else None)  # fmt: skip
        self.page.on("response", lambda response: self.wrong.append(f"{response.status}: {response.url}") if response.status >= 400 else None)  # fmt: skip


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Any]:
    """Return what opens a page; nothing may go wrong on it."""
    made: list[Visit] = []

    def open_page(path: str = "/", **options: Any) -> Any:
        made.append(Visit(chromium, address, **options))
        made[-1].page.goto(path, wait_until="networkidle")
        return made[-1].page

    yield open_page
    wrong = [text for one in made for text in one.wrong]
    for one in made:
        one.context.close()
    assert wrong == []
