"""Case 14: rules that few masks tell, without noise."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.masks import Masks, Values, uniform_masks
from spexviz.metrics import r2
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Design
from spexviz.spectrum import Spectrum

N = 24


def all_six(masks: Masks) -> Values:
    return masks[:, :6].all(1) * 1.0


def any_of_six(masks: Masks) -> Values:
    return masks[:, :6].any(1) * 1.0


@pytest.mark.parametrize(
    ("rule", "seed", "rare"),
    [
        (all_six, 5, 10),  # R² .66 where the masks that contradict five players were not learnt from
        (all_six, 1, 8),
        (any_of_six, 1, 4),  # .06 where the rare masks were not all learnt from
        (any_of_six, 4, 5),
    ],
)
def test_and_and_or_of_six_are_found_with_honest_intervals(rule, seed: int, rare: int) -> None:
    masks = uniform_masks(N, 512, seed)
    values = rule(masks)
    assert min((values == 0).sum(), (values == 1).sum()) == rare
    found = Auto().fit(Design(masks), values, seed=seed)
    fresh = uniform_masks(N, 8000, 999)
    assert r2(rule(fresh), found(fresh)) >= 0.95
    cube = np.zeros((64, N), dtype=bool)
    cube[:, :6] = np.arange(64)[:, None] >> np.arange(6) & 1
    exact = Spectrum.of_all(cube[:, :6], rule(cube)).coefficients
    low, high = np.quantile(found.draws, [0.05, 0.95], axis=0)
    largest = np.argsort(-np.abs(found.values))[:10]
    truth = np.array([exact.get(found.terms[j], 0.0) for j in largest])
    assert ((low[largest] <= truth) & (truth <= high[largest])).sum() >= 8


def test_values_that_never_change_have_no_interval_of_zero_width() -> None:
    masks = uniform_masks(N, 64, 0)
    found = Auto().fit(Design(masks), np.full(64, 0.25))
    assert found.draws is None and found.coefficients[()] == 0.25
