"""Linear: the baseline that every explanation stands beside: a constant and one coefficient a player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.masks import Values
from spexviz.solvers.base import AnyMasks, Design, checked, constant_and_players, signs
from spexviz.spectrum import Spectrum

PENALTIES = np.logspace(-12, 3, 61)  # times the number of masks


@dataclass(frozen=True)
class Linear(AnyMasks):
    """Ridge regression on the players, its penalty chosen by closed-form leave-one-out error."""

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "Linear"
    summary: ClassVar[str] = (
        "One number for each part and none for sets: the baseline, with which all others are compared."
    )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The best ridge fit of constant + singletons to values (m,).

        Raises SolverError for values that are not finite or do not match.
        """
        masks, values = checked(design, values, self.least)
        n = masks.shape[1]
        fit = ridge_by_leave_one_out(signs(masks), values)
        coefficients = [fit.constant, *fit.slopes]
        terms = zip(constant_and_players(n), coefficients, strict=True)
        notes = {"penalty": fit.penalty, "leave-one-out error": fit.error}
        return Spectrum(n, list(terms), notes=notes)


class RidgeFit(NamedTuple):
    """`slopes` (n,); `penalty` a mask; `error` the mean squared error of rows left out."""

    constant: float
    slopes: Floats
    penalty: float
    error: float


def ridge_by_leave_one_out(columns: Floats, values: Values) -> RidgeFit:
    """Ridge with a free constant on columns (m, n), with the best of PENALTIES.

    The error, which chooses the penalty, is that of every row left out of its own fit, in closed form. With
    the centred columns U S Vᵀ the hat matrix is 11ᵀ/m + U diag(s²/(s²+λ)) Uᵀ, and the leave-one-out residual
    of row i its residual over 1 − h_ii; one decomposition serves every λ. An infinite λ (no slopes) is among
    the choices.
    Source: Golub, Heath, Wahba 1979 (generalised cross-validation), with the exact h_ii.
    """
    m = len(values)
    middle = columns.mean(0)
    mean = values.mean()
    centred = columns - middle
    target = values - mean
    left, power = _left_vectors(centred)  # U and s²
    projected = left.T @ target
    penalties = PENALTIES * m
    column = power[:, None]
    shrink = column / (column + penalties)  # (r, λ)
    fitted = left @ (shrink * projected[:, None])
    residual = target[:, None] - fitted
    leverage = (left**2) @ shrink
    freedom = 1.0 - 1.0 / m - leverage  # 1 − h_ii
    left_out = residual / np.maximum(freedom, 1e-9)
    errors = np.mean(left_out**2, axis=0)
    fixed = freedom < 1e-9
    errors[fixed.any(0)] = np.inf  # a row that its own fit goes through says nothing
    left_out_of_mean = target / (1.0 - 1.0 / m)
    error_of_mean = float(np.mean(left_out_of_mean**2))
    best = int(np.argmin(errors))
    if not errors[best] < error_of_mean:
        slopes = np.zeros(columns.shape[1])
        return RidgeFit(float(mean), slopes, float(PENALTIES[-1]), error_of_mean)
    damped = projected / (power + penalties[best])
    slopes = centred.T @ (left @ damped)
    constant = float(mean - middle @ slopes)
    penalty = float(PENALTIES[best])
    return RidgeFit(constant, slopes, penalty, float(errors[best]))


def _left_vectors(centred: Floats) -> tuple[Floats, Floats]:
    """Left singular vectors (m, r) and squared singular values (r,), null space left out.

    From the eigenvectors of the smaller Gram matrix: of C Cᵀ they are U, of CᵀC they are V, and U = C V / S.
    """
    m, n = centred.shape
    if m <= n:
        return _eigenvectors(centred @ centred.T)
    vectors, power = _eigenvectors(centred.T @ centred)
    scaled = vectors / np.sqrt(power)
    return centred @ scaled, power


def _eigenvectors(gram: Floats) -> tuple[Floats, Floats]:
    """Eigenvectors (columns) and eigenvalues, without those that are rounding errors of 0."""
    power, vectors = np.linalg.eigh(gram)
    largest = max(power[-1], 1e-300)
    real = power > 1e-10 * largest
    return vectors[:, real], power[real]
