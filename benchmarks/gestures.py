"""Gestures: how soon a page follows the pointer, on a run of 500 tokens and 200 sets; and a card, opened.

All by the browser's own clock: from the event to the frame that shows what it has changed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from spexviz.results import Explanation
from tests.browser import harness
from tests.views.conftest import SENTENCE, build, spans_of

TOKENS, SETS = 500, 200
REST = 250  # ms
ABOVE = 60  # pixels from where a pointer comes: another word or row, mostly
READS = 6000  # ms that a visitor looks at cards before one is pressed
HOVER, CLICK, FOLLOWS = "hover lights", "click lights in the browser", "click to sentence and table"
CARD, WHOLE = "recorded card to finding, text and table", "recorded card to all of its page"
SHELF = "gallery card to finding, text and table"
PAIR = "two marked runs to the comparison page"
AIMS = {HOVER: 0.05, CLICK: 0.05, FOLLOWS: 0.6, CARD: 1.0, WHOLE: 2.0, SHELF: 1.0, PAIR: 2.0}

# From an event to the frame after which a condition holds; a component's shadow is looked into as well.
CLOCK = """
const HOSTS = "[data-testid=stBidiComponentIsolated], [data-testid=stBidiComponentIsolated] *";
window.hosts = () => [...document.querySelectorAll(HOSTS)].map((one) => one.shadowRoot);
window.within = (selector) => [document, ...hosts()]
  .flatMap((root) => (root ? [...root.querySelectorAll(selector)] : []));
window.lit = (name) => (window.words ??= within(".token")).some((word) => word.classList.contains(name));
window.clock = (type, holds) => {
  window.timed = new Promise((done) => addEventListener(type, ({ timeStamp }) => {
    const look = () => requestAnimationFrame(() => {
      if (holds()) setTimeout(() => done((performance.now() - timeStamp) / 1000));
      else look();
    });
    look();
  }, { capture: true, once: true }));
};
"""
LIT, CHOSEN = "() => aim.classList.contains('lit')", "() => lit('selected')"
TOLD = "one => one.textContent.includes('beyond what their parts do')"
SAID = f"() => within('.said.told .read').some({TOLD}) && within('tr[aria-selected=true]').length > 0"
SHOWN = "() => within('.headline h2').length && within('.comb').length && within('[role=grid] tr').length"
PAIRED = (
    "() => location.pathname.endsWith('compare') && within('.spexviz-strip .comb').length > 12 "
    "&& within('[role=grid] tr').length"
)
DRAWN = f"() => ({SHOWN})() && within('.js-plotly-plot .bars').length > 0"


def long_run() -> Explanation:
    """A text of 500 words, 200 sets of two to four of them."""
    rng = np.random.default_rng(0)
    stock = SENTENCE.split()
    words = tuple(stock[i] for i in rng.integers(len(stock), size=TOKENS))
    effects = {(i,): float(value) for i, value in enumerate(0.2 * rng.standard_normal(TOKENS))}
    while len(effects) < TOKENS + SETS:
        members = rng.choice(TOKENS, int(rng.integers(2, 5)), replace=False)
        effects[tuple(sorted(members.tolist()))] = float(0.4 * rng.standard_normal())
    text = " ".join(words)
    return build(words, effects, text=text, spans=spans_of(text), budget=2048, noise=0.0)


def gestures(browser: Any, home: Path) -> dict[str, float]:
    """Seconds, medians of some tries each, on a fresh server."""
    server = harness.Server(harness.new_home(home)).start()
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(CLOCK)
        page.goto(f"{server.url}/explore")
        harness.idle(page)
        # the pair are the two newest runs: what the gallery opens comes after it
        found = _opened(page) | _paired(page, server) | _from_gallery(page, server)
        _upload(page, server)
        return found | _pointed(page)
    finally:
        server.stop()


def _opened(page: Any) -> dict[str, float]:
    """A card of the form, opened for the first time on this server by somebody who has read it."""
    page.wait_for_timeout(READS)
    page.evaluate(f"clock('click', {SHOWN}); window.first = timed; clock('click', {DRAWN})")
    harness.card(page, "prompt", "turns").click()
    return {CARD: page.evaluate("first"), WHOLE: page.evaluate("timed")}


def _from_gallery(page: Any, server: harness.Server) -> dict[str, float]:
    """A card of the gallery, whose run opens on another page."""
    page.goto(f"{server.url}/gallery")
    card = harness.card(page, "prompt", "hotel")
    card.wait_for()
    harness.idle(page)
    page.wait_for_timeout(READS)
    page.evaluate(f"clock('click', {SHOWN})")
    card.click()
    return {SHELF: page.evaluate("timed")}


def _paired(page: Any, server: harness.Server) -> dict[str, float]:
    """Two recorded runs, marked in the list of runs and compared."""
    page.goto(f"{server.url}/explore?run=")
    harness.card(page, "prompt", "never-fails").click()
    page.get_by_text("Sets as a table").first.wait_for()
    page.goto(f"{server.url}/runs")
    boxes = page.get_by_role("checkbox", name="Mark ")
    for k in (1, 2):  # the first marks all
        boxes.nth(k).check()
        harness.idle(page)
    button = page.get_by_role("button", name="Compare", exact=True)
    harness.wait_until(button.is_enabled, 30, "two runs to be marked")
    page.evaluate(f"clock('click', {PAIRED})")
    button.click()
    return {PAIR: page.evaluate("timed")}


def _upload(page: Any, server: harness.Server) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.json"
        file.write_text(long_run().to_json(), encoding="utf-8")
        page.goto(f"{server.url}/runs")
        page.locator("input[type=file]").set_input_files(str(file))
        page.get_by_text("Sets as a table").first.wait_for()
        harness.idle(page)


def _pointed(page: Any) -> dict[str, float]:
    """Some words and all combs, pointed at; then some sets, clicked."""
    words = page.locator(".token")
    combs = page.locator(".comb")
    hovers = []
    for one in [*(words.nth(i) for i in range(0, TOKENS, 50)), *combs.all()]:
        one.scroll_into_view_if_needed()
        x, y = middle(one)
        page.mouse.move(x, y - ABOVE)
        one.evaluate("one => { window.aim = one }")
        page.wait_for_timeout(REST)  # until what was lit before has faded
        page.evaluate(f"clock('pointermove', {LIT})")
        page.mouse.move(x, y)
        hovers.append(page.evaluate("timed"))
    lights, follows = [], []
    for k in range(5):
        combs.nth(k).scroll_into_view_if_needed()
        x, y = middle(combs.nth(k))
        page.wait_for_timeout(REST)
        page.evaluate(f"clock('click', {CHOSEN}); window.first = timed; clock('click', {SAID})")
        page.mouse.click(x, y)
        lights.append(page.evaluate("first"))
        follows.append(page.evaluate("timed"))
        harness.idle(page)
        page.get_by_role("button", name="Clear selection").click()
        page.wait_for_function(f"!({CHOSEN})()")
        harness.idle(page)
    return {HOVER: median(hovers), CLICK: median(lights), FOLLOWS: median(follows)}


def middle(one: Any) -> tuple[float, float]:
    """Where to point: Playwright's own hover and click look at the page first, in the browser's time."""
    box = one.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
