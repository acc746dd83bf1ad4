"""Array types that the engine passes around, where masks and values say too much; and missing values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Positions = NDArray[np.intp]
"""Positions in another array, as `np.flatnonzero` and `np.argsort` give them."""


def real(values: ArrayLike) -> Floats:
    """Values as float64. Raises TypeError or ValueError for what are no numbers, or complex ones.

    >>> real([True, 2])
    array([1., 2.])
    """
    if np.iscomplexobj(values):
        raise ValueError("complex numbers")
    return np.asarray(values, dtype=np.float64)


def first_without_value(masks: Bools, values: Floats) -> str | None:
    """The first of the masks (b, n) whose value (b,) is not finite, in digits (1 = kept); None if all are.

    Cut after 200 players, for error texts.
    """
    found = np.flatnonzero(~np.isfinite(values))
    if not len(found):
        return None
    mask = masks[int(found[0])]
    return "".join("1" if keep else "0" for keep in mask[:200])
