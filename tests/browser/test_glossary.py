"""The glossary in a real browser: its page, and its words where they are used, by mouse and by keyboard."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from spexviz.views import glossary
from tests.browser import states
from tests.browser.harness import card, idle, wait_until

pytestmark = pytest.mark.browser
CAMPAIGN = bool(os.environ.get("SPEXVIZ_CAMPAIGN"))
SIZES = [(width, theme) for width in (400, 1440) for theme in states.THEMES]
TERMS = [term.name for group in glossary.groups() for term in group.terms]


def bubble(page: Any) -> Any:
    return page.locator(".term-bubble:popover-open")


@pytest.mark.parametrize(("width", "theme"), SIZES if CAMPAIGN else [(400, "dark")])
def test_words_are_found_in_the_glossary_and_explained_where_they_stand(
    server, open_page, width: int, theme: str
) -> None:
    page = open_page(f"{server.url}/glossary", width=width, theme=theme)
    names = page.locator(".spexviz-glossary .name")
    names.nth(len(TERMS) - 1).wait_for()
    assert names.all_text_contents() == TERMS
    states.is_well(page)
    page.get_by_label("Find a word").focus()
    page.keyboard.type("2.7 times as likely beside")
    wait_until(lambda: page.locator(".count").inner_text() == "2 words", 10, "log-odds and nat are left")
    page.keyboard.press("Control+A")
    page.keyboard.type("<b>no such")
    assert (
        page.locator(".count").inner_text().startswith("No such word")
        and not page.locator(".entry:visible").count()
    )

    page.goto(f"{server.url}/gallery")
    card(page, "prompt", "turns").click()
    page.locator(".spexviz-question").first.wait_for()
    idle(page)
    fold = page.locator(".note.strip summary").first
    fold.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # to the first word of the fold
    bubble(page).wait_for()
    expect(bubble(page).locator("b")).to_have_text("Surrogate", use_inner_text=True)
    page.keyboard.press("ArrowRight")
    expect(bubble(page).locator("b")).to_have_text("Mask", use_inner_text=True)
    box = bubble(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    states.is_well(page)
    page.keyboard.press("Escape")
    assert bubble(page).count() == 0
    unit = page.locator(".spexviz-strip .legend button.term").first
    unit.scroll_into_view_if_needed()
    unit.hover()
    bubble(page).wait_for()
    expect(bubble(page).locator("b")).to_have_text("Log-odds", use_inner_text=True)
    page.mouse.move(2, 2)
    bubble(page).wait_for(state="detached")
    assert page.locator(".spexviz-strip .token.selected").count() == 0, "a word of the legend selects nothing"
