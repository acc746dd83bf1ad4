"""Ridge regression on chosen interactions, with a prior variance for each: the second half of ProxySPEX.

y = c + Σ_S F(S) χ_S + noise, with F(S) ~ N(0, w_S), Σ w_S = 1 and noise variance λ in the same unit:
generalised ridge. It is solved in the smaller of its two forms (terms × terms or masks × masks) by Cholesky.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats, Ints
from spexviz.masks import Masks, Values
from spexviz.solvers.proxyspex.trees import membership
from spexviz.spectrum import characters


@dataclass(frozen=True)
class Candidates:
    """Interactions of order ≥ 2 worth a coefficient, largest first: members (k, w) padded with −1, and their guesses (k,).

    `low`: guesses of the constant and of every player, (1 + n,).
    """

    n: int
    members: Ints
    guess: Floats
    low: Floats

    def columns(self, masks: Masks) -> Floats:
        """The players' signs and the candidates' characters: (b, n + k) of ±1."""
        return np.hstack(
            [1.0 - 2.0 * masks, characters(masks, membership(self.members, self.n)).astype(np.float64)]
        )

    def prior(self, power: float) -> Floats:
        """Prior variances (n + k,), sum 1: |guess|^power for a candidate, that of the largest candidate for every player."""
        size = np.abs(self.guess) ** power
        weight = np.concatenate([np.full(self.n, size.max(initial=0.0) or 1.0), size])
        return weight / weight.sum()

    def __len__(self) -> int:
        return len(self.guess)


def largest(n: int, members: Ints, coefficients: Floats, count: int) -> Candidates:
    """The `count` largest coefficients of order ≥ 2; ties go to the term that comes first by its members."""
    order = (members >= 0).sum(1)
    low = np.zeros(1 + n)
    low[0] = coefficients[order == 0].sum()
    low[1 + members[order == 1, :1].ravel()] = coefficients[order == 1]
    chosen = np.flatnonzero((order >= 2) & (coefficients != 0))
    ties = members[chosen].T[::-1]
    chosen = chosen[np.lexsort((*ties, -np.abs(coefficients[chosen])))][:count]
    return Candidates(n, members[chosen], coefficients[chosen], low)


class Ridge:
    """Generalised ridge on fixed columns (m, k) and values (m,), a free constant; solved for any prior and noise."""

    def __init__(self, columns: Floats, values: Values):
        self.middle, self.mean = columns.mean(0), float(values.mean())
        self.columns, self.target = columns - self.middle, values - self.mean

    def solve(self, weight: Floats, noises: Sequence[float], chosen: Ints | None = None) -> Floats:
        """Coefficients (k, len(noises)) for the prior variances `weight`; zero outside `chosen` (positions of columns)."""
        chosen = np.arange(self.columns.shape[1]) if chosen is None else chosen
        root = np.sqrt(weight[chosen])
        scaled = self.columns[:, chosen] * root
        out = np.zeros((self.columns.shape[1], len(noises)))
        wide = scaled.shape[1] > scaled.shape[0]
        gram = scaled @ scaled.T if wide else scaled.T @ scaled
        right = self.target if wide else scaled.T @ self.target
        for j, noise in enumerate(noises):
            answer = _solve(gram, noise, right)
            out[chosen, j] = root * (scaled.T @ answer if wide else answer)
        return out

    def predict(self, columns: Floats, coefficients: Floats) -> Floats:
        """Values (b, j) of the fits (k, j) on other columns (b, k)."""
        return (columns - self.middle) @ coefficients + self.mean

    def constant(self, coefficients: Floats) -> float:
        return float(self.mean - self.middle @ coefficients)


def _solve(gram: Floats, noise: float, right: Floats) -> Floats:
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    damped = gram.copy()
    damped[np.diag_indices_from(damped)] += noise
    try:
        return cho_solve(
            cho_factor(damped, lower=True, overwrite_a=True, check_finite=False), right, check_finite=False
        )
    except LinAlgError:  # rounding made a tiny eigenvalue negative
        damped = gram.copy()
        damped[np.diag_indices_from(damped)] += noise + 1e-10 * (np.trace(gram) + 1.0)
        return np.linalg.lstsq(damped, right, rcond=None)[0]
