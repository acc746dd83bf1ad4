"""The landing page: words are taken away and recorded answers are there at once; an own sentence; ways on."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from spexviz.ui import home
from tests.browser.harness import idle, wait_until
from tests.browser.test_what_if import measured, mode, struck

pytestmark = pytest.mark.browser
QUESTION = "What does a model's answer hang on?"
# in one task of the browser: no server can have answered
PRESSED = "word => { word.click(); return word.getRootNode().querySelector('.help').textContent; }"


def everywhere() -> Any:
    """The theme and width of a test: one, and all in a campaign."""
    chosen = [("light", 1440)]
    if os.environ.get("SPEXVIZ_CAMPAIGN"):
        chosen = [(theme, width) for theme in ("light", "dark") for width in (400, 1024, 1440)]
    return pytest.mark.parametrize(("theme", "width"), chosen)


def overflow(page: Any) -> int:
    return page.evaluate(
        "Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')].map(e => "
        "e.scrollWidth - e.clientWidth))"
    )


def told(page: Any) -> tuple[str, str]:
    """What is said beside the words, and of the bars; both belong to what is switched off now."""
    return page.locator(".help").inner_text(), page.locator(".spexviz-tried .sentence").inner_text()


@everywhere()
def test_a_word_is_taken_away_and_the_recorded_answer_is_there_at_once(
    server, open_page, theme: str, width: int
) -> None:
    run = home.living()
    page = open_page(server.url, width=width, theme=theme)
    words = page.locator(".token")
    words.nth(5).wait_for()
    idle(page)
    assert page.get_by_role("heading", name=QUESTION).bounding_box()["y"] < 200
    expect(page.locator(".headline h2")).to_contain_text("turn each other round")
    assert told(page) == (home.CALLS.hint, f"The model says “positive” with {measured(run)}.")
    expect(mode(page, "Switch off")).to_have_attribute("aria-pressed", "true")
    never, fails = 2, 3

    said = f"Without “never” the model says “positive” with {measured(run, never)}"
    assert words.nth(never).evaluate(PRESSED).startswith(said)
    beside, sentence = told(page)
    assert beside.startswith(said) and sentence.startswith(beside)
    assert struck(page) == ["never"] == page.locator(".player.off .name").all_inner_texts()
    words.nth(never).press("ArrowRight")
    page.keyboard.press("Enter")
    assert f"the model says “positive” with {measured(run, never, fails)}" in told(page)[0]
    rows = page.locator(".spexviz-tried .row")
    expect(rows.nth(1).locator(".value")).to_have_text(measured(run, never, fails))
    expect(rows.nth(2)).to_have_class("row predicted")
    idle(page)
    assert struck(page) == ["never", "fails"], "the server knows it too"
    page.locator(".tools .undo").click()
    assert told(page)[0] == home.CALLS.hint and struck(page) == []

    words.nth(0).click()
    assert f"with {measured(run, 0)}" in told(page)[0]
    mode(page, "Look").press("Enter")
    words.nth(4).click()
    expect(page.locator(".token.selected")).to_have_text(["to"])
    assert struck(page) == ["Her"]
    words.nth(4).click(modifiers=["Shift"])
    assert f"with {measured(run, 0, 4)}" in told(page)[0] and overflow(page) <= 0
    idle(page)


def test_it_leads_on_and_back(server, open_page) -> None:
    page = open_page(f"{server.url}/home")
    heading = page.get_by_role("heading", name=QUESTION)
    heading.wait_for()
    assert page.url == f"{server.url}/"
    card = page.locator(".st-key-home-door-heads")
    card.scroll_into_view_if_needed()
    idle(page)
    card.click(position={"x": 20, "y": 20})  # the card is its link
    page.wait_for_url(f"{server.url}/heads")
    page.get_by_role("button", name="Explain").wait_for()
    idle(page)
    page.go_back()
    heading.wait_for()
    idle(page)
    page.get_by_role("button", name="Open the whole run").press("Enter")
    page.wait_for_url(re.compile(r"/explore\?run=[0-9a-f]{16}"))
    page.get_by_role("tab", name="Sets as a table").wait_for()
    opened = page.url
    idle(page)
    page.get_by_test_id("stLogoLink").click()
    heading.wait_for()
    assert page.url == f"{server.url}/"
    idle(page)
    page.go_back()
    page.get_by_role("tab", name="Sets as a table").wait_for()
    page.goto(opened.replace("/explore", "/"))  # as addresses were
    page.get_by_role("tab", name="Sets as a table").wait_for()
    assert page.url == opened


def test_an_own_sentence_leads_to_its_run(server, open_page) -> None:
    page = open_page(server.url)
    field = page.get_by_label("Your sentence")
    field.press("Enter")
    page.get_by_text(home.EMPTY).wait_for()
    field.fill("Not a bad film, never")
    field.press("Enter")
    page.wait_for_url(re.compile(r"/explore\?run=[0-9a-f]{16}"))
    page.get_by_role("heading", level=1, name="Not a bad film, never").wait_for()
    page.locator(".token").first.wait_for()
    waits = page.get_by_role("button", name="Cancel")
    waits.or_(page.get_by_role("tab", name="Sets as a table")).first.wait_for()
    page.go_back()
    wait_until(lambda: field.count() and field.input_value() == "Not a bad film, never", 30, "the sentence")
