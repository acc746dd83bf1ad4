"""What is switched off on a page, without a browser: who answers, and what is said where nobody can."""

from __future__ import annotations

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from spexviz import models, views
from spexviz.games.base import Game
from spexviz.games.prompt.game import PromptGame
from spexviz.jobs.manager import JobManager
from spexviz.kit.paths import ASSETS
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from tests.pages.app import button, page, said, tried, wait

PROMPT = "This film is not good at all but never dull and hardly ever a great bore for long"
OFF = (3, 6, 8)


def ran(manager: JobManager) -> tuple[str, Explanation]:
    """A run of 17 words by the toy model, which has asked no mask of `OFF`."""
    game = {"name": "prompt", "model": "toy", "prompt": PROMPT, "template": "Review: {}"}
    run_id = manager.submit(Request.of(RunSpec(game, {"name": "proxyspex"}, 64, 0)), PROMPT)
    wait(lambda: not manager.store.get(run_id).active)
    result = manager.store.result(run_id)
    assert result is not None and not result.proof.exact
    return run_id, result


def test_the_model_is_asked_once_for_what_no_run_has_asked(manager: JobManager, monkeypatch) -> None:
    run_id, run = ran(manager)
    mask = all_but([OFF], len(run.players))
    assert run.asked(mask) != run.asked(mask), "the run has not asked it"
    at = page(run=run_id, off="3-6-8")
    found = tried(at)
    game: Game = PromptGame("toy", PROMPT, "Review: {}")
    bare = views.question.bare(run.subject, float(game(mask)[0]))
    assert [row["label"] for row in found["rows"]][1:3] == [
        "The model without them",
        "The surrogate predicts",
    ]
    assert found["rows"][1]["value"] == bare and f"says “positive” with {bare}" in found["said"]
    assert not any(one.label == "Ask the model (loads it)" for one in at.button)

    monkeypatch.setattr(type(models.load("toy")), "log_probabilities", lambda *_: pytest.fail("asked again"))
    at.run()
    assert not at.exception and tried(at)["rows"][1]["value"] == bare, "the cache knows it"
    at.session_state[f"off-{run_id}"] = ()
    at.run()
    assert tried(at)["rows"] == [] and "Shift-click a word" in tried(at)["hint"]


def test_a_model_that_is_not_there_is_loaded_on_request(manager: JobManager) -> None:
    run_id, _ = ran(manager)
    models.unload("toy")
    at = page(run=run_id, off="3-6-8")
    assert "the model has not been asked" in tried(at)["said"]
    button(at, "Ask the model (loads it)").click().run()
    assert not at.exception and re.search("the model (still )?says", tried(at)["said"])


def test_where_the_model_is_not_offered_the_surrogate_answers_and_says_so(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEXVIZ_MODELS", "toy")
    file = ASSETS / "runs" / "prompt" / "turns.json"
    run = Explanation.from_json(file.read_text(encoding="utf-8"))
    run_id = manager.store.insert(run, "of a model of elsewhere")
    at = page(run=run_id, off="0-1-4")
    found = tried(at)
    assert "the surrogate predicts" in found["said"] and found["rows"][1]["value"] == "not asked"
    assert "The model cannot be asked. This server does not offer the model" in said(at)
    single: Any = next(one for one in run.measured.without if len(one) == 1)
    at.session_state[f"off-{run_id}"] = single
    at.run()
    assert re.search("the model (still )?says", tried(at)["said"]), "what the run has measured needs no model"


def test_what_is_switched_elsewhere_makes_another_list(manager: JobManager) -> None:
    """A browser that says what the list held before the last switch speaks of a list that is no more."""
    run_id, _ = ran(manager)
    at = page(run=run_id)
    before = off_list(at)
    at.session_state[f"off-{run_id}"] = (3,)
    at.run()
    now = off_list(at)
    assert now.key != before.key and now.value == [3]
    now.set_value([3, 6]).run()
    assert not at.exception and tried(at)["off"] == [3, 6], "what is chosen in it counts"
    assert (off_list(at).key, off_list(at).value) == (now.key, [3, 6]), "and it stays"


def off_list(at: AppTest) -> Any:
    return next(one for one in at.multiselect if one.label == "Words that are switched off")
