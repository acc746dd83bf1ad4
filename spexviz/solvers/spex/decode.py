"""From the values of SPEX's masks to the interactions behind them: bins, decoding, peeling. All bins at once.

A group c asks f(M_c ℓ ⊕ d) for every ℓ and every delay d. Its Walsh–Hadamard transform over ℓ puts F(k) into
the bin M_cᵀ k with the sign (−1)^{⟨d, k⟩}: a bin that holds one coefficient spells out the parity bits of its
set. Peeling takes such coefficients out of every group, which frees others. Source: the SPEX paper (arXiv
2502.13870), section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from typing import Protocol

import numpy as np

from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.masks import Masks
from spexviz.solvers.spex.bch import observed_bits, unique_rows
from spexviz.solvers.spex.field import zeros
from spexviz.spectrum import walsh_hadamard

# a bin is read as one coefficient if less than this share of its energy is left without it (published)
RESIDUAL = 0.9
SIGNIFICANT = 3.0  # the pooled coefficient of all groups must stand out by so many standard errors (ours)
ROUNDS = 30
# Chase-2: least reliable rows beyond 2 t, and how many of them may be wrong; at 5 dB deeper finds 1 to 2 %
# more
DEPTH, FLIPS = 4, 3
WORDS = 200_000  # words decoded at a time
EMPTY = 1e-18  # a bin with less than this share of the mean energy holds rounding errors only


class Code(Protocol):
    """What reads a set of at most t players from the sign bits of a bin: a BCH code, or each player's own."""

    @property
    def t(self) -> int: ...

    def hard(self, bits: Bools) -> tuple[Positions, Bools]:
        """The sets (b, t) that bits (b, R − 1) spell, padded with n, and whether each spells one: (b,)."""
        ...

    def chase(self, soft: Floats, depth: int, weight: int) -> tuple[Positions, Positions]:
        """Candidates where the least reliable signs may be wrong: (bin (c,), set (c, t))."""
        ...


@dataclass(frozen=True)
class Geometry:
    """Where a set of players falls.

    `labels` (C, n + 1): the bin of each player in each group; `delays` (n + 1, R): its sign bits. The last
    entry belongs to the padding "player" n: bin 0, no sign.
    """

    labels: Positions
    delays: Bools

    @classmethod
    def of(cls, subspaces: Masks, delays: Masks) -> Geometry:
        """From the matrices M (C, n, b) and the delay rows (R, n)."""
        level = subspaces.shape[2]
        weights = 1 << np.arange(level, dtype=np.intp)
        labels = subspaces.astype(np.intp) @ weights
        one_more = 0, 1
        padded_labels = np.pad(labels, ((0, 0), one_more))
        padded_delays = np.pad(delays.T, (one_more, (0, 0)))
        return cls(padded_labels, padded_delays)

    def bins(self, sets: Positions) -> Positions:
        """The bin of each set (k, t) in each group: (C, k)."""
        labels = self.labels[:, sets]
        return np.bitwise_xor.reduce(labels, axis=2)

    def signs(self, sets: Positions) -> Floats:
        """The signs of each set over the delays: (k, R) of ±1."""
        delays = self.delays[sets]
        negative = np.bitwise_xor.reduce(delays, axis=1)
        return 1.0 - 2.0 * negative


def transform(values: Floats) -> Floats:
    """Values (C, R, 2^b) to bins (C, 2^b, R)."""
    coefficients = walsh_hadamard(values) / values.shape[2]
    return np.ascontiguousarray(np.swapaxes(coefficients, 1, 2))


def peel(bins: Floats, geometry: Geometry, code: Code, soft: bool) -> tuple[Positions, Floats]:
    """The sets that the bins (C, B, R) spell out, and their coefficients: ((k, t) padded with n, (k,)).

    `bins` is overwritten with what is left. `soft` adds Chase-2 where hard decoding finds no set that
    explains its bin.
    """
    sets = [zeros(0, code.t)]
    coefficients = [np.zeros(0)]
    for found, values in rounds(bins, geometry, code, soft):
        sets.append(found)
        coefficients.append(values)
    every = np.vstack(sets)
    first = unique_rows(every)
    return every[first], _summed(every, np.concatenate(coefficients), first)


def rounds(bins: Floats, geometry: Geometry, code: Code, soft: bool) -> Iterator[tuple[Positions, Floats]]:
    """The rounds of peeling: the sets that each takes out of the bins, and their coefficients.

    After each of them `bins` holds what is left.
    """
    left = _Bins.of(bins, geometry)
    changed = np.ones(len(left.table), dtype=bool)
    for _ in range(ROUNDS):
        # 1. read every bin that holds something, and has changed since it was last read, as one coefficient
        open_bins = np.flatnonzero(changed & left.nonempty())
        proposed = _proposed(left, open_bins, code, soft)
        # 2. of these sets, those that all groups together support
        supported, values = left.pooled(proposed)
        if not len(supported):
            return
        # 3. take them out of their bin in every group: what collided with them may now stand alone
        touched = left.take_out(supported, values)
        changed[:] = False
        changed[touched] = True
        yield supported, values


