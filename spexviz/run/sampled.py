"""A run on some of all masks: at every checkpoint all solvers are fitted, and scored on unseen masks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from spexviz.masks import Masks, Values, ends
from spexviz.results import Proof
from spexviz.run.answers import Answers
from spexviz.run.fits import Fit, Fitting, Found
from spexviz.run.folds import FOLDS, ByFolds
from spexviz.run.held_out import HeldOut
from spexviz.run.plan import foldable
from spexviz.run.preview import FIRST, Preview, Previews
from spexviz.solvers.base import Design

FLAT = 0.01  # a doubling that raises R² by less is flat; two in a row end a run that may stop early


class Sampling:
    """The masks asked so far with their values, and the fits at every checkpoint with their scores.

    `early` receives the first of the masks that R² will count, once they are asked and before there is a fit;
    where it says False, there are no steps.
    """

    def __init__(
        self,
        fitting: Fitting,
        design: Design,
        show: Callable[[Preview], None],
        early: Callable[[Masks], bool] | None = None,
    ):
        self.fitting = fitting
        self.show = show
        self.early = early
        self.request = fitting.request
        self.runner = fitting.runner
        self.design = design
        self.asked = Answers(design.masks, "ablations")
        self.fits: list[Fit] = []

    def steps(self) -> Iterator[Found]:
        """What is known at every checkpoint; the last is complete."""
        n = self.request.plan.n
        first = "asking with everything and with nothing"
        self.fitting.say(self.runner.game.preparing or first)
        both = self.runner(ends(n), first)
        self.scoring: HeldOut | ByFolds = HeldOut(self.fitting, self.design)
        if self.request.plan.by_folds:
            self.scoring = ByFolds(self.fitting, self.design, float(both[1]))
        counts = self._counts()
        self.fitting.ahead.plan(counts, FOLDS if self.request.plan.by_folds else 0)
        first = next(iter(counts), 0)
        previews = self._previews(first)
        if not self._goes_on(first, previews):
            return
        for count in counts:
            self.asked.ask(self.runner, count, previews if count == first else None)
            self.scoring.ask(count)
            with self.fitting.ahead.step(count):
                self._fit(count)
                found = self._found(both, complete=count == len(self.design))
            yield found
            if found.complete:
                return
            reason = self._reason_to_stop(found.proof)
            if reason:
                self.scoring.end_early(count)
                yield self._found(both, complete=True, stopped=reason)
                return

    def _goes_on(self, first: int, previews: Previews | None) -> bool:
        """Whether there are steps; what looks `early` has a part of the first checkpoint asked before."""
        if self.early is None or not self.request.plan.by_folds:
            return True
        self.asked.ask(self.runner, min(FIRST, first), previews)
        asked = self.design.head(len(self.asked.values))
        return self.early(asked.masks[asked.reference])

    def _counts(self) -> list[int]:
        """Masks at each checkpoint; the last are all, unless the solver has none such."""
        checkpoints = self.request.solver.checkpoints(self.request.plan.n, self.request.budget)
        counts = [min(checkpoint, len(self.design)) for checkpoint in checkpoints]
        return list(dict.fromkeys(counts))

    def _previews(self, count: int) -> Previews | None:
        """What looks at the ablations before the first checkpoint, where some of them tell of all players."""
        if not foldable(self.request.solver):
            return None
        return Previews(self.request.subject, self.show, count - 1)

    def _fit(self, count: int) -> None:
        design = self.design.head(count)
        for solver in self.fitting.solvers:
            self.fitting.announce(count)
            fit = self.scoring.fit(solver, design, self.asked.values)
            self.fits.append(fit)

    def _found(self, both: Values, complete: bool, stopped: str = "") -> Found:
        """Every fit so far, scored; the run's own last one is shown."""
        curve = self.scoring.scored(self.fits)
        count = len(self.fitting.solvers)
        fidelity, *beside = curve[-count:]
        baseline = beside[0] if beside else fidelity
        proof = Proof(curve, fidelity, baseline)
        shown = self.fits[-count]
        scoring = self.scoring
        return Found(
            shown.spectrum,
            self.asked.sample(),
            scoring.sample,
            both,
            proof,
            complete,
            stopped,
            scoring.folds,
        )

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
