"""The story of a result in a real browser, on recorded runs: question, finding, trust, depth, path."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import spexviz as sv
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from tests.browser.harness import card, choose, idle, wait_until

pytestmark = pytest.mark.browser
RUNS = ASSETS / "runs"
IS_PATH = "plot => /^From (everything to nothing|nothing to everything)/.test(plot.layout?.meta?.text)"
BARS = "plot => (plot.data ?? []).filter(trace => trace.type === 'bar').flatMap(trace => [...trace.x])"


def recorded(game: str, name: str) -> Explanation:
    return Explanation.from_json((RUNS / game / f"{name}.json").read_text(encoding="utf-8"))


def in_themes(*usual: str) -> Any:
    """The themes of a test: those that are usual, and both in a campaign."""
    chosen = ("light", "dark") if os.environ.get("SPEXVIZ_CAMPAIGN") else usual
    return pytest.mark.parametrize("theme", chosen)


def upload(page: Any, server: Any, run: Explanation, folder: Path) -> None:
    """Open a run from a file."""
    file = folder / "run.json"
    file.write_text(run.to_json(), encoding="utf-8")
    page.goto(f"{server.url}/runs")
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("tab", name="Sets as a table").first.wait_for()
    idle(page)


def open_card(page: Any, game: str, name: str) -> None:
    card(page, game, name).click()
    page.get_by_role("tab", name="Sets as a table").first.wait_for()
    idle(page)


def within_first_screen(page: Any, selector: str) -> bool:
    box = page.locator(selector).first.bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


@in_themes("light")
def test_the_first_screen_says_what_was_asked_answered_and_found(server, open_page, theme: str) -> None:
    page = open_page(f"{server.url}/explore", width=1440, theme=theme)
    promised = page.locator("[data-key='prompt.never-fails'] .finding").inner_text()
    open_card(page, "prompt", "never-fails")
    block = page.locator(".spexviz-question")
    block.wait_for()
    for said in ("Her acting never fails to impress", "Sentiment (positive or negative):", "SmolLM2"):
        expect(block).to_contain_text(said)
    expect(block).to_contain_text("81 %")
    expect(block).to_contain_text("61 %")
    headline = page.locator(".headline h2")
    wait_until(lambda: headline.inner_text() == promised, 30, "the finding that the card has promised")
    assert "“never” and “fails”" in promised
    expect(page.locator(".headline p").first).to_contain_text("without “never” 38\u00a0%")
    first = page.locator(".comb").first
    expect(first.locator(".members")).to_have_text("never × fails")
    for selector in (".spexviz-question", ".headline h2", ".metered", ".spexviz-strip .text", ".comb"):
        wait_until(lambda at=selector: within_first_screen(page, at), 20, selector)
    fold = page.locator(".headline details")
    assert not fold.locator("p").first.is_visible()
    fold.locator("summary").click()
    expect(fold).to_contain_text("59\u00a0% of the variance")
    expect(page.locator(".metered .meter i.on")).to_have_count(5)
    expect(page.locator(".metered")).to_contain_text("exact")


@in_themes("dark")
def test_the_depth_is_kept_and_another_index_is_shown_everywhere(server, open_page, theme: str) -> None:
    page = open_page(f"{server.url}/explore", width=1440, theme=theme)
    open_card(page, "prompt", "turns")
    assert page.get_by_role("combobox", name="Index").count() == 0
    page.get_by_test_id("stButtonGroup").get_by_text("researcher", exact=True).click()
    page.get_by_role("combobox", name="Index").wait_for()
    wait_until(lambda: "=researcher" in page.evaluate("document.cookie"), 30, "the browser to keep it")
    page.reload()
    page.get_by_role("combobox", name="Index").wait_for()
    idle(page)
    value = page.locator(".comb .value").first
    shown = value.inner_text()
    choose(page, "Index", "Faithful Banzhaf (FBII)")
    wait_until(lambda: value.inner_text() != shown, 30, "the values of the other index")
    idle(page)
    expect(page.locator(".combs .head")).to_contain_text("FBII")
    assert "confirmed" not in page.locator(".spexviz-strip").inner_text()
    orders = page.get_by_test_id("stButtonGroup").filter(has_text="Highest order")
    orders.get_by_text("1", exact=True).click()
    page.get_by_text("Only single words are shown (highest order 1).").first.wait_for()
    assert page.get_by_text("No interactions").count() == 0


@in_themes("light")
def test_every_lens_says_its_question_its_trust_and_its_path(server, open_page, theme: str) -> None:
    for lens, game, name, asked in (
        ("heads", "heads", "copying", "window summer coffee dragon"),
        ("training", "training", "elevator", "For the entire week the elevator smelled"),
    ):
        run = recorded(game, name)
        page = open_page(f"{server.url}/{lens}", theme=theme)
        open_card(page, game, name)
        block = page.locator(".spexviz-question").inner_text()
        assert asked in block and re.search("Measured: how (much more likely|far)", block)
        expect(page.locator(".headline h2")).not_to_be_empty()
        meter = page.locator(".metered")
        expect(meter).to_contain_text("Read the strongest only")
        assert 1 < meter.locator(".meter i.on").count() < 5
        meter.locator("summary").click()
        expect(meter).to_contain_text("not a cause in the world")
        bars = wait_until(lambda page=page: path_bars(page), 60, "the path")
        everything, nothing = run.ends[1], run.ends[0]
        assert bars[0] == pytest.approx(everything) and bars[-1] == pytest.approx(nothing, abs=1e-9)
        assert everything + sum(bars[1:-1]) == pytest.approx(nothing, abs=1e-6)


def path_bars(page: Any) -> list[float]:
    """The bars of the path: the ends, and each step's change."""
    for figure in page.locator(".js-plotly-plot").all():
        if figure.evaluate(IS_PATH):
            return figure.evaluate(BARS)
    return []


