"""Learners that are retrained thousands of times: many subsets of one training set at once.

One small file each.

    scores(features, labels, classes, weights, tests, penalty, seed) -> (subsets, tests, classes)

`features` (n, d) are frozen; row b of `weights` (subsets, n) says how often each example is in subset b: 0
left out, 1 kept, 2 doubled. What a learner says without an example is never read (the game has scores of 0
for it). Same arguments, same scores.
"""

from __future__ import annotations

from spexviz.games.training.learners import logistic, network, ridge
from spexviz.games.training.learners.base import Learner

_ALL = (ridge.RIDGE, logistic.LOGISTIC, network.NETWORK)
LEARNERS: dict[str, Learner] = {one.name: one for one in _ALL}
