"""Take the pictures of the README from a site that this script starts on the bundled catalogue.

Needs Chromium (Debian: apt-get install chromium fonts-noto-cjk) and an index (`make run` makes one).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
# Chromium calls its maker's servers at every start; on a closed network that only costs time.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PICTURES = {
    "home": ("/?look=dark", "en", 1280, 800),
    "home-ko": ("/?lang=ko&look=dark", "ko", 390, 844),
    "search-plot": ("/search?q=two+geniuses+too+proud+to+confess+their+love&look=dark", "en", 1280, 800),
    "search-ko": ("/search?q=공책에+이름을+적으면+죽는&lang=ko&look=dark", "ko", 1280, 800),
    "title": ("/titles/1?look=dark", "en", 1280, 800),
    "browse-light": ("/browse?look=light", "en", 1280, 800),
}


def main() -> None:
    """Start the site, take every picture, stop the site."""
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        sys.exit("Chromium is needed: apt-get install chromium fonts-noto-cjk, or set CHROMIUM to its path.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "NEXTEP_RATE_LIMIT": "0"}
    site = subprocess.Popen([sys.executable, "cli.py", "serve", "--port", str(port)], cwd=ROOT, env=environment)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz")
        IMAGES.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
            for name, (path, language, width, height) in PICTURES.items():
                locale = "ko-KR" if language == "ko" else "en-US"
                context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
                page = context.new_page()
                page.goto(f"http://127.0.0.1:{port}{path}")
                page.wait_for_load_state("networkidle")
                page.screenshot(path=IMAGES / f"{name}.png")
                context.close()
            browser.close()
    finally:
        site.terminate()
        site.wait()


def _wait(address: str, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    sys.exit(f"The site did not answer at {address} within {seconds:.0f} s. Is there an index? Run: make run")


if __name__ == "__main__":
    main()
