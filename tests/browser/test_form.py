"""The prompt's form with the real model, by mouse and by keyboard: what to ask is chosen and put right."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import harness
from tests.browser.harness import idle, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.model]
CAMPAIGN = bool(os.environ.get("SPEXVIZ_CAMPAIGN"))
SIZES = [(400, "dark"), (1440, "light")] if CAMPAIGN else [(1280, "light")]
LONG = 240_000
PROMPT = "Her acting never fails"


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}-{size[1]}")
def form(request: pytest.FixtureRequest, server: harness.Server, open_page: Any) -> Iterator[Any]:
    """The form with a prompt in it, and the model loaded."""
    width, theme = request.param
    page = open_page(f"{server.url}/explore?run=", width=width, theme=theme)
    type_in(page, "Prompt", PROMPT)
    likely(page, "target").first.wait_for(timeout=LONG)
    yield page


def type_in(page: Any, label: str, text: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(text)
    box.press("Tab")
    idle(page)


def under(page: Any, name: str) -> Any:
    """What stands under the field of an answer."""
    return page.locator(f".st-key-form-{name}-tokens .spexviz-tokens")


def likely(page: Any, name: str) -> Any:
    return under(page, name).locator(".likely button")


def said(page: Any, name: str, pattern: str) -> None:
    under(page, name).locator(".said").get_by_text(re.compile(pattern)).first.wait_for(timeout=LONG)


def value(page: Any, label: str) -> str:
    return page.get_by_label(label, exact=True).input_value()


def starts(page: Any, server: harness.Server) -> dict[str, Any]:
    """The run that has just been opened."""
    page.wait_for_url(re.compile(r"[?&]run=[0-9a-f]{16}"), timeout=LONG)
    (run_id,) = re.findall(r"run=([0-9a-f]{16})", page.url)
    return {"title": server.rows("SELECT title FROM runs WHERE id = ?", run_id)[0][0], **server.run(run_id)}


def test_answers_are_chosen_told_and_put_right(form: Any, server: harness.Server) -> None:
    page = form
    # the five likeliest, and a press fills the field: by mouse here, by keyboard there
    for field in ("target", "contrast"):
        expect(likely(page, field)).to_have_count(5)
    expect(likely(page, "target").first).to_have_text(re.compile(r"\.\d\d"))
    likely(page, "target").nth(1).click()
    wait_until(lambda: value(page, "Answer") != " positive", 60, "the answer that was pressed")
    said(page, "target", r"→ .*, p = \.\d\d")
    likely(page, "contrast").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_until(lambda: value(page, "Against") != " negative", 60, "the one that was chosen by keys")
    # a missing space is said and put right
    type_in(page, "Answer", "positive")
    fix = under(page, "target").get_by_role("button", name=re.compile("Use ␣[Pp]ositive"))
    fix.wait_for(timeout=LONG)
    fix.click()
    wait_until(lambda: value(page, "Answer").startswith(" "), 60, "the space")
    # several tokens do not start; the whole answer does
    type_in(page, "Answer", " wonderful film")
    said(page, "target", "␣wonderful film is 2 tokens")
    page.get_by_role("button", name="Explain").click()
    page.get_by_text(re.compile("one token|single token")).first.wait_for()
    idle(page)
    assert not re.search("run=[0-9a-f]{16}", page.url)
    under(page, "target").get_by_role("button", name="Look at the whole answer").click()
    page.get_by_label("Against", exact=True).wait_for(state="detached")
    said(page, "target", "2 tokens, p")
    page.get_by_role("button", name="Explain").click()
    assert starts(page, server)["title"] == PROMPT


def test_one_press_takes_over_what_was_typed(form: Any, server: harness.Server) -> None:
    page = form
    box = page.get_by_label("Prompt", exact=True)
    box.fill("")
    idle(page)
    box.press("Control+Enter")  # nothing is there: said at the field, and nothing starts
    page.get_by_text("Type a prompt first").first.wait_for()
    assert page.get_by_role("button", name="Explain").is_enabled()
    box.click()
    page.keyboard.type("It is not bad", delay=10)
    page.keyboard.press("Control+Enter")
    assert starts(page, server)["title"] == "It is not bad"
    page.get_by_role("button", name="New run").click()
    box = page.get_by_label("Prompt", exact=True)
    box.click()
    page.keyboard.press("End")
    page.keyboard.type(" at all", delay=10)
    button = page.get_by_role("button", name="Explain")
    button.scroll_into_view_if_needed()
    area = button.bounding_box()
    page.mouse.move(area["x"] + 20, area["y"] + area["height"] / 2)
    page.mouse.down()
    # what the page says of the new prompt may move the button from under the pointer: here it does
    page.add_style_tag(content=".st-key-form-explain { margin-top: 5rem }")
    page.mouse.up()
    assert starts(page, server)["title"] == "It is not bad at all"


def test_the_models_own_answer_is_there_before_the_run(form: Any) -> None:
    page = form
    page.get_by_text("The model's own answer", exact=True).click()
    page.get_by_text(re.compile("It answers “.+”")).first.wait_for(timeout=LONG)
    assert page.get_by_label("Answer", exact=True).count() == 0
    page.get_by_label("Longest answer", exact=True).wait_for()
