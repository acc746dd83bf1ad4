"""Learning the prior of the Gaussian process: the hyperparameters with the most evidence, by L-BFGS."""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Floats, Ints
from spexviz.solvers.gp.evidence import Evidence
from spexviz.solvers.gp.hyperparameters import NOISE, Hyperparameters, bounds
from spexviz.solvers.gp.kernel import Prior

LEAST_NOISE = np.log(1e-3)  # in single precision
NEAR_NONE = 0.3  # learnt noise this close (log) to the least that single precision can tell from none
LEAST_NOISE_DOUBLE = np.log(1e-8)
ROWS_DOUBLE, STEPS_DOUBLE = 384, 24  # a step in double precision takes three times as long
TRIES = 8  # of L-BFGS along one direction


def learn(
    signs: Floats, target: Floats, windows: Floats, seed: int, rows: int, steps: int
) -> tuple[Prior, float]:
    """The prior that explains the values best, and its log evidence in nats a mask.

    L-BFGS on a random subset of at most `rows` masks. Single precision; where it finds almost no noise, on in
    double precision, on fewer masks.
    """
    order = np.random.default_rng(seed).permutation(len(target))
    evidence = _evidence(signs, target, windows, order[:rows], np.float32)
    theta, loss = _descend(evidence, evidence.start(), steps, LEAST_NOISE)
    log_noise = Hyperparameters.of(theta).level[NOISE]
    if log_noise < LEAST_NOISE + NEAR_NONE:
        fewer = order[:ROWS_DOUBLE]
        evidence = _evidence(signs, target, windows, fewer, np.float64)
        theta, loss = _descend(evidence, theta, STEPS_DOUBLE, LEAST_NOISE_DOUBLE)
    of_a_mask = -loss / len(evidence.target)
    return evidence.prior(theta), of_a_mask


def _evidence(
    signs: Floats, target: Floats, windows: Floats, rows: Ints, kind: type[np.float32 | np.float64]
) -> Evidence:
    """That of some of the masks, in one precision."""
    chosen = np.sort(rows)
    their_signs = signs[chosen].astype(kind)
    their_target = target[chosen].astype(kind)
    return Evidence(their_signs, their_target, windows)


def _descend(evidence: Evidence, theta: Floats, steps: int, least_noise: float) -> tuple[Floats, float]:
    """The vector that L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995) comes to in so many steps, and its loss."""
    from scipy.optimize import minimize

    limits = bounds(evidence.n, least_noise)
    options = {"maxiter": steps, "maxls": TRIES}
    found = minimize(evidence, theta, jac=True, method="L-BFGS-B", bounds=limits, options=options)
    return found.x, float(found.fun)
