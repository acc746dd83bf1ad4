"""The states in which a page can be: how each is reached, for pictures and for what is measured of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spexviz.ui.learn import book
from tests.browser import harness, paced
from tests.browser.harness import choose, explain, idle, type_prompt, wait_until

AUDIT = Path(__file__).with_name("audit.js").read_text(encoding="utf-8")
TABLE = "Sets as a table"
PROMPTS = (
    "This film is not good but never dull and hardly a great bore for long",
    "The food was not bad but nobody would call the service anything but slow",
    "The meal was not bad and hardly boring yet the wine was never great fun",
)
REFUSED = "'positively wonderful' is 2 tokens for this model. Choose a word that is one token."
RECORDED = (
    ("explore", "prompt", "never-fails"),
    ("explore", "prompt", "turns"),
    ("heads", "heads", "copying"),
    ("heads", "heads", "eiffel-tower"),
    ("training", "training", "elevator"),
    ("training", "training", "wrong-labels"),
    ("training", "training", "three"),
)
DEPTHS = ("anyone", "analyst", "researcher")
WIDTHS = (400, 1024, 1440, 1920)
ZOOMED = 720  # a window of 1440 px at 200 % zoom
THEMES = ("light", "dark")
HEIGHTS = {400: 860, ZOOMED: 450}


@dataclass(frozen=True)
class State:
    """A page by its address, the depth at which a run is told, and what is done before it is looked at."""

    name: str
    address: str
    depth: str = "anyone"
    then: Callable[[Any], None] | None = None

    def reach(self, page: Any, url: str) -> None:
        """Open it, and wait until it is drawn."""
        page.context.add_cookies([{"name": "spexviz-depth", "value": self.depth, "url": url}])
        page.goto(f"{url}/{self.address}")
        idle(page)
        page.locator("[data-testid=stMain] :is(h1, p)").first.wait_for()
        if "run=" in self.address:
            page.locator(".spexviz-question, [data-testid=stAlert]").first.wait_for()
        if self.then is not None:
            self.then(page)
        idle(page)
        page.wait_for_selector("[data-testid=stSkeleton]", state="detached")


def drawn_cards(page: Any) -> None:
    page.locator(".spexviz-shelf .picture rect").first.wait_for()


def focus_card(page: Any) -> None:
    """The third card, reached by the keyboard."""
    drawn_cards(page)
    page.locator(".spexviz-shelf .open").nth(1).focus()
    page.keyboard.press("Tab")


def open_folds(page: Any) -> None:
    """Everything that is folded, and no dialog."""
    for _ in range(3):  # a fold may hold one
        closed = page.locator("details:not([open]) > summary:visible")
        if not closed.count():
            return
        for _ in range(closed.count()):
            closed.first.click()
            idle(page)


def open_settings(page: Any) -> None:
    page.get_by_role("button", name="Link and settings").click()
    page.get_by_test_id("stPopoverBody").wait_for()


def select_first(page: Any) -> None:
    """The first comb, card or square, or what comes first of them."""
    page.locator(".comb, .card[role=button], .square").first.click()
    page.get_by_role("button", name="Clear selection").first.wait_for()


def switch_first_off(page: Any) -> None:
    """The first two words or squares, or the first card, and what the run says then."""
    for one in page.locator(".token, .square, .card[role=button]").all()[:2]:
        one.click(modifiers=["Shift"])
    page.locator(".spexviz-tried .row").first.wait_for()


def switch_a_word_off(page: Any) -> None:
    """The third word of the home page, by a plain press."""
    page.locator(".token").nth(2).click()
    page.get_by_text("Without “never” the model says").first.wait_for()


def explain_nothing(page: Any) -> None:
    """No sentence, and what the home page says then."""
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("Type a sentence first").wait_for()


def tab(number: int) -> Callable[[Any], None]:
    """The tab of this number, from 0, if there are so many."""

    def opened(page: Any) -> None:
        tabs = page.get_by_role("tab")
        tabs.first.wait_for()
        if number < tabs.count():
            tabs.nth(number).click()
            idle(page)

    return opened


def typed(page: Any) -> None:
    """A prompt in the form, and under the answers what they are to the model."""
    page.get_by_label("Prompt", exact=True).fill(PROMPTS[0])
    page.get_by_label("Prompt", exact=True).press("Tab")
    page.locator(".spexviz-tokens .said p").first.wait_for()


def mark_pieces(page: Any) -> None:
    """A prompt with three pieces marked by keyboard."""
    type_prompt(page, PROMPTS[1])
    choose(page, "Split into", "Pieces that you mark")
    page.locator(".spexviz-marker .text").first.press("Control+Home")
    for _ in range(3):
        for key in ("Control+ArrowRight",) * 3 + ("Enter",):
            page.keyboard.press(key)
        idle(page)


def write_messages(page: Any) -> None:
    """A prompt in a conversation of three messages."""
    type_prompt(page, PROMPTS[1])
    page.locator("summary").filter(has_text="Solver, template").click()
    page.locator("label").filter(has_text="Use the model's chat template").click()
    messages = page.get_by_placeholder("What was written")
    for number, name in enumerate(("Add a system message", "Add a message")):
        page.get_by_role("button", name=name).click()
        messages.nth(number).wait_for()
        messages.nth(number).fill("You know every restaurant of this town.")
        messages.nth(number).press("Tab")
        idle(page)


def of_forms() -> Iterator[State]:
    """The home page, the forms as they are and with their folds open, an unknown run, the gallery."""
    for lens in ("explore", "heads", "training"):
        yield State(f"{lens}-form", lens)
        yield State(f"{lens}-form-open", lens, then=open_folds)
    yield State("explore-form-typed", "explore", then=typed)
    yield State("explore-form-marks", "explore", then=mark_pieces)
    yield State("explore-form-messages", "explore", then=write_messages)
    yield State("home", "")
    yield State("home-off", "", then=switch_a_word_off)
    yield State("home-open", "", then=open_folds)
    yield State("home-empty", "", then=explain_nothing)
    yield State("unknown-run", f"explore?run={'0' * 16}")
    yield State("glossary", "glossary")
    yield State("gallery", "gallery", then=drawn_cards)
    yield State("gallery-focus", "gallery", then=focus_card)


def of_playground() -> Iterator[State]:
    """A function with what solvers find of it, as written and on average, refused, and guessed first."""
    yield State("playground", "playground", then=answered)
    yield State("playground-average", "playground?f=x0*x1-2*x2*x3*x4&n=10&sets=mean", then=answered)
    yield State("playground-wrong", "playground?f=x0+%26+(x1+|+)+x2", then=refused)
    yield State("playground-noise", "playground?f=x0*x1-2*x2&n=20&noise=0.5&budget=128", then=answered)
    yield State("playground-guess", "playground", then=guess_first)
    yield State("playground-guessed", "playground", then=guess_and_see)


def answered(page: Any) -> None:
    """Every solver has answered."""
    page.locator(".solver").nth(6).wait_for()
    page.get_by_text("Still at work").wait_for(state="detached")


def refused(page: Any) -> None:
    page.get_by_text("At character 12").wait_for()


def guess_first(page: Any) -> None:
    page.locator("label").filter(has_text="Guess first").click()
    page.get_by_role("button", name="hardly", exact=True).click()
    page.get_by_text("With only “hardly” it gives").wait_for()


def guess_and_see(page: Any) -> None:
    guess_first(page)
    page.get_by_role("button", name="Show the answer").click()
    answered(page)


def of_results(runs: dict[tuple[str, str], str]) -> Iterator[State]:
    """Every recorded run at every depth; `runs`: their ids by game and name."""
    for lens, game, name in RECORDED:
        address = f"{lens}?run={runs[game, name]}"
        for depth in DEPTHS:
            yield State(f"{name}-{depth}", address, depth)
        yield State(f"{name}-selected", address, then=select_first)
        yield State(f"{name}-off", address, then=switch_first_off)
        yield State(f"{name}-open", address, then=open_folds)
    for lens, game, name in (RECORDED[1], RECORDED[2], RECORDED[4]):
        address = f"{lens}?run={runs[game, name]}"
        for number in range(1, 5):
            yield State(f"{name}-tab-{number}", address, "researcher", tab(number))
        yield State(f"{name}-settings", address, then=open_settings)


def of_pairs(runs: dict[tuple[str, str], str]) -> Iterator[State]:
    """Two runs beside each other, what is said where there are none, and how a run is repeated."""
    never, turns = (runs["prompt", name] for name in ("never-fails", "turns"))
    copying, eiffel = (runs["heads", name] for name in ("copying", "eiffel-tower"))
    yield State("compare-nothing", "compare")
    yield State("compare-gone", f"compare?a={never}&b={'0' * 16}")
    yield State("compare-kinds", f"compare?a={never}&b={copying}")
    yield State("compare-prompts", f"compare?a={never}&b={turns}", then=compared)
    yield State("compare-heads", f"compare?a={copying}&b={eiffel}", "analyst", compared)
    yield State("repeat", f"explore?run={never}", then=open_repeat)
    yield State("solvers", f"explore?run={never}", then=open_solvers)


def of_presenter(runs: dict[tuple[str, str], str]) -> Iterator[State]:
    """Steps of runs, with words switched off too, what is nobody's run, and runs on one page."""
    for at in range(1, 10):
        yield State(f"present-never-{at}", f"present?runs=prompt.never-fails&at={at}", then=presented)
    yield State("present-off", "present?runs=prompt.never-fails&at=4&off=2", then=presented)
    for name in ("prompt.turns", "heads.copying", "heads.eiffel-tower", "training.elevator"):
        for at in (2, 4, 5, "last"):
            yield State(f"present-{name}-{at}", f"present?runs={name},prompt.turns&at={at}", then=presented)
    yield State("present-nothing", "present?runs=0", then=presented)
    for lens, game, name in RECORDED:
        yield State(f"{name}-brief", f"{lens}?run={runs[game, name]}", "brief")


