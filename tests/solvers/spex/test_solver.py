"""SPEX: exact recovery over many seeds, noise, nested designs, budgets, small games, and the defects of the
references.
"""

import numpy as np
import pytest

from spexviz.errors import SolverError
from spexviz.masks import all_masks, distinct, uniform_masks
from spexviz.solvers.base import Design
from spexviz.solvers.spex.bch import bch
from spexviz.solvers.spex.decode import Geometry, peel, transform
from spexviz.solvers.spex.solver import SPEX, SpexDesign, decode
from spexviz.spectrum import Spectrum


def sparse(n, terms, orders, seed):
    """A random spectrum: `terms` sets of the given orders, coefficients ±U(0.3, 1)."""
    rng = np.random.default_rng([seed, n])
    sets = set()
    while len(sets) < terms:
        sets.add(tuple(sorted(map(int, rng.choice(n, rng.choice(orders), replace=False)))))
    return Spectrum(n, {s: float(rng.uniform(0.3, 1.0) * rng.choice([-1, 1])) for s in sorted(sets)})


def noisy(truth, masks, decibels, seed):
    scale = np.sqrt(truth.energy() / 10 ** (decibels / 10))
    return truth(masks) + np.random.default_rng([seed, 77]).normal(size=len(masks)) * scale


def r2(spectrum, truth):
    masks = uniform_masks(truth.n, 2000, seed=12345)
    y = truth(masks)
    return 1 - ((spectrum(masks) - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()


@pytest.mark.parametrize("decoder", ["soft", "hard"])
def test_exact_recovery_without_noise_over_100_seeds(decoder):
    """n = 100, ten terms of order 5, b = 5: at least 95 of 100 seeds."""
    solver, exact = SPEX(decoder=decoder), 0
    for seed in range(100):
        truth = sparse(100, 10, [5], seed)
        design = solver.design(100, 3936, seed)
        sets = decode(design, truth(design.masks), decoder == "soft")
        exact += {tuple(row[row < 100].tolist()) for row in sets} == set(truth.terms)
    assert exact >= 95


@pytest.mark.parametrize("seed", range(5))
def test_coefficients_are_exact_without_noise(seed):
    truth = sparse(100, 10, [1, 2, 3, 4, 5], seed)
    design = SPEX().design(100, 3936, seed)
    spectrum = SPEX().fit(design, 3.0 + 10 * truth(design.masks))
    assert set(spectrum.terms) == {*truth.terms, ()}
    assert spectrum.coefficients[()] == pytest.approx(3.0, abs=1e-6)
    for term, value in truth.coefficients.items():
        assert spectrum.coefficients[term] == pytest.approx(10 * value, abs=1e-6)


def test_a_thousand_players():
    for seed in range(3):
        truth = sparse(1000, 20, [5], seed)
        design = SPEX().design(1000, 3 * 2**7 * 56, seed)
        sets = decode(design, truth(design.masks))
        assert {tuple(row[row < 1000].tolist()) for row in sets} == set(truth.terms)


@pytest.mark.parametrize("decoder", ["soft", "hard"])
def test_recall_at_10_decibels(decoder):
    solver, recalls, fits = SPEX(decoder=decoder), [], []
    for seed in range(6):
        n, terms, budget = [(64, 15, 3 * 2**6 * 36), (100, 20, 3 * 2**7 * 41)][seed % 2]
        truth = sparse(n, terms, [2, 3, 4, 5], seed)
        design = solver.design(n, budget, seed)
        spectrum = solver.fit(design, noisy(truth, design.masks, 10, seed))
        recalls.append(len(set(truth.terms) & set(spectrum.terms)) / terms)
        fits.append(r2(spectrum, truth))
    assert np.mean(recalls) >= 0.95
    assert np.mean(fits) >= 0.98


def test_soft_decoding_finds_more_under_noise():
    found = {}
    for decoder in ("soft", "hard"):
        found[decoder] = 0
        for seed in range(6):
            truth = sparse(64, 15, [4, 5], seed)
            design = SPEX().design(64, 3 * 2**6 * 36, seed)
            sets = decode(design, noisy(truth, design.masks, 0, seed), decoder == "soft")
            found[decoder] += len({tuple(row[row < 64].tolist()) for row in sets} & set(truth.terms))
    assert found["soft"] > found["hard"]


@pytest.mark.parametrize("seed", range(4))
def test_synthetic_peak_where_boosted_trees_fail(seed):
    """facts §3: ten random sets of order 5, coefficients U(−1, 1), no subsets."""
    rng = np.random.default_rng(seed)
    truth = Spectrum(
        40,
        {
            tuple(sorted(map(int, rng.choice(40, 5, replace=False)))): float(rng.uniform(-1, 1))
            for _ in range(10)
        },
    )
    design = SPEX().design(40, 3500, seed)
    spectrum = SPEX().fit(design, truth(design.masks))
    assert r2(spectrum, truth) > 0.999


def test_the_refit_improves_on_what_peeling_gives():
    """facts §4.1: the reference skips this step.

    A noisy function with many singletons that are too small to decode.
    """
    rng = np.random.default_rng(0)
    truth = Spectrum(60, {**{(i,): float(rng.normal()) for i in range(60)}, (1, 2, 3): 1.0, (4, 9): 2.0})
    design = SPEX().design(60, 1000, 0)
    values = noisy(truth, design.masks, 5, 0)
    geometry = Geometry.of(design.subspaces, np.vstack([np.zeros((1, 60), dtype=bool), bch(60, 5).parity]))
    sets, coefficients = peel(transform(values[design.rows]), geometry, bch(60, 5), soft=True)
    peeled = Spectrum(
        60, {tuple(row[row < 60].tolist()): c for row, c in zip(sets, coefficients, strict=True)}
    )
    refitted = SPEX().fit(design, values)
    assert r2(refitted, truth) > max(0.85, r2(peeled, truth) + 0.05)


def test_noise_alone_gives_few_terms():
    design = SPEX().design(50, 3500, 0)
    spectrum = SPEX().fit(design, 5.0 + np.random.default_rng(0).normal(size=len(design)))
    assert spectrum.energy() < 0.1
    assert spectrum.coefficients[()] == pytest.approx(5.0, abs=0.1)


def test_constant_values():
    design = SPEX().design(30, 672, 0)
    assert SPEX().fit(design, np.full(len(design), 2.5)).coefficients == {(): 2.5}


def test_same_seed_same_result_and_no_global_random_state():
    before = np.random.get_state()[1].copy()
    truth = sparse(50, 12, [1, 2, 3], 1)
    runs = []
    for _ in range(2):
        design = SPEX().design(50, 2000, 7)
        runs.append((design, SPEX().fit(design, noisy(truth, design.masks, 5, 0), seed=3)))
    assert (runs[0][0].masks == runs[1][0].masks).all()
    assert runs[0][1] == runs[1][1]
    assert (np.random.get_state()[1] == before).all()
    assert not (SPEX().design(50, 2000, 8).masks[:2000] == runs[0][0].masks).all()


@pytest.mark.parametrize("n", [14, 40, 300])
def test_designs_are_distinct_nested_and_cost_what_is_said(n):
    solver = SPEX(max_order=3)
    small, large = solver.levels(n, 10**4)[:2]
    one, two = solver.design(n, small, 5), solver.design(n, large, 5)
    assert len(distinct(two.masks)) == len(two.masks) == solver.cost(n, large)
    assert two.level == one.level + 1
    whole = len(np.unique(one.rows))
    assert (two.masks[:whole] == one.masks[:whole]).all()
    assert (one.rows == two.rows[..., : 2**one.level]).all()


def test_structured_masks_are_where_the_design_says():
    design = SPEX(max_order=2).design(30, 700, 3)
    for c, d, column in [(0, 0, 0), (1, 5, 3), (2, 12, 7)]:
        bits = (column >> np.arange(design.level)) & 1
        zero = design.masks[design.rows[0, d, 0]]
        expected = (design.subspaces[c] @ bits % 2).astype(bool) ^ zero
        assert (design.masks[design.rows[c, d, column]] == expected).all()
    assert not design.masks[design.rows[0, 0, 0]].any()


def test_every_checkpoint_is_a_valid_smaller_design():
    solver = SPEX(max_order=3)
    design = solver.design(40, 3000, 0)
    checkpoints = solver.checkpoints(40, 3000)
    assert checkpoints == tuple(sorted(checkpoints)) and checkpoints[-1] == len(design) == 3000
    truth = sparse(40, 6, [1, 2, 3], 0)
    for m, level in zip(checkpoints, (3, 4, 5, 5), strict=False):
        head = design.head(m)
        assert len(head) == m and head.level == level
        assert r2(solver.fit(head, truth(head.masks)), truth) > 0.999
    assert (design.head(m).masks == design.masks).all()


def test_budget_between_two_levels_is_used():
    solver = SPEX()
    design = solver.design(32, 1000, 0)
    assert len(design) == 1000 and design.level == 3
    notes = solver.fit(design, sparse(32, 5, [1, 2], 0)(design.masks)).notes
    assert notes["masks_refitted"] == 1000 and notes["masks_decoded"] <= 672


@pytest.mark.parametrize(
    ("n", "b", "queries"), [(32, 3, 672), (32, 8, 21504), (1000, 3, 1344), (1000, 8, 43008)]
)
def test_levels_cost_what_the_paper_says(n, b, queries):
    assert SPEX().levels(n, queries)[-1] == queries
    assert len(SPEX().levels(n, queries)) == b - 2


def test_too_small_a_budget_names_the_remedies():
    assert SPEX().least(32) == 672
    for call in (SPEX().cost, SPEX().checkpoints, lambda n, budget: SPEX().design(n, budget, 0)):
        with pytest.raises(
            SolverError, match=r"672 .*raise the budget, lower max_order, or choose another solver"
        ):
            call(32, 671)
    assert SPEX(max_order=2).least(32) < 672


@pytest.mark.parametrize("n", [1, 2, 3, 6, 8])
def test_small_games_are_enumerated_once(n):
    """facts §4.7: the reference asks 504 queries for the 64 masks of six players."""
    design = SPEX().design(n, 2**n, 0)
    assert len(design) == 2**n == SPEX().cost(n, 10**6)
    values = np.random.default_rng(n).normal(size=2**n)
    spectrum = SPEX().fit(design, values)
    assert np.allclose(spectrum(design.masks), values)
    assert len(distinct(np.vstack([design.masks, all_masks(n)]))) == 2**n


def test_orders_above_the_wanted_are_left_out():
    design = SPEX(max_order=2).design(30, 600, 0)
    spectrum = SPEX(max_order=2).fit(design, sparse(30, 4, [1, 2], 0)(design.masks))
    assert spectrum.orders.max() <= 2


def test_wrong_input_is_refused():
    design = SPEX().design(32, 700, 0)
    with pytest.raises(SolverError, match="ProxySPEX"):
        SPEX().fit(Design(design.masks), np.zeros(700))
    with pytest.raises(SolverError, match="no whole level"):
        SPEX().fit(design.head(100), np.zeros(100))
    with pytest.raises(SolverError, match="finite"):
        SPEX().fit(design, np.full(700, np.nan))
    for options in ({"max_order": 0}, {"max_order": 9}, {"decoder": "psychic"}):
        with pytest.raises(SolverError):
            SPEX(**options)
    assert isinstance(design.head(700), SpexDesign)
