"""From a spectrum to the indices that people read.

Every index but `influence` is linear in the spectrum, with a weight that depends on the sizes of the two sets
alone: I(T) = Σ_{S⊇T} w(|S|, |T|) · F(S). So one expansion of the terms into their subsets serves all indices,
and draws of the coefficients give intervals through the very same map. Left out: dense tables of all 2^n
sets.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

import numpy as np

from spexviz.errors import SolverError, SpecError
from spexviz.kit.arrays import Floats, Ints
from spexviz.masks import Interaction, set_of
from spexviz.spectrum import Spectrum

INDICES: dict[str, str] = {
    "FBII": "Faithful Banzhaf: the best surrogate of this order under uniform masks, read as the extra effect of keeping a set together.",
    "BII": "Banzhaf interaction: a set's joint effect averaged over all backgrounds; the order only limits which sets are listed.",
    "SII": "Shapley interaction: a set's joint effect averaged over random arrivals; the order only limits which sets are listed.",
    "k-SII": "Shapley interactions of all orders up to the order, corrected so that together they sum to the full effect.",
    "STII": "Shapley-Taylor: exact effects below the order, everything above it shared out among the sets of exactly that order.",
    "FSII": "Faithful Shapley: the best surrogate of this order under Shapley weights; sums to the full effect.",
    "SV": "Shapley value: the full effect shared out among single players (order 1 only).",
    "BV": "Banzhaf value: a player's average effect over all backgrounds (order 1 only).",
    "Fourier": "The spectrum itself: squares are shares of variance; negative for a player that raises the value when kept.",
    "Moebius": "What a set adds, beyond all its subsets, to an otherwise empty input; the order only limits which sets are listed.",
    "OR": "What a set takes away when any one of its players is kept (the OR form of Möbius); the order only limits which sets are listed.",
    "influence": "The variance that involves a player in any way, alone or in a set (order 1 only).",
}
# computed at order 1 whatever order is asked; they list every player
FIRST_ORDER = frozenset({"SV", "BV", "influence"})
EFFICIENT = frozenset({"SV", "k-SII", "FSII", "STII"})  # non-empty sets sum to f(full) − f(empty)
_WITHOUT_CONSTANT = FIRST_ORDER | {"OR"}
_SPELLINGS = {name.casefold(): name for name in INDICES} | {"möbius": "Moebius"}

MOST_PAIRS = 10_000_000  # (term, subset) pairs expanded at most: about 1 GB at the peak
_LEVEL = (0.05, 0.95)  # quantiles of the draws: 90 % intervals
_ROWS = 4_000_000  # cells of draws mapped at a time: 32 MB
_ROUND_OFF = 1e-13  # a sum this small beside its own terms has cancelled: it is exactly 0


@dataclass(frozen=True)
class Interactions:
    """Values of one index, keyed by interaction, with 90 % intervals (None without draws) and shares of variance.

    `values`: {Interaction: value in `unit`}; sets not listed are 0 (`self[members]`, in any order, gives 0.0
    for them). `shares`: {Interaction: F(S)²/Σ_{S≠∅} F(S)²}, 0 where the spectrum has no such term: the
    measure to rank by, because (−2)^|S| inflates high orders in every other index.
    """

    index: str
    order: int
    players: tuple[str, ...]
    unit: str
    values: Mapping[Interaction, float]
    intervals: Mapping[Interaction, tuple[float, float]] | None
    shares: Mapping[Interaction, float]

    def top(self, k: int | None = None, include_singletons: bool = True) -> Interactions:
        """The k sets with the largest share of variance, ties by |value|, in that order; never (), nor sets at 0."""
        least = 1 if include_singletons else 2
        sets = [
            s
            for s, value in self.values.items()
            if len(s) >= least and (value != 0.0 or self.shares[s] > 0.0)
        ]
        ranked = sorted(sets, key=lambda s: (-self.shares[s], -abs(self.values[s]), len(s), s))[:k]
        return self._only(ranked)

    def _only(self, sets: list[Interaction]) -> Interactions:
        intervals = None if self.intervals is None else {s: self.intervals[s] for s in sets}
        return replace(
            self,
            values={s: self.values[s] for s in sets},
            intervals=intervals,
            shares={s: self.shares[s] for s in sets},
        )

    def label(self, members: Interaction) -> str:
        """ "never × fails"; "(constant)" for the empty set."""
        return " × ".join(self.players[i] for i in members) or "(constant)"

    def frame(self) -> Any:
        """A pandas DataFrame, one row a set in the order of `values`: members, label, order, value, low, high, share."""
        import pandas as pd

        lows, highs = zip(*map(self._interval, self.values), strict=True) if self.values else ((), ())
        return pd.DataFrame(
            {
                "members": list(self.values),
                "label": [self.label(s) for s in self.values],
                "order": np.array([len(s) for s in self.values], dtype=np.int64),
                "value": np.array(list(self.values.values()), dtype=np.float64),
                "low": np.array(lows, dtype=np.float64),
                "high": np.array(highs, dtype=np.float64),
                "share": np.array([self.shares[s] for s in self.values], dtype=np.float64),
            }
        )

    def _interval(self, members: Interaction) -> tuple[float, float]:
        return (np.nan, np.nan) if self.intervals is None else self.intervals[members]

    def __getitem__(self, members: Interaction) -> float:
        """The value of a set, its members in any order. Raises SolverError for what is no set of players."""
        return self.values.get(set_of(members, len(self.players)), 0.0)

    def __iter__(self) -> Iterator[tuple[Interaction, float]]:
        return iter(self.values.items())

    def __len__(self) -> int:
        return len(self.values)

    def _rows(self, most: int) -> list[tuple[str, ...]]:
        """The header and the first rows as text: as given where `top` has ranked them, ranked otherwise."""
        header = (
            "interaction",
            "value",
            *(() if self.intervals is None else ("90 % interval",)),
            "share of variance",
        )
        shown = self if len(self) <= most else self.top(most)
        rows = []
        for members, value in shown:
            interval = (
                () if self.intervals is None else ("[{:+.3g}, {:+.3g}]".format(*self.intervals[members]),)
            )
            rows.append(
                (
                    self.label(members),
                    f"{value:+.4g}",
                    *interval,
                    f"{self.shares[members]:.1%}" if members else "",
                )
            )
        return [header, *rows]

    def _title(self) -> str:
        return f"{self.index}, order ≤ {self.order}, {len(self)} sets" + (
            f", in {self.unit}" if self.unit else ""
        )

    def __repr__(self) -> str:
        rows = self._rows(12)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join([self._title(), *lines, *self._more(len(rows) - 1)])

    def _repr_html_(self) -> str:
        header, *rows = self._rows(25)
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        caption = html.escape(" ".join([self._title(), *self._more(len(rows))]))
        return (
            f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _more(self, shown: int) -> list[str]:
        return [f"… the {shown} with the largest share of variance are shown"] if shown < len(self) else []


def interactions(
    spectrum: Spectrum,
    index: str,
    order: int,
    players: tuple[str, ...] | None = None,
    unit: str = "",
    keep: float = 0.5,
) -> Interactions:
    """The values of `index` for all sets of at most `order` players that any term of the spectrum touches.

    `index`: a key of `INDICES` (also "Möbius"). The constant () is listed for every index that defines one:
    f(empty) for k-SII, STII, FSII, Moebius; the mean F(∅) for BII and Fourier; its own for FBII and SII; none
    for SV, BV, OR, influence. SV, BV and influence have order 1 whatever is asked and list every player.
    Influence is in squared units. `keep`: the shares of variance, which rank the sets, are over masks that
    keep a player with this probability; the values of the indices do not depend on it.
    Raises SpecError for an unknown index, an order below 1 or wrong labels; SolverError if the terms have too
    many subsets.
    Sources: facts of the field, e.g. Fujimoto et al. 2006 (SII), Sundararajan et al. 2020 (STII), Tsai et al.
    2023 (FSII, FBII), Bordt & von Luxburg 2023 (k-SII), Kang et al. 2025, appendix (all of them from a
    spectrum).
    """
    name = _SPELLINGS.get(str(index).casefold())
    if name is None:
        raise SpecError(f"There is no index {index!r}: choose one of {', '.join(INDICES)}.")
    if not isinstance(order, int | np.integer) or order < 1:
        raise SpecError(f"The order of an index must be a whole number of at least 1, not {order}.")
    order = 1 if name in FIRST_ORDER else int(order)
    labels = tuple(map(str, range(spectrum.n))) if players is None else tuple(map(str, players))
    if len(labels) != spectrum.n:
        raise SpecError(
            f"This spectrum has {spectrum.n} players; {len(labels)} labels were given. Give one label a player."
        )
    source = spectrum.truncate(order=order) if name == "FBII" else spectrum
    power = 2 if name == "influence" else 1
    expansion = _expand(
        source,
        order,
        lambda s, t: _weight(name, order, s, t),
        int(name in _WITHOUT_CONSTANT),
        every_player=name in FIRST_ORDER,
    )
    values = dict(zip(expansion.sets, expansion.apply(source.values**power).tolist(), strict=True))
    intervals = None
    if source.draws is not None:
        intervals = dict(
            zip(expansion.sets, map(tuple, expansion.quantiles(source.draws**power).tolist()), strict=True)
        )
    variance = spectrum.shares(keep)
    shares = {s: variance.get(s, 0.0) for s in expansion.sets}
    return Interactions(
        name, order, labels, f"{unit}²" if unit and power == 2 else unit, values, intervals, shares
    )


def efficiency_gap(interactions: Interactions, full_minus_empty: float) -> float:
    """What a Shapley-type index leaves unexplained of the real f(full) − f(empty): that, minus its non-empty values.

    Give all interactions, not a `top`. Raises SpecError for an index that is not efficient by definition.
    """
    if interactions.index not in EFFICIENT:
        raise SpecError(
            f"{interactions.index} does not sum to the full effect by definition: use one of {', '.join(sorted(EFFICIENT))}."
        )
    return float(full_minus_empty) - sum(value for members, value in interactions if members)


def moebius(spectrum: Spectrum) -> dict[Interaction, float]:
    """All Möbius coefficients that are not 0: f(m) = Σ_{T ⊆ m} M(T), with M(T) = (−2)^|T| Σ_{S⊇T} F(S)."""
    expansion = _expand(spectrum, spectrum.n, lambda s, t: float((-2) ** t))
    return {
        s: v
        for s, v in zip(expansion.sets, expansion.apply(spectrum.values).tolist(), strict=True)
        if v != 0.0
    }


def from_moebius(n: int, coefficients: Mapping[Interaction, float]) -> Spectrum:
    """The spectrum of a function given by its Möbius coefficients: F(T) = (−1)^|T| Σ_{S⊇T} M(S)/2^|S|."""
    given = Spectrum(n, coefficients)
    expansion = _expand(given, n, lambda s, t: (-1.0) ** t / 2.0**s)
    return Spectrum(
        n,
        [
            (s, v)
            for s, v in zip(expansion.sets, expansion.apply(given.values).tolist(), strict=True)
            if v != 0.0
        ],
    )


@dataclass(frozen=True)
class _Expansion:
    """A sparse linear map from the terms of a spectrum to sets:

    `rows`, `columns`, `weights` of its entries.
    """

    sets: list[Interaction]
    rows: Ints
    columns: Ints
    weights: Floats

    def apply(self, coefficients: Floats) -> Floats:
        """(k,) coefficients -> (sets,) values."""
        parts = self.weights * coefficients[self.columns]
        values = np.bincount(self.rows, parts, minlength=len(self.sets))
        size = np.bincount(self.rows, np.abs(parts), minlength=len(self.sets))
        return np.where(np.abs(values) <= _ROUND_OFF * size, 0.0, values)

    def quantiles(self, draws: Floats) -> Floats:
        """(B, k) draws of the coefficients -> (sets, 2): the 90 % interval of every set's value."""
        from scipy.sparse import csr_array

        matrix = csr_array((self.weights, (self.rows, self.columns)), shape=(len(self.sets), draws.shape[1]))
        out = np.empty((len(self.sets), 2))
        step = max(1, _ROWS // max(1, len(draws)))
        for start in range(0, len(self.sets), step):
            out[start : start + step] = np.quantile(matrix[start : start + step] @ draws.T, _LEVEL, axis=1).T
        return out


def _expand(
    spectrum: Spectrum,
    order: int,
    weight: Callable[[int, int], float],
    least: int = 0,
    every_player: bool = False,
) -> _Expansion:
    """The map I(T) = Σ_{S⊇T} weight(|S|, |T|) F(S) for least ≤ |T| ≤ order; pairs of weight 0 are left out."""
    membership, orders = spectrum.membership, spectrum.orders
    sizes = np.unique(orders)
    wanted = {
        t: [(int(s), w) for s in sizes if s >= t and (w := weight(int(s), t)) != 0.0]
        for t in range(least, min(order, spectrum.n) + 1)
    }
    _guard(sum(int((orders == s).sum()) * comb(s, t) for t, pairs in wanted.items() for s, _ in pairs))
    columns_of = {int(s): np.flatnonzero(orders == s) for s in sizes}
    members_of = {
        s: np.nonzero(membership[columns])[1].reshape(len(columns), s) for s, columns in columns_of.items()
    }
    sets: list[Interaction] = []
    rows, columns, weights = [], [], []
    for t, pairs in wanted.items():
        blocks = []
        for s, w in pairs:
            chosen = np.array(list(itertools.combinations(range(s), t)), dtype=np.int64).reshape(
                comb(s, t), t
            )
            blocks.append(members_of[s][:, chosen].reshape(len(columns_of[s]) * len(chosen), t))
            columns.append(np.repeat(columns_of[s], len(chosen)))
            weights.append(np.full(len(blocks[-1]), w))
        if every_player and t == 1 and len(spectrum):  # players of no term: a pair of weight 0
            blocks.append(np.arange(spectrum.n)[:, None])
            columns.append(np.zeros(spectrum.n, dtype=np.int64))
            weights.append(np.zeros(spectrum.n))
        if blocks:
            members, row = _group(np.concatenate(blocks), spectrum.n)
            rows.append(row + len(sets))
            sets.extend(map(tuple, members.tolist()))
    if every_player and not len(spectrum):
        sets = [(i,) for i in range(spectrum.n)]
    whole = [
        np.concatenate(parts) if parts else np.zeros(0, dtype)
        for parts, dtype in ((rows, np.int64), (columns, np.int64), (weights, np.float64))
    ]
    return _Expansion(sets, *whole)


def _guard(pairs: int) -> None:
    if pairs > MOST_PAIRS:
        raise SolverError(
            f"The terms of this spectrum have {pairs:,} subsets to expand, more than {MOST_PAIRS:,}: truncate it first, "
            "e.g. spectrum.truncate(order=8, terms=1000), or ask for a lower order of the index."
        )


def _group(members: Ints, n: int) -> tuple[Ints, Ints]:
    """Distinct rows of (p, t) positions in lexicographic order, and the number of each row's group (p,)."""
    key, span = np.zeros(len(members), dtype=np.int64), 1
    for column in members.T:
        if span * n >= 2**62:  # renumber the prefixes seen so far: their order stays
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            span = len(key)
        key, span = key * n + column, span * n
    _, first, row = np.unique(key, return_index=True, return_inverse=True)
    return members[first], row.astype(np.int64)


@cache
def _weight(index: str, order: int, s: int, t: int) -> float:
    """w(|S|, |T|) of an index in the spectrum: exact fractions, rounded once."""
    if index in ("Fourier", "influence"):
        return 1.0 if index == "influence" or s == t else 0.0
    if index in ("BII", "BV"):
        return float((-2) ** t) if s == t else 0.0
    if index in ("Moebius", "FBII"):  # FBII: the caller has truncated the spectrum at the order
        return float((-2) ** t)
    if index == "OR":
        return float(-((-2) ** t) * (-1) ** s)
    if index == "SV":
        return -2.0 / s if s % 2 else 0.0
    return float(
        sum(comb(s - t, r - t) * (-2) ** r * _moebius_weight(index, order, r, t) for r in range(t, s + 1))
    )


@cache
def _moebius_weight(index: str, order: int, r: int, t: int) -> Fraction:
    """c(|R|, |T|) of the Shapley-type indices: I(T) = Σ_{R⊇T} c(|R|, |T|) M(R)."""
    same = Fraction(int(r == t))
    if index == "SII":
        return Fraction(1, r - t + 1)
    if t == 0:  # k-SII, STII, FSII start from f(empty): what is left then sums to f(full) − f(empty)
        return same
    if index == "k-SII":
        return sum(
            (
                comb(r - t, j) * _bernoulli(j) * Fraction(1, r - t - j + 1)
                for j in range(min(order, r) - t + 1)
            ),
            Fraction(0),
        )
    if index == "STII":
        return same if t < order else Fraction(1, comb(r, order))
    if r <= order:
        return same
    return (
        (-1) ** (order - t)
        * Fraction(t, order + t)
        * comb(order, t)
        * Fraction(comb(r - 1, order), comb(r + order - 1, order + t))
    )


@cache
def _bernoulli(j: int) -> Fraction:
    """Bernoulli numbers with B_1 = −1/2."""
    return (
        Fraction(1)
        if j == 0
        else -sum((comb(j + 1, i) * _bernoulli(i) for i in range(j)), Fraction(0)) / (j + 1)
    )
