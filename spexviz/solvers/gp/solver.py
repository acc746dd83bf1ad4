"""GaussianProcess: our own solver. A prior over all interactions, learnt from the values, then cut to a sparse spectrum.

1. Learn the prior (`kernel`): how strongly each player acts alone and together with others, how fast
interactions decay
   with order, whether neighbours in the layout interact more, and the noise (`learn`).
2. Condition on all values: every coefficient then has a posterior mean and covariance in closed form.
3. Keep the constant, all players and the largest interactions of the posterior mean (`terms`), with joint
posterior draws.
4. Where masks keep a player with another probability than one half, characters are not orthogonal, and what
is cut would be
   missed in the rest: so the kept terms take it over (`Posterior.projected`).

Best where masks are few: about half of what boosted trees need for the same fidelity
(benchmarks/halfmasks.py).
Source: our own; the product kernel is that of Rasmussen and Williams 2006, chapter 4, on the Boolean cube.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spexviz.kit.options import option
from spexviz.masks import Interaction, Masks, Values, holders, is_complete
from spexviz.metrics import constant
from spexviz.solvers.base import Design, Sparse, checked
from spexviz.solvers.gp.kernel import Floats, Prior, components, lower_covariance, windows
from spexviz.solvers.gp.learn import learn
from spexviz.solvers.gp.terms import largest_terms
from spexviz.spectrum import Spectrum, characters

# masks that the prior is learnt from: more tell it little, and a step takes time in proportion to the square
# or more
ROWS = 640
STEPS = (12, 30)  # of L-BFGS: fewest and most; one for every three players
DOUBLE_UP_TO = 1536  # masks up to which the final solve is in double precision whatever the noise
BIASED = 0.02, 5.0  # the share of kept players is not one half: by so much, and by so many standard errors
FRESH = 6  # masks for each term of a projection
# share of the variance that a projection takes for noise at least, so that no coefficients grow to cancel
QUIETEST = 1e-3


@dataclass(frozen=True)
class GaussianProcess(Sparse):
    """Sparse spectrum with posterior draws: constant, all players, at most `terms` interactions of order 2…max_order."""

    name: ClassVar[str] = "gp"
    title: ClassVar[str] = "Gaussian process"
    summary: ClassVar[str] = (
        "A prior over all interactions, learnt from the values: the most from few masks, with intervals. Fits any masks."
    )

    draws: int = option(200, "Draws", "Posterior draws of the coefficients, for intervals", low=0)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The sparse posterior of the values.

        Raises SolverError for values that are not finite or do not match the masks.
        """
        began = time.perf_counter()
        masks, values = checked(design, values, self.least)
        n = masks.shape[1]
        if constant(values):
            return self._certain(
                n, {(): float(values.mean()), **{(i,): 0.0 for i in range(n)}}, "the values are constant"
            )
        if is_complete(masks):
            whole = Spectrum.of_all(masks, values)
            return self._certain(n, self._capped(whole), "all masks were asked: exact")
        posterior = condition(design, values, seed)
        wide = posterior.largest(self.max_order, self.terms)
        terms: list[Interaction] = [(), *((i,) for i in range(n)), *wide]
        coefficients, draws = posterior.cut(terms, self.draws, seed)
        notes = posterior.notes(terms, coefficients) | {"seconds": time.perf_counter() - began}
        return Spectrum(n, list(zip(terms, coefficients, strict=True)), draws if self.draws else None, notes)

    def _certain(self, n: int, coefficients: dict[Interaction, float], why: str) -> Spectrum:
        draws = np.tile(np.array(list(coefficients.values())), (self.draws, 1)) if self.draws else None
        return Spectrum(n, coefficients, draws, {"fit": why})

    def _capped(self, whole: Spectrum) -> dict[Interaction, float]:
        order = np.lexsort((np.arange(len(whole)), -np.abs(whole.values)))
        wide = [j for j in order if 2 <= whole.orders[j] <= self.max_order][: self.terms]
        kept = sorted([*np.flatnonzero(whole.orders < 2), *wide])
        return {whole.terms[j]: float(whole.values[j]) for j in kept}


