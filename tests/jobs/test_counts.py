"""What the operator is told of the runs, and whose runs are listed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import health, metrics
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.jobs.store import RECORDED
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear

REQUEST = Request(SyntheticGame("x0*x1 + x2", n=20), Linear(), 64)
MASKS = 64 + 128 + 2


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[JobManager]:
    made = JobManager(tmp_path / "runs.sqlite3")
    yield made
    made.close()


def finished(manager: JobManager, user: str) -> str:
    """The id of the run once it has been counted."""
    before = manager.counts.ended.total()
    run_id = manager.submit(REQUEST, "title", user)
    for _ in range(3000):
        if manager.counts.ended.total() > before:
            return run_id
        time.sleep(0.01)
    raise AssertionError("the run did not end")


def test_ablations_and_cache_hits_are_told_apart(manager: JobManager) -> None:
    result = manager.store.result(finished(manager, "one"))
    assert result is not None and result.measured is not None
    masks = MASKS + result.measured.ablations
    assert (manager.counts.ablations, manager.counts.hits) == (masks, 0)
    finished(manager, "two")
    assert (manager.counts.ablations, manager.counts.hits) == (masks, masks)
    assert manager.counts.ended == {states.DONE: 2} and manager.counts.rate == 0
    told = metrics.text(manager, errors=3).splitlines()
    for line in (f"spexviz_ablations_total {masks}", 'spexviz_runs_ended_total{state="done"} 2'):
        assert line in told
    assert "spexviz_errors_total 3" in told


def test_each_user_has_runs_of_their_own(manager: JobManager) -> None:
    one, two = finished(manager, "one"), finished(manager, "two")
    assert one != two and manager.submit(REQUEST, "title", "one") == one
    result = manager.store.result(one)
    assert result is not None
    recorded = manager.store.insert(result, "recorded", RECORDED, "two")
    assert [run.id for run in manager.store.list(user="one")] == [one]
    assert {run.id for run in manager.store.list(user="two")} == {two, recorded}
    assert len(manager.store.list()) == 3 and manager.store.list(user="") == []


def test_health_names_what_is_wrong(manager: JobManager, tmp_path: Path) -> None:
    seen = health.look(manager)
    assert (seen.queued, seen.working, seen.places, seen.problems) == (0, 0, 2, ())
    runs = tmp_path / "runs.sqlite3"
    runs.rename(tmp_path / "away")
    runs.mkdir()
    missing = health.look(manager)
    runs.rmdir()
    (tmp_path / "away").rename(runs)
    assert missing.queued is None and "cannot be written" in missing.problems[0]
    manager.close()
    ended = health.look(manager)
    assert ended.working == 0 and "takes no more runs" in ended.problems[0]
