"""Expansion: from the terms of a spectrum to their subsets, as one sparse linear map.

Every index is I(T) = Σ_{S⊇T} w(|S|, |T|) · F(S): a set T of t players collects from each term S that holds
it. The map lists these pairs (T, S) with their weights, and is then applied to the coefficients, or to all
draws of them. No table of all 2^n sets is made.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import comb

import numpy as np

from spexviz.errors import SolverError
from spexviz.kit.arrays import Floats, Ints
from spexviz.masks import Interaction
from spexviz.spectrum import Spectrum

MOST_PAIRS = 10_000_000  # (term, subset) pairs expanded at most: about 1 GB at the peak
LEVEL = (0.05, 0.95)  # quantiles of the draws: 90 % intervals
_CELLS = 4_000_000  # cells of draws mapped at a time: 32 MB
_ROUND_OFF = 1e-13  # a sum this small beside its own terms has cancelled: it is exactly 0
_KEY_LIMIT = 2**62  # keys of sets are 64-bit whole numbers

Interval = tuple[float, float]
Weight = Callable[[int, int], float]
"""w(|S|, |T|) of a term S in the value of a set T."""


@dataclass(frozen=True)
class Expansion:
    """A sparse matrix (sets, k): entry e adds `weights[e]` times term `columns[e]` to set `rows[e]`."""

    sets: list[Interaction]
    rows: Ints
    columns: Ints
    weights: Floats

    def apply(self, coefficients: Floats) -> dict[Interaction, float]:
        """{set: value} of coefficients (k,)."""
        parts = self.weights * coefficients[self.columns]
        values = np.bincount(self.rows, parts, minlength=len(self.sets))
        size = np.bincount(self.rows, np.abs(parts), minlength=len(self.sets))
        has_cancelled = np.abs(values) <= _ROUND_OFF * size
        values = np.where(has_cancelled, 0.0, values)
        return dict(zip(self.sets, values.tolist(), strict=True))

    def intervals(self, draws: Floats) -> dict[Interaction, Interval]:
        """{set: 90 % interval of its value} of draws (B, k) of the coefficients, each mapped alike."""
        from scipy.sparse import csr_array

        count = len(self.sets)
        entries = (self.weights, (self.rows, self.columns))
        matrix = csr_array(entries, shape=(count, draws.shape[1]))
        ends = np.empty((count, 2))
        step = max(1, _CELLS // max(1, len(draws)))
        for start in range(0, count, step):
            block = slice(start, start + step)
            values = matrix[block] @ draws.T
            ends[block] = np.quantile(values, LEVEL, axis=1).T
        intervals = [(low, high) for low, high in ends.tolist()]
        return dict(zip(self.sets, intervals, strict=True))


@dataclass(frozen=True)
class _Terms:
    """All terms of one order s: where they stand in the spectrum (k,), and their members (k, s)."""

    columns: Ints
    members: Ints

    def count(self, t: int) -> int:
        """How many pairs they have with their subsets of t players."""
        count, s = self.members.shape
        return count * comb(s, t)

    def expanded(self, t: int, weight: float) -> _Entries:
        """Each term with each of its subsets of t players."""
        s = self.members.shape[1]
        choices = list(itertools.combinations(range(s), t))
        # (choices, t), also where the one choice is the empty one
        places = np.array(choices, dtype=np.int64).reshape(len(choices), t)
        sets = self.members[:, places].reshape(self.count(t), t)
        columns = np.repeat(self.columns, len(choices))
        return _Entries(sets, columns, np.full(len(sets), weight))


@dataclass(frozen=True)
class _Entries:
    """Entries of the map: sets of t players (p, t), the terms they collect from (p,), weights (p,)."""

    sets: Ints
    columns: Ints
    weights: Floats


def expand(
    spectrum: Spectrum, order: int, weight: Weight, least: int = 0, every_player: bool = False
) -> Expansion:
    """The map I(T) = Σ_{S⊇T} weight(|S|, |T|) F(S) for least ≤ |T| ≤ order; pairs of weight 0 are left out.

    `every_player`: players that no term holds are listed too, at 0.
    Raises SolverError where the terms have more than `MOST_PAIRS` such subsets.
    """
    n = spectrum.n
    sets: list[Interaction] = []
    rows = [np.zeros(0, dtype=np.int64)]
    columns = [np.zeros(0, dtype=np.int64)]
    weights = [np.zeros(0)]
    # 1. the weight depends on sizes alone: which orders s of terms do sets of t players collect from?
    terms = _terms_by_order(spectrum)
    sizes = range(least, min(order, n) + 1)
    collected = {t: _weights_above(t, terms, weight) for t in sizes}
    _guard(terms, collected)
    for t, by_order in collected.items():
        # 2. every term of these orders with each of its subsets of t players
        entries = [terms[s].expanded(t, value) for s, value in by_order.items()]
        if every_player and t == 1 and len(spectrum):
            entries.append(_every_player(n))
        if not entries:
            continue
        # 3. the same subset of several terms is one set: a row of the map
        found = np.concatenate([one.sets for one in entries])
        members, row = _grouped(found, n)
        rows.append(row + len(sets))
        columns.extend(one.columns for one in entries)
        weights.extend(one.weights for one in entries)
        sets.extend(map(tuple, members.tolist()))
    if every_player and not len(spectrum):  # no term that an entry could stand for
        sets = [(i,) for i in range(n)]
    return Expansion(sets, np.concatenate(rows), np.concatenate(columns), np.concatenate(weights))


def _terms_by_order(spectrum: Spectrum) -> dict[int, _Terms]:
    """{order: its terms}, from the lowest order."""
    membership = spectrum.membership
    terms = {}
    for s in np.unique(spectrum.orders).tolist():
        columns = np.flatnonzero(spectrum.orders == s)
        _, members = np.nonzero(membership[columns])  # row after row, each of s members
        terms[s] = _Terms(columns, members.reshape(len(columns), s))
    return terms


def _weights_above(t: int, orders: Iterable[int], weight: Weight) -> dict[int, float]:
    """{order s ≥ t: its weight for sets of t players}, where that is not 0."""
    weights = {s: weight(s, t) for s in orders if s >= t}
    return {s: value for s, value in weights.items() if value != 0.0}


def _every_player(n: int) -> _Entries:
    """Each player as a set that collects nothing: of the first term, with weight 0."""
    players = np.arange(n)[:, None]
    first_term = np.zeros(n, dtype=np.int64)
    return _Entries(players, first_term, np.zeros(n))


def _guard(terms: Mapping[int, _Terms], collected: Mapping[int, Iterable[int]]) -> None:
    """Refuse what would not fit in memory; `collected`: {t: orders that sets of t players collect from}."""
    pairs = 0
    for t, orders in collected.items():
        for s in orders:
            pairs += terms[s].count(t)
    if pairs > MOST_PAIRS:
        raise SolverError(
            f"The terms of this spectrum have {pairs:,} subsets to expand, more than {MOST_PAIRS:,}: "
            "truncate it first, e.g. spectrum.truncate(order=8, terms=1000), or ask for a lower order of the "
            "index."
        )


def _grouped(members: Ints, n: int) -> tuple[Ints, Ints]:
    """Distinct rows of (p, t) positions in lexicographic order, and the number of each row's group (p,)."""
    # the key of a row: its positions as the digits of one number in base n
    key = np.zeros(len(members), dtype=np.int64)
    span = 1  # keys lie below it
    for column in members.T:
        if span * n >= _KEY_LIMIT:  # renumber the prefixes seen so far: their order stays
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            span = len(key)
        key = key * n + column
        span *= n
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    return members[first], group.astype(np.int64)
