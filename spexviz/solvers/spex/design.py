"""The masks of SPEX: M_c ℓ ⊕ d for random matrices M_c, every ℓ, and a delay d for each parity bit.

Over ℓ they are a subspace, so that the Walsh–Hadamard transform of their values adds up the coefficients of
all sets with the same M_cᵀ k; the delays tell these apart. Source: the SPEX paper (arXiv 2502.13870), section
4.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spexviz.kit.arrays import Bools
from spexviz.masks import Masks, keys
from spexviz.solvers.base import Design
from spexviz.solvers.spex.bch import bch

LEAST_LEVEL = 3


@dataclass(frozen=True, kw_only=True)
class SpexDesign(Design):
    """Masks M_c ℓ ⊕ d of SPEX, smaller levels first, then uniform masks for the refit.

    `subspaces` (C, n, b) the matrices M_c; `rows` (C, R, 2^b) where the mask of group c, delay d and ℓ
    stands; `order` the orders that the delays can tell apart. Level b is the first b columns and the first
    2^b of `rows`.
    """

    subspaces: Bools
    rows: NDArray[np.int32]
    order: int

    def head(self, m: int) -> SpexDesign:
        """The first m masks: the largest whole level among them, the other masks for the refit."""
        whole = 0
        for level in range(LEAST_LEVEL, self.level + 1):
            last = self.rows[..., : 2**level].max()
            if last < m:
                whole = level
        masks = self.masks[:m]
        subspaces = self.subspaces[..., :whole]
        rows = self.rows[..., : 2**whole]
        return SpexDesign(masks, self.layout, subspaces=subspaces, rows=rows, order=self.order)

    @property
    def level(self) -> int:
        """b: each group has 2^b bins; 0 in a head too short for a whole level."""
        return self.subspaces.shape[2]


def delay_rows(n: int, order: int) -> Masks:
    """The delay rows: zero, then one for each parity bit (p + 1, n)."""
    zero = np.zeros((1, n), dtype=bool)
    code = bch(n, order)
    return np.vstack([zero, code.parity])


def structured_masks(subspaces: Masks, delays: Masks) -> tuple[Masks, NDArray[np.int32]]:
    """All distinct masks M_c ℓ ⊕ d, smaller levels first, and where each stands: ((m, n), (C, R, 2^b))."""
    groups, n, top = subspaces.shape
    moved = _moved(subspaces)
    rows = np.empty((groups, len(delays), 2**top), dtype=np.int32)
    place: dict[bytes, int] = {}
    masks: list[Masks] = []
    for low, high in _level_edges(top):
        added = moved[:, None, low:high]
        block = added ^ delays[:, None]  # (C, R, ℓ, n)
        asked = block.reshape(-1, n)
        known = len(place)
        where = _places(asked, place)
        numbers, first = np.unique(where, return_index=True)
        new = first[numbers >= known]
        masks.append(asked[new])
        *shape, _ = block.shape
        rows[..., low:high] = where.reshape(shape)
    return np.vstack(masks), rows


def _level_edges(top: int) -> Iterator[tuple[int, int]]:
    """The ℓ of the least level, from the first to before the last, then those that each level adds."""
    least = min(LEAST_LEVEL, top)
    edges = [2**level for level in range(least, top + 1)]
    return itertools.pairwise([0, *edges])


def _places(masks: Masks, place: dict[bytes, int]) -> NDArray[np.int32]:
    """The number of each mask (b,): that in `place`, where a new one gets the next."""
    numbers: list[int] = []
    for key in keys(masks):
        number = place.setdefault(key, len(place))
        numbers.append(number)
    return np.array(numbers, dtype=np.int32)


def _moved(subspaces: Masks) -> Masks:
    """M_c ℓ over GF(2) for every group c and every ℓ, bit i of whose number is its entry i: (C, 2^b, n)."""
    top = subspaces.shape[2]
    numbers = np.arange(2**top)
    bits = (numbers[:, None] >> np.arange(top)) & 1
    transposed = np.swapaxes(subspaces, 1, 2)
    counts = bits.astype(np.float32) @ transposed.astype(np.float32)  # exact, and fast
    return counts.astype(np.int32) & 1 == 1
