"""The spectrum of boosted trees is exact."""

import numpy as np
import pytest

from spexviz.masks import padded_holders, uniform_masks
from spexviz.solvers.proxyspex.trees import Boosting, Forest, boost, fourier, read_forest
from spexviz.spectrum import characters


def evaluate(members, coefficients, masks):
    return characters(masks, padded_holders(members, masks.shape[1])).astype(float) @ coefficients


def to_dict(members, coefficients):
    return {
        tuple(int(p) for p in row if p >= 0): value
        for row, value in zip(members, coefficients, strict=True)
        if abs(value) > 1e-12
    }


@pytest.mark.parametrize(
    ("n", "m", "setting"),
    [(5, 16, Boosting(4, 0.1, 30)), (30, 400, Boosting(16, 0.1, 40, 0.5)), (1000, 200, Boosting(8, 0.1, 20))],
)
def test_spectrum_predicts_as_the_booster_does(n, m, setting):
    import lightgbm

    masks = uniform_masks(n, m, 0)
    values = 3.0 * (masks[:, 0] & masks[:, 1]) - masks[:, 2] + np.random.default_rng(0).normal(size=m)
    text = boost(masks, values, setting, seed=0)
    members, coefficients = fourier(read_forest(text), n)
    fresh = np.random.default_rng(1).random((100, n)) < 0.5
    expected = lightgbm.Booster(model_str=text).predict(fresh.astype(np.float32))
    assert expected.std() > 0.1  # the trees did split
    np.testing.assert_allclose(evaluate(members, coefficients, fresh), expected, atol=1e-6)


def test_two_boosters_add_up():
    masks = uniform_masks(6, 60, 0)
    texts = [
        boost(masks, values, Boosting(4, 0.2, 10), 0)
        for values in (masks[:, 0] * 1.0, (masks[:, 1] & masks[:, 2]) * 1.0)
    ]
    both = evaluate(*fourier(read_forest(*texts), 6), masks)
    np.testing.assert_allclose(
        both, sum(evaluate(*fourier(read_forest(text), 6), masks) for text in texts), atol=1e-9
    )


def test_a_split_by_hand():
    # player 1 removed: 4; kept: player 0 removed: 0, kept: 8
    forest = Forest(
        np.array([0]), np.array([1, 0]), np.array([~0, ~1]), np.array([1, ~2]), np.array([4.0, 0.0, 8.0])
    )
    assert to_dict(*fourier(forest, 2)) == {(): 4.0, (0,): -2.0, (0, 1): 2.0}


def test_a_player_twice_on_a_path():
    # player 0 is split again where it is already removed: the leaf of value 100 is never reached
    forest = Forest(
        np.array([0]), np.array([0, 0]), np.array([1, ~0]), np.array([~2, ~1]), np.array([1.0, 100.0, 3.0])
    )
    assert to_dict(*fourier(forest, 1)) == {(): 2.0, (0,): -1.0}


def test_max_order_drops_and_leaves_the_rest():
    masks = uniform_masks(8, 200, 0)
    forest = read_forest(boost(masks, np.random.default_rng(0).normal(size=200), Boosting(16, 0.1, 20), 0))
    whole, cut = to_dict(*fourier(forest, 8)), to_dict(*fourier(forest, 8, 2))
    assert max(map(len, whole)) > 2
    assert cut.keys() == {term for term in whole if len(term) <= 2}
    assert all(abs(cut[term] - whole[term]) < 1e-12 for term in cut)


def test_a_model_without_a_split_is_its_constant():
    masks = uniform_masks(4, 16, 0)
    assert to_dict(
        *fourier(read_forest(boost(masks, np.full(16, 2.5), Boosting(4, 0.1, 5), 0)), 4)
    ) == pytest.approx({(): 2.5})
