"""The job manager: a bounded number of background threads, a bounded queue, cancel, resume."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from spexviz import models
from spexviz.ablate import cache as ablations
from spexviz.ablate.runner import Progress
from spexviz.errors import Cancelled, ModelError, QueueFull, SpexvizError, StoreError
from spexviz.games.base import Game
from spexviz.jobs import store as states
from spexviz.jobs.store import RunStore
from spexviz.run import pipeline
from spexviz.run.pipeline import Hooks
from spexviz.run.plan import Request
from spexviz.spec import RunSpec

WORKERS = 2
WAITING = 8  # runs that may wait; one more is refused
WRITE_EVERY = 0.2  # seconds between two progress writes
_log = logging.getLogger(__name__)


class JobManager:
    """Runs requests in `workers` threads; everything a page needs to know is in `store`.

    Runs of a process that was killed are found by its file lock being free, and marked as interrupted.
    """

    def __init__(self, path: Path | str | None = None, workers: int = WORKERS, waiting: int = WAITING):
        self.store = RunStore(path)
        self.cache = ablations.SqliteCache(self.store.database.path.with_name(ablations.FILE))
        self._owner = uuid.uuid4().hex
        self._alive = FileLock(self._lock_file(self._owner))
        self._alive.acquire()
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._waiting, self._cancels, self._guard, self._closed = waiting, {}, threading.Lock(), False
        self._requests: dict[str, Request] = {}  # of the runs in the queue: a game is built once
        self.recover()
        self.store.purge()
        self._threads = [
            threading.Thread(target=self._work, name=f"spexviz-run-{i}", daemon=True) for i in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, request: Request, title: str = "", user: str = "") -> str:
        """Start the run, resume it, or find it: same spec and user, same id.

        What came from a file never answers for it. Raises QueueFull, SpecError, ModelError for a model that
        this server does not offer, or what the game says at once.
        """
        spec = request.spec  # a bad setting is refused now, not in the queue
        if reason := refusal(request.game):
            raise ModelError(reason)
        with self._guard:
            if self._closed:
                raise QueueFull("The server is stopping: start the run again when it is back.")
            found = self.store.find(spec, user)
            if found and (found.active or found.state == states.DONE):
                return found.id
            if self.store.waiting(self._owner) >= self._waiting:
                raise QueueFull(
                    f"{self._waiting} runs are already waiting: try again when one has finished, or cancel "
                    "one on the Runs page."
                )
            run_id = self.store.enqueue(spec, title, self._owner, user)
            self._cancels[run_id], self._requests[run_id] = threading.Event(), request
            self._queue.put(run_id)
        return run_id

    def resume(self, run_id: str) -> str:
        """Go on with a run that was cancelled, interrupted or failed; returns the id of the run that goes on.

        For one from a file this is another: a run with the same settings, measured here, that takes nothing
        from the file.
        """
        run = self.store.get(run_id)
        if run is None:
            raise StoreError("This run is no longer there: start it again from its settings.")
        return self.submit(Request.of(run.spec), run.title, run.user)

    def cancel(self, run_id: str) -> None:
        """End the run after the chunk in flight; what it measured is kept."""
        self.store.ask_to_cancel(run_id)
        if event := self._cancels.get(run_id):
            event.set()

    def recover(self) -> None:
        """Mark the runs of processes that are gone as interrupted."""
        for owner in self.store.owners() - {self._owner}:
            lock = FileLock(self._lock_file(owner))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue  # that process lives
            self.store.interrupt(owner)
            lock.release()
            # the name was that process's alone: no other will take it
            Path(lock.lock_file).unlink(missing_ok=True)

    def close(self, patience: float = 5.0) -> None:
        """Cancel what is going and let the threads end; for the end of the server."""
        with self._guard:
            self._closed = True
        for event in list(self._cancels.values()):
            event.set()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(patience)
        self.store.interrupt(self._owner)
        self._alive.release()
        Path(self._alive.lock_file).unlink(missing_ok=True)

    def _lock_file(self, owner: str) -> str:
        folder = self.store.database.path.parent / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / f"{owner or 'nobody'}.lock")

    def _work(self) -> None:
        while (run_id := self._queue.get()) is not None:
            # none where it was cancelled in the queue and asked for again
            request = self._requests.pop(run_id, None)
            try:
                if request is not None and self.store.start(run_id):
                    with self._guard:  # where it was resumed just now, its new button is not there before
                        cancel = self._cancels.setdefault(run_id, threading.Event())
                    self._run(run_id, request, cancel)
                else:  # cancelled, or deleted, while it waited
                    self._cancels.pop(run_id, None)
            except (
                Exception
            ):  # the store itself failed: nothing can be noted there, but the worker must live on
                _log.exception("run %s could not be kept", run_id)

    def _run(self, run_id: str, request: Request, cancel: threading.Event) -> None:
        try:
            self.store.progress(run_id, 0, 0, 0.0, "loading the model")
            hooks = Hooks(
                self.cache, _Throttled(self.store, run_id, cancel), partial(self.store.save, run_id), cancel
            )
            result = pipeline.run(request, hooks)
            self.store.save(run_id, result)
            state, message = states.DONE, ""
        except Cancelled as error:
            state = states.INTERRUPTED if self._closed else states.CANCELLED
            message = str(error)
        except SpexvizError as error:
            state, message = states.FAILED, str(error)
        except BaseException as error:  # SystemExit, too: a game that wants to leave must not take the thread
            _log.exception("run %s failed", run_id)
            state = states.FAILED
            message = (
                f"Something unexpected went wrong ({type(error).__name__}). "
                "What was measured is kept; the server's log has the details."
            )
        # once finished the run may be resumed, with a button of its own: drop only this one
        with self._guard:
            self._cancels.pop(run_id, None)
            self.store.finish(run_id, state, message)


def refusal(asked: Game | RunSpec) -> str:
    """Why this server does not run a game, or a file's spec, and what to do; "" where it does.

    Nothing is loaded to find out.
    """
    try:
        game = Request.of(asked).game if isinstance(asked, RunSpec) else asked
    except SpexvizError as error:
        return str(error)
    if game.model_name is None:
        return ""
    return models.refusal(game.model_name)


class _Throttled:
    """Progress into the store, a few times a second at most.

    It passes a cancel from another process on to the event.
    """

    def __init__(self, store: RunStore, run_id: str, cancel: threading.Event):
        self._store = store
        self._run_id = run_id
        self._cancel = cancel
        self._last = 0.0
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if (
            now - self._last < WRITE_EVERY
            and progress.phase == self._phase
            and progress.done < progress.total
        ):
            return
        self._last, self._phase = now, progress.phase
        if self._store.progress(self._run_id, progress.done, progress.total, progress.rate, progress.phase):
            self._cancel.set()
