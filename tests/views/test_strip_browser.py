"""Gestures of the text strip in a real Chromium."""

import pytest

from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.views import strip
from spexviz.views.selected import selected
from spexviz.views.story import Look
from spexviz.views.tried import Outcome, tried
from tests.views.harness import beside, browser, mounted

pytestmark = pytest.mark.browser
TURNS = ASSETS / "runs" / "prompt" / "turns.json"

# Of each lane its set, its teeth and how far its line runs; of each token its middle and its edges.
MEASURE = """() => {
  const root = window.roots[0];
  const box = (one) => one.getBoundingClientRect();
  const edges = (all) => [
    Math.min(...all.map((one) => box(one).top)), Math.max(...all.map((one) => box(one).bottom))];
  const middle = (one) => (box(one).left + box(one).right) / 2;
  const lanes = Array.from(root.querySelectorAll(".lane"), (lane) => ({
    k: Number(lane.dataset.comb),
    number: lane.querySelector("text").textContent,
    teeth: Array.from(lane.querySelectorAll(".tooth"), middle),
    line: Array.from(lane.querySelectorAll(".spine"), (one) => [box(one).left, box(one).right])[0],
    y: edges(Array.from(lane.querySelectorAll(".tooth"))),
  }));
  const tokens = Array.from(root.querySelectorAll(".token"), (one) => ({ x: middle(one), y: edges([one]) }));
  return { lanes, tokens };
}"""


@pytest.fixture(scope="module")
def chromium():
    pytest.importorskip("playwright")
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def turns():
    """A recorded run of 27 words, with 12 sets."""
    return Explanation.from_json(TURNS.read_text(encoding="utf-8"))


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
    assert sent(page) == [["select", {"members": [2, 3]}], ["select", {"members": []}]]
    assert page.locator(".tools").count() == 0 and page.errors == [], "nobody answers what is switched off"


def struck(page):
    return page.locator(".token.off").all_inner_texts()


def chosen(page):
    return page.locator(".token.selected").all_inner_texts()


def test_words_are_marked_and_switched_off_by_keys_and_by_modes(chromium, review):
    """What is off is told by nobody here: that is the matter of the view that asks the model."""
    page = mounted(chromium, {**data(review), "switches": True})
    token, comb, undo = page.locator(".token"), page.locator(".comb"), page.locator(".undo")
    assert not undo.is_visible() and page.get_by_role("button", name="Look").get_attribute("aria-pressed")
    token.nth(2).click(modifiers=["Shift"])
    comb.nth(1).click(modifiers=["Shift"])
    assert struck(page) == ["never", "anything", "but"] and undo.is_visible() and sent(page) == []
    assert token.nth(2).get_attribute("aria-label").endswith(", switched off")
    assert page.locator(".comb.out").count() >= 2
    token.nth(2).click(modifiers=["Shift"])
    undo.click()
    assert struck(page) == [] and not undo.is_visible() and page.locator(".comb.out").count() == 0
    for i in (5, 2, 0, 5):
        token.nth(i).click(modifiers=["Control"])
    assert chosen(page) == ["Her", "never"] and sent(page)[-1] == ["select", {"members": [0, 2]}]
    assert page.evaluate("String(getSelection())") == ""
    page.get_by_role("button", name="Mark").press("Enter")
    comb.nth(0).click()
    assert chosen(page) == ["Her", "never", "fails"]
    page.get_by_role("button", name="Switch off", exact=True).click()
    assert "switches a player off" in page.locator(".help").inner_text()
    token.nth(3).click()
    token.nth(3).press("ArrowRight")
    for key in ("Enter", "ArrowRight", "o", "ArrowRight", "Delete", "m"):
        page.keyboard.press(key)
    assert struck(page) == ["fails", "to", "impress,", "even"]
    assert chosen(page) == ["Her", "never", "fails", "even"] and page.errors == []


def test_what_is_switched_off_is_told_once_and_no_older_answer_takes_it_back(chromium, review):
    run = {"run": "one"}
    nothing, never = ({**tried(review, found).data, **run} for found in (Outcome(), Outcome((2,), after=0.5)))
    page = mounted(chromium, nothing, name="tried")
    beside(page, {**data(review), **run, "switches": True}, "strip")
    sentence, token = page.locator(".sentence"), page.locator(".token")
    assert sentence.inner_text().startswith("Shift-click a player")
    token.nth(2).click(modifiers=["Shift"])
    page.evaluate("data => window.again(0, data)", nothing)
    assert sent(page) == [["off", {"members": [2]}]] and struck(page) == ["never"]
    assert sentence.inner_text() == "Without “never” …" and page.locator(".asking").count() == 1
    page.evaluate("data => window.again(0, data)", never)
    answer = never["answers"]["2"]
    assert sentence.inner_text() == answer["said"] and page.locator(".asking").count() == 0
    assert page.locator(".help").inner_text() == answer["told"], "beside the words as well"
    token.nth(2).click(modifiers=["Shift"])
    assert sent(page)[-1] == ["off", {"members": []}] and len(sent(page)) == 2
    page.evaluate("data => window.again(0, data)", nothing)
    assert page.locator(".row").count() == 0 and "Shift-click switches" in page.locator(".help").inner_text()
    page.evaluate("data => window.again(0, data)", never)  # a link, or a list
    page.locator(".spexviz-tried .undo").click()
    assert struck(page) == [] and len(sent(page)) == 3 and page.errors == []


