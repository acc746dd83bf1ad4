"""Logistic regression for many subsets at once: Newton's method to convergence, what scikit-learn's LogisticRegression gives.

Each subset minimises Σ w_i log(1 + exp(−y_i θᵀx_i)) + λ/2 ‖θ‖²; the last feature is a constant, penalised
like the others. More than two classes: one against the rest. Steps that would raise a subset's loss are
halved, for that subset alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spexviz.errors import AblationError
from spexviz.games.training.learners.base import Learner
from spexviz.games.training.learners.ridge import CELLS, gram_of
from spexviz.kit.arrays import Floats

STEPS, HALVINGS = 60, 30
CLOSE = 1e-9  # the largest entry of the gradient at which a subset is done, as a share of one example's


def scores(
    features: Floats,
    labels: np.ndarray,
    classes: int,
    weights: Floats,
    tests: Floats,
    penalty: float,
    seed: int = 0,
) -> Floats:
    """Scores (subsets, tests, classes) in nats; nothing is random, so `seed` changes nothing.

    Raises AblationError without convergence.
    """
    if classes == 2:
        logit = _fitted(features, np.where(labels == 1, 1.0, -1.0), weights, penalty) @ tests.T
        return np.stack([-logit / 2, logit / 2], axis=2)
    each = [
        _fitted(features, np.where(labels == c, 1.0, -1.0), weights, penalty) @ tests.T
        for c in range(classes)
    ]
    return np.stack(each, axis=2)


def _fitted(features: Floats, signs: Floats, weights: Floats, penalty: float) -> Floats:
    """θ (subsets, d) of every subset."""
    rotated, back = _rotated(features)
    gram, portion = gram_of(rotated), max(1, CELLS // max(rotated.shape[1] ** 2, len(rotated)))
    # near every subset's
    first = _newton(
        rotated, gram, signs, np.ones((1, len(rotated))), penalty, np.zeros((1, rotated.shape[1]))
    )[0]
    parts = [
        _newton(rotated, gram, signs, weights[i : i + portion], penalty, first)
        for i in range(0, len(weights), portion)
    ]
    return np.concatenate(parts) @ back if parts else np.zeros((0, features.shape[1]))


def _rotated(features: Floats) -> tuple[Floats, Floats]:
    """The features in the span of the examples, (n, r), and the way back, (r, d): every minimiser lies in that span."""
    n, d = features.shape
    if d <= n:
        return features, np.eye(d)
    left, sizes, right = np.linalg.svd(features, full_matrices=False)
    return left * sizes, right


def _newton(
    features: Floats,
    gram: Callable[[Floats], Floats],
    signs: Floats,
    weights: Floats,
    penalty: float,
    first: Floats,
) -> Floats:
    b, d = len(weights), features.shape[1]
    theta = np.broadcast_to(first, (b, d)).copy()
    open_ = np.arange(b)
    for _ in range(STEPS):
        t, w = theta[open_], weights[open_]
        margin = signs * (t @ features.T)
        wrong = _sigmoid(-margin)
        gradient = penalty * t - (w * signs * wrong) @ features
        going = np.abs(gradient).max(1, initial=0.0) > CLOSE
        if not going.any():
            return theta
        open_, t, w, gradient, wrong = open_[going], t[going], w[going], gradient[going], wrong[going]
        hessian = gram(w * wrong * (1 - wrong)) + penalty * np.eye(d)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        theta[open_] = _descended(features, signs, w, penalty, t, step)
    raise AblationError(
        f"Logistic regression did not converge on {len(open_)} subsets in {STEPS} steps: raise the penalty."
    )


def _descended(
    features: Floats, signs: Floats, weights: Floats, penalty: float, theta: Floats, step: Floats
) -> Floats:
    """θ after the step, halved where it would raise the loss."""
    before = _loss(features, signs, weights, penalty, theta)
    size = np.ones(len(theta))
    for _ in range(HALVINGS):
        new = theta - size[:, None] * step
        worse = _loss(features, signs, weights, penalty, new) > before + 1e-12 * (1 + np.abs(before))
        if not worse.any():
            break
        size[worse] /= 2
    return new


def _loss(features: Floats, signs: Floats, weights: Floats, penalty: float, theta: Floats) -> Floats:
    return (weights * np.logaddexp(0.0, -signs * (theta @ features.T))).sum(1) + penalty / 2 * (theta**2).sum(
        1
    )


def _sigmoid(x: Floats) -> Floats:
    return np.exp(-np.logaddexp(0.0, -x))


LOGISTIC = Learner(
    "logistic",
    "Logistic regression by Newton's method, to convergence; one class against the rest where there are more than two.",
    scores,
)
