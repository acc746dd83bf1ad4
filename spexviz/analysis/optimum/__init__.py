"""The best subset of a spectrum, exactly: which players to keep so that f is greatest, least, or on the other side of a line.

1. Fixed players are put in, and without size bounds players whose own term outweighs all their interactions
too.
2. At most 16 players left: all their masks are compared. Otherwise a mixed-integer program (scipy's HiGHS) in
Möbius form,
   f = Σ M(T) Π_{i∈T} x_i, whose products of one term are tied together by the 2^|S| inequalities that make
   them exact for that term ("each pattern of S has weight ≥ 0"). Measured against the parity form and against
   the usual bounds on products: much the tightest, and on fitted spectra mostly integral at once.
3. A local search stands beside it: where the time is up, the better of the two answers is given, with the gap
that is proven.
Source: removal by optimum in Kang et al. 2025 (there with Gurobi); the inequalities: Sherali & Adams 1990,
term by term.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from spexviz.analysis.optimum.problem import ENUMERATE, Problem, enumerated, local_search, problem_of, settled
from spexviz.analysis.optimum.program import Program
from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools
from spexviz.masks import Interaction
from spexviz.spectrum import Spectrum

Direction = Literal["either", "down", "up"]
EXACT = 1e-6  # of Σ|F|: a gap below is round-off
CROSSED = 1e-5  # of the largest |F|: by how much f must pass the line, above the tolerance of the solver


@dataclass(frozen=True, eq=False)
class Optimum:
    """The answer: `mask` (n,) of kept players, and the spectrum's `value` there.

    `gap`: how much better any mask could be at most, as far as is proven, in the unit of the value (of
    `flip`: in players); `optimal`: the gap is 0 up to rounding. Where there is no answer, `mask` is None,
    `value` NaN, and `note` says why.
    """

    mask: Bools | None
    value: float
    gap: float
    optimal: bool
    seconds: float
    note: str = ""

    @property
    def removed(self) -> Interaction:
        """The players that are not kept; () where there is no answer."""
        return () if self.mask is None else tuple(map(int, np.flatnonzero(~self.mask)))


def maximise(
    spectrum: Spectrum,
    *,
    at_least: int = 0,
    at_most: int | None = None,
    fixed: Mapping[int, bool] | None = None,
    limit: float = 10.0,
) -> Optimum:
    """The mask of greatest value that keeps `at_least` to `at_most` players, those in `fixed` kept (True) or removed (False).

    `limit`: seconds for the exact search; past them the best mask found is given, with its gap. Raises
    SolverError for bounds that no mask can meet, and for positions that are no player.
    """
    return _best(spectrum, 1, at_least, at_most, fixed, limit)


def minimise(
    spectrum: Spectrum,
    *,
    at_least: int = 0,
    at_most: int | None = None,
    fixed: Mapping[int, bool] | None = None,
    limit: float = 10.0,
) -> Optimum:
    """The mask of least value. See `maximise`."""
    return _best(spectrum, -1, at_least, at_most, fixed, limit)


def flip(
    spectrum: Spectrum,
    threshold: float = 0.0,
    *,
    at_most: int | None = None,
    fixed: Mapping[int, bool] | None = None,
    limit: float = 10.0,
) -> Optimum:
    """The fewest players to remove from the full mask so that the value crosses `threshold`, at most `at_most` of them.

    From a full value at or above the threshold it must fall below it, from one below it must rise above it,
    by 1e-5 of the largest coefficient at least. Where no mask does, the answer's mask is None, its note says
    so, and `optimal` that it is proven.
    """
    begin = time.perf_counter()
    n = spectrum.n
    most = n if at_most is None else min(int(at_most), n)
    full = float(spectrum(np.ones((1, n), dtype=bool))[0])
    sign = -1 if full >= threshold else 1
    problem = problem_of(spectrum, sign, n - most, None, fixed)
    margin = CROSSED * (float(np.abs(spectrum.values).max(initial=0.0)) or 1.0)
    mask, most_kept = _crossing(problem, sign * threshold, margin, limit)
    seconds = time.perf_counter() - begin
    if mask is None:
        proven = most_kept < problem.least
        reach = "" if most == n else f" of at most {most} players"
        why = (
            f"No removal{reach} takes the value across {threshold:g}."
            if proven
            else f"None was found in {limit:g} seconds: raise the limit."
        )
        return Optimum(None, float("nan"), 0.0 if proven else float("inf"), proven, seconds, why)
    gap = float(max(0, most_kept - int(mask[problem.free].sum())))
    return Optimum(mask, float(spectrum(mask[None])[0]), gap, gap == 0.0, seconds)


def remove(
    spectrum: Spectrum,
    r: int,
    *,
    direction: Direction = "either",
    fixed: Mapping[int, bool] | None = None,
    limit: float = 10.0,
) -> Optimum:
    """The r players whose removal from the full mask moves the value most: either way, "down" or "up".

    Raises SolverError for an r that is not between 0 and n. Source: the removal task of Kang et al. 2025.
    """
    kept = spectrum.n - int(r)
    signs = {"either": (-1, 1), "down": (-1,), "up": (1,)}.get(direction)
    if not 0 <= kept <= spectrum.n or signs is None:
        raise SolverError(f"Remove 0 to {spectrum.n} players either way, down or up, not {r} {direction!r}.")
    full = float(spectrum(np.ones((1, spectrum.n), dtype=bool))[0])
    answers = [(s, _best(spectrum, s, kept, kept, fixed, limit / len(signs))) for s in signs]
    moves = [s * (a.value - full) for s, a in answers]
    chosen = int(np.argmax(moves))
    best = answers[chosen][1]
    gap = max(0.0, *(move + a.gap - moves[chosen] for move, (_, a) in zip(moves, answers, strict=True)))
    return replace(
        best, gap=gap, optimal=gap <= _round_off(spectrum), seconds=sum(a.seconds for _, a in answers)
    )


def removal_curve(
    spectrum: Spectrum, sizes: Iterable[int], *, direction: Direction = "either", limit: float = 10.0
) -> tuple[Optimum, ...]:
    """`remove` for each size;

    `limit` seconds each. `metrics.ablation_curve` measures the masks on the real game.
    """
    return tuple(remove(spectrum, r, direction=direction, limit=limit) for r in sizes)


def insertion_curve(spectrum: Spectrum, sizes: Iterable[int], *, limit: float = 10.0) -> tuple[Optimum, ...]:
    """For each size the players that, kept alone, give the greatest value; `limit` seconds each."""
    return tuple(maximise(spectrum, at_least=k, at_most=k, limit=limit) for k in sizes)


def _best(
    spectrum: Spectrum,
    sign: int,
    at_least: int,
    at_most: int | None,
    fixed: Mapping[int, bool] | None,
    limit: float,
) -> Optimum:
    begin = time.perf_counter()
    problem = settled(problem_of(spectrum, sign, at_least, at_most, fixed))
    if len(problem.free) <= ENUMERATE:
        masks, values = enumerated(problem)
        mask, bound = masks[np.argmax(values)], -np.inf
    else:
        mask, bound = _searched(problem, limit)
    value = float(spectrum(mask[None])[0])
    gap = max(0.0, float(bound) - sign * value)
    return Optimum(mask, value, gap, gap <= _round_off(spectrum), time.perf_counter() - begin)


def _searched(problem: Problem, limit: float) -> tuple[Bools, float]:
    """The best mask found by mixed-integer programming or local search, and an upper bound of the value."""
    masks = [local_search(problem)]
    program = Program(problem)
    found, bound = program.solve(-program.weights, limit)
    bound = program.constant - bound if np.isfinite(bound) else float(np.abs(problem.spectrum.values).sum())
    if found is not None:
        masks.append(found)
    return masks[int(np.argmax(problem.spectrum(np.array(masks))))], bound


def _crossing(problem: Problem, line: float, margin: float, limit: float) -> tuple[Bools | None, int]:
    """The mask with most free players kept whose value passes `line` by `margin`, and an upper bound of how many can be."""
    if len(problem.free) <= ENUMERATE:
        masks, values = enumerated(problem)
        kept = np.where(values >= line + margin, masks[:, problem.free].sum(1), -1)
        best = int(np.lexsort((values, kept))[-1])
        return (masks[best], int(kept[best])) if kept[best] >= 0 else (None, -1)
    program = Program(problem)
    players = np.zeros(len(program.weights))
    players[: len(problem.free)] = -1.0
    found, bound = program.solve(players, limit, reach=line + margin - program.constant)
    most_kept = int(np.floor(1e-6 - bound)) if np.isfinite(bound) else (-1 if bound > 0 else problem.most)

    # a mask is whole only up to the tolerance of HiGHS: half of the margin will do
    def passes(mask: Bools) -> bool:
        return bool(problem.spectrum(mask[None])[0] >= line + margin / 2.0)

    if found is not None and not passes(found):
        found = None
    proven = problem.least - 1 if found is None else int(found[problem.free].sum())
    for kept in range(most_kept, proven, -1):  # the time was up: climb, with ever more players removed
        mask = local_search(replace(problem, least=kept))
        if passes(mask):
            return mask, most_kept
    return found, most_kept


def _round_off(spectrum: Spectrum) -> float:
    return EXACT * float(np.abs(spectrum.values).sum())
