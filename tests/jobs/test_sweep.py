"""A file that is locked, damaged or newer: no run is orphaned, and nothing is lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from spexviz.errors import SpecError, StoreError
from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import schema, sweep
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.jobs.store import RunStore
from spexviz.kit import database
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from tests.jobs.test_manager import spec
from tests.jobs.waiting import ended, until

pytestmark = pytest.mark.usefixtures("slow_game")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lasts minutes lasts moments."""
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    for name, seconds in (("EVERY", 0.1), ("PERSIST", 0.3), ("PAUSE", 0.05)):
        monkeypatch.setattr(sweep, name, seconds)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process writes the file, and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.usefixtures("hasty")
def test_no_run_is_orphaned_by_a_file_that_was_locked(
    make: Callable[..., JobManager], tmp_path: Path
) -> None:
    manager = make(workers=2)
    ids = [manager.submit(Request.of(spec(tmp_path, seed, pause=0.003, n=13))) for seed in range(6)]
    until(manager, ids[0], lambda run: run.state == "running" and run.done > 0)
    with locked(manager.store.database.path):
        until(manager, ids[0], lambda _: len(manager._jobs) <= 3)  # their threads are gone
        with pytest.raises(StoreError, match="another process"):
            manager.submit(Request.of(spec(tmp_path, 7)))
    for run_id in ids:
        run = until(manager, run_id, ended)
        assert run.state == "done" or "resume" in run.message
        assert manager.resume(run_id) == run_id
    for run_id in ids:
        assert until(manager, run_id, ended).state == "done"


@pytest.mark.usefixtures("hasty")
def test_rows_that_nobody_works_on_are_told_so(make: Callable[..., JobManager], tmp_path: Path) -> None:
    manager = make(workers=0)
    for state in states.ACTIVE:
        wanted = spec(tmp_path, seed=states.ACTIVE.index(state))
        run_id = manager.store.enqueue(wanted, "left", manager._owner)
        with manager.store.database.write() as connection:
            connection.execute("UPDATE runs SET state = ? WHERE id = ?", (state, run_id))
        run = until(manager, run_id, ended)
        assert (run.state, run.message) == ("interrupted", sweep.LOST)


def test_a_run_that_was_lost_is_taken_up_when_asked_for(
    make: Callable[..., JobManager], tmp_path: Path
) -> None:
    manager, wanted = make(), spec(tmp_path)
    run_id = manager.store.enqueue(wanted, "left", manager._owner)
    assert manager.submit(Request.of(wanted)) == run_id
    assert until(manager, run_id, ended).state == "done"


@pytest.mark.usefixtures("hasty")
def test_runs_of_a_server_that_dies_are_found_by_one_that_lives(
    make: Callable[..., JobManager], tmp_path: Path
) -> None:
    manager = make()
    run_id = manager.store.enqueue(spec(tmp_path), "theirs", "a process that was killed")
    assert until(manager, run_id, ended).state == "interrupted"


def test_what_has_ended_stays_as_it_ended(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.sqlite3")
    run_id = store.enqueue(spec(tmp_path), "one", "here")
    store.finish(run_id, states.DONE)
    store.finish(run_id, states.INTERRUPTED, "too late")
    assert store.get(run_id).state == states.DONE


def spoil(path: Path, page: int) -> None:
    """Overwrite the beginning of a page, as a failing disk would."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096 * page)
        file.write(b"\xaa" * 64)


def runs(path: Path, count: int = 12) -> dict[str, str]:
    """{id: result} of some runs in a file."""
    store = RunStore(path)
    found = {}
    for seed in range(count):
        result = pipeline.explain(SyntheticGame("x0*x1 + x2", 12), Linear(), 32, seed)
        found[store.insert(result, f"run {seed}")] = result.to_json()
    store.database.connection().close()
    return found


@pytest.mark.parametrize("page", [0, 1, 6, 11])
@pytest.mark.parametrize("copied", [True, False])
def test_a_damaged_file_is_set_aside_with_what_could_be_saved(
    page: int, copied: bool, tmp_path: Path
) -> None:
    path = tmp_path / "runs.sqlite3"
    before = runs(path)
    if copied:
        RunStore(path).database.copy_to(schema.copy_of(schema.database(path)))
    spoil(path, page)
    manager = JobManager(path)
    try:
        kept = {run.id: manager.store.result(run.id) for run in manager.store.list()}
        whole = [run_id for run_id, result in kept.items() if result and result.to_json() == before[run_id]]
        if copied:
            assert set(whole) == set(before)
        elif page == 11:
            assert len(whole) >= len(before) - 3, "all but the rows on that page"
        (notice,) = manager.notices
        (aside,) = {path for path in tmp_path.glob("*.damaged-*") if not path.name.endswith(("-wal", "-shm"))}
        assert (aside.name in notice and f"{len(kept)} runs" in notice) or copied
        run_id = manager.submit(Request.of(spec(tmp_path)))
        assert until(manager, run_id, ended).state == "done"
    finally:
        manager.close()


@pytest.mark.usefixtures("hasty")
def test_a_file_that_is_damaged_while_the_server_runs(
    make: Callable[..., JobManager], tmp_path: Path
) -> None:
    path = tmp_path / "runs.sqlite3"
    before = runs(path)
    manager = make()
    time.sleep(0.3)  # a copy was made
    spoil(path, 0)
    end = time.monotonic() + 30
    while not manager.notices and time.monotonic() < end:
        time.sleep(0.05)
    assert "was damaged and was set aside" in manager.notices[0]
    assert {run.id for run in manager.store.list()} == set(before)


def test_a_result_that_is_not_what_was_kept_is_never_shown(
    make: Callable[..., JobManager], tmp_path: Path
) -> None:
    """A digit that flipped on the disk is a wrong number on a page."""
    manager = make()
    run_id = manager.submit(Request.of(spec(tmp_path)))
    until(manager, run_id, ended)
    honest = manager.store.result(run_id).to_json()
    with manager.store.database.write() as connection:
        connection.execute("UPDATE runs SET result = replace(result, '0.', '1.') WHERE id = ?", (run_id,))
    assert manager.store.result(run_id) is None
    run = manager.store.get(run_id)
    assert (run.state, run.has_result) == ("interrupted", False) and "resume" in run.message
    manager.resume(run_id)
    until(manager, run_id, ended)
    again = manager.store.result(run_id)
    assert again.spent.asked == 0 and again.sample.values.tolist() and len(again.to_json()) > len(honest) // 2


def test_a_result_of_a_later_version_is_left(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.sqlite3")
    (run_id,) = runs(tmp_path / "runs.sqlite3", 1)
    text = '{"format": "spexviz run 9"}'
    with store.database.write() as connection:
        digest = states._digest(text)
        connection.execute("UPDATE runs SET result = ?, digest = ?", (text, digest))
    with pytest.raises(SpecError):
        store.result(run_id)
    assert store.get(run_id).has_result, "another version can read it"


def test_bad_rows_are_named(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.sqlite3")
    first, second = runs(tmp_path / "runs.sqlite3", 2)
    with store.database.write() as connection:
        connection.execute("UPDATE runs SET spec = '{' WHERE id = ?", (first,))
    ((found, title, reason),) = store.unreadable()
    assert (found, title) == (first, "run 0") and "JSON" in reason
    assert [run.id for run in store.list()] == [second]
