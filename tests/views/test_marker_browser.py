"""The marker in a bare page: by mouse, touch and keyboard; positions are code points; text stays text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from spexviz.games.prompt.marks import checked
from spexviz.views.marker import marker, text_id
from tests.views import harness

pytestmark = pytest.mark.browser
pytest.importorskip("playwright")
TEXT = "It is not bad, 😀 never dull.\nn\u0303ot"
EVIL = "<img src=x onerror=alert(1)> \u202e $x$ [a](javascript:1) <b>bad</b>"
EVERY = {"words": "Mark every word"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with harness.browser() as running:
        yield running


def data(text: str = TEXT, ranges: Any = (), **options: Any) -> dict[str, Any]:
    return {**marker(text, ranges, "Pieces", every=EVERY, **options).data}


def marked(page: Any, k: int = 0) -> list[str]:
    return page.evaluate(
        "k => [...window.roots[k].querySelectorAll('.piece')].map((one) => one.textContent)", k
    )


def reports(page: Any, text: str = TEXT) -> list[list[str]]:
    """The pieces of each report, as the server reads them."""
    found = []
    for _, name, value in page.evaluate("window.sent"):
        assert name == "mark" and value["of"] == text_id(text)
        found.append([text[start:stop] for start, stop in checked(text, value["ranges"])])
    return found


def place(page: Any, piece: str, end: bool = False) -> Any:
    """The middle of the height of a piece's first or last letter, at its edge."""
    return tuple(
        page.evaluate(
            """([piece, end]) => {
              const box = window.roots[0].querySelector(".text");
              const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
              while (walker.nextNode()) {
                const at = walker.currentNode.data.indexOf(piece);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(walker.currentNode, at);
                range.setEnd(walker.currentNode, at + piece.length);
                const box = range.getBoundingClientRect();
                return [end ? box.right - 0.5 : box.left + 0.5, box.top + box.height / 2];
              }
            }""",
            [piece, end],
        )
    )


def drag(page: Any, first: str, last: str | None = None) -> None:
    page.mouse.move(*place(page, first))
    page.mouse.down()
    page.mouse.move(*place(page, last or first, end=True), steps=4)
    page.mouse.up()
    page.wait_for_timeout(50)


def test_a_piece_is_marked_where_the_mouse_lets_go_and_pieces_are_joined(chromium: Any) -> None:
    page = harness.mounted(chromium, data(), name="marker")
    drag(page, "not")
    assert marked(page) == ["not"] and reports(page) == [["not"]]
    drag(page, "never", "dull.")
    drag(page, "😀")
    assert marked(page) == ["not", "😀", "never dull."]
    assert reports(page)[-1] == ["not", "😀", "never dull."]
    drag(page, "bad", "bad")
    # over several of them: they are one
    drag(page, "not", "bad")
    assert marked(page) == ["not bad", "😀", "never dull."]
    page.get_by_role("button", name="Unmark 2: 😀").click()
    assert marked(page) == ["not bad", "never dull."] == reports(page)[-1]
    page.get_by_role("button", name="Unmark all").click()
    assert marked(page) == [] == reports(page)[-1] and page.errors == []
    assert page.locator(".text").inner_text() == TEXT


def test_all_of_it_goes_by_keyboard(chromium: Any) -> None:
    page = harness.mounted(chromium, data(), name="marker")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+Home")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    assert marked(page) == ["not"] == reports(page)[-1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")  # the word that the caret is in
    assert marked(page) == ["not", "bad,"] == reports(page)[-1]
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Enter")
    assert marked(page) == ["not", "bad,", "n\u0303ot"]
    page.keyboard.press("Control+Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    assert marked(page) == ["bad,", "n\u0303ot"] == reports(page)[-1]
    before = len(page.evaluate("window.sent"))
    for key in ("x", "Space", "Backspace", "Control+v", "r"):
        page.keyboard.press(key)  # nothing is written
    assert page.locator(".text").inner_text() == TEXT and page.errors == []
    assert len(page.evaluate("window.sent")) == before
    page.keyboard.press("Tab")
    assert page.evaluate("window.roots[0].activeElement.textContent") in (
        "Mark the selection",
        EVERY["words"],
    )


def test_a_tap_marks_a_word_and_takes_it_back(chromium: Any) -> None:
    page = harness.mounted(chromium, data(), name="marker", has_touch=True)
    for _ in range(2):
        x, y = place(page, "never")
        page.touchscreen.tap(x + 8, y)
        page.wait_for_timeout(600)  # sooner it would be a double tap
    assert reports(page) == [["never"], []]


def test_an_older_answer_of_the_server_takes_nothing_back_and_a_newer_one_is_shown(chromium: Any) -> None:
    page = harness.mounted(chromium, data(), name="marker")
    drag(page, "not")
    drag(page, "never")
    page.evaluate("one => window.again(0, one)", data(ranges=((6, 9),), serial=1))
    assert marked(page) == ["not", "never"]
    page.evaluate("one => window.again(0, one)", data(ranges=((6, 9),), serial=2))
    assert marked(page) == ["not"]
    page.evaluate("one => window.again(0, one)", data("never mind", ((0, 5),), serial=0))
    assert marked(page) == ["never"] and page.locator(".text").inner_text() == "never mind"
    page.get_by_role("button", name="Mark every word").click()
    assert page.evaluate("window.sent.at(-1)")[1:] == [
        "every",
        {"of": text_id("never mind"), "serial": 3, "what": "words"},
    ]


def test_hostile_text_stays_text_and_every_position_what_it_is(chromium: Any) -> None:
    ranges = checked(EVIL, [[0, 28], [29, 30], [31, 34]])
    page = harness.mounted(chromium, data(EVIL, ranges), data(dark=True), name="marker", width=400)
    assert page.locator("img, b").count() == 0 and page.errors == []
    assert marked(page) == ["<img src=x onerror=alert(1)>", "\u00b7", "$x$"]
    drag(page, "<b>bad</b>")
    assert reports(page, EVIL)[-1] == [EVIL[0:28], "\u202e", "$x$", "<b>bad</b>"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert "\u202e" not in json.dumps(page.evaluate("document.body.innerText"))
