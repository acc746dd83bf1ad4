"""A scored fit: what every curve, table and comparison is made of. And the fits of one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spexviz.ablate.runner import Runner
from spexviz.masks import Values
from spexviz.metrics import r2, r2_interval
from spexviz.results import LEVEL, Fidelity, Folds, Proof, Sample, Unseen
from spexviz.run.ahead import Ahead
from spexviz.run.plan import Request
from spexviz.solvers.base import Design, Solver, timed_fit
from spexviz.spectrum import Spectrum


class Fit(NamedTuple):
    """What a solver, by its name, made of `budget` ablations, and the seconds it took."""

    solver: str
    budget: int
    spectrum: Spectrum
    seconds: float


def score(fit: Fit, unseen: Unseen, keep: float, seed: int, **more: Any) -> Fidelity:
    """The fidelity of a fit by masks that were not seen; `more`: what else is known of it."""
    explained = r2(unseen.values, unseen.predicted)
    interval = r2_interval(unseen.values, unseen.predicted, level=LEVEL, seed=seed)
    terms = int((fit.spectrum.orders > 0).sum())
    scored = len(unseen.values)
    known = {"interval": interval, "held_out": scored, "terms": terms, "keep": keep, "seconds": fit.seconds}
    return Fidelity(fit.solver, fit.budget, explained, **{**known, **more})


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
    folds: Folds | None = None


@dataclass
class Fitting:
    """The fits of one run: of its own solver and of the baselines beside it.

    `seconds`: of all so far; `seconds_of_folds`: of those without a fold, beside them.
    """

    request: Request
    baselines: tuple[Solver, ...]
    runner: Runner
    seconds: float = 0.0
    seconds_of_folds: float = 0.0
    ahead: Ahead = field(init=False)

    def __post_init__(self) -> None:
        self.ahead = Ahead(self.request, self.solvers)
        self.runner.beside = self.ahead.seconds

    @property
    def solvers(self) -> tuple[Solver, ...]:
        """The run's own first."""
        return (self.request.solver, *self.baselines)

    def announce(self, count: int) -> None:
        """Say that a fit of so many ablations begins. Raises Cancelled where nobody waits for it."""
        self.say(f"fitting {count:,} ablations")

    def say(self, phase: str) -> None:
        """Say what begins now. Raises Cancelled where nobody waits for it."""
        self.runner.check_cancelled()
        self.runner.tell(phase)

    def fit(self, solver: Solver, design: Design, values: Values) -> Fit:
        spectrum, seconds = timed_fit(solver, design, values, self.request.seed)
        self.seconds += seconds
        return Fit(solver.name, len(design), spectrum, seconds)

    def score(self, fit: Fit, unseen: Unseen, **more: Any) -> Fidelity:
        """Of a fit, by masks that were not seen."""
        return score(fit, unseen, self.request.plan.keep, self.request.seed, **more)

    def score_on(self, fit: Fit, held_out: Sample) -> Fidelity:
        """Of a fit, on masks that it has not seen."""
        return self.score(fit, Unseen.of(held_out, fit.spectrum))
