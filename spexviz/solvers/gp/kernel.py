"""The prior of the Gaussian process over masks: how large each interaction is expected to be.

With signs z, z' ∈ {±1}^n (z = 1 − 2m) the covariance of two values is

    k(m, m') = constant + Σ_i τ_i z_i z'_i + Σ_c s_c exp(Σ_i w_ci (z_i z'_i − 1)).

Each exponential is a product over players, s_c Π_i (1 + ρ_ci z_i z'_i)/(1 + ρ_ci) with ρ = tanh w, so it
expands exactly into s_c / Π(1 + ρ_ci) · Σ_S ρ_c^S χ_S(m) χ_S(m'): an independent prior on *every*
interaction, which decays with order and knows which players matter. (For x = z_i z'_i = ±1, exp(w x) is
cosh w · (1 + x tanh w), and exp(−w) cosh w is 1/(1 + tanh w).) Component 0 spans all players. The others
are windows over a part of the layout (the words of a clause, neighbouring layers), with w_ci = reach ·
window_ci · w_i: players near each other may interact more; how much more is learnt, and nothing is assumed
where a design has no layout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import SolverError
from spexviz.kit.arrays import Floats, Ints, Positions
from spexviz.kit.cached import cached_property
from spexviz.masks import Masks

AnyFloats = NDArray[np.floating]
"""Single or double precision, that of the signs: single for speed, double where noise is small."""

PLAYERS_PER_WINDOW = 3  # windows stand this many players apart…
MOST_WINDOWS = 12  # …but there are no more than this: each costs one exponential per pair of masks
MOST_CELLS = 500  # windows × players: with many players the masks tell little of who is near whom
MOST_PLAYERS = 400  # above it windows would be too wide to mean "near", and cost more than all else
EDGE = 0.02  # a window ends where it has fallen to this


def signs_of(masks: Masks) -> Floats:
    """z = 1 − 2m of masks (b, n): 1 where a player is removed, −1 where it is kept."""
    kept = np.asarray(masks, np.float64)
    return 1.0 - 2.0 * kept


@dataclass(frozen=True)
class Prior:
    """Hyperparameters of the process, for values of mean 0 and variance 1.

    `strength` w (n,), `slope` τ (n,), `scale` s (1 + windows,), `reach`, `windows` (c, n) in [0, 1],
    `constant` and `noise` variances.
    """

    strength: Floats
    slope: Floats
    scale: Floats
    reach: float
    windows: Floats
    noise: float
    constant: float = 0.1

    @cached_property
    def exponents(self) -> Floats:
        """(1 + c, n): w of every component."""
        everywhere = self.strength[None]
        in_windows = self.reach * self.windows * self.strength
        return np.vstack([everywhere, in_windows])

    @cached_property
    def rho(self) -> Floats:
        """(1 + c, n): factor by which a player's joining shrinks the variance of an interaction."""
        return np.tanh(self.exponents)

    @cached_property
    def base(self) -> Floats:
        """(1 + c,): each component's prior variance of the constant."""
        # s / Π_i (1 + ρ_i) as a sum of logarithms: the product of many players would overflow
        log_product = np.log1p(self.rho).sum(1)
        log_base = np.log(self.scale) - log_product
        return np.exp(log_base)

    @property
    def variance(self) -> float:
        """k(m, m): prior variance of a value."""
        # every z_i z_i is 1, so every exponent is 0
        slopes = self.slope.sum()
        scales = self.scale.sum()
        return float(self.constant + slopes + scales)

    def covariance(self, left: AnyFloats, right: AnyFloats) -> AnyFloats:
        """(a, b) covariances of the values at signs (a, n) and (b, n), in their precision; without noise."""
        kind = left.dtype
        weighted = left * self.slope.astype(kind)
        out = weighted @ right.T
        out += kind.type(self.constant)
        everything = slice(None)
        for component in components(self, left, right):
            out += component.at(everything, everything)
        return out

    def shrinkage(self, members: Ints) -> Floats:
        """(1 + c, k): ρ_c^S = Π_{i∈S} ρ_ci of every component and interaction; members (k, order)."""
        shape = (len(self.base), len(members))
        out = np.ones(shape)
        for players in members.T:
            out *= self.rho[:, players]
        return out

    def weights(self, members: Ints) -> Floats:
        """Prior variances (k,) of the interactions of one order: members (k, order)."""
        order = members.shape[1]
        # what stands before χ_S(m) χ_S(m') in the expansion of all exponentials
        out = self.base @ self.shrinkage(members)
        # the kernel's first two parts are interactions as well: of order 0 and of order 1
        if order == 0:
            return out + self.constant
        if order == 1:
            players = members[:, 0]
            return out + self.slope[players]
        return out


