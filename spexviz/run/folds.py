"""Scoring by folds: every ablation serves the fit, and R² is measured on all of them.

The masks are dealt into folds; what is said of a mask is said by a fit that was made, with all that it
learns, without its fold. The fit that is shown has seen them all, and so is a little better than these: by
.01 to .02 of R² on average, which is no bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from spexviz.kit.arrays import Floats, Ints
from spexviz.masks import Values, ends, keys
from spexviz.metrics import r2
from spexviz.results import Fidelity, Folds, Sample, Unseen
from spexviz.run.fits import Fit, Fitting
from spexviz.solvers.base import Design, Solver, timed_fit

FOLDS = 5
SLOW = 1.0  # seconds of a fit above which only one fold is scored before the last checkpoint
LEAST_NEAR = 8  # near masks below which no local R² is told
FIRST = 0.1  # of 1 − R²: by how much the upper end of the first checkpoint is widened


@dataclass(frozen=True)
class _Folded:
    """What the fits without each fold say: of every row (b,) that was scored, and of the untouched input."""

    predicted: Floats
    untouched: float


class ByFolds:
    """The folds of a run's masks, and what was said of them at every checkpoint."""

    def __init__(self, fitting: Fitting, design: Design, full: float):
        self.fitting = fitting
        self.design = design
        self.full = full
        self.values: Values = np.empty(0)
        self.said: list[_Folded] = []

    @property
    def sample(self) -> Sample:
        """No mask is set aside."""
        return Sample(self.design.masks[:0], np.empty(0))

    @property
    def folds(self) -> Folds:
        """What the last fits of the run's own solver said."""
        own = self.said[-len(self.fitting.solvers)]
        reference = self.design.head(len(own.predicted)).reference
        near = tuple(np.flatnonzero(~reference).tolist())
        told = np.isfinite(own.predicted)
        rows = None
        if not told.all():
            rows = tuple(np.flatnonzero(told).tolist())
        return Folds(own.predicted[told], rows, near)

    def ask(self, count: int) -> None:
        """Nothing is asked beside the design."""

    def end_early(self, count: int) -> None:
        """Nothing is missing where a run ends."""

    def fit(self, solver: Solver, design: Design, values: Values) -> Fit:
        """The fit of all masks so far, and those without each fold."""
        fit = self.fitting.fit(solver, design, values)
        self.values = values
        is_last = len(design) == len(self.design)
        count = FOLDS if is_last or fit.seconds < SLOW else 1
        self.said.append(self._folded(solver, design, values, count))
        return fit

    def _folded(self, solver: Solver, design: Design, values: Values, count: int) -> _Folded:
        fold = dealt(design)
        of_full = _fold_of_full(design, fold)
        predicted = np.full(len(design), np.nan)
        untouched = math.nan
        for k in range(count):
            rest = fold != k
            spectrum, seconds = timed_fit(solver, design.only(rest), values[rest], self.fitting.request.seed)
            self.fitting.seconds_of_folds += seconds
            predicted[~rest] = spectrum(design.masks[~rest])
            if k == of_full:
                untouched = float(spectrum(ends(design.masks.shape[1]))[1])
        return _Folded(predicted, untouched)

    def scored(self, fits: list[Fit]) -> tuple[Fidelity, ...]:
        """All fits so far, each by its own folds."""
        curve: list[Fidelity] = []
        for fit, said in zip(fits, self.said, strict=True):
            before = [point for point in curve if point.solver == fit.solver]
            curve.append(self._scored(fit, said, before))
        return tuple(curve)

    def _scored(self, fit: Fit, said: _Folded, before: list[Fidelity]) -> Fidelity:
        design = self.design.head(len(said.predicted))
        values = self.values[: len(design)]
        told = np.isfinite(said.predicted)
        reference = design.reference & told
        near = ~design.reference & told
        unseen = Unseen(design.masks[reference], values[reference], said.predicted[reference])
        point = self.fitting.score(fit, unseen, untouched=said.untouched - self.full, near=int(near.sum()))
        local = math.nan
        if near.sum() >= LEAST_NEAR:
            local = r2(values[near], said.predicted[near])
        low, high = point.interval
        high = min(1.0, high + gain_of_all(point, before))
        return replace(point, local=local, interval=(low, high))


def gain_of_all(point: Fidelity, before: list[Fidelity]) -> float:
    """What R² gains, about, from four fifths of the masks to all, by its curve so far."""
    if not before:
        return FIRST * (1.0 - point.r2)
    last = before[-1]
    doublings = math.log2(point.budget / last.budget)
    a_doubling = max(0.0, point.r2 - last.r2) / doublings
    return a_doubling * math.log2(FOLDS / (FOLDS - 1))


def dealt(design: Design) -> Ints:
    """(m,) the fold of each mask: in turn, those of the reference distribution and the near ones each."""
    fold = np.empty(len(design), dtype=np.int64)
    for kind in (design.reference, ~design.reference):
        fold[kind] = np.arange(kind.sum()) % FOLDS
    return fold


def _fold_of_full(design: Design, fold: Ints) -> int:
    """The fold that the untouched input belongs to: its mask's, where it was drawn, else the first."""
    full = keys(ends(design.masks.shape[1]))[1]
    found = [int(k) for key, k in zip(keys(design.masks), fold, strict=True) if key == full]
    return found[0] if found else 0
