"""Auto: a Gaussian process over interactions; trees and a linear fit where these are better on unseen masks.

The process alone was within .002 of a blend of all three on fourteen games, at a fifteenth of the time
(benchmarks). So it is what every fit is; at the end of a run that is scored by folds its rivals are tried
once, on the first fold, and blended in only where a paired bootstrap on the masks of that fold says so. Specs
from before there was a choice blend at every fit.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import ClassVar

from spexviz.kit.options import option
from spexviz.masks import Values, is_complete
from spexviz.metrics import constant, mean_interval, r2
from spexviz.results import Folds, Sample
from spexviz.solvers.base import Design, Solver, Sparse, checked, timed_fit
from spexviz.solvers.blend import Asked, Limits, blend_weights, blended, members, unseen
from spexviz.solvers.gp.solver import GaussianProcess
from spexviz.spectrum import Spectrum

LATE, ALWAYS = "late", "always"
BLEND_NAMES = {LATE: "Tried once, at the end", ALWAYS: "Tried at every fit"}
BLENDS = {
    LATE: "A Gaussian process; trees and a linear fit are tried once, at the end of a run.",
    ALWAYS: "All three at every fit, by masks set aside: fifteen times slower.",
}
FEWEST = 16  # masks below which no split can judge: the Gaussian process alone
ROOM = 0.98  # R² of the process by folds from which nothing else is tried
SURE = 0.98  # level of the interval of what a blend gains; its lower end must be above 0


@dataclass(frozen=True)
class Auto(Sparse):
    """GaussianProcess, or its blend with ProxySPEX and Linear where masks that none has seen say so.

    At most `terms` interactions.
    """

    name: ClassVar[str] = "auto"
    place: ClassVar[int] = 0
    title: ClassVar[str] = "Auto"
    seconds_of_work: ClassVar[float] = 0.2
    summary: ClassVar[str] = (
        "A Gaussian process over all interactions, with trees and a linear fit blended in where masks that "
        "none has seen say so."
    )

    terms: int = option(400, "Most sets kept", "The field calls them terms.", low=0)
    draws: int = option(200, "Draws for intervals", "Posterior draws of the coefficients.", low=0)
    blend: str = option(LATE, "Blend", choices=BLENDS, called=BLEND_NAMES, before=ALWAYS)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The spectrum of the process, or of the blend, from values (m,).

        Raises SolverError for values that are not finite or do not match the masks.
        """
        masks, values = checked(design, values, self.least)
        few = len(masks) < FEWEST
        if self.blend == LATE or few or constant(values) or is_complete(masks):
            return self._process_alone(design, values, seed)
        return self._blended(Asked(design, values, seed))

    def revised(self, design: Design, values: Values, folds: Folds, seed: int) -> Solver:
        """What to end with, by values (m,): a blend where others gain on the first fold, else itself."""
        if self.blend != LATE or len(values) < FEWEST:
            return self
        sample = Sample(design.masks, values)
        every = folds.unseen(sample, folds.reference)
        if not r2(every.values, every.predicted) < ROOM:  # also where the values are all equal
            return self
        first = folds.fold == 0
        asked = Asked(design.only(~first), values[~first], seed)
        judged = folds.unseen(sample, folds.reference & first)
        rivals = members(self, *asked.design.masks.shape)
        guesses = {"gp": judged.predicted}
        for name, solver in rivals.items():
            if name != "gp":
                found, _ = timed_fit(solver, asked.design, asked.values, seed)
                guesses[name] = found(judged.masks)
        weights = blend_weights(judged.values, guesses)
        together = sum(weights[name] * guesses[name] for name in weights)
        gain = (judged.values - judged.predicted) ** 2 - (judged.values - together) ** 2
        if weights["gp"] == 1.0 or _rare(judged.values) or mean_interval(gain, SURE)[0] <= 0.0:
            return self
        settings = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return Blended(**settings, weights=tuple(weights.items()))

    def _process_alone(self, design: Design, values: Values, seed: int) -> Spectrum:
        process = GaussianProcess(self.max_order, self.terms, self.draws)
        fitted = process.fit(design, values, seed=seed)
        notes = {**fitted.notes, "weight of gp": 1.0}
        return Spectrum(fitted.n, fitted.coefficients, fitted.draws, notes)

    def _blended(self, asked: Asked) -> Spectrum:
        """By masks set aside, as it was before there was a choice."""
        began = time.perf_counter()
        rivals = members(self, *asked.design.masks.shape)
        aside = unseen(rivals, asked)
        weights = blend_weights(aside.truth, aside.guesses)
        limits = Limits(self.max_order, self.terms, self.draws, widened=False)
        spectrum = blended(weights, rivals, asked, limits)
        seconds = time.perf_counter() - began
        notes = {**spectrum.notes, **aside.scores(), "seconds": seconds}
        return Spectrum(spectrum.n, spectrum.coefficients, spectrum.draws, notes)


def _rare(values: Values) -> bool:
    """Whether few of the values carry most of the variance: too few rows for any judgement."""
    deviation = (values - values.mean()) ** 2
    alike = deviation.sum() ** 2 / (deviation**2).sum()  # of so many equally far ones
    return bool(alike < FEWEST)


@dataclass(frozen=True)
class Blended(Auto):
    """Auto with weights that were found out once; no solver that can be asked for."""

    weights: tuple[tuple[str, float], ...] = option((), "Weights", "Of each member of the blend")

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The spectrum of the blend."""
        masks, values = checked(design, values, self.least)
        if constant(values) or is_complete(masks):
            return self._process_alone(design, values, seed)
        limits = Limits(self.max_order, self.terms, self.draws)
        rivals = members(self, *masks.shape)
        weights = {name: share for name, share in self.weights if name in rivals}
        return blended(weights, rivals, Asked(design, values, seed), limits)
