"""The prior of the Gaussian process over masks: how large each interaction is expected to be.

With signs z, z' ∈ {±1}^n (z = 1 − 2m) the covariance of two values is

    k(m, m') = constant + Σ_i τ_i z_i z'_i + Σ_c s_c exp(Σ_i w_ci (z_i z'_i − 1)).

Each exponential is a product over players, s_c Π_i (1 + ρ_ci z_i z'_i)/(1 + ρ_ci) with ρ = tanh w, so it
expands exactly into s_c / Π(1 + ρ_ci) · Σ_S ρ_c^S χ_S(m) χ_S(m'): an independent prior on *every*
interaction, which decays with order and knows which players matter. Component 0 spans all players. The others
are windows over a part of the layout (the words of a clause, neighbouring layers), with w_ci = reach ·
window_ci · w_i: players near each other may interact more; how much more is learnt, and nothing is assumed
where a design has no layout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import SolverError
from spexviz.kit.arrays import Ints
from spexviz.solvers.base import in_threads

T = TypeVar("T")
Floats = NDArray[np.floating]

PLAYERS_PER_WINDOW = 3  # windows stand this many players apart…
MOST_WINDOWS = 12  # …but there are no more than this: each costs one exponential per pair of masks
MOST_CELLS = 500  # windows × players: with many players the masks tell little of who is near whom
MOST_PLAYERS = 400  # above it windows would be too wide to mean "near", and cost more than all else
EDGE = 0.02  # a window ends where it has fallen to this
TILE = 128  # rows


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
        return np.vstack([self.strength[None], self.reach * self.windows * self.strength])

    @cached_property
    def rho(self) -> Floats:
        """(1 + c, n): factor by which a player's joining shrinks the variance of an interaction."""
        return np.tanh(self.exponents)

    @cached_property
    def base(self) -> Floats:
        """(1 + c,): each component's prior variance of the constant."""
        return np.exp(np.log(self.scale) - np.log1p(self.rho).sum(1))

    @property
    def variance(self) -> float:
        """k(m, m): prior variance of a value."""
        return float(self.constant + self.slope.sum() + self.scale.sum())

    def covariance(self, left: Floats, right: Floats) -> Floats:
        """(a, b) covariances of the values at signs (a, n) and (b, n), in their precision; noise not included."""
        kind = left.dtype
        out = (left * self.slope.astype(kind)) @ right.T
        out += kind.type(self.constant)
        for part in components(self, left, right):
            out += part.at(slice(None), slice(None))
        return out

    def weights(self, members: Ints) -> Floats:
        """Prior variances (k,) of the interactions of one order: members (k, order)."""
        factors = np.ones((len(self.base), len(members)))
        for position in range(members.shape[1]):
            factors *= self.rho[:, members[:, position]]
        out = self.base @ factors
        if members.shape[1] == 0:
            return out + self.constant
        return out + self.slope[members[:, 0]] if members.shape[1] == 1 else out


@dataclass(frozen=True)
class Component:
    """One exponential of the kernel as the factors of its exponent: at signs a and b it is exp(left[a] @ right[b]ᵀ).

    `players` (k,) those with w ≠ 0, the others cost nothing; `left` (m, k + 1) their weighted signs and the
    exponent's level, `right` (m', k + 1) their signs and 1: the level rides along in the product, since every
    pass over (m, m') costs.
    """

    players: Ints
    left: Floats
    right: Floats

    def at(self, rows: slice, columns: slice) -> Floats:
        part = self.left[rows] @ self.right[columns].T
        return np.exp(part, out=part)


def components(prior: Prior, left: Floats, right: Floats) -> list[Component]:
    """The components of the kernel between signs (m, n) and (m', n): scale · exp(Σ_i w_i (z_i z'_i − 1)) each."""
    out = []
    for scale, w in zip(prior.scale, prior.exponents, strict=True):
        here = np.flatnonzero(w)
        level = np.full((len(left), 1), np.log(scale) - w.sum())
        weighted = np.hstack([left[:, here] * w[here], level]).astype(left.dtype)
        out.append(
            Component(here, weighted, np.hstack([right[:, here], np.ones((len(right), 1), right.dtype)]))
        )
    return out


