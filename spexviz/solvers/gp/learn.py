"""Learning the prior of the Gaussian process: penalised marginal likelihood with exact gradients, by L-BFGS.

The evidence of m values t is −½ tᵀK⁻¹t − ½ log|K|; with G = ½ (K⁻¹ − ααᵀ), α = K⁻¹t, the derivative of its
negative in any hyperparameter θ is Σ G ∘ ∂K/∂θ: one Cholesky factor, one inverse, and two matrix products for
every component, on tiles of the lower triangle alone. The hyperparameters have priors of their own (all on
log scales): with few masks the players' strengths would be over-fitted without them (R² .47 instead of .54 at
65 players and 512 masks). Source: Rasmussen and Williams 2006, eq. 5.9.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spexviz.kit.arrays import Ints
from spexviz.solvers.gp.kernel import Component, Floats, Prior, components, lower_covariance, over_tiles

SPREAD_STRENGTH = 0.9  # of log w_i about its mean over the players…
# …degrees of freedom of Student's t: most players are alike, a few stand far out, and more so the more
# players
TAILS = 4.0
# sd of log τ_i about the mean + the player's excess in log w_i: who acts alone also acts together
SPREAD_SLOPE = 0.8
SPREAD_LEVEL = 2.0  # sd of the other logarithms about where they start
START_SCALE, START_LOCAL, START_REACH, START_NOISE = -1.0, -3.0, 1.0, np.log(0.15)
LEAST_NOISE = np.log(1e-3)  # in single precision
NEAR_NONE = 0.3  # learnt noise this close (log) to the least that single precision can tell from none
LEAST_NOISE_DOUBLE = np.log(1e-8)
ROWS_DOUBLE, STEPS_DOUBLE = 384, 24  # a step in double precision takes three times as long
CONSTANT = 0.1


class Evidence:
    """Negative log posterior of the hyperparameters given signs (m, n) and targets (m,), with its gradient.

    The vector: log w (n), log τ (n), log s of all players, log s of all windows together, log reach, log
    noise.
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
        return Prior(
            np.exp(theta[:n]),
            np.exp(theta[n : 2 * n]),
            scales,
            float(reach),
            self.windows,
            float(noise),
            CONSTANT,
        )

    def start(self) -> Floats:
        """Strengths and slopes after a ridge fit: players with a large effect of their own come first."""
        z, t, (m, n) = self.signs, self.target, self.signs.shape
        ridge = 0.3 * m
        lead = (
            np.linalg.solve(z.T @ z + ridge * np.eye(n), z.T @ t)
            if n <= m
            else z.T @ np.linalg.solve(z @ z.T + ridge * np.eye(m), t)
        )
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
        # In Fortran order, which LAPACK wants without a copy, our lower triangle is the transpose's upper
        # one.
        factor, failed = (lapack.spotrf if kind == np.float32 else lapack.dpotrf)(
            covariance.T, lower=0, clean=1, overwrite_a=1
        )
        if failed:
            return 1e12, np.zeros_like(theta)
        logdet = float(np.log(np.diagonal(factor).astype(np.float64)).sum())
        inverse, _ = (lapack.spotri if kind == np.float32 else lapack.dpotri)(factor, lower=0, overwrite_c=1)
        lower = inverse.T  # of K⁻¹; the other triangle is 0
        alpha = lower @ self.target + lower.T @ self.target - np.diagonal(lower) * self.target
        loss = 0.5 * float(self.target @ alpha) + logdet
        penalty, slope = self._penalty(theta)
        return loss + penalty, self._gradient(prior, lower, alpha, parts, kept) + slope

    def _gradient(
        self, prior: Prior, lower: Floats, alpha: Floats, parts: list[Component], kept: list[list[Floats]]
    ) -> Floats:
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
                *by_player, total = (
                    ((values @ part.right[columns]) * part.right[rows]).sum(0).astype(np.float64)
                )
                # ∂/∂ log w_i = ∂/∂ log reach, player by player
                change = (np.array(by_player) - total) * prior.exponents[c, part.players]
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
        far = 1.0 + strength**2 / (TAILS * SPREAD_STRENGTH**2)
        loss = 0.5 * (
            (TAILS + 1) * np.log(far).sum()
            + (apart @ apart) / SPREAD_SLOPE**2
            + (level @ level) / SPREAD_LEVEL**2
        )
        tail = (TAILS + 1) / TAILS * strength / SPREAD_STRENGTH**2 / far
        pull, apart = level / SPREAD_LEVEL**2, apart / SPREAD_SLOPE**2
        return float(loss), np.concatenate(
            [tail - tail.mean() - apart + pull[0] / n, apart + pull[1] / n, pull[2:]]
        )


def learn(
    signs: Floats, target: Floats, windows: Floats, seed: int, rows: int, steps: int
) -> tuple[Prior, float]:
    """The prior that explains the values best, and its log evidence in nats a mask: L-BFGS on a random subset of at most `rows` masks.

    Single precision; where it finds almost no noise, on in double precision, on fewer masks.
    """
    order = np.random.default_rng(seed).permutation(len(target))
    evidence = _evidence(signs, target, windows, order[:rows], np.float32)
    theta, loss = _descend(evidence, evidence.start(), steps, LEAST_NOISE)
    if theta[-1] < LEAST_NOISE + NEAR_NONE:
        evidence = _evidence(signs, target, windows, order[:ROWS_DOUBLE], np.float64)
        theta, loss = _descend(evidence, theta, STEPS_DOUBLE, LEAST_NOISE_DOUBLE)
    return evidence.prior(theta), -loss / len(evidence.target)


def _evidence(signs: Floats, target: Floats, windows: Floats, rows: Ints, kind: type) -> Evidence:
    chosen = np.sort(rows)
    return Evidence(signs[chosen].astype(kind), target[chosen].astype(kind), windows)


def _descend(
    evidence: Evidence, theta: NDArray[np.float64], steps: int, least_noise: float
) -> tuple[Floats, float]:
    from scipy.optimize import minimize

    n = evidence.n
    bounds = (
        [(-14.0, 1.2)] * n
        + [(-20.0, 4.0)] * n
        + [(-12.0, 4.0), (-12.0, 4.0), (-3.0, 3.0), (least_noise, 2.0)]
    )
    found = minimize(
        evidence, theta, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps, "maxls": 8}
    )
    return found.x, float(found.fun)
