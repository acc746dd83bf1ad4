"""A conversation around the prompt, with the real bundled model: typed, asked, shown with the run."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.harness import explain, idle, type_prompt, wait_until
from tests.browser.test_marker import LONG, stored

pytestmark = [pytest.mark.browser, pytest.mark.model]
EVIL = "<img src=x onerror=alert(1)> Be brief. "
CAMPAIGN = bool(os.environ.get("SPEXVIZ_CAMPAIGN"))
LOOKS = [(w, t) for w in (400, 1440) for t in ("light", "dark")] if CAMPAIGN else [(400, "light")]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_a_conversation_is_typed_asked_and_shown(server, open_page, width: int, theme: str) -> None:
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    type_prompt(page, "never dull")
    page.locator("summary").filter(has_text="Solver, template").click()
    page.locator("label").filter(has_text="Use the model's chat template").click()
    page.get_by_role("button", name="Add a system message").click()
    messages = page.get_by_placeholder("What was written")
    messages.first.wait_for()  # the buttons have moved
    idle(page)
    page.get_by_role("button", name="Add a message").press("Enter")  # by keyboard as well
    wait_until(lambda: messages.count() == 2, 30, "the second message")
    idle(page)
    for number, text in enumerate((EVIL * 12, "Have you seen it?")):
        messages.nth(number).fill(text)
        messages.nth(number).press("Tab")
        idle(page)
    run_id = explain(page)
    page.get_by_role("tab", name="Sets as a table").first.wait_for(timeout=LONG)
    game = stored(server, run_id).spec.game
    assert game["turns"] == [["system", EVIL * 12], ["user", "Have you seen it?"], ["user", None]]
    asked = page.locator(".spexviz-question .prompt")
    expect(asked).to_contain_text("User: Have you seen it?")
    assert asked.locator("img").count() == 0
    page.get_by_role("button", name=re.compile("more characters")).press("Enter")
    assert asked.inner_text().count("Be brief.") == 12
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="New run").click()
    messages.nth(1).wait_for()
    expect(messages.nth(1)).to_have_value("Have you seen it?")
