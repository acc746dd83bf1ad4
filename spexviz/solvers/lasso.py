"""LASSO by accelerated proximal gradient, for all penalties at once: one matrix product a step serves the whole path.

Our own because the columns are ±1 with equal scale, which makes it short; scikit-learn would be a dependency for this alone.
Source: Beck & Teboulle 2009 (FISTA), with the restarts of O'Donoghue & Candès 2015.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spexviz.masks import Values

Floats = NDArray[np.float64]
FOLDS = 5
PATH = np.logspace(0, -4, 41)  # penalties, of the least one that leaves nothing
STEPS = 2000
ENOUGH = 1e-6  # of the largest slope: change of a step at which the path has settled


def lasso_by_folds(columns: Floats, values: Values, seed: int) -> tuple[float, Floats, float, float]:
    """Constant, slopes (n,), penalty and mean squared error of the folds for columns (m, n), values (m,).

    The penalty α of ‖y − c − Xw‖²/2m + α‖w‖₁ is that of least error over 5 seeded folds.
    """
    m = len(values)
    fold = np.random.default_rng(seed).permutation(m) % min(FOLDS, m)
    top = _largest_penalty(columns, values)
    if not top > 0.0:
        return float(values.mean()), np.zeros(columns.shape[1]), 0.0, 0.0
    errors = np.zeros(len(PATH))
    for k in range(fold.max() + 1):
        here = fold == k
        constants, slopes = lasso_path(columns[~here], values[~here], top * PATH)
        errors += ((values[here, None] - columns[here] @ slopes - constants) ** 2).sum(0)
    best = int(np.argmin(errors))
    constants, slopes = lasso_path(columns, values, top * PATH[best : best + 1])
    return float(constants[0]), slopes[:, 0], float(top * PATH[best]), float(errors[best] / m)


def lasso_path(columns: Floats, values: Values, penalties: Floats) -> tuple[Floats, Floats]:
    """Constants (p,) and slopes (n, p) of min ‖y − c − Xw‖²/2m + penalty ‖w‖₁ for each penalty."""
    m, n = columns.shape
    middle, mean = columns.mean(0), values.mean()
    x = columns - middle
    gram = x.T @ x / m if n <= m else None
    right = (x.T @ (values - mean) / m)[:, None]
    steepest = _largest_eigenvalue(gram if gram is not None else x @ x.T / m)
    slopes = np.zeros((n, len(penalties)))
    if not steepest > 0.0:
        return np.full(len(penalties), mean), slopes
    ahead, momentum = slopes, np.ones(len(penalties))
    for _ in range(STEPS):
        gradient = (gram @ ahead if gram is not None else x.T @ (x @ ahead) / m) - right
        point = ahead - gradient / steepest
        new = np.sign(point) * np.maximum(np.abs(point) - penalties / steepest, 0.0)
        move = new - slopes
        momentum = np.where(((ahead - new) * move).sum(0) > 0.0, 1.0, momentum)  # overshot: start again from rest
        following = (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
        ahead = new + (momentum - 1.0) / following * move
        slopes, momentum = new, following
        if np.abs(move).max() <= ENOUGH * np.abs(slopes).max():
            break
    return mean - middle @ slopes, slopes


def _largest_penalty(columns: Floats, values: Values) -> float:
    """The least penalty at which every slope is 0; 0 for equal values, whose mean may be off by a rounding."""
    size = np.abs((columns - columns.mean(0)).T @ (values - values.mean())).max() / len(values)
    return float(size) if size > 1e-14 * np.abs(values).max() else 0.0


def _largest_eigenvalue(gram: Floats) -> float:
    """Of a symmetric positive matrix, from above by less than 0.1 %."""
    if len(gram) <= 64:
        return float(np.linalg.eigvalsh(gram)[-1])
    from scipy.sparse.linalg import eigsh

    start = np.random.default_rng(0).normal(size=len(gram))
    return 1.001 * float(eigsh(gram, k=1, v0=start, tol=1e-4, return_eigenvectors=False)[0])
