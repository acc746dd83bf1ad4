"""The mixed-integer program of a problem, for scipy's HiGHS."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spexviz.analysis.optimum.problem import Problem
from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Interaction

# players up to which a term's products are tied by 2^|S| inequalities; above, by the parity of a whole number
TIED = 6


class Program:
    """The mixed-integer program of a problem: columns are the free players, then products of players (or parities).

    `weights`, `constant`: the value as a linear function of the columns, exact where the players are 0 or 1.
    """

    def __init__(self, problem: Problem):
        self.problem = problem
        self.column = {(int(i),): j for j, i in enumerate(problem.free)}
        # rows, columns, values of matrix @ columns ≤ upper
        self.entries: list[tuple[NDArray, NDArray, NDArray]] = []
        self.upper: list[Floats] = []
        self.rows, self.constant, self.integral = 0, 0.0, len(problem.free)
        self.whole: list[int] = []
        self._width = len(self.column)
        weights: dict[int, float] = {}
        terms = sorted(problem.spectrum.coefficients.items(), key=lambda item: -len(item[0]))
        tied: set[Interaction] = set()
        for term, value in terms:
            if len(term) > TIED:
                for column, weight in self._parity(term, value):
                    weights[column] = weights.get(column, 0.0) + weight
                continue
            # the largest sets come first: their subsets are tied with them
            if len(term) > 1 and term not in tied:
                self._tie(term)
                tied |= {
                    subset
                    for size in range(2, len(term) + 1)
                    for subset in itertools.combinations(term, size)
                }
            self.constant += value
            for size in range(1, len(term) + 1):  # χ_S = Σ_{T⊆S} (−2)^|T| Π_{i∈T} x_i
                for subset in itertools.combinations(term, size):
                    column = self.column[subset]
                    weights[column] = weights.get(column, 0.0) + value * (-2.0) ** size
        self.weights = np.zeros(self._width)
        self.weights[list(weights)] = list(weights.values())

    def _new_column(self) -> int:
        self._width += 1
        return self._width - 1

    def _add(self, rows: NDArray, columns: NDArray, values: NDArray, upper: NDArray) -> None:
        self.entries.append((rows + self.rows, columns, values))
        self.upper.append(upper)
        self.rows += len(upper)

    def _tie(self, term: Interaction) -> None:
        """For every U ⊆ S: Σ_{U⊆T⊆S} (−1)^{|T|−|U|} y_T ≥ 0, the weight of the pattern "exactly U of S is kept"."""
        for size in range(2, len(term) + 1):
            for subset in itertools.combinations(term, size):
                if subset not in self.column:
                    self.column[subset] = self._new_column()
        rows, subsets, values, upper = _patterns(len(term))
        members = [
            tuple(i for bit, i in enumerate(term) if code >> bit & 1) for code in range(1 << len(term))
        ]
        columns = np.array([self.column.get(subset, -1) for subset in members])
        self._add(rows, columns[subsets], values, upper)

    def _parity(self, term: Interaction, value: float) -> list[tuple[int, float]]:
        """Σ_{i∈S} x_i = 2k + p with whole k and 0 ≤ p ≤ 1: χ_S = 1 − 2p. For the few terms of high order."""
        k, p = self._new_column(), self._new_column()
        self.whole.append(k)
        columns = np.array([*(self.column[(i,)] for i in term), k, p] * 2)
        signs = np.array([1.0] * len(term) + [-2.0, -1.0])
        rows = np.repeat([0, 1], len(term) + 2)
        self._add(rows, columns, np.concatenate([signs, -signs]), np.zeros(2))
        self.constant += value
        return [(p, -2.0 * value)]

    def solve(self, cost: Floats, limit: float, reach: float | None = None) -> tuple[Bools | None, float]:
        """The mask of least cost·columns, or None, and a lower bound: −inf if nothing is proven, +inf if no mask will do.

        `reach`: what weights·columns must be at least.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        f = len(self.problem.free)
        constraints: list[Any] = []
        if self.entries:
            rows, columns, values = map(np.concatenate, zip(*self.entries, strict=True))
            matrix = csr_array((values, (rows, columns)), shape=(self.rows, self._width))
            constraints.append(LinearConstraint(matrix, -np.inf, np.concatenate(self.upper)))
        if self.problem.bounded:
            constraints.append(
                LinearConstraint(
                    (np.arange(self._width) < f).astype(float)[None], self.problem.least, self.problem.most
                )
            )
        if reach is not None:
            size = np.abs(self.weights).max(initial=0.0) or 1.0
            constraints.append(LinearConstraint(self.weights[None] / size, reach / size, np.inf))
        integrality, top = np.zeros(self._width), np.ones(self._width)
        integrality[:f] = integrality[self.whole] = 1
        top[self.whole] = f
        scale = np.abs(cost).max(initial=0.0) or 1.0
        options = {"time_limit": max(limit, 0.01), "mip_rel_gap": 0.0}
        answer = milp(
            cost / scale,
            constraints=constraints,
            integrality=integrality,
            bounds=Bounds(0.0, top),
            options=options,
        )
        if answer.status == 2:
            return None, np.inf
        bound = answer.get("mip_dual_bound")
        bound = -np.inf if bound is None or not np.isfinite(bound) else float(bound) * scale
        if answer.x is None:
            return None, bound
        mask = self.problem.mask(answer.x[:f] > 0.5)
        kept = int(mask[self.problem.free].sum())
        return (mask if self.problem.least <= kept <= self.problem.most else None), bound


@cache
def _patterns(size: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Rows, subset codes (bit j: the j-th player), values and upper bounds of the 2^size inequalities of one term."""
    pairs = [(u, t) for u in range(1 << size) for t in range(1 << size) if t & u == u]
    signs = np.array([-((-1.0) ** (t.bit_count() - u.bit_count())) for u, t in pairs])
    rows, codes = np.array(pairs).T
    real = codes > 0  # y_∅ = 1 goes to the right-hand side, in the row of U = ∅ alone
    upper = np.zeros(1 << size)
    upper[0] = 1.0
    return rows[real], codes[real], signs[real], upper
