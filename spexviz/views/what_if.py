"""What if some players were off: what a run says of it without asking the model."""

from __future__ import annotations

from collections.abc import Sequence

from spexviz.masks import all_but
from spexviz.results import Explanation


def prediction(explanation: Explanation, off: Sequence[int]) -> tuple[float, float]:
    """The value with these players off and the rest kept, twice.

    By the surrogate; and by main effects alone, from the real full value.
    """
    mask = all_but([tuple(off)], len(explanation.players))
    surrogate = explanation.spectrum(mask)[0]
    full = explanation.ends[1]
    effects = explanation.main_effects()
    lost = effects[list(off)].sum()
    return float(surrogate), float(full - lost)
