"""What a run says of the time to come: ablations, fits and scores."""

from __future__ import annotations

import time

import pytest

from spexviz.ablate.runner import Progress
from spexviz.games.synthetic import SyntheticGame
from spexviz.run import ahead, pipeline
from spexviz.run.ahead import Ahead
from spexviz.run.plan import Request, new_options
from spexviz.solvers import base
from spexviz.solvers.auto import Auto
from spexviz.solvers.linear import Linear


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_PACES", {})
    monkeypatch.setattr(base, "PACES", {})


def of(solver: object, budget: int = 512) -> Ahead:
    request = Request(SyntheticGame("x0*x1", n=30), solver, budget, 0, new_options(solver))
    return Ahead(request, (solver, Linear()))


def test_every_fit_to_come_is_counted_and_those_made_are_not() -> None:
    one = of(Auto())
    one.plan([64, 128, 256, 512], folds=5)
    before = [one.seconds(10.0)]
    for count in (64, 128, 256):
        with one.step(count):
            pass
        before.append(one.seconds(10.0))
    assert before == sorted(before, reverse=True) and before[-1] > 0
    with one.step(512):
        pass
    assert one.seconds(10.0) == 0


def test_a_step_that_goes_on_is_counted_down(monkeypatch: pytest.MonkeyPatch) -> None:
    one = of(Linear(), 64)
    one.plan([64], folds=5)
    whole = one.seconds(0.0)
    now = time.perf_counter()
    monkeypatch.setattr(ahead.time, "perf_counter", lambda: now)
    with one.step(64):
        now += whole / 2
        assert one.seconds(0.0) == pytest.approx(whole / 2)
        now += whole
        assert one.seconds(0.0) == 0, "it takes longer than expected, and nothing else is to come"


def test_steps_are_learnt_by_their_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of a process is left out: it pays for what is made once."""
    now = time.perf_counter()
    monkeypatch.setattr(ahead.time, "perf_counter", lambda: now)
    one = of(Linear())
    for seconds in (60.0, 3.0, 3.0):
        one.plan([64, 64 * 8])
        with one.step(64):
            now += seconds
        with one.step(512):
            now += 20.0
    one.plan([64, 512])
    assert one.seconds(0.0) == pytest.approx(3.0 + 20.0)


def test_a_comparison_with_fp32_is_counted_until_it_is_made() -> None:
    one = of(Linear())
    one.comparing = True
    assert one.seconds(10.0) == pytest.approx(ahead.EXACT_TIMES * ahead.MASKS / 10.0)
    one.comparing = False
    assert one.seconds(10.0) == 0


def test_what_is_left_of_a_run_is_never_only_its_ablations() -> None:
    told: list[Progress] = []
    solver = Auto()
    pipeline.explain(SyntheticGame("x0*x1 + x2", n=16), solver, 128, progress=told.append)
    fits = [one for one in told if one.phase.startswith("fitting 128")]
    assert fits and all(one.eta is not None and one.eta > 0.01 for one in fits[:1])
    middle = next(one for one in told if one.done >= 66)
    assert middle.eta > (middle.total - middle.done) / middle.rate


def test_phases_are_named_by_what_is_done() -> None:
    told: list[Progress] = []
    pipeline.explain(SyntheticGame("x0*x1 + x2", n=16), Auto(), 128, progress=told.append, validate=2)
    phases = list(dict.fromkeys(one.phase for one in told))
    asked = ["asking with everything and with nothing", "ablations"]
    assert phases[:4] == ["preparing", *asked, "fitting 64 ablations"]
    assert "scoring the fit of 64 ablations on what it has not seen" in phases
    assert phases.index("trying other solvers") > phases.index("fitting 128 ablations")
    assert not any("model" in phase for phase in phases)
