"""Gestures of the text strip in a real Chromium."""

import pytest

from spexviz.views import strip
from tests.views.harness import browser, mounted

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium():
    pytest.importorskip("playwright")
    with browser() as running:
        yield running


def data(run, **options):
    return strip.data(run, run.interactions(), **options)


def sent(page):
    return page.evaluate("window.sent.map(([, name, value]) => [name, value])")


def test_gestures(chromium, review):
    shown = data(review)
    page = mounted(chromium, shown)
    token, comb = page.locator(".token"), page.locator(".comb")
    assert sent(page) == [], "mounting must not trigger"
    token.nth(2).hover()
    sets = [k for k, s in enumerate(shown["sets"]) if 2 in s["m"]]
    members = {i for k in sets for i in shown["sets"][k]["m"]}
    assert page.locator(".comb.lit").count() == len(sets) and page.locator(".token.lit").count() == len(
        members
    )
    assert "never" in page.locator(".read").inner_text()
    comb.nth(0).hover()
    assert page.locator(".token.lit").all_inner_texts() == ["never", "fails"]
    assert sent(page) == [], "hovering must not trigger"
    comb.nth(0).click()
    comb.nth(0).click()
    token.nth(5).click(modifiers=["Shift"])
    assert sent(page) == [
        ["select", {"members": [2, 3]}],
        ["select", {"members": []}],
        ["select", {"members": [5], "toggle": True}],
    ]
    assert page.errors == []


def test_a_preview_shows_colours_and_says_and_reports_nothing(chromium, review):
    page = mounted(chromium, strip.preview(review.subject, review.main_effects()))
    token = page.locator(".token")
    assert (
        token.count() == 14 and page.locator(".legend, .read, .comb, .none, [aria-label*='0.']").count() == 0
    )
    shades = page.evaluate(
        "Array.from(window.roots[0].querySelectorAll('.token'), (t) => t.style.getPropertyValue('--cell'))"
    )
    assert len(set(shades)) > 3
    token.nth(2).hover()
    token.nth(2).click()
    page.keyboard.press("Enter")
    assert sent(page) == [] and page.errors == []
    page.evaluate("data => window.again(0, data)", data(review))
    assert page.locator(".comb").count() == len(data(review)["sets"])
    assert page.locator(".spexviz-strip").count() == 1


def test_keyboard(chromium, review):
    page = mounted(chromium, data(review))
    page.locator(".token").nth(0).focus()
    for key in ("ArrowRight", "ArrowRight", "Enter", "End", "Enter", "Escape"):
        page.keyboard.press(key)
    assert [value["members"] for _, value in sent(page)] == [[2], [13], []]
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert sent(page)[-1][1]["members"] == data(review)["sets"][1]["m"]
    assert page.locator(".comb").nth(1).get_attribute("aria-pressed") == "true"
    assert page.locator("[tabindex='0']").count() == 2, "one stop for the text and one for the sets"


def test_selection_comes_down_without_a_redraw(chromium, review):
    first, chosen = data(review), data(review, selection=(11, 12))
    page = mounted(chromium, first)
    page.evaluate("window.kept = window.roots[0].querySelector('.token')")
    page.evaluate("data => window.again(0, data)", chosen)
    assert page.locator(".token.selected").all_inner_texts() == ["anything", "but"]
    assert page.evaluate("window.kept === window.roots[0].querySelector('.token')") and sent(page) == []
    page.evaluate("data => window.again(0, data)", data(review, dark=True))
    assert not page.evaluate("window.kept.isConnected") and page.locator(".spexviz-strip").count() == 1


def test_hostile_text_stays_text(chromium, hostile):
    page = mounted(chromium, data(hostile))
    assert page.locator(".token").nth(0).inner_text() == "<img src=x onerror=alert(1)>"
    assert page.locator("img, script").count() == 0 and page.errors == []


@pytest.mark.parametrize("width", [1200, 420])
def test_nothing_overflows(chromium, long, hostile, width):
    page = mounted(chromium, data(long), data(hostile), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".token").count() == 510 and page.errors == []


def test_teeth_stand_under_their_words_when_the_text_is_one_line(chromium, make):
    words = ("Her", "acting", "never", "fails")
    page = mounted(chromium, data(make(words, {(2,): 0.1, (2, 3): 0.6})))
    teeth = [page.locator(".tooth").nth(k).bounding_box() for k in (0, 1)]
    tokens = [page.locator(".token").nth(k).bounding_box() for k in (2, 3)]
    for tooth, token in zip(teeth, tokens, strict=True):
        assert abs(tooth["x"] + tooth["width"] / 2 - token["x"] - token["width"] / 2) < 2
