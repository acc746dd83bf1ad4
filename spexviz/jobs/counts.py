"""What the runs of this process did since it started, for the operator: counts, and a line in the log."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable

from spexviz.ablate.runner import Progress
from spexviz.kit import logs

_log = logging.getLogger(__name__)


class Counts:
    """Counts that only grow, and the present speed of the runs that go; safe from any thread.

    `ablations`: asked of models; `hits`: found in the cache; `ended`: runs by their state at the end.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._rates: dict[str, float] = {}
        self.ablations = self.hits = 0
        self.ended: Counter[str] = Counter()

    @property
    def rate(self) -> float:
        """Ablations a second, of all runs that go."""
        with self._guard:
            return sum(self._rates.values())

    def meter(self, run_id: str) -> Callable[[Progress], None]:
        """What takes in the reports of one run, from its first to its last."""
        done = hits = 0

        def count(progress: Progress) -> None:
            nonlocal done, hits
            with self._guard:
                found = progress.cached - hits
                self.hits += found
                self.ablations += progress.done - done - found
                self._rates[run_id] = progress.rate
                done, hits = progress.done, progress.cached

        return count

    def end(self, run_id: str, state: str) -> None:
        """Note that a run ended, and how."""
        with self._guard:
            self._rates.pop(run_id, None)
            self.ended[state] += 1
        _log.info("run ended", extra=logs.fields(run=run_id, state=state))
