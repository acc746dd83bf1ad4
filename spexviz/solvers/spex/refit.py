"""The last step of SPEX: coefficients of a known support by regression on every mask that was asked.

The support is the constant, all singletons and what decoding found. How many terms are kept and how much they
are shrunk is chosen by cross-validation in which the ranking of the terms is learnt again in every fold. The
decoded sets were found with all values, so its error is somewhat optimistic: fidelity is measured on masks
held out of everything. Everything runs on Gram matrices, which are sums of ±1 and hence exact. Source: the
SPEX paper (arXiv 2502.13870), the refinement step; ridge with a kept count in place of its Lasso.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, solve_triangular

from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.masks import Masks, Values
from spexviz.spectrum import characters

FOLDS = 5
RIDGE = (1e-9, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)  # per mask, for terms whose squares sum to one a mask
RANKING = 3e-2
_CELLS = 8_000_000  # masks × terms at a time: 32 MB
_TIE = 1e-3  # a smaller support wins if its error is within this share of the least
_EXACT = 1e-13  # errors below this share of the variance are rounding

Moments = tuple[Floats, Floats, float, int]


@dataclass(frozen=True)
class Refit:
    """`coefficients` (k,), 0 where a term was dropped;

    `kept` (k,) bool; `noise` the standard deviation left; `r2` by cross-validation.
    """

    coefficients: Floats
    kept: Bools
    ridge: float
    noise: float
    r2: float


def refit(masks: Masks, values: Values, membership: Bools, seed: int) -> Refit:
    """Ridge coefficients of the terms `membership` (k, n), whose first row must be the constant, with a kept count chosen by CV."""
    scale = float(np.std(values))
    k = len(membership)
    if scale <= 1e-14 * max(1.0, float(np.abs(values).max())):
        return Refit(np.r_[float(values.mean()), np.zeros(k - 1)], np.arange(k) == 0, 0.0, 0.0, 1.0)
    y = values / scale
    fold = np.random.default_rng([seed, len(y)]).permutation(len(y)) % min(FOLDS, len(y))
    parts = [_moments(masks[fold == f], y[fold == f], membership) for f in range(fold.max() + 1)]
    whole = tuple(sum(part[i] for part in parts) for i in range(4))
    counts = _counts(k)
    errors = np.zeros((len(RIDGE), len(counts)))
    for part in parts:
        train = tuple(a - b for a, b in zip(whole, part, strict=True))
        order = _ranking(train)
        for i, ridge in enumerate(RIDGE):
            path = _path(train, order, ridge, counts)
            errors[i] += np.inf if path is None else _squares(part, path) / len(y)
    best = errors.min()
    near = np.argwhere(errors <= best * (1 + _TIE) + _EXACT)
    i, j = min(near.tolist(), key=lambda ij: (counts[ij[1]], errors[ij[0], ij[1]]))
    coefficients = _path(whole, _ranking(whole), RIDGE[i], counts[j : j + 1])[:, 0] * scale
    return Refit(
        coefficients,
        coefficients != 0,
        RIDGE[i],
        float(np.sqrt(max(errors[i, j], 0.0)) * scale),
        float(1 - errors[i, j] / np.var(y)),
    )


def _moments(masks: Masks, y: Values, membership: Bools) -> Moments:
    """Gram matrix (k, k), products with the values (k,), squared values, number of masks."""
    k = len(membership)
    gram, product = np.zeros((k, k)), np.zeros(k)
    step = max(1, _CELLS // k)
    for start in range(0, len(y), step):
        x = characters(masks[start : start + step], membership)
        gram += x.T @ x
        product += x.T.astype(np.float64) @ y[start : start + step]
    return gram, product, float(y @ y), len(y)


def _counts(k: int) -> Positions:
    """The numbers of terms that are tried: all up to 48, then about 8 % apart, and k."""
    apart = 48 * 1.08 ** np.arange(1, 100)
    return np.unique(np.r_[np.arange(1, min(k, 48) + 1), apart[apart < k].astype(int), k])


def _penalty(k: int, ridge: float, m: int) -> Floats:
    """The diagonal that shrinks all terms but the constant."""
    penalty = np.full(k, ridge * m)
    penalty[0] = 1e-12 * m
    return penalty


def _ranking(moments: Moments) -> Positions:
    """The terms by the size of their coefficients in a mild ridge fit on all of them, the constant first:

    (k,).
    """
    gram, product, _, m = moments
    lower = cho_factor(
        gram + np.diag(_penalty(len(product), RANKING, m)), lower=True, overwrite_a=True, check_finite=False
    )
    size = np.abs(cho_solve(lower, product, check_finite=False))
    size[0] = np.inf
    return np.argsort(-size, kind="stable")


def _path(moments: Moments, order: Positions, ridge: float, counts: Positions) -> Floats | None:
    """Ridge coefficients on the first 1, 2, … terms of the ranking:

    (k, len(counts)), or None where the masks do not determine them.
    """
    gram, product, _, m = moments
    k, order = len(product), order[: counts[-1]]
    if ridge < 1e-6 and m < 1.1 * len(order):
        return None
    try:
        ordered = gram[np.ix_(order, order)] + np.diag(_penalty(len(order), ridge, m))
        lower = cholesky(ordered, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    z = solve_triangular(lower, product[order], lower=True, check_finite=False)
    # the solution on the first terms only is back-substitution with the rest of z set to 0: all counts at
    # once
    starts = np.where(np.arange(len(z))[:, None] < counts, z[:, None], 0.0)
    out = np.zeros((k, len(counts)))
    out[order] = solve_triangular(lower, starts, lower=True, trans="T", check_finite=False)
    return out


def _squares(part: Moments, path: Floats) -> Floats:
    """Sum of squared errors of each column of coefficients on a held-out part."""
    gram, product, squares, _ = part
    return np.maximum(squares - 2 * product @ path + np.einsum("kc,kc->c", path, gram @ path), 0.0)
