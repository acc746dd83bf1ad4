"""The playground without a browser: what it shows at first, how it follows its sliders, what it refuses."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from spexviz.run.playground import WRITTEN, Function, Truth, tried
from spexviz.solvers.linear import Linear
from spexviz.ui.playground.presets import PRESETS
from tests.pages.app import ROOT, button, components, page, wait

SLOW = {"proxyspex", "gp"}


@pytest.fixture
def at() -> AppTest:
    return page("playground")


def lines(at: AppTest) -> dict[str, dict[str, Any]]:
    """{solver: its line}."""
    (shown,) = components(at, "column")
    return {row["key"]: row for row in shown["rows"]}


def said(at: AppTest) -> str:
    """All sentences on the page."""
    plain = [element.value for kind in ("title", "caption") for element in getattr(at, kind)]
    return "\n".join([*plain, *(line for note in components(at, "lines") for line in note["lines"])])


def set_to(at: AppTest, kind: str, name: str, value: Any) -> AppTest:
    getattr(at, kind)(key=f"playground-{name}").set_value(value).run()
    assert not at.exception
    return at


def test_a_newcomer_sees_a_function_in_plain_words_and_what_a_solver_makes_of_it(at: AppTest) -> None:
    text = said(at)
    assert "only where all three stand" in text
    assert "Written as a sum of products it has 3 sets: hardly × ever × open (−3.00)" in text
    assert "SPEX (sets up to 2) finds 2 of 3 sets. It misses hardly × ever × open (−3.00)." in text
    assert "It shows 6 sets that are not in the function" in text
    line = lines(at)["spex"]
    assert line["range"] == "2 of 3, 6 false" and line["said"].startswith(
        "R² 0.92, 2 of 3 sets found, 1 missed"
    )


def test_order_5_and_proxyspex_find_the_triple(at: AppTest) -> None:
    set_to(at, "select_slider", "budget", 504)
    set_to(at, "select_slider", "order", 5)
    assert "SPEX (sets up to 5) finds all 3 sets, and shows nothing else." in said(at)

    def followed() -> bool:
        at.run()
        return set(lines(at)) >= SLOW

    wait(followed)
    assert lines(at)["proxyspex"]["range"] == lines(at)["spex"]["range"] == "3 of 3"
    assert "Still at work" not in said(at)


def test_on_average_the_triple_is_seen_in_its_pairs_too(at: AppTest) -> None:
    set_to(at, "button_group", "sets", "mean")
    assert "On average over all inputs it has 11 sets" in said(at)
    assert lines(at)["spex"]["range"] == "10 of 11"


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.title)
def test_every_preset_opens_with_its_sentence_and_has_something_to_see(at: AppTest, preset) -> None:
    at.button_group(key="playground-preset").set_value(preset.title).run()
    assert not at.exception and preset.story[:40] in said(at)
    row = lines(at)[preset.solver]
    assert row["range"] != f"{row['range'].split(' of ')[1]} of {row['range'].split(' of ')[1]}", (
        "it misses some"
    )
    truth = Truth.of(Function(preset.formula, preset.n, words=preset.words))
    assert truth.n == preset.n and len(preset.words) in (0, preset.n)
    assert not tried(truth, Linear(), preset.budget).recovery(WRITTEN).is_whole


@pytest.mark.parametrize(
    ("formula", "said_of_it", "arrow"),
    [
        ("x0 & (x1 | x2", "At character 14: Here the end is not expected", 13),
        ("__import__('os').system('true')", "At character 1: “__import__” is neither", 0),
        ("<img src=x onerror=alert(1)>", "At character 1:", 0),
        ("x0 +\n/ x1", "At character 6: ", 5),
        ("(" * 60 + "x0", "At character 51: More than 50 brackets", 40),
        ("x25", "At character 1: “x25” is beyond the last variable, x19", 0),
        ("1 + 2", "At character 1: Nothing here can be left out", 0),
        ("", "At character 1: Nothing is written yet", None),
        ("1e300*1e300*x0", "beyond what a computer can hold", None),
    ],
)
def test_hostile_formulas_are_refused_at_their_character_and_lose_nothing(
    at: AppTest, formula: str, said_of_it: str, arrow: int | None
) -> None:
    set_to(at, "text_input", "formula", formula)
    assert said_of_it in said(at) and at.text_input(key="playground-formula").value == formula
    if arrow is not None:
        assert at.code[0].value.split("\n")[1] == " " * arrow + "↑"
    set_to(at, "text_input", "formula", "x0 & x1")
    assert "it has one set" in said(at) or "it has 1 set: x0 × x1 (+1.00)" in said(at)


def test_an_address_opens_what_a_teacher_chose_and_a_hostile_one_changes_nothing() -> None:
    at = page(
        "playground", f="x0 ^ x1", n="5", noise="0.1", budget="24", order="3", sets="mean", solver="lime"
    )
    text = said(at)
    assert "On average over all inputs it has 1 set: x0 × x1 (−2.00)" in text and "What LIME finds" in text
    assert at.select_slider(key="playground-budget").value == 24 and at.slider(key="playground-n").value == 5
    hostile = page(
        "playground", f="x" * 3000, n="99", noise="nan", budget="-5", order="9" * 90, sets="<b>", solver="os"
    )
    assert hostile.text_input(key="playground-formula").value == PRESETS[0].formula
    assert hostile.select_slider(key="playground-order").value == PRESETS[0].order
    assert lines(hostile)["spex"]["range"] == "2 of 3, 6 false"


def test_who_guesses_first_asks_by_hand_and_is_told_how_good_the_guess_was(at: AppTest) -> None:
    set_to(at, "text_input", "formula", "2*x0*x1 + x3")
    set_to(at, "slider", "n", 5)
    set_to(at, "toggle", "guess", True)
    assert "Which variables act together?" in said(at) and not components(at, "column")
    assert not at.text_input and "2*x0*x1" not in said(at), "the function is hidden"
    at.button_group(key="playground-asked").set_value([0, 1, 3]).run()
    assert "With only “x0”, “x1”, “x3” it gives 3.00." in said(at)
    for guess in ([0, 1], [2, 4]):
        at.multiselect(key="playground-picked").set_value(guess)
        button(at, "Add this guess").click().run()
    assert "Your guesses: x0 × x1; x2 × x4" in said(at)
    button(at, "Show the answer").click().run()
    assert "Of your 2 guesses, 1 is in the function. Not named: x3 (+1.00)." in said(at)
    assert lines(at)["you"]["range"] == "1 of 2, 1 false" and lines(at)["you"]["own"]
    set_to(at, "text_input", "formula", "x0 & x1")
    assert not components(at, "column"), "another function is guessed anew"
    button(at, "Another, at random").click().run()
    button(at, "Show the answer").click().run()
    assert "You named no set" not in said(at) and at.text_input(key="playground-formula").value != "x0 & x1"


def test_the_page_answers_while_the_slider_moves(at: AppTest) -> None:
    """The figures of the report: `pytest -s`."""
    set_to(at, "slider", "n", 12)
    taken = []
    for budget in (300, 384, 504, 768, 1024, 1536):
        start = time.perf_counter()
        set_to(at, "select_slider", "budget", budget)
        taken.append(time.perf_counter() - start)
        assert {"spex", "lime", "linear", "fbii-2"} <= set(lines(at))
    print(f"a step of the slider at 12 variables: {[f'{one:.2f}' for one in taken]} s")
    assert statistics.median(taken) < 1.0


def test_settings_outlive_a_look_at_another_page(at: AppTest) -> None:
    set_to(at, "text_input", "formula", "x0 | x2")
    again = AppTest.from_file(str(ROOT / "pages" / "playground.py"), default_timeout=60)
    again.session_state["playground-kept"] = at.session_state["playground-kept"]  # the widgets are forgotten
    again.run()
    assert again.text_input(key="playground-formula").value == "x0 | x2" and not again.exception


def test_no_torch_is_loaded_for_it() -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest;"
        "at = AppTest.from_file('pages/playground.py', default_timeout=60).run();"
        "assert not at.exception; assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120, capture_output=True)
