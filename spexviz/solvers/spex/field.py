"""Arithmetic in the Galois field GF(2^r), element by element over whole arrays, by tables of logarithms.

An element is an integer whose bits are the coefficients of a polynomial over GF(2), so that a sum is an xor.
α is the polynomial x: its powers are all elements but 0, since the modulus is primitive.
"""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Positions

# r: a primitive polynomial of degree r, the modulus
PRIMITIVE = {
    2: 0b111,
    3: 0b1011,
    4: 0b10011,
    5: 0b100101,
    6: 0b1000011,
    7: 0b10001001,
    8: 0b100011101,
    9: 0b1000010001,
    10: 0b10000001001,
    11: 0b100000000101,
    12: 0b1000001010011,
    13: 0b10000000011011,
    14: 0b100010001000011,
}


def zeros(*shape: int) -> Positions:
    """Elements that are all 0."""
    return np.zeros(shape, dtype=np.intp)


class Field:
    """GF(2^r) by tables: `exp[j]` is α^j, `log[a]` the j < `size` with α^j = a; `size` counts all but 0."""

    def __init__(self, r: int):
        self.r = r
        self.size = 2**r - 1
        powers = _powers_of_alpha(r)
        # log 0 is set so high that every product with 0 falls into the zeros at the end of the table; the
        # powers stand there twice, so that a sum of two logarithms needs no remainder
        self.log_zero = 2 * self.size
        nothing = zeros(self.log_zero + 1)
        self.exp = np.concatenate([powers, powers, nothing])
        self.log = zeros(2**r)
        self.log[0] = self.log_zero
        self.log[powers] = np.arange(self.size)

    def times(self, a: Positions, b: Positions) -> Positions:
        """Element-wise product."""
        log_product = self.log.take(a) + self.log.take(b)
        return self.exp.take(log_product)

    def inverse(self, a: Positions) -> Positions:
        """Element-wise inverse; a must not be 0."""
        log_inverse = self.size - self.log[a]
        return self.exp[log_inverse % self.size]


def _powers_of_alpha(r: int) -> Positions:
    """α^0, α^1, …: all elements but 0."""
    modulus = PRIMITIVE[r]
    power = 1
    powers = [power]
    for _ in range(2**r - 2):
        power <<= 1  # times x
        if power >> r:  # of degree r: reduced by the modulus
            power ^= modulus
        powers.append(power)
    return np.array(powers, dtype=np.intp)
