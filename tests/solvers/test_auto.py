from __future__ import annotations

import numpy as np
import pytest

from spexviz.errors import SolverError
from spexviz.kit.registry import offered
from spexviz.masks import all_masks, uniform_masks
from spexviz.metrics import r2
from spexviz.results import Folds
from spexviz.solvers.auto import Auto, Blended
from spexviz.solvers.base import Design
from spexviz.solvers.blend import blend_weights
from spexviz.solvers.gp.solver import GaussianProcess
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.spec import build, describe
from spexviz.spectrum import Spectrum


def game(n, seed):
    rng = np.random.default_rng(seed)
    pairs = {
        (int(i), int(i) + 1 + int(j)): rng.normal()
        for i, j in zip(rng.integers(0, n - 6, 12), rng.integers(0, 5, 12), strict=True)
    }
    return Spectrum(n, {(): 1.0, **{(i,): rng.normal() for i in range(n)}, **pairs, (0, 1, 2): 1.0})


def test_weights_go_to_the_better_solver_when_the_evidence_is_plain():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=2000)
    good, bad = truth + 0.1 * rng.normal(size=2000), rng.normal(size=2000)
    assert blend_weights(truth, {"linear": bad, "gp": good, "proxyspex": bad}) == {
        "gp": 1.0,
        "linear": 0.0,
        "proxyspex": 0.0,
    }
    assert blend_weights(truth, {"linear": bad, "gp": bad, "proxyspex": good})["proxyspex"] > 0.9


def test_few_masks_leave_the_weight_with_the_process():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=10)
    weights = blend_weights(
        truth, {"gp": truth + 0.5 * rng.normal(size=10), "linear": truth + 0.45 * rng.normal(size=10)}
    )
    assert weights["gp"] >= 0.6 and sum(weights.values()) == pytest.approx(1.0)


def test_a_perfect_process_keeps_all_the_weight():
    truth = np.random.default_rng(0).normal(size=50)
    assert blend_weights(truth, {"gp": truth, "linear": 0.9 * truth})["gp"] == 1.0


@pytest.mark.parametrize("seed", [0, 1])
def test_close_to_the_best_of_the_three(seed):
    n, m = 16, 200
    truth = game(n, seed)
    masks, held = uniform_masks(n, m, seed), uniform_masks(n, 400, seed + 10)
    values = truth(masks) + 0.5 * np.random.default_rng(seed).normal(size=m)
    solvers = (GaussianProcess(draws=0), Linear(), ProxySPEX(), Auto(draws=0))
    *three, auto = (r2(truth(held), solver.fit(Design(masks), values)(held)) for solver in solvers)
    assert auto > max(three) - 0.03


def test_shape_draws_notes_and_determinism():
    masks = uniform_masks(16, 120, 0)
    values = game(16, 3)(masks) + 0.3 * np.random.default_rng(0).normal(size=120)
    first, second = (
        Auto(terms=15, max_order=3, draws=25).fit(Design(masks), values, seed=2) for _ in range(2)
    )
    assert first == second and (first.draws == second.draws).all()
    assert (first.orders == 1).sum() == 16 and (first.orders > 1).sum() <= 15 and first.orders.max() <= 3
    assert first.draws.shape == (25, len(first))
    assert sum(value for key, value in first.notes.items() if key.startswith("weight of")) == pytest.approx(
        1.0
    )
    centred = np.abs(first.draws.mean(0) - first.values) / (first.draws.std(0) + 1e-12)
    assert centred.max() < 1.5  # the draws stand about the blend


def test_linear_function_at_few_masks_is_not_below_linear():
    n, m = 40, 64
    rng = np.random.default_rng(0)
    truth = Spectrum(n, {(i,): value for i, value in enumerate(rng.normal(size=n))})
    masks, held = uniform_masks(n, m, 0), uniform_masks(n, 300, 1)
    values = truth(masks) + 2.0 * rng.normal(size=m)
    auto, linear = (
        r2(truth(held), solver.fit(Design(masks), values)(held)) for solver in (Auto(draws=0), Linear())
    )
    assert auto > linear - 0.03