@dataclass(frozen=True)
class _Bins:
    """The bins of all groups, as far as they are not peeled: `table` (C·B, R), `size` (B) rows a group.

    `floor`: the energy up to which a bin holds rounding errors only.
    """

    table: Floats
    size: int
    geometry: Geometry
    floor: float

    @classmethod
    def of(cls, bins: Floats, geometry: Geometry) -> _Bins:
        """Of bins (C, B, R), which are kept in place."""
        groups, size, rows = bins.shape
        table = bins.reshape(groups * size, rows)
        energy = (table**2).sum(1)
        floor = EMPTY * energy.mean()
        return cls(table, size, geometry, floor)

    def nonempty(self) -> Bools:
        """Which bins hold more than rounding errors: (C·B,)."""
        energy = (self.table**2).sum(1)
        return energy > self.floor

    def rows(self, sets: Positions) -> Positions:
        """The row of the table where each set (k, t) falls, for each group: (C, k)."""
        bins = self.geometry.bins(sets)
        groups = np.arange(len(bins))
        firsts = self.size * groups
        return bins + firsts[:, None]

    def explained(self, rows: Positions, sets: Positions) -> tuple[Positions, Positions]:
        """Of the candidate sets of rows, those that belong there and explain enough, the best one a row.

        (rows (k,), sets (k, t)).
        """
        group, at = np.divmod(rows, self.size)
        candidate = np.arange(len(sets))
        bins = self.geometry.bins(sets)
        belongs = bins[group, candidate] == at
        rows = rows[belongs]
        sets = sets[belongs]
        # the share of a bin's energy that its projection on the signs of the set holds
        delayed = self.table[rows]
        signs = self.geometry.signs(sets)
        coefficient = (delayed * signs).mean(1)
        energy = (delayed**2).mean(1)
        share = coefficient**2 / np.maximum(energy, 1e-300)
        enough = share > 1.0 - RESIDUAL
        rows = rows[enough]
        sets = sets[enough]
        share = share[enough]
        best_first = np.lexsort((-share, rows))
        _, first = np.unique(rows[best_first], return_index=True)
        best = best_first[first]
        return rows[best], sets[best]

    def pooled(self, sets: Positions) -> tuple[Positions, Floats]:
        """The sets that stand out in all groups together, and their coefficients: ((k, t), (k,)).

        A set that was read from noise or from a mixture is in one group only; taking it out of the others
        would add energy there.
        """
        groups = len(self.geometry.labels)
        delays = self.table.shape[1]
        bins = self.table[self.rows(sets)]  # (C, k, R)
        signs = self.geometry.signs(sets)
        # one estimate a group, weighted by how clean its bin is without it
        estimates = np.einsum("ckr,kr->ck", bins, signs) / delays
        energy = (bins**2).mean(2)
        least = self.floor / delays
        spread = np.maximum(energy - estimates**2, least)
        precision = delays / spread
        total_precision = precision.sum(0)
        value = (precision * estimates).sum(0) / total_precision
        # taking it out must lower the energy of the bins together: Σ_c (a_c − v)² < Σ_c a_c²
        square = value**2
        gain = 2 * value * estimates.sum(0)
        falls = square * groups < gain
        stands_out = square * total_precision > SIGNIFICANT**2
        chosen = falls & stands_out
        return sets[chosen], value[chosen]

    def take_out(self, sets: Positions, coefficients: Floats) -> Positions:
        """Subtract the sets from their bins in every group; the rows touched."""
        touched = self.rows(sets)
        signs = self.geometry.signs(sets)
        taken = coefficients[:, None] * signs
        for rows in touched:  # several sets may fall into one bin: subtract.at counts them all
            np.subtract.at(self.table, rows, taken)
        return touched.ravel()


def _proposed(bins: _Bins, rows: Positions, code: Code, soft: bool) -> Positions:
    """The distinct sets that explain one of the bins in `rows` best: (k, t)."""
    bits = observed_bits(bins.table[rows])
    candidates, decoded = code.hard(bits)
    candidates = candidates[decoded]
    explained, sets = bins.explained(rows[decoded], candidates)
    if soft:
        unread = np.setdiff1d(rows, explained, assume_unique=True)
        more = _chased(bins, unread, code)
        sets = np.vstack([sets, *more])
    return sets[unique_rows(sets)]


def _chased(bins: _Bins, rows: Positions, code: Code) -> list[Positions]:
    """The sets that Chase-2 finds for bins that hard decoding leaves, some bins at a time: each (k, t)."""
    depth = 2 * code.t + DEPTH
    patterns = sum(comb(depth, flips) for flips in range(FLIPS + 1))
    step = max(1, WORDS // patterns)
    found: list[Positions] = []
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        soft = bins.table[part]
        index, candidates = code.chase(soft, depth, FLIPS)
        _, sets = bins.explained(part[index], candidates)
        found.append(sets)
    return found


def _summed(sets: Positions, coefficients: Floats, first: Positions) -> Floats:
    """A set peeled twice has the sum of both coefficients."""
    members = [tuple(row) for row in sets.tolist()]
    place = {members[row]: at for at, row in enumerate(first)}
    places = [place[one] for one in members]
    total = np.zeros(len(first))
    np.add.at(total, places, coefficients)
    return total
