"""What lies ahead of a run beside its ablations: seconds of the fits to come, for what a page says of them.

A step is all that happens at one checkpoint: fits with and without folds, and scores. How long a step takes
is learnt from those of this process, by solver; the last one of a run is a kind of its own, since rivals may
be tried there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from spexviz.kit.pace import Pace
from spexviz.run.noise import EXACT_TIMES, MASKS
from spexviz.run.plan import Request
from spexviz.solvers.base import Revising, Solver, fit_work, seconds_of_fits

LAST = 3.0  # how much longer the last step of a solver that tries rivals is, until one was seen
_PACES: dict[tuple[str, str], Pace] = {}  # of a step, by solver and kind


@dataclass(frozen=True)
class Step:
    """Fits of so many masks; `work`: in units of `fit_work`; `kind`: steps of one kind take alike."""

    masks: int
    work: float
    kind: str


@dataclass
class Ahead:
    """The steps of one run that are still to come, and the one that it is in.

    `comparing`: whether some masks will be asked in fp32 as well.
    """

    request: Request
    solvers: Sequence[Solver]
    comparing: bool = False
    steps: list[Step] = field(default_factory=list)
    began: float | None = None

    def plan(self, counts: Sequence[int], folds: int = 0, exact: bool = False) -> None:
        """Put steps of so many masks ahead, in place of what was; each fit is made `folds` times more."""
        n = self.request.plan.n
        self.began = None
        self.steps = []
        for count in counts:
            one = fit_work(count, n)
            if folds:
                one += folds * fit_work(count * (folds - 1) // folds, n)
            kind = "step"
            if exact:
                kind = "curve"
            elif count == counts[-1]:
                kind = "last"
            self.steps.append(Step(count, len(self.solvers) * one, kind))

    @contextmanager
    def step(self, masks: int) -> Iterator[None]:
        """The step of so many masks, while it goes on; those before it are over."""
        self.steps = [step for step in self.steps if step.masks >= masks]
        self.began = time.perf_counter()
        yield
        if self.steps and self.steps[0].masks == masks:
            step = self.steps.pop(0)
            pace = _PACES.setdefault((self.request.solver.name, step.kind), Pace())
            pace.note(step.work, time.perf_counter() - self.began)
        self.began = None

    def seconds(self, rate: float) -> float:
        """All that is still to come; `rate`: ablations a second, 0 where that is not known."""
        expected = [self._expected(step) for step in self.steps]
        if expected and self.began is not None:
            expected[0] = max(0.0, expected[0] - (time.perf_counter() - self.began))
        total = sum(expected)
        if self.comparing and rate > 0:
            total += EXACT_TIMES * MASKS / rate
        return total

    def _expected(self, step: Step) -> float:
        solver = self.request.solver
        pace = _PACES.get((solver.name, step.kind))
        learnt = pace.seconds(step.work) if pace else None
        if learnt is not None:
            return learnt
        usual = seconds_of_fits(solver, step.work / len(self.solvers))
        if step.kind == "last" and isinstance(solver, Revising):
            usual *= LAST
        return usual