def test_smallest_cases():
    for n, m in ((1, 2), (2, 4), (20, 17)):
        masks = uniform_masks(n, m, 0)
        assert np.isfinite(
            Auto(draws=5).fit(Design(masks), masks[:, 0] * 1.0 + 0.1 * masks.sum(1)).values
        ).all()
    masks = all_masks(6)
    truth = Spectrum(6, {(): 0.5, (0, 1): 1.0, (2, 3, 4): 0.5})
    np.testing.assert_allclose(Auto().fit(Design(masks), truth(masks))(masks), truth(masks), atol=1e-12)
    assert Auto().fit(Design(masks), np.ones(64)).energy() == 0.0


def test_errors_name_the_remedy():
    with pytest.raises(SolverError, match="needs max_order"):
        Auto(terms=-1)


def test_old_specs_blend_at_every_fit_and_new_ones_are_the_process():
    masks = uniform_masks(16, 120, 0)
    values = game(16, 3)(masks) + 0.3 * np.random.default_rng(0).normal(size=120)
    old = build({"auto": Auto}, {"name": "auto", "max_order": 5, "terms": 200, "draws": 20}, "solver")
    assert old == Auto(terms=200, draws=20, blend="always") and "blend" not in describe(old)
    weights = {name for name in old.fit(Design(masks), values).notes if name.startswith("weight of")}
    assert weights == {"weight of gp", "weight of linear", "weight of proxyspex"}
    new = Auto(terms=60, draws=20).fit(Design(masks), values)
    alone = GaussianProcess(terms=60, draws=20).fit(Design(masks), values)
    assert new == alone and (new.draws == alone.draws).all() and new.notes["weight of gp"] == 1.0


def folds_of(fit, m):
    return Folds(tuple(k % 5 for k in range(m)), (fit,) * 5)


def test_others_are_blended_in_only_where_unseen_masks_say_so():
    n, m = 16, 300
    truth = Spectrum(n, {(i,): 1.0 for i in range(n)})
    masks = uniform_masks(n, m, 0)
    design = Design(masks)
    values = truth(masks) + 0.5 * np.random.default_rng(0).normal(size=m)
    auto = Auto(draws=200)
    assert auto.revised(design, values, folds_of(truth, m), 0) is auto  # nothing is better than the truth
    half = Spectrum(n, {(i,): 0.5 for i in range(n)})
    blend = auto.revised(design, values, folds_of(half, m), 0)
    assert blend is not auto and dict(blend.weights)["gp"] < 0.7 and blend.name == "auto"
    assert Auto(blend="always").revised(design, values, folds_of(half, m), 0).blend == "always"
    rare = (masks[:, :6].all(1)) * 1.0  # of which a fold holds one or two: no judgement
    wrong = Spectrum(n, {(i,): 0.5 for i in range(n)})
    assert auto.revised(design, rare, folds_of(wrong, m), 0) is auto


def test_the_draws_of_a_blend_are_as_wide_as_it_has_moved():
    n, m = 12, 200
    masks = uniform_masks(n, m, 0)
    design = Design(masks)
    values = game(n, 1)(masks)
    blend = Blended(draws=2000, weights=(("gp", 0.4), ("linear", 0.6), ("proxyspex", 0.0)))
    found, alone = blend.fit(design, values), GaussianProcess(draws=2000).fit(design, values)
    strongest = max(alone.terms, key=lambda term: len(term) > 1 and abs(alone.coefficients[term]))
    moved = abs(found.coefficients[strongest] - alone.coefficients[strongest])
    spread = found.draws[:, found.terms.index(strongest)].std()
    assert moved > 0.1 and spread == pytest.approx(moved, rel=0.1)
    assert "auto" in offered("spexviz.solvers") and Blended not in offered("spexviz.solvers").values()
