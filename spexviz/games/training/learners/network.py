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
    held = (
        4 * parameters + BATCH * HIDDEN
    )  # floats of a subset: a few times its parameters, and its hidden layer
    portion = max(1, CELLS // held)
    asked = torch.from_numpy(np.asarray(tests, dtype=np.float32))
    of_each = torch.func.vmap(outputs, in_dims=(0, None))
    parts = []
    for start in range(0, len(weights), portion):
        trained = train(features, labels, classes, weights[start : start + portion], penalty, seed)
        parts.append(of_each(trained, asked).double().numpy())
    if not parts:
        return np.zeros((0, len(tests), classes))
    return np.concatenate(parts)


def train(
    features: Floats, labels: np.ndarray, classes: int, weights: Floats, penalty: float, seed: int
) -> dict[str, Any]:
    """The trained parameters of every subset, stacked: {name: (subsets, …)}."""
    import torch

    x = torch.from_numpy(np.asarray(features, dtype=np.float32))
    y = torch.from_numpy(np.asarray(labels, dtype=np.int64))
    w = torch.from_numpy(np.asarray(weights, dtype=np.float32))
    first = initial(features.shape[1], classes, seed)
    stacked = {name: value.expand(len(weights), *value.shape).clone() for name, value in first.items()}
    gradients = torch.func.vmap(torch.func.grad(loss), in_dims=(0, None, None, 0))
    decay = penalty / len(features)
    for rows in batches(len(features), seed):
        held = w[:, rows]
        gradient = gradients(stacked, x[rows], y[rows], held)
        rates = RATE * (held.sum(1) > 0)  # no step for a subset that holds none of the batch
        for name, value in stacked.items():
            rate = rates.view(-1, *[1] * (value.dim() - 1))
            # the decay is taken at the end of the step (implicit): no penalty is too large for it
            stacked[name] = (value - rate * gradient[name]) / (1 + rate * decay)
    return stacked


def initial(width: int, classes: int, seed: int) -> dict[str, Any]:
    """The first weights, the same for every subset."""
    import torch

    rng = np.random.default_rng([seed, 0x4E])
    hidden = rng.normal(size=(width, HIDDEN)) * np.sqrt(2.0 / HIDDEN)
    out = rng.normal(size=(HIDDEN, classes)) * np.sqrt(0.5 / HIDDEN)
    return {
        "hidden": torch.from_numpy(hidden.astype(np.float32)),
        "bias": torch.zeros(HIDDEN, dtype=torch.float32),
        "out": torch.from_numpy(out.astype(np.float32)),
        "shift": torch.zeros(classes, dtype=torch.float32),
    }


def batches(n: int, seed: int) -> list[np.ndarray]:
    """The rows of each step, all epochs in order."""
    rng = np.random.default_rng([seed, 0xBA])
    orders = [rng.permutation(n) for _ in range(EPOCHS)]
    return [order[i : i + BATCH] for order in orders for i in range(0, n, BATCH)]


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
    return -(w * log_likelihood).sum() / w.sum().clamp(min=1.0)


NETWORK = Learner(
    "network",
    "A small neural network by stochastic gradient descent, every subset from the same first weights.",
    scores,
    version=2,
)
