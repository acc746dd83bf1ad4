"""A run on some of all masks: at every checkpoint all solvers are fitted, and scored on held-out masks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from spexviz.masks import Values, ends
from spexviz.results import Proof, Sample
from spexviz.run.fits import Fit, Fitting, Found
from spexviz.run.plan import held_out_count
from spexviz.solvers.base import Design

FLAT = 0.01  # a doubling that raises R² by less is flat; two in a row end a run that may stop early
LEAST_HELD_OUT = 64  # on which fits are scored before the last checkpoint, if there are as many


class Sampling:
    """The masks asked so far, their values, and the fits at every checkpoint.

    `values`: of the first masks of the design; `held_values`: of the first held-out masks.
    """

    def __init__(self, fitting: Fitting, design: Design):
        self.fitting = fitting
        self.request = fitting.request
        self.runner = fitting.runner
        self.design = design
        self.held_masks = fitting.request.plan.held_out
        self.values = np.empty(0)
        self.held_values = np.empty(0)
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
                self._ask_held_out(held_out_count(count))  # scored as a run of this budget would be
                yield self._found(both, complete=True, stopped=reason)
                return

    def _ask(self, count: int) -> None:
        """The first `count` masks of the design, and beside them the same share of the held-out masks."""
        new = self.design.masks[len(self.values) : count]
        self.values = np.concatenate([self.values, self.runner(new)])
        every = len(self.held_masks)
        if count == len(self.design):
            self._ask_held_out(every)
        else:
            self._ask_held_out(max(LEAST_HELD_OUT, every * count // len(self.design)))

    def _ask_held_out(self, count: int) -> None:
        """The first `count` held-out masks, or as many as there are; those already asked stay."""
        new = self.held_masks[len(self.held_values) : count]
        self.held_values = np.concatenate([self.held_values, self.runner(new, "held-out ablations")])

    def _fit(self, count: int) -> None:
        design = self.design.head(count)
        for solver in self.fitting.solvers:
            self.fitting.announce(count)
            self.fits.append(self.fitting.fit(solver, design, self.values))

    def _found(self, both: Values, complete: bool, stopped: str = "") -> Found:
        """Every fit so far scored on the held-out masks so far; the run's own last one is shown."""
        sample = Sample(self.design.masks[: len(self.values)], self.values)
        held_out = Sample(self.held_masks[: len(self.held_values)], self.held_values)
        curve = tuple(self.fitting.score(fit, held_out) for fit in self.fits)
        count = len(self.fitting.solvers)
        fidelity, *beside = curve[-count:]
        baseline = beside[0] if beside else fidelity
        proof = Proof(curve, fidelity, baseline)
        return Found(self.fits[-count].spectrum, sample, held_out, both, proof, complete, stopped)

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
        gains = [later - earlier for earlier, later in itertools.pairwise(scores)]
        return len(gains) == 2 and all(gain < FLAT for gain in gains)
