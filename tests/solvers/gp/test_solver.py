from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.coverage import coverage
from spexviz.errors import SolverError
from spexviz.masks import all_masks, uniform_masks
from spexviz.metrics import r2
from spexviz.solvers.base import Design
from spexviz.solvers.gp.kernel import Prior, windows
from spexviz.solvers.gp.learn import Evidence
from spexviz.solvers.gp.solver import GaussianProcess, condition
from spexviz.solvers.gp.terms import largest_terms
from spexviz.solvers.linear import Linear
from spexviz.spectrum import Spectrum

HIERARCHY = {
    (): 1.0,
    (0,): 1.0,
    (1,): -0.8,
    (2,): 0.5,
    (0, 1): 0.6,
    (0, 2): -0.4,
    (0, 1, 2): 0.3,
    (5,): 0.2,
    (6,): 0.1,
    (5, 6): 0.2,
}


def line(n):
    return np.arange(float(n))[:, None]


def some_prior(n, seed=0):
    rng = np.random.default_rng(seed)
    bells = windows(line(n), n)
    return Prior(
        rng.uniform(0.05, 0.6, n),
        rng.uniform(0.0, 0.2, n),
        rng.uniform(0.1, 1.0, 1 + len(bells)),
        2.0,
        bells,
        0.1,
    )


def test_weights_are_the_spectrum_of_the_covariance():
    n = 7
    prior = some_prior(n)
    assert len(prior.windows) == 2
    signs = 1.0 - 2.0 * all_masks(n)
    terms = [term for order in range(n + 1) for term in itertools.combinations(range(n), order)]
    table = np.stack([signs[:, list(term)].prod(1) for term in terms], 1)
    energy = table.T @ prior.covariance(signs, signs) @ table / 4.0**n
    weights = np.concatenate(
        [
            prior.weights(
                np.array([t for t in terms if len(t) == d]).reshape(-1, d) if d else np.zeros((1, 0), int)
            )
            for d in range(n + 1)
        ]
    )
    np.testing.assert_allclose(energy, np.diag(weights), atol=1e-12)
    np.testing.assert_allclose(np.diag(prior.covariance(signs, signs)), prior.variance)


