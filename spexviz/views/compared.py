"""Compared: how far two runs agree, and where they differ, set by set, as far as their players match."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from spexviz.indices import Interactions
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views.alignment import Alignment
from spexviz.views.scale import Scale
from spexviz.views.story import Look, Table
from spexviz.views.theme import interval_text, number
from spexviz.views.words import joined, plural

STRONGEST = 10  # sets of each that are looked at for agreement
LISTED = 20  # sets of each that stand in the table
LEAST_RANKED = 6  # sets from which on their order says something
MOST_NAMED = 6  # players or sets of one run alone that are named
CLOSELY, ROUGHLY, LOOSELY = 0.8, 0.5, 0.3
A, B, DIFFERENCE, SURE = "A", "B", "B − A", "Differs"
Interval = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """A set in both runs: members in A, its values, the difference, and its interval where it is known."""

    members: Interaction
    there: Interaction
    values: tuple[float, float]
    interval: Interval | None

    @property
    def difference(self) -> float:
        return self.values[1] - self.values[0]

    @property
    def sure(self) -> str:
        """Whether the two differ, as far as the intervals tell."""
        if self.interval is None:
            return ""
        low, high = self.interval
        return "not sure" if low <= 0.0 <= high else "yes"


@dataclass(frozen=True)
class Compared:
    """Two runs of one lens, looked at in the same way."""

    a: Explanation
    b: Explanation
    look: Look = field(default_factory=Look)

    @cached_property
    def found(self) -> tuple[Interactions, Interactions]:
        """The interactions of both."""
        return self.look.at(self.a), self.look.at(self.b)

    @cached_property
    def alignment(self) -> Alignment:
        return Alignment.of(self.a.subject, self.b.subject)

    @property
    def scale(self) -> Scale | None:
        """The one range of colours and bars for both; None, each its own, where their units differ."""
        if self.a.unit != self.b.unit:
            return None
        return Scale.of(*self.found)

    @property
    def refused(self) -> str:
        """Why values are not set against each other; "" where they are."""
        if self.a.unit != self.b.unit:
            return f"their values have different units: {self.a.unit} / {self.b.unit}"
        keeps = (self.a.fidelity.keep, self.b.fidelity.keep)
        if keeps[0] != keeps[1]:
            return f"their masks keep different shares of the players: {keeps[0]:g} / {keeps[1]:g}"
        if not self.alignment.matched:
            return "they have no players in common"
        return ""

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The strongest sets of either that both can have, the largest difference first."""
        if self.refused:
            return ()
        ours, theirs = self.found
        pairs = {members: self.alignment.there(members) for members in ours.top(LISTED).values}
        for members in theirs.top(LISTED).values:
            here = self.alignment.back.there(members)
            if here is not None:
                pairs[here] = members
        rows = [self._row(here, there) for here, there in pairs.items() if there is not None]
        return tuple(sorted(rows, key=lambda row: -abs(row.difference)))

    def _row(self, here: Interaction, there: Interaction) -> Row:
        ours, theirs = self.found
        values = (ours.values.get(here, 0.0), theirs.values.get(there, 0.0))
        known = (_interval(self.a, ours, here), _interval(self.b, theirs, there))
        return Row(here, there, values, difference_interval(values, *known))


def difference_interval(
    values: tuple[float, float], first: Interval | None, second: Interval | None
) -> Interval | None:
    """90 % interval of second less first, from that of each, as if their errors were independent.

    >>> difference_interval((1.0, 5.0), (-2.0, 4.0), (1.0, 9.0))
    (-1.0, 9.0)
    """
    if first is None or second is None:
        return None
    one, other = values
    below = math.hypot(other - second[0], first[1] - one)
    above = math.hypot(second[1] - other, one - first[0])
    return other - one - below, other - one + above


def _interval(explanation: Explanation, found: Interactions, members: Interaction) -> Interval | None:
    """The interval of a set: no width where all masks were asked; None where it is not known."""
    if explanation.proof.exact:
        value = found.values.get(members, 0.0)
        return value, value
    return (found.intervals or {}).get(members)


# ---- in words ----------------------------------------------------------------------------------------------


def agreement(compared: Compared) -> tuple[str, ...]:
    """How far the strongest sets are the same, push the same way, and stand in the same order."""
    ours, theirs = (list(found.top(STRONGEST).values) for found in compared.found)
    count = min(len(ours), len(theirs))
    what = f"{plural(compared.a.subject.noun)} and sets"
    if not count:
        return (f"In one of the two runs no {what} were found, so there is nothing to agree on.",)
    mapped = {members: compared.alignment.there(members) for members in ours[:count]}
    both = [here for here, there in mapped.items() if there in theirs[:count]]
    if count == 1:
        said = ["The strongest one is the same in both runs." if both else "The strongest one is another."]
    else:
        said = [f"{len(both)} of the {count} strongest {what} of A are among the {count} strongest of B."]
    if both:
        said.append(_pushing(compared, both))
    order = rank_correlation(compared)
    if math.isfinite(order):
        closely = _how_closely(order)
        said.append(
            f"On the order of those that both can have they {closely} (rank correlation {number(order)})."
        )
    return tuple(said)


