"""Rivals are fitted on the run's own ablations and scored on its own held-out masks."""

import pytest

import spexviz as sv
from spexviz.masks import uniform_masks
from spexviz.run.compare import compare, rivals

PAIR = "3*x0*x1 - 2*x2*x3 + x4 + 0.5*x11"


def test_a_rival_on_the_same_masks_gives_the_point_of_its_own_run():
    game = sv.SyntheticGame(PAIR, noise=0.2)
    run = sv.explain(game, sv.Linear(), 128, baselines=())
    own = sv.explain(game, sv.ProxySPEX(), 128)
    (point,) = compare(run, [sv.ProxySPEX()])
    assert (point.solver, point.budget, point.held_out) == ("proxyspex", 128, 115)
    assert point.r2 == pytest.approx(own.fidelity.r2)
    # the upper end knows how the curve of its own run rose
    assert point.interval[0] == pytest.approx(own.fidelity.interval[0]) and point.local == own.fidelity.local


def test_rivals_are_what_the_curve_does_not_show():
    run = sv.explain(sv.SyntheticGame(PAIR, noise=0.2), sv.Linear(), 64, baselines=())
    names = {solver.name for solver in rivals(run)}
    # SPEX asks masks of its own
    assert "proxyspex" in names and "linear" not in names and "spex" not in names


def test_an_exact_run_has_nothing_held_out_to_compare_on():
    run = sv.explain(sv.SyntheticGame("x0*x1 + x2"), sv.Linear(), 64)
    assert run.proof.exact and list(compare(run, [sv.ProxySPEX()])) == []
    assert len(uniform_masks(3, 8, 0)) == len(run.sample.masks)
