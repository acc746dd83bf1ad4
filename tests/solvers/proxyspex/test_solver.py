"""ProxySPEX: the defects of the public implementations (facts §4) stay away, and interactions are found."""

import numpy as np
import pytest

from spexviz.errors import SolverError
from spexviz.masks import all_masks, uniform_masks
from spexviz.solvers.base import Design
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX


def fit(n, budget, function, **settings):
    solver = ProxySPEX(**settings)
    design = solver.design(n, budget, 0)
    return solver.fit(design, function(design.masks))


def r2(spectrum, masks, values):
    return 1.0 - ((spectrum(masks) - values) ** 2).sum() / ((values - values.mean()) ** 2).sum()


@pytest.mark.parametrize("budget", [64, 256])
def test_one_player_is_exactly_that(budget):
    spectrum = fit(10, budget, lambda masks: 3.0 * masks[:, 0])
    assert spectrum.coefficients == pytest.approx({(): 1.5, (0,): -1.5}, abs=1e-5)


@pytest.mark.parametrize("budget", [64, 256])
def test_a_small_interaction_beside_a_large_player_is_kept(budget):
    spectrum = fit(10, budget, lambda masks: 10.0 * masks[:, 0] + (masks[:, 1] & masks[:, 2]))
    assert spectrum.coefficients == pytest.approx(
        {(): 5.25, (0,): -5.0, (1,): -0.25, (2,): -0.25, (1, 2): 0.25}, abs=1e-4
    )


@pytest.mark.parametrize("budget", [16, 32, 64])
def test_small_budgets_find_interactions(budget):
    spectrum = fit(7, budget, lambda masks: 4.0 * (masks[:, 0] & masks[:, 1]))
    assert spectrum.coefficients[(0, 1)] == pytest.approx(1.0, abs=0.05)


@pytest.mark.filterwarnings("error")
def test_constant_values_give_a_constant():
    spectrum = fit(6, 40, lambda masks: np.full(len(masks), 0.1))
    assert spectrum.coefficients == pytest.approx({(): 0.1})


def test_one_player():
    spectrum = fit(1, 10, lambda masks: 2.0 * masks[:, 0] + 1.0)
    assert spectrum.coefficients == pytest.approx({(): 2.0, (0,): -1.0})


def test_all_masks_are_exact():
    masks = all_masks(4)
    values = np.random.default_rng(0).normal(size=16)
    np.testing.assert_allclose(ProxySPEX().fit(Design(masks[::-1]), values[::-1])(masks), values, atol=1e-5)
    assert max(map(len, ProxySPEX(max_order=2, terms=3).fit(Design(masks), values))) <= 2
    assert sum(len(term) > 1 for term in ProxySPEX(terms=3).fit(Design(masks), values)) == 3


def test_two_thousand_players():
    spectrum = fit(2000, 256, lambda masks: 5.0 * masks[:, 7] + 5.0 * (masks[:, 3] & masks[:, 1999]))
    size = {term: abs(value) for term, value in spectrum.coefficients.items() if term}
    assert max(size, key=size.get) == (7,)
    assert all(len(term) <= 5 for term in size) and sum(len(term) > 1 for term in size) <= 200


def test_noisy_interactions_are_found_and_stay_sparse():
    rng = np.random.default_rng(0)

    def game(masks):
        z = 1.0 - 2.0 * masks
        return z[:, 0] + z[:, 0] * z[:, 1] + 0.7 * z[:, 2] * z[:, 3] - 0.5 * z[:, 0] * z[:, 1] * z[:, 2]

    solver = ProxySPEX(terms=20)
    design = solver.design(20, 512, 0)
    spectrum = solver.fit(design, game(design.masks) + 0.2 * rng.normal(size=512))
    fresh = uniform_masks(20, 500, 1, exclude=design.masks)
    assert r2(spectrum, fresh, game(fresh)) > 0.95
    assert (spectrum.orders > 1).sum() <= 20
    assert spectrum.notes["terms kept"] == (spectrum.orders > 1).sum()
    assert spectrum.notes["CV error"] < spectrum.notes["linear CV error"]


def test_no_interactions_no_loss_against_linear():
    rng = np.random.default_rng(1)
    weights = rng.normal(size=30)
    lost = []
    for seed in range(4):
        design = ProxySPEX().design(30, 128, seed)
        values = design.masks @ weights + rng.normal(size=128)
        fresh = uniform_masks(30, 300, 99, exclude=design.masks)
        lost.append(
            r2(Linear().fit(design, values), fresh, fresh @ weights)
            - r2(ProxySPEX().fit(design, values), fresh, fresh @ weights)
        )
    assert np.mean(lost) < 0.01


@pytest.mark.parametrize("scale", [1e-20, 1e6])
def test_units_do_not_matter(scale):
    spectrum = fit(8, 100, lambda masks: scale * (masks[:, 0] + 2.0 * (masks[:, 1] & masks[:, 2])))
    assert spectrum.coefficients[(1, 2)] == pytest.approx(0.5 * scale, rel=1e-3)


def test_the_global_random_state_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    fit(8, 64, lambda masks: 1.0 * (masks[:, 0] & masks[:, 1]))
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("settings", [{"max_order": 0}, {"terms": -1}])
def test_settings_that_mean_nothing(settings):
    with pytest.raises(SolverError, match="max_order"):
        ProxySPEX(**settings)
