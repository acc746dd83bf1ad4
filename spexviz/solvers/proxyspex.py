"""ProxySPEX: boosted trees find the interactions, a ridge regression weighs them.

1. Boosted trees are fitted to the values, after their linear part is taken out.
2. The exact spectrum of the trees names candidate interactions and how large each is likely to be.
3. A ridge regression on constant + players + candidates, each with a prior variance ∝ |tree coefficient|^power.
4. Only the largest terms are kept, and solved again. How many, and whether at all, is chosen by cross-validation in which
   the trees are grown anew in each fold (candidates that have seen the fold would be flattered by it), against Linear.

Source: Butler et al., NeurIPS 2025 (arXiv 2505.17495). Step 3's prior, step 4's honest choice and the linear part are ours.
Left out: the adaptive extra ablations of the article's second stage (spexviz.validate does that check, on any solver).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from spexviz.errors import SolverError
from spexviz.masks import Masks, Values
from spexviz.solvers.base import AnyMasks, Design, checked
from spexviz.solvers.linear import Linear
from spexviz.solvers.sparse import Candidates, Floats, Ridge, largest
from spexviz.solvers.trees import Boosting, boost, fourier, read_forest
from spexviz.spectrum import Spectrum

SETTINGS = (Boosting(4, 0.1, 200, 0.5), Boosting(8, 0.05, 300, 0.5), Boosting(16, 0.05, 250, 0.5))
POWERS = (1.5, 1.0, 2.0)  # of the prior, the first also for comparing settings
NOISES = (1e-9, 1e-5, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.4, 0.8, 1.6)  # λ: variance of the noise over that of the prior
CANDIDATES = 1000
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
FEWEST = 12  # masks: below, no fold could tell an interaction from noise


@dataclass(frozen=True)
class ProxySPEX(AnyMasks):
    """Sparse spectrum by boosted trees: interactions up to `max_order`, at most `terms` of order 2 or more beside constant and players."""

    name: ClassVar[str] = "proxyspex"
    title: ClassVar[str] = "ProxySPEX"
    summary: ClassVar[str] = "Boosted trees find the interactions, ridge regression weighs them. Fits any masks; good from a few hundred on."

    max_order: int = field(default=5, metadata={"help": "Largest number of players in one interaction"})
    terms: int = field(default=200, metadata={"help": "Most interactions kept"})

    def __post_init__(self) -> None:
        if self.max_order < 1 or self.terms < 0:
            raise SolverError(f"ProxySPEX needs max_order ≥ 1 and terms ≥ 0, not {self.max_order} and {self.terms}.")

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The sparse spectrum of the values. Raises SolverError for values that are not finite or do not match the masks."""
        masks, values = checked(design, values)
        scale = float(np.abs(values - values.mean()).max())
        if scale <= 1e-12 * max(1.0, float(np.abs(values).max())):
            return Spectrum(masks.shape[1], {(): float(values.mean())}, notes={"trees": "none: the values are constant"})
        linear = Linear().fit(design, values)
        if masks.shape[1] < 2 or len(values) < FEWEST or self.terms == 0 or self.max_order < 2:
            return _pruned(linear, scale, {"trees": "none: too few masks or players for interactions", "terms kept": 0})
        search = _Search(masks, values, self.max_order, self.terms, seed)
        return search.run(linear, scale)


class _Fold:
    """One split: trees grown on the training part only, and the errors of fits on the rest."""

    def __init__(self, masks: Masks, values: Values, test: Floats):
        self.masks, self.values = masks[~test], values[~test]
        self.test_masks, self.test_values = masks[test], values[test]
        self.linear = Linear().fit(Design(self.masks), self.values)
        self.linear_error = float(((self.linear(self.test_masks) - self.test_values) ** 2).sum())

    def errors(self, predicted: Floats) -> Floats:
        return ((predicted - self.test_values[:, None]) ** 2).sum(0)


