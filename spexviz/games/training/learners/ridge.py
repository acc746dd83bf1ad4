"""Ridge regression on one-hot labels for many subsets at once, in closed form: what scikit-learn's Ridge gives, one by one.

For a subset with weights w: θ = (Xᵀ W X + λ I)⁻¹ Xᵀ W Y (primal, d × d), or with V = √W: θ = Xᵀ V (V X Xᵀ V +
λ I)⁻¹ V Y (dual, n × n); the smaller system is solved. The last feature is a constant, which is penalised
like the others: a subset without examples then has θ = 0, not an undefined intercept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spexviz.games.training.learners.base import Learner
from spexviz.kit.arrays import Floats, Positions

CELLS = 4_000_000  # floats of the largest array of the subsets: they are taken in portions
# floats of the products of the examples: beyond, these are taken in portions, anew for every portion of
# subsets
PRODUCTS = 16_000_000


def scores(
    features: Floats,
    labels: Positions,
    classes: int,
    weights: Floats,
    tests: Floats,
    penalty: float,
    seed: int = 0,
) -> Floats:
    """Scores (subsets, tests, classes) of the ridge fits; nothing is random, so `seed` changes nothing."""
    targets = np.eye(classes)[labels]
    n, d = features.shape
    fit, first = (_primal, gram_of(features)) if d <= n else (_dual, features @ features.T)
    portion = max(1, CELLS // min(n, d) ** 2)
    parts = [
        fit(first, features, targets, weights[i : i + portion], tests, penalty)
        for i in range(0, len(weights), portion)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, len(tests), classes))


def gram_of(features: Floats) -> Callable[[Floats], Floats]:
    """What gives Xᵀ W X, (b, d, d), for every row of weights (b, n): one matrix product with what each example adds to Xᵀ X."""
    n, d = features.shape
    above = np.triu_indices(d)
    products = lambda rows: rows[:, above[0]] * rows[:, above[1]]
    held = max(1, PRODUCTS // len(above[0]))
    each = products(features) if held >= n else None

    def gram(weights: Floats) -> Floats:
        found = np.zeros((len(weights), len(above[0])))
        for i in range(0, n, held):
            found += weights[:, i : i + held] @ (products(features[i : i + held]) if each is None else each)
        out = np.empty((len(weights), d, d))
        out[:, above[0], above[1]] = out[:, above[1], above[0]] = found
        return out

    return gram


def _primal(
    gram: Callable[[Floats], Floats],
    features: Floats,
    targets: Floats,
    weights: Floats,
    tests: Floats,
    penalty: float,
) -> Floats:
    n, d = features.shape
    left = gram(weights) + penalty * np.eye(d)
    right = (weights @ (features[:, :, None] * targets[:, None, :]).reshape(n, -1)).reshape(
        len(weights), d, -1
    )
    return tests @ np.linalg.solve(left, right)


def _dual(
    gram: Floats, features: Floats, targets: Floats, weights: Floats, tests: Floats, penalty: float
) -> Floats:
    root = np.sqrt(weights)
    left = root[:, :, None] * gram[None] * root[:, None, :] + penalty * np.eye(len(features))
    inner = root[:, :, None] * np.linalg.solve(left, root[:, :, None] * targets[None])
    return (tests @ features.T) @ inner


RIDGE = Learner(
    "ridge",
    "Ridge regression on the labels, in closed form: thousands of retrainings a second.",
    scores,
    squared_loss=True,
    closed_form=True,
)
