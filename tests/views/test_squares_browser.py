"""Gestures of the squares in a real Chromium: mouse and keyboard, linked to other views, at every width."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.views import strip
from spexviz.views.component import script, style
from spexviz.views.squares import squares
from tests.explanations import changed
from tests.views.conftest import HOSTILE, build
from tests.views.harness import browser, mounted

pytestmark = pytest.mark.browser
# layer 0 has heads 0, 1 and 3, layer 2 has 1 and 2, layer 5 has 0 and 3
WHERE = np.array([[0, 0], [0, 1], [0, 3], [2, 1], [2, 2], [5, 0], [5, 3]], dtype=float)
LABELS = tuple(f"L{int(layer)}.H{int(head)}" for layer, head in WHERE)
SIZES = """window.roots.flatMap(root => [...root.querySelectorAll('.square')])
  .map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"""
ADD = """async ([js, css, data]) => {
  const { default: draw } = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })));
  const parentElement = document.body.appendChild(document.createElement("section"));
  parentElement.append(Object.assign(document.createElement("style"), { textContent: css }));
  draw({ parentElement, data, setTriggerValue: () => {} });
}"""
FOCUSED = "window.roots[0].activeElement.dataset.player"


@pytest.fixture(scope="module")
def chromium():
    pytest.importorskip("playwright")
    with browser() as running:
        yield running


def heads(players=LABELS, where=WHERE):
    run = build(players, {(0,): -0.5, (3,): 0.2, (5,): 0.1, (0, 3): 0.3, (3, 6): -0.2})
    return changed(run, layout=where, noun="head")


def data(run, **options):
    return squares(run, run.interactions(), **options).data


def sent(page):
    return [value["members"] for value in page.evaluate("window.sent.map(([, name, value]) => value)")]


def test_a_click_selects_and_a_hover_reads_and_lights(chromium):
    page = mounted(chromium, data(heads()), name="squares")
    square, read = page.locator("[data-player]"), page.locator(".said")
    assert sent(page) == [] and "Point at a head" in read.inner_text()
    page.locator("[data-player='3']").hover()
    assert (
        read.inner_text().startswith("L2.H1: ")
        and "of 7 by size, in 2 of the 2 strongest" in read.inner_text()
    )
    assert page.locator(".square.lit").count() == 3 and sent(page) == []
    before = page.locator(".read").bounding_box()
    page.locator("[data-player='3']").click()
    page.locator("[data-player='6']").click(modifiers=["Control"])
    assert page.locator(".selected").count() == 2
    page.locator("[data-player='3']").click(modifiers=["Control"])
    page.locator("[data-player='6']").click()
    assert sent(page) == [[3], [3, 6], [6], []] and page.locator(".selected").count() == 0
    assert page.locator(".read").bounding_box() == before, "the line under the squares has moved"
    assert square.count() == 7 and page.locator(".board .hole").count() == 5 and page.errors == []


def test_the_keyboard_goes_in_two_dimensions_over_the_holes(chromium):
    page = mounted(chromium, data(heads()), name="squares")
    assert page.locator("[tabindex='0']:not(.term)").count() == 1
    page.keyboard.press("Tab")  # to the words of the field
    page.keyboard.press("Tab")
    steps = [page.evaluate(FOCUSED)]
    for key in (
        "ArrowRight",
        "ArrowRight",
        "ArrowRight",
        "ArrowUp",
        "ArrowUp",
        "ArrowUp",
        "Home",
        "ArrowDown",
    ):
        page.keyboard.press(key)
        steps.append(page.evaluate(FOCUSED))
    assert steps == ["0", "1", "2", "2", "4", "6", "6", "5", "3"]
    assert page.locator(".said").inner_text().startswith("L2.H1: ")
    for key in ("Enter", "ArrowRight", "m", "Escape"):
        page.keyboard.press(key)
    assert sent(page) == [[3], [3, 4], []] and page.locator("[tabindex='0']:not(.term)").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == "4", "the one Tab stop is where one was"


def test_the_text_and_the_squares_of_a_run_are_one_picture(chromium):
    run = heads()
    page = mounted(chromium, {**data(run), "run": "one"}, name="squares")
    page.evaluate(
        ADD, [script("strip"), style("strip"), {**strip.data(run, run.interactions()), "run": "one"}]
    )
    page.locator("[data-player='3']").hover()
    assert page.locator(".token.lit").count() == 3 and page.locator(".comb.lit").count() == 2
    page.locator(".comb").first.click()
    assert page.locator(".square.selected").count() == 2


def test_what_is_switched_off_is_hollow_here_and_struck_out_in_the_text(chromium):
    run = heads()
    page = mounted(chromium, {**data(run), "run": "one", "switches": True}, name="squares")
    page.evaluate(
        ADD, [script("strip"), style("strip"), {**strip.data(run, run.interactions()), "run": "one"}]
    )
    page.get_by_role("button", name="Switch off", exact=True).click()
    page.locator("[data-player='3']").click()
    page.locator("[data-player='6']").press("o")
    assert page.locator(".square.off").count() == 2 and page.locator(".token.off").count() == 2
    assert sent(page) == [] and page.locator(".selected").count() == 0
    page.get_by_role("button", name="Switch all on again").click()
    assert page.locator(".off").count() == 0 and page.errors == []


def test_the_server_selects_without_a_redraw(chromium):
    page = mounted(chromium, data(heads()), name="squares")
    page.evaluate("window.kept = window.roots[0].querySelector('.square')")
    page.evaluate("data => window.again(0, data)", data(heads(), selection=(4,)))
    assert page.locator(".square.selected").get_attribute("data-player") == "4"
    assert page.locator(".said").inner_text().startswith("L2.H2: ")
    assert page.evaluate("window.kept.isConnected") and sent(page) == [] and page.errors == []


def test_while_a_run_goes_on_a_head_is_read_and_not_clicked(chromium):
    page = mounted(chromium, {**data(heads()), "still": True}, name="squares")
    assert page.locator(".said").inner_text() == "Point at a head to read its value."
    page.locator("[data-player='3']").click()
    page.keyboard.press("Escape")
    assert page.locator(".said").inner_text().startswith("L2.H1: ") and sent(page) == []
    assert page.locator(".selected").count() == 0


@pytest.mark.parametrize("width", [400, 1920])
def test_squares_stay_square_and_the_page_never_scrolls_sideways(chromium, width):
    many = np.array([[layer, head] for layer in range(24) for head in range(32)], dtype=float)
    few = np.arange(1)[:, None] * np.ones((1, 2))
    one = changed(build(("all",), {(0,): 1.0}), layout=few, noun="layer")
    large = heads(tuple(f"L{layer:.0f}.H{head:.0f}" for layer, head in many), many)
    hostile = heads(HOSTILE, np.array([[0, i] for i in range(len(HOSTILE))], dtype=float))
    page = mounted(chromium, *map(data, (heads(), large, one, hostile)), width=width, name="squares")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate(SIZES)
    assert len(sizes) == 7 + 24 * 32 + 1 + len(HOSTILE)
    assert all(abs(wide - high) < 0.5 and 18 <= wide <= 35 for wide, high in sizes)
    cut = "window.roots.flatMap(root => [...root.querySelectorAll('.layer, .place, .corner, .item')])"
    assert page.evaluate(f"{cut}.filter(one => one.scrollWidth > one.clientWidth + 1).length") == 0
    assert page.locator("img, script").count() == 0 and page.errors == []