class _Search:
    def __init__(self, masks: Masks, values: Values, max_order: int, terms: int, seed: int):
        self.masks, self.values, self.max_order, self.terms, self.seed = masks, values, max_order, terms, seed
        m = len(values)
        count = 5 if m >= 40 else 4
        label = np.random.default_rng(seed).permutation(np.arange(m) % count)
        self.folds = [_Fold(masks, values, label == k) for k in range(count)]
        self.noises = np.array(NOISES)

    def candidates(self, masks: Masks, residual: Values, setting: Boosting) -> Candidates:
        members, coefficients = fourier(read_forest(boost(masks, residual, setting, self.seed)), masks.shape[1], self.max_order)
        return largest(masks.shape[1], members, coefficients, CANDIDATES)

    def run(self, linear: Spectrum, scale: float) -> Spectrum:
        m = len(self.values)
        linear_error = sum(fold.linear_error for fold in self.folds) / m
        best = None
        for setting in SETTINGS:
            fits = []
            for fold in self.folds:
                found = self.candidates(fold.masks, fold.values - fold.linear(fold.masks), setting)
                fits.append((found, Ridge(found.columns(fold.masks), fold.values), found.columns(fold.test_masks)))
            error = self.path(fits, POWERS[0])
            if best is None or error.min() < best[0].min():
                best = (error, setting, fits, POWERS[0])
        _, setting, fits, _ = best
        for power in POWERS[1:]:
            error = self.path(fits, power)
            if error.min() < best[0].min():
                best = (error, setting, fits, power)
        error, setting, fits, power = best
        size, noise, cut_error = self.cut(fits, power, int(np.argmin(error)))
        notes = {"linear CV error": linear_error, "CV error": cut_error}
        if not cut_error < linear_error:
            return _pruned(linear, scale, {**notes, "CV error": linear_error, "trees": "none: no better than linear", "terms kept": 0})
        found = self.candidates(self.masks, self.values - linear(self.masks), setting)
        ridge = Ridge(found.columns(self.masks), self.values)
        solution = _cut(ridge, found, power, [noise], size)[:, 0]
        terms = [((), ridge.constant(solution)), *(((i,), c) for i, c in enumerate(solution[: found.n]))]
        terms += [(tuple(int(p) for p in row if p >= 0), c) for row, c in zip(found.members, solution[found.n :], strict=True) if c != 0]
        notes |= {
            "trees": f"{setting.rounds} × {setting.leaves} leaves, rate {setting.rate:g}",
            "terms kept": size,
            "refit": "kept",
            "power": power,
            "lambda": noise,
        }
        return _pruned(Spectrum(found.n, terms), scale, notes)

    def path(self, fits, power: float) -> Floats:
        """Mean squared error of each λ over the folds, all candidates in."""
        total = 0.0
        for fold, (found, ridge, columns) in zip(self.folds, fits, strict=True):
            total = total + fold.errors(ridge.predict(columns, ridge.solve(found.prior(power), self.noises)))
        return total / len(self.values)

    def cut(self, fits, power: float, at: int) -> tuple[int, float, float]:
        """The number of terms and λ with the least error over the folds, near the λ that is best for all candidates."""
        sizes = sorted({min(size, self.terms) for size in SIZES})
        noises = self.noises[max(0, at - 1) : at + 2]
        total = np.zeros((len(sizes), len(noises)))
        for fold, (found, ridge, columns) in zip(self.folds, fits, strict=True):
            share = noises
            for i, size in enumerate(sizes):
                total[i] += fold.errors(ridge.predict(columns, _cut(ridge, found, power, share, size)))
        i, j = np.unravel_index(int(np.argmin(total)), total.shape)
        return sizes[i], float(noises[j]), float(total[i, j] / len(self.values))


def _cut(ridge: Ridge, found: Candidates, power: float, noises, size: int) -> Floats:
    """Solve with all candidates, keep the `size` largest, solve again."""
    weight = found.prior(power)
    full = ridge.solve(weight, noises)
    out = np.empty_like(full)
    for j, noise in enumerate(noises):
        top = np.argsort(-np.abs(full[found.n :, j]), kind="stable")[:size] + found.n
        out[:, j] = ridge.solve(weight, [noise], np.concatenate([np.arange(found.n), np.sort(top)]))[:, 0]
    return out


def _pruned(spectrum: Spectrum, scale: float, notes: dict) -> Spectrum:
    """Without the coefficients that are rounding: below 1e-6 of the values' largest deviation. The constant stays."""
    keep = [(term, value) for term, value in zip(spectrum.terms, spectrum.values, strict=True) if not term or abs(value) > 1e-6 * scale]
    return Spectrum(spectrum.n, keep, notes={**spectrum.notes, **notes})
