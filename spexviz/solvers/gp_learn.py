"""Learning the prior of the Gaussian process: penalised marginal likelihood with exact gradients, by L-BFGS.

The evidence of m values t is −½ tᵀK⁻¹t − ½ log|K|; with G = ½ (K⁻¹ − ααᵀ), α = K⁻¹t, the derivative of its negative in
any hyperparameter θ is Σ G ∘ ∂K/∂θ: one Cholesky factor, one inverse, and two matrix products for every component, on tiles of
the lower triangle alone.
The hyperparameters have priors of their own (all on log scales): with few masks the players' strengths would be over-fitted
without them (R² .47 instead of .54 at 65 players and 512 masks). Source: Rasmussen and Williams 2006, eq. 5.9.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spexviz.solvers.gp_kernel import Component, Floats, Prior, components, lower_covariance, over_tiles

SPREAD_STRENGTH = 1.0  # sd of log w_i about its mean over the players
SPREAD_SLOPE = 1.5  # sd of log τ_i about the mean + the player's excess in log w_i: who acts alone also acts together
SPREAD_LEVEL = 2.0  # sd of the other logarithms about where they start
START_SCALE, START_LOCAL, START_REACH, START_NOISE = -1.0, -3.0, 1.0, np.log(0.15)
LEAST_NOISE = np.log(1e-3)  # in single precision
LEAST_NOISE_DOUBLE = np.log(1e-8)
CONSTANT = 0.1


class Evidence:
    """Negative log posterior of the hyperparameters given signs (m, n) and targets (m,), with its gradient.

    The vector: log w (n), log τ (n), log s of all players, log s of all windows together, log reach, log noise.
    """

    def __init__(self, signs: Floats, target: Floats, windows: Floats):
        self.signs, self.target, self.windows = signs, target, windows
        self.n = signs.shape[1]
        level = np.log(1.0 / self.n)
        self.middle = np.array([level + 0.4, level - 0.7, START_SCALE, START_LOCAL, START_REACH, START_NOISE])

    def prior(self, theta: Floats) -> Prior:
        n, count = self.n, len(self.windows)
        scale, local, reach, noise = np.exp(theta[2 * n :])
        scales = np.concatenate([[scale], np.full(count, local / max(count, 1))])
        return Prior(np.exp(theta[:n]), np.exp(theta[n : 2 * n]), scales, float(reach), self.windows, float(noise), CONSTANT)

    def start(self) -> Floats:
        """Strengths and slopes after a ridge fit: players with a large effect of their own come first."""
        z, t, (m, n) = self.signs, self.target, self.signs.shape
        ridge = 0.3 * m
        lead = np.linalg.solve(z.T @ z + ridge * np.eye(n), z.T @ t) if n <= m else z.T @ np.linalg.solve(z @ z.T + ridge * np.eye(m), t)
        lead = np.abs(lead.astype(np.float64))
        lead /= lead.max() or 1.0
        strength = 1.5 * (0.3 + lead) / (0.3 + lead).sum()
        slope = 0.5 * (lead**2 + 0.01) / (lead**2 + 0.01).sum()
        return np.concatenate([np.log(np.clip(strength, 1e-5, 1.0)), np.log(slope), self.middle[2:]])

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        from scipy.linalg import lapack

        prior, kind = self.prior(theta), self.signs.dtype
        parts = components(prior, self.signs, self.signs)
        covariance, kept = lower_covariance(prior, self.signs, parts, keep=True)
        covariance[np.diag_indices_from(covariance)] += kind.type(prior.noise)
        # In Fortran order, which LAPACK wants without a copy, our lower triangle is the transpose's upper one.
        factor, failed = (lapack.spotrf if kind == np.float32 else lapack.dpotrf)(covariance.T, lower=0, clean=1, overwrite_a=1)
        if failed:
            return 1e12, np.zeros_like(theta)
        logdet = float(np.log(np.diagonal(factor).astype(np.float64)).sum())
        inverse, _ = (lapack.spotri if kind == np.float32 else lapack.dpotri)(factor, lower=0, overwrite_c=1)
        lower = inverse.T  # of K⁻¹; the other triangle is 0
        alpha = lower @ self.target + lower.T @ self.target - np.diagonal(lower) * self.target
        loss = 0.5 * float(self.target @ alpha) + logdet
        penalty, slope = self._penalty(theta)
        return loss + penalty, self._gradient(prior, lower, alpha, parts, kept) + slope

    def _gradient(self, prior: Prior, lower: Floats, alpha: Floats, parts: list[Component], kept: list[list[Floats]]) -> Floats:
        """Σ G ∘ ∂K/∂θ over the tiles of the lower triangle: both matrices are symmetric, so its diagonal counts half."""
        n, z = self.n, self.signs

        def pulled(rows: slice, columns: slice, tile: list[Floats]) -> Floats:
            out = np.zeros(2 * n + 4)
            pull = lower[rows, columns] - np.multiply.outer(alpha[rows], alpha[columns])
            corner = pull[:, rows]
            corner[np.triu_indices(len(corner), 1)] = 0.0
            corner[np.diag_indices(len(corner))] *= 0.5
            out[n : 2 * n] = ((pull @ z[columns]) * z[rows]).sum(0) * prior.slope
            for c, (part, values) in enumerate(zip(parts, tile, strict=True)):
                values *= pull
                *by_player, total = ((values @ part.right[columns]) * part.right[rows]).sum(0).astype(np.float64)
                change = (np.array(by_player) - total) * prior.exponents[c, part.players]  # ∂/∂ log w_i = ∂/∂ log reach, player by player
                out[part.players] += change
                out[2 * n + min(c, 1)] += total
                out[2 * n + 2] += change.sum() if c else 0.0
            return out

        out = sum(over_tiles(pulled, len(z), kept))
        out[-1] += 0.5 * float((np.diagonal(lower) - alpha**2).sum()) * prior.noise
        return out

    def _penalty(self, theta: Floats) -> tuple[float, Floats]:
        n = self.n
        strength, slope = theta[:n] - theta[:n].mean(), theta[n : 2 * n] - theta[n : 2 * n].mean()
        apart = slope - strength
        level = np.concatenate([[theta[:n].mean(), theta[n : 2 * n].mean()], theta[2 * n :]]) - self.middle
        loss = 0.5 * ((strength @ strength) / SPREAD_STRENGTH**2 + (apart @ apart) / SPREAD_SLOPE**2 + (level @ level) / SPREAD_LEVEL**2)
        pull = level / SPREAD_LEVEL**2
        apart = apart / SPREAD_SLOPE**2
        out = np.concatenate([strength / SPREAD_STRENGTH**2 - apart + pull[0] / n, apart + pull[1] / n, pull[2:]])
        return float(loss), out


def learn(signs: Floats, target: Floats, windows: Floats, seed: int, rows: tuple[int, ...], steps: tuple[int, ...]) -> tuple[Prior, float]:
    """The prior that explains the values best, and its log evidence in nats a mask.

    Stages of L-BFGS on growing random subsets of `rows` masks, each started where the last one ended.
    Single precision, then double where there is almost no noise.
    """
    order = np.random.default_rng(seed).permutation(len(target))
    theta, loss, used = None, 0.0, 1
    for count, most in zip(rows, steps, strict=True):
        if theta is not None and len(target) <= used:
            break
        chosen = np.sort(order[:count])
        evidence = Evidence(signs[chosen].astype(np.float32), target[chosen].astype(np.float32), windows)
        theta = evidence.start() if theta is None else theta
        theta, loss = _descend(evidence, theta, most, LEAST_NOISE)
        used = len(chosen)
    if theta[-1] < LEAST_NOISE + 2.0:
        chosen = np.sort(order[: rows[0]])
        evidence = Evidence(signs[chosen].astype(np.float64), target[chosen].astype(np.float64), windows)
        theta, loss = _descend(evidence, theta, 2 * steps[0], LEAST_NOISE_DOUBLE)
        used = len(chosen)
    return evidence.prior(theta), -loss / used


def _descend(evidence: Evidence, theta: NDArray[np.float64], steps: int, least_noise: float) -> tuple[Floats, float]:
    from scipy.optimize import minimize

    n = evidence.n
    bounds = [(-14.0, 1.2)] * n + [(-20.0, 4.0)] * n + [(-12.0, 4.0), (-12.0, 4.0), (-3.0, 3.0), (least_noise, 2.0)]
    found = minimize(evidence, theta, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps, "maxls": 8})
    return found.x, float(found.fun)
