"""One pass of ProxySPEX over some masks: linear part, trees, their spectrum, and the ridge on what it names.

The steps are numbered as in `solver`. All masks have a stage, and so has the training part of every fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.masks import Masks, Values
from spexviz.solvers.base import Design
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.trees import Boosting, fourier, grow
from spexviz.solvers.sparse import Candidates, Ridge, largest
from spexviz.spectrum import Spectrum

# their mean is better than the better of the two
COMMITTEE = (Boosting(8, 0.1, 150), Boosting(16, 0.1, 120, players=0.5))
COMMITTEE_OF_MANY = (Boosting(8, 0.15, 80, players=0.5),)  # a round costs time in proportion to the players
MANY = 96  # players
CANDIDATES = 1000


def committee(n: int) -> tuple[Boosting, ...]:
    """The settings of the ensembles that are fitted for n players."""
    return COMMITTEE if n <= MANY else COMMITTEE_OF_MANY


@dataclass(frozen=True)
class Stage:
    """Fits on some masks of n players: `linear`, the k interactions that trees `found`, and the `ridge`."""

    linear: Spectrum
    found: Candidates
    ridge: Ridge

    @classmethod
    def on(cls, masks: Masks, values: Values, max_order: int, seed: int) -> Stage:
        n = masks.shape[1]
        # 1. Trees for what the linear part leaves.
        linear = Linear().fit(Design(masks), values)
        residual = values - linear(masks)
        spread = float(residual.std()) or 1.0
        target = residual / spread  # LightGBM counts gains below 1e-15 as none
        settings = committee(n)
        forest = grow(masks, target, settings, seed)
        # 2. Their spectrum. That of all trees together is the sum over the ensembles: hence the mean.
        members, total = fourier(forest, n, max_order)
        coefficients = total * (spread / len(settings))
        found = largest(n, members, coefficients, CANDIDATES)
        # 3. The ridge, to be solved for any prior and noise.
        ridge = Ridge(found.columns(masks), values)
        return cls(linear, found, ridge)

    def full(self, power: float, noises: Sequence[float]) -> Floats:
        """Coefficients (n + k, len(noises)) with every candidate in."""
        weight = self.found.prior(power)
        return self.ridge.solve(weight, noises)

    def cut(self, full: Floats, power: float, noise: float, size: int) -> Floats:
        """Coefficients (n + k,), solved again with only the `size` candidates that are largest in `full`."""
        n = self.found.n
        candidates = np.abs(full[n:])
        largest_first = np.argsort(-candidates, kind="stable")
        kept = np.sort(largest_first[:size] + n)
        players = np.arange(n)
        chosen = np.concatenate([players, kept])
        weight = self.found.prior(power)
        [coefficients] = self.ridge.solve(weight, [noise], chosen).T
        return coefficients

    def trees_alone(self, size: int) -> tuple[float, Floats]:
        """Constant and coefficients (n + k,) as the trees have them, without a refit.

        The linear part + the `size` largest.
        """
        found = self.found
        low = np.zeros(1 + found.n)
        for term, value in zip(self.linear.terms, self.linear.values, strict=True):
            position = 1 + term[0] if term else 0
            low[position] = value
        low += found.low
        rank = np.arange(len(found))
        guesses = np.where(rank < size, found.guess, 0.0)
        constant = low[0]
        return constant, np.concatenate([low[1:], guesses])
