"""A run keeps what it was begun from, and takes over what that has measured; never from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spexviz.jobs import store as states
from spexviz.jobs import ways
from spexviz.jobs.manager import JobManager
from spexviz.results import Explanation
from spexviz.run import more
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from tests.jobs.waiting import ended, until

pytestmark = pytest.mark.usefixtures("slow_game")


def request(tmp_path: Path, budget: int = 64) -> Request:
    game = {"name": "slow", "log": str(tmp_path / "asked.txt")}
    return Request.of(RunSpec(game, {"name": "linear"}, budget, 0))


def result_of(manager: JobManager, run_id: str) -> Explanation:
    assert until(manager, run_id, ended).state == states.DONE
    return manager.store.result(run_id)


def test_a_run_knows_what_it_was_begun_from_and_what_was_begun_from_it(
    make: Callable, tmp_path: Path
) -> None:
    manager = make()
    runs = manager.store.database
    first = manager.submit(request(tmp_path))
    result_of(manager, first)
    assert ways.before(runs, first) is None and ways.after(runs, first) == []
    second = manager.submit(request(tmp_path, 128), before=first)
    result_of(manager, second)
    assert ways.before(runs, second).id == first
    assert manager.submit(request(tmp_path, 128), before=first) == second
    third = manager.submit(request(tmp_path, 256), before=first)
    result_of(manager, third)
    assert [run.id for run in ways.after(runs, first)] == [third, second]
    manager.store.delete(second)
    assert [run.id for run in ways.after(runs, first)] == [third]
    manager.store.purge(-1.0)
    assert ways.before(runs, second) is None


@pytest.mark.parametrize(("origin", "taken"), [(states.RECORDED, True), (states.FROM_FILE, False)])
def test_what_a_recorded_run_has_measured_is_not_asked_again(
    make: Callable, tmp_path: Path, origin: str, taken: bool
) -> None:
    manager = make()
    asked = request(tmp_path)
    run = result_of(manager, manager.submit(asked))
    manager.close()
    for file in tmp_path.glob("*ablations*"):
        file.unlink()
    manager = make()
    given = manager.store.insert(run, "from elsewhere", origin)
    larger = Request.of(more.larger(run.spec, 128))
    found = result_of(manager, manager.submit(larger, before=given))
    known = more.known(run, larger.plan)
    assert found.spent.cached >= known if taken else found.spent.cached < known
