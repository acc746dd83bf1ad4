import numpy as np
import pytest

from spexviz.masks import uniform_masks
from spexviz.solvers.base import Design
from spexviz.solvers.linear import Linear, ridge_by_leave_one_out


def test_recovers_coefficients_and_constant():
    masks = uniform_masks(12, 100, 0)
    spectrum = Linear().fit(Design(masks), 1.0 + 4.0 * masks[:, 3] - 2.0 * masks[:, 7])
    assert spectrum.coefficients[()] == pytest.approx(2.0)
    assert spectrum.coefficients[(3,)] == pytest.approx(-2.0)
    assert spectrum.coefficients[(7,)] == pytest.approx(1.0)
    assert abs(spectrum.coefficients[(0,)]) < 1e-6


def test_closed_form_leave_one_out_is_the_real_one():
    rng = np.random.default_rng(0)
    masks = uniform_masks(6, 25, 0)
    columns, values = 1.0 - 2.0 * masks, masks[:, 0] + rng.normal(size=25)
    _, _, penalty, error = ridge_by_leave_one_out(columns, values)
    real = []
    for i in range(25):
        rest = np.arange(25) != i
        x, y = columns[rest], values[rest]
        # the same λ on the rest, whose own mean is free
        wide = np.column_stack([np.ones(24), x])
        damp = np.diag([0.0] + [penalty * 25] * 6)
        beta = np.linalg.solve(wide.T @ wide + damp, wide.T @ y)
        real.append((values[i] - beta[0] - columns[i] @ beta[1:]) ** 2)
    assert error == pytest.approx(np.mean(real))


def test_fewer_masks_than_players_is_no_worse_than_the_mean():
    masks = uniform_masks(2000, 64, 0)
    values = np.random.default_rng(0).normal(size=64)
    spectrum = Linear().fit(Design(masks), values)
    fresh = uniform_masks(2000, 200, 1)
    assert spectrum(fresh).std() < 0.7 * values.std()


@pytest.mark.filterwarnings("error")
def test_constant_values():
    masks = uniform_masks(5, 20, 0)
    assert Linear().fit(Design(masks), np.full(20, 0.1))(masks) == pytest.approx(np.full(20, 0.1))
