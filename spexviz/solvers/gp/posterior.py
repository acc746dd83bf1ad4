"""The Gaussian process conditioned on values: means and joint draws of any coefficients, in closed form.

Source: Rasmussen and Williams 2006, eq. 2.22 to 2.24 and algorithm 2.1, for coefficients in place of values:
the covariance of F(S) with the value at a mask is weight(S) χ_S(m), as the kernel is Σ_S weight(S) χ_S χ_S.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from spexviz.kit.arrays import Floats, Ints
from spexviz.kit.cached import cached_property
from spexviz.masks import Interaction, Masks, Values, holders
from spexviz.solvers.base import Design, checked
from spexviz.solvers.gp.kernel import AnyFloats, Prior, components, signs_of, windows
from spexviz.solvers.gp.learn import learn
from spexviz.solvers.gp.terms import largest_terms
from spexviz.solvers.gp.tiles import lower_covariance
from spexviz.spectrum import characters

# masks that the prior is learnt from: more tell it little, and a step takes time in proportion to the square
# or more
ROWS = 640
STEPS = (12, 30)  # of L-BFGS: fewest and most; one for every three players
DOUBLE_UP_TO = 1536  # masks up to which the final solve is in double precision whatever the noise
QUIET = 1e-2  # noise below which the rounding of single precision would count, in the kernel as in the solve
ROUNDING = 1e-10  # of the prior variance: what keeps the covariance positive definite
BIASED = 0.02, 5.0  # the share of kept players is not one half: by so much, and by so many standard errors
FRESH = 6  # masks for each term of a projection
# share of the variance that a projection takes for noise at least, so that no coefficients grow to cancel
QUIETEST = 1e-3
JITTERS = (1e-9, 1e-6, 1e-4, 1e-2)  # of the prior variances, tried in turn where a covariance has no root


def condition(design: Design, values: Values, seed: int) -> Posterior:
    """Learn the prior from values that are not all equal, and condition on them."""
    masks, values = checked(design, values)
    n = masks.shape[1]
    mean = float(values.mean())
    spread = float(values.std())
    signs = signs_of(masks)
    target = (values - mean) / spread
    # with 12 steps at 130 players and 1,024 masks R² was .64, with 30 it is .75
    steps = int(np.clip(n // 3, *STEPS))
    bells = windows(design.layout, n)
    prior, evidence = learn(signs, target, bells, seed, ROWS, steps)
    factor, alpha = _solved(prior, signs, target)
    return Posterior(prior, evidence, masks, signs, mean, spread, factor, alpha)


def _solved(prior: Prior, signs: Floats, target: Floats) -> tuple[AnyFloats, AnyFloats]:
    """L (m, m) with LLᵀ = K + noise, and α (m,) = (K + noise)⁻¹ target (algorithm 2.1, lines 2 and 3)."""
    from scipy.linalg import cholesky, solve_triangular

    quiet = prior.noise < QUIET
    few = len(target) <= DOUBLE_UP_TO
    of_kernel = np.float64 if quiet else np.float32
    of_solve = np.float64 if quiet or few else np.float32
    rounded = signs.astype(of_kernel)
    parts = components(prior, rounded, rounded)
    kernel = lower_covariance(prior, rounded, parts, keep=False)
    covariance = kernel.matrix.astype(of_solve)
    rounding = ROUNDING * prior.variance
    diagonal = np.diag_indices_from(covariance)
    covariance[diagonal] += of_solve(prior.noise + rounding)
    factor = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
    right = target.astype(of_solve)
    whitened = solve_triangular(factor, right, lower=True, check_finite=False)
    alpha = solve_triangular(factor, whitened, lower=True, trans=1, check_finite=False)
    return factor, alpha


@dataclass(frozen=True)
class Posterior:
    """The process conditioned on values mean + spread · target (m,) at masks (m, n).

    `evidence`: log evidence of the prior, in nats a mask; `factor` and `alpha`: see `_solved`.
    """

    prior: Prior
    evidence: float
    masks: Masks
    signs: Floats
    mean: float
    spread: float
    factor: AnyFloats
    alpha: AnyFloats

    @cached_property
    def keep(self) -> float:
        """The share of players that the masks keep."""
        return float(self.masks.mean())

    @property
    def biased(self) -> bool:
        """Whether the masks keep a player with another probability than one half."""
        least, errors = BIASED
        # of a share of fair coins
        standard_error = 0.5 / np.sqrt(self.masks.size)
        chance = errors * standard_error
        away = abs(self.keep - 0.5)
        return away > max(least, chance)

    def __call__(self, masks: Masks) -> Values:
        """Posterior mean (b,) of the values of masks (b, n), nothing cut."""
        signs = signs_of(masks)
        alpha = self.alpha.astype(np.float64)
        # eq. 2.23: k(asked, seen) (K + noise)⁻¹ target, some rows at a time
        parts = [np.zeros(0)]
        for start in range(0, len(signs), ROWS):
            rows = signs[start : start + ROWS]
            covariance = self.prior.covariance(rows, self.signs)
            parts.append(covariance @ alpha)
        means = np.concatenate(parts)
        return self.mean + self.spread * means

    def largest(self, max_order: int, count: int) -> list[Interaction]:
        """Up to `count` interactions of order 2…max_order with the largest posterior mean, largest first."""
        if max_order < 2 or count == 0:
            return []
        return largest_terms(self.prior, self.signs, self.alpha, max_order, count)

    def coefficients(self, terms: list[Interaction], draws: int, seed: int) -> tuple[Floats, Floats]:
        """Posterior means (k,) of the terms, the first of them (), and joint draws (draws, k).

        In the unit of the values.
        """
        weight = _weights(self.prior, terms)
        columns = _columns(self.masks, terms).astype(self.factor.dtype)
        # E F(S) = weight(S) Σ_j α_j χ_S(m_j)
        fitted = columns.T @ self.alpha
        mean = (weight * fitted).astype(np.float64)
        drawn = np.zeros((0, len(terms)))
        if draws:
            drawn = self._drawn(weight, columns, mean, draws, seed)
        # back to the values: only the constant shifts
        mean = mean * self.spread
        drawn = drawn * self.spread
        mean[0] += self.mean
        drawn[:, 0] += self.mean
        return mean, drawn

    def _drawn(self, weight: Floats, columns: AnyFloats, mean: Floats, draws: int, seed: int) -> Floats:
        """Joint draws (draws, k) about the mean, in the unit of the process; overwrites `columns`."""
        from scipy.linalg import solve_triangular

        # C = diag(weight) − Wᵀ(K + noise)⁻¹W, with W_jS = weight(S) χ_S(m_j), is diag(weight) − (L⁻¹W)ᵀ(L⁻¹W)
        columns *= weight.astype(columns.dtype)
        seen = solve_triangular(self.factor, columns, lower=True, overwrite_b=True, check_finite=False)
        learnt = (seen.T @ seen).astype(np.float64)
        covariance = np.diag(weight) - learnt
        # with independent normal x and RRᵀ = C, R x has the covariance C
        k = len(weight)
        rng = np.random.default_rng([seed, k])
        normal = rng.standard_normal((draws, k))
        root = _root(covariance, weight)
        return mean + normal @ root.T

    def cut(self, terms: list[Interaction], draws: int, seed: int) -> tuple[Floats, Floats]:
        """As `coefficients`, for a spectrum of these terms alone."""
        mean, drawn = self.coefficients(terms, draws, seed)
        if not self.biased:
            return mean, drawn
        moved = self.projected(self, terms, mean, seed)
        shift = moved - mean
        return moved, drawn + shift

    def projected(
        self, wanted: Callable[[Masks], Values], terms: list[Interaction], start: Floats, seed: int
    ) -> Floats:
        """Coefficients (k,) of the terms that come closest to `wanted` on masks as likely as those asked.

        They stay near `start` as far as the prior expects the terms to be small.
        """
        k = len(terms)
        rng = np.random.default_rng([seed, k, 0x9])  # another stream than that of the draws
        shape = (FRESH * k, self.masks.shape[1])
        fresh = rng.random(shape) < self.keep
        columns = _columns(fresh, terms).astype(np.float64)
        known = columns @ start
        missed = (wanted(fresh) - known) / self.spread
        # Ridge on what `start` misses, each change in units of its prior's sd, so that the system is as well
        # posed as it can be: (XᵀX + noise I) change = Xᵀ missed.
        root = np.sqrt(_weights(self.prior, terms))
        columns *= root
        noise = max(self.prior.noise, QUIETEST)
        damping = noise * np.eye(k)
        gram = columns.T @ columns + damping
        right = columns.T @ missed
        change = np.linalg.solve(gram, right)
        return start + self.spread * root * change

    def notes(self, terms: list[Interaction], coefficients: Floats) -> dict[str, float | str]:
        """What was learnt, for people."""
        prior = self.prior
        order = _orders(terms)
        energy = coefficients**2
        total = float(energy[order > 0].sum()) or 1.0
        noise = float(np.sqrt(prior.noise))
        notes: dict[str, float | str] = {}
        notes["noise (sd, unit of the values)"] = noise * self.spread
        notes["log evidence (nats a mask)"] = self.evidence
        for d in range(1, int(order.max()) + 1):
            of_order = float(energy[order == d].sum())
            notes[f"energy share of order {d}"] = of_order / total
        rho = prior.rho[0]
        notes["largest rho"] = float(rho.max())
        notes["smallest rho"] = float(rho.min())
        everywhere = prior.scale[0]
        near = prior.scale[1:].sum()
        notes["prior variance near / everywhere"] = float(near / everywhere)
        notes["interactions kept"] = int((order > 1).sum())
        return notes


def _columns(masks: Masks, terms: list[Interaction]) -> AnyFloats:
    """The terms' characters at masks (b, n): (b, k) of ±1."""
    sets = holders(terms, masks.shape[1])
    return characters(masks, sets)


