"""A page of a real Chromium, in which the times of a load are taken."""

from __future__ import annotations

import random
import time

from tests.browser import harness

WORDS = (
    "not",
    "never",
    "good",
    "bad",
    "great",
    "awful",
    "worst",
    "film",
    "plot",
    "music",
    "hardly",
    "boring",
)


def prompt(rng: random.Random, words: int) -> str:
    """Some words; the last makes it a run of its own."""
    return " ".join([*rng.choices(WORDS, k=words - 1), f"w{rng.randrange(10**9)}"])


def browse(url: str, seconds: float) -> list[float]:
    """Type, and go to the runs and back, in a page; the seconds until each change was seen."""
    rng = random.Random(url)
    times: list[float] = []
    end = time.monotonic() + seconds
    with harness.chromium() as browser:
        page = browser.new_page()
        page.goto(f"{url}/explore")
        harness.idle(page)
        while time.monotonic() < end:
            count = rng.randint(12, 60)
            box = page.get_by_label("Prompt", exact=True)
            box.fill(prompt(rng, count))
            start = time.monotonic()
            box.press("Tab")
            page.get_by_text(f"{count} words: ").wait_for()
            times.append(time.monotonic() - start)
            start = time.monotonic()
            page.get_by_test_id("stSidebarNavLink").filter(has_text="Runs").click()
            page.get_by_role("heading", name="Runs", exact=True).wait_for()
            times.append(time.monotonic() - start)
            page.get_by_test_id("stSidebarNavLink").filter(has_text="Explore").click()
            page.get_by_label("Prompt", exact=True).wait_for()
            harness.idle(page)
            time.sleep(rng.uniform(0.4, 2.0))
    return times
