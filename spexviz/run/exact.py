"""A run on all 2^n masks: the spectrum is exact, and fits on some masks are scored on all the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from spexviz.errors import SolverError
from spexviz.kit.arrays import Positions
from spexviz.masks import Masks, all_masks, keys
from spexviz.metrics import r2
from spexviz.results import Fidelity, Proof, Sample
from spexviz.run.fits import Fitting, Found
from spexviz.run.preview import Preview, Previews
from spexviz.solvers.base import Solver
from spexviz.solvers.linear import Linear
from spexviz.spectrum import Spectrum

FIRST_EXACT_POINT = 8  # masks of the first point on the curve of an exact run


def enumerated(fitting: Fitting, show: Callable[[Preview], None]) -> Found:
    """All masks asked."""
    n = fitting.request.plan.n
    masks = all_masks(n)
    total = len(masks)
    fitting.ahead.plan(list(_doublings(total)), exact=True)
    fitting.say(fitting.runner.game.preparing or "ablations")
    values = fitting.runner(masks, seen=Previews(fitting.request.subject, show, total))
    spectrum = Spectrum.exact(values, {"exact": f"all {total} masks"})
    linear = r2(values, spectrum.truncate(order=1)(masks))
    sample = Sample(masks, values)
    proof = Proof(
        curve=tuple(_Curve(fitting, sample).points()),
        fidelity=Fidelity("exact", total, 1.0, (1.0, 1.0), 0, len(spectrum) - 1),
        baseline=Fidelity(Linear.name, total, linear, (linear, linear), 0, n),
        exact=True,
    )
    nothing = Sample(masks[:0], values[:0])
    both = values[[0, -1]]
    return Found(spectrum, sample, nothing, both, proof)


def _doublings(total: int) -> Iterator[int]:
    """Masks of each point of the curve."""
    count = FIRST_EXACT_POINT
    while count < total:
        yield count
        count *= 2


class _Curve:
    """What each solver finds in some of all the masks."""

    def __init__(self, fitting: Fitting, every: Sample):
        self.fitting = fitting
        self.every = every
        self.n = every.masks.shape[1]
        self.row = {key: row for row, key in enumerate(keys(every.masks))}
        self.seen: set[tuple[str, int]] = set()

    def points(self) -> Iterator[Fidelity]:
        """At every doubling below all masks, every solver that can be scored there."""
        for count in _doublings(len(self.every)):
            with self.fitting.ahead.step(count):
                yield from self.points_of(count)

    def points_of(self, count: int) -> Iterator[Fidelity]:
        """Those of about `count` masks."""
        for solver in self.fitting.solvers:
            self.fitting.announce(count)
            point = self.point(solver, count)
            if point is not None:
                yield point

    def point(self, solver: Solver, count: int) -> Fidelity | None:
        """The fit on about `count` masks, scored on all the others; None where nothing new can be."""
        try:
            design = solver.design(self.n, count, self.fitting.request.seed)
            asked = self._rows(design.masks)
            if (solver.name, len(asked)) in self.seen:
                return None  # a solver whose design does not grow with the budget
            values = self.every.values[asked]
            fit = self.fitting.fit(solver, design, values)
        except SolverError:  # too few masks for this solver: its curve begins later
            return None
        rest = np.setdiff1d(np.arange(len(self.every)), asked)
        if not len(rest):
            return None
        self.seen.add((solver.name, len(asked)))
        others = Sample(self.every.masks[rest], self.every.values[rest])
        return self.fitting.score_on(fit, others)

    def _rows(self, masks: Masks) -> Positions:
        """Where the masks stand among all."""
        return np.array([self.row[key] for key in keys(masks)])
