"""Take the pictures of the README and of docs/tour.md from a site that this script starts on the serving index.

Needs Chromium (Debian: apt-get install chromium fonts-noto-cjk), Playwright and an index (`make run` makes one). Names on the
command line take only those pictures. The site gets a scratch database and a fixed date, so that the pictures stay the same.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import config
from evaluation.pages import ARGUMENTS, chromium, site

ROOT = config.ROOT
IMAGES = ROOT / "docs" / "images"
TODAY = "2026-11-21"
QUALITY = 0.84
MOST_BYTES = 600_000
MOST_BYTES_ALL = 3_000_000
WIDE, NARROW = (1280, 800), (390, 844)
# Chromium packs the picture itself: a drawing of flat colours and letters is a third of a PNG as WebP.
PACK = """async ([data, quality]) => {
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob())
  const canvas = new OffscreenCanvas(picture.width, picture.height)
  canvas.getContext("2d").drawImage(picture, 0, 0)
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality })).arrayBuffer())
  let text = ""
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768))
  return btoa(text)
}"""


def _preview(page: Any) -> None:
    row = page.locator("media-row").nth(1)
    row.evaluate("row => scrollTo({ top: row.getBoundingClientRect().top + scrollY - 190, behavior: 'instant' })")
    page.wait_for_timeout(800)
    page.locator("media-row").nth(1).locator(".card").nth(2).hover()
    page.locator("hover-preview.open .preview").wait_for()
    page.mouse.move(*_inside(page.locator("hover-preview")), steps=4)
    page.wait_for_timeout(700)


def _suggestions(page: Any) -> None:
    page.locator("#q").fill("")
    page.locator("#q").press_sequentially("진격", delay=30)
    page.locator("[role=option]").first.wait_for()
    page.wait_for_load_state("networkidle")


def _inside(element: Any) -> tuple[float, float]:
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.55


def _to(selector: str, above: int = 96) -> Callable[[Any], None]:
    def scroll(page: Any) -> None:
        page.locator(selector).first.evaluate("(one, above) => scrollTo({ top: one.getBoundingClientRect().top + scrollY - above, behavior: 'instant' })", above)  # fmt: skip
        page.wait_for_timeout(600)
        page.wait_for_load_state("networkidle")

    return scroll


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: an address, who is watching, the language, the theme, the size, and what is done before it is taken."""

    path: str
    person: str = ""
    language: str = "en"
    theme: str = "dark"
    size: tuple[int, int] = WIDE
    first: Callable[[Any], None] | None = None


PLOT = "two+geniuses+too+proud+to+confess+their+love"
PLOT_KO = "공책에+이름을+적으면+죽는"
PICTURES = {
    "home": Picture("/", "mina", size=(1280, 1120)),
    "home-ko": Picture("/", "dohyun", "ko"),
    "who": Picture("/people"),
    "who-ko": Picture("/people", language="ko", size=NARROW),
    "preview": Picture("/", "elena", first=_preview),
    "search-plot": Picture(f"/search?q={PLOT}"),
    "search-plot-ko": Picture(f"/search?q={PLOT_KO}", language="ko"),
    "search-exact": Picture("/search?q=cowboy+bebop", "elena"),
    "search-suggest-ko": Picture("/search?q=", language="ko", size=NARROW, first=_suggestions),
    "title": Picture("/titles/1", "dohyun"),
    "title-ko": Picture("/titles/1535", "sora", "ko", size=NARROW),
    "my-list": Picture("/my-list?status=completed&sort=score", "dohyun"),
    "my-list-ko": Picture("/my-list?status=completed&sort=score", "hana", "ko", size=NARROW),
    "taste": Picture("/taste", "sora"),
    "taste-ko": Picture("/taste", "mina", "ko", "light", first=_to(".charts", 88)),
    "home-narrow": Picture("/", "leo", size=NARROW),
    "browse-light": Picture("/browse", theme="light"),
    "quality": Picture("/about/quality", first=_to("#recommenders")),
}


def main(names: list[str]) -> None:
    """Start the site, take the pictures, stop the site; exit with 1 where one is too large."""
    unknown = set(names) - set(PICTURES)
    if unknown:
        sys.exit(f"No picture is called {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        executable, playwright = chromium()
        with site(config.load(), NEXTEP_TODAY=TODAY) as (address, _titles, _id), playwright() as driver:
            browser = driver.chromium.launch(executable_path=executable, args=list(ARGUMENTS), timeout=120_000)
            for name in names or PICTURES:
                path = IMAGES / f"{name}.webp"
                path.write_bytes(_take(browser, address, PICTURES[name]))
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")
            browser.close()
    except ValueError as error:
        sys.exit(str(error))
    sizes = {path.name: path.stat().st_size for path in IMAGES.iterdir()}
    if max(sizes.values()) > MOST_BYTES or sum(sizes.values()) > MOST_BYTES_ALL:
        sys.exit(f"The pictures are too large: {sum(sizes.values())} bytes in all, the largest {max(sizes, key=sizes.__getitem__)}.")  # fmt: skip


def _take(browser: Any, address: str, picture: Picture) -> bytes:
    width, height = picture.size
    locale = {"en": "en-US", "ko": "ko-KR"}[picture.language]
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        locale=locale,
        device_scale_factor=2 if width < 500 else 1.5,
        service_workers="block",
    )
    context.set_default_timeout(90_000)
    page = context.new_page()
    page.goto(f"/about?lang={picture.language}&look={picture.theme}")
    if picture.person:
        page.goto("/people", wait_until="networkidle")
        page.locator(f"form:has(input[name=person][value={picture.person}]) button").click()
        page.wait_for_url(lambda url: "/people" not in url)
    page.goto(picture.path, wait_until="networkidle")
    page.evaluate("() => document.fonts.ready.then(() => {})")
    page.mouse.move(2, height - 2)
    if picture.first is not None:
        picture.first(page)
    page.wait_for_timeout(500)
    taken = base64.b64encode(page.screenshot()).decode()
    # On an empty page: the site's own policy lets nothing be fetched from elsewhere.
    page.goto("about:blank")
    packed = page.evaluate(PACK, [taken, QUALITY])
    context.close()
    return base64.b64decode(packed)


if __name__ == "__main__":
    main(sys.argv[1:])
