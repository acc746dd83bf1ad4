"""The baselines against closed forms and brute force on games small enough to enumerate."""

import numpy as np
import pytest

from spexviz.analysis.sparse import lasso_by_folds
from spexviz.errors import SolverError
from spexviz.indices import interactions
from spexviz.masks import all_masks, uniform_masks
from spexviz.metrics import r2
from spexviz.solvers.base import Design
from spexviz.solvers.baselines import FBII2, LIME, KernelSHAP, Lasso, LeaveOneOut
from spexviz.spectrum import Spectrum


def random_game(n, seed=0):
    """(all masks, values, exact spectrum) of a game with interactions of every order."""
    values = np.random.default_rng(seed).normal(size=2**n)
    return Design(all_masks(n)), values, Spectrum.exact(values)


def slopes(spectrum):
    """w of f(m) = c + Σ w_i m_i, read off the function itself."""
    n = spectrum.n
    return spectrum(np.eye(n, dtype=bool)) - spectrum(np.zeros((1, n), dtype=bool))


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_kernelshap_on_all_masks_is_the_shapley_value(n):
    design, values, exact = random_game(n)
    spectrum = KernelSHAP().fit(design, values)
    expected = interactions(exact, "SV", 1)
    assert slopes(spectrum) == pytest.approx([expected[(i,)] for i in range(n)])
    # efficient, and anchored at both ends
    assert spectrum(design.masks[[0, -1]]) == pytest.approx(values[[0, -1]])
    assert set(spectrum.orders) <= {0, 1}


def test_kernelshap_is_constrained_at_the_ends_that_it_is_given():
    n = 9

    def values(masks):
        return np.sin(3.0 * masks @ np.arange(n)) + masks[:, 0] * masks[:, 1]

    ends = np.array([[True] * n, [False] * n])
    inner = uniform_masks(n, 60, 0, exclude=ends)
    for masks, held, anchored in (
        (inner, "none", []),
        (np.vstack([inner, ends[:1]]), "full", [0]),
        (np.vstack([ends[1:], inner]), "empty", [1]),
        (np.vstack([ends, inner]), "full and empty", [0, 1]),
    ):
        spectrum = KernelSHAP().fit(Design(masks), values(masks))
        assert spectrum.notes["constrained at"] == held
        met = np.isclose(spectrum(ends), values(ends))
        assert met.tolist() == [0 in anchored, 1 in anchored]


def test_kernelshap_designs_begin_with_both_ends():
    masks = KernelSHAP().design(30, 64, 0).masks
    assert masks[0].all() and not masks[1].any() and len(masks) == 64
    assert len(KernelSHAP().design(3, 100, 0)) == 8


def test_kernelshap_with_many_players_neither_overflows_nor_fails():
    design = KernelSHAP().design(1200, 40, 0)
    spectrum = KernelSHAP().fit(design, design.masks[:, 7] * 1.0)
    assert np.isfinite(spectrum.values).all() and spectrum(design.masks[:2]) == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_fbii2_on_all_masks_is_the_exact_spectrum_cut_at_order_two(n):
    design, values, exact = random_game(n)
    shuffled = np.random.default_rng(1).permutation(2**n)
    spectrum = FBII2().fit(Design(design.masks[shuffled]), values[shuffled])
    expected = exact.truncate(order=2)
    assert spectrum.terms == expected.terms and spectrum.values == pytest.approx(expected.values)


def test_fbii2_recovers_pairs_from_a_part_of_the_masks_and_from_fewer_masks_than_pairs():
    truth = Spectrum(14, {(): 1.0, (3,): -2.0, (0, 9): 1.0, (3, 5): 0.5})
    masks, fresh = uniform_masks(14, 150, 0), uniform_masks(14, 300, 1)
    spectrum = FBII2().fit(Design(masks), truth(masks))
    assert spectrum(fresh) == pytest.approx(truth(fresh), abs=1e-5)
    few = masks[:80]  # of 105 players and pairs
    assert 0.3 < r2(truth(fresh), FBII2().fit(Design(few), truth(few))(fresh)) < 1.0


def test_fbii2_names_the_remedy_where_the_pairs_do_not_fit():
    masks = uniform_masks(600, 512, 0)
    with pytest.raises(SolverError, match="ProxySPEX"):
        FBII2().fit(Design(masks), np.zeros(512))


