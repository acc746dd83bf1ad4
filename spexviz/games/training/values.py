"""What is measured after a retraining."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats, Positions
from spexviz.masks import Values


@dataclass(frozen=True)
class Value:
    """What is measured, whether more of it is better, and whether it looks at the query alone.

    `said`: the same in words for everybody, about {label}, {thing} (the query) or {held_out} examples.
    """

    summary: str
    said: str
    higher_is_better: bool
    about_query: bool


VALUE_NAMES = {
    "margin": "How clearly it is right (margin)",
    "logit": "Log-odds of the right label",
    "loss": "Loss on one example",
    "accuracy": "Share of all that is right",
    "test loss": "Mean loss over all",
}
VALUES = {
    "margin": Value(
        "Score of the query's label above the best other one: positive where the learner is right.",
        "how far the retrained classifier prefers the right label of this {thing}, {label}, over the next "
        "best (margin: above 0 it is right)",
        higher_is_better=True,
        about_query=True,
    ),
    "logit": Value(
        "Log-odds of the query's label, from a softmax over the learner's scores.",
        "how much more likely the right label of this {thing}, {label}, than any other is to the retrained "
        "classifier",
        higher_is_better=True,
        about_query=True,
    ),
    "loss": Value(
        "Loss on the query: cross-entropy in nats, squared error for ridge.",
        "how wrong the retrained classifier is about this {thing}, whose right label is {label} (loss: less "
        "is better)",
        higher_is_better=False,
        about_query=True,
    ),
    "accuracy": Value(
        "Share of the held-out examples that the learner gets right; where k labels tie, 1/k of a right one.",
        "the share of {held_out} held-out examples that the retrained classifier gets right",
        higher_is_better=True,
        about_query=False,
    ),
    "test loss": Value(
        "Mean loss on the held-out examples: less coarse than their accuracy.",
        "how wrong the retrained classifier is about {held_out} held-out examples, on average (loss: less is "
        "better)",
        higher_is_better=False,
        about_query=False,
    ),
}

# scores that are nearer to each other than this share of 1 + the largest of them tie: what lies between them
# is rounding, or where an iteration stopped
TIED = 1e-6


def measured(scores: Floats, truth: Positions, value: str, squared: bool = False) -> Values:
    """Values (b,) of scores (b, tests, classes) with the true classes (tests,), meaned over the tests;

    `squared`: which loss.
    """
    return _each(scores, truth, value, squared).mean(1)


def _each(scores: Floats, truth: Positions, value: str, squared: bool) -> np.ndarray:
    """(b, tests) the value of each test alone."""
    classes = scores.shape[2]
    right = np.take_along_axis(scores, truth[None, :, None], axis=2)[..., 0]
    if value in ("loss", "test loss"):
        if squared:
            errors = scores - np.eye(classes)[truth]
            return (errors**2).sum(2)
        # cross-entropy: −log softmax at the true class
        return _logsumexp(scores) - right
    if value == "accuracy":
        return _credits(scores, right)
    is_truth = np.arange(classes) == truth[:, None]
    others = np.where(is_truth, -np.inf, scores)
    if value == "logit":
        # log p / (1 − p) of a softmax: the normaliser of both cancels
        return right - _logsumexp(others)
    return right - others.max(2)


def _credits(scores: Floats, right: Floats) -> Floats:
    """(b, tests) 1 where the true class scores highest, 1/k where k classes tie for it, else 0.

    It is what a guess among the classes that tie gets right on average.
    """
    top = scores.max(2)
    near = TIED * (1 + np.abs(scores).max(2))
    tied = (scores >= (top - near)[..., None]).sum(2)
    return np.where(right >= top - near, 1 / tied, 0.0)


def _logsumexp(scores: Floats) -> Floats:
    """log Σ exp over the classes, without overflow."""
    top = scores.max(2)
    shares = np.exp(scores - top[..., None])
    return top + np.log(shares.sum(2))
