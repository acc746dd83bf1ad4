"""The whole way in one function: game → masks → values → spectrum → explanation.

Budget = ablations that fits may see. On top of it, counted and shown apart: held-out masks that no fit sees, and the full
and the empty mask. Where 2^n masks are within reach all of them are asked, and the spectrum is exact.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spexviz.ablate import executors
from spexviz.ablate.cache import Cache, MemoryCache
from spexviz.ablate.executors import Executor
from spexviz.ablate.runner import Progress, Runner
from spexviz.errors import SolverError, SpecError
from spexviz.games.base import Game, keep_of
from spexviz.kit.registry import offered
from spexviz.masks import Masks, Values, all_masks, keys, uniform_masks
from spexviz.metrics import r2, r2_interval
from spexviz.results import LEVEL, Explanation, Fidelity
from spexviz.run.checks import MOST_ORDER, promising
from spexviz.run.checks import validate as check_sets
from spexviz.run.noise import MASKS, Precision, known, settle
from spexviz.solvers.base import Design, Solver, timed_fit
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec, build, describe
from spexviz.spectrum import Spectrum

HELD_OUT_STREAM = 2**32  # added to the seed: run seeds are below it, so the two streams never meet
FIRST_EXACT_POINT = 8  # masks of the first point on the curve of an exact run
SETS_CHECKED, MOST_CHECKED = 8, 100  # by `validate=True`; by a number
FLAT = 0.01  # a doubling that raises R² by less is flat; two in a row end a run that may stop early


@dataclass(frozen=True)
class Plan:
    """What a run will ask: the masks of the fits, the held-out masks, or all 2^n masks (`exact`).

    `keep`: the probability with which the random masks keep a player; 0.5 where all masks are asked.
    """

    n: int
    design: Design | None
    held_out: Masks
    exact: bool
    keep: float = 0.5

    @property
    def ablations(self) -> int:
        """Ablations in all: for fits, held out, and the two ends."""
        return 2**self.n if self.exact else len(self.design) + len(self.held_out) + 2

    @property
    def checks(self) -> int:
        """Most further ablations that checking sets may take: a quarter of what the fits see, none for an exact run."""
        return 0 if self.exact else len(self.design) // 4


def held_out_count(budget: int) -> int:
    """Masks on which fits are scored: half the budget, at least 128, at most 512."""
    return min(512, max(128, budget // 2))


def plan(n: int, solver: Solver, budget: int, seed: int = 0, layout: np.ndarray | None = None, keep: float = 0.5) -> Plan:
    """What `explain` will ask for n players; needs no model. `keep`: of the game (`keep_of`).

    Raises SolverError where the solver cannot work with the budget or with masks that keep players so often.
    """
    count = held_out_count(budget)
    if n <= 20 and 2**n <= budget + count:
        return Plan(n, None, np.zeros((0, n), dtype=bool), True)
    design = solver.design(n, budget, seed, keep)
    if layout is not None:
        design = dataclasses.replace(design, layout=layout)
    free = 2**n - len(design) if n < 63 else count
    held_out = uniform_masks(n, min(count, free), seed + HELD_OUT_STREAM, keep, exclude=design.masks)
    return Plan(n, design, held_out, False, keep)


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

    `baselines` are fitted on the same masks; the first is the one shown beside every result. `progress` is told after every
    chunk, `partial` receives the explanation so far at every checkpoint, `cancel` ends the run between two chunks.
    `executor`: where ablations are evaluated, "local" or "ray" or one of spexviz.ablate.executors; by default $SPEXVIZ_EXECUTOR.
    `validate`: how many of the strongest sets of order 2 to 4 are then checked on the real model (True: 8), with at most a
    quarter of the budget on top; the result is in `checks`. `target_r2` ends the run at the first checkpoint whose interval of
    R² lies above it, `stop_when_flat` where the last two doublings each gained less than .01 and the fit beats the mean;
    `stopped` then says so. These three are part of the run's spec, unless left out.
    A game in reduced precision is compared with itself in fp32 on a few masks after the first checkpoint, and the run begins anew
    in fp32 where that is needed.
    Raises Cancelled, AblationError, SolverError, and whatever the game raises; finished ablations stay in `cache`.
    """
    options = _options(validate, target_r2, stop_when_flat)
    spec = RunSpec(describe(game), describe(solver), budget, seed, options)
    keep = keep_of(game)
    planned = plan(len(game.players), solver, budget, seed, getattr(game, "layout", None), keep)
    total = planned.ablations + (planned.checks if validate else 0)
    executor = executors.get(executor) if executor is None or isinstance(executor, str) else executor
    precision = known(game) if executor is executors.get("local") else None  # replicas elsewhere choose their own, and need no model here
    runner = Runner(game, cache or MemoryCache(), total, progress or (lambda _: None), cancel or threading.Event(), executor=executor)
    run = _Run(game, solver, tuple(baselines), spec, planned, runner, partial or (lambda _: None), precision)
    return run.whole()


