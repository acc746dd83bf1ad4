"""The whole way in one function: game → masks → values → spectrum → explanation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from spexviz.ablate import executors
from spexviz.ablate.cache import Cache, MemoryCache
from spexviz.ablate.executors import Executor
from spexviz.ablate.kept import KeptCache
from spexviz.ablate.runner import Progress, Runner
from spexviz.errors import MemoryFull, SolverError, SpexvizError
from spexviz.games.base import Game
from spexviz.games.foreign import as_game
from spexviz.kit.memory import is_out_of_memory
from spexviz.masks import Masks, uniform_masks
from spexviz.results import Explanation, Spent
from spexviz.results.preview import Preview
from spexviz.results.subject import Subject
from spexviz.run.bar import bar
from spexviz.run.checks import MOST_ORDER, promising
from spexviz.run.checks import validate as check_sets
from spexviz.run.exact import enumerated
from spexviz.run.fits import Fitting, Found
from spexviz.run.measured import measured
from spexviz.run.noise import MASKS, Precision, is_slow, known, settle
from spexviz.run.plan import Request, new_options
from spexviz.run.resolve import shortfall
from spexviz.run.sampled import Sampling
from spexviz.solvers.base import Design, Solver
from spexviz.solvers.linear import Linear
from spexviz.spec import MOST_CHECKED

NO_MEMORY = (
    "This machine has no memory left for the run: end what else uses it, wait for other runs, or take a "
    "smaller model, shorter prompt or smaller budget. What was measured is kept: the run can be resumed."
)


@dataclass(frozen=True)
class Hooks:
    """What a run is told and tells on its way; none of it changes a number.

    `progress` is told after every chunk, `preview` receives the first colours before there is a fit,
    `partial` the explanation so far at every checkpoint, `cancel` ends the run between two chunks;
    `executor`: where ablations are evaluated, "local" or "ray" or one of spexviz.ablate.executors.
    """

    cache: Cache = field(default_factory=MemoryCache)
    progress: Callable[[Progress], None] = lambda progress: None
    preview: Callable[[Preview], None] = lambda preview: None
    partial: Callable[[Explanation], None] = lambda so_far: None
    cancel: threading.Event = field(default_factory=threading.Event)
    executor: Executor | str | None = None


def explain(
    game: Game | Any,
    solver: Solver,
    budget: int = 512,
    seed: int = 0,
    *,
    validate: bool | int = False,
    target_r2: float | None = None,
    stop_when_flat: bool = False,
    scoring: str | None = None,
    near: float | None = None,
    baselines: Sequence[Solver] = (Linear(),),
    cache: Cache | None = None,
    progress: Callable[[Progress], None] | bool = True,
    partial: Callable[[Explanation], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | str | None = None,
) -> Explanation:
    """Ablate `game`, fit `solver` on at most `budget` ablations, and score it on masks that no fit has seen.

    `game`: one of ours, or a `shapiq.Game`.
    `scoring`: "folds" (each mask is predicted by a fit made without it, and all serve the one that is shown:
    the default where the solver fits any masks) or "held-out" (further masks, on top of the budget, that no
    fit sees). `near`: the share of the budget that removes one to three players, which R² does not count;
    by folds a tenth. Both are part of the run's spec.
    `baselines` are fitted on the same masks; the first is the one shown beside every result. `cache`: where
    ablations are kept, by default in $SPEXVIZ_HOME (see spexviz.ablate.kept), so that the same run again asks
    nothing, and `spent` says so. `progress`: True for a bar where somebody looks, False for none, or what is
    told after every chunk; `partial` receives the explanation so far at every checkpoint, `cancel` ends the
    run between two chunks. `executor`: where ablations are evaluated, "local" or "ray" or one of
    spexviz.ablate.executors; by default $SPEXVIZ_EXECUTOR. `validate`: how many of the strongest sets of
    order 2 to 4 are then checked on the real model (True: 8), with at most a quarter of the budget on top;
    the result is in `checks`. `target_r2` ends the run at the first checkpoint whose interval of R² lies
    above it, `stop_when_flat` where the last two doublings each gained less than .01 and the fit beats the
    mean; `stopped` then says so. These three are part of the run's spec, unless left out. A game in reduced
    precision is compared with itself in fp32 on a few masks, after the first checkpoint or, where texts are
    long, before it, and the run begins anew in fp32 where that is needed.
    Raises Cancelled, AblationError, SolverError, MemoryFull, GameError for what is no game, and whatever the
    game raises; finished ablations stay in `cache`.
    """
    rules = {"validate": validate, "target_r2": target_r2, "stop_when_flat": stop_when_flat}
    options = new_options(solver, scoring, near, **rules)
    request = Request(as_game(game), solver, budget, seed, options)
    given = {"partial": partial, "cancel": cancel, "executor": executor}
    hooks = Hooks(cache or KeptCache(), **{name: hook for name, hook in given.items() if hook is not None})
    if callable(progress):
        return run(request, replace(hooks, progress=progress), baselines)
    with bar() if progress else nullcontext(hooks.progress) as tell:
        return run(request, replace(hooks, progress=tell), baselines)


def run(
    request: Request, hooks: Hooks | None = None, baselines: Sequence[Solver] = (Linear(),)
) -> Explanation:
    """The explanation that a request asks for: see `explain`."""
    try:
        return _begun(request, hooks or Hooks(), tuple(baselines)).whole()
    except Exception as error:
        if isinstance(error, SpexvizError) or not is_out_of_memory(error):
            raise
        raise MemoryFull(NO_MEMORY) from error


def _begun(request: Request, hooks: Hooks, baselines: tuple[Solver, ...]) -> _Run:
    executor = hooks.executor
    if executor is None or isinstance(executor, str):
        executor = executors.get(executor)
    if executor.here:
        request.game.check_size()
    total = request.plan.ablations + request.checks + request.told
    runner = Runner(request.game, hooks.cache, total, hooks.progress, hooks.cancel, executor=executor)
    runner.tell(request.game.preparing or "preparing")  # a model that had to be loaded is there now
    fitting = Fitting(request, baselines, runner)
    precision: Precision | None = None
    if executor.here:  # replicas elsewhere choose their own, and need no model here
        precision = known(request.game)
    fitting.ahead.comparing = precision is not None and precision.noise is None
    return _Run(request, request.game, fitting, hooks.preview, hooks.partial, precision)


@dataclass
class _Run:
    """A run on its way: what it asks and fits with, and what is known of its rounding."""

    request: Request
    game: Game
    fitting: Fitting
    preview: Callable[[Preview], None]
    partial: Callable[[Explanation], None]
    precision: Precision | None = None
    compared: bool = False
    seconds: dict[str, float] = field(default_factory=dict)  # of what comes after the fits

    @property
    def runner(self) -> Runner:
        return self.fitting.runner

    def whole(self) -> Explanation:
        """The result, each step on the way to it shown; at the end its sets are checked, the input measured.

        From the beginning in fp32 where rounding proves too dear.
        """
        result: Explanation | None = None
        game = self.game
        for found in self.steps():
            result = self._settled(self._explanation(found))
            if self.game is not game:
                break
            if not result.complete:
                self.partial(result)
        if self.game is not game:
            return self.whole()
        if result is None:
            raise SolverError(
                f"The solver {self.request.solver.name} has no checkpoint: let the last be the whole design."
            )
        if not result.proof.exact:
            self.partial(result)
        return self.told(self.checked(result))

    def steps(self) -> Iterable[Found]:
        """What is known at every checkpoint; of an exact run only at the end."""
        design = self.request.plan.design
        if design is None:
            return [enumerated(self.fitting, self.preview)]
        return Sampling(self.fitting, design, self.preview, self._early(design)).steps()

    def _early(self, design: Design) -> Callable[[Masks], bool] | None:
        """Where texts are long: what compares the first masks with fp32, and says whether to go on."""
        precision = self.precision
        if precision is None or precision.noise is not None or self.compared:
            return None
        if not is_slow(self.game, design.masks[:MASKS]):
            return None
        return lambda masks: len(masks) < MASKS or self._compare(masks, precision)

    def _settled(self, result: Explanation) -> Explanation:
        """The result with what rounding costs, which is found out once, after it was shown."""
        if self.precision is None or self.compared:
            return result
        if self.precision.noise is None:
            self.partial(replace(result, complete=False))
            masks = result.unseen.masks
            if not len(masks):
                n = len(result.players)
                masks = uniform_masks(n, min(MASKS, 2**n), self.request.seed)
            if not self._compare(masks, self.precision):
                return result
        precision = self.precision.text
        noise = self.precision.noise
        return replace(result, spent=self._spent(), precision=precision, noise=noise)

    def _compare(self, masks: Masks, precision: Precision) -> bool:
        """Whether to go on, after some masks were asked in fp32 as well; else the game is another now."""
        self.runner.check_cancelled()
        self.runner.tell(f"comparing {precision.name} with fp32")
        game, self.precision = settle(self.game, masks, self.runner.cache)
        self.fitting.ahead.comparing = False
        self.compared = True
        if game is self.game:
            return True
        self.game = game
        self.runner.turn_to(game)
        return False

    def checked(self, result: Explanation) -> Explanation:
        """The result with its most promising sets checked on the real model, where that was asked for."""
        count = self.request.options.validate
        if not count:
            return result
        exact = result.proof.exact
        limit = len(result.sample) // 4
        most = MOST_CHECKED * 2**MOST_ORDER if exact else limit
        sets = promising(result.spectrum, count, most, self.request.plan.keep)
        if not sets:
            return result
        self.fitting.say("checking the sets shown")
        start = time.perf_counter()
        seed = self.request.seed
        spectrum = result.spectrum
        checks = check_sets(self.game, spectrum, sets, seed, limit, runner=self.runner, measured=result)
        self.seconds["checks"] = time.perf_counter() - start
        proof = replace(result.proof, checks=checks)
        return replace(result, proof=proof)

    def told(self, result: Explanation) -> Explanation:
        """The result with what is measured of the input itself, and all that the run has spent."""
        result = measured(result, self.game, self.runner)
        return replace(result, subject=self._subject(), spent=self._spent())

    def _explanation(self, found: Found) -> Explanation:
        empty, full = found.ends.tolist()
        precision = ""
        noise: float | None = None
        if self.precision is not None:
            precision = self.precision.text
            noise = self.precision.noise
        return Explanation(
            self._subject(),
            found.spectrum,
            found.sample,
            found.held_out,
            (empty, full),
            found.proof,
            self._spent(),
            self.request.spec,
            found.complete,
            found.stopped,
            precision,
            noise,
            found.folds,
        )

    def _subject(self) -> Subject:
        """What was ablated, with what the ablations have remarked so far, and what a loaded model tells."""
        game = self.game
        said = [*game.remarks]
        if short := shortfall(self.request.plan):
            said.append(short.said(game.noun))
        return replace(self.request.subject, remarks=tuple(said), question=game.question)

    def _spent(self) -> Spent:
        """What the run has cost so far."""
        runner = self.runner
        compared = self.precision.asked if self.precision is not None else 0
        seconds = {"ablations": runner.seconds, "fits": self.fitting.seconds, **self.seconds}
        if self.fitting.seconds_of_folds:
            seconds["folds"] = self.fitting.seconds_of_folds
        return Spent(runner.done - runner.cached, runner.cached, compared, seconds)