def _orders(terms: list[Interaction]) -> Ints:
    """(k,): the number of players of each term."""
    return np.array([len(term) for term in terms])


def _root(covariance: Floats, weight: Floats) -> Floats:
    """A lower triangular root of the posterior covariance.

    In units of the prior's, so that small terms are not rounded away.
    """
    unit = np.sqrt(np.maximum(weight, 1e-300))
    scaled = covariance / unit[:, None] / unit
    diagonal = np.diag_indices_from(scaled)
    for jitter in JITTERS:
        scaled[diagonal] += jitter
        try:
            root = np.linalg.cholesky(scaled)
        except np.linalg.LinAlgError:
            continue
        # NumPy's stubs leave open of which precision it is: that of its argument
        return cast(Floats, root) * unit[:, None]
    # no root to be had: the terms one by one, as if they were independent
    variance = np.maximum(np.diag(covariance), 0.0)
    return np.diag(np.sqrt(variance))


def _weights(prior: Prior, terms: list[Interaction]) -> Floats:
    """Prior variances (k,) of terms of mixed order."""
    out = np.empty(len(terms))
    order = _orders(terms)
    for size in np.unique(order):
        rows = np.flatnonzero(order == size)
        sets = [terms[r] for r in rows]
        members = np.array(sets, dtype=np.int64)
        table = members.reshape(len(rows), size)
        out[rows] = prior.weights(table)
    return out
