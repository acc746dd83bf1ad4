"""Shortened primitive BCH codes, decoded for many words at once.

SPEX asks each bin for p parity bits of an unknown set k of at most t players. With the systematic code, the
word [k | P·k] is a codeword, so the p observed bits s, read as the word [0 | s], carry the error [k | e]: e
marks the observed bits that noise has turned. Decoding that error finds the players and the wrong bits
together, as long as |k| + |e| ≤ t. Chase-2 turns the least reliable bits first, for when there are more.

What is left out: codes that are not primitive, erasures, decoding beyond the designed distance.
Source: Chase (1972), algorithm 2; the SPEX paper (arXiv 2502.13870), section 4; `locator` has the decoding.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.solvers.spex.field import PRIMITIVE, Field, zeros
from spexviz.solvers.spex.locator import error_positions, monic_locators, splits

MOST_ERRORS = 8
MOST_PLAYERS = 4096


def cyclotomic(r: int, t: int) -> set[int]:
    """The exponents of the roots of the code.

    The union of the cyclotomic cosets of 1, 3, …, 2t − 1 modulo 2^r − 1: with α^j a binary polynomial has the
    root α^{2j} too.
    """
    length = 2**r - 1
    exponents: set[int] = set()
    for odd in range(1, 2 * t, 2):
        coset = (odd * 2**i % length for i in range(r))
        exponents.update(coset)
    return exponents


def parity_length(n: int, t: int) -> tuple[int, int]:
    """(r, p): the shortest primitive code, of length 2^r − 1, that holds n players; its parity bits.

    Raises SolverError for n or t that no table covers.
    """
    covered = 1 <= t <= MOST_ERRORS and 1 <= n <= MOST_PLAYERS
    if not covered:
        raise SolverError(
            f"A BCH code is kept for 1 to {MOST_PLAYERS} players and orders 1 to {MOST_ERRORS}, "
            f"not n = {n}, order {t}: use ProxySPEX instead."
        )
    for r in PRIMITIVE:
        length = 2**r - 1
        p = len(cyclotomic(r, t))
        held = length - p
        if held >= n and length >= 2 * t:
            return r, p
    raise SolverError(f"No BCH code here holds {n} players at order {t}: lower the order, or use ProxySPEX.")


def observed_bits(soft: Floats) -> Bools:
    """Parity bits (b, p) as the signs of bins (b, p + 1) spell them, against the sign of the zero row."""
    negative = soft < 0
    return negative[:, 1:] ^ negative[:, :1]


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
        padding = np.zeros((1, self.p), bool)
        bits_of = np.vstack([self.parity.T, padding])
        return np.bitwise_xor.reduce(bits_of[members], axis=1)

    def syndromes(self, bits: Bools) -> Positions:
        """Syndromes 1, 3, …, 2t − 1 of observed parity bits (b, p): (b, t)."""
        out = zeros(len(bits), self.t)
        for bit in range(self.p):  # p is at most about 100, and the words are many
            turned = bits[:, bit, None]
            out ^= turned * self.roots_of[bit]
        return out

    def hard(self, bits: Bools) -> tuple[Positions, Bools]:
        """Decode observed parity bits (b, p): (sets (b, t), decoded (b,))."""
        return self.decode(self.syndromes(bits))

    def decode(self, syndromes: Positions) -> tuple[Positions, Bools]:
        """Players of the error of least weight with these syndromes (b, t).

        (sets (b, t) padded with n, decoded (b,)). Wrong parity bits are corrected and not reported. Where no
        error of weight ≤ t fits, decoded is False and the set empty.
        """
        count = len(syndromes)
        sets = np.full((count, self.t), self.n, dtype=np.intp)
        monic, degree = monic_locators(self.gf, syndromes)
        decoded = degree == 0
        for weight in range(1, self.t + 1):
            rows = np.flatnonzero(degree == weight)
            if weight > 1:  # a locator of degree 1 always splits
                candidates = monic[:weight, rows]
                rows = rows[splits(self.gf, candidates)]
            if not len(rows):
                continue
            locators = monic[:weight, rows]
            positions, found = error_positions(self.gf, locators, len(self.roots_of))
            rows = rows[found]
            positions = positions[found]
            # a locator is not yet a proof: an error counts if it has the syndromes that were observed
            explained = np.bitwise_xor.reduce(self.roots_of[positions], axis=1)
            right = (explained == syndromes[rows]).all(1)
            rows = rows[right]
            players = self._players(positions[right])
            sets[rows, :weight] = players
            decoded[rows] = True
        return sets, decoded

    def _players(self, positions: Positions) -> Positions:
        """The players among positions (b, d), sorted; the first p positions are parity bits: padding."""
        players = positions - self.p
        players[players < 0] = self.n
        return np.sort(players, axis=1)

    def chase(self, soft: Floats, depth: int, weight: int) -> tuple[Positions, Positions]:
        """Chase-2 candidates of bins (b, p + 1), the zero row first: (bin (c,), set (c, t)), no two the same.

        Every pattern of up to `weight` flips among the `depth` least reliable rows is tried.
        """
        depth = min(depth, self.p + 1)
        observed = self.syndromes(observed_bits(soft))
        flips = self._weakest_flips(soft, depth)
        words = [observed]
        for pattern in _patterns(depth, weight):
            word = observed
            for i in pattern:  # syndromes are linear: a turned bit adds its own
                word = word ^ flips[:, i]
            words.append(word)
        tried = np.concatenate(words)
        sets, decoded = self.decode(tried)
        rows = np.arange(len(soft))
        bins = np.tile(rows, len(words))
        candidates = np.column_stack([bins, sets])[decoded]
        candidates = candidates[unique_rows(candidates)]
        return candidates[:, 0], candidates[:, 1:]

    def _weakest_flips(self, soft: Floats, depth: int) -> Positions:
        """What turning each of the `depth` least reliable rows of a bin adds to its syndromes: (b, depth, t).

        The zero row only gives the sign of the coefficient: turning it turns all p bits.
        """
        of_bits = self.roots_of[: self.p]
        of_zero_row = np.bitwise_xor.reduce(of_bits, axis=0)
        flips = np.vstack([of_zero_row, of_bits])
        reliability = np.abs(soft)
        weakest_first = np.argpartition(reliability, depth - 1, axis=1)
        return flips[weakest_first[:, :depth]]


def _patterns(depth: int, weight: int) -> Iterator[tuple[int, ...]]:
    """The sets of 1 to `weight` of `depth` rows, smaller ones first."""
    for count in range(1, weight + 1):
        yield from itertools.combinations(range(depth), count)


def unique_rows(table: Positions) -> Positions:
    """Sorted indices of the first appearance of each distinct row of a table of non-negative integers."""
    if not len(table):
        return zeros(0)
    order = np.lexsort(table.T[::-1])
    ordered = table[order]
    fresh = np.ones(len(table), dtype=bool)
    differs = ordered[1:] != ordered[:-1]
    fresh[1:] = differs.any(1)
    return np.sort(order[fresh])


@lru_cache(maxsize=32)
def bch(n: int, t: int) -> BCH:
    """The shortest primitive BCH code for n players that corrects t errors."""
    r, p = parity_length(n, t)
    gf = Field(r)
    generator = _generator(gf, t)
    parity = _parity(generator, n)
    # position i of the word is the coefficient of x^i: first the parity bits, then the players
    positions = np.arange(p + n)
    odd = np.arange(1, 2 * t, 2)
    exponents = positions[:, None] * odd
    roots_of = gf.exp[exponents % gf.size]
    return BCH(n, t, p, parity, gf, roots_of)


def _generator(gf: Field, t: int) -> Bools:
    """Coefficients (p + 1,) of the generator Π(x + root) of the code, constant first: all of them 0 or 1."""
    generator = np.ones(1, dtype=np.intp)
    for exponent in cyclotomic(gf.r, t):
        root = gf.exp.take([exponent])
        times_root = gf.times(root, generator)
        generator = np.append(0, generator)  # times x
        generator[:-1] ^= times_root
    return generator == 1


def _parity(generator: Bools, n: int) -> Bools:
    """The parity bits of each player alone, x^p, x^{p+1}, … modulo the generator: (p, n)."""
    low = generator[:-1]  # x^p modulo the generator
    parity = np.zeros((len(low), n), dtype=bool)
    remainder = low
    for player in range(n):
        parity[:, player] = remainder
        following = np.zeros_like(low)
        following[1:] = remainder[:-1]  # times x
        if remainder[-1]:  # it would stand at x^p
            following ^= low
        remainder = following
    return parity
