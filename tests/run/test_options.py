"""What a run does beside its fits: options in the spec, checks of sets, and an early end."""

from __future__ import annotations

import pytest

from spexviz.ablate.runner import Progress
from spexviz.errors import SpecError
from spexviz.games.synthetic import SyntheticGame
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.run import plan as planning
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.spec import Options, RunSpec
from spexviz.spectrum import Spectrum
from tests.run.noted import ASKED, SOURCE, Noted, explain


def test_options_that_nobody_reads_are_refused() -> None:
    with pytest.raises(SpecError, match="leave others out"):
        Options.of({"faster": True})


PLAIN = RunSpec({"name": "synthetic", "source": "x0*x1"}, {"name": "linear"}, 64)


def test_options_enter_the_id_and_their_defaults_do_not() -> None:
    without = RunSpec(
        PLAIN.game,
        PLAIN.solver,
        64,
        0,
        Options.of({"validate": False, "target_r2": None, "stop_when_flat": False}),
    )
    assert (
        planning.Request.of(without).spec == planning.Request.of(PLAIN).spec
        and planning.Request.of(PLAIN).spec.options == Options()
    )
    eight, by_name = (
        planning.Request.of(RunSpec(PLAIN.game, PLAIN.solver, 64, 0, Options.of({"validate": v}))).spec
        for v in (8, True)
    )
    assert eight == by_name and eight.id != planning.Request.of(PLAIN).spec.id
    assert planning.Request.of(eight).spec == eight


@pytest.mark.parametrize(
    "wrong",
    [
        {"validate": -1},
        {"validate": 3.5},
        {"validate": 10**6},
        {"target_r2": 1.5},
        {"target_r2": "high"},
        {"stop_when_flat": 1},
    ],
)
def test_options_that_mean_nothing_are_refused(wrong: dict) -> None:
    with pytest.raises(SpecError):
        Options.of(wrong)
    with pytest.raises(SpecError):
        explain(SyntheticGame("x0"), Linear(), 64, **wrong)


def test_checks_are_counted_apart_and_stay_within_a_quarter_of_the_budget() -> None:
    told: list[Progress] = []
    partial: list[Explanation] = []
    result = explain(
        Noted(SOURCE, noise=2.0), ProxySPEX(), 128, validate=4, progress=told.append, partial=partial.append
    )
    assert 1 <= len(result.checks) <= 4 and all(2 <= len(check.members) <= 4 for check in result.checks)
    assert (
        0 < result.proof.spent_on_checks <= 32 and len(result.sample.values) == 128 == result.fidelity.budget
    )
    fits = 128 + 128 + 2
    assert len(set(ASKED)) == len(ASKED) == result.ablations
    assert result.ablations == fits + result.proof.spent_on_checks + result.measured.ablations
    checking = [progress for progress in told if progress.phase == "checking the sets shown"]
    assert checking[-1].done == fits + result.proof.spent_on_checks
    assert checking[-1].total == fits + 32 + 16 + 15  # sixteen sets taken out, and 15 masks between the ends
    assert told[-1].phase == "measuring the leading players themselves"
    # checks have asked some of the masks that are looked at again
    assert (
        told[-1].done == told[-1].total == fits + result.proof.spent_on_checks + len(result.measured.sample)
    )
    # the picture stands before the checks, should they be cancelled
    assert partial[-1].complete and not partial[-1].checks
    assert result.spec.options == Options(validate=4)
    assert Explanation.from_json(result.to_json()).checks == result.checks


def test_a_checked_run_from_its_spec_is_the_same_run() -> None:
    first = explain(SyntheticGame(SOURCE), ProxySPEX(), 64, seed=3, validate=True)
    again = pipeline.run(planning.Request.of(RunSpec.from_json(first.spec.to_json())))
    assert again.spec == first.spec and again.spec.id == first.spec.id and again.checks == first.checks
    assert (again.spectrum, again.fidelity.r2) == (first.spectrum, first.fidelity.r2)


def test_real_sets_are_confirmed() -> None:
    result = explain(SyntheticGame(SOURCE, noise=0.1), ProxySPEX(), 160, validate=3)
    assert {(check.members, check.verdict) for check in result.checks} == {
        ((0, 1), "confirmed"),
        ((2, 5), "confirmed"),
        ((3, 8, 9), "confirmed"),
    }


def test_an_exact_run_reads_its_checks_off() -> None:
    result = explain(Noted("x0*x1 - 2*x2*x3"), Linear(), 64, validate=True)
    assert result.proof.exact and len(ASKED) == 16 and result.proof.spent_on_checks == 0
    assert {(c.members, c.verdict, c.interval) for c in result.checks} == {
        ((0, 1), "confirmed", (1.0, 1.0)),
        ((2, 3), "confirmed", (-2.0, -2.0)),
    }


def test_a_linear_spectrum_has_nothing_to_check() -> None:
    result = explain(Noted(SOURCE), Linear(), 128, validate=True)
    assert result.checks == () and len(ASKED) == 128 + 128 + 2 + result.measured.ablations


def test_a_target_ends_the_run_at_a_checkpoint() -> None:
    result = explain(Noted("3*x0 - 2*x11", n=14), Linear(), 1024, target_r2=0.9)
    assert (
        result.complete
        and result.fidelity.budget == len(result.sample.values) == 64
        and result.fidelity.interval[0] >= 0.9
    )
    assert result.fidelity.held_out == planning.held_out_count(64) == 128
    # two players matter: each is left out, both are, and the first is put in
    assert result.measured.ablations == 4 and len(ASKED) == 64 + 128 + 2 + 4
    assert (
        "after 64 of 1,024" in result.stopped
        and "target of 0.9" in result.stopped
        and Explanation.from_json(result.to_json()).stopped == result.stopped
    )
    never = explain(SyntheticGame(SOURCE, noise=1.0), Linear(), 128, target_r2=0.99)
    assert never.fidelity.budget == 128 and not never.stopped


def test_a_flat_curve_ends_the_run_and_a_hopeless_one_does_not() -> None:
    flat = explain(SyntheticGame("3*x0 - 2*x11", n=14), Linear(), 1024, stop_when_flat=True)
    assert flat.fidelity.budget == 256 and "two doublings" in flat.stopped  # 64, 128 and 256 score the same
    hopeless = explain(SyntheticGame(Spectrum(16, {(0, 1): 1.0})), Linear(), 1024, stop_when_flat=True)
    assert hopeless.fidelity.budget == 1024 and not hopeless.stopped and hopeless.fidelity.r2 < 0.05
    assert not explain(SyntheticGame("3*x0 - 2*x11", n=14), Linear(), 1024).stopped