def of_lessons() -> Iterator[State]:
    """The list of lessons, each step of each, its first question answered, and its end."""
    yield State("learn", "learn")
    for lesson in book.lessons():
        for at in range(1, lesson.length + 2):
            address = f"learn?lesson={lesson.number}&step={at}"
            yield State(f"learn-{lesson.number}-{at}", address, then=at_a_step)
        first = f"learn?lesson={lesson.number}&step=1"
        yield State(f"learn-{lesson.number}-researcher", first, "researcher", at_a_step)
        question = f"learn?lesson={lesson.number}&step={len(lesson.steps) + 1}"
        yield State(f"learn-{lesson.number}-answered", question, then=lesson_answered)


def at_a_step(page: Any) -> None:
    page.locator(".lesson .title").wait_for()


def lesson_answered(page: Any) -> None:
    page.locator(".lesson .choice").first.click()
    page.locator(".lesson .why strong").wait_for()


def presented(page: Any) -> None:
    page.locator(".stepper .position").wait_for()


def compared(page: Any) -> None:
    page.get_by_text("How far they agree").wait_for()


def open_repeat(page: Any) -> None:
    page.get_by_role("button", name="Repeat with another").click()
    page.get_by_role("button", name="Start and compare").wait_for()


def open_solvers(page: Any) -> None:
    """The solvers of a run, and what one of them would have said."""
    page.get_by_role("tab", name="How good is it").click()
    page.get_by_role("button", name="Compare all solvers").click()
    page.locator(".solver").nth(7).wait_for()
    page.locator(".solver", has_text="LIME").click()
    page.get_by_text("LIME names no sets.").wait_for()


