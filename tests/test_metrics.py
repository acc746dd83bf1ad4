from __future__ import annotations

import math

import numpy as np
import pytest

from spexviz.errors import SpecError
from spexviz.metrics import (
    ablation_curve,
    direct_subset_rate,
    energy_by_order,
    precision,
    r2,
    r2_interval,
    recall,
    staircase_rate,
    terms_for_energy,
)
from spexviz.spectrum import Spectrum


def test_r2_by_hand_and_unclipped():
    assert r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 1.0
    assert r2([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]) == 0.0
    assert r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]) == pytest.approx(0.5)
    assert r2([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]) == pytest.approx(-3.0)


def test_r2_of_constant_values_is_undefined():
    for constant in (0.0, 0.1, 1e9 + 0.1):
        assert math.isnan(r2([constant] * 7, [constant] * 7))
        assert all(map(math.isnan, r2_interval([constant] * 7, np.arange(7.0))))


def test_r2_refuses_shapes_that_differ():
    for y, prediction in (([1.0, 2.0], [1.0]), ([], []), ([[1.0, 2.0]], [[1.0, 2.0]])):
        for measure in (r2, r2_interval):
            with pytest.raises(SpecError, match="one prediction for each value"):
                measure(y, prediction)
    with pytest.raises(SpecError, match="level"):
        r2_interval([1.0, 2.0], [1.0, 2.0], level=90)


def sample(rng, count, noise):
    signal = rng.choice([-1.0, 1.0], size=(count, 6)) @ np.array([1.0, 0.7, 0.5, 0.5, 0.2, 0.1])
    return signal + rng.normal(scale=noise, size=count), signal


def test_interval_holds_the_estimate_narrows_with_masks_and_widens_with_level():
    rng = np.random.default_rng(0)
    widths = []
    for count in (128, 512, 2048):
        y, prediction = sample(rng, count, 1.0)
        low, high = r2_interval(y, prediction)
        assert low < r2(y, prediction) < high < 1.0
        wider = r2_interval(y, prediction, level=0.99)
        assert wider[0] < low and high < wider[1]
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2]


@pytest.mark.parametrize("count", [128, 512])
def test_ninety_percent_intervals_hold_the_true_r2_in_85_to_95_percent_of_runs(count):
    true = 2.04 / (2.04 + 1.0)  # Σ of the squared weights of `sample`, noise 1
    hits = []
    for seed in range(400):
        low, high = r2_interval(
            *sample(np.random.default_rng([seed, count]), count, 1.0), seed=seed, draws=200
        )
        hits.append(low <= true <= high)
    assert 0.85 <= np.mean(hits) <= 0.95


def test_interval_is_seeded_and_of_any_scale():
    y, prediction = sample(np.random.default_rng(1), 200, 0.5)
    assert (
        r2_interval(y, prediction, seed=3)
        == r2_interval(y, prediction, seed=3)
        != r2_interval(y, prediction, seed=4)
    )
    assert r2_interval(1e-6 * y + 5.0, 1e-6 * prediction + 5.0) == pytest.approx(
        r2_interval(y, prediction), abs=1e-6
    )


def test_interval_of_perfect_and_of_hopeless_predictions():
    y = np.random.default_rng(2).normal(size=150)
    assert r2_interval(y, y) == (1.0, 1.0)
    low, high = r2_interval(y, -y)
    assert low < r2(y, -y) < high < 0.0
    almost = np.array([0.0] * 9 + [1.0])  # most bootstrap samples of it are constant or perfect
    low, high = r2_interval(almost, np.full(10, 0.1))
    assert low <= high <= 1.0


TRUTH = Spectrum(4, {(): 9.0, (0,): 3.0, (1,): -2.0, (0, 1): 1.0, (2, 3): 0.5, (3,): 0.0})


def test_recall_and_precision():
    found = Spectrum(4, {(): 5.0, (0,): -3.0, (2,): 2.5, (0, 1): 1.0, (1,): 0.1, (0, 2): 0.05, (1, 2): 0.0})
    assert recall(found, TRUTH) == precision(found, TRUTH) == 3 / 4  # top 4 found: 0, 2, 01, 1
    assert recall(found, TRUTH, k=2) == 1 / 4
    assert precision(found, TRUTH, k=2) == 1 / 2
    assert recall(found, TRUTH, k=50) == 3 / 4
    assert precision(found, TRUTH, k=50) == 3 / 5  # five terms that are not 0
    assert recall(found, TRUTH, least_order=2) == precision(found, TRUTH, least_order=2) == 1 / 2
    assert recall(TRUTH, TRUTH) == precision(TRUTH, TRUTH) == 1.0
    nothing = Spectrum(4, {(): 1.0})
    assert recall(nothing, TRUTH) == 0.0
    assert math.isnan(precision(nothing, TRUTH)) and math.isnan(recall(TRUTH, nothing))


