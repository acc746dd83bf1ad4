"""The runner: masks → chunks → executor → cache; counted, cancellable.

A chunk is fixed by its place in the list of masks and committed whole, so a killed run asks again at most
what was in flight: one chunk, or one for each worker of the executor.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from spexviz.ablate import executors
from spexviz.ablate.cache import Cache, MemoryCache
from spexviz.ablate.executors import Executor
from spexviz.errors import AblationError, Cancelled, GameError
from spexviz.games.base import Game
from spexviz.kit.arrays import Positions, first_without_value, real
from spexviz.kit.cached import cached_property
from spexviz.masks import Masks, Values

POLL = 0.2  # seconds between two looks at the Cancel button while a chunk is awaited
FEW = 8  # ablations before which nothing is said of their speed: the first ones pay for what is made once
Seen = Callable[[Masks, Values], None]
"""What is told, after every chunk of a call, the masks that have a value so far, and their values."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands: ablations done and in all, of these found in the cache; ablations a second.

    `phase`: what it is doing; `beside`: seconds still to come that are no ablations, such as fits.
    """

    done: int
    total: int
    cached: int
    rate: float
    phase: str
    beside: float = 0.0

    @property
    def eta(self) -> float | None:
        """Seconds still to go at the present rate; None before the first measurement."""
        if self.done >= self.total > 0:
            return self.beside
        if self.rate <= 0:
            return None
        return (self.total - self.done) / self.rate + self.beside


@dataclass
class Runner:
    """Evaluates masks of one game for one run.

    `total`: ablations the whole run will ask, for the progress; `report` is called after every chunk;
    `cancel` is looked at before every chunk: those in flight are awaited and kept, then Cancelled is raised.
    `executor`: where chunks are evaluated, by default in this process; `urgent` chunks go before those of
    other runners; `chunk`: masks in one, by default what the executor says; `beside(rate)`: seconds to come
    that are no ablations, at so many ablations a second.
    Raises AblationError with the mask for a value that is not finite.
    """

    game: Game
    cache: Cache = field(default_factory=MemoryCache)
    total: int = 0
    report: Callable[[Progress], None] = lambda progress: None
    cancel: threading.Event = field(default_factory=threading.Event)
    chunk: int | None = None
    executor: Executor = field(default_factory=executors.get)
    urgent: bool = False
    beside: Callable[[float], float] = lambda rate: 0.0
    done: int = 0
    cached: int = 0
    seconds: float = 0.0
    # (masks asked, seconds) of the last chunks
    recent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=12))

    def __call__(self, masks: Masks, phase: str = "ablations", seen: Seen | None = None) -> Values:
        """Values of the masks, in order. Finished chunks stay in the cache whatever happens."""
        call = _Call(self, masks, phase, seen)
        try:
            chunk = self.chunk or self.executor.chunk(self.game)
            for start in range(0, len(masks), chunk):
                if self.cancel.is_set():
                    break
                stop = min(start + chunk, len(masks))
                call.begin(np.arange(start, stop))
                while len(call.flight) >= self.executor.workers:
                    call.land()
            while call.flight:
                call.land()
        except BaseException:
            call.bring_home()
            raise
        if np.isnan(call.out).any():  # a chunk was not asked
            self.check_cancelled()
        return call.out

    @cached_property
    def fingerprint(self) -> str:
        """The game's name in the cache; models are loaded for it."""
        found = self.executor.fingerprint(self.game)
        if not isinstance(found, str) or not found:
            raise GameError(
                f"The fingerprint of a game is a text that changes with its values, not {found!r:.40}."
            )
        return found

    def turn_to(self, game: Game) -> None:
        """Ask another game from now on, from its first mask; what was asked so far stays counted."""
        self.game = game
        self.total += self.done
        self.__dict__.pop("fingerprint", None)

    def tell(self, phase: str) -> None:
        """Report where the run stands."""
        asked = sum(count for count, _ in self.recent)
        seconds = sum(taken for _, taken in self.recent)
        rate = 0.0
        if seconds and asked >= FEW:
            rate = asked / seconds
        total = max(self.total, self.done)
        self.report(Progress(self.done, total, self.cached, rate, phase, self.beside(rate)))

    def check_cancelled(self) -> None:
        if self.cancel.is_set():
            raise Cancelled(
                f"Cancelled after {self.done} of {max(self.total, self.done)} ablations; "
                "they are kept, so going on costs only the rest."
            )


class _Call:
    """One call of a runner: `flight` holds the rows of each chunk that is being evaluated."""

    def __init__(self, runner: Runner, masks: Masks, phase: str, seen: Seen | None):
        self.runner = runner
        self.masks = masks
        self.phase = phase
        self.seen = seen
        self.out = np.full(len(masks), np.nan)
        self.flight: dict[Future[Values], Positions] = {}
        self._clock = 0.0

    def begin(self, rows: Positions) -> None:
        """Take what the cache knows of a chunk, and hand the rest to the executor."""
        runner = self.runner
        if not self.flight:
            self._clock = time.perf_counter()
        known = runner.cache.get(runner.fingerprint, self.masks[rows])
        self.out[rows] = known
        missing = rows[np.isnan(known)]
        found = len(rows) - len(missing)
        runner.cached += found
        runner.done += found
        if not len(missing):
            self.tell()
            return
        future = runner.executor.submit(runner.game, self.masks[missing], runner.urgent)
        self.flight[future] = missing

    def land(self) -> None:
        """Wait a moment for chunks in flight; keep each that is there, whole.

        Chunks that nobody has begun end with a cancel.
        """
        landed, _ = wait(self.flight, POLL, FIRST_COMPLETED)
        if self.runner.cancel.is_set():
            self.drop()
        for future in landed & self.flight.keys():
            rows = self.flight.pop(future)
            values = _usable(future.result(), self.masks[rows])
            self._keep(rows, values)

    def _keep(self, rows: Positions, values: Values) -> None:
        runner = self.runner
        now = time.perf_counter()
        seconds = now - self._clock  # since the last chunk, or since none was in flight
        runner.cache.put(runner.fingerprint, self.masks[rows], values)
        self.out[rows] = values
        runner.done += len(rows)
        runner.seconds += seconds
        runner.recent.append((len(rows), seconds))
        self._clock = now
        self.tell()

    def tell(self) -> None:
        """Report where the run stands, and what is known of this call."""
        self.runner.tell(self.phase)
        if self.seen is None:
            return
        known = ~np.isnan(self.out)
        self.seen(self.masks[known], self.out[known])

    def drop(self) -> None:
        """Forget the chunks that wait for a worker."""
        for future in [future for future in self.flight if future.cancel()]:
            del self.flight[future]

    def bring_home(self) -> None:
        """After a failure: what is being evaluated elsewhere is paid for, so it is kept as well."""
        self.drop()
        while self.flight:
            with suppress(Exception):
                self.land()


def _usable(given: ArrayLike, masks: Masks) -> Values:
    """The values of a chunk.

    Raises AblationError unless there is one number for each mask, and every one is finite.
    """
    try:
        values = real(given)
    except (TypeError, ValueError) as error:
        raise AblationError(
            f"The game gave no numbers for {len(masks)} masks ({error}): let it return one for each."
        ) from error
    if values.shape != (len(masks),):
        raise AblationError(
            f"The game gave an array of shape {values.shape} for {len(masks)} masks: "
            f"let it return one number a mask, shape ({len(masks)},)."
        )
    bad = first_without_value(masks, values)
    if bad is not None:
        raise AblationError(
            f"The game gave no usable value for the mask {bad} (1 = kept): everything before it is kept."
        )
    return values
