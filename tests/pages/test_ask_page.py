"""Try it, without a browser: what is asked, said, kept, and refused, with the toy model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spexviz.errors import ModelError
from spexviz.jobs.manager import JobManager
from spexviz.masks import all_but
from spexviz.models import toy
from spexviz.results.subject import Scale
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from tests.pages.app import components, page, said, wait

PROMPT = "This film is not good at all, and nobody would call the plot anything but great fun or glad news"


def spec(prompt: str = PROMPT, solver: str = "linear", **more: Any) -> RunSpec:
    game = {"name": "prompt", "model": "toy", "prompt": prompt, "template": "Review: {}", **more}
    return Request.of(RunSpec(game, {"name": solver}, 64, 0)).spec


def finished(manager: JobManager, wanted: RunSpec) -> str:
    run_id = manager.submit(Request.of(wanted), "a run")
    wait(lambda: not manager.store.get(run_id).active)
    assert manager.store.get(run_id).state == "done", manager.store.get(run_id).message
    return run_id


def choose(at: Any, run_id: str, *players: int) -> None:
    at.session_state[f"selection-{run_id}"] = players
    at.run()
    assert not at.exception, at.exception


def press(at: Any, key: str) -> None:
    (found,) = [one for one in at.button if one.key == key]
    found.click().run()
    assert not at.exception, at.exception


def says(at: Any, key: str) -> list[str]:
    """The sentences of a note."""
    found = [one["lines"] + one["more"] for one in components(at, "lines")]
    return [line for lines in found for line in lines if key in line]


def test_any_set_is_measured_and_every_view_shows_it(manager: JobManager) -> None:
    run_id = finished(manager, spec())
    at = page(run=run_id)
    assert "Choose two to four words first." in said(at) and "Choose one or more words first." in said(at)
    next(one for one in at.multiselect if one.label == "These words").set_value([4, 3]).run()
    assert at.session_state[f"selection-{run_id}"] == (3, 4), "one selection for all views"
    choose(at, run_id, 3)
    assert next(one for one in at.multiselect if one.label == "These words").value == [3]
    choose(at, run_id, 3, 4)
    assert manager.store.result(run_id).checks == ()
    press(at, f"{run_id}-together-button")
    (check,) = manager.store.result(run_id).checks
    assert check.members == (3, 4)
    (answer,) = says(at, "together they move the answer by")
    assert answer.startswith("Yes: ") and f"measured, {check.ablations} ablation" in answer
    assert "beyond what each does alone" in answer and not [b for b in at.button if "together" in str(b.key)]
    assert "Checked on the model, contradicted: the surrogate says 0" in said(at)
    at = page(run=run_id)
    choose(at, run_id, 3, 4)
    assert says(at, "together they move the answer by") == [answer], "for everybody, at once"
    (rows,) = [shown for shown in components(at, "rows") if "members" in shown and [3, 4] in shown["members"]]
    row = rows["rows"][rows["members"].index([3, 4])]
    assert row[2] == "0" and "contradicted" in row, "the surrogate has nothing of it, the model has"
    choose(at, run_id, 0, 9)
    press(at, f"{run_id}-together-button")
    assert says(at, "No sign of it: ")
    choose(at, run_id, 0, 1, 2, 3, 4)
    assert "At most four at once: take some away." in said(at)
    choose(at, run_id, 0)
    assert "Choose two to four words first." in said(at)


def test_a_run_from_a_file_keeps_a_check_for_the_visit(manager: JobManager) -> None:
    result = manager.store.result(finished(manager, spec()))
    run_id = manager.store.insert(result, "a file")
    at = page(run=run_id)
    choose(at, run_id, 3, 4)
    press(at, f"{run_id}-together-button")
    assert says(at, "together they move") and manager.store.result(run_id).checks == ()
    at.run()
    assert says(at, "together they move")
    other = page(run=run_id)
    choose(other, run_id, 3, 4)
    assert not says(other, "together they move"), "another visitor has not asked"


def test_the_fewest_words_are_found_measured_and_selected(manager: JobManager) -> None:
    run_id = finished(manager, spec())
    at = page(run=run_id)
    press(at, f"{run_id}-fewest-button")
    game = Request.of(spec()).game
    (full,) = game(np.ones((1, 20), dtype=bool))
    singles = game(all_but([(i,) for i in range(20)], 20))
    flipping = [i for i in range(20) if singles[i] * full < 0]
    if flipping:
        (answer,) = says(at, "the answer flips")
        assert "Without “" in answer and "(measured)" in answer
        assert ("It is the only single word that does." in answer) == (len(flipping) == 1)
    else:
        assert says(at, "the answer flips") or says(at, "was found that flips it; the closest is without")
    assert says(at, "sets tried, ") and says(at, "the surrogate predicted")
    if [one for one in at.button if one.key == f"{run_id}-fewest-select"]:
        press(at, f"{run_id}-fewest-select")
        assert at.session_state[f"selection-{run_id}"]


def test_an_exact_run_is_asked_nothing(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = finished(manager, spec("This is not bad at all"))
    assert manager.store.result(run_id).proof.exact

    def never(self: Any, *arguments: Any) -> None:
        raise AssertionError("it was asked")

    monkeypatch.setattr(toy.ToyModel, "log_probabilities", never)
    at = page(run=run_id)
    assert says(at, "Without “not” the answer flips: “negative”, 73 % (measured). It is the only single")
    choose(at, run_id, 2, 3)
    assert says(at, "Yes: together they move the answer by +2.00 log-odds (nats) beyond what each does alone")
    choose(at, run_id, 0, 1)
    assert says(at, "Hardly: ") and says(at, "exact: every mask was measured")


def test_other_words_are_typed_measured_and_put_back(manager: JobManager) -> None:
    run_id = finished(manager, spec("This is not bad at all"))
    at = page(run=run_id)
    choose(at, run_id, 2, 3)
    fields = {one.label: one for one in at.text_input if one.label.startswith("Instead of")}
    assert {label: one.value for label, one in fields.items()} == {
        "Instead of “not”": "not",
        "Instead of “bad”": "bad",
    }
    assert "This is what it says: type other words" in said(at)
    ask = f"FormSubmitter:{run_id}-reworded-Ask the model"
    fields["Instead of “bad”"].set_value("great")
    press(at, ask)
    (answer,) = says(at, "→ “negative”")
    assert answer == "“positive”, 73 % → “negative”, 82 % (measured)."
    assert says(at, "Asked: Review: This is not great at all")
    assert says(at, "+1.00 → −1.50 log-odds (nats), a change of −2.50.")
    fields = {one.label: one for one in at.text_input if one.label.startswith("Instead of")}
    fields["Instead of “not”"].set_value("  ")
    press(at, ask)
    assert says(at, "“positive”, 73 % → “positive”, 82 % (measured).")
    assert says(at, "Asked: Review: This is great at all"), "an empty word is left out"
    at.session_state[f"off-{run_id}"] = (5,)
    at.run()
    assert not says(at, "Asked: "), "another question: not answered yet"
    press(at, ask)
    assert says(at, "Asked: Review: This is great at")
    press(at, f"{run_id}-reworded-back")
    assert [one.value for one in at.text_input if one.label.startswith("Instead of")] == ["not", "bad"]
    assert "This is what it says" in said(at) and not says(at, "Asked: ")


def test_a_model_that_is_not_offered_is_not_asked(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = finished(manager, spec())
    monkeypatch.setenv("SPEXVIZ_MODELS", "bundled")
    at = page(run=run_id)
    choose(at, run_id, 3, 4)
    assert "The model cannot be asked." in said(at)
    keys = [str(one.key) for one in at.button]
    assert f"{run_id}-together-button" not in keys and f"{run_id}-fewest-button" not in keys
    (submit,) = [one for one in at.button if one.label.startswith("Ask the model")]
    assert submit.disabled


def test_what_goes_wrong_is_said_and_nothing_is_lost(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = finished(manager, spec())
    at = page(run=run_id)
    choose(at, run_id, 4)
    (field,) = [one for one in at.text_input if one.label.startswith("Instead of")]
    field.set_value("<script>alert(1)</script> ![x](http://evil.example/x.png) {}")
    press(at, f"FormSubmitter:{run_id}-reworded-Ask the model")
    assert says(at, "Asked: Review: This film is not <script>alert(1)</script> ![x](http://evil.example")

    def broken(self: Any, *arguments: Any) -> None:
        raise ModelError("The model is out of order: ask again later.")

    monkeypatch.setattr(toy.ToyModel, "log_probabilities", broken)
    choose(at, run_id, 3, 11)
    press(at, f"{run_id}-together-button")
    assert "The model is out of order: ask again later." in said(at)
    assert manager.store.result(run_id).checks == ()


def test_a_single_answer_is_halved_and_a_number_without_sides_does_not_flip(manager: JobManager) -> None:
    run_id = finished(manager, spec("This is not bad at all", value="log-probability"))
    at = page(run=run_id)
    assert says(at, "Which fewest words halve its probability?")
    assert says(at, "less than half as likely: 27 % instead of 73 % (measured)")
    run = manager.store.result(run_id)
    accuracy = replace(run, subject=replace(run.subject, scale=Scale(), unit="accuracy"))
    at = page(run=manager.store.insert(accuracy, "a file"))
    assert "Not here: accuracy is a number without two sides, so nothing flips." in said(at)
