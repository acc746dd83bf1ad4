"""Rivals: other solvers fitted to what a run has asked, one after another, behind the pages of all visitors.

A fit of a large run takes up to half a minute: a page that waited for it could answer nobody meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time

from spexviz.kit.threads import go_behind
from spexviz.results import Explanation
from spexviz.run.compare import compare, rivals
from spexviz.solvers.base import Solver

TURN = threading.Semaphore(1)  # one fit at a time in this process: each uses what cores there are
_log = logging.getLogger(__name__)


class Rivals:
    """The solvers beside a run's own, the fast ones first; what is known so far can be looked at at any time.

    `found`: what each would have said; `left_out`: names of those that cannot work with these masks.
    """

    def __init__(self, explanation: Explanation):
        self.solvers: tuple[Solver, ...] = tuple(rivals(explanation))
        self.found: tuple[Explanation, ...] = ()
        self.left_out: tuple[str, ...] = ()
        self._explanation = explanation
        self._began = time.monotonic()
        self._closed = threading.Event()
        threading.Thread(target=self._fit_all, name="spexviz-rivals", daemon=True).start()

    @property
    def done(self) -> int:
        """How many have been tried."""
        return len(self.found) + len(self.left_out)

    @property
    def current(self) -> str:
        """The name of the one that is being fitted, or waits for its turn; "" where nothing is to come."""
        done = self.done
        if self._closed.is_set() or done >= len(self.solvers):
            return ""
        return self.solvers[done].name

    @property
    def seconds(self) -> float:
        """How long the current one has taken so far."""
        return time.monotonic() - self._began

    def close(self) -> None:
        """Begin no further fit."""
        self._closed.set()

    def _fit_all(self) -> None:
        go_behind()  # pages are drawn first
        for solver in self.solvers:
            with TURN:
                if self._closed.is_set():
                    return
                self._began = time.monotonic()
                self._fit(solver)

    def _fit(self, solver: Solver) -> None:
        try:
            found = tuple(compare(self._explanation, [solver]))
        except Exception:  # one solver's fault is not that of the others
            _log.exception("a solver failed that was compared: %s", solver.name)
            found = ()
        self._began = time.monotonic()
        if found:
            self.found += found
        else:
            self.left_out += (solver.name,)
