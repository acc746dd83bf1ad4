"""Comparing in a real browser: a run is repeated with another prompt and seed, and solvers are looked at."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import states
from tests.browser.harness import explain, idle, type_prompt, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.model]
PROMPT = "The film was not very good"
OTHER = "The film was not very bad"
SIZES = ((400, "dark"), (1440, "light"), (400, "light"), (1440, "dark"))


def in_sizes(usual: int) -> Any:
    """Width and theme of a test: those that are usual, and all in a campaign."""
    chosen = SIZES if os.environ.get("SPEXVIZ_CAMPAIGN") else SIZES[usual : usual + 1]
    return pytest.mark.parametrize(("width", "theme"), chosen)


def repeat(page: Any, what: str) -> None:
    """Open what is to be another."""
    page.get_by_role("button", name="Repeat with another").click()
    popover = page.get_by_test_id("stPopoverBody")
    popover.get_by_test_id("stButtonGroup").get_by_text(what, exact=True).click()
    idle(page)


@in_sizes(1)
def test_a_prompt_and_its_minimal_pair_are_compared(server, open_page, width: int, theme: str) -> None:
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    type_prompt(page, PROMPT, model="bundled")
    first = explain(page)
    wait_until(lambda: server.run(first)["state"] == "done", 180, "the first run")
    page.get_by_role("tab", name="Sets as a table").first.wait_for()

    # by mouse: another prompt; nothing different is no run
    repeat(page, "Prompt")
    page.get_by_text("Nothing is different yet").wait_for()
    page.get_by_role("button", name="Start and compare").click()
    idle(page)
    expect(page.get_by_text("Nothing is different yet")).to_be_visible()
    page.get_by_test_id("stPopoverBody").locator("textarea").fill(OTHER)
    page.get_by_role("button", name="Start and compare").click()
    page.wait_for_url(re.compile(rf"/compare\?a={first}&b=[0-9a-f]{{16}}$"))
    page.get_by_text("How far they agree").wait_for(timeout=180_000)
    idle(page)
    expect(page.locator(".headline h2").first).to_contain_text("other prompt: “good” / “bad”.")
    expect(page.locator("mark")).to_have_text(["good", "bad"])
    expect(page.locator(".spexviz-question")).to_have_count(2)
    expect(page.locator(".metered")).to_have_count(2)
    legends = page.locator(".spexviz-strip .ramp + span").all_inner_texts()
    assert len(legends) == 2 and legends[0] == legends[1], "one range of colours"
    states.is_well(page)

    # a set of the table is selected in both; a click in one picture in that one alone
    row = (
        page.get_by_role("grid", name="Differences set by set").locator("tbody tr", has_text="good / ").first
    )
    row.focus()
    row.press("Enter")
    strips = page.locator(".spexviz-strip")
    wait_until(lambda: strips.nth(1).locator(".token.selected", has_text="bad").count(), 30, "B to follow")
    expect(strips.nth(0).locator(".token.selected", has_text="good")).to_have_count(1)
    idle(page)
    strips.nth(0).locator(".token", has_text="film").click()
    wait_until(lambda: strips.nth(0).locator(".token.selected").all_inner_texts() == ["film"], 30, "A alone")
    expect(strips.nth(1).locator(".token.selected", has_text="bad")).to_have_count(1)
    page.get_by_role("button", name="Swap").click()
    page.wait_for_url(re.compile(rf"/compare\?a=[0-9a-f]{{16}}&b={first}$"))
    page.go_back()
    page.wait_for_url(re.compile(rf"\?a={first}&"))

    # by keys, from the list of runs
    page.goto(f"{server.url}/runs")
    boxes = page.get_by_role("checkbox", name=re.compile("^Mark (?!all)"))
    for k in (0, 1):
        boxes.nth(k).focus()
        boxes.nth(k).press("Space")
        idle(page)
    button = page.get_by_role("button", name="Compare", exact=True)
    wait_until(button.is_enabled, 30, "two runs to be marked")
    button.focus()
    button.press("Enter")
    page.wait_for_url(re.compile(r"/compare\?a=[0-9a-f]{16}&b=[0-9a-f]{16}$"))
    page.get_by_text("How far they agree").wait_for()


@in_sizes(0)
def test_solvers_are_a_list_that_closes_and_shows_what_each_would_have_said(
    server, open_page, width: int, theme: str
) -> None:
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    states.open_recorded(page, server.url, "explore", "prompt", "never-fails")
    page.get_by_role("tab", name="How good is it").click()
    page.get_by_role("button", name="Compare all solvers").click()
    wait_until(lambda: page.locator(".solver").count() == 8, 60, "all solvers")
    idle(page)
    titles = page.locator(".solver .title").all_inner_texts()
    assert titles[0].startswith("Every mask, exact") and titles[-1] == "KernelSHAP"
    page.locator(".solver", has_text="LIME").click()
    page.get_by_text("What LIME would have said").wait_for()
    page.get_by_text("LIME names no sets.").wait_for()
    strips = page.locator(".spexviz-strip")
    wait_until(lambda: strips.count() == 2, 30, "the text as LIME would have it")
    idle(page)
    strips.nth(1).locator(".token", has_text="never").click()
    page.get_by_text("never: keeping it moves the value").first.wait_for()
    expect(strips.nth(0).locator(".token.selected"), "the run's views follow").to_have_text(["never"])
    page.mouse.move(0, 0)  # what is pointed at pales the rest
    states.is_well(page)
    solver = page.locator(".solver.selected")
    solver.focus()
    for key in ("ArrowUp", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("What Linear would have said").wait_for()
    idle(page)
    page.get_by_role("button", name="Back to the run's own").click()
    page.get_by_text("would have said:").wait_for(state="detached")
    idle(page)
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Compare all solvers").wait_for()
    assert page.locator(".solver").count() == 0


@pytest.mark.campaign
def test_an_address_of_no_comparison_says_what_to_do(server, open_page) -> None:
    page = open_page(f"{server.url}/compare")
    page.get_by_text("Choose two runs above.").wait_for()
    run_id = states.open_recorded(page, server.url, "explore", "prompt", "never-fails")
    heads = states.open_recorded(page, server.url, "heads", "heads", "copying")
    for query, said in (
        ("a=%3Cscript%3Ealert(1)%3C/script%3E&b=..%2F..", "names a run that is not on this machine"),
        (f"a={run_id}&b={'0' * 16}", "names a run that is not on this machine"),
        (f"a={run_id}&b={run_id}", "A and B are the same run"),
        (f"a={run_id}&b={heads}", "choose two of one kind"),
        (f"a={run_id}", "Choose two runs above."),
    ):
        page.goto(f"{server.url}/compare?{query}")
        page.get_by_text(said).first.wait_for()
        idle(page)
