"""A lesson walked to its end by the keyboard alone: each step is done where the page lets one do it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from spexviz.ui.learn import book
from spexviz.views.index_words import READINGS
from spexviz.views.lesson import Lesson, Step
from tests.browser.harness import idle, wait_until

MOST_TABS = 120
LONG = 20  # letters of a name that stands within the text of a card
ORDERS = [str(order) for order in range(1, 6)]
# what has the focus, through the roots of components
ACTIVE = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}"""


def walked(page: Any, lesson: Lesson) -> list[float]:
    """From the first step to the end; the seconds from each step's last key to the next panel."""
    idle(page)
    page.locator(".lesson").wait_for()
    times = []
    for k, step in enumerate(lesson.steps, 1):
        assert at(page) == k, (at(page), k)
        start = do(page, lesson, step)
        arrive(page, k + 1, f"step {k} of lesson {lesson.number} to be done")
        times.append(time.monotonic() - start)
        idle(page)
    for k, question in enumerate(lesson.questions):
        wrong, right = ([choice.right for choice in question.choices].index(found) for found in (False, True))
        chosen = wrong if k == 1 else right
        page.keyboard.press(str(chosen + 1))
        why = page.locator(".lesson .why")
        why.get_by_text("Right." if chosen == right else "Not so.").wait_for()
        start = time.monotonic()
        page.keyboard.press("n")
        arrive(page, len(lesson.steps) + k + 2, "the next question")
        times.append(time.monotonic() - start)
        idle(page)
    return times


def at(page: Any) -> int:
    """The place that the panel shows; one more than there are is the end, 0 for no panel."""
    read = "marks => [marks.findIndex(mark => mark.hasAttribute('aria-current')), marks.length]"
    found, count = page.locator(".lesson .place").evaluate_all(read)
    if found < 0:
        return count + 1 if count else 0
    return found + 1


def arrive(page: Any, place: int, what: str) -> None:
    wait_until(lambda: at(page) == place, 30, what)


def do(page: Any, lesson: Lesson, step: Step) -> float:
    """What the step asks for; when its last key was pressed."""
    goal = step.until
    if goal.tried:
        walk_cells(page, len(goal.tried))
    elif goal.did:
        for what in goal.did:
            DEEDS[what](page)
    if goal.index is not None:
        choose_index(page, READINGS[goal.index].label)
    if goal.order is not None:
        choose_segment(page, str(goal.order), ORDERS)
    if goal.off is not None:
        switch(page, lesson, step)
    if goal.selected is not None:
        names = [book.run_of(lesson.run_of(step)).players[i] for i in goal.selected]
        select = select_set if "What acts together" in step.show else select_row
        select(page, names)
    return time.monotonic()


# ---- keys -----------------------------------------------------------------------------------------------


def is_on(page: Any, selector: str) -> bool:
    return page.evaluate(f"selector => ({ACTIVE})()?.matches(selector) ?? false", selector)


def focused(page: Any, name: str) -> str:
    """An attribute of what has the focus, or its text."""
    read = f"name => {{ const at = ({ACTIVE})(); return at?.getAttribute(name) ?? at?.[name] ?? ''; }}"
    return str(page.evaluate(read, name))


def tab_to(page: Any, selector: str, where: Callable[[], bool] = lambda: True) -> None:
    """From the panel on by Tab to the first that matches, and for which `where` holds."""
    page.keyboard.press("l")
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if is_on(page, selector) and where():
            return
    raise AssertionError(f"Tab does not reach {selector}")


def move_to(page: Any, keys: list[str], is_there: Callable[[], bool]) -> None:
    """These keys one after the other until it is there."""
    if is_there():
        return
    for key in keys:
        page.keyboard.press(key)
        if is_there():
            return
    raise AssertionError(f"the keys do not lead there; the focus is on {focused(page, 'aria-label')!r}")


def walk_cells(page: Any, count: int) -> None:
    """Each cell of the table of masks."""
    tab_to(page, ".cell")
    for k in range(count):
        page.keyboard.press("Enter")
        idle(page)
        if k < count - 1:
            page.keyboard.press("Tab")


