"""The logic of the pages, without a browser: every state says what to do next."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from spexviz import models
from spexviz.games.prompt.game import PromptGame
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.models import toy
from spexviz.run.plan import Request
from spexviz.spec import Options, RunSpec
from spexviz.ui import runtime, widgets
from spexviz.ui.lenses.prompt import form as prompt_form
from tests.models import tiny
from tests.pages.app import button, components, listed, page, said, wait

SENTENCE = "This film is not good at all"


def spec(prompt: str = SENTENCE, **game: Any) -> RunSpec:
    return Request.of(
        RunSpec(
            {"name": "prompt", "model": "toy", "prompt": prompt, "template": "Review: {}", **game},
            {"name": "proxyspex"},
            64,
            0,
        )
    ).spec


@pytest.fixture
def held(monkeypatch) -> Iterator[threading.Event]:
    """The toy model waits in its answers until this event is set: runs stay active."""
    go, answer = threading.Event(), toy.ToyModel.log_probabilities

    def slow(self: Any, *arguments: Any) -> Any:
        assert go.wait(60)
        return answer(self, *arguments)

    monkeypatch.setattr(toy.ToyModel, "log_probabilities", slow)
    yield go
    go.set()


def finish(manager: JobManager, wanted: RunSpec) -> str:
    run_id = manager.submit(Request.of(wanted), wanted.game["prompt"])
    wait(lambda: not manager.store.get(run_id).active)
    return run_id


def test_an_empty_page_says_what_to_do(manager):
    at = page()
    assert "Choose an example or type your own prompt." in said(at)
    assert "stands here once there is a prompt" in said(at) and "Type a prompt" not in said(at)
    button(at, "Explain").click().run()
    assert "Type a prompt first" in said(at) and not at.exception
    assert not manager.store.list()


def test_typing_and_pressing_starts_a_run(manager):
    at = page()
    at.text_area(key="form-prompt").set_value(SENTENCE).run()
    button(at, "Explain").click().run()
    assert not at.exception
    (run,) = manager.store.list()
    assert run.title == SENTENCE and at.query_params["run"] in (run.id, [run.id])
    wait(lambda: manager.store.get(run.id).state == states.DONE)
    at.run()
    assert not at.exception and {tab.label for tab in at.tabs} >= {"Sets as a table"}


def test_sets_are_checked_unless_the_box_is_cleared(manager):
    words = "not bad, never dull but hardly good fun at all, not terrible"
    at = page()
    at.text_area(key="form-prompt").set_value(words).run()
    at.select_slider(key="form-budget").set_value(64).run()
    assert at.checkbox(key="form-check").value and "at most 16 to check the sets shown" in said(at)
    assert "at most 27 to measure the text itself" in said(at)
    button(at, "Explain").click().run()
    (run,) = manager.store.list()
    wait(lambda: manager.store.get(run.id).state == states.DONE)
    result = manager.store.result(run.id)
    assert (
        run.spec.options == Options(validate=8, scoring="folds", near=0.1)
        and result.checks
        and result.proof.spent_on_checks <= 16
    )
    at.run()
    (shown,) = components(at, "columns")
    assert not at.exception and {"Model", "Verdict"} <= {column["name"] for column in shown["columns"]}
    button(at, "New run").click().run()
    at.checkbox(key="form-check").uncheck().run()
    assert "to check the sets" not in said(at)
    button(at, "Explain").click().run()
    assert sorted(found.spec.options.validate for found in manager.store.list()) == [0, 8]


def test_a_setting_that_cannot_run_is_named_before_the_run(manager):
    at = page()
    at.text_area(key="form-prompt").set_value(SENTENCE).run()
    at.text_area(key="form-template").set_value("no place for the prompt").run()
    assert not at.exception and "The template must hold" in said(at)
    button(at, "Explain").click().run()
    assert not at.exception and "The template must hold" in said(at) and not manager.store.list()


def test_a_loaded_encoder_says_how_it_can_be_asked(manager, tmp_path, monkeypatch):
    folder = str(tiny.save_encoder(tmp_path, "BertForMaskedLM"))
    monkeypatch.setenv("SPEXVIZ_MODELS", folder)
    models.load(folder)
    runtime._stash().warming.add(folder)
    at = page()
    at.text_area(key="form-prompt").set_value("not bad").run()
    button(at, "Explain").click().run()
    told = "reads its answer at [MASK]: write it once into the template"
    assert not at.exception and told in said(at) and not manager.store.list()
    at.text_area(key="form-template").set_value("{} really [MASK]").run()
    for name, value in {"target": "good", "contrast": "bad"}.items():
        at.text_input(key=f"form-{name}").set_value(value).run()
    assert not at.exception and told not in said(at)
    button(at, "Explain").click().run()
    assert not at.exception and len(manager.store.list()) == 1
    models.unload(folder)


@pytest.mark.parametrize("given", ["0" * 16, "../../etc/passwd", "<script>", "", "DROP TABLE runs"])
def test_an_address_of_no_run_leads_to_the_form(manager, given):
    at = page(run=given)
    assert button(at, "Explain")
    assert ("not on this machine" in said(at)) == bool(given)


def test_a_running_run_can_be_cancelled(manager, held):
    run_id = manager.submit(Request.of(spec()), SENTENCE)
    wait(lambda: manager.store.get(run_id).phase)
    at = page(run=run_id)
    button(at, "Cancel").click().run()
    assert manager.store.get(run_id).state == states.CANCELLING
    held.set()
    wait(lambda: manager.store.get(run_id).state == states.CANCELLED)
    at = page(run=run_id)
    assert "they are kept" in said(at) and button(at, "Resume")
    button(at, "Resume").click().run()
    wait(lambda: manager.store.get(run_id).state == states.DONE)


def test_a_waiting_run_says_that_it_waits(manager, held):
    manager.submit(Request.of(spec("first of two")), "first")
    wait(lambda: not manager.store.waiting(manager._owner))
    second = manager.submit(Request.of(spec("second of two")), "second")
    at = page(run=second)
    (bar,) = at.get("progress")
    assert button(at, "Cancel") and bar.proto.text.startswith("Waiting for its turn: 1 run before it")
    assert manager.store.get(second).state == states.QUEUED


def test_a_full_queue_says_so_and_starts_nothing(manager, held):
    for word in ("first", "second"):
        manager.submit(Request.of(spec(f"{word} of two")), word, visitor="test session id")
        wait(lambda word=word: word == "second" or not manager.store.waiting(manager._owner))
    at = page()
    at.text_area(key="form-prompt").set_value(SENTENCE).run()
    button(at, "Explain").click().run()
    assert not at.exception and "1 of your runs are already waiting: try again when one" in said(at)
    assert len(manager.store.list()) == 2 and "run" not in at.query_params


def test_a_failed_run_names_the_remedy_and_can_be_tried_again(manager):
    run_id = finish(manager, spec(target=" wonderful"))
    at = page(run=run_id)
    assert manager.store.get(run_id).state == states.FAILED
    assert "Failed" in said(at) and "answers only" in said(at) and button(at, "Try again")
    button(at, "Change the settings").click().run()
    assert not at.exception and "run" not in at.query_params
    assert at.text_area(key="form-prompt").value == SENTENCE


def test_new_run_keeps_the_settings(manager):
    run_id = finish(manager, spec(template="Film: {}", masking="replace", replacement="…"))
    at = page(run=run_id)
    button(at, "New run").click().run()
    assert not at.exception and "run" not in at.query_params
    assert (
        at.text_area(key="form-prompt").value == SENTENCE
        and at.text_area(key="form-template").value == "Film: {}"
    )
    assert (
        at.selectbox(key="form-masking").value == "replace"
        and at.text_input(key="form-replacement").value == "…"
    )


def test_there_are_eight_examples_and_each_is_a_game():
    examples = widgets.examples()
    assert len(examples) >= 8 and len({example["name"] for example in examples}) == len(examples)
    for example in examples:
        settings = {name: {**prompt_form.FIELDS.firsts, **example}[name] for name in prompt_form.EXAMPLE}
        assert example["shows"] and 2 <= len(PromptGame("toy", **settings).players) <= 40


def test_an_example_fills_the_form(manager):
    at = page()
    pills = at.button_group(key="form-example")
    pills.set_value(0).run()
    assert not at.exception and at.text_area(key="form-prompt").value == widgets.examples()[0]["prompt"]


def test_a_prompt_without_spaces_is_split_at_the_boundaries_of_unicode(manager):
    at = page()
    at.text_area(key="form-prompt").set_value("这部电影很好，我喜欢。").run()
    assert not at.exception and at.selectbox(key="form-split").value == "boundaries"
    at.selectbox(key="form-split").set_value("words").run()
    assert "single player" in said(at)
    at.text_area(key="form-prompt").set_value("not bad at all").run()
    assert at.selectbox(key="form-split").value == "words" and "single player" not in said(at)


def test_runs_page_without_and_with_runs(manager):
    assert "No runs yet" in said(page("runs"))
    run_id = finish(manager, spec())
    at = page("runs")
    assert listed(at, "Run") == [SENTENCE] and listed(at, "State") == ["done"]
    off = [button(at, label).disabled for label in ("Rename", "Compare", "Cancel", "Delete")]
    assert off == [True] * 4 and "Mark runs with the boxes beside them to compare" in said(at)
    assert json.loads(manager.store.get(run_id).spec.to_json())["budget"] == 64
