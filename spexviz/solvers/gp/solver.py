"""GaussianProcess: a prior over all interactions, learnt from the values, then cut to a sparse spectrum.

1. Learn the prior (`kernel`): how strongly each player acts alone and together with others, how fast
   interactions decay with order, whether neighbours in the layout interact more, and the noise (`learn`).
2. Condition on all values (`posterior`): every coefficient then has a posterior mean and covariance in closed
   form.
3. Keep the constant, all players and the largest interactions of the posterior mean (`terms`), with joint
   posterior draws.
4. Where masks keep a player with another probability than one half, characters are not orthogonal, and what
   is cut would be missed in the rest: so the kept terms take it over (`Posterior.projected`).

Best where masks are few: about half of what boosted trees need for the same fidelity
(benchmarks/halfmasks.py).
Sources: the product kernel is that of Rasmussen and Williams 2006, chapter 4, on the Boolean cube. ShaplEIG
(Rundel et al. 2026, arXiv 2606.02247) has it too, as an exponential Hamming kernel, for Shapley values, and
KernelSM (Zhang et al. 2026, arXiv 2602.03783) in kernel regression over training sets. Our own: the linear
part, the shrinkage prior, the layout's windows, and every interaction read out with its covariance.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spexviz.kit.options import option
from spexviz.masks import Interaction, Values, is_complete
from spexviz.metrics import constant
from spexviz.solvers.base import Design, Sparse, checked, constant_and_players
from spexviz.solvers.gp.posterior import Posterior, condition
from spexviz.spectrum import Spectrum


@dataclass(frozen=True)
class GaussianProcess(Sparse):
    """Sparse spectrum with posterior draws.

    Constant, all players, at most `terms` interactions of order 2…max_order.
    """

    name: ClassVar[str] = "gp"
    title: ClassVar[str] = "Gaussian process"
    summary: ClassVar[str] = (
        "Begins with a guess about all sets at once and corrects it by the answers: the most from few "
        "ablations, with intervals."
    )

    draws: int = option(200, "Draws for intervals", "Posterior draws of the coefficients.", low=0)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The sparse posterior of the values (m,).

        Raises SolverError for values that are not finite or do not match the masks.
        """
        began = time.perf_counter()
        masks, values = checked(design, values, self.least)
        n = masks.shape[1]
        if constant(values):
            flat: dict[Interaction, float] = dict.fromkeys(constant_and_players(n), 0.0)
            flat[()] = float(values.mean())
            # no draws: nothing is known of what shows in fewer than about 3 / m of the masks, however large
            return Spectrum(n, flat, notes={"fit": "the values are constant: no interval can be told"})
        if is_complete(masks):
            capped = self.capped(Spectrum.of_all(masks, values))
            return self._certain(n, capped.coefficients, "all masks were asked: exact")
        posterior = condition(design, values, seed)
        return self._sparse(posterior, n, seed, began)

    def _sparse(self, posterior: Posterior, n: int, seed: int, began: float) -> Spectrum:
        """The posterior of the largest terms alone."""
        wide = posterior.largest(self.max_order, self.terms)
        terms = [*constant_and_players(n), *wide]
        coefficients, draws = posterior.cut(terms, self.draws, seed)
        notes = posterior.notes(terms, coefficients)
        notes["seconds"] = time.perf_counter() - began
        known = list(zip(terms, coefficients, strict=True))
        if not self.draws:
            return Spectrum(n, known, notes=notes)
        return Spectrum(n, known, draws, notes)

    def _certain(self, n: int, coefficients: Mapping[Interaction, float], why: str) -> Spectrum:
        """A spectrum that leaves nothing to learn: all draws are equal."""
        notes = {"fit": why}
        if not self.draws:
            return Spectrum(n, coefficients, notes=notes)
        row = np.array(list(coefficients.values()))
        draws = np.tile(row, (self.draws, 1))
        return Spectrum(n, coefficients, draws, notes)
