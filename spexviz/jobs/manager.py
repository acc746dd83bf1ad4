"""The job manager: runs in background threads, in turns between visitors, cancel, resume."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from spexviz import models
from spexviz.ablate import cache as ablations
from spexviz.ablate.runner import Progress
from spexviz.errors import Cancelled, ModelError, QueueFull, SpexvizError, StoreError
from spexviz.games.base import Game
from spexviz.jobs import store as states
from spexviz.jobs import ways
from spexviz.jobs.counts import Counts
from spexviz.jobs.place import Place, expected, place
from spexviz.jobs.questions import Questions, nobody
from spexviz.jobs.store import Run, RunStore
from spexviz.jobs.sweep import Sweep, persist
from spexviz.jobs.turns import Turn, Turns
from spexviz.kit import logs
from spexviz.kit.memory import take_for_blas
from spexviz.kit.threads import go_behind
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.results.preview import Preview
from spexviz.run import pipeline
from spexviz.run.pipeline import Hooks
from spexviz.run.plan import Request
from spexviz.spec import RunSpec

WORKERS = 2
WAITING = 8  # runs of one visitor that may wait; one more is refused
MOST_WAITING = 64  # of all visitors
WAITS = "waiting for its turn"  # the phase of a run that has begun and lets another go first
LOADS = "loading the model"  # the phase of a run while its model is not there yet
WRITE_EVERY = 0.2  # seconds between two progress writes
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class _Job:
    """A run of this process that waits or works; a game is built once."""

    request: Request
    turn: Turn
    before: str = ""  # the run from which it was begun
    cancel: threading.Event = field(default_factory=threading.Event)
    seconds: list[float | None] = field(default_factory=list)  # that it will take, once that was looked at


class JobManager:
    """Runs requests, `workers` at once; everything a page needs to know is in `store`.

    Visitors take turns (see turns.py).

    Runs of a process that was killed are found by its file lock being free, and marked as interrupted.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        workers: int = WORKERS,
        waiting: int = WAITING,
        most: int = MOST_WAITING,
    ):
        take_for_blas()
        self.store = RunStore(path, mend=True)
        self.cache = ablations.SqliteCache(self.store.database.path.with_name(ablations.FILE))
        self.counts = Counts()
        self._questions = Questions(self.store, self.cache)
        self._owner = uuid.uuid4().hex
        self._alive = self._hold()
        self._workers = workers
        self._turns = Turns(workers, waiting, most)
        self._jobs: dict[str, _Job] = {}
        self._threads: set[threading.Thread] = set()
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._sweep = Sweep(self.store, self._owner, self._jobs.keys, self.recover, self._stop)
        with suppress(StoreError):  # locked, say: the sweep does it when it can
            self.recover()
            self.store.purge()
        self._sweep.start()

    @property
    def notices(self) -> list[str]:
        """What a person should know of the files of the runs and of the ablations."""
        return [notice for notice in (self.store.notice, self.cache.notice) if notice]

    def submit(
        self, request: Request, title: str = "", user: str = "", visitor: str = "", before: str = ""
    ) -> str:
        """Start the run, resume it, or find it: same spec and user, same id. `visitor`: whose turn it takes.

        `before`: the run from which it is begun, which is kept (see ways.py); what that has measured of the
        same game, it does not ask again. What came from a file never answers for it. Raises QueueFull,
        SpecError, ModelError for a model that this server does not offer, or what the game says at once.
        """
        run_id = self._submitted(request, title, user, visitor, before)
        if before:
            ways.note(self.store.database, before, run_id)
        return run_id

    def _submitted(self, request: Request, title: str, user: str, visitor: str, before: str) -> str:
        spec = request.spec  # a bad setting is refused now, not in the queue
        _refuse(request.game)
        with self._guard:
            if self.closed:
                raise QueueFull("The server is stopping: start the run again when it is back.")
            found = self._found(spec, user)
            if found and (found.active or found.state == states.DONE):
                return found.id
            job = _Job(request, self._turns.join(visitor), before)
            try:
                run_id = self.store.enqueue(spec, title, self._owner, user)
            except BaseException as error:
                self._turns.leave(job.turn)
                taken = self.store.find(spec, user) if isinstance(error, StoreError) else None
                if taken and taken.active:  # another server was asked for it at the same moment
                    return taken.id
                raise
            if earlier := self._jobs.get(run_id):  # cancelled while it waited, and asked for again
                self._turns.leave(earlier.turn)
            self._jobs[run_id] = job
            self._begin(run_id, job)
        return run_id

    def _found(self, spec: RunSpec, user: str) -> Run | None:
        """The run with these settings, as it really stands."""
        found = self.store.find(spec, user)
        if found is None or not found.active or found.owner != self._owner or found.id in self._jobs:
            return found
        self._sweep.end(found.id)
        return self.store.get(found.id)

    def _begin(self, run_id: str, job: _Job) -> None:
        thread = threading.Thread(
            target=self._work, args=(run_id, job), name=f"spexviz-run-{run_id}", daemon=True
        )
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:
            self._threads.discard(thread)
            self._forget(run_id, job)
            self._turns.leave(job.turn)
            self.store.finish(run_id, states.FAILED, "The machine had no thread left for it: try again.")
            raise QueueFull("This machine has no thread left for another run: try again later.") from error

    def resume(self, run_id: str, visitor: str = "") -> str:
        """Go on with a run that was cancelled, interrupted or failed; returns the id of the run that goes on.

        For one from a file this is another: a run with the same settings, measured here, that takes nothing
        from the file.
        """
        run = self.store.get(run_id)
        if run is None:
            raise StoreError("This run is no longer there: start it again from its settings.")
        return self.submit(Request.of(run.spec), run.title, run.user, visitor)

    def cancel(self, run_id: str) -> None:
        """End the run after the chunk in flight; what it measured is kept."""
        self.store.ask_to_cancel(run_id)
        if job := self._jobs.get(run_id):
            job.cancel.set()
            if job.turn.first is None:
                self._turns.leave(job.turn)
            else:
                self._turns.call(job.turn)

    def measure(self, run_id: str, game: Game) -> Explanation:
        """The result with what is measured of its input, which runs of before lack; asked as a page asks.

        `game`: that of the run. Kept where the run was measured by this server. Raises StoreError where there
        is no result, ModelError for a model that is not offered here, and what the game raises.
        """
        _refuse(game)
        return self._questions.measure(run_id, game)

    def check(
        self, run_id: str, game: Game, members: Interaction, report: Callable[[Progress], None] = nobody
    ) -> Explanation:
        """The result with a check of a set (1 to 4 members) among its checks, measured if it has none yet.

        `game`: that of the run; `report`: told after every few ablations. Kept where the run was measured by
        this server. Raises what `measure` raises, SolverError for what is no such set.
        """
        _refuse(game)
        return self._questions.check(run_id, game, members, report)

    def place(self, run_id: str) -> Place | None:
        """Where a run of this process that waits stands in the queue; None for any other."""
        jobs = dict(self._jobs)
        job = jobs.get(run_id)
        if job is None or job.turn.working:
            return None
        ids = {one.turn: other for other, one in jobs.items()}
        ahead = [ids[turn] for turn in self._turns.ahead(job.turn) if turn in ids]
        # by its own pace, or else as was expected; None where neither is known
        known = {other: jobs[other].seconds[0] if jobs[other].seconds else None for other in ahead}
        return place((known | self.store.etas(ahead)).values(), self._workers)

    @property
    def queued(self) -> int:
        """How many of its runs wait to begin."""
        return self.store.waiting(self._owner)

    @property
    def working(self) -> int:
        """How many of its runs are at work."""
        return sum(job.turn.working for job in list(self._jobs.values()))

    @property
    def places(self) -> int:
        """How many of its runs may be at work at once."""
        return self._workers

    @property
    def closed(self) -> bool:
        """Whether it takes no more runs."""
        return self._stop.is_set()

    def recover(self) -> None:
        """Mark the runs of processes that are gone as interrupted."""
        for owner in self.store.owners() - {self._owner}:
            lock = FileLock(self._lock_file(owner))
            try:
                lock.acquire(timeout=0)
            except OSError:
                continue  # that process lives, or is one of a user whose locks this one may not look at
            self.store.interrupt(owner)
            lock.release()
            # the name was that process's alone: no other will take it
            Path(lock.lock_file).unlink(missing_ok=True)

    def close(self, patience: float = 5.0) -> None:
        """Cancel what is going and let the threads end; for the end of the server."""
        with self._guard:
            self._stop.set()
        for job in list(self._jobs.values()):
            job.cancel.set()
            self._turns.call(job.turn)
        for thread in list(self._threads):
            thread.join(patience)
        self._sweep.join(patience)
        try:
            self.store.interrupt(self._owner)
        except StoreError as error:  # the next server finds that this one is gone
            _log.warning("the end of the server could not be noted: %s", error)
        self._alive.release()
        Path(self._alive.lock_file).unlink(missing_ok=True)

    def _hold(self) -> FileLock:
        """The lock that tells other processes that this one lives. Raises StoreError."""
        try:
            lock = FileLock(self._lock_file(self._owner))
            lock.acquire()
        except OSError as error:
            raise StoreError(
                f"No lock can be held below {self.store.database.path.parent} ({error}): let this user write "
                "there, or set SPEXVIZ_HOME to a folder that can be written."
            ) from error
        return lock

    def _lock_file(self, owner: str) -> str:
        folder = self.store.database.path.parent / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / f"{owner or 'nobody'}.lock")

    def _work(self, run_id: str, job: _Job) -> None:
        """What the thread of a run does: wait for its turn, and take it."""
        go_behind()  # pages are drawn first
        try:
            job.seconds.append(expected(job.request, self.cache))
            # it does not begin where it was cancelled, or deleted, while it waited
            if self._turns.wait(job.turn, job.cancel) and self._persist(lambda: self.store.start(run_id)):
                self._run(run_id, job)
        except StoreError as error:  # nothing can be noted now: the sweep does it later
            self._sweep.owe(run_id, states.INTERRUPTED, str(error))
        except Exception:
            _log.exception("a run could not be begun", extra=logs.fields(run=run_id))
        finally:
            self._forget(run_id, job)
            self._turns.leave(job.turn)
            self._threads.discard(threading.current_thread())

    def _forget(self, run_id: str, job: _Job) -> None:
        """Drop what is kept of a run; where it was asked for again meanwhile, that stays."""
        if self._jobs.get(run_id) is job:
            del self._jobs[run_id]

    def _run(self, run_id: str, job: _Job) -> None:
        try:
            expected = job.seconds[0] if job.seconds else None
            telling = _Throttled(self.store, run_id, job.cancel, self.counts.meter(run_id), expected)
            telling(Progress(0, 0, 0, 0.0, beginning(job.request.game)))

            def progress(now: Progress) -> None:
                telling(now)
                self._turns.give_way(job.turn, job.cancel, lambda: telling.wait(now))

            def partial(so_far: Explanation) -> None:
                with suppress(StoreError):  # the next one, or the last, is kept
                    self.store.save(run_id, so_far)
                self._turns.show(job.turn)

            def preview(early: Preview) -> None:
                with suppress(StoreError):  # the next one, or the first fit, is shown
                    self.store.save_preview(run_id, early)

            hooks = Hooks(self.cache, progress, preview, partial, job.cancel)
            request = job.request
            if job.before:
                ways.adopt(self.store, job.before, request, hooks)
            result = pipeline.run(request, hooks)
            self._persist(lambda: self.store.save(run_id, result))
            state, message = states.DONE, ""
        except Cancelled as error:
            state = states.INTERRUPTED if self.closed else states.CANCELLED
            message = str(error)
        except SpexvizError as error:
            state, message = states.FAILED, str(error)
        except BaseException as error:  # a game that wants to leave, too: the thread goes on to tell it
            _log.exception("a run failed", extra=logs.fields(run=run_id))
            state = states.FAILED
            message = (
                f"Something unexpected went wrong ({type(error).__name__}). "
                "What was measured is kept; the server's log has the details."
            )
        try:
            self._persist(lambda: self.store.finish(run_id, state, message))
        except StoreError:
            self._sweep.owe(run_id, state, message)
        # from here on it may be resumed, by a job of its own
        self._forget(run_id, job)
        self.counts.end(run_id, state)

    def _persist(self, write: Callable[[], T]) -> T:
        return persist(write, self._stop)


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


