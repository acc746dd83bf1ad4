"""Logistic regression for many subsets at once: Newton's method to convergence.

It gives what scikit-learn's LogisticRegression gives. Each subset minimises
Σ w_i log(1 + exp(−y_i θᵀx_i)) + λ/2 ‖θ‖²; the last feature is a constant, penalised like the others. More
than two classes: one against the rest. Steps that would raise a subset's loss are halved, for that subset
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spexviz.errors import AblationError
from spexviz.games.training.learners.base import Learner
from spexviz.games.training.learners.ridge import CELLS, gram_of
from spexviz.kit.arrays import Bools, Floats
from spexviz.kit.cached import cached_property

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
        half = logit / 2
        return np.stack([-half, half], axis=2)
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
    problem = _Problem(rotated, signs, penalty)
    # the fit on all examples is near every subset's: all start there
    everything = np.ones((1, n))
    start = _newton(problem, everything, np.zeros(rank))[0]
    portion = max(1, CELLS // max(rank**2, n))
    parts = []
    for i in range(0, len(weights), portion):
        parts.append(_newton(problem, weights[i : i + portion], start))
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


@dataclass(frozen=True)
class _Problem:
    """What the subsets have in common: features (n, d), signs (n,) of the two classes, the penalty λ."""

    features: Floats
    signs: Floats
    penalty: float

    @cached_property
    def gram(self) -> Callable[[Floats], Floats]:
        return gram_of(self.features)

    def margins(self, theta: Floats) -> Floats:
        """yᵢ θᵀxᵢ, (subsets, n)."""
        return self.signs * (theta @ self.features.T)

    def losses(self, theta: Floats, weights: Floats) -> Floats:
        """(subsets,) what each minimises."""
        each = np.logaddexp(0.0, -self.margins(theta))
        square_lengths = (theta**2).sum(1)
        return (weights * each).sum(1) + self.penalty / 2 * square_lengths

    def gradients(self, theta: Floats, weights: Floats, wrong: Floats) -> Floats:
        """λ θ − Σ wᵢ yᵢ σᵢ xᵢ, (subsets, d), with σᵢ = σ(−yᵢ θᵀxᵢ), the probability of the other class."""
        pull = (weights * self.signs * wrong) @ self.features
        return self.penalty * theta - pull

    def newton_steps(self, gradient: Floats, weights: Floats, wrong: Floats) -> Floats:
        """H⁻¹ g, (subsets, d), with the Hessian H = Σ wᵢ σᵢ (1 − σᵢ) xᵢ xᵢᵀ + λ I."""
        d = self.features.shape[1]
        curvature = weights * wrong * (1 - wrong)
        hessian = self.gram(curvature) + self.penalty * np.eye(d)
        solved = np.linalg.solve(hessian, gradient[..., None])
        return np.asarray(solved[..., 0], dtype=np.float64)


def _newton(problem: _Problem, weights: Floats, start: Floats) -> Floats:
    """θ (subsets, d) by Newton's method, from `start`; a subset that is done takes no further step."""
    subsets = len(weights)
    theta = np.broadcast_to(start, (subsets, len(start))).copy()
    going = np.arange(subsets)
    for _ in range(STEPS):
        wrong = _sigmoid(-problem.margins(theta[going]))
        gradient = problem.gradients(theta[going], weights[going], wrong)
        largest = np.abs(gradient).max(1, initial=0.0)
        steep = largest > CLOSE
        if not steep.any():
            return theta
        going = going[steep]
        held = weights[going]
        step = problem.newton_steps(gradient[steep], held, wrong[steep])
        theta[going] = _descended(problem, held, theta[going], step)
    raise AblationError(
        f"Logistic regression did not converge on {len(going)} subsets in {STEPS} steps: raise the penalty."
    )


def _descended(problem: _Problem, weights: Floats, theta: Floats, step: Floats) -> Floats:
    """θ after the step, halved where it would raise the loss by more than rounding."""
    before = problem.losses(theta, weights)
    most = before + 1e-12 * (1 + np.abs(before))
    size = np.ones(len(theta))
    new = theta - step
    for _ in range(HALVINGS - 1):
        worse = problem.losses(new, weights) > most
        if not worse.any():
            break
        size[worse] /= 2
        new = theta - size[:, None] * step
    return new


def _sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(−x)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -x))


LOGISTIC = Learner(
    "logistic",
    "Logistic regression by Newton's method, to convergence; "
    "one class against the rest where there are more than two.",
    scores,
)
