"""Runs are presented one panel at a time: by keyboard alone, by mouse, from one run to the next, and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.harness import idle, wait_until
from tests.browser.test_story import open_card, recorded
from tests.browser.test_what_if import answer, everywhere, measured

pytestmark = pytest.mark.browser
STEP = 300  # ms from a key to the next panel; the machine may be busy, so one of several
PLAYLIST = "prompt.never-fails,heads.copying"
# how long until another panel stands there than did before the key
TIMED = """(key) => new Promise((done) => {
  const drawn = () => [...document.querySelectorAll("[data-testid=stMain] [class*=st-key-]")]
    .map((one) => one.className).join();
  const before = drawn(), start = performance.now(), most = 10_000;
  document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  const look = () => {
    const took = performance.now() - start;
    if (drawn() === before && took < most) requestAnimationFrame(look);
    else done(took);
  };
  look();
})"""
FOCUSED = """(() => {
  let one = document.activeElement;
  while (one?.shadowRoot) one = one.shadowRoot.activeElement;
  return one?.tagName;
})()"""
FITS = """(() => {
  const main = document.querySelector("[data-testid=stMain]");
  return main.scrollWidth <= main.clientWidth && main.scrollHeight <= main.clientHeight + 2;
})()"""
ON_ONE_PAGE = (".spexviz-question", ".headline", ".stPlotlyChart", ".metered", ".token", ".spexviz-tried")


def title(page: Any) -> str:
    return page.locator(".stepper h1").inner_text()


def position(page: Any) -> str:
    return " ".join(page.locator(".stepper .position").inner_text().split())


def stands(page: Any, at: str, of: str = "") -> None:
    wait_until(lambda: position(page).startswith(at) and of in title(page), 20, f"step {at} {of}")
    idle(page)


def has_heading(page: Any) -> bool:
    """Whether the heading has the focus: a screen reader has said it."""
    return page.evaluate(FOCUSED) == "H1"


def fits(page: Any) -> bool:
    return page.evaluate(FITS)


@everywhere()
def test_a_run_is_presented_by_keyboard_alone(server, open_page, theme: str, width: int) -> None:
    run = recorded("prompt", "never-fails")
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    page.get_by_label("Prompt", exact=True).press("p")  # what is typed is no shortcut
    assert "/explore" in page.url
    open_card(page, "prompt", "never-fails")
    page.locator(".token").first.wait_for()
    came = page.url
    page.keyboard.press("p")
    page.locator(".stepper h1").wait_for()
    stands(page, "1 of 9", "What was asked")
    assert has_heading(page) and page.locator("[data-testid=stSidebar]").is_hidden()
    times = []
    for at, key in enumerate(("ArrowRight", " ", "PageDown"), 2):
        times.append(page.evaluate(TIMED, key))
        stands(page, f"{at} of 9")
        assert (has_heading(page) and fits(page)) or width < 1000
    assert min(times) < STEP, times
    assert title(page) == "The text" and "at=4" in page.url
    words = page.locator(".token")
    never = [word.inner_text() for word in words.all()].index("never")
    words.first.focus()
    for _ in range(never):
        page.keyboard.press("ArrowRight")  # among the words, not to the next panel
    page.keyboard.press("o")
    answer(page, f"Without “never” the model says “positive” with {measured(run, never)} instead of")
    assert position(page) == "4 of 9"
    page.wait_for_url(re.compile(f"[?&]off={never}"))
    page.reload()
    stands(page, "4 of 9", "The text")
    answer(page, "Without “never”")
    page.keyboard.press("PageUp")
    stands(page, "3 of 9", "How far to trust it")
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/explore\?run="))
    page.locator(".token").first.wait_for()
    assert page.url.split("&")[0] == came.split("&")[0]
    expect(page.locator("[data-testid=stSidebar]")).to_have_count(1)


@pytest.mark.campaign
def test_a_playlist_goes_from_one_run_to_the_next_by_mouse(server, open_page) -> None:
    page = open_page(f"{server.url}/present?runs={PLAYLIST}&at=99", width=1024, height=768)
    stands(page, "9 of 9 run 1 of 2")
    assert "at=9" in page.url and "show=1" in page.url
    forth, back = (page.get_by_role("button", name=name) for name in ("Next run", "Back"))
    forth.click()
    stands(page, "1 of", "What was asked")
    assert "run 2 of 2" in position(page) and "show=2&at=1" in page.url
    back.click()
    stands(page, "9 of 9 run 1 of 2")
    page.get_by_role("button", name="Leave").click()  # it came from nowhere: to the run's own page
    page.wait_for_url(re.compile(r"/explore\?run=[0-9a-f]{16}"))
    page.locator(".token").first.wait_for()


def test_the_gallery_is_presented_and_an_address_is_followed_or_harms_nothing(server, open_page) -> None:
    page = open_page(f"{server.url}/gallery")
    page.get_by_role("button", name="Present these").click()
    page.wait_for_url(re.compile(r"/present\?runs=prompt\.never-fails,"))
    stands(page, "1 of", "What was asked")
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile("/gallery"))
    page.get_by_role("button", name="Present these").wait_for()
    hostile = f"runs=../../etc,{'0' * 16},<img src=x>,prompt.nothing&show=-4&at=1e9&off=x"
    page.goto(f"{server.url}/present?{hostile}")
    page.get_by_text("This run is not on this machine").wait_for()
    assert page.locator("img[src=x]").count() == 0
    stands(page, "1 of 1")
    page.goto(f"{server.url}/present?runs={PLAYLIST}&at=last")
    stands(page, "9 of 9 run 1 of 2")


@everywhere()
def test_a_run_is_told_on_one_page(server, open_page, theme: str, width: int) -> None:
    page = open_page(f"{server.url}/explore", width=width, theme=theme)
    open_card(page, "prompt", "never-fails")
    page.get_by_role("radio", name="brief").click()
    page.get_by_role("heading", name="Try it").wait_for()
    idle(page)
    told = (".spexviz-question", ".headline", ".stPlotlyChart", ".metered", ".token", ".spexviz-tried")

    def is_in_order() -> bool:  # what is left of another depth goes last
        boxes = [page.locator(one).first.bounding_box() for one in told]
        tops = [box["y"] for box in boxes if box]
        return len(tops) == len(told) and tops == sorted(tops)

    wait_until(is_in_order, 30, "sentence, finding, path, how sure, try it")
    assert page.get_by_role("tab").count() == 0
    assert "depth=brief" in page.url
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    assert height <= 2 * 900 or width < 1000
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("radio", name="anyone").click()
    page.get_by_role("tab").first.wait_for()
