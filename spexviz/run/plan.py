"""Plan: what a run will ask, before it asks anything. Request: what somebody asks for.

Budget = ablations that fits may see. On top of it, counted and shown apart: held-out masks that no fit sees,
and the full and the empty mask. Where 2^n masks are within reach all of them are asked, and the spectrum is
exact.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from spexviz.errors import SolverError
from spexviz.games.base import Game, check_is_game, checked
from spexviz.kit.cached import cached_property
from spexviz.kit.options import settle
from spexviz.kit.registry import offered
from spexviz.masks import ENUMERATE_UP_TO, Masks, uniform_masks
from spexviz.results import Subject
from spexviz.solvers.base import Design, Solver
from spexviz.spec import Options, RunSpec, build

MOST_CELLS = 2**28  # masks × players: 256 MB, and ten times that while they are drawn
HELD_OUT_STREAM = 2**32  # added to the seed: run seeds are below it, so the two streams never meet


@dataclass(frozen=True)
class Plan:
    """What a run will ask: the masks of the fits, the held-out masks, or all 2^n masks (`exact`).

    An exact run has no `design`. `keep`: the probability with which the random masks keep a player; 0.5 where
    all masks are asked.
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
    def checks(self) -> int:
        """Most further ablations that checking sets may take: a quarter of what the fits see.

        None for an exact run.
        """
        if self.design is None:
            return 0
        return len(self.design) // 4


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
        keep = float(self.game.keep)
        return plan(n, self.solver, self.budget, self.seed, self.subject.layout, keep)

    @property
    def checks(self) -> int:
        """Most ablations that checking sets may take on top."""
        if not self.options.validate:
            return 0
        return self.plan.checks


def plan(
    n: int, solver: Solver, budget: int, seed: int = 0, layout: np.ndarray | None = None, keep: float = 0.5
) -> Plan:
    """What `explain` will ask for n players; needs no model. `keep`: of the game.

    Raises SolverError where the solver cannot work with the budget or with masks that keep players so often.
    """
    count = held_out_count(budget)
    if n <= ENUMERATE_UP_TO and 2**n <= budget + count:
        return Plan(n, None, np.zeros((0, n), dtype=bool), True)
    if n * (budget + count) > MOST_CELLS:
        raise SolverError(
            f"{budget + count:,} masks of {n:,} players are more than memory holds: "
            "ask with fewer players (longer parts), or with a smaller budget."
        )
    design = solver.design(n, budget, seed, keep)
    if layout is not None:
        design = dataclasses.replace(design, layout=layout)
    if n < 63:  # above there are more masks than any run asks
        count = min(count, 2**n - len(design))
    held_out = uniform_masks(n, count, seed + HELD_OUT_STREAM, keep, exclude=design.masks)
    return Plan(n, design, held_out, False, keep)
