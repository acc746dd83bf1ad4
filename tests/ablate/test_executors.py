from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field

import numpy as np
import pytest

from spexviz.ablate import executors
from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.executors.local import LocalExecutor
from spexviz.ablate.executors.workers import LOSSES, WorkerLost, Workers
from spexviz.ablate.runner import Runner
from spexviz.errors import AblationError, Cancelled, ModelError, SpecError
from spexviz.games.base import Game
from spexviz.masks import Masks, Values, keys, uniform_masks

MASKS = uniform_masks(10, 100, 0)
PATIENCE = 60.0  # seconds: a safety net, not a measurement


@dataclass
class Gated(Game):
    """A game on a model, whose chunks wait for `gate`; notes who asked what, and on which thread."""

    label: str
    model_name: str = "a model"
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    log: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    unit: str = "value"

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(f"x{i}" for i in range(10))

    @property
    def fingerprint(self) -> str:
        return self.label

    def __call__(self, masks: Masks) -> Values:
        self.begun.set()
        assert self.gate.wait(PATIENCE)
        self.log.append(self.label)
        self.threads.add(threading.current_thread().name)
        return masks.sum(1).astype(float)


def test_a_question_goes_before_the_next_chunk_of_a_job() -> None:
    executor, log = LocalExecutor(), []
    first, job, question = (Gated(label, log=log) for label in ("first", "job", "question"))
    futures = [executor.submit(first, MASKS[:2])]
    assert first.begun.wait(PATIENCE)  # now the thread is taken: what follows has to queue
    futures += [
        executor.submit(job, MASKS[:2]),
        executor.submit(job, MASKS[2:4]),
        executor.submit(question, MASKS[:2], urgent=True),
    ]
    for game in (first, job, question):
        game.gate.set()
    for future in futures:
        future.result(PATIENCE)
    assert log == ["first", "question", "job", "job"]
    executor.close()


def test_one_thread_a_model_whichever_game_asks() -> None:
    executor, threads = LocalExecutor(), {}
    for model in ("m1", "m2"):
        for label in "ab":
            game = Gated(label, model, threads=threads.setdefault(model, set()))
            game.gate.set()
            Runner(game, executor=executor)(MASKS)
    assert len(threads["m1"]) == len(threads["m2"]) == 1 and threads["m1"] != threads["m2"]
    assert threading.current_thread().name not in threads["m1"] | threads["m2"]
    executor.close()


def test_an_urgent_runner_overtakes_a_running_one() -> None:
    executor, log = LocalExecutor(), []
    job, question = Gated("job", log=log), Gated("question", log=log)
    running = threading.Thread(target=Runner(job, executor=executor, chunk=10), args=(MASKS,))
    running.start()
    assert job.begun.wait(PATIENCE)
    answered = threading.Thread(target=Runner(question, executor=executor, urgent=True), args=(MASKS[:3],))
    question.gate.set()
    answered.start()
    while executor._queues["a model"]._tasks.empty():
        answered.join(0.001)
    job.gate.set()
    answered.join(PATIENCE), running.join(PATIENCE)
    assert log == ["job", "question"] + ["job"] * 9
    executor.close()


class Several:
    """Two workers whose chunks end when the test says so."""

    workers = 2

    def __init__(self) -> None:
        self.asked: list[tuple[Future, Masks]] = []

    def fingerprint(self, game: object) -> str:
        return "several"

    def submit(self, game: object, masks: Masks, urgent: bool = False) -> Future:
        future: Future = Future()
        future.set_running_or_notify_cancel()
        self.asked.append((future, masks))
        threading.Thread(target=self.turn, args=(len(self.asked),)).start()
        return future

    def turn(self, count: int) -> None:
        """The chunks of a pair end in the wrong order."""
        if count % 2 == 0:
            for future, masks in self.asked[count - 1 : count - 3 if count > 2 else None : -1]:
                future.set_result(masks.sum(1).astype(float))


def test_chunks_that_end_in_any_order() -> None:
    executor, told, cache = Several(), [], MemoryCache()
    runner = Runner(Gated("any"), cache, 80, told.append, chunk=10, executor=executor)
    assert (runner(MASKS[:80]) == MASKS[:80].sum(1)).all()
    assert [progress.done for progress in told] == list(range(10, 90, 10))
    assert [keys(masks) for _, masks in executor.asked] == [
        keys(MASKS[at : at + 10]) for at in range(0, 80, 10)
    ]


def test_cancel_with_two_chunks_in_flight_keeps_both() -> None:
    executor, cache, cancel = Several(), MemoryCache(), threading.Event()
    runner = Runner(
        Gated("any"), cache, 100, lambda progress: cancel.set(), cancel, chunk=10, executor=executor
    )
    with pytest.raises(Cancelled, match="20 of 100"):
        runner(MASKS)
    assert np.isfinite(cache.get("several", MASKS)).sum() == 20 and len(executor.asked) == 2


