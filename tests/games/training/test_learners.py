"""Retraining many subsets at once gives what retraining each alone gives.

With scikit-learn where it has the learner.
"""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.errors import AblationError
from spexviz.games.training.learners import LEARNERS, logistic, network, ridge

SIZES = [(40, 8, 2), (12, 30, 3)]  # (examples, features, classes): primal, dual


def problem(n: int, d: int, classes: int, subsets: int = 9, seed: int = 0) -> tuple:
    """Features with a constant, labels, weights, tests.

    Rows of the weights: nothing, everything, one class alone, doubled, random.
    """
    rng = np.random.default_rng(seed)
    features = np.concatenate([rng.normal(size=(n, d - 1)), np.ones((n, 1))], axis=1)
    labels = rng.permutation(np.arange(n) % classes)
    weights = (rng.random((subsets, n)) < 0.6).astype(float)
    weights[0], weights[1], weights[2] = 0.0, 1.0, labels == 1
    weights[3, :4] = 2.0
    tests = np.concatenate([rng.normal(size=(5, d - 1)), np.ones((5, 1))], axis=1)
    return features, labels, weights, tests


@pytest.mark.parametrize(("n", "d", "classes"), SIZES)
@pytest.mark.parametrize("learner", LEARNERS)
def test_a_batch_is_each_subset_alone_and_a_left_out_example_changes_nothing(
    learner: str, n: int, d: int, classes: int
) -> None:
    features, labels, weights, tests = problem(n, d, classes)
    scores = LEARNERS[learner].scores
    found = scores(features, labels, classes, weights, tests, 0.3, 5)
    assert found.shape == (len(weights), 5, classes) and np.isfinite(found).all()
    assert np.allclose(found[4:5], scores(features, labels, classes, weights[4:5], tests, 0.3, 5), atol=1e-5)
    other, wrong = features.copy(), labels.copy()
    left = weights[4] == 0
    other[left], wrong[left] = -3.0, (labels[left] + 1) % classes
    other[:, -1] = 1.0
    again = scores(other, wrong, classes, weights[4:5], tests, 0.3, 5)
    assert np.allclose(found[4], again[0], atol=1e-5) and not np.allclose(found[4], found[5], atol=1e-3)
    assert scores(features, labels, classes, weights[:0], tests, 0.3, 5).shape == (0, 5, classes)


@pytest.mark.parametrize(("n", "d", "classes"), SIZES)
def test_ridge_is_scikit_learns(n: int, d: int, classes: int) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    features, labels, weights, tests = problem(n, d, classes)
    found = ridge.scores(features, labels, classes, weights, tests, 0.7)
    for row, asked in zip(found[1:], weights[1:], strict=True):
        kept = np.repeat(np.arange(n), asked.astype(int))  # doubled: there twice
        model = linear_model.Ridge(alpha=0.7, fit_intercept=False).fit(
            features[kept], np.eye(classes)[labels[kept]]
        )
        assert np.allclose(row, model.predict(tests), atol=1e-9)
    assert (found[0] == 0).all()


@pytest.mark.parametrize(("n", "d", "classes"), [(40, 8, 2), (12, 30, 2), (30, 5, 3)])
def test_logistic_is_scikit_learns(n: int, d: int, classes: int) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    features, labels, weights, tests = problem(n, d, classes)
    found = logistic.scores(features, labels, classes, weights, tests, 0.7)
    for row, asked in zip(found[3:], weights[3:], strict=True):
        kept = np.repeat(np.arange(n), asked.astype(int))
        for c in range(1, classes) if classes == 2 else range(classes):
            model = linear_model.LogisticRegression(
                C=1 / 0.7, fit_intercept=False, tol=1e-12, max_iter=10_000, solver="newton-cholesky"
            )
            logits = model.fit(features[kept], labels[kept] == c).decision_function(tests)
            assert np.allclose(row[:, 1] - row[:, 0] if classes == 2 else row[:, c], logits, atol=1e-6)
    assert np.allclose(found[0], 0.0, atol=1e-12)


def test_logistic_reaches_the_minimum_where_newtons_whole_step_would_not(monkeypatch) -> None:
    features, labels, weights, tests = problem(40, 6, 2, seed=3)
    features[:, :-1] *= 200.0  # far from the start: whole steps overshoot
    theta = logistic._fitted(features, np.where(labels == 1, 1.0, -1.0), weights, 1e-3)
    for w, t in zip(weights, theta, strict=True):
        signs = np.where(labels == 1, 1.0, -1.0)
        gradient = 1e-3 * t - (w * signs * logistic._sigmoid(-signs * (features @ t))) @ features
        assert np.abs(gradient).max() < 1e-6
    monkeypatch.setattr(logistic, "STEPS", 2)
    with pytest.raises(AblationError, match="raise the penalty"):
        logistic.scores(features, labels, 2, weights, tests, 1e-3)


def test_the_network_is_plain_sgd_on_the_subset_alone() -> None:
    """Against torch's own autograd and optimiser, one subset at a time, on the rows that it holds only."""
    import torch

    features, labels, weights, tests = problem(70, 6, 3, subsets=5)
    found = network.scores(features, labels, 3, weights, tests, 0.3, seed=4)
    for row, asked in zip(found, weights, strict=True):
        model = {name: value.double().requires_grad_() for name, value in network.initial(6, 3, 4).items()}
        optimiser = torch.optim.SGD(model.values(), lr=network.RATE)
        for rows in network.batches(70, 4):
            kept = np.repeat(rows, asked[rows].astype(int))
            if len(kept):
                optimiser.zero_grad()
                hidden = torch.tanh(torch.from_numpy(features[kept]) @ model["hidden"] + model["bias"])
                torch.nn.functional.cross_entropy(
                    hidden @ model["out"] + model["shift"], torch.from_numpy(labels[kept])
                ).backward()
                optimiser.step()
                for value in model.values():
                    value.data /= 1 + network.RATE * 0.3 / 70  # the decay, implicit
        hidden = torch.tanh(torch.from_numpy(tests) @ model["hidden"] + model["bias"])
        assert np.allclose(row, (hidden @ model["out"] + model["shift"]).detach().numpy(), atol=1e-3)
    assert not np.allclose(found, network.scores(features, labels, 3, weights, tests, 0.3, seed=5), atol=1e-2)


def test_no_penalty_is_too_large_for_the_network() -> None:
    features, labels, weights, tests = problem(16, 6, 3, subsets=5)
    sizes = [
        np.abs(network.scores(features, labels, 3, weights[1:], tests, penalty)).max()
        for penalty in (1.0, 1e2, 1e4, 1e6)
    ]
    assert sizes[0] > sizes[1] > sizes[2] > sizes[3] >= 0 and sizes[3] < 0.1


@pytest.mark.parametrize("learner", [ridge, logistic])
def test_many_wide_examples_are_taken_in_portions(learner, monkeypatch: pytest.MonkeyPatch) -> None:
    given = problem(40, 6, 3, subsets=5)
    whole = learner.scores(*given[:2], 3, *given[2:], 0.3)
    monkeypatch.setattr(ridge, "PRODUCTS", 7 * 21)
    assert np.allclose(learner.scores(*given[:2], 3, *given[2:], 0.3), whole)
