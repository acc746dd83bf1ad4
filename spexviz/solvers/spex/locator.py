"""From syndromes to the positions of errors, for many words of a BCH code at once.

The locator Λ(x) = Π(1 + X x) has one factor for each error, X = α^position.
1. Berlekamp–Massey finds the Λ of least degree that agrees with the syndromes (`monic_locators`).
2. Few words of noise have one whose roots are all in the field (`splits`).
3. For those that have, Chien search finds the positions (`error_positions`).

Polynomials over all words are arrays (coefficients, words), the constant first.
Source: Berlekamp–Massey without inversion for binary codes (Blahut, Algebraic Codes, 7.6).
"""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Bools, Positions
from spexviz.solvers.spex.field import Field, zeros

_CELLS = 4_000_000  # words × positions tried for roots at a time: 32 MB


def monic_locators(gf: Field, odd: Positions) -> tuple[Positions, Positions]:
    """Berlekamp–Massey from the syndromes 1, 3, …, 2t − 1 of each word (b, t).

    x^d Λ(1/x) = x^d + Σ c_i x^i, whose roots are the X themselves: (c (t, b), 0 from d on; degree d (b,)).
    The degree is −1 where no error of weight ≤ t fits.
    """
    t = odd.shape[1]
    recursion = _BerlekampMassey(gf, odd)
    for step in range(t):
        recursion.advance(step)
    locator = recursion.locator
    from_the_top = locator[::-1] != 0
    degree = t - np.argmax(from_the_top, axis=0)
    degree[recursion.cut_off] = -1
    # Λ(0) is a product of discrepancies and not 1, since nothing was divided on the way
    inverse = gf.inverse(locator[0])
    scaled = gf.times(locator, inverse)
    # coefficient i of the polynomial read backwards is coefficient d − i of Λ
    i = np.arange(t)
    mirrored = degree - i[:, None]
    there = np.maximum(mirrored, 0)
    coefficients = np.take_along_axis(scaled, there, axis=0)
    coefficients[mirrored <= 0] = 0
    return coefficients, degree


class _BerlekampMassey:
    """The recursion over all words: Λ grows by the discrepancies between the syndromes and what it predicts.

    `locator` (t + 1, b) is Λ; `previous` (t + 1, b) is B, the Λ before it last got longer, times a power of
    x; `last_discrepancy` (b,) is γ, what made it longer. `lead` (b,): the syndromes seen, less twice the
    length of Λ. `cut_off` (b,): whether a term beyond degree t was lost, so that no error of weight ≤ t fits.
    """

    def __init__(self, gf: Field, odd: Positions):
        count, t = odd.shape
        self.gf = gf
        syndromes = _all_syndromes(gf, odd)
        self.log_syndromes = gf.log[syndromes]
        self.locator = zeros(t + 1, count)
        self.locator[0] = 1
        self.previous = self.locator
        self.last_discrepancy = np.ones(count, dtype=np.intp)
        self.lead = zeros(count)
        self.cut_off = np.zeros(count, dtype=bool)

    def advance(self, step: int) -> None:
        """Make Λ agree with syndrome 2·step + 1; with the even one after it binary words then agree too."""
        log_locator = self.gf.log.take(self.locator)
        discrepancy = self._discrepancy(log_locator, step)
        wrong = discrepancy != 0
        longer = wrong & (self.lead >= 0)  # Massey's rule
        too_long = self.previous[-1] != 0
        self.cut_off |= wrong & too_long
        corrected = self._corrected(log_locator, discrepancy)
        # the next B: Λ where that gets longer, else x B; and x times that, for the even syndrome
        base = np.where(longer, self.locator, _times_x(self.previous))
        self.previous = _times_x(base)
        self.locator = corrected
        self.last_discrepancy = np.where(longer, discrepancy, self.last_discrepancy)
        more_seen = self.lead + 2
        self.lead = np.where(longer, -self.lead, more_seen)

    def _discrepancy(self, log_locator: Positions, step: int) -> Positions:
        """Σ_i Λ_i S_{2·step + 1 − i}, 0 where Λ predicts the syndrome: (b,)."""
        wanted = 2 * step + 1
        total = np.zeros_like(log_locator[0])
        for i, log_coefficient in enumerate(log_locator[:wanted]):  # there is no S_0
            log_syndrome = self.log_syndromes[wanted - i]
            log_term = log_coefficient + log_syndrome
            total ^= self.gf.exp.take(log_term)
        return total

    def _corrected(self, log_locator: Positions, discrepancy: Positions) -> Positions:
        """γ Λ + δ x B for the discrepancy δ: multiplied by γ, where the usual form divides δ by it."""
        log_last = self.gf.log.take(self.last_discrepancy)
        scaled = self.gf.exp.take(log_locator + log_last)
        shifted = _times_x(self.previous)
        correction = self.gf.times(shifted, discrepancy)
        return scaled ^ correction


