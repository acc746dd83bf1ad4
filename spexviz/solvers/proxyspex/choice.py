"""Step 4 of ProxySPEX: how many interactions, with which prior and noise, or none, by cross-validation.

The trees are grown anew in each fold: candidates that have seen the fold would be flattered by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Masks, Values
from spexviz.solvers.base import in_threads
from spexviz.solvers.proxyspex.stage import MANY, Stage

POWERS = (1.5, 2.0, 1.0)  # of the prior
NOISES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # λ: variance of the noise over that of the prior
QUIET = (1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.05)  # λ tried where the least of NOISES is the best
SIZES = (1, 2, 5, 10, 25, 50, 100, 200, 500, 1000)
FEW_MASKS = 40


@dataclass(frozen=True)
class Choice:
    """What cross-validation found best: mean squared errors, number of terms, prior power and λ.

    `gain`: how much less the error is than that of Linear, in standard errors of the difference over the
    masks; `refit`: whether the terms are solved again, or are best as the trees have them.
    """

    linear_error: float
    error: float
    gain: float
    size: int
    power: float
    noise: float
    refit: bool


@dataclass(frozen=True, order=True)
class _Tried:
    """A prior power and λ with their squared error over all folds: the least is the best."""

    error: float
    power: float
    noise: float


@dataclass(frozen=True)
class _ErrorsBySize:
    """Squared errors (sizes, rows) of fits cut to so many interactions: solved again, or the trees alone."""

    refit: Floats
    alone: Floats


@dataclass(frozen=True)
class _Fold:
    """A stage on the training part of a split, and what judges it: columns and values of the other rows.

    `linear_errors` (rows,): squared errors of the linear part there.
    """

    stage: Stage
    columns: Floats
    values: Values
    linear_errors: Floats

    @classmethod
    def of(cls, masks: Masks, values: Values, test: Bools, max_order: int, seed: int) -> _Fold:
        training = ~test
        stage = Stage.on(masks[training], values[training], max_order, seed)
        unseen = masks[test]
        truth = values[test]
        columns = stage.found.columns(unseen)
        linear_errors = (stage.linear(unseen) - truth) ** 2
        return cls(stage, columns, truth, linear_errors)

    def errors(self, coefficients: Floats) -> Floats:
        """(rows,) for coefficients (n + k,); (j, rows) for (n + k, j)."""
        guess = self.stage.ridge.predict(self.columns, coefficients)
        return (guess.T - self.values) ** 2

    def errors_of_trees(self, size: int) -> Floats:
        constant, coefficients = self.stage.trees_alone(size)
        guess = constant + self.columns @ coefficients
        return (guess - self.values) ** 2

    def errors_by_size(self, power: float, noise: float, sizes: Sequence[int]) -> _ErrorsBySize:
        [full] = self.stage.full(power, [noise]).T
        refit = []
        alone = []
        for size in sizes:
            cut = self.stage.cut(full, power, noise, size)
            refit.append(self.errors(cut))
            alone.append(self.errors_of_trees(size))
        return _ErrorsBySize(np.stack(refit), np.stack(alone))


def choose(masks: Masks, values: Values, max_order: int, terms: int, seed: int) -> Choice:
    """The number of interactions (at most `terms`), prior and λ with the least error on masks left out."""
    folds = _folds(masks, values, max_order, seed)
    best = _prior_and_noise(folds)
    tried = (*SIZES, terms)
    sizes = sorted({min(size, terms) for size in tried})

    def by_size(fold: _Fold) -> _ErrorsBySize:
        return fold.errors_by_size(best.power, best.noise, sizes)

    errors = in_threads(by_size, folds)
    # (sizes, m): one squared error a mask, left out of its own fit
    refit = np.hstack([of_fold.refit for of_fold in errors])
    alone = np.hstack([of_fold.alone for of_fold in errors])
    linear = np.hstack([fold.linear_errors for fold in folds])

    of_refit = refit.mean(1)
    of_trees = alone.mean(1)
    trees_win = of_trees.min() < of_refit.min()
    by_mask = alone if trees_win else refit
    at = int(np.argmin(of_trees if trees_win else of_refit))
    left = by_mask[at]

    saved = linear - left
    standard_error = saved.std() / np.sqrt(len(masks))
    gain = float(saved.mean() / max(standard_error, 1e-300))
    linear_error = float(linear.mean())
    error = float(left.mean())
    return Choice(linear_error, error, gain, sizes[at], best.power, best.noise, not trees_win)


def _folds(masks: Masks, values: Values, max_order: int, seed: int) -> list[_Fold]:
    m, n = masks.shape
    count = _fold_count(m, n)
    labels = np.arange(m) % count
    shuffled = np.random.default_rng(seed).permutation(labels)

    def fold(k: int) -> _Fold:
        return _Fold.of(masks, values, shuffled == k, max_order, seed)

    return in_threads(fold, range(count))


def _fold_count(m: int, n: int) -> int:
    """Four with few masks, three with many players, where a fit takes long; else five."""
    if m < FEW_MASKS:
        return 4
    return 5 if n <= MANY else 3


def _prior_and_noise(folds: list[_Fold]) -> _Tried:
    """The prior's power and λ with the least error over the folds, all candidates in.

    λ for the first power, then the other powers with the λ beside it.
    """
    first, *others = POWERS
    best = _tried(folds, first, NOISES)
    if best.noise == NOISES[0]:
        best = min(best, _tried(folds, first, QUIET))
    every = sorted({*NOISES, *QUIET})
    at = every.index(best.noise)
    first_near = max(0, at - 1)
    near = every[first_near : at + 2]
    for power in others:
        best = min(best, _tried(folds, power, near))
    return best


def _tried(folds: list[_Fold], power: float, noises: Sequence[float]) -> _Tried:
    """The best of some λ for a prior power."""

    def fold_errors(fold: _Fold) -> Floats:
        coefficients = fold.stage.full(power, noises)
        return fold.errors(coefficients).sum(1)

    by_fold = in_threads(fold_errors, folds)
    errors = sum(by_fold, start=np.zeros(len(noises)))
    best = int(np.argmin(errors))
    least = float(errors.min())
    return _Tried(least, power, noises[best])
