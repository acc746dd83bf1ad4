"""Going on from a finished run in a browser, with the bundled model: into a sentence and back, and further.

With SPEXVIZ_CAMPAIGN also a prompt of 600 words, each step of which has two minutes on two cores.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import harness
from tests.browser.conftest import SCREENSHOTS, shoot
from tests.browser.harness import explain, idle, type_prompt

pytestmark = pytest.mark.browser
CAMPAIGN = bool(os.environ.get("SPEXVIZ_CAMPAIGN"))
LONG = Path(__file__).parents[1] / "data" / "long-review.txt"
SHORT = (
    "The room was cold and the bed was hard. Breakfast, however, never failed to please us. "
    "We hardly slept. Would I go back? Not for the room, but for the cook I would."
)
WORDS = "The plot is thin. The acting never fails to impress and nobody is bored."
STEP = 120.0  # seconds


def in_looks() -> Any:
    """One width and theme, and in a campaign all four."""
    looks = [(1440, "light"), (400, "light"), (1440, "dark"), (400, "dark")]
    return pytest.mark.parametrize(("width", "theme"), looks if CAMPAIGN else looks[:1])


def start(page: Any, server: Any, prompt: str, split: str, budget: int) -> str:
    """A run by the form; returns its id once its page shows the result."""
    page.goto(f"{server.url}/explore?run=")
    idle(page)
    if split != "words":
        harness.choose(page, "Split into", re.compile(f"^{split}", re.I))
    type_prompt(page, prompt, budget=budget)
    run_id = explain(page)
    shown(page)
    return run_id


def shown(page: Any, seconds: float = 180.0) -> None:
    """Wait until the run of the page has ended and is drawn."""
    page.get_by_role("tab", name="Sets as a table").first.wait_for(timeout=1000 * seconds)
    idle(page)


def run_of(page: Any) -> str:
    return re.search(r"[?&]run=([0-9a-f]{16})", page.url)[1]


def choose(page: Any, name: str) -> None:
    """One of the ways to go on."""
    way = page.get_by_role("radio", name=name)
    way.scroll_into_view_if_needed()
    way.click()
    idle(page)


def leave_to(page: Any, press: Any) -> str:
    """Press what opens another run; its id, once it is shown."""
    before = run_of(page)
    press()
    page.wait_for_url(lambda url: "run=" in url and before not in url)
    page.locator(f".st-key-title-{run_of(page)}").wait_for()
    shown(page)
    return run_of(page)


@in_looks()
def test_into_a_sentence_and_back_by_mouse_and_by_keyboard(server, open_page, width: int, theme: str) -> None:
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    whole = start(page, server, SHORT, "sentences", 64)
    button = page.get_by_role("button", name=re.compile("^Zoom in"))
    # the sentence that is selected in the text is the one to look into
    page.locator(".spexviz-strip .token").nth(2).click()
    page.get_by_role("button", name="Zoom in: words of sentence 3 of 5").wait_for()
    page.get_by_text("3 words, with the rest of the text kept: 8 ablations").wait_for()
    inside = leave_to(page, button.click)
    page.get_by_text("Words of sentence 3 of 5; the rest of the text is always kept.").wait_for()
    own = page.locator(".spexviz-question .own")
    expect(own).to_have_text(["We hardly slept."])
    expect(page.locator(".spexviz-question .prompt")).to_contain_text("Breakfast, however")
    expect(page.locator(".spexviz-strip .token")).to_have_count(3)
    page.reload()
    shown(page)
    back = page.get_by_role("button", name="Back to the sentences")
    back.focus()
    assert leave_to(page, lambda: back.press("Enter")) == whole
    before = page.get_by_role("button", name="sentence 3 of 5", exact=True)
    before.focus()
    assert leave_to(page, lambda: before.press("Enter")) == inside


@in_looks()
def test_more_ablations_and_by_sentences(server, open_page, width: int, theme: str) -> None:
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    small = start(page, server, WORDS, "words", 64)
    asked = server.ablations()
    choose(page, "By longer parts")
    page.get_by_role("button", name="Show by sentences").press("Enter")
    page.locator("p").filter(has_text="measured on all 4 masks of whole sentences").first.wait_for()
    idle(page)
    assert server.ablations() <= asked + 4
    strip = page.locator(".spexviz-strip").last
    expect(strip.locator(".token")).to_have_count(2)
    if CAMPAIGN:
        shoot(page, SCREENSHOTS / f"deeper-by-sentences-{width}-{theme}.png")
    choose(page, "More ablations")
    page.get_by_text(re.compile(r"The \d+ ablations of this run are re-used, none is asked")).wait_for()
    larger = leave_to(page, page.get_by_role("button", name="Continue to 128").click)
    assert larger != small
    ((spec,),) = server.rows("SELECT spec FROM runs WHERE id = ?", larger)
    assert '"budget":128' in spec


@pytest.mark.campaign
def test_a_prompt_of_600_words_in_steps_of_two_minutes(new_server, open_page, record_property) -> None:
    """Sentences, then the words of the strongest, on two cores; the model is loaded before the clock runs."""
    server = new_server(SPEXVIZ_THREADS="2")
    page = open_page(f"{server.url}/explore", width=1440)
    start(page, server, WORDS, "words", 64)
    text = LONG.read_text(encoding="utf-8").strip()
    taken = {}
    began = time.perf_counter()
    start(page, server, text, "sentences", 128)
    taken["sentences"] = time.perf_counter() - began
    choose(page, "Zoom in")
    button = page.get_by_role("button", name=re.compile("^Zoom in: words of sentence"))
    button.wait_for()
    said = page.locator("[class*=zoom-said]").first.inner_text()
    began = time.perf_counter()
    leave_to(page, button.click)
    taken["words of a sentence"] = time.perf_counter() - began
    page.get_by_text("; the rest of the text is always kept.").wait_for()
    assert page.locator(".spexviz-strip .token").count() > 3
    for step, seconds in taken.items():
        record_property(step, round(seconds))
        print(f"{step}: {seconds:.0f} s ({said})")
    assert max(taken.values()) < STEP, taken
