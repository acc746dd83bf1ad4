"""Pieces of a prompt marked by mouse and keyboard, with the real bundled model: they are what is removed."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from spexviz.results import Explanation
from tests.browser.harness import choose, explain, idle, type_prompt, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.model]
PROMPT = "The plot is 😀 not bad at all"
LONG = 300_000  # ms of a whole run on a busy machine
CAMPAIGN = bool(os.environ.get("SPEXVIZ_CAMPAIGN"))
LOOKS = [(w, t) for w in (400, 1440) for t in ("light", "dark")] if CAMPAIGN else [(1440, "dark")]
ENDS = """([box, piece]) => {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(piece);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + piece.length);
    const found = range.getBoundingClientRect();
    return [found.left + 0.5, found.right - 0.5, found.top + found.height / 2];
  }
}"""


def stored(server: Any, run_id: str) -> Explanation:
    return Explanation.from_json(server.rows("SELECT result FROM runs WHERE id = ?", run_id)[0][0])


def drag(page: Any, box: Any, piece: str) -> None:
    box.scroll_into_view_if_needed()
    left, right, middle = box.evaluate(f"(box, piece) => ({ENDS})([box, piece])", piece)
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move(right, middle, steps=4)
    page.mouse.up()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_marked_pieces_are_the_players_of_the_run(server, open_page, width: int, theme: str) -> None:
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    type_prompt(page, PROMPT)
    choose(page, "Split into", "Pieces that you mark")
    box = page.locator(".spexviz-marker .text").first
    pieces = page.locator(".spexviz-marker .piece")
    page.get_by_text("no piece of it is marked").first.wait_for()
    drag(page, box, "not bad")
    wait_until(lambda: pieces.all_inner_texts() == ["not bad"], 30, "the piece that the mouse has marked")
    idle(page)
    box.press("Control+Home")
    for key in ("ArrowRight",) * 4 + ("Shift+ArrowRight",) * 4 + ("Enter",):
        page.keyboard.press(key)
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")  # the word that the caret is in
    wait_until(lambda: pieces.all_inner_texts() == ["plot", "not bad", "all"], 30, "the pieces of the keys")
    page.keyboard.press("Delete")
    wait_until(lambda: pieces.all_inner_texts() == ["plot", "not bad"], 30, "the last to be gone")
    idle(page)
    page.get_by_text("2 parts: all 4 masks are asked").wait_for()
    # the text changes before them: both stay on their words
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill(f"So: {PROMPT}")
    prompt.press("Tab")
    wait_until(lambda: "So:" in box.inner_text(), 30, "the changed text")
    expect(pieces).to_have_text(["plot", "not bad"])
    idle(page)
    run_id = explain(page)
    page.get_by_role("tab", name="Sets as a table").first.wait_for(timeout=LONG)
    run = stored(server, run_id)
    assert run.players == ("plot", "not bad") and run.subject.text == f"So: {PROMPT}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
