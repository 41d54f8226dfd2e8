"""axe-core finds nothing to mend on any page: with and without a person, both languages, both themes, narrow and wide."""

from __future__ import annotations

import importlib.resources

import pytest
from conftest import ADMIN_TOKEN
from places import TABS, WITH_PERSON, WITHOUT_PERSON, make_profile

LOCALES = ("en-US", "ko-KR")
# Handed in by the debugger's own door: the page's policy lets no script of others in, and stays as it is.
AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN = """async ([what, rules]) => {
  const found = await axe.run(what, { resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }) })
  return found.violations.map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.target.join(" ") + " " + (node.any[0]?.message ?? node.all[0]?.message ?? "")).join(" | ")} (${one.nodes.length})`)
}"""
# What depends on the width is looked for at both, colours in both themes.
NARROW = ["color-contrast", "target-size", "scrollable-region-focusable", "aria-hidden-focus", "region", "landmark-unique", "link-name", "button-name", "label"]  # fmt: skip
ENGLISH = ((1280, "dark", None), (1280, "light", ["color-contrast"]), (390, "light", NARROW))
KOREAN = ((1280, "light", None), (390, "dark", NARROW))
# Swagger UI is somebody else's page, and its own headings and colours are not ours to mend.
DOCS = {"exclude": [["#swagger-ui"], [".swagger-ui"]]}


def violations(page, what=None, rules: list[str] | None = None) -> list[str]:
    """Return what axe-core finds, on whatever the page shows now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE + ";undefined")
    return page.evaluate(RUN, [what or "html", rules])


def theme(page, name: str) -> None:
    page.evaluate("name => { document.documentElement.dataset.theme = name }", name)


def still(page) -> None:
    """Let nothing be half faded in: a colour in between is nobody's choice. A colour that is inherited fades anew at each depth."""
    page.evaluate("""async () => { for (let calm = 0, frames = 0; calm < 3 && frames < 300; frames++) {
      const moving = document.getAnimations().filter(one => Number.isFinite(one.effect.getComputedTiming().endTime))
      moving.forEach(one => one.finish())
      calm = moving.length ? 0 : calm + 1
      await new Promise(done => requestAnimationFrame(done)) } }""")


def examine(page, what=None) -> dict[str, list[str]]:
    """Return what axe-core finds in both themes, wide and narrow; between the languages every pair is looked at whole."""
    found = {}
    for width, name, rules in KOREAN if page.evaluate("document.documentElement.lang") == "ko" else ENGLISH:
        page.set_viewport_size({"width": width, "height": 900})
        theme(page, name)
        still(page)
        found[f"{width} {name}"] = violations(page, what, rules)
    page.set_viewport_size({"width": 1280, "height": 900})
    return {where: said for where, said in found.items() if said}


def in_both_themes(page) -> dict[str, list[str]]:
    """Return what axe-core finds now; another width would close what is open."""
    found = {}
    for name in ("dark", "light"):
        theme(page, name)
        still(page)
        found[name] = violations(page)
    return {name: said for name, said in found.items() if said}


def examine_all(page, paths) -> dict[str, dict[str, list[str]]]:
    found = {}
    for path in paths:
        page.goto(path, wait_until="load")
        found[path] = examine(page)
    return found


def assert_nothing(found: dict[str, dict[str, list[str]]]) -> None:
    lines = [
        f"{page}, {where}: {line}" for page, there in found.items() for where, said in there.items() for line in said
    ]
    assert not lines, "\n".join(lines)


def opened(visit, locale: str, path: str = "/about", **options):
    return visit(path, locale=locale, reduced_motion="reduce", service_workers="block", **options)


# Each page is examined several times, which takes a small machine seconds: so many to a test.
PARTS = (0, 1, 2)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("locale", LOCALES)
def test_pages_for_everybody_are_accessible(visit, locale, part):
    assert_nothing(examine_all(opened(visit, locale), WITHOUT_PERSON[part :: len(PARTS)]))


@pytest.mark.parametrize("part", PARTS[:2])
@pytest.mark.parametrize("locale", LOCALES)
def test_pages_of_a_person_are_accessible(visit, locale, part):
    page = opened(visit, locale)
    make_profile(page, picks=7)
    assert_nothing(examine_all(page, WITH_PERSON[part::2]))


