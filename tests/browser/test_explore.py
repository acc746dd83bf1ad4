"""A newcomer's way through the Explore page, with the real bundled model.

Type, press, watch, read, come back.
"""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from spexviz.results import Explanation
from spexviz.run.measured import most_measured
from tests.browser.harness import card, choose, explain, idle, type_prompt, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.model]
REVIEW = (
    "I wanted to love this film, but the plot never quite holds together, the jokes fall flat, and not even "
    "a brave lead "
    "performance could save the long, tired and predictable ending."
)
LONG = 600_000  # ms for a whole run: two cores that others may be using
TRACES = """plot => (plot.data ?? []).map(
    trace => ({name: trace.name ?? '', budgets: Array.from(trace.customdata ?? []).flat()})
)"""


def stored(server, run_id) -> Explanation:
    return Explanation.from_json(server.rows("SELECT result FROM runs WHERE id = ?", run_id)[0][0])


def curve(page):
    """The data of the fidelity curve that is on the page now."""
    plots = page.locator(".js-plotly-plot")
    return next(
        (
            traces
            for traces in (plots.nth(k).evaluate(TRACES) for k in range(plots.count()))
            if any("linear" in trace["name"] for trace in traces)
        ),
        [],
    )


def points(traces, word):
    """Budgets at which a solver's line has a point."""
    return sorted(
        {budget for trace in traces if word in trace["name"].lower() for budget in trace["budgets"]}
    )


def what_trust_rests_on(page) -> str:
    """What is folded under the line on trust."""
    meter = page.locator(".metered")
    meter.locator("summary").click()
    return meter.inner_text()


def test_typing_while_the_form_is_being_drawn_empties_no_field(server, browser):
    """Nothing is waited for but the prompt's box, so the typing interrupts the script.

    How often, only chance says: hence the visits.
    """
    for _ in range(24 if os.environ.get("SPEXVIZ_CAMPAIGN") else 3):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{server.url}/explore", timeout=LONG)
        box = page.get_by_label("Prompt", exact=True)
        box.fill("Typed at once", timeout=LONG)
        box.press("Tab")
        page.get_by_text(re.compile("3 words: all 8 masks are asked|is empty")).wait_for(timeout=LONG)
        fields = [
            page.get_by_label(label, exact=True).input_value() for label in ("Answer", "Against", "Template")
        ]
        assert fields == [" positive", " negative", "Review: {}\nSentiment (positive or negative):"]
        context.close()


def test_a_review_is_explained_from_the_browser(server, open_page):
    words = REVIEW.split()
    assert 25 <= len(words) <= 35
    page = open_page(f"{server.url}/explore")
    type_prompt(page, REVIEW)
    page.get_by_text(
        re.compile(
            r"32 words: 512 ablations for the fit, 51 of them remove one to three words, and 2 with all and"
        )
    ).wait_for()
    run_id = explain(page)

    page.get_by_role("progressbar").wait_for(timeout=LONG)
    total = 512 + 2 + 512 // 4 + most_measured(len(words))
    page.get_by_text(re.compile(rf"[\d,]+ of {total} ablations .* to go")).wait_for(timeout=LONG)
    assert page.get_by_role("button", name="Cancel").is_enabled()
    first = wait_until(lambda: points(curve(page), "auto"), LONG / 1000, "the first point of the curve")
    assert page.get_by_role("button", name="Cancel").is_visible(), "the curve is there while the run goes on"
    wait_until(lambda: len(points(curve(page), "auto")) > len(first), LONG / 1000, "the curve to grow")

    page.get_by_role("tab", name="Sets as a table").wait_for(timeout=LONG)
    idle(page)
    result = stored(server, run_id)
    assert (
        result.complete
        and not result.proof.exact
        and len(result.sample.values) == 512
        and result.folds is not None
    )
    note = what_trust_rests_on(page)
    assert re.search(r"R² about [0-9.]+, at least [0-9.−]+ \(95\s%\), on 461 masks", note)
    assert "What is shown is a surrogate of the masked model, not a cause in the world." in note
    assert f"{result.fidelity.r2:.2f}" in note and f"R² {result.baseline.r2:.2f}" in note
    expect(page.locator(".headline")).not_to_be_empty()
    wait_until(lambda: page.locator(".spexviz-strip .token").all_inner_texts() == words, 60, "the words")
    expect(page.locator(".comb")).to_have_count(12)
    assert points(curve(page), "auto") == [64, 128, 256, 512] and points(curve(page), "linear") == [
        64,
        128,
        256,
        512,
    ]
    labels = page.locator(".spexviz-arcs .name").all_inner_texts()
    assert len(set(words) & set(labels)) >= 3, f"the arcs join words: {labels}"
    assert page.get_by_role("grid", name="Sets as a table").get_by_role("row").count() > 12