def explain_spec(spec: RunSpec, **callbacks: Any) -> Explanation:
    """`explain` for the run that a RunSpec describes; `callbacks` are its cache, progress, partial, cancel and executor."""
    spec = canonical(spec)
    return explain(build_game(spec), build_solver(spec), spec.budget, spec.seed, **spec.options, **callbacks)


def build_game(spec: RunSpec) -> Game:
    """The game that a RunSpec describes."""
    return build(offered("spexviz.games"), spec.game, "game")


def build_solver(spec: RunSpec) -> Solver:
    """The solver that a RunSpec describes."""
    return build(offered("spexviz.solvers"), spec.solver, "solver")


def canonical(spec: RunSpec) -> RunSpec:
    """The same run with every setting written out, as `explain` notes it: so one run has one id, however it was asked for."""
    try:
        options = _options(**spec.options)
    except TypeError:
        raise SpecError(
            f"A run has no options {', '.join(map(repr, spec.options))}: it has validate, target_r2 and stop_when_flat; leave others out."
        ) from None
    return RunSpec(describe(build_game(spec)), describe(build_solver(spec)), spec.budget, spec.seed, options)


def _options(validate: bool | int = False, target_r2: float | None = None, stop_when_flat: bool = False) -> dict[str, Any]:
    """The options of a RunSpec, without those at their default: a run that uses none keeps the id that it always had."""
    if not isinstance(validate, int) or not 0 <= validate <= MOST_CHECKED:
        raise SpecError(f"validate is True, False or a number of sets up to {MOST_CHECKED}, not {validate!r:.40}.")
    number = isinstance(target_r2, int | float) and not isinstance(target_r2, bool)
    if target_r2 is not None and not (number and 0.0 < target_r2 < 1.0):
        raise SpecError(f"The target of R² must lie between 0 and 1, not {target_r2!r:.40}.")
    if not isinstance(stop_when_flat, bool):
        raise SpecError(f"stop_when_flat is True or False, not {stop_when_flat!r:.40}.")
    found = {"validate": SETS_CHECKED if validate is True else int(validate), "target_r2": target_r2, "stop_when_flat": stop_when_flat}
    return {name: value for name, value in found.items() if value}


