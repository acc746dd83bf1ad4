"""From the values of SPEX's masks to the interactions behind them: bins, decoding, peeling. All bins at once.

A group c asks f(M_c ℓ ⊕ d) for every ℓ and every delay d. Its Walsh–Hadamard transform over ℓ puts F(k) into
the bin M_cᵀ k with the sign (−1)^{⟨d, k⟩}: a bin that holds one coefficient spells out the parity bits of its
set. Peeling takes such coefficients out of every group, which frees others. Source: the SPEX paper (arXiv
2502.13870), section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.masks import Masks
from spexviz.solvers.spex.bch import BCH, unique_rows
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


@dataclass(frozen=True)
class Geometry:
    """Where a set of players falls: `labels` (C, n + 1) the bin of each player in each group, `delays` (n + 1, R) its sign bits.

    The last entry belongs to the padding "player" n: bin 0, no sign.
    """

    labels: Positions
    delays: Bools

    @classmethod
    def of(cls, subspaces: Masks, delays: Masks) -> Geometry:
        """From the matrices M (C, n, b) and the delay rows (R, n)."""
        weights = 1 << np.arange(subspaces.shape[2], dtype=np.intp)
        labels = subspaces.astype(np.intp) @ weights
        return cls(np.pad(labels, ((0, 0), (0, 1))), np.pad(delays.T, ((0, 1), (0, 0))))

    def bins(self, sets: Positions) -> Positions:
        """The bin of each set (k, t) in each group: (C, k)."""
        return np.bitwise_xor.reduce(self.labels[:, sets], axis=2)

    def signs(self, sets: Positions) -> Floats:
        """The signs of each set over the delays: (k, R) of ±1."""
        return 1.0 - 2.0 * np.bitwise_xor.reduce(self.delays[sets], axis=1)


def transform(values: Floats) -> Floats:
    """Values (C, R, 2^b) to bins (C, 2^b, R)."""
    return np.ascontiguousarray(np.swapaxes(walsh_hadamard(values) / values.shape[2], 1, 2))


def peel(bins: Floats, geometry: Geometry, code: BCH, soft: bool) -> tuple[Positions, Floats]:
    """The sets that the bins (C, B, R) spell out, and their coefficients: ((k, t) padded with n, (k,)).

    `bins` is overwritten with what is left. `soft` adds Chase-2 where hard decoding finds no set that
    explains its bin.
    """
    groups, size, rows = bins.shape
    flat = bins.reshape(groups * size, rows)
    floor = EMPTY * (flat**2).sum(1).mean()
    changed = np.ones(len(flat), dtype=bool)
    sets, coefficients = np.zeros((0, code.t), dtype=np.intp), np.zeros(0)
    for _ in range(ROUNDS):
        open_bins = np.flatnonzero(changed & ((flat**2).sum(1) > floor))
        proposed = propose(flat, open_bins, geometry, code, soft, size)
        kept, values = _pooled(flat, proposed, geometry, size, floor)
        if not len(kept):
            break
        touched = geometry.bins(kept) + size * np.arange(groups)[:, None]
        taken = values[:, None] * geometry.signs(kept)
        for group in touched:
            np.subtract.at(flat, group, taken)
        changed[:] = False
        changed[touched.ravel()] = True
        sets, coefficients = np.vstack([sets, kept]), np.concatenate([coefficients, values])
    first = unique_rows(sets)
    return sets[first], _summed(sets, coefficients, first)


def propose(flat: Floats, rows: Positions, geometry: Geometry, code: BCH, soft: bool, size: int) -> Positions:
    """The distinct sets that explain one of the bins `rows` best: (k, t)."""
    sets, decoded = code.hard((flat[rows, 1:] < 0) ^ (flat[rows, :1] < 0))
    where, sets = _explained(flat, rows[decoded], sets[decoded], geometry, size)
    if soft:
        left = np.setdiff1d(rows, where, assume_unique=True)
        depth = 2 * code.t + DEPTH
        step = max(1, WORDS // sum(comb(depth, flips) for flips in range(FLIPS + 1)))
        for start in range(0, len(left), step):
            part = left[start : start + step]
            index, more = code.chase(flat[part], depth, weight=FLIPS)
            _, more = _explained(flat, part[index], more, geometry, size)
            sets = np.vstack([sets, more])
    return sets[unique_rows(sets)]


def _explained(
    flat: Floats, where: Positions, sets: Positions, geometry: Geometry, size: int
) -> tuple[Positions, Positions]:
    """Of the candidates, those that belong to their bin and explain enough of it, the best one a bin."""
    belongs = geometry.bins(sets)[where // size, np.arange(len(sets))] == where % size
    where, sets = where[belongs], sets[belongs]
    bins = flat[where]
    share = (bins * geometry.signs(sets)).mean(1) ** 2 / np.maximum((bins**2).mean(1), 1e-300)
    enough = np.flatnonzero(share > 1.0 - RESIDUAL)
    best = enough[np.lexsort((-share[enough], where[enough]))]
    best = best[np.unique(where[best], return_index=True)[1]]
    return where[best], sets[best]


def _pooled(
    flat: Floats, sets: Positions, geometry: Geometry, size: int, floor: float
) -> tuple[Positions, Floats]:
    """Coefficients of the sets from their bins in all groups, each weighted by how clean it is; only sets that stand out.

    A set that was read from noise or from a mixture is in one group only; taking it out of the others would
    add energy there.
    """
    groups, rows = len(geometry.labels), flat.shape[1]
    bins = flat[geometry.bins(sets) + size * np.arange(groups)[:, None]]  # (C, k, R)
    each = np.einsum("ckr,kr->ck", bins, geometry.signs(sets)) / rows
    spread = np.maximum((bins**2).mean(2) - each**2, floor / rows)
    precision = rows / spread
    value = (precision * each).sum(0) / precision.sum(0)
    falls = (value**2 * groups) < 2 * value * each.sum(0)
    stands = value**2 * precision.sum(0) > SIGNIFICANT**2
    return sets[falls & stands], value[falls & stands]


def _summed(sets: Positions, coefficients: Floats, first: Positions) -> Floats:
    """A set peeled twice has the sum of both coefficients."""
    place = {tuple(sets[j]): i for i, j in enumerate(first)}
    total = np.zeros(len(first))
    np.add.at(total, [place[tuple(row)] for row in sets], coefficients)
    return total
