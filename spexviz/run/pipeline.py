"""The whole way in one function: game → masks → values → spectrum → explanation."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spexviz.ablate import executors
from spexviz.ablate.cache import Cache, MemoryCache
from spexviz.ablate.executors import Executor
from spexviz.ablate.runner import Progress, Runner
from spexviz.errors import SolverError
from spexviz.games.base import Game
from spexviz.masks import Masks, Values, all_masks, ends, keys, uniform_masks
from spexviz.metrics import r2
from spexviz.results import Explanation, Fidelity, Proof, Sample, Spent
from spexviz.run.checks import MOST_ORDER, promising
from spexviz.run.checks import validate as check_sets
from spexviz.run.fits import score
from spexviz.run.noise import MASKS, Precision, known, settle
from spexviz.run.plan import Request, held_out_count
from spexviz.solvers.base import Design, Solver, timed_fit
from spexviz.solvers.linear import Linear
from spexviz.spec import MOST_CHECKED, Options
from spexviz.spectrum import Spectrum

FIRST_EXACT_POINT = 8  # masks of the first point on the curve of an exact run
FLAT = 0.01  # a doubling that raises R² by less is flat; two in a row end a run that may stop early


@dataclass(frozen=True)
class Hooks:
    """What a run is told and tells on its way; none of it changes a number.

    `progress` is told after every chunk, `partial` receives the explanation so far at every checkpoint,
    `cancel` ends the run between two chunks; `executor`: where ablations are evaluated, "local" or "ray" or
    one of spexviz.ablate.executors.
    """

    cache: Cache = field(default_factory=MemoryCache)
    progress: Callable[[Progress], None] = lambda progress: None
    partial: Callable[[Explanation], None] = lambda so_far: None
    cancel: threading.Event = field(default_factory=threading.Event)
    executor: Executor | str | None = None


def explain(
    game: Game,
    solver: Solver,
    budget: int = 512,
    seed: int = 0,
    *,
    validate: bool | int = False,
    target_r2: float | None = None,
    stop_when_flat: bool = False,
    baselines: Sequence[Solver] = (Linear(),),
    cache: Cache | None = None,
    progress: Callable[[Progress], None] | None = None,
    partial: Callable[[Explanation], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | str | None = None,
) -> Explanation:
    """Ablate `game`, fit `solver` on at most `budget` ablations, and score it on masks that no fit has seen.

    `baselines` are fitted on the same masks; the first is the one shown beside every result. `progress` is
    told after every chunk, `partial` receives the explanation so far at every checkpoint, `cancel` ends the
    run between two chunks. `executor`: where ablations are evaluated, "local" or "ray" or one of
    spexviz.ablate.executors; by default $SPEXVIZ_EXECUTOR. `validate`: how many of the strongest sets of
    order 2 to 4 are then checked on the real model (True: 8), with at most a quarter of the budget on top;
    the result is in `checks`. `target_r2` ends the run at the first checkpoint whose interval of R² lies
    above it, `stop_when_flat` where the last two doublings each gained less than .01 and the fit beats the
    mean; `stopped` then says so. These three are part of the run's spec, unless left out. A game in reduced
    precision is compared with itself in fp32 on a few masks after the first checkpoint, and the run begins
    anew in fp32 where that is needed.
    Raises Cancelled, AblationError, SolverError, GameError for what is no game, and whatever the game raises;
    finished ablations stay in `cache`.
    """
    given = {"cache": cache, "progress": progress, "partial": partial, "cancel": cancel, "executor": executor}
    hooks = Hooks(**{name: hook for name, hook in given.items() if hook is not None})
    return run(
        Request(game, solver, budget, seed, Options(validate, target_r2, stop_when_flat)), hooks, baselines
    )


def run(
    request: Request, hooks: Hooks | None = None, baselines: Sequence[Solver] = (Linear(),)
) -> Explanation:
    """The explanation that a request asks for: see `explain`."""
    hooks = hooks or Hooks()
    executor = (
        hooks.executor
        if hooks.executor is not None and not isinstance(hooks.executor, str)
        else executors.get(hooks.executor)
    )
    total = request.plan.ablations + request.checks
    runner = Runner(request.game, hooks.cache, total, hooks.progress, hooks.cancel, executor=executor)
    # replicas elsewhere choose their own, and need no model here
    precision = known(request.game) if executor.here else None
    return _Run(request, request.game, tuple(baselines), runner, hooks.partial, precision).whole()


@dataclass
class _Run:
    """One run: what is asked so far and the fits on it.

    Every score is of held-out masks. `game`: in fp32 where rounding proved too dear.
    """

    request: Request
    game: Game
    baselines: tuple[Solver, ...]
    runner: Runner
    partial: Callable[[Explanation], None]
    precision: Precision | None = None
    compared: bool = False
    fitting: float = 0.0

    def whole(self) -> Explanation:
        """The result, each step on the way to it shown; from the beginning in fp32 where rounding proves too dear; with its sets checked."""
        for result in self.enumerate() if self.request.plan.exact else self.sample():
            result = self._settled(result)
            if result is None:
                return self.whole()
            if not result.complete:
                self.partial(result)
        return self.checked(result)

    def _settled(self, result: Explanation) -> Explanation | None:
        """The result with what rounding costs, which is found out once, after it was shown;

        None where the run must begin anew.
        """
        if self.precision is None or self.compared:
            return result
        if self.precision.noise is None:
            self.partial(dataclasses.replace(result, complete=False))
            self.runner.check_cancelled()
            self.runner.tell(f"comparing {self.precision.name} with fp32")
            n, held = len(result.players), result.held_out.masks
            few = held if len(held) else uniform_masks(n, min(MASKS, 2**n), self.request.seed)
            game, self.precision = settle(self.game, few, self.runner.cache)
            self.compared = True
            if game is not self.game:
                self.game = game
                self.runner.turn_to(game)
                return None
        return dataclasses.replace(result, spent=self._spent(), **self._computed())

    def _computed(self) -> dict[str, Any]:
        """What an explanation says of its precision."""
        return (
            {}
            if self.precision is None
            else {"precision": self.precision.text, "noise": self.precision.noise}
        )

    def _spent(self, **seconds: float) -> Spent:
        """What the run has cost so far."""
        runner, compared = self.runner, self.precision.asked if self.precision else 0
        return Spent(
            runner.done - runner.cached,
            runner.cached,
            compared,
            {"ablations": runner.seconds, "fits": self.fitting, **seconds},
        )

    def sample(self) -> Iterator[Explanation]:
        """Ask the design and the held-out masks side by side; what is known at every checkpoint."""
        design, held_masks, n = self.request.plan.design, self.request.plan.held_out, self.request.plan.n
        both = self.runner(ends(n), "full and empty input")
        values, held = np.empty(0), np.empty(0)
        fits: list[tuple[Solver, int, Spectrum, float]] = []
        for count in self.request.solver.checkpoints(n, self.request.budget):
            count = min(count, len(design))
            values = np.concatenate([values, self.runner(design.masks[len(values) : count])])
            wanted = (
                len(held_masks)
                if count == len(design)
                else min(len(held_masks), max(64, len(held_masks) * count // len(design)))
            )
            held = np.concatenate([held, self.runner(held_masks[len(held) : wanted], "held-out ablations")])
            for solver in (self.request.solver, *self.baselines):
                self.runner.check_cancelled()
                self.runner.tell(f"fitting {count} ablations")
                fits.append((solver, count, *self._fit(solver, design.head(count), values)))
            result = self._sampled(fits, values, held, both, complete=count == len(design))
            yield result
            if not result.complete and (reason := self._reason_to_stop(result)):
                # scored as a run of this budget would be
                wanted = max(len(held), min(len(held_masks), held_out_count(count)))
                held = np.concatenate(
                    [held, self.runner(held_masks[len(held) : wanted], "held-out ablations")]
                )
                yield dataclasses.replace(
                    self._sampled(fits, values, held, both, complete=True), stopped=reason
                )
                return

    def _reason_to_stop(self, result: Explanation) -> str:
        """Why the run may end at this checkpoint; "" where it may not."""
        target, low = self.request.options.target_r2, result.fidelity.interval[0]
        after = f"Stopped after {result.fidelity.budget:,} of {self.request.budget:,} ablations"
        if target is not None and low >= target:
            return f"{after}: R² is above the target of {target:g}."
        scores = [point.r2 for point in result.proof.curve[:: 1 + len(self.baselines)]][-3:]
        flat = len(scores) == 3 and all(
            later - earlier < FLAT for earlier, later in itertools.pairwise(scores)
        )
        if self.request.options.stop_when_flat and flat and low > 0:
            return f"{after}: the last two doublings gained less than {FLAT:g} of R² each."
        return ""

    def checked(self, result: Explanation) -> Explanation:
        """The result with its most promising sets checked on the real model, where that was asked for."""
        if not (count := self.request.options.validate):
            return result
        start, limit = time.perf_counter(), len(result.sample) // 4
        most = MOST_CHECKED * 2**MOST_ORDER if result.proof.exact else limit
        sets = promising(result.spectrum, count, most, self.request.plan.keep)
        if sets and not result.proof.exact:
            self.partial(result)
        checks = (
            check_sets(
                self.game,
                result.spectrum,
                sets,
                self.request.seed,
                limit,
                runner=self.runner,
                measured=result,
            )
            if sets
            else ()
        )
        subject = dataclasses.replace(result.subject, remarks=tuple(self.game.remarks))
        spent = self._spent(checks=time.perf_counter() - start)
        return dataclasses.replace(
            result, subject=subject, proof=dataclasses.replace(result.proof, checks=checks), spent=spent
        )

    def _sampled(self, fits: list, values: Values, held: Values, both: Values, complete: bool) -> Explanation:
        sample, held_out = (
            Sample(self.request.plan.design.masks[: len(values)], values),
            Sample(self.request.plan.held_out[: len(held)], held),
        )
        curve = tuple(
            self._score(solver.name, count, spectrum, held_out, seconds)
            for solver, count, spectrum, seconds in fits
        )
        last = len(self.baselines) + 1
        proof = Proof(
            curve, fidelity=curve[-last], baseline=curve[-last + 1] if self.baselines else curve[-1]
        )
        return self._explanation(fits[-last][2], sample, held_out, both, proof, complete)

    def enumerate(self) -> Iterator[Explanation]:
        """Ask all 2^n masks: the spectrum is exact, and the curve scores fits on k masks on all the others."""
        n = self.request.plan.n
        masks = all_masks(n)
        values = self.runner(masks)
        spectrum = Spectrum.exact(values, {"exact": f"all {len(masks)} masks"})
        linear = r2(values, spectrum.truncate(order=1)(masks))
        total, terms = len(masks), len(spectrum) - 1
        proof = Proof(
            curve=tuple(self._exact_curve(masks, values)),
            fidelity=Fidelity("exact", total, 1.0, (1.0, 1.0), 0, terms),
            baseline=Fidelity(Linear.name, total, linear, (linear, linear), 0, n),
            exact=True,
        )
        yield self._explanation(
            spectrum, Sample(masks, values), Sample(masks[:0], values[:0]), values[[0, -1]], proof
        )

    def _exact_curve(self, masks: Masks, values: Values) -> Iterator[Fidelity]:
        """What each solver finds in some of the masks, scored on all the others."""
        n = masks.shape[1]
        row = {key: i for i, key in enumerate(keys(masks))}
        seen: set[tuple[str, int]] = set()
        for count in (FIRST_EXACT_POINT << i for i in range(n) if FIRST_EXACT_POINT << i < len(masks)):
            for solver in (self.request.solver, *self.baselines):
                self.runner.check_cancelled()
                self.runner.tell(f"fitting {count} ablations")
                try:
                    design = solver.design(n, count, self.request.seed)
                    asked = np.array([row[key] for key in keys(design.masks)])
                    if (solver.name, len(asked)) in seen:
                        continue  # a solver whose design does not grow with the budget
                    fitted, seconds = self._fit(solver, design, values[asked])
                except SolverError:  # too few masks for this solver: its curve begins later
                    continue
                rest = np.setdiff1d(np.arange(len(masks)), asked)
                if len(rest):
                    seen.add((solver.name, len(asked)))
                    yield self._score(
                        solver.name, len(asked), fitted, Sample(masks[rest], values[rest]), seconds
                    )

    def _fit(self, solver: Solver, design: Design, values: Values) -> tuple[Spectrum, float]:
        spectrum, seconds = timed_fit(solver, design, values, self.request.seed)
        self.fitting += seconds
        return spectrum, seconds

    def _score(
        self, name: str, budget: int, spectrum: Spectrum, held_out: Sample, seconds: float
    ) -> Fidelity:
        return score(name, budget, spectrum, held_out, self.request.plan.keep, seconds, self.request.seed)

    def _explanation(
        self,
        spectrum: Spectrum,
        sample: Sample,
        held_out: Sample,
        both: Values,
        proof: Proof,
        complete: bool = True,
    ) -> Explanation:
        both = (float(both[0]), float(both[1]))
        subject = dataclasses.replace(self.request.subject, remarks=tuple(self.game.remarks))
        return Explanation(
            subject,
            spectrum,
            sample,
            held_out,
            both,
            proof,
            self._spent(),
            self.request.spec,
            complete,
            **self._computed(),
        )
