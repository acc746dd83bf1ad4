"""The heads page, without a browser.

From the form to the figures, on a model whose answer needs two heads together.
"""

from __future__ import annotations

from typing import Any

import pytest

from spexviz import models
from spexviz.errors import GameError
from spexviz.games.heads import tasks
from spexviz.games.heads.players import layers_of
from spexviz.games.heads.signal import Signal
from spexviz.jobs.manager import JobManager
from spexviz.spec import RunSpec
from spexviz.ui.lenses.heads import form as heads_form
from spexviz.views import question, told
from tests.models import planted
from tests.pages.app import button, components, page, said, tried, wait


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(planted.save(tmp_path_factory.mktemp("planted")))


@pytest.fixture
def offered(folder: str, manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> JobManager:
    """The page's job manager, where the planted model is the one to choose."""
    monkeypatch.setenv("SPEXVIZ_MODELS", folder)
    models.load(folder)
    return manager


def fill(at: Any, **values: Any) -> None:
    for name, value in values.items():
        next(
            e for kind in ("text_input", "selectbox") for e in getattr(at, kind) if e.key == f"heads-{name}"
        ).set_value(value)
    at.run()
    assert not at.exception, at.exception


def start(at: Any, manager: JobManager) -> RunSpec:
    """Press Explain; the run, once it is done and drawn."""
    fill(
        at,
        prompt=planted.PROMPT,
        target=planted.TARGET,
        contrast=planted.CONTRAST,
        layers="all",
        ablation="zero",
    )
    next(e for e in at.select_slider if e.key == "form-budget").set_value(128)
    next(e for e in at.checkbox if e.key == "form-check").uncheck()
    at.run()
    button(at, "Explain").click().run()
    (run,) = manager.store.list()
    wait(lambda: not manager.store.get(run.id).active)
    assert manager.store.get(run.id).state == "done", manager.store.get(run.id).message
    at.run()
    assert not at.exception, at.exception
    return run.spec


def test_the_page_finds_the_planted_pair_and_asks_what_if(offered: JobManager) -> None:
    at = page("heads")
    spec = start(at, offered)
    run = offered.store.find(spec)
    result = offered.store.result(run.id)
    lead = told(result).sets[0]
    assert set(lead) <= {result.players.index(name) for name in (planted.A, planted.B)}
    assert all(result.players[i] in said(at) for i in lead)
    assert "is judged on questions that the fit has not seen" in said(at)
    assert "The head that matters most; click another" in said(at)
    at.session_state[f"selection-{run.id}"] = (result.players.index(planted.A),)
    at.run()
    assert not at.exception, at.exception
    at.session_state[f"off-{run.id}"] = (result.players.index(planted.A),)
    at.run()
    assert not at.exception, at.exception
    rows = {row["label"]: row for row in tried(at)["rows"]}
    assert rows["The model now"]["value"] == question.bare(result.subject, result.ends[1])
    odds = {label: float(row["small"].replace("−", "-")) for label, row in rows.items()}
    full, off = odds["The model now"], odds["The model without them"]
    assert full > 1.0 and off < 0.5 * full
    assert abs(odds["The surrogate predicts"] - off) < 0.5 and len(odds) == 4
    assert "between these two: above 50 % the model prefers" in said(at)
    assert f"Where {planted.A} looks" in said(at) and f"{planted.A} is head 2 of layer 1" in said(at)
    (text,) = components(at, "tokens")
    assert "".join(text["tokens"]).strip() == planted.PROMPT and len(text["said"]) == len(text["tokens"])
    button(at, "New run").click().run()
    assert next(e for e in at.text_input if e.key == "heads-layers").value == "all"
    assert next(e for e in at.selectbox if e.key == "heads-ablation").value == "zero"


def test_many_heads_are_probed_and_offered_as_candidates(
    offered: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "MANY": 10,
        "FEW": 4,
        "PROBED": 10,
        "probe": lambda game, pairs: Signal(0.1, 1.0, 2.0, 0.0, 0.5, 34),
    }.items():
        monkeypatch.setattr(heads_form, name, value)
    at = page("heads")
    fill(
        at,
        prompt=planted.PROMPT,
        target=planted.TARGET,
        contrast=planted.CONTRAST,
        layers="all",
        ablation="zero",
    )
    button(at, "Explain").click().run()
    assert (
        "the answer means nothing any more" in said(at)
        and "keep more of them each time, such as 0.9" in said(at)
        and not offered.store.list()
    )
    assert button(at, "Start it all the same")
    button(at, "Choose 4 candidates (17 ablations)").click().run()
    assert (
        "Only the 4 heads" in said(at)
        and "4 heads" in said(at)
        and "the answer means nothing any more" not in said(at)
    )
    assert {planted.A, planted.B} <= set(at.session_state["heads-only"])
    button(at, "All of them").click().run()
    assert "16 heads" in said(at)


def test_removal_on_questions_that_the_fit_has_not_seen(
    offered: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        (prompt, planted.TARGET, planted.CONTRAST)
        for prompt in (planted.PROMPT, "the plot", "not at all", "never dull")
    ]
    task = tasks.Task("planted", "Planted", "", "", 1.0, 1.0, tuple(asked[:2]), tuple(asked[2:]))
    monkeypatch.setattr(tasks, "tasks", lambda: {"Planted": task})
    at = page("heads")
    at.session_state["heads-task"] = "Planted"
    at.run()
    assert "2 questions to explain, 2 others held out" in said(at)
    fill(at, layers="1-2", ablation="zero")
    button(at, "Explain").click().run()
    (run,) = offered.store.list()
    wait(lambda: not offered.store.get(run.id).active)
    assert offered.store.get(run.id).state == "done", offered.store.get(run.id).message
    at.run()
    button(at, "Compare what to keep").click().run()
    assert not at.exception and "Keeping only 4 of 8 heads, chosen by the spectrum, leaves" in said(at)
    assert "4 chosen at random leave" in said(at) and "On the same questions the spectrum" in said(at)
    assert len(run.spec.game["questions"]) == 2 and run.title.startswith("Planted")


def test_the_form_says_what_cannot_be_run(offered: JobManager) -> None:
    at = page("heads")
    fill(at, prompt=planted.PROMPT, target=planted.TARGET, contrast=planted.CONTRAST, layers="3-9")
    button(at, "Explain").click().run()
    assert "positions from 0 to 3" in said(at) and not offered.store.list()
    fill(at, layers="one")
    assert "numbers such as" in said(at)
    fill(at, layers="0-1", target=" not bad")
    assert "single token" in said(at)
    fill(at, target=planted.TARGET)
    assert "8 heads" in said(at) and "single token" not in said(at)


@pytest.mark.parametrize(
    ("text", "found"), [("", None), ("all", "all"), ("12–14, 20", [12, 13, 14, 20]), ("3", [3])]
)
def test_layers_as_they_are_typed(text: str, found: object) -> None:
    assert layers_of(text) == found


@pytest.mark.parametrize("text", ["x", "1-", "-2", "1,,2", "5-99999999"])
def test_layers_that_are_none(text: str) -> None:
    with pytest.raises(GameError, match="numbers such as"):
        layers_of(text)


def test_bundled_tasks_are_two_halves_without_a_common_question() -> None:
    assert {task.name for task in tasks.tasks().values()} == {"facts", "agreement", "sentiment", "copying"}
    for task in tasks.tasks().values():
        assert min(len(task.fit), len(task.held_out)) >= 8 and len(task.fit) + len(task.held_out) >= 16
        prompts = [one[0] for one in (*task.fit, *task.held_out)]
        assert len(set(prompts)) == len(prompts) and all(len(one) == 3 for one in (*task.fit, *task.held_out))
        assert task.accuracy > 0.75


@pytest.mark.model
@pytest.mark.parametrize("name", ["facts", "agreement", "sentiment", "copying"])
def test_bundled_tasks_are_within_reach(bundled: Any, name: str) -> None:
    task = next(task for task in tasks.tasks().values() if task.name == name)
    asked = [*task.fit, *task.held_out]
    answers = sorted({answer for one in asked for answer in one[1:]})
    logs = bundled.log_probabilities([one[0] for one in asked], answers)
    odds = [
        row[answers.index(one[1])] - row[answers.index(one[2])] for row, one in zip(logs, asked, strict=True)
    ]
    assert sum(value > 0 for value in odds) / len(odds) >= task.accuracy - 0.05
    assert sum(odds) / len(odds) == pytest.approx(task.log_odds, abs=0.15)
