"""What is said of players that are switched off: real values and predictions, each called what it is."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from spexviz.kit.paths import ASSETS
from spexviz.masks import all_but
from spexviz.results import Explanation, Sample
from spexviz.results.subject import Scale
from spexviz.views import prediction, question
from spexviz.views.story import Component
from spexviz.views.tried import MEASURED, PREDICTED, Calls, Outcome, tried
from tests.explanations import changed

RUNS = ASSETS / "runs"


def recorded(game: str, name: str) -> Explanation:
    return Explanation.from_json((RUNS / game / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def exact() -> Explanation:
    return recorded("prompt", "never-fails")


@pytest.fixture(scope="module")
def turns() -> Explanation:
    return recorded("prompt", "turns")


def answered(shown: Component) -> dict[str, Any]:
    """The answer to what is switched off."""
    return shown.data["answers"]["-".join(map(str, shown.data["off"]))]


def kinds(shown: Component) -> list[tuple[str, str]]:
    return [(row["label"], row["kind"]) for row in answered(shown)["rows"]]


def test_nothing_is_drawn_while_nothing_is_off(turns: Explanation) -> None:
    shown = tried(turns, Outcome())
    assert shown.data["answers"] == {} and shown.data["off"] == [] and shown.data["more"] == []
    assert shown.text == "Shift-click a word, or press “Switch off”, to see what the model says without it."


def test_an_exact_run_says_what_it_has_measured(exact: Explanation) -> None:
    off = (2, 3)
    value = float(exact.asked(all_but([off], len(exact.players)))[0])
    shown = tried(exact, Outcome(off, after=value))
    chance = question.bare(exact.subject, value)
    assert shown.text.startswith(
        f"Without “never” and “fails” the model says “positive” with {chance} instead"
    )
    assert kinds(shown) == [
        ("The model now", MEASURED),
        ("The model without them", MEASURED),
        ("If each acted alone", PREDICTED),
    ]
    assert answered(shown)["ends"] == ["“negative”", "50 %", "“positive”"]
    assert answered(shown)["rows"][1]["to"] == pytest.approx(exact.subject.scale.chance(value), abs=1e-4)
    assert "This run has asked every mask" in " ".join(shown.data["more"])


def test_what_was_not_asked_is_not_called_measured(turns: Explanation) -> None:
    shown = tried(turns, Outcome((3,)))
    surrogate, alone = (question.bare(turns.subject, value) for value in prediction(turns, (3,)))
    assert "the model has not been asked" in shown.text and "the model says" not in shown.text
    assert f"the surrogate predicts {surrogate} instead of 84 %" in shown.text
    assert f"If each word acted alone, it would be {alone}." in shown.text
    _, without, *predicted = answered(shown)["rows"]
    assert without["value"] == "not asked" and "to" not in without
    assert [row["value"] for row in predicted] == [surrogate, alone]
    asked = tried(turns, Outcome((3,), after=-1.0))
    assert f"The surrogate predicted {surrogate}" in asked.text
    assert asked.text.startswith("Without") and "it now prefers “negative”" in asked.text
    assert "Its R² is about 0.73" in " ".join(asked.data["more"])


def test_probabilities_that_look_alike_are_drawn_as_numbers() -> None:
    tower = recorded("heads", "eiffel-tower")
    shown = tried(tower, Outcome((0, 1), after=8.0))
    bars = [row["to"] for row in answered(shown)["rows"]]
    assert max(bars) == 1.0 and min(bars) < 0.95 and answered(shown)["ends"][0] == "0"
    assert "99.97 %" in shown.text and "log-odds" in answered(shown)["axis"]


def test_a_number_has_its_unit_and_its_change(turns: Explanation) -> None:
    run = changed(turns, scale=Scale(), unit="margin")
    shown = tried(run, Outcome((0,), after=-2.0))
    assert " the value is −2 instead of 1.67 margin." in shown.text
    rows = answered(shown)["rows"]
    assert rows[0]["small"] == "" and rows[1]["small"] == "−3.67"
    assert rows[1]["from"] == 0.0 and rows[1]["to"] == rows[0]["from"] > 0.5, "both bars begin at 0"


def test_what_the_surrogate_cannot_know_is_not_predicted(turns: Explanation) -> None:
    calls = Calls(changed="Retrained", without="Retrained without")
    shown = tried(turns, Outcome((1,), "with 2 kept twice", 0.5, 1.0), calls)
    assert shown.text.startswith("Retrained without “acting” and with 2 kept twice the model says")
    assert [label for label, _ in kinds(shown)] == ["The model now", "Retrained"]
    assert answered(shown)["rows"][0]["value"] == question.bare(turns.subject, 1.0)


def test_many_are_counted_and_the_version_follows_what_is_said(turns: Explanation) -> None:
    many = tried(turns, Outcome(tuple(range(9)), after=0.1))
    assert many.text.startswith("Without 9 words the model says")
    assert many.data["version"] != tried(turns, Outcome(tuple(range(9)), after=0.2)).data["version"]
    json.dumps(many.data, allow_nan=False)


def test_what_does_not_move_is_still_the_same(turns: Explanation) -> None:
    same = Outcome((3,), after=turns.ends[1])
    assert "the model still says “positive” with 84 %." in tried(turns, same).text


def test_a_run_that_has_asked_every_mask_brings_all_its_answers(exact: Explanation) -> None:
    """Each is what the run has measured, in the words that a server would say; none waits for one."""
    n = len(exact.players)
    shown = tried(exact, Outcome((2,), after=float(exact.asked(all_but([(2,)], n))[0])))
    answers = shown.data["answers"]
    assert len(answers) == 2**n
    for off in (set_ for k in range(1, n + 1) for set_ in combinations(range(n), k)):
        (value,) = exact.asked(all_but([off], n))
        (_, now, alone) = answers["-".join(map(str, off))]["rows"]
        assert (now["kind"], now["value"]) == (MEASURED, question.bare(exact.subject, value))
        assert alone["kind"] == PREDICTED
    assert tried(exact, Outcome()).data["version"] == shown.data["version"], (
        "nothing is drawn anew for a switch"
    )
    assert len(json.dumps(answers)) < 80_000


def test_while_nothing_is_off_such_a_run_says_what_the_model_says(exact: Explanation) -> None:
    plain = tried(exact, Outcome())
    assert plain.text.startswith("Shift-click a word") and answered(plain)["told"] == ""
    now, *rest = answered(plain)["rows"]
    assert now["value"] == "81 %" and {(row["value"], "to" in row) for row in rest} == {("–", False)}
    invited = answered(tried(exact, Outcome(), Calls(hint="Tap a word.")))
    assert (invited["said"], invited["told"]) == ("The model says “positive” with 81 %.", "Tap a word.")


def test_a_run_that_lacks_a_mask_or_has_too_many_brings_none(exact: Explanation, turns: Explanation) -> None:
    lacking = replace(exact, sample=Sample(exact.sample.masks[1:-1], exact.sample.values[1:-1]))
    assert len(tried(lacking, Outcome()).data["answers"]) == 64, "the ends are known beside the sample"
    lacking = replace(exact, sample=Sample(exact.sample.masks[5:], exact.sample.values[5:]))
    assert tried(lacking, Outcome()).data["answers"] == {}
    assert list(tried(lacking, Outcome((1,), after=0.5)).data["answers"]) == ["1"]
    assert tried(turns, Outcome()).data["answers"] == {}
    changed_too = tried(exact, Outcome((1,), "with 2 kept twice", 0.5, 1.0))
    assert list(changed_too.data["answers"]) == ["1"], "its own answers are of leaving out only"