@pytest.mark.parametrize("locale", LOCALES)
def test_what_an_import_did_and_what_a_deletion_would_do_is_accessible(visit, locale):
    page = opened(visit, locale)
    make_profile(page, picks=3)
    page.goto("/my-list")
    rows = b"title,status,score\nToradora!,completed,9\nToradoru,watching,\nNobody knows this one,completed,8\nCowboy Bebop,completed,99\n"
    page.locator("#file").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": rows})
    page.locator("form[action$='/import'] button").click()
    page.locator(".report").wait_for()
    found = {"report": examine(page)}
    page.goto("/my-list")
    page.locator("form[action$='/delete'] button").click()
    page.locator("button.danger").wait_for()
    found["delete"] = examine(page)
    assert_nothing(found)


@pytest.mark.parametrize("locale", LOCALES)
def test_each_step_of_a_new_profile_is_accessible(visit, locale):
    page = opened(visit, locale, "/people/new")
    found = {"name": examine(page)}
    page.locator("#name").fill("Mina")
    page.locator("button[value=name]").click()
    page.locator(".pick").first.wait_for()
    found["favourites"] = examine(page)
    page.locator(".pick label").first.click()
    page.locator("#pick-q").fill("toradora")
    page.locator(".pick-bar button[value=search]").click()
    page.locator("#found").wait_for()
    found["found"] = examine(page)
    page.locator("button[value=done]").click()
    page.locator(".said-now.error").wait_for()
    found["too few"] = examine(page)
    assert_nothing(found)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_opens_over_a_page_is_accessible(visit, locale):
    """The suggestions, the keys, the explanation of a hit, the filters, the preview, the menu of a person, a toast."""
    page = opened(visit, locale)
    make_profile(page, picks=3)
    found = {}
    page.goto("/search?q=story+about+a+drama+club")
    page.locator("button.explain").first.click()
    found["explanation"] = examine(page)
    page.keyboard.press("Escape")
    page.locator(".filters summary").click()
    found["filters"] = examine(page)
    page.goto("/about", wait_until="networkidle")
    page.keyboard.press("?")
    found["keys"] = examine(page)
    page.keyboard.press("Escape")
    page.locator("#q").fill("tora")
    page.locator("[role=option]").first.wait_for()
    found["suggestions"] = examine(page)
    page.keyboard.press("Escape")
    page.locator("details.who summary").click()
    found["menu"] = examine(page)
    page.goto("/", wait_until="networkidle")
    card = page.locator(".row .card a").first
    card.focus()
    page.keyboard.press("ArrowRight")
    page.locator("hover-preview.open .preview").wait_for()
    found["preview"] = in_both_themes(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".toast").wait_for()
    found["toast"] = in_both_themes(page)
    assert_nothing(found)


@pytest.mark.parametrize("locale", LOCALES)
def test_pages_of_what_went_wrong_are_accessible(visit, address_without_index, locale):
    gone = opened(visit, locale, "/titles/999999", allowed=("404",))
    found = {"404": examine(gone)}
    gone.goto("/titles/nonsense")
    found["404 of an address"] = examine(gone)
    wrong = opened(visit, locale, "/search?q=x&year_from=nonsense", allowed=("422",))
    found["422"] = examine(wrong)
    for path in ("/", "/titles/1"):
        down = opened(visit, locale, path, at=address_without_index, allowed=("503",))
        found[f"503 {path}"] = examine(down)
    assert_nothing(found)


@pytest.mark.parametrize("locale", LOCALES)
def test_pages_of_the_operator_of_surprises_and_of_the_api_are_accessible(visit, locale):
    page = opened(visit, locale, "/admin/conversion", allowed=("401",))
    found = {"enter": examine(page)}
    page.locator("#token").fill(ADMIN_TOKEN)
    page.locator("main form button").first.click()
    page.locator(".sorts").wait_for()
    found["admin"] = examine(page)
    page.goto("/surprise")
    found["surprise"] = examine(page)
    page.goto("/docs", wait_until="networkidle")
    found["docs"] = {"1280": said} if (said := violations(page, DOCS)) else {}
    assert_nothing(found)


def test_axe_would_find_something(visit):
    """Without this, a page that axe could not read would pass."""
    page = opened(visit, "en-US")
    page.locator("h1").evaluate("h1 => { h1.append(new Image(8, 8)); h1.style.setProperty('color', '#333') }")
    theme(page, "dark")
    assert {line.split(":")[0] for line in violations(page)} >= {"image-alt", "color-contrast"}


def test_every_list_has_a_tab(visit):
    page = opened(visit, "en-US")
    make_profile(page, picks=3)
    page.goto("/my-list")
    assert page.locator(".tabs a").count() == len(TABS)
