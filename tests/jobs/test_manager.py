from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from spexviz.ablate.executors import CHUNK
from spexviz.errors import QueueFull, SpexvizError, StoreError
from spexviz.run import pipeline
from spexviz.run import plan as planning
from spexviz.run.plan import Request
from spexviz.spec import RunSpec, is_run_id
from tests.jobs import slow
from tests.jobs.waiting import ended, until

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("slow_game")


def spec(tmp_path: Path, seed: int = 0, budget: int = 64, **game: object) -> RunSpec:
    return planning.Request.of(
        RunSpec(
            {"name": "slow", "log": str(tmp_path / "asked.txt"), **game}, {"name": "linear"}, budget, seed
        )
    ).spec


def test_a_run_goes_from_queue_to_result(make: Callable, tmp_path: Path) -> None:
    manager, wanted = make(), spec(tmp_path)
    run_id = manager.submit(Request.of(wanted), "a title")
    run = until(manager, run_id, ended)
    assert (run.state, run.title, run.message, run.spec_id, run.origin, run.user) == (
        "done",
        "a title",
        "",
        wanted.id,
        "",
        "",
    )
    assert is_run_id(run_id) and run_id != wanted.id, "who guesses the settings does not know the address"
    assert (
        run.done == run.total == manager.store.result(run_id).ablations > 64 + 128 + 2
        and run.has_result
        and run.finished >= run.started >= run.created
    )
    result = manager.store.result(run_id)
    assert result.spec.id == wanted.id and result.complete and len(result.sample.values) == 64
    version = run.version
    # same spec: the run that is there
    assert manager.submit(Request.of(wanted)) == run_id and manager.store.get(run_id).version == version


def test_two_at_once_then_a_queue_then_queue_full(make: Callable, tmp_path: Path) -> None:
    manager = make(workers=2, waiting=2)
    ids = [manager.submit(Request.of(spec(tmp_path, seed, pause=0.02, n=15))) for seed in range(2)]
    for run_id in ids:
        until(manager, run_id, lambda run: run.state == "running")
    ids += [manager.submit(Request.of(spec(tmp_path, seed, pause=0.02, n=15))) for seed in (2, 3)]
    assert [manager.store.get(run_id).state for run_id in ids] == ["running", "running", "queued", "queued"]
    with pytest.raises(QueueFull, match="try again"):
        manager.submit(Request.of(spec(tmp_path, 4, pause=0.02, n=15)))
    # one that waits already is no further run
    assert manager.submit(Request.of(spec(tmp_path, 3, pause=0.02, n=15))) == ids[3]
    assert manager.store.find(spec(tmp_path, 4, pause=0.02, n=15)) is None
    manager.cancel(ids[2])
    waiting = manager.store.get(ids[2])
    assert (waiting.state, waiting.message) == ("cancelled", "Cancelled before it began.")
    for run_id in ids:
        manager.cancel(run_id)
    for run_id in ids:
        assert until(manager, run_id, ended).state == "cancelled"
    assert manager.store.get(ids[2]).started is None


def test_cancel_frees_the_worker_and_resume_repeats_nothing(make: Callable, tmp_path: Path) -> None:
    manager, wanted = make(workers=1), spec(tmp_path, pause=0.005, budget=256)
    run_id = manager.submit(Request.of(wanted))
    until(manager, run_id, lambda run: run.done >= CHUNK)
    manager.cancel(run_id)
    run = until(manager, run_id, ended)
    assert run.state == "cancelled" and "kept" in run.message
    known = len(slow.asked(tmp_path / "asked.txt"))
    assert known < 256
    assert manager.resume(run_id) == run_id
    assert until(manager, run_id, ended).state == "done"
    masks = slow.asked(tmp_path / "asked.txt")
    assert len(masks) == len(set(masks)) > known
    assert manager.store.result(run_id).spent.cached >= known
    other = manager.submit(Request.of(spec(tmp_path, 1)))  # the only worker is alive
    assert until(manager, other, ended).state == "done"


