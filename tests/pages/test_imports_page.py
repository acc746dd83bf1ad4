"""Pages of runs from files, without a browser.

The mark, no Resume for what is not offered, and nothing looked up by opening them.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from typing import Any

import pytest

from spexviz.games.heads import tasks
from spexviz.games.training import features
from spexviz.games.training.game import TrainingGame
from spexviz.jobs import rivals
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.models import bundled
from spexviz.results import Explanation
from spexviz.run import compare as run_compare
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec
from spexviz.ui import recorded
from tests.jobs import forged
from tests.pages.app import button, components, listed, page, press_card, said, wait

PROMPT = "This film is not good at all"
SPEC = RunSpec(
    {"name": "prompt", "model": "toy", "prompt": PROMPT, "template": "Review: {}"}, {"name": "proxyspex"}, 64
)
NAMES = ("/etc/passwd", "endpoint:nowhere", "gpt2")
MARK = "not measured by this server"


@pytest.fixture(scope="module")
def honest() -> Explanation:
    return pipeline.run(Request.of(SPEC))


def labels(at: Any) -> set[str]:
    return {button.label for button in at.button}


def heads(name: str) -> Explanation:
    """A recorded run of heads, with another model's name written into it."""
    card = next(one for one in recorded.recorded("heads") if "eiffel" in one.path.stem)
    return forged.finished(Explanation.from_json(card.path.read_text(encoding="utf-8")), model=name)


def test_a_file_is_shown_as_such_and_the_honest_run_is_not(manager: JobManager, honest: Explanation) -> None:
    imported = manager.store.insert(forged.reversed_signs(honest), PROMPT)
    assert MARK in said(page("explore", run=imported))
    at = page("explore", run=imported)
    button(at, "New run").click().run()
    button(at, "Explain").click().run()
    asked = manager.store.find(Request.of(SPEC).spec) or manager.store.list()[0]
    assert asked.id != imported and not asked.imported
    wait(lambda: not manager.store.get(asked.id).active)
    assert (
        MARK not in said(page("explore", run=asked.id)) and manager.store.get(asked.id).state == states.DONE
    )
    manager.store.insert(honest, "a card", states.RECORDED)
    at = page("runs")
    assert sorted(listed(at, "State")) == ["done", "from a file"], "recorded runs are folded away"
    at.toggle(key="runs-recorded").set_value(True).run()
    assert sorted(listed(at, "State")) == ["done", "from a file", "recorded"]


def test_a_card_is_marked_as_recorded_and_opens_one_run(manager: JobManager) -> None:
    for _ in range(2):
        at = page("explore")
        press_card(at, recorded.recorded("prompt")[0].key)
        assert not at.exception and "Recorded with spexviz" in said(at)
    (run,) = manager.store.list()
    assert run.origin == states.RECORDED and manager.store.find(run.spec) is None


def test_an_unfinished_file_is_resumed_as_another_run(manager: JobManager, honest: Explanation) -> None:
    imported = manager.store.insert(forged.unfinished(honest), PROMPT)
    at = page("explore", run=imported)
    button(at, "Resume").click().run()
    assert not at.exception
    run = next(run for run in manager.store.list() if not run.imported)
    assert at.query_params["run"] in (run.id, [run.id]) and run.id != imported
    wait(lambda: not manager.store.get(run.id).active)
    at.run()
    assert MARK not in said(at) and {tab.label for tab in at.tabs} >= {"Sets as a table"}


@pytest.mark.parametrize("name", NAMES)
def test_an_unfinished_file_of_another_model_says_what_to_do(
    manager: JobManager, honest: Explanation, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    imported = manager.store.insert(forged.unfinished(honest, model=name), PROMPT)
    with forged.untouched(monkeypatch, name):
        at = page("explore", run=imported)
        assert "It cannot be resumed here. This server does not offer the model" in said(at) and MARK in said(
            at
        )
        assert not labels(at) & {"Resume", "Try again"}
        button(at, "New run").click().run()
    assert (
        not at.exception
        and at.selectbox(key="form-model").value == "toy"
        and at.text_area(key="form-prompt").value == PROMPT
    )


@pytest.mark.parametrize("name", [*NAMES, "bundled"])
def test_a_page_of_heads_asks_no_model_that_is_not_offered(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    imported = manager.store.insert(heads(name), "heads")
    with forged.untouched(monkeypatch, name):
        at = page("heads", run=imported)
        at.session_state[f"selection-{imported}"] = (0,)
        at.run()
    assert not at.exception and {tab.label for tab in at.tabs} >= {"Sets as a table"}
    assert said(at).count("The model cannot be asked. This server does not offer the model") >= 2
    assert not labels(at) & {
        "Ask the model (loads it)",
        "Show where it looks (loads the model)",
        "Compare what to keep",
    }


def test_removal_asks_no_model_that_is_not_offered(manager: JobManager) -> None:
    task = next(iter(tasks.tasks().values()))
    at = page(
        "heads", run=manager.store.insert(forged.finished(heads("bundled"), questions=task.fit), "a task")
    )
    assert "The model cannot be asked. This server does not offer the model" in said(
        at
    ) and "Compare what to keep" not in labels(at)


@pytest.mark.parametrize(
    "settings",
    [
        {"data": "/etc/passwd"},
        {"data": "../../etc/passwd"},
        {"encoder": "bundled"},
        {"encoder": "/etc/passwd"},
    ],
)
def test_a_page_of_training_data_loads_nothing_for_a_name(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    result = pipeline.explain(TrainingGame("reviews", 4, encoder="words", players_are="source"), Linear(), 64)
    imported = manager.store.insert(forged.finished(result, **settings), "from elsewhere")
    loaded: list[object] = []
    monkeypatch.setattr(bundled, "is_fetched", lambda: False)
    monkeypatch.setattr(bundled, "_convert", loaded.append)
    monkeypatch.setattr(features, "_encode", lambda *_: loaded.append("an encoder"))
    with forged.untouched(monkeypatch, "/etc/passwd"):
        at = page("training", run=imported)
    assert (
        not loaded
        and not at.exception
        and {tab.label for tab in at.tabs} >= {"Sets as a table"}
        and MARK in said(at)
    )


def test_what_is_kept_between_two_visits_is_kept_by_run(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files with the same settings have other numbers, so other fits."""
    longer = pipeline.run(
        Request.of(dataclasses.replace(SPEC, game={**SPEC.game, "prompt": f"{PROMPT}, {PROMPT.lower()}"}))
    )
    compared: list[Explanation] = []
    monkeypatch.setattr(rivals, "compare", lambda run, _: compared.append(run) or ())
    for _, one in itertools.product(range(2), (longer, forged.reversed_signs(longer))):
        run_id = manager.store.insert(one, "longer")
        at = page("explore", run=run_id)
        button(at, "Compare all solvers").click().run()
        assert not at.exception and "The same ablations, other solvers" in said(at)
        assert [(found["shown"], found["said"]) for found in components(at, "shown")] == [
            ({"run": run_id}, {})
        ]
    value = longer.sample.values[0]
    solvers = len(run_compare.rivals(longer))
    wait(lambda: len(compared) >= 2 * solvers)
    assert Counter(run.sample.values[0] for run in compared) == {value: solvers, -value: solvers}
