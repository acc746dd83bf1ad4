"""The form of a prompt run without a browser: what is shown, what is said of answers, and what starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from spexviz import models
from spexviz.jobs.manager import JobManager
from spexviz.models.base import LanguageModel
from spexviz.ui import beside, runtime
from tests.models import tiny
from tests.pages.app import button, components, page, said, wait

PROMPT = "the film is not bad"


@pytest.fixture
def loaded(request: Any, manager: JobManager, tmp_path: Any, monkeypatch: Any) -> Iterator[LanguageModel]:
    """A tiny model of the family that a test names, loaded; every answer of it is awaited."""
    family = getattr(request, "param", "LlamaForCausalLM")
    save = tiny.save if family in tiny.FAMILIES else tiny.save_encoder
    folder = str(save(tmp_path / family, family))
    monkeypatch.setenv("SPEXVIZ_MODELS", folder)
    monkeypatch.setattr(beside, "GRACE", 60.0)
    runtime._stash().warming.add(folder)
    yield models.load(folder)
    models.unload(folder)


def typed(prompt: str = PROMPT) -> Any:
    at = page()
    at.text_area(key="form-template").set_value("Review: {} Sentiment:").run()
    at.text_area(key="form-prompt").set_value(prompt).run()
    assert not at.exception
    return at


def tokens(at: Any) -> list[dict[str, Any]]:
    """What stands under the fields of the answers, in their order."""
    return components(at, "likely")


def test_the_likeliest_answers_stand_under_the_fields(loaded: LanguageModel) -> None:
    target, contrast = tokens(typed())
    found = loaded.begun().likeliest(f"Review: {PROMPT} Sentiment:", 5)
    assert len(target["likely"]) == 5 and target["likely"] == contrast["likely"]
    assert target["said"].startswith("→ ␣positive, p = .00") and not target["wrong"]
    assert target["likely"][0]["text"].replace("␣", " ") == found[0].text
    assert target["likely"][0]["small"].startswith(".0")


def test_several_tokens_are_said_and_nothing_starts(loaded: LanguageModel, manager: JobManager) -> None:
    at = typed()
    at.text_input(key="form-target").set_value(" impressgood").run()
    target, _ = tokens(at)
    assert target["wrong"] and "is 3 tokens" in target["said"]
    assert [fix["text"] for fix in target["fixes"]] == [
        "Look at the whole answer",
        "Use only its beginning, ␣impress",
    ]
    button(at, "Explain").click().run()
    assert not at.exception and not manager.store.list()
    at.radio(key="form-value").set_value("log-probability").run()
    (target,) = tokens(at)
    assert not target["wrong"] and "3 tokens" in target["said"]
    button(at, "Explain").click().run()
    (run,) = manager.store.list()
    wait(lambda: [one.state for one in manager.store.list()] == ["done"])
    assert run.spec.game["contrast"] == " negative", "a field that is not shown has its default"


def test_the_models_own_answer_is_told_before_a_run(loaded: LanguageModel) -> None:
    at = typed()
    at.radio(key="form-value").set_value("greedy").run()
    assert "It answers " in said(at) and not tokens(at)
    assert not [one for one in at.text_input if one.key in ("form-target", "form-contrast")]
    at.radio(key="form-value").set_value("log-odds").run()
    assert at.text_input(key="form-contrast").value == " negative"


@pytest.mark.parametrize("loaded", ["BertForSequenceClassification"], indirect=True)
def test_the_labels_of_a_classifier_are_there_to_choose(loaded: LanguageModel, manager: JobManager) -> None:
    at = typed()
    labels = list(loaded.answers or ())
    target, contrast = at.selectbox(key="form-target"), at.selectbox(key="form-contrast")
    assert target.value == labels[0] and contrast.value == labels[1] and target.value not in contrast.options
    assert "One class against another" in at.radio(key="form-value").options
    assert not [box for box in at.checkbox if box.key == "form-chat"], "it has no chat template"
    button(at, "Explain").click().run()
    (run,) = manager.store.list()
    assert [run.spec.game[name] for name in ("target", "contrast")] == labels[:2]


def test_fields_that_do_not_apply_are_not_shown_and_keep_what_they_hold(manager: JobManager) -> None:
    at = page()
    shown = {one.key for kind in ("text_input", "checkbox", "number_input") for one in getattr(at, kind)}
    assert not shown & {"form-replacement", "form-pattern", "form-answer_tokens"}
    at.selectbox(key="form-masking").set_value("replace").run()
    at.text_input(key="form-replacement").set_value("…").run()
    at.selectbox(key="form-masking").set_value("delete").run()
    at.selectbox(key="form-split").set_value("regex").run()
    assert at.text_input(key="form-pattern").value == r"\w+"
    at.selectbox(key="form-masking").set_value("replace").run()
    assert at.text_input(key="form-replacement").value == "…"


def test_labels_are_plain_and_the_fields_word_is_in_the_help(manager: JobManager) -> None:
    at = page()
    split, masking = at.selectbox(key="form-split"), at.selectbox(key="form-masking")
    assert (split.label, masking.label) == ("Split into", "A removed piece is")
    assert "players" in split.help and "masking" in masking.help and "Cut out of the text" in masking.options
    assert "Removed parts are cut out of the text." in said(at)
    assert at.select_slider(key="form-budget").label == "Ablations (tries)"


def test_a_model_that_is_not_there_can_be_loaded_from_the_form(manager: JobManager) -> None:
    models.unload("toy")
    at = page()
    assert "Once the model is loaded" in said(at)
    stash = runtime._stash()
    stash.failed["toy"] = "It is broken: mend it."
    at.run()
    assert "could not be loaded. It is broken: mend it." in said(at)
    stash.warm.clear()
    button(at, "Load the model now").click().run()
    assert "is being loaded" in said(at) and not stash.failed
    wait(lambda: models.is_loaded("toy"))
