"""A lock that is handed over in the midst of long work to whoever waits for a short one.

What may be changed meanwhile, and must be as it was before others begin, is the affair of whoever gives way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class _Work(threading.local):
    """Of each thread: whether it works for long, and the seconds for which it gave way."""

    long = False
    away = 0.0


_work = _Work()


def works_long() -> bool:
    """Whether what this thread does takes long, as it has said."""
    return _work.long


@contextmanager
def patiently() -> Iterator[None]:
    """What this thread does meanwhile takes long, and gives way to what does not."""
    before = _work.long
    _work.long = True
    try:
        yield
    finally:
        _work.long = before


class Handover:
    """A lock for one thread at a time, or for as many as it has `places`.

    Whoever works for long says so (`patiently`), and calls `give_way` wherever the work can be interrupted:
    those who wait then, and do not work for long themselves, go first.
    """

    def __init__(self, places: int = 1) -> None:
        self._free = threading.Condition()
        self._places = places
        self._held = 0
        self._hurried = 0  # who waits and does not work for long

    def __enter__(self) -> None:
        self._take()
        _work.away = 0.0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    @property
    def away(self) -> float:
        """Seconds for which this thread has given way since it took the lock."""
        return _work.away

    @property
    def wanted(self) -> bool:
        """Whether this thread works for long, and somebody waits who does not."""
        return _work.long and self._hurried > 0

    def give_way(self) -> None:
        """Let those go first who wait for a short while. The lock must be held."""
        if not self.wanted:
            return
        start = time.perf_counter()
        self._drop()
        self._take()
        _work.away += time.perf_counter() - start

    def _take(self) -> None:
        with self._free:
            if _work.long:
                self._free.wait_for(lambda: self._held < self._places and not self._hurried)
            else:
                self._hurried += 1
                self._free.wait_for(lambda: self._held < self._places)
                self._hurried -= 1
            self._held += 1

    def _drop(self) -> None:
        with self._free:
            self._held -= 1
            self._free.notify_all()
