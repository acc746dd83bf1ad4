"""Regressions in closed form that several solvers share, with no word of spectra."""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.masks import Masks, Values


def least_squares(rows: Floats, target: Values) -> Floats:
    """The x (k,) of least ‖rows x − target‖, and among those the shortest."""
    solution = np.linalg.lstsq(rows, target, rcond=None)[0]
    return np.asarray(solution, dtype=np.float64)  # as it is: NumPy's stubs leave the kind of float open


def constrained_least_squares(rows: Floats, target: Values, fixed: Floats, to: Values) -> Floats:
    """The x (k,) with fixed x = to (0 to 2 constraints) of least ‖rows x − target‖, then of least length.

    x = start + free z: one solution of the constraints, and the directions that they leave free, from the QR
    decomposition of fixedᵀ. Source: Golub & Van Loan, Matrix Computations, the null-space method.
    """
    if not len(fixed):
        return least_squares(rows, target)
    start = least_squares(fixed, to)
    directions = np.linalg.qr(fixed.T, mode="complete")[0]
    free = directions[:, len(fixed) :]
    left = target - rows @ start
    step = least_squares(rows @ free, left)
    return start + free @ step


def weighted_ridge(masks: Masks, values: Values, weight: Floats, penalty: float) -> tuple[float, Floats]:
    """Constant (free) and slopes (n,) of min Σ weight (y − c − m·w)² + penalty ‖w‖².

    Solved in the smaller of its two forms, (XᵀX + λ)⁻¹ Xᵀy = Xᵀ (X Xᵀ + λ)⁻¹ y.
    """
    share = weight / weight.sum()
    middle = share @ masks
    mean = float(share @ values)
    # weighted least squares: both sides times the root of the weight
    root = np.sqrt(weight)
    scaled = (masks - middle) * root[:, None]
    target = (values - mean) * root
    m, n = scaled.shape
    if n <= m:
        gram = scaled.T @ scaled
        right = scaled.T @ target
        slopes = np.linalg.solve(_damped(gram, penalty), right)
    else:
        gram = scaled @ scaled.T
        answer = np.linalg.solve(_damped(gram, penalty), target)
        slopes = scaled.T @ answer
    constant = float(mean - middle @ slopes)
    return constant, slopes


def _damped(gram: Floats, penalty: float) -> Floats:
    diagonal = penalty * np.eye(len(gram))
    return gram + diagonal
