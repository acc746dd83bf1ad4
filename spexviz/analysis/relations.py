"""Relations: what each member of a set does with the others kept and without them, by itself.

All of it is linear in the mean effects E of the subsets of the set, and these in the coefficients: over the
masks of the run, f of the set alone is Σ_T E(T) Π_{i∈T} (x_i − keep), where x_i is 1 where i is kept. Every
draw of the coefficients goes the same way, so an interval of a difference is a joint one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spexviz.analysis.expansion import LEVEL, Interval
from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Interaction, all_masks
from spexviz.spectrum import Spectrum

Kind = Literal["turned round", "needs", "stands in for", "add up"]
LEAST = 0.05  # of the larger effect: what is less counts as nothing where every value is known
ROUND_OFF = 1e-9  # of the largest mean effect of the set


@dataclass(frozen=True)
class Estimate:
    """A value in the unit of the game with its 90 % interval.

    `interval`: from the draws; a point where every mask was asked; None where nothing tells how far off the
    value may be.
    """

    value: float
    interval: Interval | None = None

    @property
    def sign(self) -> int:
        """1 or −1 where the interval is clear of 0; 0 where it is not, or where there is none."""
        if self.interval is None:
            return 0
        low, high = self.interval
        return int(low > 0.0) - int(high < 0.0)


@dataclass(frozen=True)
class Member:
    """One member of a set: its effect with all the others kept, and with none of them.

    `more`: how much larger in size its effect is with the others; `kind`: "turned round", where it is clear
    that the two effects have opposite signs; "needs" the others, where it is clear that it does more with
    them; "stands in for" them, where it does more without; else "add up". None where there is no interval.
    """

    player: int
    with_others: Estimate
    without_others: Estimate
    more: Estimate
    kind: Kind | None


@dataclass(frozen=True)
class Relations:
    """A set seen from each of its members. `together`: all of them kept, less none of them."""

    members: tuple[Member, ...]
    together: Estimate

    @property
    def kinds(self) -> frozenset[Kind | None]:
        """The kinds that its members have."""
        return frozenset(member.kind for member in self.members)


def relations(spectrum: Spectrum, members: Interaction, keep: float = 0.5, exact: bool = False) -> Relations:
    """What each member of a set does with the others and without, over masks that keep each with `keep`.

    `exact`: the spectrum is that of all masks, so its intervals are points, and an effect (or a difference)
    below LEAST of the larger one is none. Without draws, and not exact, no member has a kind.

    >>> both = relations(Spectrum(2, {(0,): -0.25, (1,): -0.25, (0, 1): 0.25}), (0, 1), exact=True)
    >>> [(one.with_others.value, one.without_others.value, one.kind) for one in both.members]
    [(1.0, 0.0, 'needs'), (1.0, 0.0, 'needs')]
    """
    subsets = all_masks(len(members))
    effects = _mean_effects(spectrum, members, subsets, keep)
    known = _Known(effects @ spectrum.values, None, exact)
    if spectrum.draws is not None and not exact:
        known = _Known(known.point, effects @ spectrum.draws.T, exact)
    told = [_member(known, subsets, place, player, keep) for place, player in enumerate(members)]
    together = known.of(_all_less_none(subsets, keep))
    return Relations(tuple(told), known.estimate(*together))


@dataclass(frozen=True)
class _Known:
    """The mean effects (2^m,) of all subsets of a set, and their draws (2^m, B), if there are any."""

    point: Floats
    draws: Floats | None
    exact: bool

    def of(self, weights: Floats) -> tuple[float, Floats | None]:
        """A weighted sum (2^m,) of the mean effects: its value and its draws (B,)."""
        value = float(weights @ self.point)
        if abs(value) <= ROUND_OFF * np.abs(self.point).max():
            value = 0.0
        if self.draws is None:
            return value, None
        return value, weights @ self.draws

    def estimate(self, value: float, draws: Floats | None, beside: float = 0.0) -> Estimate:
        """With an interval; `beside`: the larger effect, of which a part below LEAST is nothing."""
        if draws is not None:
            low, high = np.quantile(draws, LEVEL).tolist()
            return Estimate(value, (low, high))
        if not self.exact:
            return Estimate(value)
        if abs(value) < LEAST * beside:
            return Estimate(value, (min(value, 0.0), max(value, 0.0)))
        return Estimate(value, (value, value))


def _mean_effects(spectrum: Spectrum, members: Interaction, subsets: Bools, keep: float) -> Floats:
    """(2^m, k): the mean effect of each subset as a sum over coefficients; as `Spectrum.mean_effects`."""
    inside = spectrum.membership[:, list(members)]
    # 1. a term counts for every subset that it holds
    holds = ~(subsets[:, None, :] & ~inside[None]).any(2)
    # 2. each member of the subset gives −2, each other player of the term the mean of its sign
    sizes = subsets.sum(1)
    others = np.maximum(spectrum.orders[None, :] - sizes[:, None], 0)
    weights = (-2.0) ** sizes[:, None] * (1.0 - 2.0 * keep) ** others
    return np.where(holds, weights, 0.0)


def _member(known: _Known, subsets: Bools, place: int, player: int, keep: float) -> Member:
    """One member, by the sums over the subsets of the others."""
    has = subsets[:, place]
    others = subsets.sum(1) - 1
    with_others, its_draws = known.of(np.where(has, (1.0 - keep) ** others, 0.0))
    without, other_draws = known.of(np.where(has, (-keep) ** np.maximum(others, 0), 0.0))
    more_draws = None
    if its_draws is not None and other_draws is not None:
        more_draws = np.abs(its_draws) - np.abs(other_draws)
    larger = max(abs(with_others), abs(without))
    there = known.estimate(with_others, its_draws, larger)
    gone = known.estimate(without, other_draws, larger)
    more = known.estimate(abs(with_others) - abs(without), more_draws, larger)
    return Member(player, there, gone, more, _kind(there, gone, more))


def _kind(there: Estimate, gone: Estimate, more: Estimate) -> Kind | None:
    if more.interval is None:
        return None
    if there.sign * gone.sign < 0:
        return "turned round"
    if more.sign > 0:
        return "needs"
    if more.sign < 0:
        return "stands in for"
    return "add up"


def _all_less_none(subsets: Bools, keep: float) -> Floats:
    """(2^m,) weights of the mean effects in f with all members kept, less f with none of them."""
    sizes = subsets.sum(1)
    return (1.0 - keep) ** sizes - (-keep) ** sizes
