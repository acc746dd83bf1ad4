"""ProxySPEX: boosted trees find the interactions, a ridge regression weighs them.

1. Boosted trees are fitted to the values, after their linear part is taken out.
2. The exact spectrum of the trees names candidate interactions and how large each is likely to be.
3. A ridge regression on constant + players + candidates, each with a prior variance ∝ |tree
coefficient|^power.
4. Only the largest terms are kept, and solved again. How many, and whether at all, is chosen by
cross-validation in which
   the trees are grown anew in each fold (candidates that have seen the fold would be flattered by it),
   against Linear.

Source: Butler et al., NeurIPS 2025 (arXiv 2505.17495). Step 3's prior, step 4's honest choice and the linear
part are ours. Left out: the adaptive extra ablations of the article's second stage (spexviz.validate does
that check, on any solver).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Masks, Values, is_complete
from spexviz.metrics import constant
from spexviz.solvers.base import Design, Sparse, checked, in_threads
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.trees import Boosting, boost, fourier, read_forest
from spexviz.solvers.sparse import Ridge, largest
from spexviz.spectrum import Spectrum

# their mean is better than the better of the two
COMMITTEE = (Boosting(8, 0.1, 150), Boosting(16, 0.1, 120, players=0.5))
COMMITTEE_OF_MANY = (Boosting(8, 0.15, 80, players=0.5),)  # a round costs time in proportion to the players
MANY = 96  # players
POWERS = (1.5, 2.0, 1.0)  # of the prior
NOISES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # λ: variance of the noise over that of the prior
QUIET = (1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.05)  # λ tried where the least of NOISES is the best
CANDIDATES = 1000
SIZES = (1, 2, 5, 10, 25, 50, 100, 200, 500, 1000)
ROUNDING = 1e-6  # of the largest deviation of a value from the mean
# standard errors by which interactions must beat Linear: the best of many fits looks better than it is
GAIN = 1.5
FEWEST = 12  # masks: below, no fold could tell an interaction from noise


@dataclass(frozen=True)
class ProxySPEX(Sparse):
    """Sparse spectrum by boosted trees: interactions up to `max_order`, at most `terms` of order 2 or more beside constant and players."""

    name: ClassVar[str] = "proxyspex"
    place: ClassVar[int] = 1
    title: ClassVar[str] = "ProxySPEX"
    seconds_of_work: ClassVar[float] = 0.6
    summary: ClassVar[str] = (
        "Boosted trees find the interactions, ridge regression weighs them. Fits any masks; good from a few hundred on."
    )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The sparse spectrum of the values.

        Raises SolverError for values that are not finite or do not match the masks.
        """
        masks, values = checked(design, values)
        m, n = masks.shape
        if constant(values):
            return Spectrum(
                n,
                {(): float(values.mean())},
                notes={"trees": "none: the values are constant", "terms kept": 0},
            )
        scale = float(np.abs(values - values.mean()).max())
        if is_complete(masks):
            whole = Spectrum.of_all(masks, values).truncate(order=self.max_order)
            return _pruned(_capped(whole, self.terms), scale, {"trees": "none: all masks were asked"})
        linear = Linear().fit(design, values)
        if n < 2 or m < FEWEST or self.terms == 0 or self.max_order < 2:
            return _pruned(linear, scale, {"trees": "none: too few masks, players or terms for interactions"})
        if m > n + 1 and np.abs(values - linear(masks)).max() <= ROUNDING * scale:
            return _pruned(linear, scale, {"trees": "none: the values are linear"})
        choice = _choose(masks, values, self.max_order, self.terms, seed)
        notes = {"linear CV error": choice.linear_error, "CV error": choice.error}
        if choice.gain < GAIN:
            return _pruned(
                linear,
                scale,
                {**notes, "CV error": choice.linear_error, "trees": "none: not clearly better than linear"},
            )
        committee = COMMITTEE if n <= MANY else COMMITTEE_OF_MANY
        notes["trees"] = " + ".join(f"{s.rounds} of {s.leaves} leaves at rate {s.rate:g}" for s in committee)
        notes |= {"refit": "kept" if choice.refit else "dropped: the trees alone have less CV error"}
        if choice.refit:
            notes |= {"prior power": choice.power, "lambda": choice.noise}
        return _pruned(_fitted(masks, values, self.max_order, choice, seed), scale, notes)


class _Stage:
    """Trees and ridge on some masks: the whole fit on all of them, or the training part of a fold."""

    def __init__(self, masks: Masks, values: Values, max_order: int, seed: int):
        n = masks.shape[1]
        self.linear = Linear().fit(Design(masks), values)
        committee = COMMITTEE if n <= MANY else COMMITTEE_OF_MANY
        residual = values - self.linear(masks)
        spread = float(residual.std()) or 1.0  # LightGBM counts gains below 1e-15 as none
        forest = read_forest(*(boost(masks, residual / spread, setting, seed) for setting in committee))
        members, coefficients = fourier(forest, n, max_order)
        self.found = largest(n, members, coefficients * (spread / len(committee)), CANDIDATES)
        self.ridge = Ridge(self.found.columns(masks), values)

    def full(self, power: float, noises: Floats) -> Floats:
        """Coefficients (n + k, len(noises)) with every candidate in."""
        return self.ridge.solve(self.found.prior(power), noises)

    def cut(self, full: Floats, power: float, noise: float, size: int) -> Floats:
        """The coefficients solved again with only the `size` candidates that are largest in `full` (n + k,)."""
        n = self.found.n
        top = np.argsort(-np.abs(full[n:]), kind="stable")[:size] + n
        return self.ridge.solve(
            self.found.prior(power), [noise], np.concatenate([np.arange(n), np.sort(top)])
        )[:, 0]

    def trees_alone(self, size: int) -> tuple[float, Floats]:
        """Constant and coefficients (n + k,) as the trees have them, without a refit: the linear part + the `size` largest."""
        dense = np.zeros(1 + self.found.n)
        for term, value in zip(self.linear.terms, self.linear.values, strict=True):
            dense[1 + term[0] if term else 0] = value
        dense += self.found.low
        return dense[0], np.concatenate(
            [dense[1:], np.where(np.arange(len(self.found)) < size, self.found.guess, 0.0)]
        )


