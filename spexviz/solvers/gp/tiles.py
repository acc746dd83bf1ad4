"""Work on the lower triangle of an (m, m) matrix, tile by tile, on as many threads as spexviz may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from spexviz.solvers.base import in_threads
from spexviz.solvers.gp.kernel import AnyFloats, Component, Prior

T = TypeVar("T")

TILE = 128  # rows
FEWEST_FOR_THREADS = 3  # tiles


def over_tiles(work: Callable[..., T], m: int, *more: list) -> list[T]:
    """work(rows, columns, its part of each of `more`) on the tiles that cover the lower triangle of (m, m).

    From the largest to the smallest. Nearly half the work of the whole matrix, and a tile stays in the cache.
    NumPy lets go of the interpreter, and the result does not depend on the number of threads.
    """
    rows = []
    columns = []
    for start in reversed(range(0, m, TILE)):
        stop = min(start + TILE, m)
        rows.append(slice(start, stop))
        columns.append(slice(0, stop))
    if len(rows) < FEWEST_FOR_THREADS:
        return [work(*tile) for tile in zip(rows, columns, *more, strict=True)]
    return in_threads(work, rows, columns, *more)


@dataclass(frozen=True)
class LowerCovariance:
    """Covariance `matrix` (m, m) of values, right in the lower triangle, 0 above its tiles.

    `components`: what each exponential of the kernel is on each tile, if that was kept.
    """

    matrix: AnyFloats
    components: list[list[AnyFloats]]


def lower_covariance(prior: Prior, signs: AnyFloats, parts: list[Component], keep: bool) -> LowerCovariance:
    """The covariance of the values at signs (m, n), without noise.

    `keep`: with the components of each tile, which gradients need.
    """
    m = len(signs)
    kind = signs.dtype
    covariance = np.zeros((m, m), kind)
    slope = prior.slope.astype(kind)
    weighted = signs * slope
    constant = kind.type(prior.constant)

    def fill(rows: slice, columns: slice) -> list[AnyFloats]:
        # the three parts of the kernel, added up in place
        tile = covariance[rows, columns]
        right = signs[columns]
        np.matmul(weighted[rows], right.T, out=tile)
        tile += constant
        kept = []
        for part in parts:
            values = part.at(rows, columns)
            tile += values
            if keep:
                kept.append(values)
        return kept

    kept = over_tiles(fill, m)
    return LowerCovariance(covariance, kept)
