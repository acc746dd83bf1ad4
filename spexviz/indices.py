"""From a spectrum to the indices that people read.

Every index but `influence` is linear in the spectrum, with a weight that depends on the sizes of the two sets
alone: I(T) = Σ_{S⊇T} w(|S|, |T|) · F(S). So one expansion of the terms into their subsets
(analysis/expansion.py) serves all indices, each with its weights (analysis/index_weights.py), and draws of
the coefficients give intervals through the very same map. Left out: dense tables of all 2^n sets.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from spexviz.analysis import exchange
from spexviz.analysis.efficiency import missed, summing_to
from spexviz.analysis.expansion import Interval, expand
from spexviz.analysis.index_weights import mean_weight, spectral_weight
from spexviz.errors import SpecError
from spexviz.kit.cached import cached_property
from spexviz.kit.names import names
from spexviz.kit.numerals import interval_text, number, percent
from spexviz.masks import Interaction, set_of
from spexviz.spectrum import Spectrum

if TYPE_CHECKING:
    import pandas as pd

INDICES: dict[str, str] = {
    "mean": "Mean effect: what a set's members do together beyond their parts, averaged over the masks "
    "of the run; the order only limits which sets are listed.",
    "FBII": "Faithful Banzhaf: the best surrogate of this order under uniform masks, "
    "read as the extra effect of keeping a set together.",
    "BII": "Banzhaf interaction: a set's joint effect averaged over all backgrounds; "
    "the order only limits which sets are listed.",
    "SII": "Shapley interaction: a set's joint effect averaged over random arrivals; "
    "the order only limits which sets are listed.",
    "k-SII": "Shapley interactions of all orders up to the order, "
    "corrected so that together they sum to the full effect.",
    "STII": "Shapley-Taylor: exact effects below the order, "
    "everything above it shared out among the sets of exactly that order.",
    "FSII": "Faithful Shapley: the best surrogate of this order under Shapley weights; "
    "sums to the full effect.",
    "SV": "Shapley value: the full effect shared out among single players (order 1 only).",
    "BV": "Banzhaf value: a player's average effect over all backgrounds (order 1 only).",
    "Fourier": "The spectrum itself: squares are shares of variance; "
    "negative for a player that raises the value when kept.",
    "Moebius": "What a set adds, beyond all its subsets, to an otherwise empty input; "
    "the order only limits which sets are listed.",
    "OR": "What a set takes away when any one of its players is kept (the OR form of Möbius); "
    "the order only limits which sets are listed.",
    "influence": "The variance that involves a player in any way, alone or in a set (order 1 only).",
}
# computed at order 1 whatever order is asked; they list every player
FIRST_ORDER = frozenset({"SV", "BV", "influence"})
# a sum over sizes of masks, of which random ones have about one
_BY_SIZE = frozenset({"SV", "SII", "k-SII", "FSII"})
EFFICIENT = frozenset({"SV", "k-SII", "FSII", "STII"})  # non-empty sets sum to f(full) − f(empty)
_WITHOUT_CONSTANT = FIRST_ORDER | {"OR"}
# columns of a table, also of an empty one
_NUMBERS = {
    "order": np.int64,
    "value": np.float64,
    "low": np.float64,
    "high": np.float64,
    "share": np.float64,
}
_RANDOM_MASKS = (
    "Random masks keep about the same number of players each, so they estimate this index poorly: "
    "ShaplEIG and ProxySHAP with MSR, both in shapiq, are made for it."
)
_SPELLINGS = {name.casefold(): name for name in INDICES} | {"möbius": "Moebius"}


@dataclass(frozen=True)
class Interactions:
    """Values of one index, keyed by interaction, with 90 % intervals and shares of variance.

    `values`: {Interaction: value in `unit`}; sets not listed are 0 (`self[members]`, in any order, gives 0.0
    for them). `intervals`: None where the spectrum has no draws. `shares`: {Interaction: F(S)²/Σ_{S≠∅}
    F(S)²}, 0 where the spectrum has no such term: the measure to rank by, because (−2)^|S| inflates high
    orders in every other index.
    """

    index: str
    order: int
    players: tuple[str, ...]
    unit: str
    values: Mapping[Interaction, float]
    intervals: Mapping[Interaction, Interval] | None
    shares: Mapping[Interaction, float]
    remarks: tuple[str, ...] = ()  # what must be known of the values, in sentences
    keep: float = 0.5  # with which masks keep a player, where the values depend on it

    def to_shapiq(self) -> Any:
        """The same as `shapiq.InteractionValues`, without intervals and shares of variance.

        A mean effect is shapiq's BII where masks keep a player with probability ½; the constant is its
        baseline. Raises SpecError for an index that shapiq does not have, and where it is not installed.
        """
        index = exchange.index_of(self.index, self.keep)
        return exchange.to_shapiq(self.values, index, self.order, len(self.players))

    @classmethod
    def from_shapiq(cls, found: Any, players: Sequence[str] | None = None, unit: str = "") -> Interactions:
        """Ours of `shapiq.InteractionValues`; `players`: their labels, by default their positions.

        Shares of variance, by which `top` ranks, are those of the surrogate that the values are. Raises
        SpecError for an index that is not ours, or labels that are not one a player.
        """
        index, values = exchange.from_shapiq(found)
        labels = _labels(None if players is None else tuple(players), int(found.n_players))
        shares = exchange.shares_of(index, values)
        remarks = (exchange.ROUGH,) if index == "SII" else ()
        return cls(index, int(found.max_order), labels, unit, values, None, shares, remarks)

    def top(self, k: int | None = None, include_singletons: bool = True) -> Interactions:
        """The k sets with the largest share of variance, in that order; never (), nor sets at 0.

        Of equal shares the larger |value| comes first.

        >>> interactions(Spectrum(3, {(): 9.0, (0,): 1.0, (1, 2): 2.0}), "BII", order=2).top(1).values
        {(1, 2): 8.0}
        """
        least = 1 if include_singletons else 2
        listed = []
        for members, value in self.values.items():
            is_at_zero = value == 0.0 and self.shares[members] <= 0.0
            if len(members) >= least and not is_at_zero:
                listed.append(members)
        return self._only(sorted(listed, key=self._rank)[:k])

    def _rank(self, members: Interaction) -> tuple[float, float, int, Interaction]:
        return -self.shares[members], -abs(self.values[members]), len(members), members

    def _only(self, sets: list[Interaction]) -> Interactions:
        intervals = self.intervals
        if intervals is not None:
            intervals = {s: intervals[s] for s in sets}
        return replace(
            self,
            values={s: self.values[s] for s in sets},
            intervals=intervals,
            shares={s: self.shares[s] for s in sets},
        )

    def label(self, members: Interaction) -> str:
        """ "never × fails"; "(constant)" for the empty set. Repeated players are numbered, as in figures.

        >>> interactions(Spectrum(2, {(0, 1): 1.0}), "BII", order=2, players=("never", "fails")).label((0, 1))
        'never × fails'
        """
        return " × ".join(self._names[i] for i in members) or "(constant)"

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return names(self.players)

    def frame(self) -> pd.DataFrame:
        """One row a set in the order of `values`: members, label, order, value, low, high, share.

        >>> interactions(Spectrum(2, {(0, 1): 1.0}), "BII", order=2).frame()[["label", "value", "share"]]
           label  value  share
        0  0 × 1    4.0    1.0
        """
        import pandas as pd

        sets = list(self.values)
        intervals = list(map(self._interval, sets))
        columns = {
            "members": sets,
            "label": list(map(self.label, sets)),
            "order": list(map(len, sets)),
            "value": list(self.values.values()),
            "low": [low for low, _ in intervals],
            "high": [high for _, high in intervals],
            "share": [self.shares[s] for s in sets],
        }
        return pd.DataFrame(columns).astype(_NUMBERS)

    def _interval(self, members: Interaction) -> Interval:
        if self.intervals is None:
            return np.nan, np.nan
        return self.intervals[members]

    def __getitem__(self, members: Interaction) -> float:
        """The value of a set, its members in any order. Raises SolverError for what is no set of players.

        >>> found = interactions(Spectrum(3, {(0, 1): 1.0}), "BII", order=2)
        >>> found[1, 0], found[1, 2]
        (4.0, 0.0)
        """
        return self.values.get(set_of(members, len(self.players)), 0.0)

    def __iter__(self) -> Iterator[tuple[Interaction, float]]:
        return iter(self.values.items())

    def __len__(self) -> int:
        return len(self.values)

    def _rows(self, most: int) -> list[tuple[str, ...]]:
        """The header and the first rows as text: as given where `top` has ranked them, ranked otherwise."""
        shown = self
        if len(self) > most:
            shown = self.top(most)
        header = ["interaction", "value", "share of variance"]
        if self.intervals is not None:
            header.insert(2, "90 % interval")
        return [tuple(header), *map(self._row, shown.values)]

    def _row(self, members: Interaction) -> tuple[str, ...]:
        cells = [self.label(members), number(self.values[members])]
        if self.intervals is not None:
            cells.append(interval_text(self.intervals[members]))
        share = ""
        if members:
            share = percent(self.shares[members])
        return (*cells, share)

    def _title(self) -> str:
        title = f"{self.index}, order ≤ {self.order}, {len(self)} sets"
        if self.unit:
            title += f", in {self.unit}"
        return title

    def _more(self, shown: int) -> list[str]:
        if shown >= len(self):
            return []
        return [f"… the {shown} with the largest share of variance are shown"]

    def __repr__(self) -> str:
        rows = self._rows(12)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [self._title()]
        for row in rows:
            cells = map(str.ljust, row, widths)
            lines.append("  ".join(cells).rstrip())
        lines += [*self._more(len(rows) - 1), *self.remarks]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        header, *rows = self._rows(25)
        sentences = [self._title(), *self._more(len(rows)), *self.remarks]
        caption = html.escape(" ".join(sentences))
        head = _html_row("th", header)
        body = "".join(_html_row("td", row) for row in rows)
        return f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{body}</tbody></table>"


def _html_row(tag: str, cells: Iterable[str]) -> str:
    row = ""
    for cell in cells:
        row += f"<{tag}>{html.escape(cell)}</{tag}>"
    return f"<tr>{row}</tr>"


def interactions(
    spectrum: Spectrum,
    index: str,
    order: int,
    players: tuple[str, ...] | None = None,
    unit: str = "",
    keep: float = 0.5,
    effect: float | None = None,
) -> Interactions:
    """The values of `index` for all sets of at most `order` players that any term of the spectrum touches.

    `index`: a key of `INDICES` (also "Möbius"). The constant () is listed for every index that defines one:
    f(empty) for k-SII, STII, FSII, Moebius; the mean F(∅) for BII and Fourier; its own for FBII and SII; none
    for SV, BV, OR, influence. SV, BV and influence have order 1 whatever is asked and list every player.
    Influence is in squared units. `keep`: the mean effects, and the shares of variance, which rank the
    sets, are over masks that keep a player with this probability; the values of other indices do not depend
    on it. `effect`: the real f(full) − f(empty), where it is known: what the spectrum misses of it goes in
    equal parts to the single players of an index that shares it out, and `remarks` say so.
    Raises SpecError for an unknown index, an order below 1 or wrong labels; SolverError if the terms have too
    many subsets.
    Sources: facts of the field, e.g. Fujimoto et al. 2006 (SII), Sundararajan et al. 2020 (STII), Tsai et al.
    2023 (FSII, FBII), Bordt & von Luxburg 2023 (k-SII), Kang et al. 2025, appendix (all of them from a
    spectrum).

    >>> interactions(Spectrum(3, {(): 0.5, (0,): -0.5, (0, 1): 0.25}), "BII", order=2).values
    {(): 0.5, (0,): 1.0, (0, 1): 1.0}
    """
    name = _SPELLINGS.get(str(index).casefold())
    if name is None:
        raise SpecError(f"There is no index {index!r}: choose one of {', '.join(INDICES)}.")
    if not isinstance(order, Integral) or order < 1:
        raise SpecError(f"The order of an index must be a whole number of at least 1, not {order}.")
    every_player = name in FIRST_ORDER
    order = 1 if every_player else int(order)
    labels = _labels(players, spectrum.n)
    source = spectrum
    remarks: list[str] = []
    if effect is not None and name in _BY_SIZE:
        remarks.append(_RANDOM_MASKS)
    if effect is not None and name in EFFICIENT and (gap := missed(spectrum, effect)):
        source = summing_to(spectrum, effect)
        remarks.append(_said_of_missed(gap, effect, spectrum.n))
    if name == "FBII":  # the best fit of this order under uniform masks
        source = spectrum.truncate(order=order)
    weight = partial(spectral_weight, name, order)
    if name == "mean":
        weight = partial(mean_weight, keep)
    least = int(name in _WITHOUT_CONSTANT)
    expansion = expand(source, order, weight, least, every_player)
    power = 1
    if name == "influence":  # a sum of energies (O'Donnell 2014, section 2.2)
        power = 2
        unit = unit and f"{unit}²"
    values = expansion.apply(source.values**power)
    intervals = None
    if source.draws is not None:
        intervals = expansion.intervals(source.draws**power)
    variance = spectrum.shares(keep)
    shares = {members: variance.get(members, 0.0) for members in values}
    return Interactions(name, order, labels, unit, values, intervals, shares, tuple(remarks), keep)


def _said_of_missed(gap: float, effect: float, n: int) -> str:
    return (
        f"The fit misses {number(gap)} of the full effect {number(effect)}: it is shared out equally, "
        f"{number(gap / n)} for each single player."
    )


def _labels(players: tuple[str, ...] | None, n: int) -> tuple[str, ...]:
    """One label a player: as given, or their positions."""
    if players is None:
        return tuple(map(str, range(n)))
    labels = tuple(map(str, players))
    if len(labels) != n:
        raise SpecError(
            f"This spectrum has {n} players; {len(labels)} labels were given. Give one label a player."
        )
    return labels


def efficiency_gap(interactions: Interactions, full_minus_empty: float) -> float:
    """What a Shapley-type index leaves unexplained of the real f(full) − f(empty).

    That is this effect minus the index's non-empty values: give all interactions, not a `top`. Raises
    SpecError for an index that is not efficient by definition.

    >>> game = Spectrum.exact([0.0, 1.0, 2.0, 5.0])
    >>> efficiency_gap(interactions(game, "SV", order=1), 5.0)
    0.0
    """
    if interactions.index not in EFFICIENT:
        raise SpecError(
            f"{interactions.index} does not sum to the full effect by definition: "
            f"use one of {', '.join(sorted(EFFICIENT))}."
        )
    return float(full_minus_empty) - sum(value for members, value in interactions if members)


def moebius(spectrum: Spectrum) -> dict[Interaction, float]:
    """All Möbius coefficients that are not 0: f(m) = Σ_{T ⊆ m} M(T), with M(T) = (−2)^|T| Σ_{S⊇T} F(S).

    >>> moebius(Spectrum.exact([0.0, 1.0, 2.0, 5.0]))
    {(0,): 1.0, (1,): 2.0, (0, 1): 2.0}
    """
    n = spectrum.n
    expansion = expand(spectrum, n, partial(spectral_weight, "Moebius", n))
    return _not_zero(expansion.apply(spectrum.values))


def from_moebius(n: int, coefficients: Mapping[Interaction, float]) -> Spectrum:
    """The spectrum of a function given by its Möbius coefficients: F(T) = (−1)^|T| Σ_{S⊇T} M(S)/2^|S|.

    >>> dict(from_moebius(2, {(0, 1): 1.0}).coefficients)
    {(): 0.25, (0,): -0.25, (1,): -0.25, (0, 1): 0.25}
    """
    given = Spectrum(n, coefficients)
    expansion = expand(given, n, _weight_of_moebius)
    return Spectrum(n, _not_zero(expansion.apply(given.values)))


def _weight_of_moebius(s: int, t: int) -> float:
    # Π_{i∈S} x_i with x_i = (1 − sign_i)/2: each member is in T, for −1/2, or not, for 1/2
    return (-1.0) ** t / 2.0**s


def _not_zero(values: Mapping[Interaction, float]) -> dict[Interaction, float]:
    return {members: value for members, value in values.items() if value != 0.0}
