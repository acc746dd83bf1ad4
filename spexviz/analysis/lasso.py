"""LASSO by accelerated proximal gradient, for several penalties at once: one matrix product a step serves them all.

Our own because the columns are ±1 with equal scale, which makes it short; scikit-learn would be a dependency
for this alone.
Source: Beck & Teboulle 2009 (FISTA), with the restarts of O'Donoghue & Candès 2015.
"""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.masks import Values

FOLDS = 5
PATH = np.logspace(0, -4, 41)  # penalties, of the least one that leaves nothing
AT_ONCE = 7  # penalties followed together
STEPS = 2000
ENOUGH = 1e-6  # of the largest slope: change of a step at which the path has settled


def lasso_by_folds(columns: Floats, values: Values, seed: int) -> tuple[float, Floats, float, float]:
    """Constant, slopes (n,), penalty and mean squared error of the folds for columns (m, n), values (m,).

    The penalty α of ‖y − c − Xw‖²/2m + α‖w‖₁ is that of least error over 5 seeded folds. The path is followed
    from the largest penalty down, as long as the error falls: what lies beyond is slow and over-fitted.
    """
    m = len(values)
    fold = np.random.default_rng(seed).permutation(m) % min(FOLDS, m)
    whole = LassoPath(columns, values)
    top = whole.largest_penalty
    if not top > 0.0:
        return whole.mean, np.zeros(columns.shape[1]), 0.0, 0.0
    parts = [
        (LassoPath(columns[fold != k], values[fold != k]), fold == k, None) for k in range(fold.max() + 1)
    ]
    errors = np.zeros(0)
    for start in range(0, len(PATH), AT_ONCE):
        penalties = top * PATH[start : start + AT_ONCE]
        here = np.zeros(len(penalties))
        for k, (lasso, out, warm) in enumerate(parts):
            slopes = lasso.slopes(penalties, warm)
            here += ((values[out, None] - columns[out] @ slopes - lasso.constants(slopes)) ** 2).sum(0)
            parts[k] = lasso, out, slopes[:, -1:]
        errors = np.concatenate([errors, here])
        if errors.argmin() < start:
            break
    best = int(np.argmin(errors))
    slopes = whole.slopes(top * PATH[best : best + 1])
    return float(whole.constants(slopes)[0]), slopes[:, 0], float(top * PATH[best]), float(errors[best] / m)


class LassoPath:
    """min ‖y − c − Xw‖²/2m + α‖w‖₁ for fixed columns X (m, n) and values y (m,), solved for any penalties α."""

    def __init__(self, columns: Floats, values: Values):
        m, n = columns.shape
        self.middle, self.mean = columns.mean(0), float(values.mean())
        self.x = (columns - self.middle) / np.sqrt(m)
        self.gram = self.x.T @ self.x if n <= m else None
        self.right = self.x.T @ (values - self.mean) / np.sqrt(m)
        self.steepest = _largest_eigenvalue(self.gram if self.gram is not None else self.x @ self.x.T)
        size = float(np.abs(self.right).max())
        # equal values: their mean may be off by a rounding
        self.largest_penalty = size if size > 1e-14 * np.abs(values).max() else 0.0

    def constants(self, slopes: Floats) -> Floats:
        """(p,) constants for the slopes (n, p)."""
        return self.mean - self.middle @ slopes

    def slopes(self, penalties: Floats, warm: Floats | None = None) -> Floats:
        """(n, p) slopes for each penalty, begun from `warm` (n, 1)."""
        slopes = (
            np.zeros((len(self.right), len(penalties)))
            if warm is None
            else np.repeat(warm, len(penalties), axis=1)
        )
        if not self.steepest > 0.0:
            return slopes
        ahead, momentum = slopes, np.ones(len(penalties))
        for _ in range(STEPS):
            pulled = self.gram @ ahead if self.gram is not None else self.x.T @ (self.x @ ahead)
            point = ahead - (pulled - self.right[:, None]) / self.steepest
            new = np.sign(point) * np.maximum(np.abs(point) - penalties / self.steepest, 0.0)
            move = new - slopes
            # overshot: start again from rest
            momentum = np.where(((ahead - new) * move).sum(0) > 0.0, 1.0, momentum)
            following = (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
            ahead = new + (momentum - 1.0) / following * move
            slopes, momentum = new, following
            if np.abs(move).max() <= ENOUGH * np.abs(slopes).max():
                break
        return slopes


def _largest_eigenvalue(gram: Floats) -> float:
    """Of a symmetric positive matrix, from above by less than 0.1 %."""
    if len(gram) <= 64:
        return float(np.linalg.eigvalsh(gram)[-1])
    from scipy.sparse.linalg import eigsh

    start = np.random.default_rng(0).normal(size=len(gram))
    return 1.001 * float(eigsh(gram, k=1, v0=start, tol=1e-4, return_eigenvectors=False)[0])
