"""Threads that take the most urgent chunk first: what both executors are made of."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field

from spexviz.errors import ModelError
from spexviz.games.base import Game
from spexviz.masks import Masks, Values

ATTEMPTS = 3  # workers that may die of one chunk before it is taken to be the chunk's fault
Evaluate = Callable[[Game, Masks], Values]


class WorkerLost(Exception):
    """A worker died with the chunk: it is done again, by whichever worker is free first."""


@dataclass(order=True)
class _Task:
    rank: int  # 0 urgent, 1 not, 2 the end of a thread
    number: int  # in order of submission; a chunk that is done again keeps it, and so goes next
    game: Game | None = field(default=None, compare=False)
    masks: Masks | None = field(default=None, compare=False)
    future: Future = field(default_factory=Future, compare=False)
    attempts: int = field(default=0, compare=False)


class Workers:
    """A thread for each of `evaluators`; each takes a chunk when it is free, so the fast ones take more."""

    def __init__(self, name: str, evaluators: Sequence[Evaluate]):
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._number = itertools.count()
        self._threads = [
            threading.Thread(target=self._work, args=(one,), name=f"spexviz-{name[:20]}-{i}", daemon=True) for i, one in enumerate(evaluators)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, game: Game, masks: Masks, urgent: bool = False) -> Future[Values]:
        task = _Task(0 if urgent else 1, next(self._number), game, masks)
        self._tasks.put(task)
        return task.future

    def close(self) -> None:
        """Cancel what waits; every thread ends after its chunk."""
        try:
            while True:
                self._tasks.get_nowait().future.cancel()
        except queue.Empty:
            for _ in self._threads:
                self._tasks.put(_Task(2, next(self._number)))

    def _work(self, evaluate: Evaluate) -> None:
        while (task := self._tasks.get()).rank < 2:
            if not task.attempts and not task.future.set_running_or_notify_cancel():
                continue
            try:
                task.future.set_result(evaluate(task.game, task.masks))
            except WorkerLost as error:
                task.attempts += 1
                if task.attempts < ATTEMPTS:
                    self._tasks.put(task)
                else:
                    task.future.set_exception(_hopeless(task, error))
            except BaseException as error:
                task.future.set_exception(error)
            del task  # a waiting thread must not keep a game, and with it a model, alive


def _hopeless(task: _Task, error: WorkerLost) -> Exception:
    if str(error) == "closed":
        return CancelledError()
    return ModelError(
        f"{task.attempts} workers died one after the other of the same {len(task.masks)} ablations ({error}). Most often memory is short: "
        "ask for fewer workers or a smaller model, and look into Ray's logs."
    )
