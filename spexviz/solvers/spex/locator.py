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
from spexviz.solvers.spex.field import Field

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
    degree = t - np.argmax(locator[::-1] != 0, axis=0)
    degree[recursion.cut_off] = -1
    # Λ(0) is a product of discrepancies and not 1, since nothing was divided on the way
    scaled = gf.times(locator, gf.inverse(locator[0]))
    # coefficient i of the polynomial read backwards is coefficient d − i of Λ
    mirrored = degree - np.arange(t)[:, None]
    coefficients = np.take_along_axis(scaled, np.maximum(mirrored, 0), axis=0)
    return np.where(mirrored > 0, coefficients, 0), degree


class _BerlekampMassey:
    """The recursion over all words: Λ grows by the discrepancies between the syndromes and what it predicts.

    `locator` (t + 1, b) is Λ; `previous` (t + 1, b) is B, the Λ before it last got longer, times a power of
    x; `last_discrepancy` (b,) is γ, what made it longer. `lead` (b,): the syndromes seen, less twice the
    length of Λ. `cut_off` (b,): whether a term beyond degree t was lost, so that no error of weight ≤ t fits.
    """

    def __init__(self, gf: Field, odd: Positions):
        count, t = odd.shape
        self.gf = gf
        self.log_syndromes = gf.log[_all_syndromes(gf, odd)]
        self.locator = np.zeros((t + 1, count), dtype=np.intp)
        self.locator[0] = 1
        self.previous = self.locator.copy()
        self.last_discrepancy = np.ones(count, dtype=np.intp)
        self.lead = np.zeros(count, dtype=np.intp)
        self.cut_off = np.zeros(count, dtype=bool)

    def advance(self, step: int) -> None:
        """Make Λ agree with syndrome 2·step + 1; with the even one after it binary words then agree too."""
        log_locator = self.gf.log.take(self.locator)
        discrepancy = self._discrepancy(log_locator, step)
        wrong = discrepancy != 0
        longer = wrong & (self.lead >= 0)  # Massey's rule
        self.cut_off |= wrong & (self.previous[-1] != 0)
        corrected = self._corrected(log_locator, discrepancy)
        self.previous = self._shifted(longer)
        self.locator = corrected
        self.last_discrepancy = np.where(longer, discrepancy, self.last_discrepancy)
        self.lead = np.where(longer, -self.lead, self.lead + 2)

    def _discrepancy(self, log_locator: Positions, step: int) -> Positions:
        """Σ_i Λ_i S_{2·step + 1 − i}, 0 where Λ predicts the syndrome: (b,)."""
        wanted = 2 * step + 1
        known = min(len(log_locator), wanted)  # Λ has no more terms, and there is no S_0
        total = np.zeros(log_locator.shape[1], dtype=np.intp)
        for i in range(known):
            log_product = log_locator[i] + self.log_syndromes[wanted - i]
            total ^= self.gf.exp.take(log_product)
        return total

    def _corrected(self, log_locator: Positions, discrepancy: Positions) -> Positions:
        """γ Λ + δ x B for the discrepancy δ: multiplied by γ, where the usual form divides δ by it."""
        log_last = self.gf.log.take(self.last_discrepancy)
        corrected = self.gf.exp.take(log_locator + log_last)
        corrected[1:] ^= self.gf.times(self.previous[:-1], discrepancy)
        return corrected

    def _shifted(self, longer: Bools) -> Positions:
        """The next B: Λ where that gets longer, else x B; and x times that, for the even syndrome."""
        shifted = np.zeros_like(self.previous)
        shifted[1:] = np.where(longer, self.locator[:-1], 0)
        shifted[2:] |= np.where(longer, 0, self.previous[:-2])
        return shifted


def _all_syndromes(gf: Field, odd: Positions) -> Positions:
    """Syndromes 0 (unused) to 2t of binary words, (2t + 1, b): S_{2i} = S_i², since squaring is additive."""
    count, t = odd.shape
    syndromes = np.zeros((2 * t + 1, count), dtype=np.intp)
    for i in range(t):
        syndromes[2 * i + 1] = odd[:, i]
        half = syndromes[i + 1]
        syndromes[2 * i + 2] = gf.times(half, half)
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
        following = gf.exp.take(log_monic + log_power[-1])
        following[1:] ^= power[:-1]
        power = following
    return log_high


def _squared(gf: Field, polynomial: Positions, log_high: dict[int, Positions]) -> Positions:
    """(Σ c_i x^i)² = Σ c_i² x^{2i} modulo f, as mixed terms come twice and cancel: (d, b)."""
    d = len(polynomial)
    log_doubled = 2 * gf.log.take(polynomial) % gf.size
    log_squares = np.where(polynomial == 0, gf.log_zero, log_doubled)
    square = np.zeros_like(polynomial)
    for i, log_square in enumerate(log_squares):
        exponent = 2 * i
        if exponent < d:
            square[exponent] ^= gf.exp.take(log_square)
        else:
            square ^= gf.exp.take(log_high[exponent] + log_square)
    return square


def error_positions(gf: Field, monic: Positions, length: int) -> tuple[Positions, Bools]:
    """Chien search: each X = α^position is tried as a root of f(x) = x^d + Σ monic[i] x^i.

    Positions (b, d), and where all d of them lie in the code shortened to `length` (b,).
    """
    d, count = monic.shape
    if d == 1:  # x + X: nothing to search
        positions = gf.log[monic[0]]
        found = positions < length
        return np.where(found, positions, 0)[:, None], found
    log_monic = gf.log.take(monic)
    log_powers = np.arange(length) * np.arange(d + 1)[:, None] % gf.size  # of X^i: (d + 1, length)
    positions = np.zeros((count, d), dtype=np.intp)
    found = np.zeros(count, dtype=bool)
    step = max(1, _CELLS // length)
    for start in range(0, count, step):
        roots = _values_everywhere(gf, log_monic[:, start : start + step], log_powers) == 0
        whole = np.flatnonzero(roots.sum(1) == d)
        found[start + whole] = True
        _, at = np.nonzero(roots[whole])
        positions[start + whole] = at.reshape(-1, d)
    return positions, found


def _values_everywhere(gf: Field, log_monic: Positions, log_powers: Positions) -> Positions:
    """f(α^position) for every word and position: (b, length)."""
    leading = gf.exp[log_powers[-1]]  # the coefficient of x^d is 1
    value = np.tile(leading, (log_monic.shape[1], 1))
    for log_coefficient, log_power in zip(log_monic, log_powers[:-1], strict=True):
        value ^= gf.exp.take(log_coefficient[:, None] + log_power)
    return value