def _pushing(compared: Compared, both: Sequence[Interaction]) -> str:
    """How many of the sets have the same sign in both."""
    ours, theirs = compared.found
    there = compared.alignment.there
    alike = sum(ours[one] * theirs[there(one) or ()] > 0.0 for one in both)
    if len(both) == 1:
        return "It pushes the same way in both." if alike else "It pushes the other way in B."
    if alike == len(both):
        return f"All {alike} push the same way in both."
    return f"{alike} of these {len(both)} push the same way in both."


def rank_correlation(compared: Compared) -> float:
    """Spearman's, of the shares of variance of the strongest sets of either; NaN where they are few."""
    ours, theirs = compared.found
    pairs = {here: compared.alignment.there(here) for here in ours.top(STRONGEST).values}
    pairs |= {compared.alignment.back.there(there): there for there in theirs.top(STRONGEST).values}
    shares = [
        (ours.shares.get(here, 0.0), theirs.shares.get(there, 0.0))
        for here, there in pairs.items()
        if here is not None and there is not None
    ]
    if len(shares) < LEAST_RANKED:
        return math.nan
    one, other = (_ranks(np.array(column)) for column in zip(*shares, strict=True))
    if not one.std() or not other.std():
        return math.nan
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: Floats) -> Floats:
    """The rank of each value (n,), equal ones sharing theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def _how_closely(order: float) -> str:
    if order >= CLOSELY:
        return "agree closely"
    if order >= ROUGHLY:
        return "agree roughly"
    if order >= LOOSELY:
        return "agree loosely"
    if order > -LOOSELY:
        return "hardly agree"
    return "disagree: what is strong in one is weak in the other"


def unmatched(compared: Compared) -> tuple[str, ...]:
    """Which players stand in one run alone, which stand for others, and which sets so stand in no row."""
    said = []
    aligned = compared.alignment
    ours, theirs = names(compared.a.players), names(compared.b.players)
    swapped = [f"“{ours[i]}” with “{theirs[aligned.matched[i]]}”" for i in sorted(aligned.replaced)]
    if swapped:
        said.append(f"Compared by their place: {_some(swapped)}.")
    for run, label, one in ((A, ours, aligned), (B, theirs, aligned.back)):
        if one.lacking:
            said.append(f"Only in {run}: {_some([f'“{label[i]}”' for i in one.lacking])}.")
    for run, label, found, one in (
        (A, ours, compared.found[0], aligned),
        (B, theirs, compared.found[1], aligned.back),
    ):
        alone = [members for members in found.top(STRONGEST).values if one.there(members) is None]
        if alone:
            told = _some([f"“{joined(members, label)}”" for members in alone])
            said.append(f"Of the strongest of {run}, without a counterpart: {told}.")
    return tuple(said)


def _some(told: Sequence[str]) -> str:
    more = len(told) - MOST_NAMED
    shown = ", ".join(told[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


# ---- set by set --------------------------------------------------------------------------------------------


def set_by_set(compared: Compared) -> Table:
    """The rows as text."""
    rows = compared.rows
    ours, theirs = compared.found
    said = []
    for row in rows:
        low_high = (_interval(compared.a, ours, row.members), _interval(compared.b, theirs, row.there))
        line = {"Set": _name(compared, row)}
        for column, value, interval in zip((A, B), row.values, low_high, strict=True):
            line[column] = _said(value, interval)
        line[DIFFERENCE] = f"{number(row.difference)} {interval_text(row.interval)}".rstrip()
        said.append({**line, SURE: row.sure})
    numbers = {
        A: tuple(row.values[0] for row in rows),
        B: tuple(row.values[1] for row in rows),
        DIFFERENCE: tuple(row.difference for row in rows),
    }
    return Table(tuple(said), tuple(row.members for row in rows), _columns(compared), numbers)


def _column(explanation: Explanation) -> str:
    """What a column of values says."""
    if explanation.proof.exact:
        return f"Mean effect, measured on every mask. In {explanation.unit}."
    return (
        "Mean effect with its 90 % interval, by the surrogate; 0 without one where it has nothing of the "
        f"set. In {explanation.unit}."
    )


def _said(value: float, interval: Interval | None) -> str:
    """A value with its interval, unless that has no width."""
    if interval is None or interval[0] == interval[1]:
        return number(value)
    return f"{number(value)} {interval_text(interval)}".rstrip()


def _name(compared: Compared, row: Row) -> str:
    """The set as A calls it, and as B does where another word stands there."""
    here = joined(row.members, names(compared.a.players))
    if compared.alignment.replaced.isdisjoint(row.members):
        return here
    return f"{here} / {joined(row.there, names(compared.b.players))}"


def _columns(compared: Compared) -> dict[str, str]:
    return {
        "Set": "In A's words, then in B's where these are others",
        A: _column(compared.a),
        B: _column(compared.b),
        DIFFERENCE: "With a 90 % interval from those of both, as if their errors had nothing to do with each "
        "other; without one where one of them is not known.",
        SURE: "Yes where the interval of the difference leaves no doubt of its sign",
    }
