"""Rivals are fitted on the run's own ablations and scored as the run is; each is told as a run of its own."""

import pytest

import spexviz as sv
from spexviz.run.compare import compare, rivals

PAIR = "3*x0*x1 - 2*x2*x3 + x4 + 0.5*x11"


def test_a_rival_on_the_same_masks_gives_the_point_of_its_own_run():
    game = sv.SyntheticGame(PAIR, noise=0.2)
    run = sv.explain(game, sv.Linear(), 128, baselines=())
    own = sv.explain(game, sv.ProxySPEX(), 128)
    (rival,) = compare(run, [sv.ProxySPEX()])
    point = rival.fidelity
    assert (point.solver, point.budget, point.held_out) == ("proxyspex", 128, 115)
    assert point.r2 == pytest.approx(own.fidelity.r2)
    # the upper end knows how the curve of its own run rose
    assert point.interval[0] == pytest.approx(own.fidelity.interval[0]) and point.local == own.fidelity.local


def test_a_rival_is_a_run_whose_sets_are_its_own():
    run = sv.explain(sv.SyntheticGame(PAIR, noise=0.2), sv.ProxySPEX(), 128)
    (rival,) = compare(run, [sv.Linear()])
    assert rival.spec.solver_name == "linear" and rival.spec.seed == run.spec.seed
    assert not len(rival.interactions().top(1, include_singletons=False)) and not rival.checks
    assert len(run.interactions().top(1, include_singletons=False))
    assert rival.sample is run.sample and sv.Explanation.from_json(rival.to_json()).spec == rival.spec


def test_rivals_are_all_that_fit_any_masks_but_the_own_one_the_fast_ones_first():
    run = sv.explain(sv.SyntheticGame(PAIR, noise=0.2), sv.Linear(), 64, baselines=())
    names = [solver.name for solver in rivals(run)]
    # SPEX asks masks of its own
    assert {"proxyspex", "lime", "kernelshap"} <= set(names) and not {"linear", "spex"} & set(names)
    assert names.index("lime") < names.index("proxyspex")


def test_of_an_exact_run_r2_is_how_much_of_the_exact_answer_a_solver_gives_back():
    run = sv.explain(sv.SyntheticGame("x0*x1 + x2"), sv.Auto(), 64)
    linear, pairs = compare(run, [sv.Linear(), sv.ProxySPEX()])
    assert run.proof.exact and not linear.proof.exact
    assert 0.8 < linear.fidelity.r2 <= run.baseline.r2 < 0.9
    assert linear.fidelity.interval == (linear.fidelity.r2,) * 2 and not linear.fidelity.held_out
    assert pairs.fidelity.r2 > 0.95
