"""The Training data page live, with the bundled data and a real encoder: from the form to the figures."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from spexviz.analysis import redundancy
from spexviz.games.training.data import load
from spexviz.results import Explanation
from tests.browser.harness import explain, idle

pytestmark = [pytest.mark.browser, pytest.mark.model]
LONG = 600_000  # ms, on a machine that others use; `make bench-app` measures it


def test_a_query_is_traced_to_its_training_examples(server, open_page):
    page = open_page(f"{server.url}/training")
    page.get_by_text(re.compile("160 examples: 1,024 ablations for the fit, 102 of them")).wait_for()
    slider = page.get_by_role("slider", name="Ablations (tries)")
    slider.press("ArrowLeft")
    page.get_by_text(re.compile("160 examples: 512 ablations for the fit")).wait_for()
    idle(page)
    start = time.monotonic()
    run_id = explain(page)
    page.get_by_role("tab", name="Sets as a table").wait_for(timeout=LONG)
    page.get_by_role("tab", name="Which examples do harm?").click()
    page.get_by_text("Removal from the training set").wait_for()
    idle(page)
    print(f"from the button to the last figure: {time.monotonic() - start:.0f} s")
    result = Explanation.from_json(server.rows("SELECT result FROM runs WHERE id = ?", run_id)[0][0])
    assert result.complete and len(result.sample.values) == 512 and result.fidelity.r2 > result.baseline.r2
    pair = tuple(sorted(load("reviews").planted_pairs()[0]))
    assert pair in [group.members for group in redundancy.redundant(result.spectrum)[:5]]

    asked = page.locator(".spexviz-question").inner_text()
    assert "You asked about\nFor the entire week the elevator smelled of wet paint." in asked
    texts = load("reviews").train.texts
    cards = page.locator(".card").all_inner_texts()
    assert all(any(texts[i] in card for card in cards) for i in pair)
    # whether a set is worth a card hangs on the last bits of the encoder, which differ by processor
    together = [card for card in cards if "beyond what its parts do" in card]
    assert all("Measured: " in card for card in together)
    first = page.locator(".card").first
    page.get_by_text("Retrained without the 10 % most harmful").wait_for()
    first.click()
    expect(page.locator(".card.selected").first).to_be_attached()
    first.press("o")
    rows = page.locator(".spexviz-tried .row .label")
    rows.first.wait_for()
    expect(rows).to_have_text(
        ["The model now", "Retrained without them", "The surrogate predicts", "If each acted alone"]
    )
    expect(page.locator(".card.off").first).to_be_attached()
