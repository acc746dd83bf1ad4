"""Playground: a function that is known is asked as a model would be, and what solvers find is held to it.

    truth = Truth.of(Function("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5", n=10))
    answer = tried(truth, SPEX(max_order=2), budget=264)
    answer.recovery("Moebius").false                  # three pairs that are in no term of the function
    answer.fidelity.r2                                # over all masks, of the function without its noise

A solver sees the noise; what it finds is compared with the function itself, on all 2^n masks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spexviz.analysis import recovery
from spexviz.analysis.recovery import Recovery
from spexviz.errors import GameError, SolverError
from spexviz.games.formula import Formula
from spexviz.games.synthetic import SyntheticGame
from spexviz.indices import Interactions
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.kit.registry import offered
from spexviz.masks import (
    ENUMERATE_UP_TO,
    Interaction,
    blocks_of_all,
    uniform_masks,
)
from spexviz.results import Explanation, Fidelity, Proof, Sample, Spent, Subject
from spexviz.solvers.base import Revising, Solver, Sparse, timed_fit
from spexviz.solvers.spex.solver import SPEX
from spexviz.spec import RunSpec
from spexviz.spectrum import Spectrum

MOST_PLAYERS = ENUMERATE_UP_TO
WRITTEN, AVERAGE = "Moebius", "mean"  # as a sum of products, or by the mean effects of the spectrum
INDICES = (WRITTEN, AVERAGE)
DRAWN = 24  # sets of two or more that a picture may show
_TERMS = 400  # of the truth that are kept as a sparse spectrum
_SAMPLE = 4_096  # masks of the truth that its views may look at: all of them up to 12 players
_NO_FIT = Fidelity("none", 1)
_EXACT = RunSpec.of(SyntheticGame("x0"), SPEX(), 1)  # what views ask of a spec: the name of the game


@dataclass(frozen=True)
class Function:
    """What is written: a formula, how many players it has, what they are called, the noise of its answers.

    `n`: at least as many as the formula names, at most MOST_PLAYERS. `words`: one for each of the first
    players, () for x0, x1, …
    """

    formula: str
    n: int = 0
    noise: float = 0.0
    words: tuple[str, ...] = ()

    @cached_property
    def game(self) -> SyntheticGame:
        """As it is asked, with its noise. Raises FormulaError, GameError."""
        named = Formula.read(self.formula, MOST_PLAYERS).n
        return SyntheticGame(self.formula, self.noise, n=max(self.n, named))

    @property
    def players(self) -> tuple[str, ...]:
        names = self.game.players
        return (*self.words, *names[len(self.words) :])[: len(names)]

    @property
    def subject(self) -> Subject:
        """What views know of it."""
        return replace(self.game.subject, players=self.players, noun="word" if self.words else "variable")


@dataclass(frozen=True)
class Truth:
    """All that there is to know of a function: its spectrum as a table (2^n,), without noise."""

    function: Function
    coefficients: Floats = field(repr=False)
    ends: tuple[float, float]

    @classmethod
    def of(cls, function: Function) -> Truth:
        """Ask the function, without its noise, with all 2^n masks.

        Raises FormulaError where it cannot be read, GameError where it cannot be computed.
        """
        game = replace(function.game, noise=0.0)
        n = len(game.players)
        values = np.concatenate([game(masks) for masks in blocks_of_all(n)])
        if not np.isfinite(values).all():
            raise GameError("The function gives numbers beyond what a computer can hold: use smaller ones.")
        both = float(values[0]), float(values[-1])
        return cls(function, recovery.coefficients_of(values), both)

    @property
    def n(self) -> int:
        return len(self.function.players)

    def table(self, index: str) -> Floats:
        """What sets are counted by, (2^n,): Möbius coefficients as written, the spectrum on average."""
        return recovery.moebius_of(self.coefficients) if index == WRITTEN else self.coefficients

    def recovery(self, index: str) -> Recovery:
        """Its own sets, all found."""
        return self._recoveries[index]

    @cached_property
    def _recoveries(self) -> dict[str, Recovery]:
        tables = {index: self.table(index) for index in INDICES}
        return {index: recovery.recovered(table, table) for index, table in tables.items()}

    def values(self, index: str) -> Floats:
        """What sets are shown with, (2^n,): Möbius coefficients, or mean effects."""
        return _values(self.coefficients, index)

    def shown(self, index: str) -> Interactions:
        """Its strongest sets, with the values that views show."""
        return self._pictures[index]

    @cached_property
    def _pictures(self) -> dict[str, Interactions]:
        return {index: _shown(self.function, self.coefficients, index) for index in INDICES}

    @cached_property
    def explanation(self) -> Explanation:
        """The truth as views show a run that has asked every mask."""
        game = replace(self.function.game, noise=0.0)
        masks = uniform_masks(self.n, min(_SAMPLE, 2**self.n), 0)
        sets = recovery.strongest(self.coefficients, _TERMS)
        values = [self.coefficients[recovery.number_of(members)] for members in sets]
        pairs = [((), self.coefficients[0]), *zip(sets, values, strict=True)]
        return _told(self, Spectrum(self.n, pairs), Sample(masks, game(masks)), None)


@dataclass(frozen=True)
class Answer:
    """What one solver says of a function.

    `refused`: why it says nothing, "" where it does; `budget`: masks that it asked for.
    """

    truth: Truth = field(repr=False)
    solver: Solver
    budget: int
    spectrum: Spectrum | None = None
    fidelity: Fidelity = _NO_FIT
    sample: Sample | None = field(default=None, repr=False)
    refused: str = ""

    @property
    def _coefficients(self) -> Floats:
        if self.spectrum is None:
            return np.zeros_like(self.truth.coefficients)
        return recovery.table_of(self.spectrum)

    def recovery(self, index: str) -> Recovery:
        """Its sets held to the true ones."""
        return self._recoveries[index]

    @cached_property
    def _recoveries(self) -> dict[str, Recovery]:
        found = {WRITTEN: recovery.moebius_of(self._coefficients), AVERAGE: self._coefficients}
        return {index: recovery.recovered(self.truth.table(index), found[index]) for index in INDICES}

    def values(self, index: str) -> Floats:
        """What its sets are shown with, (2^n,); 0 for all where it was refused."""
        return _values(self._coefficients, index)

    def shown(self, index: str) -> Interactions:
        """The sets that count among those that it shows, with the values that views show."""
        return self._pictures[index]

    @cached_property
    def _pictures(self) -> dict[str, Interactions]:
        found = self._coefficients
        function = self.truth.function
        return {i: _shown(function, found, i, self.recovery(i).least) for i in INDICES}

    @cached_property
    def explanation(self) -> Explanation:
        """The answer as views show a run. Raises ValueError where it was refused."""
        if self.spectrum is None or self.sample is None:
            raise ValueError(self.refused)
        return _told(self.truth, self.spectrum, self.sample, self.fidelity)


def tried(truth: Truth, solver: Solver, budget: int, seed: int = 0) -> Answer:
    """What a solver makes of at most `budget` answers of the function, with their noise."""
    game = truth.function.game
    try:
        design = solver.design(truth.n, budget, seed)
        values = game(design.masks)
        spectrum, seconds = timed_fit(solver, design, values, seed)
    except SolverError as error:
        return Answer(truth, solver, budget, refused=_refused(error))
    asked = len(design)
    r2 = recovery.explained(truth.coefficients, recovery.table_of(spectrum))
    terms = int((spectrum.orders > 0).sum())
    fidelity = Fidelity(solver.name, asked, r2, (r2, r2), 2**truth.n, terms, seconds=seconds)
    return Answer(truth, solver, asked, spectrum, fidelity, Sample(design.masks, values))


def _refused(error: SolverError) -> str:
    """Why a solver cannot, in its first words: the remedies that follow are for a run of a model."""
    why = str(error).partition(":")[0].rstrip(".")
    return f"{why.replace('ablations', 'questions').replace('players', 'variables')}."


def solvers(order: int) -> tuple[Solver, ...]:
    """Every solver that is offered, SPEX for sets of up to `order`; those that take their time last.

    Left out is what only chooses among others in the end.
    """
    kinds: dict[str, type[Solver]] = offered("spexviz.solvers")
    made = [SPEX(order) if kind is SPEX else kind() for kind in kinds.values()]
    return tuple(sorted((one for one in made if not isinstance(one, Revising)), key=_rank))


def is_quick(solver: Solver) -> bool:
    """Whether it answers at once for up to twelve players."""
    return not isinstance(solver, Sparse)


def _rank(solver: Solver) -> tuple[bool, str]:
    return not is_quick(solver), solver.name


def guessed(truth: Truth, sets: Sequence[Interaction], index: str) -> Recovery:
    """Sets that somebody named, held to the true ones: each as if it was found with its true sign."""
    true = truth.table(index)
    found = np.zeros_like(true)
    largest = float(np.abs(true[1:]).max(initial=0.0)) or 1.0
    for members in sets:
        number = recovery.number_of(members)
        found[number] = math.copysign(largest, true[number])
    return recovery.recovered(true, found)


def _shown(function: Function, coefficients: Floats, index: str, least: float = 0.0) -> Interactions:
    """All single players and the strongest sets of a spectrum (2^n,), from `least` in size."""
    n = len(function.players)
    values = _values(coefficients, index)
    counted = values if index == WRITTEN else coefficients
    strong = recovery.strongest(counted, DRAWN + n)
    sets = [s for s in strong if len(s) > 1 and abs(counted[recovery.number_of(s)]) >= least]
    variance = float((coefficients[1:] ** 2).sum()) or 1.0
    listed = [(i,) for i in range(n)] + sets
    numbers = {members: recovery.number_of(members) for members in listed}
    return Interactions(
        index,
        max([1, *map(len, sets)]),
        function.players,
        function.game.unit,
        {members: float(values[k]) + 0.0 for members, k in numbers.items()},
        None,
        {members: float(coefficients[k] ** 2) / variance for members, k in numbers.items()},
    )


def _values(coefficients: Floats, index: str) -> Floats:
    made = recovery.moebius_of if index == WRITTEN else recovery.mean_effects_of
    return made(coefficients)


def _told(truth: Truth, spectrum: Spectrum, sample: Sample, fidelity: Fidelity | None) -> Explanation:
    """The truth (no `fidelity`), or what was found of it, as a run's result."""
    n = truth.n
    nothing = Sample(np.empty((0, n), dtype=bool), np.empty(0))
    fit = fidelity or Fidelity("exact", 2**n, 1.0, (1.0, 1.0), 0, len(spectrum) - 1)
    proof = Proof((fit,), fit, fit, exact=fidelity is None)
    return Explanation(
        truth.function.subject, spectrum, sample, nothing, truth.ends, proof, Spent(len(sample)), _EXACT
    )