def _times_x(polynomial: Positions) -> Positions:
    """x times polynomials, in as many coefficients: the top one is lost."""
    shifted = np.zeros_like(polynomial)
    shifted[1:] = polynomial[:-1]
    return shifted


def _all_syndromes(gf: Field, odd: Positions) -> Positions:
    """Syndromes 0 (unused) to 2t of binary words, (2t + 1, b): S_{2i} = S_i², since squaring is additive."""
    count, t = odd.shape
    syndromes = zeros(2 * t + 1, count)
    syndromes[1::2] = odd.T
    for even in range(2, 2 * t + 1, 2):
        half = syndromes[even // 2]
        syndromes[even] = gf.times(half, half)
    return syndromes


def splits(gf: Field, monic: Positions) -> Bools:
    """Whether f(x) = x^d + Σ monic[i] x^i, d ≥ 2, has d distinct roots in the field, for each word: (b,).

    It has where f divides x^{2^r} − x, the product of x − a over all elements a: where x squared r times is x
    again modulo f. Far cheaper than a root search.
    """
    log_high = _log_high_powers(gf, monic)
    power = np.zeros_like(monic)
    power[1] = 1  # x
    for _ in range(gf.r):
        power = _squared(gf, power, log_high)
    power[1] ^= 1  # minus x
    return np.bitwise_or.reduce(power, axis=0) == 0


def _log_high_powers(gf: Field, monic: Positions) -> dict[int, Positions]:
    """Logarithms of x^e modulo f for e = d … 2d − 2, the powers that squares can hold: {e: (d, b)}."""
    d = len(monic)
    log_monic = gf.log.take(monic)
    power = monic  # x^d = Σ monic[i] x^i modulo f, as minus is plus
    log_high: dict[int, Positions] = {}
    for e in range(d, 2 * d - 1):
        log_power = gf.log.take(power)
        log_high[e] = log_power
        # times x: the top coefficient would stand at x^d, and comes down by f
        log_top = log_power[-1]
        reduced = gf.exp.take(log_monic + log_top)
        power = reduced ^ _times_x(power)
    return log_high


def _squared(gf: Field, polynomial: Positions, log_high: dict[int, Positions]) -> Positions:
    """(Σ c_i x^i)² = Σ c_i² x^{2i} modulo f, as mixed terms come twice and cancel: (d, b)."""
    d = len(polynomial)
    log_squares = 2 * gf.log.take(polynomial) % gf.size
    log_squares[polynomial == 0] = gf.log_zero
    square = np.zeros_like(polynomial)
    for i, log_square in enumerate(log_squares):
        exponent = 2 * i
        if exponent < d:
            square[exponent] ^= gf.exp.take(log_square)
        else:
            log_terms = log_high[exponent] + log_square
            square ^= gf.exp.take(log_terms)
    return square


def error_positions(gf: Field, monic: Positions, length: int) -> tuple[Positions, Bools]:
    """Chien search: each X = α^position is tried as a root of f(x) = x^d + Σ monic[i] x^i.

    Positions (b, d), and where all d of them lie in the code shortened to `length` (b,).
    """
    d, count = monic.shape
    if d == 1:
        return _only_position(gf, monic[0], length)
    log_monic = gf.log.take(monic)
    logs = np.arange(length)  # of X
    exponents = np.arange(d + 1)
    log_powers = logs * exponents[:, None] % gf.size  # of X^i: (d + 1, length)
    positions = zeros(count, d)
    found = np.zeros(count, dtype=bool)
    step = max(1, _CELLS // length)
    for start in range(0, count, step):
        part = log_monic[:, start : start + step]
        roots = _values_everywhere(gf, part, log_powers) == 0
        whole = np.flatnonzero(roots.sum(1) == d)
        _, at = np.nonzero(roots[whole])
        words = start + whole
        positions[words] = at.reshape(-1, d)
        found[words] = True
    return positions, found


def _only_position(gf: Field, root: Positions, length: int) -> tuple[Positions, Bools]:
    """The root of x + X is X: nothing to search. (Positions (b, 1), which lie in the code (b,).)"""
    positions = gf.log[root]
    found = positions < length
    positions = np.where(found, positions, 0)
    return positions[:, None], found


def _values_everywhere(gf: Field, log_monic: Positions, log_powers: Positions) -> Positions:
    """f(α^position) for every word and position: (b, length)."""
    *lower, leading = log_powers
    count = log_monic.shape[1]
    value = np.tile(gf.exp[leading], (count, 1))  # the coefficient of x^d is 1
    for log_coefficients, log_power in zip(log_monic, lower, strict=True):
        log_terms = log_coefficients[:, None] + log_power
        value ^= gf.exp.take(log_terms)
    return value
