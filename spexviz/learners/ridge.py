"""Ridge regression on one-hot labels for many subsets at once, in closed form: what scikit-learn's Ridge gives, one by one.

For a subset with weights w: θ = (Xᵀ W X + λ I)⁻¹ Xᵀ W Y (primal, d × d), or with V = √W: θ = Xᵀ V (V X Xᵀ V + λ I)⁻¹ V Y (dual, n × n);
the smaller system is solved. The last feature is a constant, which is penalised like the others: a subset without examples then
has θ = 0, not an undefined intercept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CELLS = 4_000_000  # floats of the largest array: subsets are taken in portions


def scores(features: Array, labels: NDArray[np.intp], classes: int, weights: Array, tests: Array, penalty: float, seed: int = 0) -> Array:
    """Scores (subsets, tests, classes) of the ridge fits; nothing is random, so `seed` changes nothing."""
    targets = np.eye(classes)[labels]
    n, d = features.shape
    fit = _primal if d <= n else _dual
    portion = max(1, CELLS // (max(n, d) * min(n, d)))
    parts = [fit(features, targets, weights[i : i + portion], tests, penalty) for i in range(0, len(weights), portion)]
    return np.concatenate(parts) if parts else np.zeros((0, len(tests), classes))


def weighted_gram(features: Array, weights: Array) -> Array:
    """Xᵀ W X for every row of weights, (b, d, d), as one matrix product."""
    b, (n, d) = len(weights), features.shape
    left = weights[:, None, :] * features.T[None]
    return (left.reshape(b * d, n) @ features).reshape(b, d, d)


def _primal(features: Array, targets: Array, weights: Array, tests: Array, penalty: float) -> Array:
    left = weighted_gram(features, weights) + penalty * np.eye(features.shape[1])
    right = np.einsum("bn,nd,nc->bdc", weights, features, targets, optimize=True)
    return tests @ np.linalg.solve(left, right)


def _dual(features: Array, targets: Array, weights: Array, tests: Array, penalty: float) -> Array:
    root = np.sqrt(weights)
    left = root[:, :, None] * (features @ features.T)[None] * root[:, None, :] + penalty * np.eye(len(features))
    inner = root[:, :, None] * np.linalg.solve(left, root[:, :, None] * targets[None])
    return (tests @ features.T) @ inner