def test_a_selection_belongs_to_its_run(server, open_page) -> None:
    page = open_page(f"{server.url}/explore")
    open_card(page, "prompt", "never-fails")
    page.locator(".comb").first.click()
    page.get_by_role("button", name="Clear selection").wait_for()
    row = page.get_by_role("grid", name="Sets as a table").locator("tr[aria-selected=true]")
    expect(row.locator("td.first"), "the table's row is marked with it").to_have_text("never × fails")
    row.press("Escape")
    page.get_by_role("button", name="Clear selection").wait_for(state="detached")
    assert row.count() == 0
    assert page.locator(".comb.selected").count() == 0
    page.get_by_role("grid", name="Sets as a table").locator("tbody tr").first.press("Enter")
    page.get_by_role("button", name="Clear selection").wait_for()
    expect(page.locator(".comb").first).to_have_attribute("aria-pressed", "true")
    idle(page)
    arcs = page.locator(".spexviz-arcs")
    expect(arcs.locator(".player.selected .name")).to_have_text(["never", "fails"])
    idle(page)
    arcs.locator("[data-node][tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert page.locator(".token.selected").all_inner_texts() == ["never"], "at once, before the server"
    page.get_by_text("never: keeping it moves the value").wait_for()
    expect(arcs.locator(".player.selected .name")).to_have_text(["never"])
    first = page.url
    page.get_by_role("button", name="New run").click()
    open_card(page, "prompt", "turns")
    assert page.get_by_role("button", name="Clear selection").count() == 0
    page.goto(first)
    page.get_by_role("tab", name="Sets as a table").first.wait_for()
    idle(page)


def test_heads_and_examples_are_selected_by_mouse_and_by_keyboard(server, open_page) -> None:
    page = open_page(f"{server.url}/heads")
    open_card(page, "heads", "copying")
    row = page.get_by_role("grid", name="Sets as a table").locator("tr[aria-selected=true] td.first")
    node = page.locator(".spexviz-arcs .player.selected .name")
    page.locator(".square[data-player]").first.wait_for()
    idle(page)
    page.get_by_role("button", name=re.compile("^L0.H2: ")).first.click()
    wait_until(lambda: row.all_inner_texts() == node.all_inner_texts() == ["L0.H2"], 20, "row and node")
    wait_until(lambda: page.get_by_text("● − L0.H2").count(), 60, "the step of the path")
    page.get_by_text("Where L0.H2 looks").wait_for()
    idle(page)
    page.locator(".square.selected").press("ArrowRight")
    page.keyboard.press("Enter")
    wait_until(lambda: node.all_inner_texts() != ["L0.H2"], 20, "another head, at once")
    page.get_by_text("Where L0.H3 looks").wait_for()
    idle(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear selection").wait_for(state="detached")
    assert page.locator(".square.selected").count() == 0
    assert row.count() == 0

    page.goto(f"{server.url}/training")
    card(page, "training", "elevator").press("Enter")
    examples = page.locator(".card[role=button]")
    examples.first.click()
    page.get_by_role("button", name="Clear selection").wait_for()
    wait_until(
        lambda: node.all_inner_texts() == ["All week long, the elevator smelled of wet paint"], 20, "it"
    )
    idle(page)
    examples.nth(1).press("Enter")
    wait_until(
        lambda: node.all_inner_texts() == ["The elevator smelled of wet paint for the whole week"], 20, "it"
    )
    page.get_by_role("tab", name="Sets as a table").press("Enter")
    wait_until(lambda: row.all_inner_texts() == ["The elevator smelled of wet paint for…"], 30, "its row")


@in_themes("dark")
def test_a_run_of_before_says_what_was_not_measured(server, open_page, tmp_path, theme: str) -> None:
    """A run without what later versions ask, as its file was."""
    page = open_page(f"{server.url}/explore", theme=theme)
    data = json.loads((RUNS / "prompt" / "never-fails.json").read_text(encoding="utf-8"))
    del data["measured"]
    old = Explanation.from_json(json.dumps({**data, "subject": without_question(data["subject"])}))
    assert old.measured is None and not old.subject.question
    upload(page, server, old, tmp_path)
    page.get_by_text("Not measured: what the model answers").wait_for()
    expect(page.locator(".spexviz-question")).to_contain_text(
        "how much more likely “positive” than “negative” is"
    )


@in_themes("light")
def test_where_little_is_explained_nothing_is_shown_as_found(server, open_page, tmp_path, theme) -> None:
    noise = sv.game(lambda masks: np.random.default_rng(0).normal(size=len(masks)), players=12, noun="word")
    run = sv.explain(noise, sv.Auto(), 128)
    page = open_page(f"{server.url}/explore", theme=theme)
    upload(page, server, run, tmp_path)
    expect(page.locator(".headline h2")).to_have_text(re.compile("^Nothing can be said yet"))
    assert page.locator(".metered").inner_text().startswith("Do not read")
    expect(page.get_by_text("These are guesses")).to_be_visible()
    assert page.locator(".comb").count() == 0
    assert page.locator(".spexviz-arcs").count() == 0


def without_question(subject: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in subject.items() if key not in ("question", "model", "before", "after")
    }


def test_one_selection_for_strip_sentence_and_path(server, open_page) -> None:
    page = open_page(f"{server.url}/explore", width=1440)
    open_card(page, "prompt", "turns")
    comb = page.locator(".comb").nth(3)
    comb.scroll_into_view_if_needed()
    comb.hover()
    page.locator(".comb.lit").wait_for()
    expect(page.locator(".token.lit")).to_have_count(2)

    read = page.locator(".spexviz-strip .read")
    page.locator(".comb").nth(0).click()
    wait_until(lambda: "Checked on the model" in read.inner_text(), 30, "the sentence of the server")
    expect(read).to_contain_text("“not (24)”")
    path = page.locator(".js-plotly-plot").filter(has_text="nothing kept")
    headings = "".join(page.locator(".heading").all_inner_texts())
    assert "“all” alone pushes towards “negative” (−0.74)" in headings
    idle(page)
    path.scroll_into_view_if_needed()
    page.mouse.move(2, 2)
    bar = path.locator(".bars .point path").nth(1).bounding_box()
    middle = bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2
    page.mouse.move(*middle)
    path.locator(".hoverlayer .hovertext").first.wait_for()  # a click is one of what is pointed at
    page.mouse.click(*middle)
    wait_until(lambda: page.locator(".token.selected").all_inner_texts() == ["all."], 30, "the step's word")
    path.get_by_text("● + all").wait_for()
