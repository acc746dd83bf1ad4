"""Names of the array types that the engine passes around, where masks and values say too much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Positions = NDArray[np.intp]
"""Positions in another array, as `np.flatnonzero` and `np.argsort` give them."""
