"""The problem to solve, made smaller; small ones by comparing all masks, and a local search for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Floats, Ints
from spexviz.masks import Interaction, Masks, all_masks
from spexviz.spectrum import Spectrum, walsh_hadamard

ENUMERATE = 16  # free players: 65,536 masks, milliseconds
STARTS = 24  # of the local search
Fixed = Mapping[int, bool] | None
"""Players that are kept (True) or removed (False) whatever becomes of the others."""


@dataclass(frozen=True)
class Problem:
    """Maximise `spectrum` over the `free` players, of whom `least` to `most` are kept;

    `base` (n,) holds the fixed ones.
    """

    spectrum: Spectrum
    free: Ints
    base: Bools
    least: int
    most: int

    @property
    def bounded(self) -> bool:
        return self.least > 0 or self.most < len(self.free)

    def allows(self, count: Ints) -> Bools:
        """Whether so many free players may be kept."""
        return (count >= self.least) & (count <= self.most)

    def mask(self, kept: Bools) -> Bools:
        """The whole mask (n,), or masks (b, n), for free players (…, f)."""
        shape = (*kept.shape[:-1], len(self.base))
        whole = np.broadcast_to(self.base, shape).copy()
        whole[..., self.free] = kept
        return whole

    def kept(self, mask: Bools) -> int:
        """How many of the free players a mask (n,) keeps."""
        return int(mask[self.free].sum())


def problem_of(spectrum: Spectrum, sign: int, at_least: int, at_most: int | None, fixed: Fixed) -> Problem:
    """Maximise sign · f with `at_least` to `at_most` players kept, the fixed ones among them.

    Raises SolverError for bounds that no mask can meet, and for positions that are no player.
    """
    n = spectrum.n
    fixed = {int(i): bool(keep) for i, keep in (fixed or {}).items()}
    for player in fixed:
        if not 0 <= player < n:
            raise SolverError(f"{player} is no player: fix positions from 0 to {n - 1}.")
    if at_most is None:
        at_most = n
    base = np.ones(n, dtype=bool)
    base[list(fixed)] = list(fixed.values())
    free = np.array([i for i in range(n) if i not in fixed], dtype=np.int64)
    held = sum(fixed.values())
    least = max(0, int(at_least) - held)
    most = min(len(free), int(at_most) - held)
    if least > most:
        raise SolverError(
            f"No mask keeps {at_least} to {at_most} players with {held} of {n} fixed as kept and "
            f"{len(fixed) - held} as removed: widen the bounds."
        )
    signed = Spectrum(n, {term: sign * value for term, value in spectrum.coefficients.items()})
    substituted = _substituted(signed, base, free)
    return Problem(substituted, free, base, least, most)


def _substituted(spectrum: Spectrum, base: Bools, free: Ints) -> Spectrum:
    """The spectrum as a function of the free players, the others as in `base`.

    The character of S is that of its free members times (−1)^{fixed members that are kept}, so terms with the
    same free members become one.
    """
    membership = spectrum.membership
    is_free = np.zeros(spectrum.n, dtype=bool)
    is_free[free] = True
    is_kept = base & ~is_free
    kept_fixed = (membership & is_kept).sum(1)
    signs = 1.0 - 2.0 * (kept_fixed & 1)
    values = signs * spectrum.values
    merged: dict[Interaction, float] = {}
    for row, value in zip(membership & is_free, values, strict=True):
        term = tuple(map(int, np.flatnonzero(row)))
        merged[term] = merged.get(term, 0.0) + float(value)
    return Spectrum(spectrum.n, {term: value for term, value in merged.items() if value != 0.0})


def settled(problem: Problem) -> Problem:
    """Without size bounds: every player whose own term outweighs all its interactions is fixed."""
    while not problem.bounded and len(problem.free):  # fixed ones may settle others
        spectrum = problem.spectrum
        membership = spectrum.membership
        values = spectrum.values
        single = spectrum.orders == 1
        own = values[single] @ membership[single]
        others = np.abs(values[~single]) @ membership[~single]
        outweighs = np.abs(own) >= others
        sure = outweighs[problem.free]
        if not sure.any():
            break
        outweighing = problem.free[sure]
        base = problem.base.copy()
        base[outweighing] = own[outweighing] <= 0.0  # a negative F({i}): keeping i raises f
        free = problem.free[~sure]
        substituted = _substituted(spectrum, base, free)
        problem = Problem(substituted, free, base, 0, len(free))
    return problem


def enumerated(problem: Problem) -> tuple[Masks, Floats]:
    """All masks within the bounds, and their values."""
    f = len(problem.free)
    kept = all_masks(f)
    # a term's place in the transform is the row of `all_masks` that keeps just its members
    membership = problem.spectrum.membership[:, problem.free]
    places = membership @ (1 << np.arange(f))
    dense = np.zeros(len(kept))
    np.add.at(dense, places, problem.spectrum.values)
    allowed = problem.allows(kept.sum(1))
    values = walsh_hadamard(dense)
    return problem.mask(kept[allowed]), values[allowed]


def local_search(problem: Problem) -> Bools:
    """The best of many climbs: flip the player that gains most, or swap two, while something is gained."""
    f = len(problem.free)
    least = problem.least
    most = problem.most
    kept = _starts(problem)
    rows = np.arange(STARTS)
    values = problem.spectrum(problem.mask(kept))
    for _ in range(20 * f):
        flipped = _flipped(problem, kept, least, most)
        # two flips, the first of which may pass a bound: at a bound that is a swap
        past = _flipped(problem, kept, least - 1, most + 1)
        swapped = _flipped(problem, past, least, most)
        options = np.stack([flipped, swapped])
        scores = _scores(problem, options)
        better = scores.argmax(0)
        best = scores[better, rows]
        rounding = 1e-12 * np.abs(values)
        climbing = best > values + rounding
        if not climbing.any():
            break
        chosen = options[better, rows]
        kept[climbing] = chosen[climbing]
        values[climbing] = best[climbing]
    return problem.mask(kept[values.argmax()])


def _starts(problem: Problem) -> Masks:
    """Random masks of the free players (STARTS, f) within the bounds, the first two at them."""
    rng = np.random.default_rng(0)
    least = problem.least
    most = problem.most
    size = rng.integers(least, most + 1, STARTS)
    size[:2] = least, most
    keys = rng.random((STARTS, len(problem.free)))
    order = keys.argsort(1)
    rank = order.argsort(1)
    return rank < size[:, None]


def _scores(problem: Problem, options: Bools) -> Floats:
    """(options, b) values of each option's masks (options, b, f); −inf outside the bounds."""
    masks = problem.mask(options)
    scores = np.stack([problem.spectrum(option) for option in masks])
    allowed = problem.allows(options.sum(2))
    scores[~allowed] = -np.inf
    return scores


def _flipped(problem: Problem, kept: Masks, least: int, most: int) -> Masks:
    """Each row with the one flip within the sizes that gains most, or loses least.

    A flip of i turns the sign of every character with i: it gains −2 Σ_{S∋i} F(S) χ_S.
    """
    masks = problem.mask(kept)
    membership = problem.spectrum.membership.astype(np.float64)
    overlap = (masks @ membership.T).astype(np.int64)
    signs = 1.0 - 2.0 * (overlap & 1)
    terms = signs * problem.spectrum.values
    gains = -2.0 * terms @ membership
    gains = gains[:, problem.free]
    count = kept.sum(1)[:, None]
    too_few = kept & (count <= least)
    too_many = ~kept & (count >= most)
    gains[too_few | too_many] = -np.inf
    out = kept.copy()
    movable = np.flatnonzero(np.isfinite(gains).any(1))
    best = gains[movable].argmax(1)
    out[movable, best] ^= True
    return out