def condition(design: Design, values: Values, seed: int) -> Posterior:
    """Learn the prior from values that are not all equal, and condition on them."""
    masks, values = checked(design, values)
    mean, spread = float(values.mean()), float(values.std())
    signs, target = 1.0 - 2.0 * masks, (values - mean) / spread
    # with 12 steps at 130 players and 1,024 masks R² was .64, with 30 it is .75
    steps = int(np.clip(masks.shape[1] // 3, *STEPS))
    prior, evidence = learn(signs, target, windows(design.layout, masks.shape[1]), seed, ROWS, steps)
    return Posterior(prior, evidence, masks, signs, target, mean, spread)


class Posterior:
    """The process conditioned on values mean + spread · target (m,) at masks (m, n)."""

    def __init__(
        self,
        prior: Prior,
        evidence: float,
        masks: Masks,
        signs: Floats,
        target: Floats,
        mean: float,
        spread: float,
    ):
        from scipy.linalg import cholesky, solve_triangular

        self.prior, self.evidence, self.masks, self.signs, self.mean, self.spread = (
            prior,
            evidence,
            masks,
            signs,
            mean,
            spread,
        )
        self.keep = float(masks.mean())
        self.biased = abs(self.keep - 0.5) > max(BIASED[0], BIASED[1] * 0.5 / np.sqrt(masks.size))
        quiet = prior.noise < 1e-2
        kind = np.float64 if quiet or len(target) <= DOUBLE_UP_TO else np.float32
        signs = signs.astype(np.float64 if quiet else np.float32)
        covariance = lower_covariance(prior, signs, components(prior, signs, signs), keep=False)[0].astype(
            kind
        )
        covariance[np.diag_indices_from(covariance)] += kind(prior.noise + 1e-10 * prior.variance)
        self.factor = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
        whitened = solve_triangular(self.factor, target.astype(kind), lower=True, check_finite=False)
        self.alpha = solve_triangular(self.factor, whitened, lower=True, trans=1, check_finite=False)

    def __call__(self, masks: Masks) -> Values:
        """Posterior mean (b,) of the values of masks (b, n), nothing cut."""
        signs, alpha = 1.0 - 2.0 * np.asarray(masks), self.alpha.astype(np.float64)
        parts = [
            self.prior.covariance(signs[i : i + ROWS], self.signs.astype(np.float64)) @ alpha
            for i in range(0, len(signs), ROWS)
        ]
        return self.mean + self.spread * np.concatenate([np.zeros(0), *parts])

    def projected(
        self,
        wanted: Callable[[Masks], Values],
        terms: list[Interaction],
        start: NDArray[np.float64],
        seed: int,
    ) -> NDArray[np.float64]:
        """Coefficients (k,) of the terms that come closest to `wanted` on masks as likely as those that were asked, and stay near `start`
        as far as the prior expects the terms to be small.
        """
        n = self.masks.shape[1]
        fresh = np.random.default_rng([seed, len(terms), 0x9]).random((FRESH * len(terms), n)) < self.keep
        columns = characters(fresh, holders(terms, n)).astype(np.float64)
        missed = (wanted(fresh) - columns @ start) / self.spread
        # in units of the prior, so that the system is as well posed as it can be
        root = np.sqrt(_weights(self.prior, terms))
        columns *= root
        gram = columns.T @ columns + max(self.prior.noise, QUIETEST) * np.eye(len(terms))
        return start + self.spread * root * np.linalg.solve(gram, columns.T @ missed)

    def largest(self, max_order: int, count: int) -> list[Interaction]:
        """Up to `count` interactions of order 2…max_order with the largest posterior mean, largest first."""
        if max_order < 2 or count == 0:
            return []
        return largest_terms(self.prior, self.signs, self.alpha, max_order, count)

    def coefficients(
        self, terms: list[Interaction], draws: int, seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Posterior means (k,) of the terms, the first of them (), and joint draws (draws, k), in the unit of the values."""
        from scipy.linalg import solve_triangular

        weight = _weights(self.prior, terms)
        columns = characters(self.masks, holders(terms, self.masks.shape[1])).astype(self.factor.dtype)
        mean = (weight * (columns.T @ self.alpha)).astype(np.float64)
        drawn = np.zeros((0, len(terms)))
        if draws:
            columns *= weight.astype(columns.dtype)
            seen = solve_triangular(self.factor, columns, lower=True, overwrite_b=True, check_finite=False)
            covariance = np.diag(weight) - (seen.T @ seen).astype(np.float64)
            noise = np.random.default_rng([seed, len(terms)]).standard_normal((draws, len(terms)))
            drawn = mean + noise @ _root(covariance, weight).T
        mean, drawn = mean * self.spread, drawn * self.spread
        mean[0] += self.mean
        drawn[:, 0] += self.mean
        return mean, drawn

    def cut(
        self, terms: list[Interaction], draws: int, seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """As `coefficients`, for a spectrum of these terms alone."""
        mean, drawn = self.coefficients(terms, draws, seed)
        if not self.biased:
            return mean, drawn
        moved = self.projected(self, terms, mean, seed)
        return moved, drawn + (moved - mean)

    def notes(self, terms: list[Interaction], coefficients: NDArray[np.float64]) -> dict[str, float | str]:
        """What was learnt, for people."""
        prior, order, power = self.prior, np.array([len(term) for term in terms]), coefficients**2
        total = float(power[order > 0].sum()) or 1.0
        shares = {
            f"energy share of order {d}": float(power[order == d].sum()) / total
            for d in range(1, int(order.max()) + 1)
        }
        return {
            "noise (sd, unit of the values)": float(np.sqrt(prior.noise)) * self.spread,
            "log evidence (nats a mask)": self.evidence,
            **shares,
            "largest rho": float(prior.rho[0].max()),
            "smallest rho": float(prior.rho[0].min()),
            "prior variance near / everywhere": float(prior.scale[1:].sum() / prior.scale[0]),
            "interactions kept": int((order > 1).sum()),
        }


def _root(covariance: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lower triangular root of the posterior covariance, in units of the prior's so that small terms are not rounded away."""
    unit = np.sqrt(np.maximum(weight, 1e-300))
    scaled = covariance / unit[:, None] / unit
    for jitter in (1e-9, 1e-6, 1e-4, 1e-2):
        try:
            scaled[np.diag_indices_from(scaled)] += jitter
            return np.linalg.cholesky(scaled) * unit[:, None]
        except np.linalg.LinAlgError:
            continue
    return np.diag(np.sqrt(np.maximum(np.diag(covariance), 0.0)))


def _weights(prior: Prior, terms: list[Interaction]) -> NDArray[np.float64]:
    """Prior variances (k,) of terms of mixed order."""
    out = np.empty(len(terms))
    order = np.array([len(term) for term in terms])
    for size in np.unique(order):
        rows = np.flatnonzero(order == size)
        out[rows] = prior.weights(np.array([terms[r] for r in rows], dtype=np.int64).reshape(len(rows), size))
    return out
