"""The last step of SPEX: coefficients of a known support by regression on every mask that was asked.

The support is the constant, all singletons and what decoding found. How many terms are kept and how much they
are shrunk is chosen by cross-validation in which the ranking of the terms is learnt again in every fold. The
decoded sets were found with all values, so its error is somewhat optimistic: fidelity is measured on masks
held out of everything. Everything runs on Gram matrices, which are sums of ±1 and hence exact. Source: the
SPEX paper (arXiv 2502.13870), the refinement step; ridge with a kept count in place of its Lasso.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import reduce

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


@dataclass(frozen=True)
class _Moments:
    """All that a regression of values y on terms X needs of some masks; those of two parts add up.

    `gram` (k, k) is XᵀX, `product` (k,) is Xᵀy, `squares` is yᵀy, `masks` their number.
    """

    gram: Floats
    product: Floats
    squares: float
    masks: int

    @classmethod
    def of(cls, masks: Masks, y: Values, membership: Bools) -> _Moments:
        """Of masks (m, n) and terms (k, n), some masks at a time."""
        k = len(membership)
        gram = np.zeros((k, k))
        product = np.zeros(k)
        step = max(1, _CELLS // k)
        for start in range(0, len(y), step):
            part = slice(start, start + step)
            x = characters(masks[part], membership)
            gram += x.T @ x
            transposed = x.T.astype(np.float64)
            product += transposed @ y[part]
        squares = float(y @ y)
        return cls(gram, product, squares, len(y))

    def __add__(self, other: _Moments) -> _Moments:
        gram = self.gram + other.gram
        product = self.product + other.product
        squares = self.squares + other.squares
        masks = self.masks + other.masks
        return _Moments(gram, product, squares, masks)

    def __sub__(self, other: _Moments) -> _Moments:
        gram = self.gram - other.gram
        product = self.product - other.product
        squares = self.squares - other.squares
        masks = self.masks - other.masks
        return _Moments(gram, product, squares, masks)


def refit(masks: Masks, values: Values, membership: Bools, seed: int) -> Refit:
    """Ridge coefficients of the terms `membership` (k, n), as many of them as cross-validation wants.

    The first row must be the constant.
    """
    scale = float(np.std(values))
    largest = float(np.abs(values).max())
    if scale <= 1e-14 * max(1.0, largest):
        return _constant(values, len(membership))
    y = values / scale
    parts = _folded(masks, y, membership, seed)
    whole = reduce(operator.add, parts)
    counts = _counts(len(membership))
    errors = _errors(parts, whole, counts)
    i, j = _simplest_of_the_best(errors, counts)
    ridge = RIDGE[i]
    order = _ranking(whole)
    path = _path(whole, order, ridge, counts[j : j + 1])
    coefficients = path[:, 0] * scale
    kept = coefficients != 0
    error = errors[i, j]
    deviation = np.sqrt(max(error, 0.0))
    noise = float(deviation * scale)
    r2 = float(1 - error / np.var(y))
    return Refit(coefficients, kept, ridge, noise, r2)


def _constant(values: Values, k: int) -> Refit:
    """The refit of equal values: nothing but the first of k terms."""
    coefficients = np.zeros(k)
    coefficients[0] = float(values.mean())
    kept = np.zeros(k, dtype=bool)
    kept[0] = True
    return Refit(coefficients, kept, ridge=0.0, noise=0.0, r2=1.0)


def _folded(masks: Masks, y: Values, membership: Bools, seed: int) -> list[_Moments]:
    """The moments of each of FOLDS random parts of the masks, or of single masks where they are fewer."""
    m = len(y)
    count = min(FOLDS, m)
    rng = np.random.default_rng([seed, m])
    fold = rng.permutation(m) % count
    parts: list[_Moments] = []
    for k in range(count):
        inside = fold == k
        part = _Moments.of(masks[inside], y[inside], membership)
        parts.append(part)
    return parts


def _errors(parts: list[_Moments], whole: _Moments, counts: Positions) -> Floats:
    """Mean squared error by cross-validation of every ridge penalty and number of terms: (RIDGE, counts).

    Infinite where the masks outside a part do not determine the coefficients.
    """
    shape = len(RIDGE), len(counts)
    errors = np.zeros(shape)
    for part in parts:
        train = whole - part
        order = _ranking(train)
        for i, ridge in enumerate(RIDGE):
            try:
                path = _path(train, order, ridge, counts)
            except LinAlgError:
                errors[i] = np.inf
            else:
                squares = _squares(part, path)
                errors[i] += squares / whole.masks
    return errors


def _simplest_of_the_best(errors: Floats, counts: Positions) -> tuple[int, int]:
    """Positions of the penalty and of the number of terms: fewest terms, then least error, of the best."""
    least = errors.min()
    enough = least * (1 + _TIE) + _EXACT
    ridges, sizes = np.nonzero(errors <= enough)
    error = errors[ridges, sizes]
    simplest_first = np.lexsort((error, counts[sizes]))
    best = simplest_first[0]
    ridge = int(ridges[best])
    size = int(sizes[best])
    return ridge, size


def _counts(k: int) -> Positions:
    """The numbers of terms that are tried: all up to 48, then about 8 % apart, and k."""
    small = np.arange(1, min(k, 48) + 1)
    apart = 48 * 1.08 ** np.arange(1, 100)
    large = apart[apart < k].astype(int)
    counts = np.r_[small, large, k]
    return np.unique(counts)


def _damped(gram: Floats, ridge: float, m: int) -> Floats:
    """XᵀX (k, k) of m masks with a diagonal that shrinks all terms but the constant, which is the first."""
    k = len(gram)
    penalty = np.full(k, ridge * m)
    penalty[0] = 1e-12 * m
    return gram + np.diag(penalty)


def _ranking(moments: _Moments) -> Positions:
    """The terms by the size of their coefficients in a mild ridge fit on all, the constant first: (k,)."""
    damped = _damped(moments.gram, RANKING, moments.masks)
    factor = cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
    coefficients = cho_solve(factor, moments.product, check_finite=False)
    size = np.abs(coefficients)
    size[0] = np.inf
    return np.argsort(-size, kind="stable")


def _path(moments: _Moments, order: Positions, ridge: float, counts: Positions) -> Floats:
    """Ridge coefficients on so many of the first terms of the ranking, for each count: (k, len(counts)).

    Raises LinAlgError where the masks do not determine them.
    """
    order = order[: counts[-1]]
    m = moments.masks
    enough = 1.1 * len(order)
    if ridge < 1e-6 and m < enough:
        raise LinAlgError("Too few masks for so many terms without a penalty.")
    gram = moments.gram[np.ix_(order, order)]
    damped = _damped(gram, ridge, m)
    lower = cholesky(damped, lower=True, overwrite_a=True, check_finite=False)
    # L Lᵀ x = Xᵀy by L z = Xᵀy, then Lᵀ x = z. The first j rows of L and z are those of the first j terms
    # alone, so the solution on these is back-substitution with the rest of z set to 0: all counts at once
    product = moments.product[order]
    z = solve_triangular(lower, product, lower=True, check_finite=False)
    position = np.arange(len(z))
    inside = position[:, None] < counts
    starts = np.where(inside, z[:, None], 0.0)
    coefficients = solve_triangular(lower, starts, lower=True, trans=1, check_finite=False)
    shape = len(moments.product), len(counts)
    path = np.zeros(shape)
    path[order] = coefficients
    return path


def _squares(part: _Moments, path: Floats) -> Floats:
    """‖y − Xb‖² = yᵀy − 2 yᵀX b + bᵀXᵀX b on a part, for each column b of coefficients."""
    mixed = 2 * part.product @ path
    products = part.gram @ path
    fitted = np.einsum("kc,kc->c", path, products)
    squares = part.squares - mixed + fitted
    return np.maximum(squares, 0.0)
