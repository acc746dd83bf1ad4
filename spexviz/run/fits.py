"""A scored fit: what every curve, table and comparison is made of. And the fits of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from spexviz.ablate.runner import Runner
from spexviz.masks import Values
from spexviz.metrics import r2, r2_interval
from spexviz.results import LEVEL, Fidelity, Proof, Sample
from spexviz.run.plan import Request
from spexviz.solvers.base import Design, Solver, timed_fit
from spexviz.spectrum import Spectrum


def score(
    solver: str, budget: int, spectrum: Spectrum, held_out: Sample, keep: float, seconds: float, seed: int
) -> Fidelity:
    """The fidelity of a fit on masks that it has not seen."""
    predicted = spectrum(held_out.masks)
    explained = r2(held_out.values, predicted)
    interval = r2_interval(held_out.values, predicted, level=LEVEL, seed=seed)
    terms = int((spectrum.orders > 0).sum())
    return Fidelity(solver, budget, explained, interval, len(held_out), terms, keep, seconds)


class Fit(NamedTuple):
    """What a solver, by its name, made of `budget` ablations, and the seconds it took."""

    solver: str
    budget: int
    spectrum: Spectrum
    seconds: float


@dataclass(frozen=True)
class Found:
    """What a run knows at a checkpoint. `ends` (2,): values of the empty and the full mask."""

    spectrum: Spectrum
    sample: Sample
    held_out: Sample
    ends: Values
    proof: Proof
    complete: bool = True
    stopped: str = ""


@dataclass
class Fitting:
    """The fits of one run: of its own solver and of the baselines beside it. `seconds`: of all so far."""

    request: Request
    baselines: tuple[Solver, ...]
    runner: Runner
    seconds: float = 0.0

    @property
    def solvers(self) -> tuple[Solver, ...]:
        """The run's own first."""
        return (self.request.solver, *self.baselines)

    def announce(self, count: int) -> None:
        """Say that a fit of so many ablations begins. Raises Cancelled where nobody waits for it."""
        self.runner.check_cancelled()
        self.runner.tell(f"fitting {count} ablations")

    def fit(self, solver: Solver, design: Design, values: Values) -> Fit:
        spectrum, seconds = timed_fit(solver, design, values, self.request.seed)
        self.seconds += seconds
        return Fit(solver.name, len(design), spectrum, seconds)

    def score(self, fit: Fit, held_out: Sample) -> Fidelity:
        """Of a fit, on masks that it has not seen."""
        keep = self.request.plan.keep
        return score(fit.solver, fit.budget, fit.spectrum, held_out, keep, fit.seconds, self.request.seed)
