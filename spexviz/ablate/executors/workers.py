"""Threads that take the most urgent chunk first: what both executors are made of."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from spexviz.errors import ModelError
from spexviz.games.base import Game
from spexviz.masks import Masks, Values

ATTEMPTS = 3  # workers that may die of one chunk before it is taken to be the chunk's fault
# deaths in a row after which a worker takes no more chunks: fewer than ATTEMPTS, so that another one has a go
LOSSES = 2


class WorkerLost(Exception):
    """A worker died with the chunk: it is done again, by whichever worker is free first."""


class Worker(Protocol):
    """What a thread drives.

    `prepare` comes before every chunk is taken, so that nothing waits for a worker that cannot start.
    """

    def prepare(self) -> None:
        """Be ready for a chunk; raises what keeps it from working at all."""

    def __call__(self, game: Game, masks: Masks) -> Values:
        """The values; raises WorkerLost where it died, and what the game raises."""


@dataclass(order=True)
class _Task:
    rank: int  # 0 urgent, 1 not, 2 the end of a thread
    number: int  # in order of submission; a chunk that is done again keeps it, and so goes next
    game: Game | None = field(default=None, compare=False)
    masks: Masks | None = field(default=None, compare=False)
    future: Future = field(default_factory=Future, compare=False)
    attempts: int = field(default=0, compare=False)


class Workers:
    """A thread for each of `workers`; each takes a chunk when it is free, so the fast ones take more.

    A worker that dies again and again, or cannot start, retires. With the last one all that waits fails; the
    next chunk that comes has all of them try again.
    """

    def __init__(self, name: str, workers: Sequence[Worker]):
        self._name, self._workers = name, workers
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._number = itertools.count()
        self._guard = threading.Lock()
        self._alive = 0

    def submit(self, game: Game, masks: Masks, urgent: bool = False) -> Future[Values]:
        with self._guard:
            task = _Task(0 if urgent else 1, next(self._number), game, masks)
            self._tasks.put(task)
            if not self._alive:
                self._alive = len(self._workers)
                for i, worker in enumerate(self._workers):
                    threading.Thread(
                        target=self._work, args=(worker,), name=f"spexviz-{self._name[:20]}-{i}", daemon=True
                    ).start()
        return task.future

    def close(self) -> None:
        """Cancel what waits; every thread ends after its chunk."""
        with self._guard:
            for task in self._waiting():
                task.future.cancel()
            for _ in range(self._alive):
                self._tasks.put(_Task(2, next(self._number)))

    def _work(self, worker: Worker) -> None:
        lost = 0
        while lost < LOSSES:
            try:
                worker.prepare()
            except Exception as error:
                return self._retire(error)
            if (task := self._tasks.get()).rank == 2:
                return self._retire(None)
            try:
                if task.attempts or task.future.set_running_or_notify_cancel():
                    task.future.set_result(worker(task.game, task.masks))
                lost = 0
            except WorkerLost as error:
                lost, reason = lost + 1, error
                self._again(task, error)
            except BaseException as error:
                task.future.set_exception(error)
            del task  # a thread that waits must not keep a game, and with it a model, alive
        self._retire(_hopeless(f"Every worker died {LOSSES} times in a row", reason))

    def _again(self, task: _Task, error: WorkerLost) -> None:
        task.attempts += 1
        if task.attempts < ATTEMPTS:
            self._tasks.put(task)
        else:
            task.future.set_exception(
                _hopeless(
                    f"{ATTEMPTS} workers died one after the other of the same {len(task.masks)} ablations",
                    error,
                )
            )

    def _retire(self, error: Exception | None) -> None:
        with self._guard:
            self._alive -= 1
            if not self._alive and error is not None:
                for task in self._waiting():
                    if task.attempts or task.future.set_running_or_notify_cancel():
                        task.future.set_exception(error)

    def _waiting(self) -> Iterator[_Task]:
        """Take every chunk out of the queue."""
        with suppress(queue.Empty):
            while True:
                yield self._tasks.get_nowait()


def _hopeless(what: str, error: WorkerLost) -> ModelError:
    remedy = "Most often memory is short: ask for fewer workers or a smaller model, and look into Ray's logs. What was measured is kept."
    return ModelError(f"{what} ({error}). {remedy}")
