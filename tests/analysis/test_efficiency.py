"""Shapley-type indices of a run sum to the real full effect, and say what the fit had missed of it."""

from __future__ import annotations

import numpy as np
import pytest

import spexviz as sv
from spexviz.analysis.efficiency import missed, summing_to
from spexviz.indices import EFFICIENT, INDICES, interactions
from spexviz.masks import all_masks, ends
from spexviz.spectrum import Spectrum

N = 6


@pytest.fixture(params=range(4))
def spectrum(request: pytest.FixtureRequest) -> Spectrum:
    rng = np.random.default_rng(request.param)
    drawn = {(i, j): float(value) for (i, j), value in zip([(0, 1), (2, 5)], rng.normal(size=2), strict=True)}
    terms = {(): 0.3, (0,): -1.0, (3,): 0.4, (1, 2, 4): 0.2, **drawn}
    values = np.array(list(terms.values()))
    return Spectrum(N, terms, draws=values + 0.1 * rng.normal(size=(300, len(terms))))


def test_the_corrected_function_is_the_old_one_and_a_linear_one(spectrum: Spectrum) -> None:
    corrected = summing_to(spectrum, 5.0)
    empty, full = corrected(ends(N))
    assert full - empty == pytest.approx(5.0) and empty == pytest.approx(spectrum(ends(N))[0])
    gap = missed(spectrum, 5.0)
    masks = all_masks(N)
    np.testing.assert_allclose(corrected(masks), spectrum(masks) + gap * masks.mean(1))
    assert missed(corrected, 5.0) == 0.0
    drawn = corrected.draws
    assert drawn is not None
    odd = corrected.orders % 2 == 1
    np.testing.assert_allclose(-2 * drawn[:, odd].sum(1), 5.0)


@pytest.mark.parametrize("index", INDICES)
def test_what_is_missed_goes_to_the_single_players_of_those_that_share_it_out(
    index: str, spectrum: Spectrum
) -> None:
    plain = interactions(spectrum, index, 3)
    found = interactions(spectrum, index, 3, effect=5.0)
    singles = {(i,) for i in range(N)}
    part = missed(spectrum, 5.0) / N if index in EFFICIENT else 0.0
    for members in {*plain.values, *found.values, *(singles if index in EFFICIENT else ())}:
        more = part if members in singles else 0.0
        assert found[members] == pytest.approx(plain[members] + more, abs=1e-12)
        assert found.shares.get(members, 0.0) == pytest.approx(plain.shares.get(members, 0.0))
    assert any("shared out equally" in remark for remark in found.remarks) is (index in EFFICIENT)
    assert plain.remarks == ()
    if index in EFFICIENT:
        total = sum(value for members, value in found if members)
        assert total == pytest.approx(5.0)
        assert found.intervals is not None
        assert all(low <= found[members] <= high for members, (low, high) in found.intervals.items())


def test_nothing_is_said_where_nothing_is_missed(spectrum: Spectrum) -> None:
    empty, full = spectrum(ends(N))
    plain, found = (interactions(spectrum, "SV", 1, effect=effect) for effect in (None, full - empty))
    assert found.values == plain.values and len(found.remarks) == 1
    assert "estimate this index poorly" in found.remarks[0]


def test_the_values_of_a_run_sum_to_what_the_model_does() -> None:
    game = sv.SyntheticGame("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5 + x6*x7*x8*x9 + x10*x11", noise=0.3, seed=3)
    result = sv.explain(game, sv.GaussianProcess(), 96)
    empty, full = result.ends
    for index in EFFICIENT:
        found = result.interactions(index, 3)
        assert sum(value for members, value in found if members) == pytest.approx(full - empty)
        assert "shared out equally" in repr(found) and "shared out equally" in found._repr_html_()
    bare = sv.interactions(result.spectrum, "SV", 1)
    assert sum(bare.values.values()) != pytest.approx(full - empty, abs=1e-3)
