"""Solver: which masks to ask, and the spectrum that explains the answers.

Design: masks fixed before any value is known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.kit.options import check, defaults, joined, option, options
from spexviz.kit.pace import Pace
from spexviz.kit.threads import threads
from spexviz.masks import Interaction, Masks, Values, distinct, uniform_masks
from spexviz.results import Folds
from spexviz.spectrum import Spectrum

T = TypeVar("T")
FIRST_CHECKPOINT = 64
PACES: dict[str, Pace] = {}  # of the fits in this process, by the solver's name: for the cost before a run


@dataclass(frozen=True)
class Design:
    """What will be asked: distinct masks (m, n), and optional positions of the players (n, k) as a hint.

    `near` (m,): which masks remove few players, asked beside those of the reference distribution; None: none.
    Raises SolverError for masks that repeat or are no bool table.
    """

    masks: Masks
    layout: Floats | None = None
    near: Bools | None = None

    def __post_init__(self) -> None:
        masks = np.asarray(self.masks)
        if masks.ndim != 2 or masks.dtype != bool:
            raise SolverError(
                "The masks of a design must be a bool array (masks, players), "
                f"not {masks.dtype} {masks.shape}."
            )
        if len(distinct(masks)) != len(masks):
            raise SolverError(
                "The masks of a design must be distinct: pass them through spexviz.masks.distinct first."
            )

    def __len__(self) -> int:
        return len(self.masks)

    def head(self, m: int) -> Design:
        """The first m masks: a valid smaller design."""
        return self.only(np.arange(min(m, len(self))))

    def only(self, rows: Positions | Bools) -> Design:
        """The design of some masks: positions (k,), or (m,) of bool, of its rows; their order stays."""
        near = None if self.near is None else self.near[rows]
        return Design(self.masks[rows], self.layout, near)

    @property
    def reference(self) -> Bools:
        """(m,) which masks are of the reference distribution."""
        if self.near is None:
            return np.ones(len(self), dtype=bool)
        return ~self.near

    @property
    def keep(self) -> float:
        """The share of players that the masks of the reference distribution keep."""
        return float(self.masks[self.reference].mean())


class Solver(Protocol):
    """A frozen dataclass of hyperparameters; see `AnyMasks` for the usual design."""

    name: ClassVar[str]
    title: ClassVar[str]  # what a form calls it
    summary: ClassVar[str]  # what it does, in a sentence
    # among the solvers that a form offers; those of one place stand in the order of their names
    place: ClassVar[int]
    seconds_of_work: ClassVar[float]  # of a unit of fit_work, until this process has seen two fits
    foldable: ClassVar[bool]  # whether it fits any of its masks as well as all of them

    def cost(self, n: int, budget: int) -> int:
        """Upper bound of the number of ablations that `design` will ask, by arithmetic."""
        ...

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> Design:
        """The masks to ask, random ones with each player kept with probability `keep`.

        Raises SolverError where it cannot.
        """
        ...

    def checkpoints(self, n: int, budget: int) -> tuple[int, ...]:
        """Increasing numbers of masks at which a fit makes sense; the last is the whole design."""
        ...

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The spectrum that explains the values of the design's masks."""
        ...


@runtime_checkable
class Revising(Protocol):
    """A solver that may end a run with another, by what was said of masks that fits have not seen."""

    def revised(self, design: Design, values: Values, folds: Folds, seed: int) -> Solver:
        """The solver to end with, or itself. `folds`: its own fits without each fold."""
        ...


_NEEDED = (
    *("title", "summary", "place", "seconds_of_work", "foldable"),
    *("cost", "design", "checkpoints", "fit"),
)


def lacking(kind: type) -> str:
    """What a class of another package lacks to be offered as a solver; "" for nothing."""
    missing = [name for name in _NEEDED if not hasattr(kind, name)]
    if missing:
        return f"it has no {joined(missing)} (see spexviz.solvers.base.Solver)"
    without = [name for name in options(kind) if name not in defaults(kind)]
    return f"{joined(without)} has no default" if without else ""


