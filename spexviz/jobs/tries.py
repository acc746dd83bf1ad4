"""Tries: what each solver says of a function of the playground; the quick ones at once, the others behind.

A slider that moves leaves the tries of before behind: their solvers are not fitted any further, since nobody
looks at them, and go on where somebody does again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from spexviz.jobs.rivals import TURN
from spexviz.kit.threads import go_behind
from spexviz.run.playground import Answer, Truth, is_quick, tried
from spexviz.solvers.base import Solver

AT_ONCE = 12  # players up to which the quick solvers answer before the page is drawn
PATIENCE = 3.0  # seconds without a look after which no further solver is fitted
FAILED = "This solver failed on this function."
CLOSED = threading.Event()  # the server goes: nothing new is begun, and what breaks off is no fault
_log = logging.getLogger(__name__)


class Tries:
    """The answers of solvers that may each ask for `budget` masks of a function."""

    def __init__(self, truth: Truth, budget: int):
        self.truth = truth
        self.budget = budget
        self._wanted: tuple[Solver, ...] = ()
        self._answers: dict[Solver, Answer] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._looked = time.monotonic()

    def answers(self, solvers: Sequence[Solver]) -> tuple[Answer, ...]:
        """Those of these solvers that are there, in their order."""
        return tuple(self._answers[solver] for solver in solvers if solver in self._answers)

    def waiting(self, solvers: Sequence[Solver]) -> tuple[Solver, ...]:
        """Those of these solvers that have not answered yet."""
        return tuple(solver for solver in solvers if solver not in self._answers)

    def look(self, solvers: Sequence[Solver]) -> None:
        """Somebody looks at these solvers: the quick ones answer now, the others as long as somebody does."""
        if self.truth.n <= AT_ONCE:
            for solver in filter(is_quick, self.waiting(solvers)):
                self._try(solver)
        with self._guard:
            self._looked = time.monotonic()
            self._wanted = tuple(solvers)
            if not self.waiting(solvers) or (self._thread and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._go_on, name="spexviz-tries", daemon=True)
            self._thread.start()

    def _go_on(self) -> None:
        go_behind()  # pages are drawn first
        while waiting := self.waiting(self._wanted):
            with TURN:
                if CLOSED.is_set() or time.monotonic() - self._looked > PATIENCE:
                    return
                self._try(waiting[0])

    def _try(self, solver: Solver) -> None:
        try:
            answer = tried(self.truth, solver, self.budget)
        except Exception:  # one solver's fault is not that of the others
            if CLOSED.is_set():
                return
            _log.exception("a solver failed in the playground: %s", solver.name)
            answer = Answer(self.truth, solver, self.budget, refused=FAILED)
        self._answers[solver] = answer