def all_states(server: harness.Server, page: Any) -> list[State]:
    """Every state; makes the runs that they need, on a server that `paced` serves with the toy model."""
    empty = State("runs-none", "runs")
    empty.reach(page, server.url)
    runs = {}
    for lens, game, name in RECORDED:
        runs[game, name] = open_recorded(page, server.url, lens, game, name)
    ended = {"cancelled": cancelled(server, page, PROMPTS[0]), "failed": failed(server, page)}
    going = running(server, page)
    states = [*of_forms(), *of_playground(), *of_results(runs), *of_pairs(runs), *of_presenter(runs)]
    states += of_lessons()
    states += [State(name, f"explore?run={run_id}") for name, run_id in ended.items()]
    return [*states, State("running", f"explore?run={going}"), State("runs", "runs")]


def open_recorded(page: Any, url: str, lens: str, game: str, name: str) -> str:
    """Open a recorded run by its card; its id."""
    page.goto(f"{url}/{lens}?run=")
    idle(page)
    harness.card(page, game, name).click()
    page.wait_for_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
    page.get_by_text(TABLE).first.wait_for()
    return re.search(r"[?&]run=([0-9a-f]{16})", page.url)[1]


def cancelled(server: harness.Server, page: Any, prompt: str, calls: int = 0) -> str:
    """A run that was cancelled after its first colours; `calls`: that the server has answered before."""
    paced.let(server.home, calls + 2)
    run_id = _start(server, page, prompt)
    page.locator(".preview .token[data-sign]").first.wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelling once the model has answered").wait_for()
    paced.let(server.home, calls + 3)
    wait_until(lambda: server.run(run_id)["state"] == "cancelled", 60, "the run to be cancelled")
    return run_id


def failed(server: harness.Server, page: Any) -> str:
    """A run that its model has refused; the form lets none of the toy model begin, so its end is written."""
    run_id = cancelled(server, page, PROMPTS[1], calls=3)
    server.change("UPDATE runs SET state = 'failed', message = ? WHERE id = ?", REFUSED, run_id)
    return run_id


def running(server: harness.Server, page: Any) -> str:
    """A run that has its first fit and goes on for ever."""
    paced.let(server.home, 9)
    run_id = _start(server, page, PROMPTS[2])
    page.locator(".spexviz-strip:not(.preview) .token").first.wait_for()
    return run_id


def _start(server: harness.Server, page: Any, prompt: str) -> str:
    page.goto(f"{server.url}/explore?run=")
    idle(page)
    type_prompt(page, prompt, budget=128)
    return explain(page)


def wrong_with(page: Any) -> list[str]:
    """What is cut, too pale or beyond the window, a sentence each."""
    return page.evaluate(AUDIT)


def is_well(page: Any) -> None:
    """Nothing is cut or pale, once what was pointed at or moved has faded."""
    with suppress(AssertionError):
        wait_until(lambda: not wrong_with(page), 30, "a page with nothing wrong")
    found = wrong_with(page)
    assert not found, found


LAUNCH = paced.LAUNCH
