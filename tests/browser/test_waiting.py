"""While a run goes on: its text at once, colours before the first fit, the curve under it, a second tab."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import harness, paced
from tests.browser.harness import explain, type_prompt, wait_until

pytestmark = pytest.mark.browser
PROMPT = "This film is not good but never dull and hardly a great bore for long"
SHADES = "tokens => tokens.map(token => getComputedStyle(token).backgroundColor)"
TABLE = "Sets as a table"
LISTEN = """() => {
  const status = document.querySelector("[role=status]#spexviz-status");
  window.heard = [];
  new MutationObserver(() => window.heard.push(status.textContent)).observe(status, { childList: true });
}"""


def test_two_tabs_see_the_text_its_colours_a_cancel_a_resume_and_the_end(
    new_server: Callable[..., harness.Server], open_page: Callable[..., Any]
) -> None:
    server = new_server(launch=paced.LAUNCH, SPEXVIZ_MODELS="toy")

    def let(calls: int) -> None:
        paced.let(server.home, calls)

    let(0)
    page = open_page(f"{server.url}/explore", theme="dark")
    type_prompt(page, PROMPT, budget=128)
    page.evaluate(LISTEN)
    run_id = explain(page)
    other = open_page(f"{server.url}/explore?run={run_id}")
    tabs = (page, other)
    for tab in tabs:  # nothing was answered yet
        tab.locator(".preview .token").first.wait_for()
        places = [tab.get_by_text("how much more likely").first, tab.get_by_role("progressbar")]
        question, bar = (place.bounding_box() for place in places)
        assert question["y"] < bar["y"], "the question stands where it will stay"
        expect(tab.locator(".token")).to_have_text(PROMPT.split())
        assert tab.locator(".token[data-sign]").count() == 0
        tab.get_by_test_id("stProgress").get_by_text("Asking with everything").wait_for()

    let(2)  # the two ends, and 32 masks
    for tab in tabs:
        tab.locator(".preview .token[data-sign]").first.wait_for()
        tab.get_by_text(re.compile(r"[0-9] of [0-9]+ ablations")).wait_for()
        shades = tab.locator(".token").evaluate_all(SHADES)
        assert len(set(shades)) >= 3, f"what a visitor sees is coloured: {shades}"
        assert not tab.locator(".js-plotly-plot, .comb, .legend, .headline").count(), "colours alone"

    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelling once the model has answered").wait_for()
    let(3)
    for tab in tabs:
        tab.get_by_text(re.compile("Cancelled after 66 of")).wait_for()
        assert tab.locator(".preview .token[data-sign]").count(), "what it has seen so far stays"
    page.get_by_role("button", name="Resume").click()
    for tab in tabs:
        tab.get_by_role("button", name="Cancel").wait_for()
        tab.locator(".spexviz-strip:not(.preview) .token").first.wait_for()
        tab.locator(".js-plotly-plot").first.wait_for()
        text, curve = (
            tab.locator(name).first.bounding_box() for name in (".spexviz-strip", ".js-plotly-plot")
        )
        assert text["y"] + text["height"] <= curve["y"], "the words stand above the curve"
    assert server.run(run_id)["done"] == 66

    let(10**6)
    for tab in tabs:
        tab.get_by_text(TABLE).wait_for()
    wait_until(lambda: server.run(run_id)["state"] == "done", 60, "the run to end")
    heard = page.evaluate("window.heard")  # what a screen reader reads out: once each, and nothing for a poll
    assert heard[-1] == "The run is done." and "The run was cancelled." in heard, heard
    assert all(before != after for before, after in pairwise(heard)), heard
    assert any(", half done." in said or ", a quarter done." in said for said in heard), heard
