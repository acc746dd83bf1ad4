"""A store of the commit before opens: every run, state, result and address."""

from __future__ import annotations

from pathlib import Path

import pytest

from spexviz.errors import StoreError
from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import schema
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.jobs.store import RunStore
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.ui import routes
from tests import old_files


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, dict[str, Explanation]]:
    """A file of the old schema, with a run in every state, one from a file, and one that was deleted."""
    path, found = tmp_path / "spexviz.sqlite3", old_files.results()
    old_files.write_runs(path, found)
    return path, found


def test_the_first_migration_is_what_it_was() -> None:
    """Word for word, wherever its lines break."""
    name, script = schema.MIGRATIONS[1]
    assert name == "0002 runs" and script.split() == old_files.RUNS.split()


def test_every_run_of_an_old_file_is_found(old: tuple[Path, dict[str, Explanation]]) -> None:
    path, found = old
    store = RunStore(path)
    assert [run.title for run in store.list()] == [name for name in reversed(found) if name != "deleted"]
    store.restore(found["deleted"].spec.id)
    for name, result in found.items():
        run = store.get(result.spec.id)
        assert run.title == name and run.state == (
            name if name in (*old_files.ENDED, *states.ACTIVE) else states.DONE
        )
        assert (run.spec, run.spec_id, run.user) == (result.spec, result.spec.id, "")
        assert (run.done, run.total, run.rate, run.phase, run.message, run.version, run.finished) == (
            8,
            8,
            2.5,
            "a phase",
            "a message",
            3,
            2.5,
        )
        assert store.result(run.id).to_json() == result.to_json()
        assert routes.address(run.spec, run.id) == f"/explore?run={result.spec.id}", "the address of before"
        assert run.origin == (states.FROM_FILE if name == "file" else states.ASKED)
        assert store.find(result.spec) == (None if name == "file" else run)
    assert RunStore(path).list() == store.list(), "opened again, nothing changes"


def test_old_runs_go_on_as_before(old: tuple[Path, dict[str, Explanation]]) -> None:
    path, found = old
    manager = JobManager(path, workers=0)
    try:
        assert {run.title: run.state for run in manager.store.list()} | dict.fromkeys(states.ACTIVE, "") == {
            **dict.fromkeys(states.ACTIVE, ""),
            **{state: state for state in old_files.ENDED},
            "file": states.DONE,
        }
        assert all(
            manager.store.get(found[state].spec.id).state == states.INTERRUPTED for state in states.ACTIVE
        ), "their process is gone"
        assert manager.submit(Request.of(found[states.DONE].spec)) == found[states.DONE].spec.id
        assert manager.resume(found[states.FAILED].spec.id) == found[states.FAILED].spec.id
        assert manager.store.get(found[states.FAILED].spec.id).state == states.QUEUED
        asked = manager.submit(Request.of(found["file"].spec))
        assert asked != found["file"].spec.id and not manager.store.get(asked).has_result, (
            "what came from a file is measured"
        )
    finally:
        manager.close()


def test_a_row_that_nobody_can_read_takes_no_other_away(tmp_path: Path) -> None:
    """An option of another version, damaged JSON: the others are listed all the same."""
    store = RunStore(tmp_path / "runs.sqlite3")
    result = pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8, scoring="held-out")
    kept, *spoiled = (
        store.insert(result, title, user=title) for title in ("kept", "option", "damaged", "nothing")
    )
    for run_id, spec in zip(
        spoiled,
        (result.spec.to_json().replace('"options":{}', '"options":{"faster":1}'), "{", ""),
        strict=True,
    ):
        with store.database.write() as connection:
            connection.execute("UPDATE runs SET spec = ? WHERE id = ?", (spec, run_id))
    assert [run.id for run in store.list()] == [kept] and all(store.get(run_id) is None for run_id in spoiled)


YEAR = 365 * 86_400.0  # seconds


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_the_newest_run_is_the_first_though_the_clock_jumped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    store, now = RunStore(tmp_path / "runs.sqlite3"), states.time.time()
    specs = [Request(SyntheticGame("x0", n=12), Linear(), 64, seed).spec for seed in range(4)]
    ids = [store.enqueue(spec, "", "") for spec in specs[:2]]
    monkeypatch.setattr(states.time, "time", lambda: now + jump)
    ids.append(store.enqueue(specs[2], "", ""))
    assert store.list(limit=1)[0].id == ids[2]
    monkeypatch.setattr(states.time, "time", lambda: now + 1)  # it is set right again
    ids.append(store.enqueue(specs[3], "", ""))
    assert store.list(limit=1)[0].id == ids[3] and {run.id for run in store.list()} == set(ids)


def test_what_was_deleted_by_a_clock_that_was_ahead_goes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, now = RunStore(tmp_path / "runs.sqlite3"), states.time.time()
    run_id = store.enqueue(Request(SyntheticGame("x0", n=12), Linear(), 64).spec, "", "")
    store.finish(run_id, states.FAILED)
    monkeypatch.setattr(states.time, "time", lambda: now + YEAR)
    store.delete(run_id)
    monkeypatch.setattr(states.time, "time", lambda: now)
    store.purge()
    store.restore(run_id)
    assert store.get(run_id) is None


def test_several_are_deleted_all_or_none_and_the_last_ones_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, now = RunStore(tmp_path / "runs.sqlite3"), states.time.time()
    result = pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8)
    mine, other, third = (store.insert(result, user, user=user) for user in ("one", "two", "three"))
    going = store.enqueue(Request(SyntheticGame("x0", n=12), Linear(), 64).spec, "", "")
    with pytest.raises(StoreError, match="still going"):
        store.delete(mine, going)
    assert store.deleted() == () and len(store.list()) == 4
    store.delete(mine)
    monkeypatch.setattr(states.time, "time", lambda: now + 60)
    store.delete(other, third)
    assert set(store.deleted()) == {other, third} and store.deleted("one") == (mine,)
    store.restore(*store.deleted())
    assert store.deleted() == (mine,), "and then those before"
    monkeypatch.setattr(states.time, "time", lambda: now + 7_200)
    assert store.deleted() == ()


def test_what_is_said_is_kept_for_the_result_of_which_it_is_said(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.sqlite3")
    run = store.get(store.insert(pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8), "a run"))
    store.keep_said(run.id, run.version - 1, "of an earlier result")
    assert store.get(run.id).said == ""
    store.keep_said(run.id, run.version, "of this one")
    store.rename(run.id, "another title")
    assert (store.get(run.id).said, store.get(run.id).title) == ("of this one", "another title")
