"""Ridge regression on one-hot labels for many subsets at once, in closed form.

It gives what scikit-learn's Ridge gives, one by one. For a subset with weights w:
θ = (Xᵀ W X + λ I)⁻¹ Xᵀ W Y (primal, d × d), or with V = √W: θ = Xᵀ V (V X Xᵀ V + λ I)⁻¹ V Y (dual, n × n);
the smaller system is solved. The last feature is a constant, which is penalised like the others: a subset
without examples then has θ = 0, not an undefined intercept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spexviz.games.training.learners.base import Learner
from spexviz.kit.arrays import Floats, Positions

CELLS = 4_000_000  # floats of the largest array of the subsets: they are taken in portions
# floats of the products of the examples: beyond, they are taken in portions, anew for each portion of subsets
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
    if d <= n:
        fit = _primal(features, targets, tests, penalty)
    else:
        fit = _dual(features, targets, tests, penalty)
    unknowns = min(n, d)
    portion = max(1, CELLS // unknowns**2)
    parts = [fit(weights[i : i + portion]) for i in range(0, len(weights), portion)]
    if not parts:
        return np.zeros((0, len(tests), classes))
    return np.concatenate(parts)


def gram_of(features: Floats) -> Callable[[Floats], Floats]:
    """What gives Xᵀ W X, (b, d, d), for every row of weights (b, n).

    Xᵀ W X = Σ wᵢ xᵢ xᵢᵀ is one matrix product of the weights with what each example adds to Xᵀ X; that is
    symmetric, so only what lies on and above its diagonal is summed.
    """
    n, d = features.shape
    row, column = np.triu_indices(d)
    held = max(1, PRODUCTS // len(row))  # examples of a portion

    def products(examples: Floats) -> Floats:
        return examples[:, row] * examples[:, column]

    all_products = None
    if held >= n:
        all_products = products(features)

    def gram(weights: Floats) -> Floats:
        above = np.zeros((len(weights), len(row)))
        for i in range(0, n, held):
            each = all_products
            if each is None:
                each = products(features[i : i + held])
            above += weights[:, i : i + held] @ each
        out = np.empty((len(weights), d, d))
        out[:, row, column] = above
        out[:, column, row] = above
        return out

    return gram


def _primal(features: Floats, targets: Floats, tests: Floats, penalty: float) -> Callable[[Floats], Floats]:
    """What gives scores (b, tests, classes) for weights (b, n), by θ = (Xᵀ W X + λ I)⁻¹ Xᵀ W Y."""
    n, d = features.shape
    gram = gram_of(features)

    def fitted(weights: Floats) -> Floats:
        left = gram(weights) + penalty * np.eye(d)
        # Xᵀ W Y = Σ wᵢ xᵢ yᵢᵀ is a matrix product with what each example adds, too
        moments = features[:, :, None] * targets[:, None, :]
        sums = weights @ moments.reshape(n, -1)
        right = sums.reshape(len(weights), d, -1)
        theta = np.linalg.solve(left, right)
        return tests @ theta

    return fitted


def _dual(features: Floats, targets: Floats, tests: Floats, penalty: float) -> Callable[[Floats], Floats]:
    """The same by θ = Xᵀ V (V X Xᵀ V + λ I)⁻¹ V Y with V = √W: the n × n products X Xᵀ are formed once."""
    gram = features @ features.T
    tests_gram = tests @ features.T

    def fitted(weights: Floats) -> Floats:
        root = np.sqrt(weights)
        v = root[:, :, None]
        weighted = v * gram[None] * root[:, None, :]
        left = weighted + penalty * np.eye(len(features))
        right = v * targets[None]
        solved = np.linalg.solve(left, right)
        return tests_gram @ (v * solved)

    return fitted


RIDGE = Learner(
    "ridge",
    "Ridge regression on the labels, in closed form: thousands of retrainings a second.",
    scores,
    squared_loss=True,
    closed_form=True,
)
