"""Recovery: how much of a function that is known was found again, set by set.

A function of n ≤ 20 players is a table of 2^n numbers, one a set; the set of players i, j, … has the number
2^i + 2^j + … (the order of `all_masks`). Two tables say the same in two ways: the coefficients F of the
spectrum, whose squares are shares of the variance, and the Möbius coefficients M, with which the function is
written as a sum of products.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Bools, Floats, Ints
from spexviz.masks import Interaction, Values
from spexviz.spectrum import Spectrum, walsh_hadamard

LEAST = 0.1  # of the largest true size: what is smaller is not counted as a set
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Recovery:
    """Numbers of sets, the largest first: `hits` found with the right sign, `missed` true ones, `false` ones.

    A set that is found with the wrong sign is both missed and false. `least`: the size from which one counts.
    """

    hits: Ints
    missed: Ints
    false: Ints
    least: float

    @property
    def true(self) -> int:
        """How many true sets there are."""
        return len(self.hits) + len(self.missed)

    @property
    def is_whole(self) -> bool:
        """Whether all true sets were found, and nothing else."""
        return not len(self.missed) and not len(self.false)


def recovered(truth: Floats, found: Floats, share: float = LEAST) -> Recovery:
    """Which sets of one table (2^n,) are in another; the constant is none.

    A set counts, in both, from `share` of the size of the largest true one.

    >>> found = recovered(np.array([5.0, 0.0, 0.05, 2.0]), np.array([0.0, 0.0, 1.0, 1.9]))
    >>> found.hits.tolist(), found.missed.tolist(), found.false.tolist()
    ([3], [], [2])
    """
    size, shown = np.abs(truth), np.abs(found)
    largest = size[1:].max(initial=0.0)
    rounding = _ROUNDING * max(1.0, float(size[0]))
    # values as large as the line are counted, whichever way they were rounded
    least = max(share * float(largest), rounding) * (1.0 - _ROUNDING)
    is_true = size >= least
    is_found = shown >= least
    is_true[0] = is_found[0] = False
    is_hit = is_true & is_found & (truth * found > 0.0)
    return Recovery(
        _by_size(is_hit, size), _by_size(is_true & ~is_hit, size), _by_size(is_found & ~is_hit, shown), least
    )


def _by_size(chosen: Bools, size: Floats) -> Ints:
    """The numbers of the chosen sets, the largest first; of equal ones the smaller sets."""
    numbers = np.flatnonzero(chosen)
    return numbers[np.lexsort((numbers, orders(numbers), -np.round(size[numbers], 9)))]


def orders(numbers: Ints) -> Ints:
    """How many players each of these sets holds.

    >>> orders(np.array([0, 3, 4])).tolist()
    [0, 2, 1]
    """
    return np.bitwise_count(numbers).astype(np.int64)


def members_of(number: int) -> Interaction:
    """The players of the set of this number.

    >>> members_of(11)
    (0, 1, 3)
    """
    return tuple(i for i in range(number.bit_length()) if number >> i & 1)


def number_of(members: Iterable[int]) -> int:
    """The number of a set of players.

    >>> number_of((0, 1, 3))
    11
    """
    return sum(1 << i for i in members)


def coefficients_of(values: Values) -> Floats:
    """The spectrum (2^n,) of all 2^n values, in the order of the masks."""
    return walsh_hadamard(values) / len(values)


def table_of(spectrum: Spectrum) -> Floats:
    """The coefficients of a sparse spectrum as a table (2^n,)."""
    table = np.zeros(1 << spectrum.n)
    table[spectrum.membership @ (1 << np.arange(spectrum.n))] = spectrum.values
    return table


def moebius_of(coefficients: Floats) -> Floats:
    """The Möbius coefficients (2^n,) of a spectrum (2^n,): M(T) = (−2)^|T| Σ_{S⊇T} F(S).

    >>> moebius_of(coefficients_of(np.array([0.0, 1.0, 2.0, 5.0]))).tolist()
    [0.0, 1.0, 2.0, 2.0]
    """
    sums = np.array(coefficients, dtype=np.float64)
    bit = 1
    while bit < len(sums):  # each player in turn: what holds it is added to what does not
        pairs = sums.reshape(-1, 2, bit)
        pairs[:, 0] += pairs[:, 1]
        bit *= 2
    return sums * (-2.0) ** orders(np.arange(len(sums)))


def mean_effects_of(coefficients: Floats) -> Floats:
    """The mean effects (2^n,) of a spectrum (2^n,): (−2)^|T| F(T)."""
    return coefficients * (-2.0) ** orders(np.arange(len(coefficients)))


def explained(truth: Floats, found: Floats) -> float:
    """R² of one spectrum (2^n,) of another over all 2^n masks, by Parseval; NaN where the truth is constant.

    >>> explained(np.array([1.0, 0.5, 0.0, 0.5]), np.array([1.0, 0.5, 0.0, 0.0]))
    0.5
    """
    variance = float((truth[1:] ** 2).sum())
    if variance <= _ROUNDING**2 * max(1.0, float(truth[0]) ** 2):
        return float("nan")
    return 1.0 - float(((truth - found) ** 2).sum()) / variance


def strongest(table: Floats, count: int) -> list[Interaction]:
    """The members of at most `count` sets with the largest sizes, no constant and none at 0."""
    size = np.abs(table)
    size[0] = 0.0
    count = min(count, len(size))
    candidates = np.argpartition(-size, count - 1)[:count]
    rounding = _ROUNDING * max(1.0, float(np.abs(table).max()))
    chosen = np.zeros(len(size), dtype=bool)
    chosen[candidates] = size[candidates] > rounding
    return [members_of(int(number)) for number in _by_size(chosen, size)]