@dataclass(frozen=True)
class Component:
    """One exponential of the kernel by the factors of its exponent: at signs a, b exp(left[a] @ right[b]ᵀ).

    `players` (k,) those with w ≠ 0, the others cost nothing; `left` (m, k + 1) their weighted signs and the
    exponent's level, `right` (m', k + 1) their signs and 1: the level rides along in the product, since every
    pass over (m, m') costs.
    """

    players: Positions
    left: AnyFloats
    right: AnyFloats

    def at(self, rows: slice, columns: slice) -> AnyFloats:
        left = self.left[rows]
        right = self.right[columns]
        exponent = left @ right.T
        return np.exp(exponent, out=exponent)


def components(prior: Prior, left: AnyFloats, right: AnyFloats) -> list[Component]:
    """The kernel's components between signs (m, n) and (m', n): scale · exp(Σ_i w_i (z_i z'_i − 1)) each."""
    m = len(left)
    ones = np.ones((len(right), 1), right.dtype)
    out = []
    for scale, w in zip(prior.scale, prior.exponents, strict=True):
        players = np.flatnonzero(w)
        # s exp(Σ w (z z' − 1)) = exp(Σ w z z' + level)
        level = np.log(scale) - w.sum()
        levels = np.full((m, 1), level)
        weighted = left[:, players] * w[players]
        left_factor = np.hstack([weighted, levels])
        right_factor = np.hstack([right[:, players], ones])
        out.append(Component(players, left_factor.astype(left.dtype), right_factor))
    return out


def windows(layout: Floats | None, n: int) -> Floats:
    """Bell-shaped windows (c, n) in [0, 1] over the positions of the players.

    None without a layout, or with very few or many players. Raises SolverError for a layout that does not
    place every player.
    """
    none = np.zeros((0, n))
    fewest = 2 * PLAYERS_PER_WINDOW
    if layout is None or not fewest <= n <= MOST_PLAYERS:
        return none
    positions = _positions(layout, n)
    far_enough = n // PLAYERS_PER_WINDOW
    affordable = MOST_CELLS // n
    count = min(MOST_WINDOWS, far_enough, affordable)
    centres = positions[_spread_out(positions, count)]
    width = _typical_gap(centres)
    if not np.isfinite(width) or width <= 0:  # all players stand at one place
        return none
    steps_away = _distances(positions, centres).T / width
    bells = np.exp(-0.5 * steps_away**2)
    return np.where(bells > EDGE, bells, 0.0)


def _positions(layout: Floats, n: int) -> Floats:
    """The layout as (n, k), checked."""
    positions = np.asarray(layout, np.float64)
    finite = np.isfinite(positions).all()
    if len(positions) != n or not finite:
        raise SolverError(
            f"A layout needs one finite position for each of the {n} players, "
            f"not an array of shape {positions.shape}."
        )
    return positions.reshape(n, -1)


def _spread_out(positions: Floats, count: int) -> Ints:
    """About `count` players that stand apart from each other."""
    if positions.shape[1] == 1:
        return _evenly(positions[:, 0], count)
    return _farthest(positions, count)


def _evenly(line: Floats, count: int) -> Ints:
    """Of the players in the order of the line, every so manieth, from the first to the last."""
    order = np.argsort(line, kind="stable")
    last = len(line) - 1
    ranks = np.linspace(0, last, count).round()
    return order[ranks.astype(np.int64)]


def _farthest(positions: Floats, count: int) -> Ints:
    """Players spread over the layout: each next one is the farthest from those chosen.

    Source: Gonzalez 1985, farthest-first traversal.
    """
    from_middle = _distances_from(positions.mean(0), positions)
    first = int(np.argmin(from_middle))
    chosen = [first]
    nearest = _distances_from(positions[first], positions)  # from each player to the nearest that is chosen
    while len(chosen) < count and nearest.max() > 0:
        farthest = int(np.argmax(nearest))
        chosen.append(farthest)
        from_it = _distances_from(positions[farthest], positions)
        nearest = np.minimum(nearest, from_it)
    return np.array(chosen)


def _typical_gap(centres: Floats) -> float:
    """The median distance from a centre to its nearest neighbour; not finite for a single centre."""
    between = _distances(centres, centres)
    np.fill_diagonal(between, np.inf)
    to_nearest = between.min(1)
    return float(np.median(to_nearest))


def _distances(left: Floats, right: Floats) -> Floats:
    """Euclidean distances (a, b) between points (a, k) and (b, k)."""
    difference = left[:, None] - right[None]
    squares = difference**2
    return np.sqrt(squares.sum(-1))


def _distances_from(point: Floats, positions: Floats) -> Floats:
    """(n,) from a point (k,) to positions (n, k)."""
    return _distances(positions, point[None])[:, 0]
