"""The effect of a set on one background, and what its interval says of a claim."""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Bools
from spexviz.masks import Interaction, Masks, Values, ends


def block(base: Bools, members: Interaction) -> Masks:
    """The 2^|T| masks that agree with `base` (n,) outside the set.

    Row r keeps member i of T where bit i of r is set.
    """
    order = len(members)
    masks = np.repeat(base[None], 2**order, axis=0)
    rows = np.arange(len(masks))
    bits = rows[:, None] >> np.arange(order) & 1
    masks[:, list(members)] = bits == 1
    return masks


def full_block(members: Interaction, n: int) -> Masks:
    """The `block` of a set of n players on the input itself, where all others are kept."""
    return block(ends(n)[1], members)


def derivative(values: Values) -> float:
    """δ_T of the 2^|T| values of a `block`: the sum of (−1)^{|T|−|S|} f(B ∪ S)."""
    order = len(values).bit_length() - 1
    return float(sum((-1) ** (order - row.bit_count()) * value for row, value in enumerate(values)))


def verdict(claim: float, interval: tuple[float, float]) -> str:
    """What the interval of the model's mean effect says about the surrogate's claim.

    The rule is in `validate`.
    """
    low, high = interval
    if claim < 0:
        low, high = -high, -low
    size = abs(claim)
    if high < size / 2 or low > 2 * size:
        return "contradicted"
    if low > 0 and claim:
        return "confirmed"
    return "undecided"