def test_looking_asks_nothing_and_the_run_is_found_again(server, open_page):
    page = open_page(f"{server.url}/explore")
    type_prompt(page, REVIEW)
    run_id = explain(page)  # the same spec as above: the same run, or, when this test runs alone, a new one
    page.get_by_role("tab", name="Sets as a table").wait_for(timeout=LONG)
    idle(page)
    before = server.ablations(), server.rows("SELECT COUNT(*), SUM(version) FROM runs")
    combs = page.locator(".comb .members")
    sets = combs.all_inner_texts()
    page.get_by_test_id("stButtonGroup").get_by_text("researcher", exact=True).click()
    choose(page, "Index", "Shapley value (SV)")
    page.get_by_text("Only single words are shown: this is what the Shapley value is of.").first.wait_for()
    expect(page.locator(".token").first).to_have_attribute("aria-label", re.compile("Shapley value"))
    expect(page.locator(".asks")).to_have_text(re.compile("^Shapley value: the full effect shared out"))
    idle(page)
    choose(page, "Index", "Mean effect (default)")
    wait_until(lambda: combs.all_inner_texts() == sets, 60, "the sets of the first index")
    page.get_by_test_id("stButtonGroup").filter(has_text="Highest order").get_by_text("1", exact=True).click()
    page.locator(".none").filter(has_text="Only single words are shown (highest order 1).").wait_for()
    idle(page)
    assert (server.ablations(), server.rows("SELECT COUNT(*), SUM(version) FROM runs")) == before

    page.reload()
    page.get_by_role("tab", name="Sets as a table").wait_for()
    page.locator(".none").filter(has_text="Only single words are shown (highest order 1).").wait_for()
    orders = page.get_by_test_id("stButtonGroup").filter(has_text="Highest order")
    orders.get_by_text("3", exact=True).click()
    wait_until(lambda: combs.all_inner_texts() == sets, 60, "the same sets after the reload")
    assert run_id in page.url
    other = open_page(f"{server.url}/explore?run={run_id}")
    other.get_by_role("tab", name="Sets as a table").wait_for()
    wait_until(
        lambda: other.locator(".token").all_inner_texts() == REVIEW.split(),
        60,
        "the text in a second browser",
    )
    assert server.ablations() == before[0]


def test_six_words_are_exact_and_the_pair_comes_first(server, open_page):
    page = open_page(f"{server.url}/explore")
    type_prompt(page, "Her acting never fails to impress")
    page.get_by_text("6 words: all 64 masks are asked, so the result is exact").wait_for()
    run_id = explain(page)
    page.get_by_role("tab", name="Sets as a table").wait_for(timeout=LONG)
    page.get_by_text(re.compile(r"Good, exact: every possible mask was measured \(all 64\)")).first.wait_for()
    idle(page)
    first = page.locator(".comb .members").first.inner_text()
    assert re.sub(r"[^\w×]+", "", first) == "never×fails"
    expect(page.locator(".headline")).to_contain_text("never")
    expect(page.locator(".headline")).to_contain_text("fails")
    result = stored(server, run_id)
    assert result.proof.exact and len(result.sample.values) == 64
    squares = {members: value**2 for members, value in result.spectrum.coefficients.items() if members}
    pairs = sum(value for members, value in squares.items() if len(members) == 2) / sum(squares.values())
    assert pairs == pytest.approx(0.69, abs=0.02)
    assert max((members for members in squares if len(members) == 2), key=squares.get) == (2, 3)


def test_a_recorded_run_opens_from_its_card_and_asks_nothing(server, open_page):
    before = server.ablations()
    page = open_page(f"{server.url}/explore", theme="dark")
    page.get_by_text("A review of 27 words and many turns").wait_for()
    card(page, "prompt", "turns").click()
    page.wait_for_url(re.compile(r"/explore\?run=[0-9a-f]{16}"))
    page.get_by_role("tab", name="Sets as a table").wait_for()
    wait_until(lambda: page.locator(".spexviz-strip .token").count() == 27, 60, "the words")
    assert "on 922 masks" in what_trust_rests_on(page)
    page.reload()
    page.get_by_role("tab", name="Sets as a table").wait_for()
    page.get_by_role("button", name="New run").click()
    wait_until(
        lambda: page.get_by_label("Prompt", exact=True).input_value().startswith("Her acting never fails"),
        60,
        "the prompt in the form",
    )
    assert server.ablations() == before
