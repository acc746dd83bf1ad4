"""The Runs page where files were damaged."""

from __future__ import annotations

import pytest

from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs.manager import JobManager
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec
from tests.pages.app import button, page, said, wait

PROMPT = {"name": "prompt", "model": "toy", "prompt": "not good at all", "template": "Review: {}"}


def test_runs_that_cannot_be_read_are_named(manager: JobManager) -> None:
    found = [
        manager.store.insert(pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8, seed), f"run {seed}")
        for seed in range(3)
    ]
    with manager.store.database.write() as connection:
        connection.execute("UPDATE runs SET spec = '{' WHERE id = ?", (found[1],))
    at = page("runs")
    assert not at.exception and len(at.dataframe[0].value) == 2
    (told,) = at.expander
    assert told.label == "1 run cannot be shown"
    assert "run 1: its settings cannot be read by this version of spexviz. This is not" in said(at)


def test_a_file_that_was_set_aside_is_told(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager.store, "notice", "The file of the runs was damaged.")
    monkeypatch.setattr(manager.cache, "notice", "The cache of ablations was damaged.")
    text = said(page("runs"))
    assert "The file of the runs was damaged." in text and "The cache of ablations was damaged." in text


def changed(manager: JobManager, change: str) -> str:
    """The id of a run that is done, of which the disk has changed something."""
    run_id = manager.submit(Request.of(RunSpec(PROMPT, {"name": "linear"}, 64)), "a run")
    wait(lambda: not manager.store.get(run_id).active)
    with manager.store.database.write() as connection:
        connection.execute(f"UPDATE runs SET {change} WHERE id = ?", (run_id,))
    return run_id


def test_a_result_that_was_damaged_can_be_resumed_on_its_page(manager: JobManager) -> None:
    run_id = changed(manager, "result = replace(result, '0.', '1.')")
    at = page("explore", run=run_id)
    assert not at.exception and "Its result was damaged on the disk" in said(at)
    button(at, "Resume").click().run()
    wait(lambda: manager.store.get(run_id).state == "done")


def test_a_result_of_another_version_says_so(manager: JobManager) -> None:
    run_id = changed(manager, "result = '{}', digest = ''")
    at = page("explore", run=run_id)
    assert not at.exception and manager.store.get(run_id).has_result
    assert "The result of this run cannot be read." in said(at)
