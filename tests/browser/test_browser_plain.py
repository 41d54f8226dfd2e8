"""The whole site without JavaScript: every job is a link or a form."""

from __future__ import annotations

import re

import pytest
from places import choose, make_profile


@pytest.fixture
def plain(visit):
    def opened(path: str = "/", **options):
        return visit(path, java_script_enabled=False, **options)

    return opened


def test_somebody_is_chosen_and_the_home_page_turns_to_them(plain):
    page = plain()
    before = page.locator("main h2").all_text_contents()
    choose(page, 0)
    assert page.locator("main h2").all_text_contents() != before
    assert page.locator("details.who summary img").is_visible()
    page.locator("details.who summary").click()
    page.locator(".who-menu form button").click()
    page.wait_for_url("**/people")
    assert page.locator("details.who").count() == 0


def test_a_title_is_searched_put_on_a_list_and_the_change_undone(plain):
    page = plain()
    make_profile(page, "Plain", picks=3)
    page.locator("#q").fill("toradora")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=toradora")
    page.locator("main a[href^='/titles/1003']").first.click()
    page.wait_for_url(re.compile("/titles/1003"))
    page.locator(".list-button[data-status=plan_to_watch]").click()
    page.locator(".said-now form button").wait_for()
    assert page.locator(".list-button[data-status=plan_to_watch]").get_attribute("aria-pressed") == "true"
    assert "Plan to watch" in page.locator(".said-now").text_content()
    page.locator(".said-now form button").click()
    page.locator(".said-now", has_text="Undone").wait_for()
    assert page.locator(".list-button[data-status=plan_to_watch]").get_attribute("aria-pressed") == "false"
    page.locator("#list-status").select_option("watching")
    page.locator("#list-score").select_option("9")
    page.locator("#list-episodes").fill("5")
    page.locator(".entry-form button[type=submit]").click()
    page.locator(".said-now form button").wait_for()
    page.goto("/my-list?status=watching")
    assert page.locator("#entry-1003 input[name=episodes]").input_value() == "5"
    assert page.locator("#entry-1003 select[name=score]").input_value() == "9"
    page.locator("#entry-1003 .plus-one").click()
    page.locator(".said-now").wait_for()
    assert page.locator("#entry-1003 input[name=episodes]").input_value() == "6"


def test_not_interested_takes_a_title_out_of_the_rows_and_my_list_brings_it_back(plain):
    page = plain()
    make_profile(page, "Picky", picks=3)
    page.goto("/titles/1003")
    page.locator(".list-button[data-hide]").click()
    page.locator(".said-now").wait_for()
    page.goto("/my-list?status=hidden")
    assert page.locator("#entry-1003").count() == 1
    page.locator("#entry-1003 form button").click()
    page.locator(".said-now").wait_for()
    assert page.locator("#entry-1003").count() == 0


def test_filters_and_facets_are_links_and_forms(plain):
    page = plain("/browse")
    page.locator(".facets a").first.click()
    page.wait_for_url(re.compile(r"/browse\?"))
    page.locator(".chip").first.click()
    page.wait_for_url(lambda url: "genre=" not in url)
    page.goto("/search?q=work")
    page.locator(".filters > summary").click()
    page.locator("input[name=year_from]").fill("2010")
    page.locator(".filters button[type=submit]").click()
    page.wait_for_url("**year_from=2010**")
    assert page.locator(".chip").count() == 1


def test_taste_is_set_and_a_profile_deleted(plain):
    page = plain("/about", locale="ko-KR")
    make_profile(page, "하나", picks=3)
    page.goto("/taste")
    page.locator("input[name=sequels]").check(force=True)
    page.locator(".switch-form button[type=submit]").click()
    page.locator(".said-now").wait_for()
    assert page.locator("input[name=sequels]").is_checked()
    page.goto("/my-list")
    page.locator("form[action$='/delete'] button").click()
    page.locator("button.danger").click()
    page.wait_for_url("**/people")
    assert page.locator("details.who").count() == 0
