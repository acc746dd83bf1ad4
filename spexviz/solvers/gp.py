"""GaussianProcess: our own solver. A prior over all interactions, learnt from the values, then cut to a sparse spectrum.

1. Learn the prior (`gp_kernel`): how strongly each player acts alone and together with others, how fast interactions decay
   with order, whether neighbours in the layout interact more, and the noise (`gp_learn`).
2. Condition on all values: every coefficient then has a posterior mean and covariance in closed form.
3. Keep the constant, all players and the largest interactions of the posterior mean (`gp_terms`), with joint posterior draws.

Best where masks are few: about half of what boosted trees need for the same fidelity (tests/benchmarks/halfmasks.py).
Source: our own; the product kernel is that of Rasmussen and Williams 2006, chapter 4, on the Boolean cube.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import SolverError
from spexviz.masks import Interaction, Masks, Values
from spexviz.solvers.base import AnyMasks, Design, checked
from spexviz.solvers.gp_kernel import Floats, Prior, windows
from spexviz.solvers.gp_learn import learn
from spexviz.solvers.gp_terms import largest_terms
from spexviz.spectrum import Spectrum, characters

ROWS = (256, 512, 1024)  # masks that the stages of learning see
STEPS = (12, 4, 3)  # of L-BFGS in each
EXACT_UP_TO = 12  # players up to which a design may hold all masks
DOUBLE_UP_TO = 1536  # masks up to which the final solve is in double precision whatever the noise


@dataclass(frozen=True)
class GaussianProcess(AnyMasks):
    """Sparse spectrum with posterior draws: constant, all players, at most `terms` interactions of order 2…max_order."""

    name: ClassVar[str] = "gp"
    title: ClassVar[str] = "Gaussian process"
    summary: ClassVar[str] = "A prior over all interactions, learnt from the values: the most from few masks, with intervals. Fits any masks."

    max_order: int = field(default=5, metadata={"help": "Largest number of players in one interaction"})
    terms: int = field(default=200, metadata={"help": "Most interactions kept"})
    draws: int = field(default=200, metadata={"help": "Posterior draws of the coefficients, for intervals"})

    def __post_init__(self) -> None:
        if self.max_order < 1 or self.terms < 0 or self.draws < 0:
            raise SolverError(f"GaussianProcess needs max_order ≥ 1, terms ≥ 0 and draws ≥ 0, not {self.max_order}, {self.terms} and {self.draws}.")

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The sparse posterior of the values. Raises SolverError for values that are not finite or do not match the masks."""
        began = time.perf_counter()
        masks, values = checked(design, values, self.least)
        m, n = masks.shape
        mean, spread = float(values.mean()), float(values.std())
        if spread <= 1e-12 * max(1.0, abs(mean)):
            return self._certain(n, {(): mean, **{(i,): 0.0 for i in range(n)}}, "the values are constant")
        if n <= EXACT_UP_TO and m == 2**n:
            whole = Spectrum.exact(values[np.argsort(masks @ (1 << np.arange(n)))])
            return self._certain(n, self._capped(whole), "all masks were asked: exact")
        signs, target = (1.0 - 2.0 * masks), (values - mean) / spread
        prior, evidence = learn(signs, target, windows(design.layout, n), seed, ROWS, STEPS)
        posterior = Posterior(prior, masks, signs, target)
        wide = largest_terms(prior, signs, posterior.alpha, self.max_order, self.terms) if self.max_order > 1 and self.terms else []
        terms: list[Interaction] = [(), *((i,) for i in range(n)), *wide]
        coefficients, draws = posterior.coefficients(terms, self.draws, seed)
        coefficients, draws = coefficients * spread, draws * spread
        coefficients[0] += mean
        draws[:, 0] += mean
        notes = _notes(prior, terms, coefficients, spread) | {"log evidence (nats a mask)": evidence, "seconds": time.perf_counter() - began}
        return Spectrum(n, list(zip(terms, coefficients, strict=True)), draws if self.draws else None, notes)

    def _certain(self, n: int, coefficients: dict[Interaction, float], why: str) -> Spectrum:
        draws = np.tile(np.array(list(coefficients.values())), (self.draws, 1)) if self.draws else None
        return Spectrum(n, coefficients, draws, {"fit": why})

    def _capped(self, whole: Spectrum) -> dict[Interaction, float]:
        order = np.lexsort((np.arange(len(whole)), -np.abs(whole.values)))
        wide = [j for j in order if 2 <= whole.orders[j] <= self.max_order][: self.terms]
        kept = sorted([*np.flatnonzero(whole.orders < 2), *wide])
        return {whole.terms[j]: float(whole.values[j]) for j in kept}


class Posterior:
    """The process conditioned on targets (m,) at masks (m, n): coefficients, their draws, and values anywhere."""

    def __init__(self, prior: Prior, masks: Masks, signs: Floats, target: Floats):
        from scipy.linalg import cholesky, solve_triangular

        self.prior, self.masks = prior, masks
        kind = np.float64 if len(target) <= DOUBLE_UP_TO or prior.noise < 1e-2 else np.float32
        signs = signs.astype(kind if prior.noise < 1e-2 else np.float32)
        covariance = prior.covariance(signs, signs).astype(kind)
        covariance[np.diag_indices_from(covariance)] += kind(prior.noise + 1e-10 * prior.variance)
        self.factor = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
        whitened = solve_triangular(self.factor, target.astype(kind), lower=True, check_finite=False)
        self.alpha = solve_triangular(self.factor, whitened, lower=True, trans=1, check_finite=False)

    def coefficients(self, terms: list[Interaction], draws: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Posterior means (k,) of the terms, and joint draws (draws, k)."""
        from scipy.linalg import solve_triangular

        n = self.masks.shape[1]
        member = np.zeros((len(terms), n), dtype=bool)
        for row, term in enumerate(terms):
            member[row, list(term)] = True
        weight = _weights(self.prior, terms)
        columns = characters(self.masks, member).astype(self.factor.dtype)
        mean = weight * (columns.T @ self.alpha)
        if draws == 0:
            return mean.astype(np.float64), np.zeros((0, len(terms)))
        columns *= weight.astype(columns.dtype)
        seen = solve_triangular(self.factor, columns, lower=True, overwrite_b=True, check_finite=False)
        covariance = np.diag(weight) - (seen.T @ seen).astype(np.float64)
        noise = np.random.default_rng([seed, len(terms)]).standard_normal((draws, len(terms)))
        return mean.astype(np.float64), mean + noise @ _root(covariance, weight).T


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


def _notes(prior: Prior, terms: list[Interaction], coefficients: NDArray[np.float64], spread: float) -> dict[str, float | str]:
    order = np.array([len(term) for term in terms])
    power = coefficients**2
    total = float(power[order > 0].sum()) or 1.0
    shares = {f"energy share of order {d}": float(power[order == d].sum()) / total for d in range(1, int(order.max()) + 1)}
    return {
        "noise (sd, unit of the values)": float(np.sqrt(prior.noise)) * spread,
        **shares,
        "largest rho": float(prior.rho[0].max()),
        "smallest rho": float(prior.rho[0].min()),
        "prior variance near / everywhere": float(prior.scale[1:].sum() / prior.scale[0]),
        "interactions kept": int((order > 1).sum()),
    }
