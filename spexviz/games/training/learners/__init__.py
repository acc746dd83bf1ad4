"""Learners that are retrained thousands of times: many subsets of one training set at once. One small file each.

    scores(features, labels, classes, weights, tests, penalty, seed) -> (subsets, tests, classes)

`features` (n, d) are frozen; row b of `weights` (subsets, n) says how often each example is in subset b: 0 left out, 1 kept, 2 doubled.
A subset without examples gives scores of 0 (the network: those of its first weights). Same arguments, same scores.
"""

from __future__ import annotations

from spexviz.games.training.learners import logistic, network, ridge

LEARNERS = {
    "ridge": ("Ridge regression on the labels, in closed form: thousands of retrainings a second.", ridge.scores),
    "logistic": (
        "Logistic regression by Newton's method, to convergence; one class against the rest where there are more than two.",
        logistic.scores,
    ),
    "network": ("A small neural network by stochastic gradient descent, every subset from the same first weights.", network.scores),
}