class AnyMasks:
    """Mixin of the solvers that can fit any masks: random distinct masks, checkpoints at powers of two."""

    least: ClassVar[int] = 2  # masks below which no fit is tried
    place: ClassVar[int] = 2
    seconds_of_work: ClassVar[float] = 0.1
    foldable: ClassVar[bool] = True

    def cost(self, n: int, budget: int) -> int:
        return at_most_all(n, budget)

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> Design:
        count = self.cost(n, budget)
        return Design(uniform_masks(n, count, seed, keep))

    def checkpoints(self, n: int, budget: int) -> tuple[int, ...]:
        total = self.cost(n, budget)
        powers = [FIRST_CHECKPOINT << i for i in range(20)]
        smaller = [m for m in powers if m < total]
        return (*smaller, total)


@dataclass(frozen=True)
class Sparse(AnyMasks):
    """Base of solvers that keep the constant, all players, and so many interactions of so high an order."""

    max_order: int = option(5, "Largest set", "Most players in one interaction: its order.", low=1)
    terms: int = option(200, "Most sets kept", "The field calls them terms.", low=0)

    def __post_init__(self) -> None:
        check(self, SolverError)

    def capped(self, whole: Spectrum) -> Spectrum:
        """The constant, the players, and the largest interactions that may stay, of all sets."""
        orders = whole.orders
        size = np.abs(whole.values)
        low = np.flatnonzero(orders < 2)
        wide = np.flatnonzero((orders >= 2) & (orders <= self.max_order))
        largest_first = np.argsort(-size[wide], kind="stable")
        largest = wide[largest_first[: self.terms]]
        kept = np.sort(np.concatenate([low, largest]))
        values = whole.values.tolist()
        return Spectrum(whole.n, [(whole.terms[j], values[j]) for j in kept.tolist()])


def at_most_all(n: int, count: int) -> int:
    """So many masks of n players, or all 2^n if they are fewer."""
    if n >= 63:
        return count
    return min(count, 2**n)


def constant_and_players(n: int) -> list[Interaction]:
    """The empty set and every one of n players alone: the terms that all solvers but LASSO keep."""
    terms: list[Interaction] = [()]
    terms.extend((i,) for i in range(n))
    return terms


def signs(masks: Masks) -> Floats:
    """The character of every player alone: −1 where it is kept, 1 where not (m, n)."""
    return 1.0 - 2.0 * masks.astype(np.float64)


def fit_work(masks: int, players: int) -> float:
    """How much work a fit is, in fits of about 100 masks and 30 players; roughly, for all solvers."""
    width = max(0.3, players / 30)
    return (0.8 + masks / 512) * width**0.5


def timed_fit(solver: Solver, design: Design, values: Values, seed: int) -> tuple[Spectrum, float]:
    """The fit and its seconds, with one BLAS thread.

    On few cores, more of them spin against torch's and can be 15 times slower.
    """
    from threadpoolctl import threadpool_limits

    start = time.perf_counter()
    with threadpool_limits(limits=1, user_api="blas"):
        spectrum = solver.fit(design, values, seed=seed)
    seconds = time.perf_counter() - start
    pace = PACES.setdefault(solver.name, Pace())
    pace.note(fit_work(*design.masks.shape), seconds)
    return spectrum, seconds


def seconds_of_fits(solver: Solver, work: float) -> float:
    """Seconds of fits of so much work, by what those of this solver took in this process, or usually take."""
    if solver.name in PACES:
        learnt = PACES[solver.name].seconds(work)
        if learnt is not None:
            return learnt
    return solver.seconds_of_work * work


def in_threads(work: Callable[..., T], *items: Iterable) -> list[T]:
    """[work(*item) for item in zip(*items)] on as many threads as spexviz may use.

    NumPy and LightGBM let go of the interpreter. The results do not depend on the number of threads. `work`
    must not call `in_threads` itself: it would wait for its own thread.
    """
    return list(_workers().map(work, *items))


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), thread_name_prefix="spexviz-fit")


def checked(design: Design, values: Values, least: int = 1) -> tuple[Masks, Values]:
    """The masks and float64 values of a fit.

    Raises SolverError where they do not fit together or are not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.shape != (len(design),):
        raise SolverError(
            f"A fit needs one value for each of the {len(design)} masks, "
            f"not an array of shape {values.shape}."
        )
    if len(values) < least:
        raise SolverError(f"A fit needs at least {least} masks, not {len(values)}: raise the budget.")
    if not np.isfinite(values).all():
        raise SolverError("A value is not a finite number: repeat the ablations before fitting.")
    return np.asarray(design.masks, dtype=bool), values
