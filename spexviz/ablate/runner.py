"""The runner: masks in, values out, in chunks; cached, counted, cancellable.

A chunk is fixed by its place in the list of masks and committed whole, so a killed run asks again at most the chunk in flight.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from spexviz.ablate.cache import Cache, MemoryCache
from spexviz.errors import AblationError, Cancelled
from spexviz.games.base import Game
from spexviz.masks import Masks, Values

CHUNK = 32  # masks asked between two looks at the Cancel button: about a second for a small model on a laptop


@dataclass(frozen=True)
class Progress:
    """Where a run stands: ablations done and in all, of these found in the cache, ablations a second, what it is doing."""

    done: int
    total: int
    cached: int
    rate: float
    phase: str

    @property
    def eta(self) -> float | None:
        """Seconds still to go at the present rate; None before the first measurement."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


@dataclass
class Runner:
    """Evaluates masks of one game for one run.

    `total`: ablations the whole run will ask, for the progress; `report` is called after every chunk; `cancel` is looked at
    before every chunk, and Cancelled raised. Raises AblationError with the mask for a value that is not finite.
    """

    game: Game
    cache: Cache = field(default_factory=MemoryCache)
    total: int = 0
    report: Callable[[Progress], None] = lambda progress: None
    cancel: threading.Event = field(default_factory=threading.Event)
    chunk: int = CHUNK
    done: int = 0
    cached: int = 0
    seconds: float = 0.0
    _recent: deque = field(default_factory=lambda: deque(maxlen=12))  # (masks asked, seconds) of the last chunks

    def __call__(self, masks: Masks, phase: str = "ablations") -> Values:
        """Values of the masks, in order. Finished chunks stay in the cache whatever happens."""
        out = np.empty(len(masks))
        for start in range(0, len(masks), self.chunk):
            self.check_cancelled()
            part = masks[start : start + self.chunk]
            out[start : start + len(part)] = self._evaluate(part)
            self.done += len(part)
            self.tell(phase)
        return out

    def tell(self, phase: str) -> None:
        """Report where the run stands."""
        asked, seconds = (sum(column) for column in zip(*self._recent, strict=True)) if self._recent else (0, 0.0)
        self.report(Progress(self.done, max(self.total, self.done), self.cached, asked / seconds if seconds else 0.0, phase))

    def check_cancelled(self) -> None:
        if self.cancel.is_set():
            raise Cancelled(f"Cancelled after {self.done} of {max(self.total, self.done)} ablations; they are kept, so going on costs only the rest.")

    def _evaluate(self, masks: Masks) -> Values:
        values = self.cache.get(self.game.fingerprint, masks)
        missing = np.isnan(values)
        self.cached += int((~missing).sum())
        if missing.any():
            start = time.perf_counter()
            fresh = np.asarray(self.game(masks[missing]), dtype=np.float64)
            if fresh.shape != (int(missing.sum()),) or not np.isfinite(fresh).all():
                bad = masks[missing][int(np.flatnonzero(~np.isfinite(fresh))[0])] if fresh.shape == (int(missing.sum()),) else masks[missing][0]
                shown = "".join("1" if keep else "0" for keep in bad)
                raise AblationError(f"The game gave no usable value for the mask {shown[:200]} (1 = kept): everything before it is kept.")
            self.cache.put(self.game.fingerprint, masks[missing], fresh)
            values[missing] = fresh
            spent = time.perf_counter() - start
            self.seconds += spent
            self._recent.append((len(fresh), spent))
        return values
