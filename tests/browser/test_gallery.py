"""The gallery in a real browser: every recorded run opens from its card and shows what the card says."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from spexviz.ui import recorded
from spexviz.ui.lenses import lens_of
from tests.browser import states
from tests.browser.harness import card, idle, wait_until

pytestmark = pytest.mark.browser
CAMPAIGN = bool(os.environ.get("SPEXVIZ_CAMPAIGN"))
RUNS = recorded.all_recorded()
FEW = tuple(next(run for run in RUNS if run.game == game) for game in ("prompt", "heads", "training"))
SIZES = [(width, theme) for width in (400, 1024, 1440) for theme in states.THEMES]
BESIDE = {400: 1, 1024: 2, 1440: 3}  # cards beside each other


def opens(page: Any, server: Any, run: recorded.Recorded, way: str) -> None:
    """Its card leads to its page, which shows its finding; Back leads to the gallery."""
    one = card(page, run.game, run.path.stem)
    if way == "mouse":
        picture = page.locator(f'[data-key="{run.key}"] .picture')  # the whole card is the button
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        page.mouse.click(box["x"] + 20, box["y"] + 20)
    else:
        one.focus()
        page.keyboard.press("Enter")
    lens = lens_of(run.game)
    page.wait_for_url(re.compile(rf"/{lens.page}\?run=[0-9a-f]{{16}}"))
    headline = page.locator(".headline h2").first
    found = run.finding.replace(" %", "\u00a0%")
    wait_until(lambda: headline.count() and headline.inner_text() == found, 30, f"the finding of {run.key}")
    idle(page)
    page.go_back()
    page.wait_for_url(f"{server.url}/gallery")
    one.wait_for()
    idle(page)


@pytest.mark.parametrize(("width", "theme"), SIZES if CAMPAIGN else [(1440, "light")])
def test_every_card_opens_and_shows_what_it_has_promised(server, open_page, width: int, theme: str) -> None:
    going = "SELECT id FROM runs WHERE state IN ('queued', 'running')"
    wait_until(lambda: not server.rows(going), 120, "the runs of other tests to end")
    before = server.ablations()
    page = open_page(f"{server.url}/gallery", width=width, theme=theme)
    cards = page.locator(".spexviz-shelf .card")
    cards.nth(len(RUNS) - 1).wait_for()
    expect(cards.locator(".title")).to_have_text([run.title for run in RUNS])
    pictures = cards.locator(".picture svg")
    assert all(
        count > 1
        for count in pictures.evaluate_all("all => all.map((one) => one.querySelectorAll('rect').length)")
    )
    tops = cards.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    assert tops.count(tops[0]) == BESIDE[width]
    states.is_well(page)
    for number, run in enumerate(RUNS if CAMPAIGN else FEW):
        opens(page, server, run, ("mouse", "keyboard")[number % 2])

    page.get_by_test_id("stButtonGroup").get_by_text("Heads", exact=True).click()
    heads = [run.title for run in RUNS if run.game == "heads"]
    wait_until(lambda: cards.locator(".title").all_inner_texts() == heads, 20, "the heads alone")
    opens(page, server, FEW[1], "keyboard")
    expect(cards.locator(".title"), "as it was left").to_have_text(heads)
    assert server.ablations() == before, "no model was asked"
