"""A small neural network by stochastic gradient descent, for many subsets at once.

torch.func.vmap runs over the subsets. Every subset starts from the same weights and sees the examples in the
same order: an epoch goes through one shuffled order of the whole training set in batches, and a subset's step
is the mean gradient over those of a batch that it holds (none: no step). So training on a subset alone, in
that order, gives the same network.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spexviz.games.training.learners.base import Learner
from spexviz.games.training.learners.ridge import CELLS
from spexviz.kit.arrays import Floats
from spexviz.kit.threads import threads

HIDDEN = 16
EPOCHS, BATCH, RATE = 20, 32, 0.5


def scores(
    features: Floats,
    labels: np.ndarray,
    classes: int,
    weights: Floats,
    tests: Floats,
    penalty: float,
    seed: int = 0,
) -> Floats:
    """Scores (subsets, tests, classes), in nats up to a constant, after EPOCHS epochs;

    `penalty` / n is the weight decay.
    """
    import torch

    torch.set_num_threads(threads())
    parameters = (features.shape[1] + classes) * HIDDEN
    of_a_subset = 4 * parameters + BATCH * HIDDEN  # floats: its parameters a few times, its hidden layer
    portion = max(1, CELLS // of_a_subset)
    asked = _singles(tests)
    of_each = torch.func.vmap(outputs, in_dims=(0, None))
    parts = []
    for start in range(0, len(weights), portion):
        some = weights[start : start + portion]
        trained = train(features, labels, classes, some, penalty, seed)
        found = of_each(trained, asked)
        parts.append(found.double().numpy())
    if not parts:
        return np.zeros((0, len(tests), classes))
    return np.concatenate(parts)


def train(
    features: Floats, labels: np.ndarray, classes: int, weights: Floats, penalty: float, seed: int
) -> dict[str, Any]:
    """The trained parameters of every subset, stacked: {name: (subsets, …)}."""
    import torch

    n, width = features.shape
    x = _singles(features)
    y = torch.from_numpy(np.asarray(labels, dtype=np.int64))
    w = _singles(weights)
    trained = {}
    for name, first in initial(width, classes, seed).items():
        trained[name] = first.expand(len(weights), *first.shape).clone()
    gradients = torch.func.vmap(torch.func.grad(loss), in_dims=(0, None, None, 0))
    decay = penalty / n
    for rows in batches(n, seed):
        held = w[:, rows]
        gradient = gradients(trained, x[rows], y[rows], held)
        holds_any = held.sum(1) > 0
        rates = RATE * holds_any  # no step for a subset that holds none of the batch
        for name, value in trained.items():
            others = [1] * (value.dim() - 1)
            rate = rates.view(-1, *others)
            # the decay is taken at the end of the step (implicit): no penalty is too large for it
            moved = value - rate * gradient[name]
            trained[name] = moved / (1 + rate * decay)
    return trained


def initial(width: int, classes: int, seed: int) -> dict[str, Any]:
    """The first weights, the same for every subset."""
    rng = np.random.default_rng([seed, 0x4E])
    hidden = rng.normal(size=(width, HIDDEN))
    out = rng.normal(size=(HIDDEN, classes))
    weights = {
        "hidden": hidden * np.sqrt(2.0 / HIDDEN),
        "bias": np.zeros(HIDDEN),
        "out": out * np.sqrt(0.5 / HIDDEN),
        "shift": np.zeros(classes),
    }
    return {name: _singles(array) for name, array in weights.items()}


def batches(n: int, seed: int) -> list[np.ndarray]:
    """The rows of each step, all epochs in order."""
    rng = np.random.default_rng([seed, 0xBA])
    steps = []
    for _ in range(EPOCHS):
        order = rng.permutation(n)
        for i in range(0, n, BATCH):
            steps.append(order[i : i + BATCH])
    return steps


def outputs(parameters: dict[str, Any], x: Any) -> Any:
    """Scores (rows, classes) of one network."""
    import torch

    hidden = torch.tanh(x @ parameters["hidden"] + parameters["bias"])
    return hidden @ parameters["out"] + parameters["shift"]


def loss(parameters: dict[str, Any], x: Any, y: Any, w: Any) -> Any:
    """Mean cross-entropy over the examples that the subset holds, each as often as it holds it."""
    import torch

    logs = torch.log_softmax(outputs(parameters, x), dim=1)
    truth = torch.nn.functional.one_hot(y, logs.shape[1])
    log_likelihood = (logs * truth).sum(1)
    total = (w * log_likelihood).sum()
    return -total / w.sum().clamp(min=1.0)


def _singles(array: Floats) -> Any:
    """An array as a tensor in fp32."""
    import torch

    return torch.from_numpy(np.asarray(array, dtype=np.float32))


NETWORK = Learner(
    "network",
    "A small neural network by stochastic gradient descent, every subset from the same first weights.",
    scores,
    version=3,
)
