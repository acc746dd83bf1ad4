"""The R² to expect: from the run's own curve, with an interval that grows with the way to go."""

from __future__ import annotations

import math

import pytest

from benchmarks import more as benchmark
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation, Fidelity
from spexviz.run.expected import by_curve, expected, own_curve


def points(*curve: tuple[int, float], width: float = 0.1) -> list[Fidelity]:
    return [Fidelity("auto", budget, r2, (r2 - width / 2, r2 + width / 2)) for budget, r2 in curve]


def test_a_curve_that_rises_goes_on_rising_by_less_and_less_surely() -> None:
    rising = points((64, 0.3), (128, 0.5), (256, 0.65), (512, 0.75))
    twice, four = (by_curve(rising, budget) for budget in (1024, 2048))
    assert 0.75 < twice.r2 < four.r2 < 1.0 and not twice.is_flat
    for said in (twice, four):
        assert said.interval[0] < said.r2 < said.interval[1] < 1.0
    assert four.interval[1] - four.interval[0] > twice.interval[1] - twice.interval[0]
    narrow = by_curve(points((128, 0.5), (256, 0.65), (512, 0.75), width=0.02), 1024)
    assert narrow.interval[1] - narrow.interval[0] < twice.interval[1] - twice.interval[0]


def test_a_flat_or_falling_curve_is_expected_to_stay() -> None:
    for curve in (points((128, 0.7), (256, 0.7), (512, 0.7)), points((128, 0.75), (256, 0.72), (512, 0.7))):
        said = by_curve(curve, 1024)
        assert said.r2 == pytest.approx(0.7) and said.is_flat and said.interval[0] < 0.7 < said.interval[1]


def test_nothing_is_said_of_one_point_nor_of_fewer_ablations() -> None:
    assert by_curve(points((64, 0.5)), 128) is None and by_curve([], 128) is None
    assert by_curve(points((64, 0.5), (128, 0.6)), 128) is None
    perfect = by_curve(points((64, 1.0), (128, 1.0), width=0.0), 256)
    assert math.isfinite(perfect.r2) and perfect.interval[1] <= 1.0


def test_of_a_run_the_solver_that_is_shown_counts() -> None:
    path = ASSETS / "runs" / "prompt" / "turns.json"
    run = Explanation.from_json(path.read_text(encoding="utf-8"))
    own = own_curve(run)
    assert [point.budget for point in own] == [64, 128, 256, 512, 1024] and own[-1] == run.fidelity
    said = expected(run, 2048)
    assert said.now == run.fidelity.r2 < said.r2 < said.interval[1]


def test_what_was_stated_held_as_often_as_is_said() -> None:
    """On what benchmarks.more has kept, and on the curves of the recorded runs."""
    found = benchmark.coverage(benchmark.kept())
    for kind in ("recorded games", "recorded runs"):
        for factor in benchmark.FACTORS:
            assert found[f"{kind}, {factor} times"]["held"] >= 0.8, (kind, factor, found)
    games = [found[f"recorded games, {factor} times"] for factor in benchmark.FACTORS]
    assert sum(one["statements"] for one in games) > 90 and all(one["held"] <= 0.97 for one in games)
