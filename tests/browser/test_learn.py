"""Lessons in a browser: walked to the end by keyboard, by mouse too; links, resuming, depths, every width."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from spexviz.ui.learn import book
from tests.browser.harness import idle, wait_until
from tests.browser.test_home import overflow
from tests.browser.walking import arrive, at, walked

pytestmark = pytest.mark.browser
EVERY = [(theme, width) for theme in ("light", "dark") for width in (400, 1440)]
FIRST = (1, "light", 1440)  # in `make test`; the others in a campaign
WALKS = [(lesson.number, *look) for lesson in book.lessons() for look in EVERY]
WALKED = [walk if walk == FIRST else pytest.param(*walk, marks=pytest.mark.campaign) for walk in WALKS]


@pytest.mark.parametrize(("number", "theme", "width"), WALKED)
def test_a_lesson_is_walked_to_its_end_by_the_keyboard_alone(
    server, open_page, number: int, theme: str, width: int
) -> None:
    lesson = book.lesson_of(number)
    assert lesson is not None
    page = open_page(f"{server.url}/learn?lesson={number}", width=width, theme=theme)
    walked(page, lesson)
    said = page.locator(".lesson .body").inner_text()
    assert "You answered all of them, 4 right." in said
    assert page.locator(".lesson .place:not(.done)").count() == 0
    assert overflow(page) <= 0
    page.goto(f"{server.url}/learn")
    page.get_by_text("Finished; 4 of 5 questions right.").wait_for()


def test_a_link_shows_a_colleague_the_same_and_a_reload_resumes(server, open_page) -> None:
    page = open_page(f"{server.url}/learn", width=400, theme="dark")
    page.get_by_role("button", name="Start").first.click()
    title = page.locator(".lesson .title")
    title.wait_for()
    idle(page)
    page.locator(".token").nth(2).click(modifiers=["Shift"])
    arrive(page, 2, "the step to be done")
    idle(page)
    expect(page.locator(".lesson .seen")).to_have_text(re.compile("^✓ Without “never”"))
    page.get_by_role("radio", name="researcher").or_(page.get_by_role("button", name="researcher")).click()
    page.locator(".lesson p", has_text="“Acted alone” means").wait_for()
    wait_until(lambda: "depth=researcher" in page.url and "off=2" in page.url, 20, "the address to say it")
    assert "step=2" in page.url and overflow(page) <= 0

    other = open_page(page.url, width=1440)  # another browser
    other.locator(".lesson p", has_text="“Acted alone” means").wait_for()
    idle(other)
    expect(other.locator(".token.off")).to_have_text(["never"])
    assert at(other) == 2
    box, stage = (
        other.locator(place).bounding_box() for place in (".st-key-learn-panel", ".st-key-learn-stage")
    )
    assert box["x"] + box["width"] <= stage["x"], "beside each other"
    assert len(page.context.cookies()) and overflow(other) <= 0

    page.reload()
    title.wait_for()
    idle(page)
    assert at(page) == 2
    page.get_by_role("button", name="Skip").click()
    arrive(page, 3, "the next step")
    idle(page)
    assert page.locator(".token.off").count() == 0, "a step begins as its file says"
    page.locator(".lesson [data-name=all]").click()
    page.get_by_role("button", name="Go on").click()
    title.wait_for()
    arrive(page, 3, "where one was")
    page.go_back()
    page.get_by_role("heading", name="Learn", exact=True).wait_for()


def test_nobody_s_lesson_is_the_list_of_them(server, open_page) -> None:
    page: Any = open_page(f"{server.url}/learn?lesson=<img src=x>&step=2&off=1")
    page.get_by_role("heading", name="Learn", exact=True).wait_for()
    expect(page.get_by_role("button", name="Start")).to_have_count(len(book.lessons()))
