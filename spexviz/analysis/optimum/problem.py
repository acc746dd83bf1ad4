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

    def mask(self, kept: Bools) -> Bools:
        """The whole mask (n,), or masks (b, n), for free players (…, f)."""
        whole = np.broadcast_to(self.base, (*kept.shape[:-1], len(self.base))).copy()
        whole[..., self.free] = kept
        return whole


def problem_of(
    spectrum: Spectrum, sign: int, at_least: int, at_most: int | None, fixed: Mapping[int, bool] | None
) -> Problem:
    n, fixed = spectrum.n, {int(i): bool(keep) for i, keep in (fixed or {}).items()}
    if strange := [i for i in fixed if not 0 <= i < n]:
        raise SolverError(f"{strange[0]} is no player: fix positions from 0 to {n - 1}.")
    free = np.array([i for i in range(n) if i not in fixed], dtype=np.int64)
    held = sum(fixed.values())
    least, most = (
        max(0, int(at_least) - held),
        min(len(free), (n if at_most is None else int(at_most)) - held),
    )
    if least > most:
        raise SolverError(
            f"No mask keeps {at_least} to {n if at_most is None else at_most} players with {held} of {n} fixed as kept and "
            f"{len(fixed) - held} as removed: widen the bounds."
        )
    flipped = Spectrum(n, [(term, sign * value) for term, value in spectrum.coefficients.items()])
    base = np.ones(n, dtype=bool)
    base[list(fixed)] = list(fixed.values())
    return Problem(_substituted(flipped, base, free), free, base, least, most)


def _substituted(spectrum: Spectrum, base: Bools, free: Ints) -> Spectrum:
    """The spectrum as a function of the free players, the others as in `base`."""
    membership = spectrum.membership.copy()
    open_ = np.zeros(spectrum.n, dtype=bool)
    open_[free] = True
    signs = 1.0 - 2.0 * ((membership & ~open_ & base).sum(1) & 1)
    merged: dict[Interaction, float] = {}
    for row, value in zip(membership & open_, signs * spectrum.values, strict=True):
        term = tuple(map(int, np.flatnonzero(row)))
        merged[term] = merged.get(term, 0.0) + float(value)
    return Spectrum(spectrum.n, {term: value for term, value in merged.items() if value != 0.0})


def settled(problem: Problem) -> Problem:
    """Without size bounds: put in every player whose own term outweighs all its interactions, until there is none."""
    while not problem.bounded and len(problem.free):
        membership, size = problem.spectrum.membership, np.abs(problem.spectrum.values)
        single = problem.spectrum.orders == 1
        own = problem.spectrum.values[single] @ membership[single]
        sure = (np.abs(own) >= size[~single] @ membership[~single])[problem.free]
        if not sure.any():
            break
        base = problem.base.copy()
        base[problem.free[sure]] = own[problem.free[sure]] <= 0.0
        free = problem.free[~sure]
        problem = Problem(_substituted(problem.spectrum, base, free), free, base, 0, len(free))
    return problem


def enumerated(problem: Problem) -> tuple[Masks, Floats]:
    """All masks within the bounds, and their values."""
    kept = all_masks(len(problem.free)) if len(problem.free) else np.zeros((1, 0), dtype=bool)
    dense = np.zeros(len(kept))
    np.add.at(
        dense,
        problem.spectrum.membership[:, problem.free] @ (1 << np.arange(len(problem.free))),
        problem.spectrum.values,
    )
    count = kept.sum(1)
    allowed = (count >= problem.least) & (count <= problem.most)
    return problem.mask(kept[allowed]), walsh_hadamard(dense)[allowed]


def local_search(problem: Problem) -> Bools:
    """The best of many climbs: flip the player that gains most, or swap two, for as long as something is gained."""
    f, rng = len(problem.free), np.random.default_rng(0)
    size = rng.integers(problem.least, problem.most + 1, STARTS)
    size[:2] = problem.least, problem.most
    kept = rng.random((STARTS, f)).argsort(1).argsort(1) < size[:, None]
    values = problem.spectrum(problem.mask(kept))
    climbing = np.ones(STARTS, dtype=bool)
    for _ in range(20 * f):
        one = _flipped(problem, kept, problem.least, problem.most)
        two = _flipped(
            problem, _flipped(problem, kept, problem.least - 1, problem.most + 1), problem.least, problem.most
        )
        options = np.stack([one, two])
        scores = np.stack([problem.spectrum(problem.mask(option)) for option in options])
        scores[(options.sum(2) < problem.least) | (options.sum(2) > problem.most)] = -np.inf
        better = scores.argmax(0)
        rows = np.arange(STARTS)
        climbing = scores[better, rows] > values + 1e-12 * np.abs(values)
        if not climbing.any():
            break
        kept[climbing] = options[better, rows][climbing]
        values[climbing] = scores[better, rows][climbing]
    return problem.mask(kept[values.argmax()])


def _flipped(problem: Problem, kept: Masks, least: int, most: int) -> Masks:
    """Each row with the one flip that changes the value most for the better (or least for the worse) within the sizes."""
    masks, membership = problem.mask(kept), problem.spectrum.membership.astype(np.float64)
    signs = 1.0 - 2.0 * ((masks @ membership.T).astype(np.int64) & 1)
    gains = (-2.0 * (signs * problem.spectrum.values) @ membership)[:, problem.free]
    count = kept.sum(1)[:, None]
    gains[(kept & (count <= least)) | (~kept & (count >= most))] = -np.inf
    out, rows = kept.copy(), np.flatnonzero(np.isfinite(gains).any(1))
    out[rows, gains[rows].argmax(1)] ^= True
    return out
