"""A run on some of all masks: at every checkpoint all solvers are fitted, and scored on held-out masks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from spexviz.ablate.runner import Runner
from spexviz.masks import Masks, Values, ends
from spexviz.results import Proof, Sample
from spexviz.run.fits import Fit, Fitting, Found
from spexviz.run.plan import held_out_count
from spexviz.solvers.base import Design

FLAT = 0.01  # a doubling that raises R² by less is flat; two in a row end a run that may stop early
LEAST_HELD_OUT = 64  # on which fits are scored before the last checkpoint, if there are as many


@dataclass
class _Answers:
    """The values of the first of some masks, as many as were asked; `phase`: what is told meanwhile."""

    masks: Masks
    phase: str
    values: Values = field(default_factory=lambda: np.empty(0))

    def ask(self, runner: Runner, count: int) -> None:
        """Up to the first `count`, or as many as there are; those already asked stay."""
        new = self.masks[len(self.values) : count]
        values = runner(new, self.phase)
        self.values = np.concatenate([self.values, values])

    def sample(self) -> Sample:
        return Sample(self.masks[: len(self.values)], self.values)


class Sampling:
    """The masks asked so far with their values, for fits and held out, and the fits at every checkpoint."""

    def __init__(self, fitting: Fitting, design: Design):
        self.fitting = fitting
        self.request = fitting.request
        self.runner = fitting.runner
        self.design = design
        self.asked = _Answers(design.masks, "ablations")
        self.held_out = _Answers(fitting.request.plan.held_out, "held-out ablations")
        self.fits: list[Fit] = []

    def steps(self) -> Iterator[Found]:
        """What is known at every checkpoint; the last is complete."""
        n = self.request.plan.n
        both = self.runner(ends(n), "full and empty input")
        for checkpoint in self.request.solver.checkpoints(n, self.request.budget):
            count = min(checkpoint, len(self.design))
            self._ask(count)
            self._fit(count)
            found = self._found(both, complete=count == len(self.design))
            yield found
            if found.complete:
                continue
            reason = self._reason_to_stop(found.proof)
            if reason:
                # scored as a run of this budget would be
                self.held_out.ask(self.runner, held_out_count(count))
                yield self._found(both, complete=True, stopped=reason)
                return

    def _ask(self, count: int) -> None:
        """The first `count` masks of the design, and beside them the same share of the held-out masks."""
        self.asked.ask(self.runner, count)
        held_out = len(self.held_out.masks)
        if count < len(self.design):
            in_step = held_out * count // len(self.design)
            held_out = max(LEAST_HELD_OUT, in_step)
        self.held_out.ask(self.runner, held_out)

    def _fit(self, count: int) -> None:
        design = self.design.head(count)
        for solver in self.fitting.solvers:
            self.fitting.announce(count)
            fit = self.fitting.fit(solver, design, self.asked.values)
            self.fits.append(fit)

    def _found(self, both: Values, complete: bool, stopped: str = "") -> Found:
        """Every fit so far scored on the held-out masks so far; the run's own last one is shown."""
        held_out = self.held_out.sample()
        curve = tuple(self.fitting.score(fit, held_out) for fit in self.fits)
        count = len(self.fitting.solvers)
        fidelity, *beside = curve[-count:]
        baseline = beside[0] if beside else fidelity
        proof = Proof(curve, fidelity, baseline)
        shown = self.fits[-count]
        return Found(shown.spectrum, self.asked.sample(), held_out, both, proof, complete, stopped)

    def _reason_to_stop(self, proof: Proof) -> str:
        """Why the run may end at this checkpoint; "" where it may not."""
        options = self.request.options
        low = proof.fidelity.interval[0]
        after = f"Stopped after {proof.fidelity.budget:,} of {self.request.budget:,} ablations"
        if options.target_r2 is not None and low >= options.target_r2:
            return f"{after}: R² is above the target of {options.target_r2:g}."
        if options.stop_when_flat and low > 0 and self._is_flat(proof):
            return f"{after}: the last two doublings gained less than {FLAT:g} of R² each."
        return ""

    def _is_flat(self, proof: Proof) -> bool:
        """Whether the run's own solver gained next to nothing from the last two checkpoints."""
        own = proof.curve[:: len(self.fitting.solvers)]
        scores = [point.r2 for point in own[-3:]]
        if len(scores) < 3:
            return False
        return all(later - earlier < FLAT for earlier, later in itertools.pairwise(scores))
