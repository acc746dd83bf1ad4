"""Logistic regression for many subsets at once: Newton's method to convergence.

It gives what scikit-learn's LogisticRegression gives. Each subset minimises
Σ w_i log(1 + exp(−y_i θᵀx_i)) + λ/2 ‖θ‖²; the last feature is a constant, penalised like the others. More
than two classes: one against the rest. Steps that would raise a subset's loss are halved, for that subset
alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spexviz.errors import AblationError
from spexviz.games.training.learners.base import Learner
from spexviz.games.training.learners.ridge import CELLS, gram_of
from spexviz.kit.arrays import Bools, Floats

STEPS = 60  # of Newton
HALVINGS = 30  # lengths of a step that are tried
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
        logit = _logits(features, labels == 1, weights, tests, penalty)
        return np.stack([-logit / 2, logit / 2], axis=2)
    each = [_logits(features, labels == c, weights, tests, penalty) for c in range(classes)]
    return np.stack(each, axis=2)


def _logits(features: Floats, is_one: Bools, weights: Floats, tests: Floats, penalty: float) -> Floats:
    """Log-odds (subsets, tests) of one class against the rest."""
    signs = np.where(is_one, 1.0, -1.0)
    return _fitted(features, signs, weights, penalty) @ tests.T


def _fitted(features: Floats, signs: Floats, weights: Floats, penalty: float) -> Floats:
    """θ (subsets, d) of every subset."""
    rotated, back = _rotated(features)
    n, rank = rotated.shape
    gram = gram_of(rotated)
    # the fit on all examples is near every subset's: all start there
    everything, nowhere = np.ones((1, n)), np.zeros((1, rank))
    start = _newton(rotated, gram, signs, everything, penalty, nowhere)[0]
    portion = max(1, CELLS // max(rank**2, n))
    parts = [
        _newton(rotated, gram, signs, weights[i : i + portion], penalty, start)
        for i in range(0, len(weights), portion)
    ]
    if not parts:
        return np.zeros((0, features.shape[1]))
    return np.concatenate(parts) @ back


def _rotated(features: Floats) -> tuple[Floats, Floats]:
    """The features in the span of the examples, (n, r), and the way back, (r, d).

    Every minimiser lies in that span: a part of θ at right angles to it changes no margin and is penalised.
    """
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
    start: Floats,
) -> Floats:
    """θ (subsets, d) by Newton's method, from `start`; a subset that is done takes no further step."""
    subsets, d = len(weights), features.shape[1]
    theta = np.broadcast_to(start, (subsets, d)).copy()
    going = np.arange(subsets)
    for _ in range(STEPS):
        t = theta[going]
        w = weights[going]
        # gradient: λ θ − Σ wᵢ yᵢ σ(−yᵢ θᵀxᵢ) xᵢ
        margin = signs * (t @ features.T)
        wrong = _sigmoid(-margin)
        gradient = penalty * t - (w * signs * wrong) @ features
        steep = np.abs(gradient).max(1, initial=0.0) > CLOSE
        if not steep.any():
            return theta
        going = going[steep]
        t = t[steep]
        w = w[steep]
        wrong = wrong[steep]
        # Hessian: Σ wᵢ σ (1 − σ) xᵢ xᵢᵀ + λ I
        hessian = gram(w * wrong * (1 - wrong)) + penalty * np.eye(d)
        solved = np.linalg.solve(hessian, gradient[steep][..., None])
        step = np.asarray(solved[..., 0], dtype=np.float64)
        theta[going] = _descended(features, signs, w, penalty, t, step)
    raise AblationError(
        f"Logistic regression did not converge on {len(going)} subsets in {STEPS} steps: raise the penalty."
    )


def _descended(
    features: Floats, signs: Floats, weights: Floats, penalty: float, theta: Floats, step: Floats
) -> Floats:
    """θ after the step, halved where it would raise the loss by more than rounding."""
    before = _loss(features, signs, weights, penalty, theta)
    most = before + 1e-12 * (1 + np.abs(before))
    size = np.ones(len(theta))
    new = theta - step
    for _ in range(HALVINGS - 1):
        worse = _loss(features, signs, weights, penalty, new) > most
        if not worse.any():
            break
        size[worse] /= 2
        new = theta - size[:, None] * step
    return new


def _loss(features: Floats, signs: Floats, weights: Floats, penalty: float, theta: Floats) -> Floats:
    """(subsets,) what each minimises."""
    each = np.logaddexp(0.0, -signs * (theta @ features.T))
    return (weights * each).sum(1) + penalty / 2 * (theta**2).sum(1)


def _sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(−x)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -x))


LOGISTIC = Learner(
    "logistic",
    "Logistic regression by Newton's method, to convergence; "
    "one class against the rest where there are more than two.",
    scores,
)