class _Fold(_Stage):
    """A stage on the training part of a split, and the squared errors of its fits on the rest."""

    def __init__(self, masks: Masks, values: Values, test: Bools, max_order: int, seed: int):
        super().__init__(masks[~test], values[~test], max_order, seed)
        self.test_values = values[test]
        self.test_columns = self.found.columns(masks[test])
        self.linear_errors = (self.linear(masks[test]) - self.test_values) ** 2

    def errors(self, coefficients: Floats) -> Floats:
        """(rows,) for coefficients (n + k,); (j, rows) for (n + k, j)."""
        return (self.ridge.predict(self.test_columns, coefficients).T - self.test_values) ** 2

    def errors_of_trees(self, size: int) -> Floats:
        constant, coefficients = self.trees_alone(size)
        return (constant + self.test_columns @ coefficients - self.test_values) ** 2


@dataclass(frozen=True)
class _Choice:
    """What cross-validation found best: mean squared errors, number of terms, prior power and λ, or the trees alone.

    `gain`: how much less the error is than that of Linear, in standard errors of the difference over the
    masks.
    """

    linear_error: float
    error: float
    gain: float
    size: int
    power: float
    noise: float
    refit: bool


def _choose(masks: Masks, values: Values, max_order: int, terms: int, seed: int) -> _Choice:
    m, n = masks.shape
    count = 4 if m < 40 else 5 if n <= MANY else 3
    label = np.random.default_rng(seed).permutation(np.arange(m) % count)
    folds = in_threads(lambda k: _Fold(masks, values, label == k, max_order, seed), range(count))
    power, noise = _prior_and_noise(folds)
    sizes = sorted({min(size, terms) for size in (*SIZES, terms)})

    def errors(fold: _Fold) -> tuple[list[Floats], list[Floats]]:
        full = fold.full(power, [noise])[:, 0]
        return [fold.errors(fold.cut(full, power, noise, size)) for size in sizes], [
            fold.errors_of_trees(size) for size in sizes
        ]

    refit, alone = zip(*in_threads(errors, folds), strict=True)
    # (sizes, m): one squared error a mask, left out of its own fit
    refit, alone = np.hstack(refit), np.hstack(alone)
    best = alone if alone.mean(1).min() < refit.mean(1).min() else refit
    at = int(np.argmin(best.mean(1)))
    linear = np.hstack([fold.linear_errors for fold in folds])
    saved = linear - best[at]
    gain = float(saved.mean() / max(saved.std() / np.sqrt(m), 1e-300))
    return _Choice(float(linear.mean()), float(best[at].mean()), gain, sizes[at], power, noise, best is refit)


def _prior_and_noise(folds: list[_Fold]) -> tuple[float, float]:
    """The prior's power and λ with the least error over the folds, all candidates in."""

    def tried(power: float, noises: tuple[float, ...]) -> tuple[float, float, float]:
        errors = sum(in_threads(lambda fold: fold.errors(fold.full(power, noises)).sum(1), folds))
        return float(errors.min()), power, noises[int(np.argmin(errors))]

    best = tried(POWERS[0], NOISES)
    if best[2] == NOISES[0]:
        best = min(best, tried(POWERS[0], QUIET))
    every = sorted({*NOISES, *QUIET})
    at = every.index(best[2])
    near = tuple(every[max(0, at - 1) : at + 2])
    return min([best, *(tried(power, near) for power in POWERS[1:])])[1:]


def _fitted(masks: Masks, values: Values, max_order: int, choice: _Choice, seed: int) -> Spectrum:
    """The chosen fit on all masks."""
    stage = _Stage(masks, values, max_order, seed)
    if choice.refit:
        coefficients = stage.cut(
            stage.full(choice.power, [choice.noise])[:, 0], choice.power, choice.noise, choice.size
        )
        constant = stage.ridge.constant(coefficients)
    else:
        constant, coefficients = stage.trees_alone(choice.size)
    found = stage.found
    terms = [((), constant), *(((i,), c) for i, c in enumerate(coefficients[: found.n]))]
    kept = np.flatnonzero(coefficients[found.n :])
    terms += [(tuple(int(p) for p in found.members[j] if p >= 0), coefficients[found.n + j]) for j in kept]
    return Spectrum(found.n, terms)


def _capped(spectrum: Spectrum, terms: int) -> Spectrum:
    """Without the smallest terms of order ≥ 2, so that at most `terms` of them stay."""
    size = np.where(spectrum.orders >= 2, np.abs(spectrum.values), np.inf)
    keep = np.sort(np.argsort(-size, kind="stable")[: terms + int((spectrum.orders < 2).sum())])
    return Spectrum(spectrum.n, [(spectrum.terms[j], spectrum.values[j]) for j in keep])


def _pruned(spectrum: Spectrum, scale: float, notes: dict[str, float | str]) -> Spectrum:
    """Without the coefficients that are rounding: below ROUNDING of the values' largest deviation.

    The constant stays.
    """
    keep = [
        (term, value)
        for term, value in zip(spectrum.terms, spectrum.values, strict=True)
        if not term or abs(value) > ROUNDING * scale
    ]
    interactions = sum(len(term) > 1 for term, _ in keep)
    return Spectrum(spectrum.n, keep, notes={**spectrum.notes, **notes, "terms kept": interactions})
