"""Players are switched off in the picture, on every lens; the real answer moves beside the predictions."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.views import question
from tests.browser.harness import idle, wait_until
from tests.browser.test_story import open_card, recorded

pytestmark = pytest.mark.browser
LOADS = 300_000  # ms, on a machine that others use


def everywhere() -> Any:
    """The theme and width of a test: one, and all in a campaign."""
    chosen = [("light", 1440)]
    if os.environ.get("SPEXVIZ_CAMPAIGN"):
        chosen = [(theme, width) for theme in ("light", "dark") for width in (400, 1440)]
    return pytest.mark.parametrize(("theme", "width"), chosen)


def answer(page: Any, said: str, seconds: float = 60) -> str:
    """The sentence of the what-if, once it is the answer that begins so."""
    sentence = page.locator(".spexviz-tried:not(.asking) .sentence")
    return wait_until(lambda: _begins(sentence, said), seconds, f"“{said} …”")


def _begins(sentence: Any, said: str) -> str:
    text = sentence.inner_text() if sentence.count() else ""
    return text if text.startswith(said) else ""


def measured(run: Explanation, *off: int) -> str:
    """What the run itself has measured without these, as it is said."""
    (value,) = run.asked(all_but([off], len(run.players)))
    return question.bare(run.subject, value)


def struck(page: Any) -> list[str]:
    return page.locator(".token.off").all_inner_texts()


def address(page: Any) -> str:
    """As the browser has it now: Playwright's own hears of a change with its next call only."""
    return page.evaluate("location.href")


def mode(page: Any, label: str) -> Any:
    return page.locator(".modes").get_by_role("button", name=label, exact=True)


@everywhere()
def test_words_are_switched_off_by_mouse_keyboard_and_mode(server, open_page, theme: str, width: int) -> None:
    run = recorded("prompt", "never-fails")
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    open_card(page, "prompt", "never-fails")
    words = page.locator(".token")
    never = [word.inner_text() for word in words.all()].index("never")
    assert answer(page, "Shift-click a word, or press “Switch off”")
    words.nth(never).click(modifiers=["Shift"])
    said = answer(page, f"Without “never” the model says “positive” with {measured(run, never)} instead of")
    wait_until(lambda: page.locator(".help.told").inner_text() in said, 10, "the answer beside the words")
    words.nth(never).press("ArrowRight")
    page.keyboard.press("o")
    both = f"Without “never” and “fails” the model says “positive” with {measured(run, never, never + 1)}"
    answer(page, both)
    assert struck(page) == ["never", "fails"] == page.locator(".player.off .name").all_inner_texts()
    assert page.locator(".selected").count() == 0, "switching off selects nothing"
    rows = page.locator(".spexviz-tried .row .value").all_inner_texts()
    assert rows[:2] == [measured(run), measured(run, never, never + 1)]
    mode(page, "Switch off").click()
    words.nth(never).click()
    answer(page, f"Without “fails” the model says “positive” with {measured(run, never + 1)}")
    wait_until(lambda: address(page).endswith(f"&off={never + 1}"), 20, "the address to say what is off")
    again = open_page(address(page), width=width, theme=theme)
    answer(again, f"Without “fails” the model says “positive” with {measured(run, never + 1)}")
    assert struck(again) == ["fails"]
    mode(page, "Mark").press("Enter")
    for i in (0, never):
        words.nth(i).click()
    expect(page.locator(".token.selected")).to_have_text([words.nth(0).inner_text(), "never"])
    assert struck(page) == ["fails"]
    idle(page)
    page.locator(".tools .undo").click()
    answer(page, "Shift-click a word")
    wait_until(lambda: "off=" not in address(page), 20, "the address to say that nothing is off")
    assert struck(page) == [] and page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.model
def test_what_no_run_has_asked_is_asked_of_the_model(server, open_page) -> None:
    run = recorded("prompt", "turns")
    page = open_page(f"{server.url}/explore", width=1440)
    open_card(page, "prompt", "turns")
    words, off = page.locator(".token"), (0, 1, 4, 6)
    assert np.isnan(run.asked(all_but([off], len(run.players)))).all()
    for i in off:
        words.nth(i).click(modifiers=["Shift"])
    answer(page, "Without “Her”, “acting”, “to” and “even”")
    loads = page.locator("[class*='-off-button'] button")
    idle(page)
    if loads.count():
        expect(page.locator(".spexviz-tried .row .value").nth(1)).to_contain_text("not asked")
        loads.click()
    said = answer(
        page, "Without “Her”, “acting”, “to” and “even” the model says “positive” with", LOADS / 1000
    )
    assert re.search(
        r"with \d+ % instead of 84 %.* The surrogate predicted \d+ %; if each word acted alone", said
    )
    expect(page.locator(".spexviz-tried .row")).to_have_count(4)


def test_heads_and_examples_are_switched_off(server, open_page) -> None:
    heads = recorded("heads", "copying")
    off = next(one for one in heads.measured.without if len(one) == 1)
    page = open_page(f"{server.url}/heads")
    open_card(page, "heads", "copying")
    square = page.locator(f"[data-player='{off[0]}']")
    square.click(modifiers=["Shift"])
    name = heads.players[off[0]]
    answer(page, f"Without “{name}” the model says “dragon” with {measured(heads, *off)} instead of")
    assert "off" in square.get_attribute("class") and page.locator(".player.off .name").count() <= 1
    page.get_by_text("Choose from a list").click()
    page.locator("[class*='-switch_off-list'] input").press("Backspace")
    answer(page, "Shift-click a head")
    assert page.locator(".square.off").count() == 0, "what a list switches on is on in the picture"

    texts = recorded("training", "elevator")
    page = open_page(f"{server.url}/training")
    open_card(page, "training", "elevator")
    mode(page, "Switch off").click()
    card = page.locator(".card[role=button]").first
    card.click()
    answer(page, "Retrained without “")
    assert page.locator(".spexviz-tried .row .label").all_inner_texts()[:2] == [
        "The model now",
        "Retrained without them",
    ]
    expect(page.locator(".spexviz-tried .row .value").first).to_have_text(
        question.bare(texts.subject, texts.ends[1])
    )
    assert page.locator(".card.selected").count() == 0
    expect(page.locator(".item.off").first).to_be_attached()
