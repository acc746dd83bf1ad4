"""Flips: which players, taken out, turn the answer of a model round: what was tried, and what is proven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Bools
from spexviz.masks import Interaction, Values


@dataclass(frozen=True)
class Line:
    """What a value must cross: `at`, from above where it `falls`.

    `halves`: no answer turns round there, but a probability is half of what it was.
    """

    at: float
    falls: bool
    halves: bool = False

    def crossed(self, values: Values) -> Bools:
        """Which values (b,) lie beyond it."""
        if self.falls:
            return np.asarray(values) < self.at
        return np.asarray(values) > self.at

    def beyond(self, value: float) -> float:
        """How far a value lies beyond it; below 0 where it has not crossed."""
        return self.at - value if self.falls else value - self.at


@dataclass(frozen=True)
class Tried:
    """A set that was taken out: the model's value without it, and what the surrogate says of that."""

    members: Interaction
    measured: float
    predicted: float


@dataclass(frozen=True)
class Flips:
    """What was found, or what is known so far.

    `tried`: in the order asked (of an exact run those that flip with fewest players, or else the closest one
    alone); `found`: of those that flip with fewest players the one that goes furthest, None for none;
    `is_minimal`: no smaller set flips, all of them are known (where none is found: no set at all);
    `is_only`: nor does any other of its size; `size`: of the largest sets tried; `asked`: ablations.
    """

    line: Line
    tried: tuple[Tried, ...] = ()
    is_minimal: bool = False
    is_only: bool = False
    size: int = 0
    asked: int = 0
    is_done: bool = False

    @property
    def flipping(self) -> tuple[Tried, ...]:
        """Those tried that flip."""
        return tuple(one for one in self.tried if self.line.beyond(one.measured) > 0)

    @property
    def found(self) -> Tried | None:
        """The answer."""
        return min(self.flipping, key=self._rank, default=None)

    @property
    def closest(self) -> Tried | None:
        """Of all that were tried the one that came furthest."""
        return max(self.tried, key=lambda one: self.line.beyond(one.measured), default=None)

    def _rank(self, one: Tried) -> tuple[int, float, Interaction]:
        return len(one.members), -self.line.beyond(one.measured), one.members
