"""The words of the glossary in sentences: pointed at, focused, tapped; in a real Chromium, in a bare page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from spexviz.views import glossary
from tests.views.harness import browser, mounted

pytestmark = pytest.mark.browser
LINES = [
    "R² of the surrogate: a mask, another mask.",
    "Somebody typed “mask” and <img src=x onerror=alert(1)>.",
]
MORE = ["Held-out masks; R² again; 90 % intervals."]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    pytest.importorskip("playwright")
    with browser() as running:
        yield running


def sentences(**more: Any) -> dict[str, Any]:
    terms = glossary.explained(*LINES, *MORE)
    said = {"lines": LINES, "kind": "plain", "fold": "More", "more": MORE, "open": False, "heading": 0}
    return {**said, "terms": terms, **more}


def bubble(page: Any) -> Any:
    return page.locator(".term-bubble")


def test_a_word_is_explained_where_it_is_pointed_at_focused_or_tapped(chromium: Any) -> None:
    page = mounted(chromium, sentences(), name="sentences", width=400, has_touch=True)
    words = page.locator("p button.term:visible")
    assert words.all_inner_texts() == ["R²", "surrogate", "mask"], "each once, and none in quotes"
    assert page.locator("p").first.inner_text() == LINES[0] and page.locator("img").count() == 0
    assert words.nth(1).get_attribute("aria-description") == glossary.terms()["surrogate"].short
    # the mouse
    words.nth(1).hover()
    bubble(page).wait_for(state="visible")
    assert (
        bubble(page).inner_text().startswith("Surrogate")
        and glossary.terms()["surrogate"].short in bubble(page).inner_text()
    )
    box = bubble(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 400
    bubble(page).hover()  # what is explained can be pointed at
    page.wait_for_timeout(250)
    assert bubble(page).is_visible()
    page.mouse.move(5, 890)
    bubble(page).wait_for(state="hidden")
    # the keyboard: one Tab stop, arrow keys go on
    page.keyboard.press("Tab")
    assert bubble(page).inner_text().startswith("R²")
    page.keyboard.press("ArrowRight")
    assert bubble(page).inner_text().startswith("Surrogate")
    page.keyboard.press("Escape")
    bubble(page).wait_for(state="hidden")
    page.keyboard.press("Tab")
    assert page.evaluate("window.roots[0].activeElement.tagName") == "SUMMARY", (
        "on to the fold, not to each word"
    )
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert bubble(page).inner_text().startswith("Held out")
    # a tap, and a tap elsewhere
    words.nth(2).tap()
    bubble(page).wait_for(state="visible")
    assert bubble(page).inner_text().startswith("Mask")
    page.touchscreen.tap(200, 800)
    bubble(page).wait_for(state="hidden")
    assert page.errors == []


def test_headings_and_texts_of_users_explain_nothing(chromium: Any) -> None:
    page = mounted(chromium, sentences(heading=2, kind="headline"), sentences(terms={}), name="sentences")
    assert page.locator("section").first.locator("h2").inner_text() == LINES[0]
    assert page.locator("section").first.locator("h2 button").count() == 0
    assert page.locator("section").nth(1).locator("button").count() == 0
    assert page.errors == []