def test_the_first_tap_does_what_the_mode_says(chromium, review):
    page = mounted(chromium, {**data(review), "switches": True}, width=400, has_touch=True)
    page.get_by_role("button", name="Switch off", exact=True).tap()
    page.locator(".token").nth(2).tap()
    assert struck(page) == ["never"] and sent(page) == []
    page.evaluate("data => window.again(0, data)", {**data(review, dark=True), "switches": True})
    assert struck(page) == ["never"] and page.locator(".undo").is_visible(), "also where it is drawn anew"


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
    assert page.locator("[tabindex='0']").count() == 3, "one for the text, the sets, the words of the field"


def test_what_comes_to_lie_under_a_resting_pointer_is_not_pointed_at(chromium, turns):
    page = mounted(chromium, data(turns), width=1000)
    lit = page.locator(".lit")
    page.locator(".comb").nth(4).hover()
    assert lit.count() > 0
    page.evaluate("data => window.again(0, data)", data(turns, top=8))
    page.wait_for_function("window.roots[0].querySelector('.comb:hover')")  # so the browser has seen it
    assert lit.count() == 0 and page.locator(".lighting").count() == 0
    assert page.locator(".read").inner_text().startswith("Point at")
    box = page.locator(".comb").nth(4).bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 6)
    assert lit.count() > 0 and sent(page) == [] and page.errors == []


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


def stand_under_their_words(page, sets):
    """The text is broken into lines; each set has a tooth under each of its words, between this line and the
    next, and a line that reaches from one to the next, or to the edge.

    The number of lines.
    """
    seen = page.evaluate(MEASURE)
    tokens, lanes = seen["tokens"], seen["lanes"]
    bottoms = sorted({round(token["y"][1]) for token in tokens})
    left, right = min(token["x"] for token in tokens), max(token["x"] for token in tokens)
    for k, members in enumerate(sets):
        own = [lane for lane in lanes if lane["k"] == k]
        assert {lane["number"] for lane in own} == {str(k + 1)}
        stood = []
        for lane in own:
            line = round(max(b for b in bottoms if b <= lane["y"][0] + 1))
            below = [token["y"][0] for token in tokens if token["y"][0] > line]
            assert lane["y"][1] <= min(below, default=1e9), "the lanes of a line end over the next line"
            here = [i for i in members if round(tokens[i]["y"][1]) == line]
            assert lane["teeth"] == pytest.approx([tokens[i]["x"] for i in here], abs=1)
            if line > min(round(tokens[i]["y"][1]) for i in members):
                assert lane["line"][0] < left
            if line < max(round(tokens[i]["y"][1]) for i in members):
                assert lane["line"][1] > right
            stood += here
        assert sorted(stood) == members
    return len(bottoms)


def test_combs_stand_under_their_words_on_every_line_at_every_width(chromium, turns):
    shown = data(turns)
    sets = [comb["m"] for comb in shown["sets"]]
    page = mounted(chromium, shown, width=400)
    narrow = stand_under_their_words(page, sets)
    page.set_viewport_size({"width": 1000, "height": 900})
    page.wait_for_function("!window.roots[0].querySelector('.narrow')")
    assert narrow > 4 > stand_under_their_words(page, sets) > 1
    assert page.locator(".comb .number").all_inner_texts() == [str(k + 1) for k in range(12)]
    assert page.locator(".glyph:visible").count() == 0 and page.errors == []


def test_combs_stand_under_their_words_in_a_text_of_60_words(chromium, make):
    words = tuple(
        f"{stock}{k}" for k in range(10) for stock in ("never", "a", "film", "impressive", "but", "of")
    )
    terms = {(i, i + 1 + 5 * (i % 7)): 0.9 - 0.01 * i for i in range(0, 24, 3)} | {
        (2, 30, 59): 0.8,
        (11, 12, 40): 0.7,
    }
    shown = data(make(words, terms))
    page = mounted(chromium, shown, width=400)
    sets = [comb["m"] for comb in shown["sets"]]
    assert len(sets) == 10 and stand_under_their_words(page, sets) > 9 and page.errors == []


