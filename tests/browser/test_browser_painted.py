"""What the browser really paints under the title of a card: contrast of at least 4.5 to 1 on every palette."""

from __future__ import annotations

import base64

import pytest

from webapp.art.canvas import Dice
from webapp.art.poster import ART_VERSION, DARK

# The page is painted once without its letters; where their lines stood, the brightest and the darkest pixel are compared
# with the colour of the letters (WCAG 2.2).
LINES = """selector => [...document.querySelectorAll(selector)].flatMap(words => {
  const range = document.createRange(); range.selectNodeContents(words)
  const card = words.closest("[data-title]").dataset.title, box = words.getBoundingClientRect()
  const colour = getComputedStyle(words).color
  return [...range.getClientRects()].filter(one => one.width > 1 && one.bottom <= box.bottom + 1)
    .map(one => [card, colour, one.left + scrollX, one.top + scrollY, one.width, one.height]) })"""
CONTRASTS = """async ([data, lines]) => {
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob())
  const canvas = new OffscreenCanvas(picture.width, picture.height), draw = canvas.getContext("2d", { willReadFrequently: true })
  draw.drawImage(picture, 0, 0)
  const dot = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const part = value => (value /= 255) <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4
  const light = (bytes, at) => .2126 * part(bytes[at]) + .7152 * part(bytes[at + 1]) + .0722 * part(bytes[at + 2])
  const against = (a, b) => (Math.max(a, b) + .05) / (Math.min(a, b) + .05)
  const worst = {}
  for (const [card, colour, x, y, width, height] of lines) {
    dot.fillStyle = colour; dot.fillRect(0, 0, 1, 1)
    const own = light(dot.getImageData(0, 0, 1, 1).data, 0)
    const { data: bytes } = draw.getImageData(Math.floor(x), Math.floor(y), Math.ceil(width), Math.ceil(height))
    let least = 21
    for (let at = 0; at < bytes.length; at += 4) least = Math.min(least, against(own, light(bytes, at)))
    worst[card] = Math.min(worst[card] ?? 21, least)
  }
  return worst
}"""


def palette_of(id: int) -> str:
    """Return the palette of a title as webapp.art.poster draws it: the second throw of its dice, after the motif's."""
    dice = Dice(f"{ART_VERSION}/{id}")
    dice.u()
    return dice.pick(DARK).name


def contrasts(page, selector: str) -> dict[str, float]:
    """Return the worst contrast under the letters of each title on the page."""
    page.evaluate("document.querySelectorAll('img').forEach(one => { one.loading = 'eager' })")
    page.wait_for_function("() => [...document.images].every(one => one.complete)")
    lines = page.evaluate(LINES, selector)
    page.evaluate("selector => document.querySelectorAll(selector).forEach(one => one.style.setProperty('-webkit-text-fill-color', 'transparent'))", selector)  # fmt: skip
    taken = base64.b64encode(page.screenshot(full_page=True)).decode()
    blank = page.context.new_page()
    worst = blank.evaluate(CONTRASTS, [taken, lines])
    blank.close()
    return worst


@pytest.mark.parametrize("width", [390, 1280])
def test_titles_can_be_read_on_every_palette(visit, width):
    page = visit("/about", viewport={"width": width, "height": 900}, reduced_motion="reduce", service_workers="block")
    found: dict[str, float] = {}
    for path in ("/browse", "/browse?page=2", "/browse?page=3"):
        page.goto(path, wait_until="networkidle")
        found |= contrasts(page, ".grid .letters :is(b, small)")
    assert {palette_of(int(id)) for id in found} == {palette.name for palette in DARK}
    assert {id: worst for id, worst in found.items() if worst < 4.5} == {}


def test_titles_can_be_read_on_wide_pictures(visit):
    page = visit("/?rows=all", reduced_motion="reduce", service_workers="block")
    page.locator(".card").first.wait_for()
    page.evaluate("""async () => { for (let id = 1; id <= 30; id++) {
      const holder = document.createElement("div"); holder.dataset.title = id; holder.className = "probe"
      holder.innerHTML = await (await fetch(`/titles/${id}/preview`)).text()
      holder.style.setProperty("width", "300px"); holder.style.setProperty("container-type", "inline-size")
      document.querySelector("main").append(holder) } }""")
    found = contrasts(page, ".probe .letters :is(b, small)")
    assert len(found) == 30
    assert {id: worst for id, worst in found.items() if worst < 4.5} == {}
