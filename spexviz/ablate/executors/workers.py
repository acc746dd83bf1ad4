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
        ...


@dataclass
class _Chunk:
    """What a worker is asked, and where its values go; `attempts`: workers that have died of it."""

    game: Game
    masks: Masks
    future: Future[Values] = field(default_factory=Future)
    attempts: int = 0

    def claim(self) -> bool:
        """Whether it is still wanted: nobody cancelled it while it waited, and from now on nobody can."""
        return self.attempts > 0 or self.future.set_running_or_notify_cancel()


@dataclass(order=True)
class _Task:
    """A place in the queue, and the chunk that stands there; none for the end of a thread."""

    rank: int  # 0 urgent, 1 not, 2 the end of a thread
    number: int  # in order of submission; a chunk that is done again keeps it, and so goes next
    chunk: _Chunk | None = field(default=None, compare=False)


class Workers:
    """A thread for each of `workers`; each takes a chunk when it is free, so the fast ones take more.

    A worker that dies again and again, or cannot start, retires. With the last one all that waits fails; the
    next chunk that comes has all of them try again.
    """

    def __init__(self, name: str, workers: Sequence[Worker]):
        self._name = name
        self._workers = workers
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._number = itertools.count()
        self._guard = threading.Lock()
        self._alive = 0

    def submit(self, game: Game, masks: Masks, urgent: bool = False) -> Future[Values]:
        chunk = _Chunk(game, masks)
        with self._guard:
            self._tasks.put(_Task(0 if urgent else 1, next(self._number), chunk))
            if not self._alive:
                self._alive = len(self._workers)
                for i, worker in enumerate(self._workers):
                    name = f"spexviz-{self._name[:20]}-{i}"
                    threading.Thread(target=self._work, args=(worker,), name=name, daemon=True).start()
        return chunk.future

    def close(self) -> None:
        """Cancel what waits; every thread ends after its chunk."""
        with self._guard:
            for chunk in self._waiting():
                chunk.future.cancel()
            for _ in range(self._alive):
                self._tasks.put(_Task(2, next(self._number)))

    def _work(self, worker: Worker) -> None:
        """What a thread does: take chunks until the end, or until its worker is of no use any more."""
        losses = 0
        while True:
            try:
                worker.prepare()
            except Exception as error:
                return self._retire(error)
            task = self._tasks.get()
            chunk = task.chunk
            if chunk is None:
                return self._retire(None)
            try:
                if chunk.claim():
                    chunk.future.set_result(worker(chunk.game, chunk.masks))
                losses = 0
            except WorkerLost as error:
                losses += 1
                self._again(task, chunk, error)
                if losses >= LOSSES:
                    return self._retire(_hopeless(f"Every worker died {LOSSES} times in a row", error))
            except BaseException as error:
                chunk.future.set_exception(error)
            del task, chunk  # a thread that waits must not keep a game, and with it a model, alive

    def _again(self, task: _Task, chunk: _Chunk, error: WorkerLost) -> None:
        chunk.attempts += 1
        if chunk.attempts < ATTEMPTS:
            self._tasks.put(task)
            return
        what = f"{ATTEMPTS} workers died one after the other of the same {len(chunk.masks)} ablations"
        chunk.future.set_exception(_hopeless(what, error))

    def _retire(self, error: Exception | None) -> None:
        with self._guard:
            self._alive -= 1
            if not self._alive and error is not None:
                for chunk in self._waiting():
                    if chunk.claim():
                        chunk.future.set_exception(error)

    def _waiting(self) -> Iterator[_Chunk]:
        """Take every chunk out of the queue."""
        with suppress(queue.Empty):
            while True:
                chunk = self._tasks.get_nowait().chunk
                if chunk is not None:
                    yield chunk


def _hopeless(what: str, error: WorkerLost) -> ModelError:
    remedy = (
        "Most often memory is short: ask for fewer workers or a smaller model, and look into Ray's logs. "
        "What was measured is kept."
    )
    return ModelError(f"{what} ({error}). {remedy}")
