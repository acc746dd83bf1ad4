"""Plain: each player's own sign bit, so that a bin spells its set letter by letter; to teach with.

It asks n + 1 rows of masks where a BCH code asks a few parity bits, and corrects no error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.masks import Masks
from spexviz.solvers.spex.field import zeros


@dataclass(frozen=True)
class Plain:
    """The code of n players in sets of at most t."""

    n: int
    t: int

    @property
    def delays(self) -> Masks:
        """The delay rows: zero, then one that flips each player alone (n + 1, n)."""
        return np.vstack([np.zeros((1, self.n), dtype=bool), np.eye(self.n, dtype=bool)])

    def hard(self, bits: Bools) -> tuple[Positions, Bools]:
        """The players whose bits (b, n) are set: (sets (b, t) padded with n, at most t of them (b,))."""
        few = bits.sum(1) <= self.t
        sets = np.full((len(bits), self.t), self.n, dtype=np.intp)
        for row in np.flatnonzero(few):
            members = np.flatnonzero(bits[row])
            sets[row, : len(members)] = members
        return sets, few

    def chase(self, soft: Floats, depth: int, weight: int) -> tuple[Positions, Positions]:
        """None: a wrong bit is another set, which no code tells."""
        return zeros(0), zeros(0, self.t)