@dataclass
class _Run:
    """One run: what is asked so far and the fits on it. Every score is of held-out masks."""

    game: Game
    solver: Solver
    baselines: tuple[Solver, ...]
    spec: RunSpec
    plan: Plan
    runner: Runner
    partial: Callable[[Explanation], None]
    precision: Precision | None = None
    compared: bool = False
    fitting: float = 0.0

    def whole(self) -> Explanation:
        """The result, each step on the way to it shown; from the beginning in fp32 where rounding proves too dear; with its sets checked."""
        for result in self.enumerate() if self.plan.exact else self.sample():
            result = self._settled(result)
            if result is None:
                return self.whole()
            if not result.complete:
                self.partial(result)
        return self.checked(result)

    def _settled(self, result: Explanation) -> Explanation | None:
        """The result with what rounding costs, which is found out once, after it was shown; None where the run must begin anew."""
        if self.precision is None or self.compared:
            return result
        if self.precision.loss is None:
            self.partial(dataclasses.replace(result, complete=False))
            self.runner.check_cancelled()
            self.runner.tell(f"comparing {self.precision.name} with fp32")
            few = result.held_out_masks if len(result.held_out_masks) else uniform_masks(self.plan.n, min(MASKS, 2**self.plan.n), self.spec.seed)
            game, self.precision = settle(self.game, few, self.runner.cache)
            self.compared = True
            if game is not self.game:
                self.game = game
                self.runner.turn_to(game)
                return None
        return dataclasses.replace(result, seconds=self._seconds(), **self._computed())

    def _computed(self) -> dict[str, Any]:
        """What an explanation says of its precision."""
        return {} if self.precision is None else {"precision": self.precision.text, "noise": self.precision.loss}

    def sample(self) -> Iterator[Explanation]:
        """Ask the design and the held-out masks side by side; what is known at every checkpoint."""
        design, held_masks, n = self.plan.design, self.plan.held_out, self.plan.n
        ends = self.runner(np.stack([np.zeros(n, dtype=bool), np.ones(n, dtype=bool)]), "full and empty input")
        values, held = np.empty(0), np.empty(0)
        fits: list[tuple[Solver, int, Spectrum, float]] = []
        checkpoints = self.solver.checkpoints(n, self.spec.budget)
        for count in checkpoints:
            count = min(count, len(design))
            values = np.concatenate([values, self.runner(design.masks[len(values) : count])])
            wanted = len(held_masks) if count == len(design) else min(len(held_masks), max(64, len(held_masks) * count // len(design)))
            held = np.concatenate([held, self.runner(held_masks[len(held) : wanted], "held-out ablations")])
            for solver in (self.solver, *self.baselines):
                self.runner.check_cancelled()
                self.runner.tell(f"fitting {count} ablations")
                fits.append((solver, count, *self._fit(solver, design.head(count), values)))
            result = self._sampled(fits, values, held, ends, complete=count == len(design))
            yield result
            if not result.complete and (reason := self._reason_to_stop(result)):
                wanted = max(len(held), min(len(held_masks), held_out_count(count)))  # scored as a run of this budget would be
                held = np.concatenate([held, self.runner(held_masks[len(held) : wanted], "held-out ablations")])
                yield dataclasses.replace(self._sampled(fits, values, held, ends, complete=True), stopped=reason)
                return

    def _reason_to_stop(self, result: Explanation) -> str:
        """Why the run may end at this checkpoint; "" where it may not."""
        target, low = self.spec.options.get("target_r2"), result.fidelity.interval[0]
        if target is not None and low >= target:
            return f"Stopped after {result.fidelity.budget:,} of {self.spec.budget:,} ablations: R² is above the target of {target:g}."
        scores = [point.r2 for point in result.curve[:: 1 + len(self.baselines)]][-3:]
        flat = len(scores) == 3 and all(later - earlier < FLAT for earlier, later in itertools.pairwise(scores))
        if self.spec.options.get("stop_when_flat") and flat and low > 0:
            return f"Stopped after {result.fidelity.budget:,} of {self.spec.budget:,} ablations: the last two doublings gained less than {FLAT:g} of R² each."
        return ""

    def checked(self, result: Explanation) -> Explanation:
        """The result with its most promising sets checked on the real model, where the spec asks for it."""
        if not (count := self.spec.options.get("validate")):
            return result
        start, limit = time.perf_counter(), len(result.values) // 4
        sets = promising(result.spectrum, count, limit if not result.exact else MOST_CHECKED * 2**MOST_ORDER, self.plan.keep)
        if sets and not result.exact:
            self.partial(result)
        checks = check_sets(self.game, result.spectrum, sets, self.spec.seed, limit, runner=self.runner, measured=result) if sets else ()
        seconds = {**self._seconds(), "checks": time.perf_counter() - start}
        return dataclasses.replace(result, checks=checks, seconds=seconds, remarks=tuple(getattr(self.game, "remarks", ())))

    def _seconds(self) -> dict[str, float]:
        """What the run has cost so far, in seconds; `cached` and `compared`, in ablations, are what it found and what fp32 was asked."""
        compared = float(self.precision.asked) if self.precision else 0.0
        return {"ablations": self.runner.seconds, "fits": self.fitting, "cached": float(self.runner.cached), "compared": compared}

    def _sampled(self, fits: list, values: Values, held: Values, ends: Values, complete: bool) -> Explanation:
        held_masks = self.plan.held_out[: len(held)]
        curve = tuple(self._score(solver.name, count, spectrum, held_masks, held, seconds) for solver, count, spectrum, seconds in fits)
        last = len(self.baselines) + 1
        return self._explanation(
            spectrum=fits[-last][2],
            masks=self.plan.design.masks[: len(values)],
            values=values,
            held_out_masks=held_masks,
            held_out_values=held,
            ends=ends,
            curve=curve,
            fidelity=curve[-last],
            baseline=curve[-last + 1] if self.baselines else curve[-1],
            complete=complete,
        )

    def enumerate(self) -> Iterator[Explanation]:
        """Ask all 2^n masks: the spectrum is exact, and the curve scores fits on k masks on all the others."""
        n = self.plan.n
        masks = all_masks(n)
        values = self.runner(masks)
        spectrum = Spectrum.exact(values, {"exact": f"all {len(masks)} masks"})
        row = {key: i for i, key in enumerate(keys(masks))}
        curve: list[Fidelity] = []
        for count in (FIRST_EXACT_POINT << i for i in range(n) if FIRST_EXACT_POINT << i < len(masks)):
            for solver in (self.solver, *self.baselines):
                self.runner.check_cancelled()
                self.runner.tell(f"fitting {count} ablations")
                try:
                    design = solver.design(n, count, self.spec.seed)
                    asked = np.array([row[key] for key in keys(design.masks)])
                    if any(point.solver == solver.name and point.budget == len(asked) for point in curve):
                        continue  # a solver whose design does not grow with the budget
                    fitted, seconds = self._fit(solver, design, values[asked])
                except SolverError:  # too few masks for this solver: its curve begins later
                    continue
                rest = np.setdiff1d(np.arange(len(masks)), asked)
                if len(rest):
                    curve.append(self._score(solver.name, len(asked), fitted, masks[rest], values[rest], seconds))
        linear = r2(values, spectrum.truncate(order=1)(masks))
        total, terms = len(masks), len(spectrum) - 1
        yield self._explanation(
            spectrum=spectrum,
            masks=masks,
            values=values,
            held_out_masks=masks[:0],
            held_out_values=values[:0],
            ends=values[[0, -1]],
            curve=tuple(curve),
            fidelity=Fidelity("exact", total, 1.0, (1.0, 1.0), 0, terms),
            baseline=Fidelity("linear", total, linear, (linear, linear), 0, n),
            exact=True,
        )

    def _fit(self, solver: Solver, design: Design, values: Values) -> tuple[Spectrum, float]:
        spectrum, seconds = timed_fit(solver, design, values, self.spec.seed)
        self.fitting += seconds
        return spectrum, seconds

    def _score(self, name: str, budget: int, spectrum: Spectrum, masks: Masks, values: Values, seconds: float) -> Fidelity:
        predicted = spectrum(masks)
        interval = r2_interval(values, predicted, level=LEVEL, seed=self.spec.seed)
        terms = int((spectrum.orders > 0).sum())
        return Fidelity(name, budget, r2(values, predicted), interval, len(values), terms, self.plan.keep, seconds)

    def _explanation(self, *, ends: Values, **parts: object) -> Explanation:
        game = self.game
        return Explanation(
            players=tuple(game.players),
            unit=game.unit,
            spec=self.spec,
            ends=(float(ends[0]), float(ends[1])),
            text=getattr(game, "text", None),
            spans=tuple(getattr(game, "text_spans", ())),
            layout=getattr(game, "layout", None),
            seconds=self._seconds(),
            remarks=tuple(getattr(game, "remarks", ())),
            noun=getattr(game, "noun", "player"),
            **self._computed(),
            **parts,
        )
