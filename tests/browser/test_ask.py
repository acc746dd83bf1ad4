"""Try it in a real browser, with the real model: any set, the fewest words, other words."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.harness import idle, wait_until
from tests.browser.test_story import open_card

pytestmark = [pytest.mark.browser, pytest.mark.model]
LONG = 300_000  # ms, on a machine that others use
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://evil.example/x.png) [a](javascript:alert(1)) {} $x^2$"


def looks() -> Any:
    """Width and theme: one, and in a campaign all."""
    chosen = [(1440, "light")]
    if os.environ.get("SPEXVIZ_CAMPAIGN"):
        chosen = [(width, theme) for width in (400, 1440) for theme in ("light", "dark")]
    return pytest.mark.parametrize(("width", "theme"), chosen)


def part(page: Any, question: str) -> Any:
    """The card of a question."""
    return page.locator("[data-testid=stColumn]").filter(has_text=question)


def press(page: Any, target: Any, by: str) -> None:
    if by == "keys":
        target.focus()
        page.keyboard.press("Enter")
    else:
        target.click()


def is_within(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@looks()
def test_everything_can_be_asked_of_a_run(server, open_page, width: int, theme: str) -> None:
    """One recorded run of 27 words: by the keyboard, and then by the mouse."""
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    open_card(page, "prompt", "turns")
    together = part(page, "Do these act together?")
    fewest = part(page, "Which fewest words flip the answer?")
    other = part(page, "What if it said something else?")
    expect(together).to_contain_text("Choose two to four words first.")

    # by keys: two words that no view shows as a set
    box = page.get_by_role("combobox", name=re.compile("These words"))
    for count, word in enumerate(("never", "plot"), 1):
        box.focus()
        page.keyboard.type(word)
        page.get_by_role("option", name=re.compile(f"^{word}")).first.wait_for()
        page.keyboard.press("Enter")
        wait_until(lambda n=count: page.locator(".token.selected").count() == n, 30, "the selection")
        page.keyboard.press("Escape")
        idle(page)
    expect(page.locator(".token.selected")).to_have_text(["never", "plot"])
    press(page, together.get_by_role("button", name="Ask the model"), "keys")
    answer = together.get_by_text(re.compile("^(Yes|No sign of it|Not clear): "))
    answer.wait_for(timeout=LONG)  # the model is loaded for it
    assert re.search(
        r"[+−]\d.* \[.*\] log-odds \(nats\) beyond what each does alone \(measured", answer.inner_text()
    )
    idle(page)
    row = page.get_by_role("grid", name="Sets as a table").locator("tr[aria-selected=true]")
    expect(row.locator("td.first")).to_have_text("never × plot")
    expect(row).to_contain_text(re.compile("confirmed|contradicted|undecided"))
    read = page.locator(".spexviz-strip .read")
    expect(read).to_contain_text("Checked on the model")

    press(page, fewest.get_by_role("button", name="Ask the model"), "keys")
    found = fewest.get_by_text(re.compile("the answer flips: “negative”, .* \\(measured\\)"))
    found.wait_for(timeout=LONG)
    expect(found, "without it the run itself has measured 35 %").to_contain_text("“all”")
    fewest.locator("summary").click()
    tried = fewest.locator("details").inner_text()
    assert "the surrogate predicted" in tried and "of the model" in tried
    idle(page)

    field = other.get_by_label("Instead of “never”")
    field.fill("always")
    field.press("Enter")
    other.get_by_text(re.compile("^(“positive”, 84\\s% → “|Still “positive”)")).wait_for()
    other.locator("summary").click()
    asked = other.locator("details").text_content()
    assert "Asked: Review: Her acting always fails to impress" in asked
    idle(page)
    field.fill(HOSTILE)
    press(page, other.get_by_role("button", name="Ask the model"), "mouse")
    wait_until(lambda: "acting <img src=x" in other.locator("details").text_content(), 60, "the hostile text")
    idle(page)
    assert page.locator("img[src*=evil], img[src=x], a[href^=javascript]").count() == 0
    press(page, other.get_by_role("button", name="Put the original back"), "mouse")
    wait_until(lambda: field.input_value() == "never", 30, "the original")
    assert is_within(page)

    # by the mouse: the set that was found, in every view
    press(page, fewest.get_by_role("button", name="Select them"), "mouse")
    wait_until(lambda: page.locator(".token.selected").all_inner_texts() == ["all."], 30, "its selection")
    together.get_by_text("Choose two to four words first.").wait_for()
