"""What-if: how soon the model's answer without a word is on the page, beside a run and from the cache.

By the browser's own clock: from the click on the word to the frame that shows the answer.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks import gestures
from tests.browser import harness

BESIDE, KNOWN = "what-if beside a run", "what-if from the cache"
AIMS = {BESIDE: 1.5, KNOWN: 0.3}
WORDS = (3, 8, 13)  # switched off one after the other
SENTENCE = "(within('.spexviz-tried:not(.asking) .sentence')[0]?.textContent ?? '')"
ANSWERED = f"() => /the model (still )?says/.test({SENTENCE}) && {SENTENCE} !== window.before"


def opened(browser: Any, url: str) -> Any:
    """A page with a finished run, ready to be asked."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(gestures.CLOCK)
    page.goto(url)
    page.locator(".spexviz-tried").wait_for()
    harness.idle(page)
    return page


def beside(page: Any) -> float:
    """Seconds until the model has answered what nobody has asked, while it works on a run; a median."""
    return median([switch(page, word) for word in WORDS])


def from_cache(page: Any) -> float:
    """Seconds to the answers that were asked before, as the words are switched on again; a median."""
    return median([switch(page, word) for word in (*reversed(WORDS[1:]), WORDS[1])])


def switch(page: Any, word: int) -> float:
    """Switch a word off, or on again: seconds to the answer."""
    token = page.locator(".spexviz-strip .token").nth(word)
    token.scroll_into_view_if_needed()
    x, y = gestures.middle(token)
    page.wait_for_timeout(gestures.REST)
    page.evaluate(f"window.before = {SENTENCE}; clock('click', {ANSWERED})")
    page.keyboard.down("Shift")
    page.mouse.click(x, y)
    page.keyboard.up("Shift")
    seconds = page.evaluate("timed")
    harness.idle(page)
    return seconds