def test_hierarchy_rates_by_hand():
    spectrum = Spectrum(
        6, {(): 50.0, (0,): 9.0, (0, 1): 8.0, (2, 3): 7.0, (0, 1, 2): 6.0, (2, 3, 4): 5.0, (1,): 0.1}
    )
    # top 5: {0} 1/1, {01} 1/2 (no {1}), {23} 0, {012} 1/3 (01), {234} 1/3 (23)
    assert direct_subset_rate(spectrum, 5) == pytest.approx((1 + 1 / 2 + 0 + 1 / 3 + 1 / 3) / 5)
    # {234} stands on {23}, which stands on nothing
    assert staircase_rate(spectrum, 5) == pytest.approx(3 / 5)
    assert direct_subset_rate(spectrum, 6) == pytest.approx((1 + 1 + 0 + 1 / 3 + 1 / 3 + 1) / 6)
    assert direct_subset_rate(spectrum, 1) == staircase_rate(spectrum, 1) == 1.0
    forked = Spectrum(3, {(1,): 3.0, (0, 1): 2.0, (0, 2): 1.0})  # {02} has neither {0} nor {2}
    assert staircase_rate(forked, 3) == pytest.approx(2 / 3)
    for empty in (Spectrum(3, {}), Spectrum(3, {(): 1.0, (0, 1): 0.0})):
        assert direct_subset_rate(empty, 5) == staircase_rate(empty, 5) == 1.0


def test_hierarchy_rates_tell_a_peak_from_a_full_hierarchy():
    import itertools

    peak = Spectrum(10, {(0, 1, 2, 3, 4): 1.0, (3, 4, 5, 6, 7): -0.5})
    assert direct_subset_rate(peak, 10) == staircase_rate(peak, 10) == 0.0
    below = [s for k in range(6) for s in itertools.combinations(range(5), k)]
    full = Spectrum(10, dict.fromkeys(below, 1.0))
    assert direct_subset_rate(full, 100) == staircase_rate(full, 100) == 1.0


def test_energy_by_order_and_terms_for_energy():
    spectrum = Spectrum(5, {(): 100.0, (0,): 3.0, (1,): -1.0, (0, 1, 2): 2.0, (0, 1, 2, 3): 0.0})
    assert energy_by_order(spectrum) == pytest.approx({1: 10 / 14, 2: 0.0, 3: 4 / 14, 4: 0.0})
    assert [terms_for_energy(spectrum, s) for s in (0.0, 0.5, 9 / 14, 0.65, 13 / 14, 0.94, 1.0)] == [
        0,
        1,
        1,
        2,
        2,
        3,
        3,
    ]
    assert energy_by_order(Spectrum(3, {(): 1.0})) == {}
    assert terms_for_energy(Spectrum(3, {(): 1.0}), 0.9) == 0
    with pytest.raises(SpecError, match="between 0 and 1"):
        terms_for_energy(spectrum, 95)


def test_ablation_curve_asks_the_game_once_and_adds_both_ends():
    calls = []

    def game(masks):
        calls.append(len(masks))
        return 1.0 + masks @ np.array([4.0, 0.0, -1.0, 1.0])

    masks = np.array([[1, 1, 0, 1], [1, 0, 0, 0]]) == 1  # in any order
    curve = ablation_curve(game, masks)
    assert calls == [4]
    assert curve.kept.tolist() == [0.0, 0.25, 0.75, 1.0] and curve.values.tolist() == [1.0, 5.0, 6.0, 5.0]
    assert curve.area == pytest.approx(0.25 * 3.0 + 0.5 * 5.5 + 0.25 * 5.5)
    assert curve.effects == pytest.approx([0.8, 0.0, 0.2, 0.0])
    ends = np.array([[False] * 4, [True] * 4])
    assert ablation_curve(game, np.vstack([ends, masks])).values.tolist() == curve.values.tolist()
    assert np.isnan(ablation_curve(lambda m: np.zeros(len(m)), masks).effects).all()


def test_ablation_curve_refuses_two_masks_of_one_size_and_tables_of_numbers():
    for masks in (np.eye(3, dtype=bool), np.eye(3), np.zeros((0, 0), dtype=bool)):
        with pytest.raises(SpecError, match=r"equally many|bool array"):
            ablation_curve(lambda m: m.sum(1), masks)


def test_curves_of_optima_on_the_real_game_enclose_those_of_any_order():
    from spexviz.analysis.optimum import insertion_curve, removal_curve

    truth = Spectrum(6, {(0,): -1.0, (1,): -0.5, (0, 1): 0.7, (2, 3, 4): -0.4, (5,): 0.3})
    insertion = ablation_curve(truth, np.array([a.mask for a in insertion_curve(truth, range(1, 6))]))
    deletion = ablation_curve(
        truth, np.array([a.mask for a in removal_curve(truth, range(1, 6), direction="down")])
    )
    order = ablation_curve(truth, np.tril(np.ones((6, 6), dtype=bool)))
    assert deletion.area < order.area < insertion.area