def switch(page: Any, lesson: Lesson, step: Step) -> None:
    """Each player that is to be switched off and is not, or the other way round, with O."""
    run = book.run_of(lesson.run_of(step))
    names = [run.players[i] for i in step.until.off or ()]
    if not names:
        tab_to(page, ".undo")
        page.keyboard.press("Enter")
        idle(page)
        return
    struck = page.locator(":is(.token, .square, .card[role=button]).off")
    before = [label_of(one) for one in struck.all()]
    wrong = [label for label in before if not any(is_called(label, name) for name in names)]
    missing = [name for name in names if not any(is_called(label, name) for label in before)]
    wrong = [name for name in run.players if any(is_called(label, name) for label in wrong)]
    for name in [*wrong, *missing]:
        go_to_player(page, name)
        page.keyboard.press("o")
        idle(page)


def label_of(one: Any) -> str:
    return str(one.get_attribute("aria-label") or one.inner_text())


def is_called(label: str, name: str) -> bool:
    """Whether a word, a head, or the card of an example is of this name."""
    return label.startswith((f"{name},", f"{name}:")) or (len(name) > LONG and name in label)


def go_to_player(page: Any, name: str) -> None:
    """A word, a head, or an example."""
    tab_to(page, ".token, .square, .card[role=button]")

    def is_it() -> bool:
        return is_called(focused(page, "aria-label") or focused(page, "innerText"), name)

    keys = ["Home", *["ArrowRight"] * 70]
    if is_on(page, ".square"):
        row = ["Home", *["ArrowRight"] * 12]
        keys = [*["ArrowDown"] * 12, *row, *([*["ArrowUp"], *row] * 30)]
    move_to(page, keys, is_it)


def select_set(page: Any, names: list[str]) -> None:
    """The arc that joins these, with Enter."""
    tab_to(page, ".player")

    def is_it() -> bool:
        members = focused(page, "aria-label").split(":")[0].split(" × ")
        pairs = zip(members, names, strict=False)
        fits = len(members) == len(names) and all(one.startswith(name.strip(".,")) for one, name in pairs)
        return fits and is_on(page, "[data-set]")

    def is_set() -> bool:
        return is_on(page, "[data-set]")

    # a player without a set has none across; the next has
    across = ["ArrowDown", "ArrowLeft"]
    move_to(page, [key for _ in range(60) for key in (*across, "ArrowRight")], is_set)
    if is_on(page, "[data-set]") and not is_it():
        move_to(page, ["Home", *["ArrowRight"] * 40], is_it)
    page.keyboard.press("Enter")


def select_row(page: Any, names: list[str]) -> None:
    """The row of these in the table, with Enter."""
    tab_to(page, "tr[data-row]")

    def is_it() -> bool:
        said = focused(page, "innerText")
        return said.count(" × ") == len(names) - 1 and all(name[:20].strip(".,") in said for name in names)

    move_to(page, ["End", *["ArrowUp"] * 60], is_it)
    page.keyboard.press("Enter")


def choose_index(page: Any, label: str) -> None:
    field = "input[role=combobox], [data-testid=stSelectbox] input"
    tab_to(page, field)
    page.keyboard.type(label[:20])
    page.get_by_role("option", name=label, exact=True).wait_for()
    page.keyboard.press("Enter")
    idle(page)


def choose_segment(page: Any, label: str, among: Sequence[str]) -> None:
    """One of several buttons of which one is pressed."""

    def text() -> str:
        return focused(page, "innerText").strip()

    tab_to(page, "[data-testid=stButtonGroup] button", lambda: text() in among)
    move_to(page, [*["ArrowLeft"] * len(among), *["ArrowRight"] * len(among)], lambda: text() == label)
    page.keyboard.press("Enter")
    idle(page)


# ---- what pieces ask for -------------------------------------------------------------------------------


def grow(page: Any) -> None:
    tab_to(page, "input[type=range]")
    page.keyboard.press("End")


def let_pass(page: Any) -> None:
    tab_to(page, ".spexviz-passing button", lambda: focused(page, "innerText") == "To the end")
    page.keyboard.press("Enter")


def read_a_bin(page: Any) -> None:
    tab_to(page, ".bin.single")
    page.keyboard.press("Enter")


def peel(page: Any) -> None:
    tab_to(page, ".spexviz-bins .bar button", lambda: focused(page, "innerText") == "Next round")
    for _ in range(3):
        page.keyboard.press("Enter")


def give_more_masks(page: Any) -> None:
    choose_segment(page, "54", ("24", "54"))


DEEDS: dict[str, Callable[[Any], None]] = {
    "grown": grow,
    "passed": let_pass,
    "single": read_a_bin,
    "peeled": peel,
    "trees": give_more_masks,
}
