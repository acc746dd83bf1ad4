"""The best subset of a spectrum, exactly: which players to keep so that f is greatest, least, or past a line.

1. Fixed players are put in, and without size bounds players whose own term outweighs all their interactions.
2. At most 16 players left: all their masks are compared. Otherwise a mixed-integer program (scipy's HiGHS) in
   Möbius form, f = Σ M(T) Π_{i∈T} x_i, whose products of one term are tied together by the 2^|S| inequalities
   that make them exact for that term ("each pattern of S has weight ≥ 0"). Measured against the parity form
   and against the usual bounds on products: much the tightest, and on fitted spectra mostly integral at once.
3. A local search stands beside it: where the time is up, the better of the two answers is given, with the gap
   that is proven.

Source: removal by optimum in Kang et al. 2025 (there with Gurobi); the inequalities: Sherali & Adams 1990,
term by term.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from spexviz.analysis.optimum.problem import (
    ENUMERATE,
    Fixed,
    Problem,
    enumerated,
    local_search,
    problem_of,
    settled,
)
from spexviz.analysis.optimum.program import Program
from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools
from spexviz.masks import Interaction, ends
from spexviz.spectrum import Spectrum

Direction = Literal["either", "down", "up"]
_SIGNS = {"either": (-1, 1), "down": (-1,), "up": (1,)}
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
        if self.mask is None:
            return ()
        return tuple(map(int, np.flatnonzero(~self.mask)))


def maximise(
    spectrum: Spectrum,
    *,
    at_least: int = 0,
    at_most: int | None = None,
    fixed: Fixed = None,
    limit: float = 10.0,
) -> Optimum:
    """The mask of greatest value that keeps `at_least` to `at_most` players.

    Those in `fixed` are kept (True) or removed (False). `limit`: seconds for the exact search; past them the
    best mask found is given, with its gap. Raises SolverError for bounds that no mask can meet, and for
    positions that are no player.
    """
    return _best(spectrum, 1, at_least, at_most, fixed, limit)


def minimise(
    spectrum: Spectrum,
    *,
    at_least: int = 0,
    at_most: int | None = None,
    fixed: Fixed = None,
    limit: float = 10.0,
) -> Optimum:
    """The mask of least value. See `maximise`."""
    return _best(spectrum, -1, at_least, at_most, fixed, limit)


def flip(
    spectrum: Spectrum,
    threshold: float = 0.0,
    *,
    at_most: int | None = None,
    fixed: Fixed = None,
    limit: float = 10.0,
) -> Optimum:
    """The fewest players to remove from the full mask so that the value crosses `threshold`.

    At most `at_most` of them. From a full value at or above the threshold it must fall below it, from one
    below it must rise above it, by 1e-5 of the largest coefficient at least. Where no mask does, the answer's
    mask is None, its note says so, and `optimal` that it is proven.
    """
    begin = time.perf_counter()
    n = spectrum.n
    most_removed = n
    if at_most is not None:
        most_removed = min(int(at_most), n)
    sign = -1 if _full_value(spectrum) >= threshold else 1
    problem = problem_of(spectrum, sign, n - most_removed, None, fixed)
    largest = float(np.abs(spectrum.values).max(initial=0.0))
    margin = CROSSED * (largest or 1.0)
    mask, most_kept = _crossing(problem, sign * threshold, margin, limit)
    seconds = time.perf_counter() - begin
    if mask is not None:
        value = _value(spectrum, mask)
        gap = float(max(0, most_kept - problem.kept(mask)))
        return Optimum(mask, value, gap, gap == 0.0, seconds)
    if most_kept >= problem.least:  # not proven
        why = f"None was found in {limit:g} seconds: raise the limit."
        return Optimum(None, float("nan"), float("inf"), False, seconds, why)
    reach = "" if most_removed == n else f" of at most {most_removed} players"
    why = f"No removal{reach} takes the value across {threshold:g}."
    return Optimum(None, float("nan"), 0.0, True, seconds, why)


def remove(
    spectrum: Spectrum,
    r: int,
    *,
    direction: Direction = "either",
    fixed: Fixed = None,
    limit: float = 10.0,
) -> Optimum:
    """The r players whose removal from the full mask moves the value most: either way, "down" or "up".

    Raises SolverError for an r that is not between 0 and n. Source: the removal task of Kang et al. 2025.
    """
    kept = spectrum.n - int(r)
    signs = _SIGNS.get(direction)
    if signs is None or not 0 <= kept <= spectrum.n:
        raise SolverError(f"Remove 0 to {spectrum.n} players either way, down or up, not {r} {direction!r}.")
    full = _full_value(spectrum)
    answers: list[Optimum] = []
    moves: list[float] = []
    reaches: list[float] = []
    limit = limit / len(signs)
    for sign in signs:
        answer = _best(spectrum, sign, kept, kept, fixed, limit)
        move = sign * (answer.value - full)
        answers.append(answer)
        moves.append(move)
        reaches.append(move + answer.gap)  # this way may lead further than was found
    chosen = int(np.argmax(moves))
    gap = max(0.0, max(reaches) - moves[chosen])
    optimal = gap <= _round_off(spectrum)
    seconds = sum(answer.seconds for answer in answers)
    return replace(answers[chosen], gap=gap, optimal=optimal, seconds=seconds)


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
    fixed: Fixed,
    limit: float,
) -> Optimum:
    """The mask of greatest sign · f."""
    begin = time.perf_counter()
    problem = settled(problem_of(spectrum, sign, at_least, at_most, fixed))
    if len(problem.free) <= ENUMERATE:
        masks, values = enumerated(problem)
        mask = masks[np.argmax(values)]
        bound = -np.inf  # nothing is left to prove
    else:
        mask, bound = _searched(problem, limit)
    value = _value(spectrum, mask)
    gap = max(0.0, float(bound) - sign * value)
    optimal = gap <= _round_off(spectrum)
    seconds = time.perf_counter() - begin
    return Optimum(mask, value, gap, optimal, seconds)


def _searched(problem: Problem, limit: float) -> tuple[Bools, float]:
    """The best mask of mixed-integer programming and local search, and an upper bound of the value."""
    masks = [local_search(problem)]
    program = Program(problem)
    found, least_cost = program.solve(-program.weights, limit)
    if found is not None:
        masks.append(found)
    values = problem.spectrum(np.array(masks))
    best = int(np.argmax(values))
    bound = _size(problem.spectrum)
    if np.isfinite(least_cost):
        bound = program.constant - least_cost
    return masks[best], bound


class _Crossing(NamedTuple):
    """The mask with most free players kept whose value passes the line, and a bound of how many can be."""

    mask: Bools | None
    most_kept: int


def _crossing(problem: Problem, line: float, margin: float, limit: float) -> _Crossing:
    """Past the line by `margin`: by comparing all masks, or by mixed-integer programming and climbs."""
    reach = line + margin
    if len(problem.free) <= ENUMERATE:
        return _crossing_of_all(problem, reach)
    program = Program(problem)
    cost = np.zeros(len(program.weights))
    cost[: program.players] = -1.0  # the least −Σx keeps most players
    found, least_cost = program.solve(cost, limit, reach - program.constant)
    most_kept = _most_kept(problem, least_cost)
    # a mask is whole only up to the tolerance of HiGHS: half of the margin will do
    enough = line + margin / 2.0
    if found is not None and _value(problem.spectrum, found) < enough:
        found = None
    reached = problem.least - 1
    if found is not None:
        reached = problem.kept(found)
    for kept in range(most_kept, reached, -1):  # the time was up: climb, with ever more players removed
        mask = local_search(replace(problem, least=kept))
        if _value(problem.spectrum, mask) >= enough:
            return _Crossing(mask, most_kept)
    return _Crossing(found, most_kept)


def _crossing_of_all(problem: Problem, reach: float) -> _Crossing:
    """By comparing all masks: of those with most players kept the one of greatest value."""
    masks, values = enumerated(problem)
    count = masks[:, problem.free].sum(1)
    kept = np.where(values >= reach, count, -1)
    ranked = np.lexsort((values, kept))
    best = int(ranked[-1])
    if kept[best] < 0:
        return _Crossing(None, -1)
    return _Crossing(masks[best], int(kept[best]))


def _most_kept(problem: Problem, least_cost: float) -> int:
    """How many free players can be kept, by the program's lower bound of −(players kept)."""
    if np.isfinite(least_cost):
        return int(np.floor(1e-6 - least_cost))
    if least_cost > 0:  # +inf: no mask will do
        return -1
    return problem.most


def _value(spectrum: Spectrum, mask: Bools) -> float:
    values = spectrum(mask[None])
    return float(values[0])


def _full_value(spectrum: Spectrum) -> float:
    return _value(spectrum, ends(spectrum.n)[1])


def _round_off(spectrum: Spectrum) -> float:
    return EXACT * _size(spectrum)


def _size(spectrum: Spectrum) -> float:
    """Σ|F|: no mask's value lies further from 0."""
    return float(np.abs(spectrum.values).sum())