@pytest.mark.parametrize("with_layout", [True, False])
def test_gradient_of_the_evidence(with_layout):
    rng = np.random.default_rng(1)
    n, m = 9, 40
    evidence = Evidence(
        rng.choice([-1.0, 1.0], (m, n)), rng.normal(size=m), windows(line(n) if with_layout else None, n)
    )
    theta = evidence.start() + 0.3 * rng.normal(size=2 * n + 4)
    steps = 1e-5 * np.eye(len(theta))
    numeric = [(evidence(theta + step)[0] - evidence(theta - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(evidence(theta)[1], numeric, rtol=1e-5, atol=1e-6)


def test_search_finds_the_largest_posterior_means():
    n = 8
    prior = some_prior(n, 2)
    rng = np.random.default_rng(3)
    signs = 1.0 - 2.0 * all_masks(n)[rng.permutation(2**n)[:60]]
    alpha = rng.normal(size=60)
    every = [term for order in range(2, 5) for term in itertools.combinations(range(n), order)]
    size = {
        term: abs(float(prior.weights(np.array([term]))[0] * (alpha @ signs[:, list(term)].prod(1))))
        for term in every
    }
    assert set(largest_terms(prior, signs, alpha, 4, 20)) == set(sorted(every, key=size.get)[-20:])


def test_posterior_mean_is_the_process_itself_when_all_terms_are_kept():
    n = 6
    masks = uniform_masks(n, 40, 0)
    values = Spectrum(n, {(0,): 1.0, (1, 2): 0.7, (0, 3, 4): 0.5})(masks) + 0.1 * np.random.default_rng(
        0
    ).normal(size=40)
    posterior = condition(Design(masks), values, 0)
    found = GaussianProcess(max_order=6, terms=64).fit(Design(masks), values)
    everywhere = all_masks(n)
    direct = (
        posterior.mean
        + posterior.spread
        * posterior.prior.covariance(1.0 - 2.0 * everywhere, 1.0 - 2.0 * masks)
        @ posterior.alpha
    )
    np.testing.assert_allclose(found(everywhere), direct, atol=1e-4)


def test_recovers_a_noiseless_hierarchy():
    n = 20
    truth = Spectrum(n, HIERARCHY)
    masks = uniform_masks(n, 192, 1)
    found = GaussianProcess().fit(Design(masks), truth(masks))
    assert all(abs(found.coefficients.get(term, 0.0) - value) < 0.005 for term, value in HIERARCHY.items())
    held = uniform_masks(n, 300, 2)
    assert r2(truth(held), found(held)) > 0.9999


def test_shape_of_the_spectrum_and_limits():
    n = 20
    masks = uniform_masks(n, 128, 1)
    values = Spectrum(n, HIERARCHY)(masks)
    found = GaussianProcess(max_order=2, terms=7, draws=30).fit(Design(masks), values)
    assert (
        (found.orders == 0).sum() == 1
        and (found.orders == 1).sum() == n
        and (found.orders == 2).sum() == 7
        and found.orders.max() == 2
    )
    assert found.draws.shape == (30, len(found)) and np.isfinite(found.draws).all()
    assert GaussianProcess(draws=0).fit(Design(masks), values).draws is None
    assert GaussianProcess(terms=0).fit(Design(masks), values).orders.max() == 1


def test_same_seed_same_spectrum_and_draws():
    masks = uniform_masks(25, 300, 0)
    values = np.sin(masks @ np.arange(25))
    first, second = (GaussianProcess().fit(Design(masks, line(25)), values, seed=4) for _ in range(2))
    assert first == second and (first.draws == second.draws).all()


@pytest.mark.parametrize(("n", "m"), [(10, 24), (40, 64), (40, 200)])
def test_not_below_linear_on_a_linear_function(n, m):
    rng = np.random.default_rng(n + m)
    truth = Spectrum(n, {(i,): value for i, value in enumerate(rng.normal(size=n))})
    masks, held = uniform_masks(n, m, 0), uniform_masks(n, 300, 1)
    values = truth(masks) + 0.3 * np.sqrt(n) * rng.normal(size=m)
    ours, linear = (
        r2(truth(held), solver.fit(Design(masks), values)(held))
        for solver in (GaussianProcess(draws=0), Linear())
    )
    assert ours > linear - 0.03


def test_neighbours_help_where_they_interact_and_a_wrong_layout_costs_little():
    n, rng = 40, np.random.default_rng(5)
    terms = {(i, i + 1): rng.normal() for i in range(0, n - 1, 2)} | {
        (i,): 0.6 * rng.normal() for i in range(n)
    }
    truth = Spectrum(n, terms)
    masks, held = uniform_masks(n, 256, 0), uniform_masks(n, 400, 1)
    values = truth(masks) + 0.5 * rng.normal(size=256)
    solver = GaussianProcess(draws=0)
    none, right, wrong = (
        r2(truth(held), solver.fit(Design(masks, layout), values)(held))
        for layout in (None, line(n), rng.permutation(n)[:, None].astype(float))
    )
    assert right > none + 0.05
    assert wrong > none - 0.03


def test_intervals_hold_the_truth_about_nine_times_in_ten():
    hits = [hit for seed in range(4) for _, hit in coverage(12, 200, 0.2, seed)]
    assert len(hits) > 200
    assert 0.80 < np.mean(hits) < 0.97


@pytest.mark.parametrize(("n", "m"), [(1, 2), (2, 3), (3, 8), (5, 31), (300, 16)])
def test_smallest_and_widest_games(n, m):
    masks = uniform_masks(n, m, 0)
    values = masks[:, 0] * 2.0 + masks[:, -1]
    found = GaussianProcess(draws=10).fit(Design(masks, line(n)), values)
    assert (
        np.isfinite(found.values).all() and np.isfinite(found.draws).all() and (found.orders == 1).sum() == n
    )


def test_all_masks_asked_is_exact():
    masks = all_masks(4)
    truth = Spectrum(4, {(): 1.0, (0,): 2.0, (1, 2): 0.5, (0, 1, 2, 3): 0.25})
    order = np.random.default_rng(0).permutation(16)
    found = GaussianProcess().fit(Design(masks[order]), truth(masks[order]))
    np.testing.assert_allclose(found(masks), truth(masks), atol=1e-12)


def test_constant_values():
    found = GaussianProcess().fit(Design(uniform_masks(30, 40, 0)), np.full(40, 3.25))
    assert found.coefficients[()] == 3.25 and found.energy() == 0.0


def test_scale_and_shift_of_the_values_do_not_matter():
    masks = uniform_masks(15, 100, 0)
    values = Spectrum(15, HIERARCHY)(masks) + 0.1 * np.random.default_rng(0).normal(size=100)
    plain, moved = (
        GaussianProcess(draws=0).fit(Design(masks), v)(masks) for v in (values, 1e6 + 1e4 * values)
    )
    np.testing.assert_allclose((moved - 1e6) / 1e4, plain, atol=1e-3)


def test_errors_name_the_remedy():
    for settings in ({"max_order": 0}, {"terms": -1}, {"draws": -1}):
        with pytest.raises(SolverError, match="needs max_order"):
            GaussianProcess(**settings)
    masks = uniform_masks(12, 30, 0)
    with pytest.raises(SolverError, match="one finite position"):
        GaussianProcess().fit(Design(masks, line(5)), masks.sum(1) + masks[:, 0] * masks[:, 1])
    with pytest.raises(SolverError, match="finite"):
        GaussianProcess().fit(Design(masks), np.full(30, np.nan))


def test_windows_cover_every_player_and_need_a_layout():
    assert len(windows(None, 50)) == 0 and len(windows(line(4), 4)) == 0
    for layout in (
        line(50),
        np.stack(np.divmod(np.arange(54.0), 9), 1),
        np.zeros((50, 1)),
        np.repeat(line(25), 2, axis=0),
    ):
        bells = windows(layout, len(layout))
        assert np.isfinite(bells).all() and (len(bells) == 0 or (bells.max(0) > 0.3).all())
