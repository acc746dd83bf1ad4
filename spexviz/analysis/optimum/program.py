"""The mixed-integer program of a problem, for scipy's HiGHS."""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spexviz.analysis.optimum.problem import Problem
from spexviz.analysis.sets import subsets
from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Interaction

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

# players up to which a term's products are tied by 2^|S| inequalities; above, by the parity of a whole number
TIED = 6


class Program:
    """The mixed-integer program of a problem.

    Its columns are the free players, then products of players (or parities). `weights`, `constant`: the value
    as a linear function of the columns, exact where the players are 0 or 1.
    """

    def __init__(self, problem: Problem):
        self.problem = problem
        self.players = len(problem.free)
        self.column: dict[Interaction, int] = {}
        for player in problem.free.tolist():
            self.column[(player,)] = len(self.column)
        # rows, columns, values of matrix @ columns ≤ upper
        self.entries: list[tuple[NDArray, NDArray, NDArray]] = []
        self.upper: list[Floats] = []
        self.rows = 0
        self.constant = 0.0
        self.whole: list[int] = []  # columns of whole numbers, beside the players
        self._width = len(self.column)
        self._weights: dict[int, float] = {}
        self._tied: set[Interaction] = set()
        # the largest sets come first: their subsets are tied with them
        coefficients = problem.spectrum.coefficients
        for term in sorted(coefficients, key=len, reverse=True):
            value = coefficients[term]
            if len(term) > TIED:
                self._add_parity(term, value)
            else:
                self._add_products(term, value)
        self.weights = np.zeros(self._width)
        self.weights[list(self._weights)] = list(self._weights.values())

    def _new_column(self) -> int:
        self._width += 1
        return self._width - 1

    def _add_weight(self, column: int, weight: float) -> None:
        self._weights[column] = self._weights.get(column, 0.0) + weight

    def _add_rows(self, rows: NDArray, columns: NDArray, values: NDArray, upper: NDArray) -> None:
        self.entries.append((rows + self.rows, columns, values))
        self.upper.append(upper)
        self.rows += len(upper)

    def _add_products(self, term: Interaction, value: float) -> None:
        """χ_S = Π_{i∈S} (1 − 2 x_i) = Σ_{T⊆S} (−2)^|T| y_T, a column for each y_T = Π_{i∈T} x_i."""
        if len(term) > 1 and term not in self._tied:
            self._tie(term)
        self.constant += value
        for subset in subsets(term, 1):
            moebius = value * (-2.0) ** len(subset)
            self._add_weight(self.column[subset], moebius)

    def _tie(self, term: Interaction) -> None:
        """For every U ⊆ S: Σ_{U⊆T⊆S} (−1)^{|T|−|U|} y_T ≥ 0, the weight of the pattern "U alone is kept"."""
        for subset in subsets(term, 2):
            self._tied.add(subset)
            if subset not in self.column:
                self.column[subset] = self._new_column()
        rows, codes, values, upper = _patterns(len(term))
        # the column of each code: bit j stands for the j-th player of the term
        columns = np.full(1 << len(term), -1)
        for subset in subsets(term, 1):
            code = sum(1 << term.index(player) for player in subset)
            columns[code] = self.column[subset]
        self._add_rows(rows, columns[codes], values, upper)

    def _add_parity(self, term: Interaction, value: float) -> None:
        """Σ_{i∈S} x_i = 2k + p with whole k and 0 ≤ p ≤ 1: χ_S = 1 − 2p. For the few terms of high order."""
        half = self._new_column()
        parity = self._new_column()
        self.whole.append(half)
        players = [self.column[(i,)] for i in term]
        # Σx − 2k − p ≤ 0, and the same the other way round
        signs = np.ones(len(term) + 2)
        signs[-2:] = -2.0, -1.0
        columns = np.array([*players, half, parity])
        rows = np.repeat([0, 1], len(signs))
        values = np.concatenate([signs, -signs])
        self._add_rows(rows, np.tile(columns, 2), values, np.zeros(2))
        self.constant += value
        self._add_weight(parity, -2.0 * value)

    def solve(self, cost: Floats, limit: float, reach: float | None = None) -> tuple[Bools | None, float]:
        """The mask of least cost·columns, or None, and a lower bound of the cost.

        The bound is −inf if nothing is proven, +inf if no mask will do. `reach`: what weights·columns must be
        at least.
        """
        from scipy.optimize import Bounds, milp

        integrality = np.zeros(self._width)
        integrality[: self.players] = 1
        integrality[self.whole] = 1
        top = np.ones(self._width)
        top[self.whole] = self.players
        # scipy has no annotations: the checker takes bounds for single numbers, as their defaults are
        bounds = Bounds(0.0, top)  # pyright: ignore[reportArgumentType]
        constraints = self._constraints(reach)
        options = {"time_limit": max(limit, 0.01), "mip_rel_gap": 0.0}
        scale = np.abs(cost).max(initial=0.0) or 1.0
        answer = milp(
            cost / scale, constraints=constraints, integrality=integrality, bounds=bounds, options=options
        )
        if answer.status == 2:  # infeasible
            return None, np.inf
        proven = answer.get("mip_dual_bound")
        bound = -np.inf
        if proven is not None and np.isfinite(proven):
            bound = float(proven) * scale
        if answer.x is None:
            return None, bound
        return self._mask(answer.x), bound

    def _mask(self, solution: Floats) -> Bools | None:
        """The mask of the columns' values; None where rounding these takes it past the bounds."""
        mask = self.problem.mask(solution[: self.players] > 0.5)
        kept = self.problem.kept(mask)
        if self.problem.least <= kept <= self.problem.most:
            return mask
        return None

    def _constraints(self, reach: float | None) -> list[LinearConstraint]:
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_array

        found: list[LinearConstraint] = []
        if self.entries:
            rows, columns, values = map(np.concatenate, zip(*self.entries, strict=True))
            shape = (self.rows, self._width)
            matrix = csr_array((values, (rows, columns)), shape=shape)
            upper = np.concatenate(self.upper)
            # as with Bounds: an array is right
            found.append(LinearConstraint(matrix, -np.inf, upper))  # pyright: ignore[reportArgumentType]
        if self.problem.bounded:
            count = np.zeros((1, self._width))
            count[:, : self.players] = 1.0
            found.append(LinearConstraint(count, self.problem.least, self.problem.most))
        if reach is not None:
            size = np.abs(self.weights).max(initial=0.0) or 1.0
            value = self.weights[None] / size
            found.append(LinearConstraint(value, reach / size, np.inf))
        return found


@cache
def _patterns(size: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Rows, subset codes (bit j: the j-th player), values and upper bounds of one term's 2^size inequalities.

    Each is turned round, −Σ_{U⊆T} (−1)^{|T|−|U|} y_T ≤ 0, since the program has upper bounds.
    """
    rows: list[int] = []
    codes: list[int] = []
    values: list[float] = []
    count = 1 << size
    for u, t in itertools.product(range(count), repeat=2):
        if t & u != u or not t:  # y_∅ = 1 goes to the right-hand side, in the row of U = ∅ alone
            continue
        rows.append(u)
        codes.append(t)
        values.append(-((-1.0) ** (t.bit_count() - u.bit_count())))
    upper = np.zeros(count)
    upper[0] = 1.0
    return np.array(rows), np.array(codes), np.array(values), upper