def test_resumed_in_the_moment_of_its_end(
    make: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled, and resumed as soon as the store says so, again and again.

    The run must always be taken up.
    """
    manager = make(workers=2)
    run_id = manager.submit(Request.of(spec(tmp_path, pause=0.0005, budget=400)))
    for _ in range(15):
        manager.cancel(run_id)
        while manager.store.get(run_id).active:
            pass
        if manager.store.get(run_id).state == "done":
            break
        manager.resume(run_id)
    assert until(manager, run_id, ended).state in ("done", "cancelled")


def test_the_same_run_from_many_threads_is_one_run(make: Callable, tmp_path: Path) -> None:
    manager, wanted, found = make(), spec(tmp_path), []
    threads = [
        threading.Thread(target=lambda: found.append(manager.submit(Request.of(wanted)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (
        len(found) == 8
        and len(set(found)) == len(manager.store.list()) == 1
        and until(manager, found[0], ended).state == "done"
    )
    masks = slow.asked(tmp_path / "asked.txt")
    assert len(masks) == len(set(masks))


def test_a_failure_says_why_and_the_worker_lives_on(make: Callable, tmp_path: Path) -> None:
    manager = make(workers=1)
    failed = until(manager, manager.submit(Request.of(spec(tmp_path, fail=True, n=13))), ended)
    assert failed.state == "failed" and "RuntimeError" in failed.message and "kept" in failed.message
    poor = planning.Request.of(
        RunSpec({"name": "synthetic", "source": "x0*x1", "n": 20}, {"name": "linear"}, 1)
    ).spec
    told = until(manager, manager.submit(Request.of(poor)), ended)
    assert told.state == "failed" and "budget" in told.message
    assert until(manager, manager.submit(Request.of(spec(tmp_path))), ended).state == "done"


@pytest.mark.parametrize("leave", ["SystemExit", "KeyboardInterrupt"])
def test_a_game_that_wants_to_leave_fails_and_the_worker_lives_on(
    make: Callable, tmp_path: Path, leave: str
) -> None:
    manager = make(workers=1)
    failed = until(manager, manager.submit(Request.of(spec(tmp_path, leave=leave, n=13))), ended)
    assert failed.state == "failed" and leave in failed.message and "kept" in failed.message
    done = until(manager, manager.submit(Request.of(spec(tmp_path))), ended)
    assert done.state == "done"


def test_a_bad_setting_is_refused_before_the_queue(make: Callable, tmp_path: Path) -> None:
    manager = make()
    for game in (
        {"name": "nothing"},
        {"name": "prompt", "prompt": ""},
        {"name": "prompt", "prompt": "a", "template": 5},
    ):
        with pytest.raises(SpexvizError):
            manager.submit(Request.of(RunSpec(game, {"name": "linear"}, 64)))
    assert manager.store.list() == []
    with pytest.raises(StoreError, match="no longer there"):
        manager.resume("0" * 16)


def test_delete_restore_purge(make: Callable, tmp_path: Path) -> None:
    manager = make()
    run_id = manager.submit(Request.of(spec(tmp_path, pause=0.01)))
    until(manager, run_id, lambda run: run.state == "running")
    with pytest.raises(StoreError, match="cancel it first"):
        manager.store.delete(run_id)
    until(manager, run_id, ended)
    manager.store.delete(run_id)
    assert (
        manager.store.get(run_id) is None
        and manager.store.result(run_id) is None
        and manager.store.list() == []
    )
    manager.store.purge()  # not a day old: can still be brought back
    manager.store.restore(run_id)
    assert manager.store.get(run_id).state == "done" and manager.store.result(run_id).complete
    manager.store.delete(run_id)
    manager.store.purge(older_than=-1)
    manager.store.restore(run_id)
    assert manager.store.get(run_id) is None
    known = len(slow.asked(tmp_path / "asked.txt"))
    again = manager.submit(Request.of(spec(tmp_path, pause=0.01)))
    assert again != run_id and until(manager, again, ended).state == "done"
    assert len(slow.asked(tmp_path / "asked.txt")) == known  # a deleted run's ablations stay


def test_a_deleted_run_that_is_started_again_does_not_show_its_old_result(
    make: Callable, tmp_path: Path
) -> None:
    manager = make(workers=0)
    run_id = manager.submit(Request.of(spec(tmp_path)))
    manager.cancel(run_id)
    manager.store.save(
        run_id,
        pipeline.explain(
            planning.Request.of(spec(tmp_path)).game, planning.Request.of(spec(tmp_path)).solver, 64
        ),
    )
    assert manager.store.result(run_id)
    manager.store.delete(run_id)
    assert manager.submit(Request.of(spec(tmp_path))) == run_id
    assert manager.store.get(run_id).state == "queued" and manager.store.result(run_id) is None


def test_two_managers_on_one_database(make: Callable, tmp_path: Path) -> None:
    """Two server processes: neither takes the other's run for dead, and each can cancel the other's."""
    first, second = make(workers=1), make(workers=1)
    run_id = first.submit(Request.of(spec(tmp_path, pause=0.01, budget=400)))
    until(first, run_id, lambda run: run.done > 0)
    second.recover()
    assert second.store.get(run_id).state == "running"
    assert second.submit(Request.of(spec(tmp_path, pause=0.01, budget=400))) == run_id
    second.cancel(run_id)
    assert until(second, run_id, ended).state == "cancelled"
    second.resume(run_id)
    assert until(first, run_id, ended).state == "done"
    masks = slow.asked(tmp_path / "asked.txt")
    assert len(masks) == len(set(masks))


def test_two_servers_asked_at_the_same_moment(
    make: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other takes the run between the look and the write: it is the same run all the same."""
    first, second = make(workers=0), make(workers=0)
    wanted = Request.of(spec(tmp_path))
    monkeypatch.setattr(second, "_found", lambda spec, user: None)
    run_id = first.submit(wanted)
    assert second.submit(wanted) == run_id and len(second.store.list()) == 1
    assert second.place(run_id) is None and second.working == 0, "it does not wait for it as well"


def test_close_leaves_runs_that_can_be_resumed_and_no_lock_file(make: Callable, tmp_path: Path) -> None:
    manager = make(workers=1)
    ids = [manager.submit(Request.of(spec(tmp_path, seed, pause=0.01, budget=400))) for seed in range(2)]
    until(manager, ids[0], lambda run: run.done > 0)
    manager.close()
    assert [manager.store.get(run_id).state for run_id in ids] == ["interrupted", "interrupted"]
    assert not list((tmp_path / "locks").iterdir())
    with pytest.raises(QueueFull, match="stopping"):
        manager.submit(Request.of(spec(tmp_path, 5)))
    after = make()
    for run_id in ids:
        after.resume(run_id)
    assert [until(after, run_id, ended).state for run_id in ids] == ["done", "done"]


KILLED = """
import sys, time
from spexviz.jobs.manager import JobManager
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from tests.jobs import slow
slow.offer()
manager = JobManager(sys.argv[1])
for text in sys.argv[2:]: manager.submit(Request.of(RunSpec.from_json(text)))
print("started", flush=True)
time.sleep(600)
"""


def test_after_sigkill_the_run_is_found_and_repeats_only_the_chunk_in_flight(
    make: Callable, tmp_path: Path
) -> None:
    specs = [
        spec(tmp_path, seed, pause=0.003, budget=256, log=str(tmp_path / f"{seed}.txt"), n=14 + seed)
        for seed in range(2)
    ]
    database = tmp_path / "runs.sqlite3"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(database), *(s.to_json() for s in specs)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == b"started\n"
        for _ in range(6000):
            if all(len(slow.asked(tmp_path / f"{seed}.txt")) > 3 * CHUNK for seed in range(2)):
                break
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    manager = make()
    for seed, wanted in enumerate(specs):
        run = manager.store.find(wanted)
        assert run.state == "interrupted" and "resume" in run.message and not run.active
        log = tmp_path / f"{seed}.txt"
        before = slow.asked(log)
        committed = manager.cache.count(f"slow-{14 + seed}")
        assert committed >= 2 * CHUNK and len(before) - committed <= CHUNK
        assert manager.resume(run.id) == run.id
        assert until(manager, run.id, ended).state == "done"
        twice = [mask for mask, count in Counter(slow.asked(log)).items() if count > 1]
        assert (
            set(twice) <= set(before[-CHUNK:])
            and len(slow.asked(log)) - len(set(slow.asked(log))) == len(before) - committed
        )
        assert manager.store.result(run.id).complete
    assert len(list((tmp_path / "locks").iterdir())) == 1  # the dead process's lock file is gone