def test_a_failure_keeps_what_is_in_flight_elsewhere() -> None:
    executor, cache = Several(), MemoryCache()
    executor.turn = lambda count: (
        [
            executor.asked[0][0].set_exception(AblationError("no")),
            executor.asked[1][0].set_result(np.ones(10)),
        ]
        if count == 2
        else None
    )
    with pytest.raises(AblationError, match="no"):
        Runner(Gated("any"), cache, chunk=10, executor=executor)(MASKS)
    known = np.isfinite(cache.get("several", MASKS))
    assert known[10:20].all() and known.sum() == 10


def test_cancel_while_waiting_for_a_worker() -> None:
    """A run whose chunk has not begun leaves at once, though the worker is busy with another run's."""
    executor, cancel, failures = LocalExecutor(), threading.Event(), []
    other, job = Gated("other"), Gated("job")
    executor.submit(other, MASKS[:2])
    assert other.begun.wait(PATIENCE)

    def work() -> None:
        try:
            Runner(job, cancel=cancel, executor=executor)(MASKS)
        except Cancelled as error:
            failures.append(str(error))

    running = threading.Thread(target=work)
    running.start()
    cancel.set()
    running.join(PATIENCE)
    assert not running.is_alive() and "Cancelled after 0" in failures[0] and not job.log
    other.gate.set()
    executor.close()


class Scripted:
    """A worker that dies of its first `deaths` chunks, or cannot start, and goes on when `gate` opens."""

    def __init__(self, deaths: int = 0, gate: threading.Event | None = None, broken: bool = False):
        self.deaths, self.gate, self.broken, self.done, self.died = (
            deaths,
            gate,
            broken,
            [],
            threading.Event(),
        )

    def prepare(self) -> None:
        if self.broken:
            raise ModelError("cannot start")

    def __call__(self, game: object, masks: Masks) -> Values:
        if self.deaths:
            self.deaths -= 1
            if not self.deaths:
                self.died.set()
            raise WorkerLost("out of memory")
        assert self.gate is None or self.gate.wait(PATIENCE)
        self.done.append(keys(masks))
        return masks.sum(1).astype(float)


def ask(workers: Workers) -> list[Future]:
    return [workers.submit(None, MASKS[at : at + 10]) for at in range(0, 100, 10)]


@pytest.mark.parametrize("deaths", [1, LOSSES])
def test_a_lost_workers_chunks_are_done_again(deaths: int) -> None:
    """Whether it comes back or retires: every chunk is done, and done once."""
    dying = Scripted(deaths)
    living = Scripted(gate=dying.died)
    workers = Workers("test", [dying, living])
    assert (
        np.concatenate([future.result(PATIENCE) for future in ask(workers)]).tolist() == MASKS.sum(1).tolist()
    )
    assert (
        len(dying.done) + len(living.done) == 10
        and dying.died.is_set()
        and (dying.done == [] or deaths < LOSSES)
    )
    workers.close()


def test_without_any_worker_the_run_fails_and_the_next_one_tries_again() -> None:
    only = Scripted(deaths=LOSSES)
    workers = Workers("test", [only, Scripted(broken=True)])
    with pytest.raises(ModelError, match=r"fewer workers|cannot start"):
        workers.submit(None, MASKS[:10]).result(PATIENCE)
    assert (
        np.concatenate([future.result(PATIENCE) for future in ask(workers)]).tolist() == MASKS.sum(1).tolist()
    )
    workers.close()


def test_a_chunk_that_kills_every_worker_is_given_up() -> None:
    workers = Workers("test", [Scripted(deaths=LOSSES) for _ in range(3)])
    with pytest.raises(ModelError, match="3 workers died one after the other of the same 100 ablations"):
        workers.submit(None, MASKS).result(PATIENCE)
    workers.close()


def test_close_cancels_what_waits() -> None:
    executor, game = LocalExecutor(), Gated("job")
    begun, waiting = executor.submit(game, MASKS[:1]), executor.submit(game, MASKS[1:2])
    assert game.begun.wait(PATIENCE)
    executor.close()
    game.gate.set()
    assert begun.result(PATIENCE) == MASKS[:1].sum(1)
    with pytest.raises(CancelledError):
        waiting.result(PATIENCE)


def test_choosing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert executors.get() is executors.get("local") and executors.get().workers == 1
    with pytest.raises(SpecError, match="local, ray"):
        executors.get("cloud")
    for workers in (0, -1):
        with pytest.raises(SpecError, match="workers"):
            executors.get("ray", workers)
    monkeypatch.setenv("SPEXVIZ_EXECUTOR", "ray")
    monkeypatch.setenv("SPEXVIZ_WORKERS", "many")
    with pytest.raises(SpecError, match="workers"):
        executors.get()
