"""How well a prior of the Gaussian process explains values: penalised marginal likelihood and its gradient.

The evidence of m values t is −½ tᵀK⁻¹t − ½ log|K|; with G = ½ (K⁻¹ − ααᵀ), α = K⁻¹t, the derivative of its
negative in any hyperparameter θ is Σ G ∘ ∂K/∂θ: one Cholesky factor, one inverse, and two matrix products for
every component, on tiles of the lower triangle alone. Source: Rasmussen and Williams 2006, eq. 5.8 and 5.9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.solvers.gp.hyperparameters import LOCAL, NOISE, REACH, SCALE, Hyperparameters, Hyperprior
from spexviz.solvers.gp.kernel import AnyFloats, Component, Prior, components
from spexviz.solvers.gp.tiles import lower_covariance, over_tiles

IMPOSSIBLE = 1e12  # loss where rounding leaves no positive definite covariance: the search steps back


class Evidence:
    """Negative log posterior of the hyperparameters given signs (m, n) and targets (m,), with its gradient.

    The vector is that of `Hyperparameters`.
    """

    def __init__(self, signs: AnyFloats, target: AnyFloats, windows: Floats):
        self.signs = signs
        self.target = target
        self.windows = windows
        self.n = signs.shape[1]
        self.hyperprior = Hyperprior(self.n)

    def prior(self, theta: Floats) -> Prior:
        return Hyperparameters.of(theta).prior(self.windows)

    def start(self) -> Floats:
        """Strengths and slopes after a ridge fit: players with a large effect of their own come first."""
        m = len(self.signs)
        effects = _ridge(self.signs, self.target, 0.3 * m)
        lead = np.abs(effects.astype(np.float64))
        lead /= lead.max() or 1.0
        # shares of a total, so that neither exponents nor variance grow with the number of players
        raised = 0.3 + lead
        strength = 1.5 * raised / raised.sum()
        energy = lead**2 + 0.01
        slope = 0.5 * energy / energy.sum()
        log_strength = np.log(np.clip(strength, 1e-5, 1.0))
        log_slope = np.log(slope)
        return np.concatenate([log_strength, log_slope, self.hyperprior.levels])

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        prior = self.prior(theta)
        given = _conditioned(prior, self.signs, self.target)
        if given is None:
            return IMPOSSIBLE, np.zeros_like(theta)
        # eq. 5.8, negative and without its constant: ½ tᵀα + ½ log|K|
        misfit = float(self.target @ given.alpha)
        loss = 0.5 * misfit + given.half_log_determinant
        penalty, pull = self.hyperprior.penalty(theta)
        return loss + penalty, given.gradient() + pull


@dataclass(frozen=True)
class _Conditioned:
    """The process with one prior, conditioned on targets t (m,) at signs (m, n).

    `inverse` (m, m): the lower triangle of K⁻¹, 0 above; `alpha` (m,) = K⁻¹t; `half_log_determinant`:
    ½ log|K|; the kernel's `components`, and on each tile of the lower triangle their values, `exponentials`.
    """

    prior: Prior
    signs: AnyFloats
    inverse: AnyFloats
    alpha: AnyFloats
    half_log_determinant: float
    components: list[Component]
    exponentials: list[list[AnyFloats]]

    def gradient(self) -> Floats:
        """Σ G ∘ ∂K/∂θ for every hyperparameter (2n + 4,). Once only: it overwrites the exponentials."""
        parts = over_tiles(self._on_tile, len(self.signs), self.exponentials)
        nothing = np.zeros_like(parts[0])
        gradient = sum(parts, start=nothing)
        # ∂K/∂ log noise = noise · I: the trace of G is all that it meets
        diagonal = np.diagonal(self.inverse)
        twice_g = diagonal - self.alpha**2
        trace = 0.5 * float(twice_g.sum())
        by = Hyperparameters.of(gradient)
        by.level[NOISE] += trace * self.prior.noise
        return gradient

    def _on_tile(self, rows: slice, columns: slice, exponentials: list[AnyFloats]) -> Floats:
        """What one tile adds to the gradient, noise left out."""
        prior = self.prior
        by = Hyperparameters.zeros(self.signs.shape[1])
        pull = self._pull(rows, columns)
        # ∂K/∂ log τ_i = τ_i z_i z'_i
        pairs = _by_player(pull, self.signs, rows, columns)
        by.slope[:] = pairs * prior.slope
        for c, component in enumerate(self.components):
            # E = s exp(Σ w_i (z_i z'_i − 1)), so ∂E/∂ log s = E and ∂E/∂ log w_i = w_i (z_i z'_i − 1) E
            pulled = exponentials[c]
            pulled *= pull
            sums = _by_player(pulled, component.right, rows, columns).astype(np.float64)
            pairs = sums[:-1]
            total = sums[-1]  # the last column of `right` is 1
            players = component.players
            w = prior.exponents[c, players]
            change = (pairs - total) * w
            by.strength[players] += change
            if c == 0:
                by.level[SCALE] += total
            else:
                # in a window w_ci = reach · window_ci · w_i: log reach moves all of them as log w_i moves one
                by.level[LOCAL] += total
                by.level[REACH] += change.sum()
        return by.vector

    def _pull(self, rows: slice, columns: slice) -> AnyFloats:
        """2 G on a tile, its diagonal halved and 0 above it.

        G and ∂K/∂θ are symmetric: below the diagonal every product counts twice, so the sum over these tiles
        is Σ G ∘ ∂K/∂θ over the whole matrix.
        """
        alpha = self.alpha
        outer = np.multiply.outer(alpha[rows], alpha[columns])  # that part of ααᵀ
        pull = self.inverse[rows, columns] - outer
        corner = pull[:, rows]  # a view: the square on the diagonal, at the tile's right end
        size = len(corner)
        corner[np.triu_indices(size, 1)] = 0.0
        corner[np.diag_indices(size)] *= 0.5
        return pull


def _by_player(pull: AnyFloats, signs: AnyFloats, rows: slice, columns: slice) -> AnyFloats:
    """(n,): Σ_ab pull_ab z_ai z_bi over a tile, for every column i of signs (m, n)."""
    weighted = pull @ signs[columns]
    products = weighted * signs[rows]
    return products.sum(0)


def _conditioned(prior: Prior, signs: AnyFloats, target: AnyFloats) -> _Conditioned | None:
    """The process with a prior; None where its covariance is not positive definite in this precision."""
    parts = components(prior, signs, signs)
    covariance = lower_covariance(prior, signs, parts, keep=True)
    matrix = covariance.matrix
    diagonal = np.diag_indices_from(matrix)
    matrix[diagonal] += signs.dtype.type(prior.noise)
    inverted = _inverted(matrix)
    if inverted is None:
        return None
    lower, half_log_determinant = inverted
    # K⁻¹t from one triangle, in which both products count the diagonal
    from_below = lower @ target
    from_above = lower.T @ target
    twice = np.diagonal(lower) * target
    alpha = from_below + from_above - twice
    return _Conditioned(prior, signs, lower, alpha, half_log_determinant, parts, covariance.components)


def _inverted(matrix: AnyFloats) -> tuple[AnyFloats, float] | None:
    """The lower triangle of the inverse, 0 above, and ½ log of the determinant; overwrites the matrix.

    Reads the lower triangle alone. None where it is not positive definite.
    """
    from scipy.linalg import get_lapack_funcs

    factorise, invert = get_lapack_funcs(("potrf", "potri"), dtype=matrix.dtype)
    # In Fortran order, which LAPACK wants without a copy, our lower triangle is the transpose's upper one.
    factor, failed = factorise(matrix.T, lower=0, clean=1, overwrite_a=1)
    if failed:
        return None
    # K = LLᵀ, so |K| = Π L_ii²
    diagonal = np.diagonal(factor).astype(np.float64)
    half_log_determinant = float(np.log(diagonal).sum())
    inverse, _ = invert(factor, lower=0, overwrite_c=1)
    return inverse.T, half_log_determinant


def _ridge(signs: AnyFloats, target: AnyFloats, penalty: float) -> AnyFloats:
    """Ridge coefficients (n,), by the smaller of two systems: (ZᵀZ + λI)⁻¹Zᵀt = Zᵀ(ZZᵀ + λI)⁻¹t."""
    m, n = signs.shape
    if n <= m:
        damping = penalty * np.eye(n)
        gram = signs.T @ signs + damping
        return np.linalg.solve(gram, signs.T @ target)
    damping = penalty * np.eye(m)
    gram = signs @ signs.T + damping
    return signs.T @ np.linalg.solve(gram, target)
