"""Files are shown for what they are.

They answer for no run that is asked for, and name nothing that this server loads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spexviz.errors import GameError, ModelError, SpexvizError, StoreError
from spexviz.games.prompt.game import PromptGame
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager, refusal
from spexviz.jobs.store import Run
from spexviz.models.hf import TransformersModel
from spexviz.results import Explanation
from spexviz.run import noise, pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec, is_run_id
from tests.jobs import forged

GAME = {"name": "prompt", "model": "toy", "prompt": "This film is not good at all", "template": "Review: {}"}
SPEC = Request.of(RunSpec(GAME, {"name": "proxyspex"}, 64)).spec
NAMES = ("/etc/passwd", "endpoint:nowhere", "gpt2", "llamacpp:/etc/passwd", "http://169.254.169.254/")


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    monkeypatch.setenv("SPEXVIZ_MODELS", "toy")
    made = JobManager(tmp_path / "runs.sqlite3", workers=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def honest() -> Explanation:
    """What the settings give when they are measured."""
    return pipeline.run(Request.of(SPEC))


def ended(manager: JobManager, run_id: str) -> Run:
    for _ in range(6000):
        if (run := manager.store.get(run_id)) and not run.active:
            return run
        time.sleep(0.01)
    raise AssertionError("the run did not end")


def test_a_forged_file_never_answers_for_the_run_that_is_asked_for(
    manager: JobManager, honest: Explanation
) -> None:
    forgery = forged.reversed_signs(honest)
    assert forgery.spec.id == SPEC.id and forgery.fidelity.r2 == 1.0
    before = manager.store.insert(forgery, "forged")
    asked = manager.submit(Request.of(SPEC), "asked")
    after = manager.store.insert(forged.unfinished(forgery), "forged, too")
    run = ended(manager, asked)
    assert (run.state, run.origin, run.spec_id) == (states.DONE, states.ASKED, SPEC.id) and not run.imported
    assert len({before, asked, after, SPEC.id}) == 4 and all(map(is_run_id, (before, asked, after)))
    measured = manager.store.result(asked)
    assert (
        measured.sample.values.tolist() == honest.sample.values.tolist()
        and measured.spectrum == honest.spectrum
    )
    assert measured.sample.values.tolist() != forgery.sample.values.tolist() and measured.spent.cached == 0
    assert manager.submit(Request.of(SPEC)) == asked and manager.store.find(SPEC).id == asked
    for run_id, title in ((before, "forged"), (after, "forged, too")):
        told = manager.store.get(run_id)
        assert (told.origin, told.title, told.spec_id) == (states.FROM_FILE, title, SPEC.id) and told.imported
        assert manager.store.result(run_id).sample.values.tolist() == forgery.sample.values.tolist(), (
            "a file stays what it was"
        )


def test_the_same_file_is_one_run_and_another_file_another(manager: JobManager, honest: Explanation) -> None:
    store = manager.store
    first = store.insert(honest, "a file")
    assert (
        store.insert(Explanation.from_json(honest.to_json()), "again") == first
        and store.get(first).title == "a file"
    )
    other = store.insert(forged.reversed_signs(honest), "the same settings")
    recorded = store.insert(honest, "a card", states.RECORDED)
    assert (
        store.insert(honest, "a card", states.RECORDED) == recorded
        and store.get(recorded).origin == states.RECORDED
    )
    theirs = store.insert(honest, "a file", user="somebody")
    assert len({first, other, recorded, theirs}) == len(store.list()) == 4 and store.find(SPEC) is None
    store.delete(first)
    assert store.insert(honest, "opened again") == first and store.get(first).state == states.DONE


def test_a_file_comes_in_as_what_it_is(manager: JobManager, honest: Explanation) -> None:
    half = manager.store.get(manager.store.insert(forged.unfinished(honest), "half"))
    assert (half.state, half.message) == (
        states.INTERRUPTED,
        "This file holds an unfinished run.",
    ) and half.has_result
    whole = manager.store.get(manager.store.insert(honest, "whole"))
    assert (whole.state, whole.done, whole.total) == (
        states.DONE,
        len(honest.sample.values),
        len(honest.sample.values),
    ) and whole.id != half.id


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_not_offered_is_neither_run_nor_looked_up(
    manager: JobManager, honest: Explanation, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run_id = manager.store.insert(forged.unfinished(honest, model=name), "forged")
    for start in (
        lambda: manager.resume(run_id),
        lambda: manager.submit(Request.of(manager.store.get(run_id).spec)),
    ):
        with (
            forged.untouched(monkeypatch, name),
            pytest.raises(ModelError, match=r"does not offer the model .*one that it offers \(toy\)"),
        ):
            start()
    assert [run.id for run in manager.store.list()] == [run_id] and manager.store.get(
        run_id
    ).state == states.INTERRUPTED


@pytest.mark.parametrize("model", [None, 5, "", ["toy"], {"name": "toy"}, "toy ", "TOY"])
def test_only_the_very_name_is_offered(manager: JobManager, honest: Explanation, model: object) -> None:
    run_id = manager.store.insert(forged.unfinished(honest, model=model), "forged")
    with pytest.raises(SpexvizError):
        manager.resume(run_id)
    assert refusal(manager.store.get(run_id).spec)


def test_a_file_without_a_model_means_the_one_that_its_game_would_load(manager: JobManager) -> None:
    bare = {name: value for name, value in GAME.items() if name != "model"}
    assert "'bundled'" in refusal(RunSpec(bare, {"name": "proxyspex"}, 64))
    assert "no game named" in refusal(RunSpec({"name": "nothing"}, {"name": "proxyspex"}, 64))
    assert not refusal(SPEC) and not refusal(
        RunSpec({"name": "synthetic", "source": "x0*x1"}, {"name": "linear"}, 8)
    )


def test_an_unfinished_file_with_an_offered_model_begins_an_honest_run(
    manager: JobManager, honest: Explanation
) -> None:
    file = forged.unfinished(forged.reversed_signs(honest))
    imported = manager.store.insert(file, "half a run")
    going = manager.resume(imported)
    run = ended(manager, going)
    assert going != imported and (run.state, run.origin, run.title) == (
        states.DONE,
        states.ASKED,
        "half a run",
    )
    measured = manager.store.result(going)
    assert measured.sample.values.tolist() == honest.sample.values.tolist() and measured.spent.cached == 0, (
        "nothing comes from the file"
    )
    assert (
        manager.store.get(imported).state == states.INTERRUPTED
        and manager.store.result(imported).to_json() == file.to_json()
    )
    assert manager.resume(imported) == going, "and then it is there"


def test_users_have_runs_of_their_own_and_share_ablations(manager: JobManager) -> None:
    ours = manager.submit(Request.of(SPEC))
    ended(manager, ours)
    theirs = manager.submit(Request.of(SPEC), user="somebody")
    ended(manager, theirs)
    assert (
        ours != theirs
        and manager.submit(Request.of(SPEC), user="somebody") == theirs
        and manager.store.get(theirs).user == "somebody"
    )
    ours_found, theirs_found = manager.store.result(ours), manager.store.result(theirs)
    assert theirs_found.spectrum == ours_found.spectrum and theirs_found.spent.cached == len(
        ours_found.sample
    )


def test_a_run_of_before_is_measured_on_request_and_a_file_stays_as_it_is(
    manager: JobManager, honest: Explanation
) -> None:
    store, game = manager.store, Request.of(SPEC).game
    run_id = manager.submit(Request.of(SPEC), "of this server")
    ended(manager, run_id)
    before = replace(honest, measured=None)
    store.save(run_id, before)
    from_file = store.insert(before, "a file")
    other = replace(game, prompt="another text")
    with pytest.raises(GameError, match="another game"):
        manager.measure(run_id, other)
    for one in (run_id, from_file):
        found = manager.measure(one, game)
        assert found.measured is not None and honest.measured is not None
        assert found.measured.sample.values.tolist() == honest.measured.sample.values.tolist()
        assert found.ablations == honest.ablations
    kept, of_file = store.result(run_id), store.result(from_file)
    assert kept is not None and kept.measured is not None and kept.complete
    assert of_file is not None and of_file.measured is None, "a file stays what it was"
    version = store.get(run_id).version
    assert manager.measure(run_id, game).to_json() == kept.to_json()
    assert store.get(run_id).version == version, "it is not kept again"
    assert not store.complete(replace(store.get(run_id), version=version - 1), before), "it has changed since"
    with pytest.raises(StoreError, match="no longer there"):
        manager.measure("0" * 16, game)


def test_a_model_that_is_not_offered_is_not_asked_for_it(
    manager: JobManager, honest: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = manager.store.insert(replace(honest, measured=None), "a file")
    monkeypatch.setenv("SPEXVIZ_MODELS", "bundled")
    with pytest.raises(ModelError):
        manager.measure(run_id, Request.of(SPEC).game)


def test_a_run_that_fell_back_to_fp32_is_measured_in_fp32(
    manager: JobManager, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEXVIZ_MODELS", str(tiny_llama))
    monkeypatch.setattr(noise, "LIMIT", 0.0)
    words = "never dull not bad at all really good"
    game = PromptGame(TransformersModel(str(tiny_llama), precision="bf16"), words, value="log-probability")
    run = pipeline.explain(game, Linear(), 64, scoring="held-out")
    assert run.precision.startswith("fp32") and game.precision == "bf16" and run.measured is not None
    later = manager.measure(manager.store.insert(replace(run, measured=None), "a file"), game).measured
    assert later is not None and later.without == run.measured.without
    np.testing.assert_array_equal(later.sample.masks, run.measured.sample.masks)
    np.testing.assert_allclose(later.sample.values, run.measured.sample.values, rtol=1e-5)
    assert np.abs(game(later.sample.masks) - later.sample.values).max() > 1e-4