def over_tiles(work: Callable[..., T], m: int, *more: list) -> list[T]:
    """work(rows, columns, and its part of each of `more`) on the tiles that cover the lower triangle of an (m, m) matrix, from the largest to the smallest.

    Nearly half the work of the whole matrix, and a tile stays in the cache. On as many threads as spexviz may
    use: NumPy lets go of the interpreter, and the result does not depend on their number.
    """
    tiles = [
        (slice(start, min(start + TILE, m)), slice(0, min(start + TILE, m)))
        for start in reversed(range(0, m, TILE))
    ]
    if len(tiles) < 3:
        return [work(*tile, *own) for tile, *own in zip(tiles, *more, strict=True)]
    return in_threads(lambda tile, *own: work(*tile, *own), tiles, *more)


def lower_covariance(
    prior: Prior, signs: Floats, parts: list[Component], keep: bool
) -> tuple[Floats, list[list[Floats]]]:
    """Covariance of the values at signs (m, n), right in the lower triangle, 0 above its tiles; if `keep`, the components of each tile."""
    covariance = np.zeros((len(signs), len(signs)), signs.dtype)
    weighted = signs * prior.slope.astype(signs.dtype)

    def fill(rows: slice, columns: slice) -> list[Floats]:
        tile, kept = covariance[rows, columns], []
        np.matmul(weighted[rows], signs[columns].T, out=tile)
        tile += signs.dtype.type(prior.constant)
        for part in parts:
            values = part.at(rows, columns)
            tile += values
            if keep:
                kept.append(values)
        return kept

    return covariance, over_tiles(fill, len(signs))


def windows(layout: NDArray[np.float64] | None, n: int) -> Floats:
    """Bell-shaped windows over the positions of the players:

    (c, n) in [0, 1]; none without a layout, or with very few or many players.
    """
    if layout is None or not 2 * PLAYERS_PER_WINDOW <= n <= MOST_PLAYERS:
        return np.zeros((0, n))
    positions = np.asarray(layout, np.float64)
    if len(positions) != n or not np.isfinite(positions).all():
        raise SolverError(
            f"A layout needs one finite position for each of the {n} players, not an array of shape {positions.shape}."
        )
    positions = positions.reshape(n, -1)
    count = min(MOST_WINDOWS, n // PLAYERS_PER_WINDOW, MOST_CELLS // n)
    centres = _evenly(positions[:, 0], count) if positions.shape[1] == 1 else _farthest(positions, count)
    far = _distances(positions, positions[centres])
    between = _distances(positions[centres], positions[centres])
    between[np.diag_indices(len(centres))] = np.inf
    width = float(np.median(between.min(1)))
    if not np.isfinite(width) or width <= 0:
        return np.zeros((0, n))
    bells = np.exp(-0.5 * (far.T / width) ** 2)
    return np.where(bells > EDGE, bells, 0.0)


def _evenly(line: Floats, count: int) -> Ints:
    order = np.argsort(line, kind="stable")
    return order[np.linspace(0, len(line) - 1, count).round().astype(np.int64)]


def _farthest(positions: Floats, count: int) -> Ints:
    """Players spread over the layout: each next one is the farthest from those chosen."""
    chosen = [int(np.argmin(_distances(positions, positions.mean(0)[None])[:, 0]))]
    near = _distances(positions, positions[chosen])[:, 0]
    while len(chosen) < count and near.max() > 0:
        chosen.append(int(np.argmax(near)))
        near = np.minimum(near, _distances(positions, positions[chosen[-1:]])[:, 0])
    return np.array(chosen)


def _distances(left: Floats, right: Floats) -> Floats:
    return np.sqrt(((left[:, None] - right[None]) ** 2).sum(-1))
