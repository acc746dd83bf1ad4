"""Scoring on masks that are asked for it alone: R² of every fit so far on the held-out masks so far."""

from __future__ import annotations

from spexviz.masks import Values
from spexviz.results import Fidelity, Folds, Sample
from spexviz.run.answers import Answers
from spexviz.run.fits import Fit, Fitting
from spexviz.run.plan import held_out_count
from spexviz.solvers.base import Design, Solver

LEAST = 64  # masks on which fits are scored before the last checkpoint, if there are as many


class HeldOut:
    """The held-out masks of a run, asked in step with those of its design."""

    folds: Folds | None = None

    def __init__(self, fitting: Fitting, design: Design):
        self.fitting = fitting
        self.design = design
        self.asked = Answers(fitting.request.plan.held_out, "held-out ablations")

    @property
    def sample(self) -> Sample:
        """The held-out masks asked so far."""
        return self.asked.sample()

    def ask(self, count: int) -> None:
        """Beside the first `count` masks of the design the same share of the held-out masks."""
        held_out = len(self.asked.masks)
        if count < len(self.design):
            held_out = max(LEAST, held_out * count // len(self.design))
        self.asked.ask(self.fitting.runner, held_out)

    def end_early(self, count: int) -> None:
        """The run ends here: scored as a run of this budget would be."""
        self.asked.ask(self.fitting.runner, held_out_count(count))

    def fit(self, solver: Solver, design: Design, values: Values) -> Fit:
        return self.fitting.fit(solver, design, values)

    def scored(self, fits: list[Fit]) -> tuple[Fidelity, ...]:
        """All fits so far, on the held-out masks so far."""
        held_out = self.sample
        return tuple(self.fitting.score_on(fit, held_out) for fit in fits)