def test_a_lane_is_pointed_at_and_clicked_as_its_set_is(chromium, turns):
    shown = data(turns)
    page = mounted(chromium, shown, width=1000)
    k = next(k for k, comb in enumerate(shown["sets"]) if len(comb["m"]) == 3)
    lane = page.locator(f".lane[data-comb='{k}'] .tooth").first
    lane.hover()
    assert page.locator(".comb.lit .number").all_inner_texts() == [str(k + 1)]
    assert page.locator(".token.lit").count() == 3 and page.locator(".lane.lit").count() >= 1
    lane.click()
    assert sent(page) == [["select", {"members": shown["sets"][k]["m"]}]]
    assert page.locator(".comb.selected .number").all_inner_texts() == [str(k + 1)]
    assert {one.get_attribute("data-comb") for one in page.locator(".lane.selected").all()} == {str(k)}


def test_a_long_text_shows_the_lanes_of_what_is_lit_or_selected(chromium, long):
    shown = data(long)
    page = mounted(chromium, shown)
    lanes = page.locator(".lane")
    place = "[window.roots[0].querySelector('.combs').offsetTop, document.documentElement.scrollHeight]"
    before = page.evaluate(place)
    assert lanes.count() == 0
    page.locator(".comb").nth(1).hover()
    assert {lane.get_attribute("data-comb") for lane in lanes.all()} == {"1"}
    page.locator(".comb").nth(2).click()
    page.mouse.move(1, 1)
    assert {lane.get_attribute("data-comb") for lane in lanes.all()} == {"2"}
    assert page.locator(".lane .tooth").count() == len(shown["sets"][2]["m"])
    assert page.evaluate(place) == before, "nothing moves for them"


def test_a_lane_is_dashed_where_its_interval_crosses_0(chromium, make):
    words = ("one", "two", "three", "four", "five", "six", "seven", "eight")
    shown = data(make(words, {(0, 1): 0.6, (2, 3): -0.4, (4, 5): 0.05}))
    page = mounted(chromium, shown, width=400)
    unsure = [k for k, comb in enumerate(shown["sets"]) if comb["i"][0] <= 0 <= comb["i"][1]]
    assert unsure == [2]
    spines = page.locator(".lane .spine").all()
    dashes = [spine.evaluate("one => getComputedStyle(one).strokeDasharray") for spine in spines]
    assert [dash != "none" for dash in dashes] == [False, False, True]
    assert page.locator(".lane.down").count() == 1


def test_the_sentence_has_its_place_and_moves_nothing(chromium, turns):
    first = data(turns)
    members = first["sets"][0]["m"]
    said = "not (24) × bad: " + "together they move the value, " * 10
    for width in (400, 1000):
        page = mounted(chromium, first, width=width)
        place = "window.roots[0].querySelector('.combs').getBoundingClientRect().top"
        before = page.evaluate(place)
        read, clear = page.locator(".said .read"), page.get_by_role("button", name="Clear selection")
        assert "click to follow it" in read.inner_text() and not clear.is_visible()
        page.locator(".comb").first.click()
        page.mouse.move(1, 1)
        assert read.inner_text().startswith("\u2068not (24) × bad\u2069: +0.86"), (
            "at once, as far as it is known"
        )
        page.evaluate("data => window.again(0, data)", {**first, "selection": members, "said": said})
        assert read.inner_text() == said.strip() and page.evaluate(place) == before
        page.locator(".token").first.hover()
        assert read.inner_text().startswith("\u2068Her\u2069") and page.evaluate(place) == before
        clear.click()
        assert sent(page)[-1] == ["select", {"members": []}] and page.locator(".selected").count() == 0
        page.mouse.move(1, 1)
        assert read.inner_text().startswith("Point at") and page.evaluate(place) == before
        assert page.errors == []
        page.close()


def test_while_a_run_goes_on_nothing_can_be_clicked_and_nothing_says_so(chromium, turns):
    page = mounted(chromium, {**data(turns, top=6), "still": True})
    read = page.locator(".said .read")
    assert "click" not in read.inner_text()
    page.locator(".comb").first.click()
    page.locator(".token").first.click()
    for key in ("Enter", "Escape"):
        page.keyboard.press(key)
    assert sent(page) == [] and page.locator(".selected").count() == 0
    page.keyboard.press("ArrowRight")
    assert "acting" in read.inner_text() and page.locator("[aria-label*='Enter selects']").count() == 0


def test_what_is_said_of_a_selection_that_other_views_have(chromium, review):
    run = {"run": "one"}
    look = lambda *members: Look(selection=members)
    shown = selected(review, look()).data
    page = mounted(chromium, {**shown, **run}, name="selected")
    read = page.locator(".said .read")
    assert read.inner_text().startswith("Click") and sent(page) == []
    page.evaluate("window.spexvizLinks.get('one').views.forEach((view) => view.select([2, 3]))")
    assert read.inner_text() == "…"
    other = selected(review, look(2, 3)).data
    page.evaluate("data => window.again(0, data)", {**other, **run})
    assert read.inner_text() == other["said"] != ""
    page.get_by_role("button", name="Clear selection").press("Enter")
    assert sent(page) == [["select", {"members": []}]] and read.inner_text() == shown["hint"]
