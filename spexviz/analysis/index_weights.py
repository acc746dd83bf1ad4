"""Weights of the indices in the spectrum, exact and rounded once: I(T) = Σ_{S⊇T} w(|S|, |T|) · F(S).

A player's sign is (−1)^{x_i} = 1 − 2 x_i, with x_i = 1 where it is kept. So a term of the spectrum is
Π_{i∈S} (1 − 2 x_i) = Σ_{R⊆S} (−2)^|R| Π_{i∈R} x_i: its Möbius coefficients are (−2)^|R| on all its subsets R,
and M(R) = (−2)^|R| Σ_{S⊇R} F(S). Indices that are known by their weights on M are summed up over these.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb


@cache
def spectral_weight(index: str, order: int, s: int, t: int) -> float:
    """w(s, t) of a term of s players in the value of a set of t of them. `index`: a key of `INDICES`."""
    if index == "influence":  # of the squared terms: the energy of all that hold the player
        return 1.0
    if index == "Fourier":
        return float(s == t)
    if index in ("BII", "BV"):
        # δ_T of a term is (−2)^t times the signs of its other members, whose mean over uniform masks is 0
        # (Grabisch & Roubens 1999; of one player, the Banzhaf value)
        return float((-2) ** t) if s == t else 0.0
    if index in ("Moebius", "FBII"):
        # FBII: the best fit under uniform masks is the spectrum cut at the order (the caller has cut it), its
        # terms being orthonormal there; read as Möbius coefficients (Tsai et al. 2023)
        return float((-2) ** t)
    if index == "OR":
        # the Möbius coefficients of the dual f(all) − f(all ∖ m): taking the complement of a mask gives each
        # of the s members of a term the other sign
        return float(-((-2) ** t) * (-1) ** s)
    if index == "SV":
        # from the empty to the full mask a term changes by (−1)^s − 1: its s members, who are alike, have
        # equal parts of that, others none (Shapley 1953: efficiency, symmetry, null player)
        return -2.0 / s if s % 2 else 0.0
    # through the Möbius coefficients of the term: (−2)^r for each set R of r players between T and S
    total = Fraction(0)
    for r in range(t, s + 1):
        sets_between = comb(s - t, r - t)
        total += sets_between * (-2) ** r * _moebius_weight(index, order, r, t)
    return float(total)


@cache
def mean_weight(keep: float, s: int, t: int) -> float:
    """w(s, t) of the mean effect over masks that keep a player with probability `keep`: see mean_effects.

    δ_T of a term is (−2)^t times the signs of its other members, whose mean is 1 − 2 keep each.
    """
    return (-2.0) ** t * (1.0 - 2.0 * keep) ** (s - t)


@cache
def _moebius_weight(index: str, order: int, r: int, t: int) -> Fraction:
    """c(|R|, |T|) of the Shapley-type indices: I(T) = Σ_{R⊇T} c(|R|, |T|) M(R)."""
    if index == "SII":
        # M(R) counts once all of R is there. T arrives as one player among the r − t other members of R, in
        # random order: it completes R where it comes last, one place of r − t + 1 (Grabisch & Roubens 1999)
        return Fraction(1, r - t + 1)
    itself = Fraction(int(r == t))
    if t == 0:  # k-SII, STII, FSII start from f(empty): what is left then sums to f(full) − f(empty)
        return itself
    if index == "k-SII":
        return _aggregated(order, r, t)
    if index == "STII":
        # below the order a set has its own M alone; what lies above is shared out in equal parts among all
        # subsets of exactly the order (Sundararajan et al. 2020)
        if t < order:
            return itself
        return Fraction(1, comb(r, order))
    if r <= order:  # FSII: a function of this order is its own best fit
        return itself
    return _faithful(order, r, t)


def _aggregated(order: int, r: int, t: int) -> Fraction:
    """k-SII: Σ_j B_j Σ SII(T ∪ L) over the sets L of j other players, j ≤ order − t.

    An M(R) reaches the comb(r − t, j) sets L within R ∖ T, by SII's weight for t + j players. `_bernoulli`
    are the B_j. Source: Bordt & von Luxburg 2023.
    """
    total = Fraction(0)
    for j in range(min(order, r) - t + 1):
        sii = Fraction(1, r - t - j + 1)
        total += comb(r - t, j) * _bernoulli(j) * sii
    return total


def _faithful(order: int, r: int, t: int) -> Fraction:
    """FSII: the part of an M(R) above the order in the best fit of the order under Shapley weights.

    Source: Tsai et al. 2023, the closed form of the Faithful Shapley interaction by Möbius coefficients.
    """
    sign = (-1) ** (order - t)
    share = Fraction(comb(r - 1, order), comb(r + order - 1, order + t))
    return sign * Fraction(t, order + t) * comb(order, t) * share


@cache
def _bernoulli(j: int) -> Fraction:
    """Bernoulli numbers with B_1 = −1/2, from Σ_{i≤j} comb(j + 1, i) B_i = 0 for j ≥ 1."""
    if j == 0:
        return Fraction(1)
    lower = Fraction(0)
    for i in range(j):
        lower += comb(j + 1, i) * _bernoulli(i)
    return -lower / (j + 1)