def _refuse(game: Game) -> None:
    """Raise ModelError for a model that this server does not offer."""
    if reason := refusal(game):
        raise ModelError(reason)


def beginning(game: Game) -> str:
    """The phase of a run before anything is asked."""
    if game.model_name is not None and not models.is_loaded(game.model_name):
        return LOADS
    return game.preparing or "preparing"


class _Throttled:
    """Progress into the store, a few times a second at most.

    It passes a cancel from another process on to the event. `expected`: seconds that the run will take, said
    until its own pace is known.
    """

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        cancel: threading.Event,
        count: Callable[[Progress], None],
        expected: float | None = None,
    ):
        self._expected = expected
        self._began = time.monotonic()
        self._store = store
        self._count = count
        self._run_id = run_id
        self._cancel = cancel
        self._last = 0.0
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        self._count(progress)
        now = time.monotonic()
        if (
            now - self._last < WRITE_EVERY
            and progress.phase == self._phase
            and progress.done < progress.total
        ):
            return
        self._last, self._phase = now, progress.phase
        self._tell(progress, progress.phase)

    def wait(self, progress: Progress) -> None:
        """Say that the run lets another one go first."""
        self._phase = WAITS
        self._tell(progress, WAITS)

    def _tell(self, progress: Progress, phase: str) -> None:
        with suppress(StoreError):  # the next report tells it
            stands = (progress.done, progress.total, progress.rate, phase, self._to_go(progress))
            if self._store.progress(self._run_id, *stands):
                self._cancel.set()

    def _to_go(self, progress: Progress) -> float | None:
        """Seconds that the run still takes, by its own pace or else as was expected; None where unknown."""
        if progress.eta is not None or self._expected is None:
            return progress.eta
        left = self._expected - (time.monotonic() - self._began)
        return left if left > 0 else None  # it was a bad guess
