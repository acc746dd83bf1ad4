"""Gestures and places of the arcs in a real Chromium."""

import pytest

from spexviz.views import arcs, strip
from tests.views.harness import beside, browser, mounted
from tests.views.test_arcs import recorded

pytestmark = pytest.mark.browser

# labels that reach over an edge, are cut, or lie on another; and badges on a label, and lines behind one
BAD_PLACES = """() => {
  const root = window.roots[0].querySelector(".spexviz-arcs");
  const edge = root.getBoundingClientRect();
  const boxes = (name) =>
    [...root.querySelectorAll(name)].map((one) => [one.textContent, one.getBoundingClientRect(), one]);
  const isBefore = (a, b) => a.right <= b.left + 0.5 || a.bottom <= b.top + 0.5;
  const labels = boxes(".player:not([hidden])"), marks = boxes(".badges .mark"), bad = [];
  for (const [text, box, one] of [...labels, ...marks]) {
    if (box.left < edge.left - 1 || box.right > edge.right + 1) bad.push(`over the edge: ${text}`);
    if (one.scrollWidth > one.clientWidth + 1) bad.push(`cut: ${text}`);
  }
  labels.forEach(([text, box], k) => {
    for (const [other, there] of [...labels.slice(k + 1), ...marks]) {
      if (!isBefore(box, there) && !isBefore(there, box)) bad.push(`${text} on ${other || "a badge"}`);
    }
  });
  for (const path of root.querySelectorAll(".lines .ink")) {
    const spots = Array.from({ length: path.getTotalLength() / 4 }, (_, k) => path.getPointAtLength(4 * k));
    const matrix = path.getScreenCTM();
    const isIn = ({ left, right, top, bottom }, { x, y }) => x > left && x < right && y > top && y < bottom;
    for (const [text, box] of labels) {
      if (spots.some((spot) => isIn(box, spot.matrixTransform(matrix)))) bad.push(`a line behind ${text}`);
    }
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def chromium():
    pytest.importorskip("playwright")
    with browser() as running:
        yield running


def data(run, **options):
    return arcs.data(run, run.interactions(), **options)


def sent(page):
    return page.evaluate("window.sent.map(([, name, value]) => [name, value])")


def badge(page, shown, members):
    k = [one["m"] for one in shown["sets"]].index(members)
    return page.locator(f".badges [data-set='{k}']")


def test_gestures_by_mouse(chromium, review):
    shown = data(review)
    page = mounted(chromium, shown, name="arcs")
    never = page.locator(".player").filter(has_text="never")
    assert sent(page) == [] and page.locator(".lit, .lighting").count() == 0, (
        "mounting must not trigger or light"
    )
    never.hover()
    own = [one for one in shown["sets"] if 2 in one["m"]]
    assert page.locator(".badges .lit").count() == page.locator(".lines .lit").count() == len(own)
    assert page.locator(".player.lit").count() == len({i for one in own for i in one["m"]})
    assert f"in {len(own)} of the sets shown" in page.locator(".read").inner_text()
    height = page.locator(".spexviz-arcs").bounding_box()["height"]
    badge(page, shown, [2, 3]).hover()
    assert page.locator(".player.lit .name").all_inner_texts() == ["never", "fails"]
    assert shown["sets"][0]["said"] in page.locator(".read").inner_text()
    assert page.locator(".spexviz-arcs").bounding_box()["height"] == height, "nothing jumps"
    assert sent(page) == [], "hovering must not trigger"
    for _ in range(2):
        badge(page, shown, [2, 3]).click()
    never.click()
    assert [value["members"] for _, value in sent(page)] == [[2, 3], [], [2]]
    assert page.errors == []


def test_gestures_by_keyboard(chromium, review):
    shown = data(review)
    page = mounted(chromium, shown, name="arcs")
    assert page.locator("[tabindex='0']:not(.term)").count() == 1, "one stop"
    page.keyboard.press("Tab")  # to the words of the field
    page.keyboard.press("Tab")
    for key in (
        "ArrowRight",
        "Enter",
        "ArrowUp",
        "Enter",
        "ArrowRight",
        "Enter",
        "ArrowDown",
        "Enter",
        "Escape",
    ):
        page.keyboard.press(key)
    second = shown["players"][1]["p"]
    sets = [one["m"] for one in shown["sets"]]
    first = next(k for k, members in enumerate(sets) if second in members)
    expected = [[second], sets[first], sets[first + 1], [sets[first + 1][0]], []]
    assert [value["members"] for _, value in sent(page)] == expected
    assert page.locator("[aria-pressed='true']").count() == 0 and page.errors == []


def test_it_is_linked_with_the_strip_of_its_run(chromium, review):
    both = strip.data(review, review.interactions()), data(review)
    page = mounted(chromium, {**both[0], "run": "one"}, name="strip")
    beside(page, {**both[1], "run": "one"}, "arcs")
    page.locator(".comb").nth(0).hover()
    assert page.locator(".player.lit .name").all_inner_texts() == ["never", "fails"]
    page.locator(".player").filter(has_text="never").click()
    assert page.locator(".token.selected").all_inner_texts() == ["never"]
    page.locator(".comb").nth(0).click()
    assert page.locator(".badges .selected").count() == 1 and page.locator(".player.selected").count() == 2
    assert page.errors == []


def test_selection_comes_down_without_a_redraw(chromium, review):
    page = mounted(chromium, data(review), name="arcs")
    page.evaluate("window.kept = window.roots[0].querySelector('.player')")
    page.evaluate("data => window.again(0, data)", data(review, selection=(2, 3)))
    assert page.locator(".player.selected .name").all_inner_texts() == ["never", "fails"]
    assert page.evaluate("window.kept === window.roots[0].querySelector('.player')") and sent(page) == []
    page.evaluate("data => window.again(0, data)", data(review, dark=True))
    assert not page.evaluate("window.kept.isConnected") and page.locator(".spexviz-arcs").count() == 1


@pytest.mark.parametrize(
    ("run", "width", "is_down"),
    [
        ("prompt/never-fails", 700, False),
        ("prompt/never-fails", 400, True),
        ("prompt/turns", 400, True),
        ("prompt/turns", 1440, False),
        ("training/elevator", 400, True),
        ("heads/copying", 400, False),
        ("heads/copying", 1000, False),
        ("heads/eiffel-tower", 400, False),
    ],
)
def test_every_label_is_whole_and_nothing_lies_on_another(chromium, run, width, is_down):
    page = mounted(chromium, data(recorded(run)), name="arcs", width=width)
    assert page.evaluate(BAD_PLACES) == []
    assert page.locator(".stage.down").count() == is_down
    assert page.evaluate("document.documentElement.scrollWidth") <= width and page.errors == []
    order = page.locator(".player").evaluate_all("all => all.map((one) => one.getBoundingClientRect())")
    if run.startswith("prompt"):
        way = "y" if is_down else "x"
        assert [box[way] for box in order] == sorted(box[way] for box in order), "in reading order"


def test_only_as_many_sets_as_can_be_read_are_drawn_and_it_says_how_many(chromium):
    run = recorded("prompt/turns")
    page = mounted(chromium, data(run, top=200), name="arcs", width=330)
    drawn, total = page.locator(".badges .set").count(), data(run)["total"]
    assert 8 <= drawn < total and page.evaluate(BAD_PLACES) == []
    players = {i for one in data(run, top=200)["sets"][:drawn] for i in one["m"]}
    assert page.locator(".player:visible").count() == len(players), "and only their words"
    assert page.locator("[tabindex='0']:not(.term):visible").count() == 1
    assert (
        page.locator(".sub").inner_text().startswith(f"The {drawn} strongest sets of {total}, by mean effect")
    )
    page.set_viewport_size({"width": 1100, "height": 900})
    page.wait_for_function("n => window.roots[0].querySelectorAll('.badges .set').length > n", arg=drawn)
    assert page.errors == []


def test_hostile_text_stays_text(chromium, hostile):
    page = mounted(chromium, data(hostile), name="arcs")
    assert page.locator(".name").nth(0).inner_text() == "<img src=x onerror=alert(1)>"
    assert page.locator("img, script").count() == 0 and page.errors == []


def test_nothing_to_draw_is_said(chromium, review, make):
    nothing = make(("a", "b"), {(0,): 0.0}, draws=False)
    page = mounted(chromium, data(nothing, top=0), name="arcs")
    assert page.locator(".sub").inner_text() == data(nothing)["none"] and page.errors == []
    alone = arcs.data(review, review.interactions(order=1))
    page = mounted(chromium, alone, name="arcs")
    assert page.locator(".sub").inner_text() == "Only single players are shown (highest order 1)."
    assert (
        page.locator(".player").count() == len(alone["players"]) > 8
        and page.locator(".set").count() == 0
        and page.errors == []
    )


def test_what_comes_to_lie_under_a_resting_pointer_is_not_pointed_at(chromium):
    run = recorded("prompt/never-fails")
    page = mounted(chromium, data(run), name="arcs", width=700)
    badge(page, data(run), [2, 3]).hover()
    assert page.locator(".lighting").count() == 1
    page.evaluate("data => window.again(0, data)", data(run, top=8))
    page.wait_for_function("window.roots[0].querySelector('.player').isConnected")
    assert page.locator(".lit, .lighting").count() == 0 and sent(page) == []
    assert page.locator(".read").inner_text().startswith("Point at")
