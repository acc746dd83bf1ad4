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
    fit, first = (_primal, products(features)) if d <= n else (_dual, features @ features.T)
    portion = max(1, CELLS // min(n, d) ** 2)
    parts = [fit(first, features, targets, weights[i : i + portion], tests, penalty) for i in range(0, len(weights), portion)]
    return np.concatenate(parts) if parts else np.zeros((0, len(tests), classes))


def weighted_gram(products: Array, weights: Array, width: int) -> Array:
    """Xᵀ W X for every row of weights, (b, d, d), from the `products` of X: one matrix product."""
    above = np.triu_indices(width)
    out = np.empty((len(weights), width, width))
    out[:, above[0], above[1]] = found = weights @ products
    out[:, above[1], above[0]] = found
    return out


def products(features: Array) -> Array:
    """(n, d (d + 1) / 2) what each example adds to Xᵀ X, the upper triangle."""
    above = np.triu_indices(features.shape[1])
    return features[:, above[0]] * features[:, above[1]]


def _primal(each: Array, features: Array, targets: Array, weights: Array, tests: Array, penalty: float) -> Array:
    n, d = features.shape
    left = weighted_gram(each, weights, d) + penalty * np.eye(d)
    right = (weights @ (features[:, :, None] * targets[:, None, :]).reshape(n, -1)).reshape(len(weights), d, -1)
    return tests @ np.linalg.solve(left, right)


def _dual(gram: Array, features: Array, targets: Array, weights: Array, tests: Array, penalty: float) -> Array:
    root = np.sqrt(weights)
    left = root[:, :, None] * gram[None] * root[:, None, :] + penalty * np.eye(len(features))
    inner = root[:, :, None] * np.linalg.solve(left, root[:, :, None] * targets[None])
    return (tests @ features.T) @ inner
