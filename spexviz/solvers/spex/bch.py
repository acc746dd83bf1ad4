"""Shortened primitive BCH codes, decoded for many words at once.

SPEX asks each bin for p parity bits of an unknown set k of at most t players. With the systematic code, the
word [k | P·k] is a codeword, so the p observed bits s, read as the word [0 | s], carry the error [k | e]: e
marks the observed bits that noise has turned. Decoding that error finds the players and the wrong bits
together, as long as
|k| + |e| ≤ t. Chase-2 turns the least reliable bits first, for when there are more.

What is left out: codes that are not primitive, erasures, decoding beyond the designed distance.
Source: Berlekamp–Massey without inversion for binary codes (Blahut, Algebraic Codes, 7.6); Chase (1972),
algorithm 2; the SPEX paper (arXiv 2502.13870), section 4.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import lru_cache, reduce

import numpy as np

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Floats, Positions

MOST_ERRORS = 8
MOST_PLAYERS = 4096
_PRIMITIVE = {
    2: 0b111,
    3: 0b1011,
    4: 0b10011,
    5: 0b100101,
    6: 0b1000011,
    7: 0b10001001,
    8: 0b100011101,
    9: 0b1000010001,
}
_PRIMITIVE |= {
    10: 0b10000001001,
    11: 0b100000000101,
    12: 0b1000001010011,
    13: 0b10000000011011,
    14: 0b100010001000011,
}
_CELLS = 4_000_000  # words × positions tried for roots at a time: 32 MB


def cyclotomic(r: int, t: int) -> set[int]:
    """The exponents of the roots of the code: the union of the cyclotomic cosets of 1, 3, …, 2t − 1 modulo 2^r − 1."""
    length = 2**r - 1
    return {odd * 2**i % length for odd in range(1, 2 * t, 2) for i in range(r)}


def parity_length(n: int, t: int) -> tuple[int, int]:
    """(r, p): the shortest primitive code, of length 2^r − 1, that holds n players, and its number of parity bits.

    Raises SolverError for n or t that no table covers.
    """
    if not (1 <= t <= MOST_ERRORS and 1 <= n <= MOST_PLAYERS):
        raise SolverError(
            f"A BCH code is kept for 1 to {MOST_PLAYERS} players and orders 1 to {MOST_ERRORS}, not n = {n}, order {t}: use ProxySPEX instead."
        )
    for r in _PRIMITIVE:
        p = len(cyclotomic(r, t))
        if 2**r - 1 - p >= n and 2**r > 2 * t:
            return r, p
    raise SolverError(f"No BCH code here holds {n} players at order {t}: lower the order, or use ProxySPEX.")


class Field:
    """GF(2^r) by tables; an element is an integer whose bits are the coefficients of its polynomial."""

    def __init__(self, r: int):
        self.r, self.size = r, 2**r - 1
        powers = [1]
        for _ in range(self.size - 1):
            doubled = powers[-1] << 1
            powers.append(doubled ^ _PRIMITIVE[r] if doubled >> r else doubled)
        # log 0 is set so high that every product with 0 falls into the zeros at the end of the table
        self.exp = np.array(powers * 2 + [0] * (2 * self.size + 1), dtype=np.intp)
        self.log = np.full(2**r, 2 * self.size, dtype=np.intp)
        self.log[powers] = np.arange(self.size)

    def times(self, a: Positions, b: Positions) -> Positions:
        """Element-wise product."""
        return self.exp.take(self.log.take(a) + self.log.take(b))

    def inverse(self, a: Positions) -> Positions:
        """Element-wise inverse; a must not be 0."""
        return self.exp[(self.size - self.log[a]) % self.size]


@dataclass(frozen=True)
class BCH:
    """A systematic BCH code for n players that corrects t errors. Make one with `bch(n, t)`.

    `parity` (p, n) bool: bit j of the parity of a set is the parity of its players in row j. A set of players
    is a row of t sorted positions, padded with n.
    """

    n: int
    t: int
    p: int
    parity: Bools = field(repr=False)
    gf: Field = field(repr=False)
    roots_of: Positions = field(repr=False)  # (p + n, t): syndromes α^{i·(2j+1)} of an error at position i

    def encode(self, members: Positions) -> Bools:
        """Parity bits of sets of players (b, ≤ t), padded with n: (b, p)."""
        columns = np.vstack([self.parity.T, np.zeros((1, self.p), bool)])
        return np.bitwise_xor.reduce(columns[members], axis=1)

    def syndromes(self, bits: Bools) -> Positions:
        """Syndromes 1, 3, …, 2t − 1 of observed parity bits (b, p): (b, t)."""
        out = np.zeros((len(bits), self.t), dtype=np.intp)
        for bit in range(self.p):  # p is at most about 100, and the words are many
            out ^= bits[:, bit, None] * self.roots_of[bit]
        return out

    def hard(self, bits: Bools) -> tuple[Positions, Bools]:
        """Decode observed parity bits (b, p): (sets (b, t), decoded (b,))."""
        return self.decode(self.syndromes(bits))

    def decode(self, syndromes: Positions) -> tuple[Positions, Bools]:
        """Players of the error of least weight with these syndromes (b, t): (sets (b, t) padded with n, decoded (b,)).

        Wrong parity bits are corrected and not reported. Where no error of weight ≤ t fits, decoded is False
        and the set empty.
        """
        sets = np.full((len(syndromes), self.t), self.n, dtype=np.intp)
        monic, degree = self._locator(syndromes)
        decoded = degree == 0
        for d in range(1, self.t + 1):
            rows = np.flatnonzero(degree == d)
            rows = rows[self._splits(monic[:d, rows])] if d > 1 else rows
            if not len(rows):
                continue
            positions, found = self._positions(monic[:d, rows])
            rows, positions = rows[found], positions[found]
            again = np.bitwise_xor.reduce(self.roots_of[positions], axis=1)
            right = (again == syndromes[rows]).all(1)
            rows, positions = rows[right], positions[right]
            players = np.where(positions >= self.p, positions - self.p, self.n)
            sets[rows, :d] = np.sort(players, axis=1)
            decoded[rows] = True
        return sets, decoded

    def chase(self, soft: Floats, depth: int, weight: int) -> tuple[Positions, Positions]:
        """Chase-2 candidates of bins (b, p + 1), first the zero row: (bin (c,), sets (c, t)), without repeats.

        Every pattern of up to `weight` flips among the `depth` least reliable rows is tried. The zero row
        only gives the sign of the coefficient: turning it turns all p bits.
        """
        depth = min(depth, self.p + 1)
        bits = (soft[:, 1:] < 0) ^ (soft[:, :1] < 0)
        columns = np.vstack([np.bitwise_xor.reduce(self.roots_of[: self.p], axis=0), self.roots_of[: self.p]])
        weakest = np.argpartition(np.abs(soft), depth - 1, axis=1)[:, :depth]
        flips = columns[weakest]  # (b, depth, t)
        base = self.syndromes(bits)
        words = [base]
        for count in range(1, weight + 1):
            for pattern in itertools.combinations(range(depth), count):
                words.append(reduce(np.bitwise_xor, (flips[:, i] for i in pattern), base))
        tried = np.concatenate(words)
        bins = np.tile(np.arange(len(soft)), len(words))
        sets, decoded = self.decode(tried)
        both = np.column_stack([bins, sets])[decoded]
        both = both[unique_rows(both)]
        return both[:, 0], both[:, 1:]

    def _locator(self, odd: Positions) -> tuple[Positions, Positions]:
        """Berlekamp–Massey over all words:

        (coefficients of the monic locator, constant first, (t, b); degree, or −1, (b,)).
        """
        gf, t, count = self.gf, self.t, len(odd)
        s = np.zeros((2 * t + 1, count), dtype=np.intp)
        for i in range(1, 2 * t + 1):
            s[i] = odd[:, i // 2] if i % 2 else gf.times(s[i // 2], s[i // 2])
        locator = np.zeros((t + 1, count), dtype=np.intp)
        locator[0] = 1
        previous = locator.copy()
        gamma, k = np.ones(count, dtype=np.intp), np.zeros(count, dtype=np.intp)
        # a term beyond degree t was cut off: no error of weight ≤ t fits
        overflow = np.zeros(count, dtype=bool)
        log_s = gf.log[s]
        for r in range(t):
            log_l = gf.log.take(locator)
            delta = np.zeros(count, dtype=np.intp)
            for i in range(min(t, 2 * r) + 1):
                delta ^= gf.exp.take(log_l[i] + log_s[2 * r + 1 - i])
            changed = gf.exp.take(log_l + gf.log.take(gamma))
            changed[1:] ^= gf.times(previous[:-1], delta)
            overflow |= (previous[-1] != 0) & (delta != 0)
            longer = (delta != 0) & (k >= 0)
            shifted = np.zeros_like(previous)
            shifted[1:] = np.where(longer, locator[:-1], 0)
            shifted[2:] |= np.where(longer, 0, previous[:-2])
            previous, locator = shifted, changed
            gamma = np.where(longer, delta, gamma)
            k = np.where(longer, -k, k + 2)
        degree = t - np.argmax(locator[::-1] != 0, axis=0)
        degree[overflow] = -1
        # Λ(x) = Π(1 + X x) has the inverse locators as roots; read backwards and scaled, x^d Λ(1/x) has the
        # locators themselves
        scaled = gf.times(locator, gf.inverse(locator[0]))
        order = degree - np.arange(t)[:, None]
        return np.where(order > 0, np.take_along_axis(scaled, np.maximum(order, 0), axis=0), 0), degree

    def _splits(self, monic: Positions) -> Bools:
        """Whether x^d + Σ monic[i] x^i has d distinct roots in the field: whether x^{2^r} = x modulo it.

        Far cheaper than a root search.
        """
        gf, d = self.gf, len(monic)
        log_monic = gf.log.take(monic)
        power, high = monic, {}
        for e in range(d, 2 * d - 1):
            high[e] = gf.log.take(power)
            top = high[e][-1]
            power = gf.exp.take(log_monic + top)
            power[1:] ^= gf.exp.take(high[e][:-1])
        rest = np.zeros_like(monic)
        rest[1] = 1
        for _ in range(gf.r):
            logs = 2 * gf.log.take(rest)
            logs = np.where(rest == 0, 2 * gf.size, logs % gf.size)
            rest = np.zeros_like(monic)
            for i in range(d):
                if 2 * i < d:
                    rest[2 * i] ^= gf.exp.take(logs[i])
                else:
                    rest ^= gf.exp.take(high[2 * i] + logs[i])
        rest[1] ^= 1
        return ~rest.any(0)

    def _positions(self, monic: Positions) -> tuple[Positions, Bools]:
        """Chien search: the d positions whose locators are the roots (b, d), and where all lie in the shortened code (b,)."""
        gf, d, count = self.gf, len(monic), monic.shape[1]
        if d == 1:
            positions = gf.log[monic[0]][:, None]
            return np.where(positions < len(self.roots_of), positions, 0), positions[:, 0] < len(
                self.roots_of
            )
        length = len(self.roots_of)
        logs = gf.log.take(monic)
        powers = np.arange(length) * np.arange(d + 1)[:, None] % gf.size
        positions, found = np.zeros((count, d), dtype=np.intp), np.zeros(count, dtype=bool)
        step = max(1, _CELLS // length)
        for start in range(0, count, step):
            value = np.tile(gf.exp[powers[d]], (min(step, count - start), 1))
            for i in range(d):
                value ^= gf.exp.take(logs[i, start : start + step, None] + powers[i])
            roots = value == 0
            whole = np.flatnonzero(roots.sum(1) == d)
            found[start + whole] = True
            positions[start + whole] = np.nonzero(roots[whole])[1].reshape(-1, d)
        return positions, found


def unique_rows(table: Positions) -> Positions:
    """Sorted indices of the first appearance of each distinct row of a table of non-negative integers."""
    if not len(table):
        return np.zeros(0, dtype=np.intp)
    order = np.lexsort(table.T[::-1])
    fresh = np.ones(len(table), dtype=bool)
    fresh[1:] = (table[order[1:]] != table[order[:-1]]).any(1)
    return np.sort(order[fresh])


@lru_cache(maxsize=32)
def bch(n: int, t: int) -> BCH:
    """The shortest primitive BCH code for n players that corrects t errors."""
    r, p = parity_length(n, t)
    gf = Field(r)
    generator = [1]  # coefficients, constant first
    for exponent in cyclotomic(r, t):
        root, raised = int(gf.exp[exponent]), [0, *generator]
        for i, c in enumerate(generator):
            raised[i] ^= int(gf.times(np.intp(root), np.intp(c)))
        generator = raised
    # the generator without x^p, all coefficients 0 or 1
    low = sum(bit << i for i, bit in enumerate(generator[:p]))
    columns, word = [], low
    for _ in range(n):  # x^p, x^{p+1}, … modulo the generator
        columns.append(word)
        word <<= 1
        if word >> p:
            word = (word & (2**p - 1)) ^ low
    parity = np.array([[column >> j & 1 for column in columns] for j in range(p)], dtype=bool)
    exponents = np.arange(p + n)[:, None] * np.arange(1, 2 * t, 2) % gf.size
    return BCH(n, t, p, parity, gf, gf.exp[exponents])
