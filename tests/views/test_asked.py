"""What is said of an answer of the model: true to its numbers, and no guess called a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from spexviz.results import Check, Explanation
from spexviz.results.flips import Flips, Line, Tried
from spexviz.results.subject import LOG_PROBABILITY, ODDS, Scale
from spexviz.views import asked, table
from spexviz.views.selected import sentence
from spexviz.views.stories import story
from spexviz.views.story import Action, Look
from spexviz.views.table import csv, members_of, sets
from tests.explanations import changed

ANSWERS = Scale(ODDS, (" positive", " negative"))


@pytest.fixture
def run(review: Explanation) -> Explanation:
    return changed(replace(review, ends=(0.4, 1.45)), scale=ANSWERS, noun="word")


def check(members: tuple[int, ...], mean: float, half: float, claim: float = 0.0, **more: int) -> Check:
    given = {"ablations": 64, "backgrounds": 15, "verdict": "undecided"} | more
    return Check(members, mean, claim, mean, claim, (mean - half, mean + half), **given)


@pytest.mark.parametrize(
    ("mean", "half", "begins"),
    [
        (-0.8, 0.3, "Yes: together they move the answer by −0.80 [−1.10, −0.50] log-odds beyond"),
        (0.8, 0.3, "Yes: together they move the answer by +0.80 [+0.50, +1.10] log-odds beyond"),
        (-0.02, 0.08, "No sign of it: −0.020 [−0.100, +0.060] log-odds beyond"),
        (0.9, 2.5, "Not clear: +0.90 [−1.60, +3.40] log-odds beyond"),
    ],
)
def test_together_goes_by_the_interval(run: Explanation, mean: float, half: float, begins: str) -> None:
    one = changed(run, checks=(check((10, 13), mean, half),))
    said = asked.known(one, (10, 13))
    assert said is not None and said.lines[0].startswith(begins)
    assert said.lines[0].endswith("what each does alone (measured, 64 ablations).")
    assert "Checked on the model, undecided: the surrogate says 0, the model" in said.more[0]
    assert asked.known(one, (10, 12)) is None, "nobody has asked"
    free = changed(run, checks=(check((1, 2, 4), 3.0, 0.3, ablations=0, backgrounds=0, held_out=256),))
    said = asked.known(free, (1, 2, 4))
    assert (
        said is not None
        and "beyond what fewer of them do (measured, on 256 ablations of the run)" in said.lines[0]
    )
    assert said.more[1] == "On 256 masks of the run; the interval holds with 90 %."


def test_together_is_known_of_an_exact_run(make: Callable[..., Explanation]) -> None:
    exact = make(tuple("abcdef"), {(0, 1): 0.5, (2,): 0.8, (3, 4): 0.001}, exact=True, draws=False)
    (line,) = asked.known(exact, (0, 1)).lines
    assert line == (
        "Yes: together they move the value by +2.00 log-odds beyond what each does alone "
        "(exact: every mask was measured)."
    )
    assert asked.known(exact, (3, 4)).lines[0].startswith("Hardly: together they move the value by +0.0040")
    assert asked.known(exact, (0, 5)).lines[0].startswith("Hardly: together they move the value by 0 ")


def flips(*tried: Tried, **more: object) -> Flips:
    given = {"size": 4, "asked": 40, "is_done": True} | more
    return Flips(Line(0.0, falls=True), tuple(tried), **given)


def test_the_fewest_words_with_what_is_proven_of_them(run: Explanation) -> None:
    never, other = Tried((2,), -0.9, -0.4), Tried((3,), -0.1, 0.4)
    pair, close = Tried((2, 11), -0.3, -0.4), Tried((5,), 0.2, 0.3)

    def said(*tried: Tried, **more: object) -> str:
        return asked.flipped(run, flips(*tried, **more)).lines[0]

    only = said(close, never, is_minimal=True, is_only=True)
    assert only == (
        "Without “never” the answer flips: “negative”, 71 % (measured). It is the only single word that does."
    )
    assert said(other, never).endswith("(measured). Others as small do too: “fails”.")
    assert said(close, pair).endswith("Perhaps fewer do: not all were tried.")
    assert said(close, pair, is_minimal=True).endswith("No fewer words do.")
    both = said(close, pair, is_minimal=True, is_only=True)
    assert both.startswith("Without “never” and “anything” the answer flips: “negative”, 57 %")
    assert both.endswith("It is the only set of two words that does, and no fewer do.")
    assert said(close) == (
        "No set of up to four words was found that flips it; the closest is without “impress”: “positive”, "
        "55 % (measured)."
    )
    assert said() == "No set of up to four words was found that flips it."
    none = said(close, is_minimal=True, asked=0)
    assert none.startswith("Nothing flips it, whichever words are left out; the closest is")
    fold = asked.flipped(run, flips(close, never)).more
    assert fold[0] == "2 sets tried, 40 ablations of the model."
    assert fold[1] == "Without “never”: “negative”, 71 % (the surrogate predicted “negative”, 60 %)."


def test_a_single_answer_is_halved_and_a_margin_changes_its_sign(run: Explanation) -> None:
    single = changed(replace(run, ends=(-3.0, -0.5)), scale=Scale(LOG_PROBABILITY, (" Paris",)))
    halved = Flips(Line(-1.2, True, halves=True), (Tried((2,), -2.0, -2.0),), True, True, 1, 14, True)
    said = asked.flipped(single, halved).lines[0]
    assert "the answer is less than half as likely: 14 % instead of 61 % (measured)" in said
    number = changed(run, scale=Scale(better=1), unit="margin", noun="example")
    said = asked.flipped(number, flips(Tried((2,), -0.05, 0.1))).lines[0]
    assert said == "Without “never” the value changes its sign: −0.050 margin (measured)."


def test_other_words_move_the_answer_from_what_it_was(run: Explanation) -> None:
    said = asked.changed(run, -0.9, "Her acting always fails")
    assert said.lines == ("“positive”, 81 % → “negative”, 71 % (measured).",)
    assert said.more[0] == "+1.45 → −0.90 log-odds, a change of −2.35."
    assert said.more[1] == "Asked: Her acting always fails"
    assert asked.changed(run, 1.4501, "…").lines == ("Still “positive”, 81 % (measured).",)
    number = changed(run, scale=Scale(), unit="margin")
    assert asked.changed(number, 1.0, "…").lines == ("+1.45 margin → +1.00 margin (measured).",)


def test_a_checked_set_has_its_row_and_sentence_where_the_surrogate_has_nothing(run: Explanation) -> None:
    one = changed(
        run, checks=(check((0, 10), 0.5, 0.1, verdict="contradicted"), check((2, 3), 2.4, 0.2, 2.5))
    )
    assert (0, 10) not in one.interactions().values
    shown = sets(one, one.interactions(), 5)
    assert shown.members[-1] == (0, 10) and len(shown.rows) == 6 and (2, 3) in shown.members[:5]
    row = shown.rows[-1]
    assert (row["Surrogate"], row["Model"], row["Verdict"], row["Of the variance"]) == (
        "0",
        "+0.50 ± 0.10",
        "contradicted",
        "0 %",
    )
    frame = table(one.interactions(), 5, one.checks)
    assert frame.iloc[-1]["members"] == "Her × is" and frame.iloc[-1]["measured"] == 0.5
    assert "Her × is,2,mean,0.0" in csv(one.interactions(), None, one.checks)
    assert (0, 10) not in members_of(one.interactions("FBII"), 5, one.checks), "measured is the mean effect"
    assert (0, 10) not in members_of(one.interactions(order=1), 5, one.checks)
    said = sentence(one, Look(selection=(0, 10)))
    assert "Checked on the model, contradicted: the surrogate says 0, the model +0.50 ± 0.10" in said


def test_every_lens_has_the_panel_and_paper_leaves_it_out(run: Explanation) -> None:
    for game in ("prompt", "heads", "training", "synthetic"):
        panels = story(replace(run, spec=replace(run.spec, game={"name": game})))
        (panel,) = [panel for panel in panels if isinstance(panel.make, Action) and panel.make.name == "ask"]
        assert panel.title == "Try it" and not panel.early


def test_hints_say_how_many() -> None:
    assert asked.hint("word", (), 2, 4) == "Choose two to four words first."
    assert asked.hint("head", (1,), 1, 4) == asked.hint("head", (1, 2), 2, 4) == ""
    assert asked.hint("example", (), 1, 4) == "Choose one or more examples first."
    assert asked.hint("word", range(5), 2, 4) == "At most four at once: take some away."