def test_lime_is_the_weighted_ridge_of_its_definition():
    n = 7
    masks = uniform_masks(n, 60, 0)
    values = np.random.default_rng(0).normal(size=60) + 2.0 * masks[:, 2]
    cosine = masks @ np.ones(n) / np.maximum(np.linalg.norm(masks, axis=1), 1e-12) / np.sqrt(n)
    weight = np.sqrt(np.exp(-((100.0 * (1.0 - cosine)) ** 2) / 25.0**2))
    wide = np.column_stack([np.ones(60), masks])
    expected = np.linalg.solve(wide.T * weight @ wide + np.diag([0.0] + [1.0] * n), wide.T * weight @ values)
    spectrum = LIME().fit(Design(masks), values)
    assert slopes(spectrum) == pytest.approx(expected[1:])
    assert spectrum(np.zeros((1, n), dtype=bool))[0] == pytest.approx(expected[0])


def test_lime_gives_the_same_fit_in_both_of_its_forms():
    masks = uniform_masks(40, 40, 0)
    values = np.random.default_rng(0).normal(size=40)
    # one player more than masks, a copy: the two halve its slope, the penalty too
    padded = np.hstack([masks, masks[:, :1]])
    narrow, wide = (
        LIME(penalty=1e-6).fit(Design(masks), values),
        LIME(penalty=1e-6).fit(Design(padded), values),
    )
    with pytest.raises(SolverError, match="above 0"):
        LIME(kernel_width=0.0)
    assert np.isfinite(narrow.values).all() and wide.coefficients[(0,)] == pytest.approx(
        wide.coefficients[(40,)]
    )


def test_leave_one_out_is_the_exact_difference_at_the_full_input():
    design, values, _ = random_game(6)
    asked = LeaveOneOut().design(6, 7, 0)
    assert len(asked) == LeaveOneOut().cost(6, 500) == 7
    row = {mask.tobytes(): value for mask, value in zip(design.masks, values, strict=True)}
    answers = np.array([row[mask.tobytes()] for mask in asked.masks])
    spectrum = LeaveOneOut().fit(asked, answers)
    assert spectrum(asked.masks) == pytest.approx(answers)
    assert slopes(spectrum) == pytest.approx(
        [answers[0] - row[(~np.eye(6, dtype=bool))[i].tobytes()] for i in range(6)]
    )
    everything = LeaveOneOut().fit(design, values)  # finds its rows in any design that holds them
    assert everything.values == pytest.approx(spectrum.values)


def test_leave_one_out_names_what_it_lacks():
    with pytest.raises(SolverError, match="raise the budget"):
        LeaveOneOut().design(20, 20, 0)
    masks = uniform_masks(20, 50, 0)
    with pytest.raises(SolverError, match=r"LeaveOneOut\(\)\.design"):
        LeaveOneOut().fit(Design(masks), np.zeros(50))


@pytest.mark.parametrize(("m", "n"), [(200, 12), (60, 100)])
def test_lasso_meets_the_conditions_of_its_optimum_at_its_penalty(m, n):
    rng = np.random.default_rng(0)
    columns = 1.0 - 2.0 * uniform_masks(n, m, 0)
    values = 2.0 * columns[:, 0] - columns[:, 1] + rng.normal(size=m)
    constant, weight, penalty, error = lasso_by_folds(columns, values, 0)
    residual = values - constant - columns @ weight
    gradient = (columns - columns.mean(0)).T @ residual / m
    assert residual.mean() == pytest.approx(0.0, abs=1e-9)
    assert np.abs(gradient).max() <= penalty + 1e-2
    assert gradient[weight != 0] == pytest.approx(penalty * np.sign(weight[weight != 0]), abs=1e-2)
    assert weight[:2].all() and 0.5 < error < 2.0
    assert np.array_equal(lasso_by_folds(columns, values, 0).slopes, weight)
    assert lasso_by_folds(columns, values, 1).error != error  # other folds


def test_lasso_finds_the_few_players_that_matter_and_drops_most_others():
    n, m = 150, 120
    masks, fresh = uniform_masks(n, m, 0), uniform_masks(n, 500, 1)
    rng = np.random.default_rng(0)
    truth = Spectrum(n, {(): 1.0, (3,): -2.0, (70,): 1.5, (149,): 1.0})
    spectrum = Lasso().fit(Design(masks), truth(masks) + 0.3 * rng.normal(size=m))
    assert {(3,), (70,), (149,)} <= set(spectrum.terms) and len(spectrum) < n / 2
    assert r2(truth(fresh), spectrum(fresh)) > 0.95


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("solver", [Lasso(), FBII2(), LIME(), KernelSHAP()], ids=lambda s: s.name)
def test_equal_values_and_two_masks(solver):
    masks = uniform_masks(5, 20, 0)
    assert solver.fit(Design(masks), np.full(20, 0.1))(masks) == pytest.approx(np.full(20, 0.1))
    two = masks[:2]
    assert np.isfinite(solver.fit(Design(two), np.array([1.0, 2.0])).values).all()
