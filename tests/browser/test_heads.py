"""The heads page in a real browser.

Live with the bundled model, and on a model whose answer needs two heads together.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import harness
from tests.models import planted

pytestmark = pytest.mark.browser
# seconds from the form to the figures, on a machine that others use; `make bench-app` measures them
LIMIT = 600.0


def type_in(page: Any, label: str, text: str) -> None:
    field = page.get_by_role("textbox", name=label, exact=True)
    field.fill(text)
    field.press("Tab")
    harness.idle(page)


def fewer(page: Any, steps: int) -> None:
    """Halve the budget so many times."""
    slider = page.get_by_role("slider", name="Ablations (tries)")
    for _ in range(steps):
        slider.press("ArrowLeft")
    harness.idle(page)


def explain(page: Any, seconds: float) -> float:
    """Press Explain; seconds until the figures are there."""
    start = time.monotonic()
    page.get_by_role("button", name="Explain").click()
    page.get_by_role("tab", name="Sets as a table").wait_for(timeout=1000 * seconds)
    harness.idle(page)
    return time.monotonic() - start


def squares(page: Any) -> Any:
    return page.locator(".spexviz-squares .square")


def test_a_planted_pair_is_found_clicked_and_switched_off(new_server, open_page, tmp_path: Path) -> None:
    server = new_server(SPEXVIZ_MODELS=str(planted.save(tmp_path / "planted")))
    page = open_page(f"{server.url}/heads")
    type_in(page, "Prompt", planted.PROMPT)
    type_in(page, "Answer", planted.TARGET)
    type_in(page, "Against", planted.CONTRAST)
    type_in(page, "Layers", "all")
    harness.choose(page, "A removed part gives", "Nothing (0)")
    fewer(page, 2)
    explain(page, LIMIT)
    headline = page.locator(".headline h2")
    harness.wait_until(
        lambda: re.search(f"{planted.A}|{planted.B}", headline.inner_text()), 60, "the finding"
    )
    harness.wait_until(lambda: squares(page).count() == 16, 30, "the grid of heads")
    page.locator("[data-player='6']").click()  # L1.H2
    page.get_by_text("Where L1.H2 looks").first.wait_for()
    page.locator("[data-player='6']").press("o")
    page.locator(".spexviz-tried").get_by_text("The model without them", exact=True).wait_for()
    text = page.locator(".spexviz-looks .text")
    assert text.inner_text().strip() == planted.PROMPT
    said = page.locator(".spexviz-looks .said")
    before = said.inner_text()
    assert "where the answer is read" in before
    text.press("ArrowLeft")  # the token before looks
    expect(text.locator(".from")).to_have_count(1)
    assert said.inner_text() != before
    harness.idle(page)


@pytest.mark.model
def test_the_bundled_model_from_the_form_to_the_figures(new_server, open_page) -> None:
    server = new_server(SPEXVIZ_MODELS="bundled")
    page = open_page(f"{server.url}/heads")
    page.get_by_text("54 heads: ").first.wait_for(timeout=240_000)  # the model is loaded in the background
    fewer(page, 1)
    page.get_by_text("256 ablations for the fit").first.wait_for()
    print(f"from the button to the figures: {explain(page, LIMIT):.0f} s")
    harness.wait_until(lambda: squares(page).count() == 54, 30, "the grid of heads")
    page.locator(".spexviz-arcs").get_by_text("The 12 strongest sets").first.wait_for()
