"""The linear system of a Gaussian process: (K + noise)⁻¹ target, by a Cholesky factor."""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.solvers.gp.kernel import AnyFloats, Prior, components
from spexviz.solvers.gp.tiles import lower_covariance

DOUBLE_UP_TO = 1536  # masks up to which the final solve is in double precision whatever the noise
QUIET = 1e-2  # noise below which the rounding of single precision would count, in the kernel as in the solve
ROUNDING = 1e-10  # of the prior variance: what keeps the covariance positive definite


def solved(prior: Prior, signs: Floats, target: Floats) -> tuple[AnyFloats, AnyFloats]:
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
