"""LASSO by accelerated proximal gradient, for several penalties at once: one matrix product serves them all.

Our own because the columns are ±1 with equal scale, which makes it short; scikit-learn would be a dependency
for this alone.
Source: Beck & Teboulle 2009 (FISTA), with the restarts of O'Donoghue & Candès 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Values

FOLDS = 5
PATH = np.logspace(0, -4, 41)  # penalties, of the least one that leaves nothing
AT_ONCE = 7  # penalties followed together
STEPS = 2000
ENOUGH = 1e-6  # of the largest slope: change of a step at which the path has settled


class LassoFit(NamedTuple):
    """What was chosen: constant, slopes (n,), penalty, and the mean squared error of the folds."""

    constant: float
    slopes: Floats
    penalty: float
    error: float


def lasso_by_folds(columns: Floats, values: Values, seed: int) -> LassoFit:
    """Constant, slopes (n,), penalty and mean squared error of the folds for columns (m, n), values (m,).

    The penalty α of ‖y − c − Xw‖²/2m + α‖w‖₁ is that of least error over 5 seeded folds. The path is followed
    from the largest penalty down, as long as the error falls: what lies beyond is slow and over-fitted.
    """
    whole = LassoPath(columns, values)
    top = whole.largest_penalty
    if not top > 0.0:
        return LassoFit(whole.mean, np.zeros(columns.shape[1]), 0.0, 0.0)
    penalties = top * PATH
    errors = _errors_down_the_path(_folds(columns, values, seed), penalties)
    best = int(np.argmin(errors))
    slopes = whole.slopes(penalties[best : best + 1])
    constant = float(whole.constants(slopes)[0])
    penalty = float(penalties[best])
    error = float(errors[best] / len(values))
    return LassoFit(constant, slopes[:, 0], penalty, error)


@dataclass
class _Fold:
    """The path through the other rows of (columns, values), scored on the fold's own (m,) rows.

    `warm`: the slopes of the last penalty, with which the next ones begin.
    """

    path: LassoPath
    columns: Floats
    values: Values
    own: Bools
    warm: Floats | None = None

    def squared_errors(self, penalties: Floats) -> Floats:
        """(p,) Σ (y − c − Xw)² over the fold's own rows, for each of the next penalties."""
        slopes = self.path.slopes(penalties, self.warm)
        self.warm = slopes[:, -1:]
        values = self.values[self.own]
        columns = self.columns[self.own]
        residuals = values[:, None] - columns @ slopes
        residuals -= self.path.constants(slopes)
        return (residuals**2).sum(0)


def _folds(columns: Floats, values: Values, seed: int) -> list[_Fold]:
    m = len(values)
    count = min(FOLDS, m)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(m) % count
    found: list[_Fold] = []
    for k in range(count):
        own = fold == k
        path = LassoPath(columns[~own], values[~own])
        found.append(_Fold(path, columns, values, own))
    return found


def _errors_down_the_path(folds: list[_Fold], penalties: Floats) -> Floats:
    """Σ of squared errors for each penalty, some at a time, until the least is passed."""
    errors = np.zeros(0)
    for start in range(0, len(penalties), AT_ONCE):
        some = penalties[start : start + AT_ONCE]
        here = np.zeros(len(some))
        for fold in folds:
            here += fold.squared_errors(some)
        errors = np.concatenate([errors, here])
        if errors.argmin() < start:
            break
    return errors


class LassoPath:
    """min ‖y − c − Xw‖²/2m + α‖w‖₁ for fixed X (m, n) and y (m,), solved for any penalties α.

    Columns and values are centred, which takes the constant out; the columns are divided by √m, so that the
    first term is ‖y/√m − xw‖²/2 and its gradient xᵀx w − xᵀy/√m.
    """

    gram: Floats | None
    """xᵀx (n, n), where that is the smaller way to the gradient."""

    def __init__(self, columns: Floats, values: Values):
        m, n = columns.shape
        self.middle = columns.mean(0)
        self.mean = float(values.mean())
        self.x = (columns - self.middle) / np.sqrt(m)
        if n <= m:
            self.gram = square = self.x.T @ self.x
        else:
            self.gram = None
            square = self.x @ self.x.T  # it has the same eigenvalues but for zeros
        centred = values - self.mean
        self.right = self.x.T @ centred / np.sqrt(m)
        # the Lipschitz constant L of the gradient: a step of 1/L never overshoots the quadratic
        self.steepest = _largest_eigenvalue(square)
        # w = 0 is the optimum from α = ‖gradient at 0‖∞ on
        self.largest_penalty = float(np.abs(self.right).max())
        rounding = 1e-14 * np.abs(values).max()
        if not self.largest_penalty > rounding:  # equal values: their mean may be off by a rounding
            self.largest_penalty = 0.0

    def constants(self, slopes: Floats) -> Floats:
        """(p,) constants for the slopes (n, p)."""
        return self.mean - self.middle @ slopes

    def slopes(self, penalties: Floats, warm: Floats | None = None) -> Floats:
        """(n, p) slopes for each penalty, begun from `warm` (n, 1)."""
        count = len(penalties)
        if warm is None:
            slopes = np.zeros((len(self.right), count))
        else:
            slopes = np.repeat(warm, count, axis=1)
        if not self.steepest > 0.0:
            return slopes
        thresholds = penalties / self.steepest
        ahead = slopes
        momentum = np.ones(count)
        for _ in range(STEPS):
            # a step down the gradient from the point ahead, then the proximal map of α‖w‖₁/L: soft threshold
            gradient = self._gram_times(ahead) - self.right[:, None]
            point = ahead - gradient / self.steepest
            shrunk = np.maximum(np.abs(point) - thresholds, 0.0)
            new = np.sign(point) * shrunk
            move = new - slopes
            # O'Donoghue & Candès: momentum that points uphill has overshot, so start again from rest
            uphill = ((ahead - new) * move).sum(0) > 0.0
            momentum = np.where(uphill, 1.0, momentum)
            # Beck & Teboulle: t' = (1 + √(1 + 4t²))/2, and on along the move by (t − 1)/t'
            following = (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
            carried = (momentum - 1.0) / following
            ahead = new + carried * move
            slopes = new
            momentum = following
            largest = np.abs(slopes).max()
            if np.abs(move).max() <= ENOUGH * largest:
                break
        return slopes

    def _gram_times(self, slopes: Floats) -> Floats:
        if self.gram is not None:
            return self.gram @ slopes
        return self.x.T @ (self.x @ slopes)


def _largest_eigenvalue(gram: Floats) -> float:
    """Of a symmetric positive matrix, from above by less than 0.1 %."""
    if len(gram) <= 64:
        return float(np.linalg.eigvalsh(gram)[-1])
    from scipy.sparse.linalg import eigsh

    start = np.random.default_rng(0).normal(size=len(gram))
    # scipy has no annotations: the checker takes `tol` for a whole number, as its default is
    found = eigsh(gram, k=1, v0=start, tol=1e-4, return_eigenvectors=False)  # pyright: ignore[reportArgumentType]
    return 1.001 * float(found[0])
