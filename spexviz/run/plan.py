"""Plan: what a run will ask, before it asks anything. Request: what somebody asks for.

Budget = ablations that fits may see. On top of it, counted and shown apart: the full and the empty mask;
where a run is not scored by folds, held-out masks that no fit sees; checks; and at most 35 ablations that
measure the input itself (see measured.py), also where each costs money. Where 2^n masks are within reach all
of them are asked, and the spectrum is exact.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spexviz.errors import SolverError
from spexviz.games.base import Game, check_is_game, checked
from spexviz.kit.cached import cached_property
from spexviz.kit.options import settle
from spexviz.kit.registry import offered
from spexviz.masks import ENUMERATE_UP_TO, Masks, near_masks, uniform_masks
from spexviz.results.subject import Subject
from spexviz.run.measured import most_measured
from spexviz.solvers.base import Design, Solver
from spexviz.spec import FOLDS, HELD_OUT, NEAR, Options, RunSpec, build

MOST_CELLS = 2**28  # masks × players: 256 MB, and ten times that while they are drawn
# added to the seed: run seeds are below, so the streams never meet
HELD_OUT_STREAM, NEAR_STREAM = 2**32, 2**33


@dataclass(frozen=True)
class Plan:
    """What a run will ask: the masks of the fits, the held-out masks, or all 2^n masks (`exact`).

    An exact run has no `design`; a run that is scored by folds has no held-out masks. `keep`: the probability
    with which the random masks keep a player; 0.5 where all masks are asked.
    """

    n: int
    design: Design | None
    held_out: Masks
    exact: bool
    keep: float = 0.5

    @property
    def ablations(self) -> int:
        """Ablations in all: for fits, held out, and the two ends."""
        if self.design is None:
            return 2**self.n
        return len(self.design) + len(self.held_out) + 2

    @property
    def by_folds(self) -> bool:
        """Whether R² is measured on the masks of the fits, by folds, and no others."""
        return self.design is not None and not len(self.held_out)

    @property
    def checks(self) -> int:
        """Most further ablations that checking sets may take: a quarter of what the fits see.

        None for an exact run.
        """
        if self.design is None:
            return 0
        return len(self.design) // 4


def foldable(solver: Solver) -> bool:
    """Whether a run of this solver can be scored by folds."""
    return getattr(solver, "foldable", False)


def new_options(
    solver: Solver, scoring: str | None = None, near: float | None = None, **more: Any
) -> Options:
    """The options of a new run: by folds with its share of near masks, where the solver's masks fold.

    `more`: the other options. Raises SpecError where these do not fit together.
    """
    if scoring is None:
        scoring = FOLDS if foldable(solver) else HELD_OUT
    if near is None:
        near = NEAR if scoring == FOLDS else 0.0
    return Options(scoring=scoring, near=near, **more)


def _most_exact(budget: int, by_folds: bool, metered: bool) -> int:
    """Masks up to which all are asked; where each costs money, never more than the budget."""
    if metered and by_folds:
        return budget
    if by_folds:
        return max(budget + budget // 2, budget + 128)
    return budget + held_out_count(budget)


def _none(n: int) -> Masks:
    return np.zeros((0, n), dtype=bool)


def _with_near(design: Design, count: int, seed: int) -> Design:
    """The design with so many near masks among its own, evenly, so that every start of it has its share."""
    n = design.masks.shape[1]
    near = near_masks(n, count, seed + NEAR_STREAM, exclude=design.masks)
    masks = np.concatenate([design.masks, near])
    is_near = np.arange(len(masks)) >= len(design)
    # where each stands in the whole: the i-th of k at (i + ½) / k
    place = np.concatenate([(np.arange(k) + 0.5) / max(1, k) for k in (len(design), len(near))])
    order = np.argsort(place, kind="stable")
    return dataclasses.replace(design, masks=masks[order], near=is_near[order])


def held_out_count(budget: int) -> int:
    """Masks on which fits are scored: half the budget, at least 128, at most 512."""
    return min(512, max(128, budget // 2))


@dataclass(frozen=True)
class Request:
    """What is asked for: a game and a solver, each built once, a budget, a seed, options.

    Its spec, subject and plan follow from these. Raises what the game or the solver says of settings that do
    not fit, as soon as they are looked at.
    """

    game: Game
    solver: Solver
    budget: int = 512
    seed: int = 0
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        check_is_game(self.game)
        if not dataclasses.is_dataclass(self.solver) or isinstance(self.solver, type):
            raise SolverError(
                f"This is no solver, but {self.solver!r:.60}: make one, such as spexviz.Auto()."
            )
        settle(self)
        _ = self.spec  # a budget or a seed that is none is refused here

    @classmethod
    def of(cls, spec: RunSpec) -> Request:
        """What a RunSpec describes. Raises SpecError for a game or a solver that is not there."""
        game = build(offered("spexviz.games"), spec.game, "game")
        solver = build(offered("spexviz.solvers"), spec.solver, "solver")
        return cls(game, solver, spec.budget, spec.seed, spec.options)

    @cached_property
    def spec(self) -> RunSpec:
        """The run as plain data."""
        return RunSpec.of(self.game, self.solver, self.budget, self.seed, self.options)

    @cached_property
    def subject(self) -> Subject:
        """What is ablated, once it was seen that it can be."""
        return checked(self.game)

    @cached_property
    def plan(self) -> Plan:
        """What will be asked; for some games a model is loaded for it."""
        n = len(self.subject.players)
        game = self.game
        keep, metered = float(game.keep), bool(game.metered)
        options = self.options
        if not foldable(self.solver):
            options = dataclasses.replace(options, scoring=HELD_OUT, near=0.0)
        return plan(n, self.solver, self.budget, self.seed, self.subject.layout, keep, options, metered)

    @property
    def checks(self) -> int:
        """Most ablations that checking sets may take on top."""
        if not self.options.validate:
            return 0
        return self.plan.checks

    @property
    def told(self) -> int:
        """Most ablations on top that measure the input itself; none where all masks are asked."""
        if self.plan.exact:
            return 0
        return most_measured(self.plan.n)


def plan(
    n: int,
    solver: Solver,
    budget: int,
    seed: int = 0,
    layout: np.ndarray | None = None,
    keep: float = 0.5,
    options: Options | None = None,
    metered: bool = False,
) -> Plan:
    """What `explain` will ask for n players; needs no model. `keep`, `metered`: of the game.

    Raises SolverError where the solver cannot work with the budget or with masks that keep players so often.
    """
    options = options or Options()
    by_folds = options.scoring == FOLDS
    count = held_out_count(budget)
    if n <= ENUMERATE_UP_TO and 2**n <= _most_exact(budget, by_folds, metered):
        return Plan(n, None, _none(n), True)
    asked = budget if by_folds else budget + count
    if n * asked > MOST_CELLS:
        raise SolverError(
            f"{asked:,} masks of {n:,} players are more than memory holds: "
            "ask with fewer players (longer parts), or with a smaller budget."
        )
    near = round(options.near * budget)
    design = solver.design(n, budget - near, seed, keep)
    if layout is not None:
        design = dataclasses.replace(design, layout=layout)
    if by_folds:
        return Plan(n, _with_near(design, near, seed), _none(n), False, keep)
    if n < 63:  # above there are more masks than any run asks
        count = min(count, 2**n - len(design))
    held_out = uniform_masks(n, count, seed + HELD_OUT_STREAM, keep, exclude=design.masks)
    return Plan(n, design, held_out, False, keep)
