"""Ridge regression on chosen interactions, with a prior variance for each: the second half of ProxySPEX.

y = c + Σ_S F(S) χ_S + noise, with F(S) ~ N(0, w_S), Σ w_S = 1 and noise variance λ in the same unit:
generalised ridge. It is solved in the smaller of its two forms (terms × terms or masks × masks) by Cholesky.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats, Ints
from spexviz.masks import Masks, Values, padded_holders
from spexviz.solvers.base import signs
from spexviz.solvers.regression import least_squares
from spexviz.spectrum import characters


@dataclass(frozen=True)
class Candidates:
    """Interactions of order ≥ 2 worth a coefficient, largest first.

    `members` (k, w) padded with −1; `guess` (k,) of their coefficients; `low` (1 + n,): guesses of the
    constant and of every player.
    """

    n: int
    members: Ints
    guess: Floats
    low: Floats

    def columns(self, masks: Masks) -> Floats:
        """The players' signs and the candidates' characters: (b, n + k) of ±1."""
        sets = padded_holders(self.members, self.n)
        products = characters(masks, sets).astype(np.float64)
        return np.hstack([signs(masks), products])

    def prior(self, power: float) -> Floats:
        """Prior variances (n + k,), sum 1: |guess|^power for candidates, the largest of these for players."""
        candidates = np.abs(self.guess) ** power
        largest = candidates.max(initial=0.0) or 1.0
        players = np.full(self.n, largest)
        weight = np.concatenate([players, candidates])
        return weight / weight.sum()

    def __len__(self) -> int:
        return len(self.guess)


def largest(n: int, members: Ints, coefficients: Floats, count: int) -> Candidates:
    """The `count` largest coefficients of order ≥ 2; ties go to the term that comes first by its members."""
    order = (members >= 0).sum(1)
    low = np.zeros(1 + n)
    low[0] = coefficients[order == 0].sum()
    single = order == 1
    players = members[single, :1].ravel()
    low[1 + players] = coefficients[single]
    real = coefficients != 0
    wide = np.flatnonzero(real & (order >= 2))
    ties = members[wide].T[::-1]
    size = np.abs(coefficients[wide])
    largest_first = np.lexsort((*ties, -size))
    chosen = wide[largest_first[:count]]
    return Candidates(n, members[chosen], coefficients[chosen], low)


class Ridge:
    """Generalised ridge on fixed columns (m, k) and values (m,), a free constant; for any prior and noise."""

    def __init__(self, columns: Floats, values: Values):
        self.middle = columns.mean(0)
        self.mean = float(values.mean())
        self.columns = columns - self.middle
        self.target = values - self.mean

    def solve(self, weight: Floats, noises: Sequence[float], chosen: Ints | None = None) -> Floats:
        """Coefficients (k, len(noises)) for prior variances `weight` (k,), zero outside `chosen` positions.

        With X scaled by √weight, they are √weight · (XᵀX + λ)⁻¹ Xᵀy = √weight · Xᵀ (X Xᵀ + λ)⁻¹ y: the
        smaller system is solved.
        """
        k = self.columns.shape[1]
        if chosen is None:
            chosen = np.arange(k)
        root = np.sqrt(weight[chosen])
        scaled = self.columns[:, chosen] * root
        m, terms = scaled.shape
        out = np.zeros((k, len(noises)))
        if terms > m:
            gram = scaled @ scaled.T
            for j, noise in enumerate(noises):
                answer = scaled.T @ _solve(gram, noise, self.target)
                out[chosen, j] = root * answer
        else:
            gram = scaled.T @ scaled
            right = scaled.T @ self.target
            for j, noise in enumerate(noises):
                answer = _solve(gram, noise, right)
                out[chosen, j] = root * answer
        return out

    def predict(self, columns: Floats, coefficients: Floats) -> Floats:
        """Values (b, j) of the fits (k, j) on other columns (b, k)."""
        return (columns - self.middle) @ coefficients + self.mean

    def constant(self, coefficients: Floats) -> float:
        """The constant of the fit with these coefficients (k,)."""
        return float(self.mean - self.middle @ coefficients)


def _solve(gram: Floats, noise: float, right: Floats) -> Floats:
    """(gram + noise)⁻¹ right, by Cholesky."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    damped = _damped(gram, noise)
    try:
        factor = cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
        return cho_solve(factor, right, check_finite=False)
    except LinAlgError:  # rounding made a tiny eigenvalue negative
        scale = np.trace(gram) + 1.0
        more = noise + 1e-10 * scale
        return least_squares(_damped(gram, more), right)


def _damped(gram: Floats, noise: float) -> Floats:
    """A copy with the noise added to its diagonal."""
    damped = gram.copy()
    damped[np.diag_indices_from(damped)] += noise
    return damped
