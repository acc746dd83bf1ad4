from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import spexviz
from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.runner import Progress
from spexviz.errors import Cancelled, MemoryFull, SolverError, SpecError
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import Masks, Values, all_masks, keys
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.run import plan as planning
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.spec import RunSpec, describe
from tests.run.noted import ASKED, SOURCE, Noted, explain


@pytest.mark.parametrize(
    ("budget", "held"), [(1, 128), (64, 128), (256, 128), (258, 129), (512, 256), (1024, 512), (4096, 512)]
)
def test_held_out_masks_for_a_budget(budget: int, held: int) -> None:
    assert planning.held_out_count(budget) == held


def test_numbers_of_numpy_make_the_same_run() -> None:
    """Case 16."""
    options = {"validate": 2, "target_r2": 0.875, "stop_when_flat": True}
    python = explain(SyntheticGame(SOURCE, 0.25), Linear(), 64, 3, **options)
    of_numpy = {name: np.asarray(value)[()] for name, value in options.items()}
    game = SyntheticGame(SOURCE, np.float64(0.25))
    numpy = explain(game, Linear(), np.int16(64), np.uint8(3), **of_numpy)
    assert numpy.spec == python.spec and numpy.spec.to_json() == python.spec.to_json()
    assert (numpy.sample.masks == python.sample.masks).all()
    assert numpy.checks == python.checks and Explanation.from_json(numpy.to_json()).spec == python.spec
    assert numpy.interactions("FBII", np.int64(2)).values == python.interactions("FBII", 2).values


@pytest.mark.parametrize("keep", [np.float32(0.75), np.float64(0.75), 0.75])
def test_a_game_may_keep_by_a_number_of_numpy(keep: float) -> None:
    class Kept(spexviz.Game):
        players = tuple("abcdefghij")

        def __call__(self, masks: Masks) -> Values:
            return masks.sum(1)

    Kept.keep = keep
    result = explain(Kept(), Linear(), np.int32(64))
    assert result.fidelity.keep == 0.75 and Explanation.from_json(result.to_json()).fidelity.keep == 0.75


@pytest.mark.parametrize("budget", [64, 100, 300])
def test_budget_is_what_fits_see_and_the_rest_is_counted(budget: int) -> None:
    planned = planning.plan(16, Linear(), budget, 0)
    told: list[Progress] = []
    result = explain(Noted(SOURCE), Linear(), budget, progress=told.append)
    held = planning.held_out_count(budget)
    assert (
        len(result.sample.values) == result.fidelity.budget == budget
        and len(result.held_out.values) == result.fidelity.held_out == held
    )
    of_itself = result.measured.ablations
    assert planned.ablations == budget + held + 2 and 0 < of_itself <= 35
    assert told[-1].total == told[-1].done == result.ablations == budget + held + 2 + of_itself
    # an end may be among the masks already: it is not asked again
    assert len(ASKED) == len(set(ASKED)) <= budget + held + 2 + of_itself
    assert keys(all_masks(1).repeat(16, axis=1))[0] in ASKED and keys(np.ones((1, 16), bool))[0] in ASKED
    assert result.ends == pytest.approx(tuple(SOURCE(np.array([[False] * 16, [True] * 16]))))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [9, 14, 40])
def test_held_out_masks_are_in_no_fit(n: int, seed: int) -> None:
    planned = planning.plan(n, Linear(), 300, seed)
    assert not set(keys(planned.design.masks)) & set(keys(planned.held_out))
    assert len(set(keys(planned.held_out))) == len(planned.held_out)
    other = planning.plan(n, Linear(), 100, seed)
    # a larger budget begins with the smaller one
    assert (planned.design.masks[:100] == other.design.masks).all()


@pytest.mark.parametrize(
    ("n", "budget", "exact"),
    [
        (6, 1, True),
        (7, 1, True),
        (8, 127, False),
        (8, 128, True),
        (9, 342, True),
        (9, 340, False),
        (40, 4096, False),
    ],
)
def test_exact_where_all_masks_are_within_budget_and_held_out(n: int, budget: int, exact: bool) -> None:
    planned = planning.plan(n, Linear(), budget, 0)
    assert planned.exact == exact == (n <= 20 and 2**n <= budget + planning.held_out_count(budget))
    assert not exact or planned.ablations == 2**n


def test_an_exact_run_gives_the_true_spectrum_and_asks_every_mask_once() -> None:
    game = Noted("2*x0*x1 - x2*x3*x4 + x5 + 0.25")
    result = explain(game, ProxySPEX(), 64)
    values = SyntheticGame("2*x0*x1 - x2*x3*x4 + x5 + 0.25")(all_masks(6))
    assert result.proof.exact and len(ASKED) == len(set(ASKED)) == 64
    for term, coefficient in result.spectrum.coefficients.items():
        signs = (-1.0) ** all_masks(6)[:, list(term)].sum(1)
        assert coefficient == pytest.approx(float((signs * values).mean()), abs=1e-12)
    assert (
        result.ends == (values[0], values[-1])
        and result.fidelity.r2 == 1.0
        and len(result.held_out.values) == 0
    )
    points = [(p.solver, p.budget, p.budget + p.held_out) for p in result.proof.curve]
    assert {solver for solver, _, _ in points} == {"proxyspex", "linear"} and {
        total for _, _, total in points
    } == {64}
    assert (
        [b for s, b, _ in points if s == "proxyspex"]
        == [b for s, b, _ in points if s == "linear"]
        == [8, 16, 32]
    )
    linear = result.spectrum.truncate(order=1)(all_masks(6))
    assert result.baseline.r2 == pytest.approx(
        1 - ((values - linear) ** 2).sum() / ((values - values.mean()) ** 2).sum()
    )


def test_the_curve_has_every_checkpoint_with_the_baseline_beside() -> None:
    seen: list[Explanation] = []
    result = explain(SyntheticGame(SOURCE, noise=0.1), ProxySPEX(), 150, partial=seen.append)
    assert [(p.solver, p.budget) for p in result.proof.curve] == [
        (s, b) for b in (64, 128, 150) for s in ("proxyspex", "linear")
    ]
    assert (
        result.fidelity == result.proof.curve[-2]
        and result.baseline == result.proof.curve[-1]
        and result.complete
    )
    assert [len(r.sample) for r in seen] == [64, 128, 150]
    # the picture stands before the input is measured
    assert [r.complete for r in seen] == [False, False, True] and not any(r.measured for r in seen)
    assert all(r.held_out.values.tolist() == result.held_out.values[: len(r.held_out)].tolist() for r in seen)
    predicted = result.spectrum(result.held_out.masks)
    y = result.held_out.values
    assert result.fidelity.r2 == pytest.approx(1 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert (
        result.fidelity.interval[0] < result.fidelity.r2 < result.fidelity.interval[1]
        and result.fidelity.r2 > result.baseline.r2
    )


def test_same_spec_same_numbers() -> None:
    first, second = (explain(SyntheticGame(SOURCE, noise=0.3), ProxySPEX(), 90, seed=5) for _ in range(2))
    assert first.spectrum == second.spectrum and first.spec.id == second.spec.id
    assert [(p.r2, p.interval) for p in first.proof.curve] == [(p.r2, p.interval) for p in second.proof.curve]
    other = explain(SyntheticGame(SOURCE, noise=0.3), Linear(), 90, seed=6)
    assert (other.sample.masks != first.sample.masks).any() and (
        other.held_out.masks != first.held_out.masks
    ).any()


@pytest.mark.parametrize("budget", [64, 200])  # n = 7: exact; n = 16: sampled
def test_json_round_trip(budget: int) -> None:
    game = SyntheticGame("x0*x1 - x6") if budget == 64 else SyntheticGame(SOURCE)
    result = explain(game, Linear(), budget)
    again = Explanation.from_json(result.to_json())
    assert (
        again.to_json() == result.to_json()
        and again.spectrum == result.spectrum
        and again.spec == result.spec
    )
    assert (again.sample.masks == result.sample.masks).all() and (
        again.held_out.masks == result.held_out.masks
    ).all()
    assert again.fidelity == result.fidelity and again.proof.exact == result.proof.exact
    assert again.interactions("FBII", 2).values == result.interactions("FBII", 2).values


def test_constant_values_have_no_fidelity_and_still_are_json() -> None:
    for game in (SyntheticGame("1 + 0*x0", n=5), SyntheticGame("1 + 0*x0", n=16)):
        result = explain(game, ProxySPEX(), 64)
        text = result.to_json()
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
        assert np.isnan(Explanation.from_json(text).baseline.r2) and set(
            result.spectrum.truncate(order=9)
        ) >= {()}


def test_cancel_keeps_the_ablations_and_going_on_repeats_none() -> None:
    cache, cancel, seen = MemoryCache(), threading.Event(), []
    stop = lambda progress: cancel.set() if progress.done > 150 else None
    with pytest.raises(Cancelled):
        explain(Noted(SOURCE), Linear(), 256, cache=cache, progress=stop, partial=seen.append, cancel=cancel)
    done = len(ASKED)
    assert 150 < done <= 150 + 32 and len(seen) == 1 and len(seen[0].sample) == 64 and not seen[0].complete
    result = explain(Noted(SOURCE), Linear(), 256, cache=cache)
    assert len(ASKED) == len(set(ASKED)) and result.spent.cached == done
    fresh = explain(SyntheticGame(SOURCE), Linear(), 256)
    assert fresh.spectrum == result.spectrum and fresh.fidelity.r2 == result.fidelity.r2


@dataclass(frozen=True)
class Greedy(SyntheticGame):
    """Asks for more memory than any machine has, once it was asked 100 masks."""

    by: ClassVar[str] = "numpy"
    asked: ClassVar[list[int]] = []

    def __call__(self, masks: Masks) -> Values:
        self.asked.append(len(masks))
        if sum(self.asked) > 100:
            _more_than_there_is(self.by)
        return super().__call__(masks)


def _more_than_there_is(by: str) -> None:
    if by == "numpy":
        np.zeros(2**60, dtype=np.uint8)
    else:
        import torch

        torch.zeros(2**60, dtype=torch.uint8)


@pytest.mark.parametrize("by", ["numpy", "torch"])
def test_memory_that_runs_out_is_said_and_what_was_measured_is_kept(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Greedy, "by", by)
    monkeypatch.setattr(Greedy, "asked", [])
    cache, plain = MemoryCache(), SyntheticGame("x0*x1", n=20)
    with pytest.raises(MemoryFull, match=r"no memory left .*What was measured is kept"):
        pipeline.explain(Greedy("x0*x1", n=20), Linear(), 256, cache=cache)
    result = pipeline.explain(plain, Linear(), 256, cache=cache)
    whole = pipeline.explain(plain, Linear(), 256)
    assert result.spent.cached == 2 + 96 and result.spectrum == whole.spectrum


def test_a_larger_budget_and_another_solver_pay_only_for_what_is_new() -> None:
    cache = MemoryCache()
    explain(Noted(SOURCE), Linear(), 128, cache=cache)
    first = set(ASKED)
    result = explain(Noted(SOURCE), Linear(), 256, cache=cache)
    assert len(ASKED) == len(set(ASKED))
    assert set(keys(result.sample.masks[:128])) <= first
    before = len(ASKED)
    # another solver: no interactions, hence quick
    explain(Noted(SOURCE), ProxySPEX(terms=0), 256, cache=cache)
    assert len(ASKED) == before


def test_one_run_has_one_id_however_it_is_asked_for() -> None:
    written = {"name": "prompt", "prompt": "not bad", "model": "toy"}
    later = {"space": "typed", "beginning": "tokeniser"}  # without them a spec means what it meant before
    short = RunSpec(written | later, {"name": "proxyspex"}, 64)
    game = spexviz.PromptGame(model="toy", prompt="not bad")
    result = explain(game, spexviz.ProxySPEX(), budget=64)
    assert planning.Request.of(short).spec.id == result.spec.id == planning.Request.of(result.spec).spec.id
    loaded = spexviz.PromptGame(model=game.language_model, prompt="not bad")
    assert RunSpec(describe(loaded), describe(spexviz.ProxySPEX()), 64).id == result.spec.id
    rebuilt = planning.Request.of(result.spec).game
    assert rebuilt == game and planning.Request.of(result.spec).solver == spexviz.ProxySPEX()


def test_spans_and_protected_ranges_survive_the_spec() -> None:
    game = spexviz.PromptGame(
        model="toy", prompt="not bad at all", split="spans", spans=[(0, 3), (4, 7)], protected=[(8, 10)]
    )
    result = spexviz.explain(game, Linear(), 16)
    again = planning.Request.of(RunSpec.from_json(result.spec.to_json())).game
    assert again == game and again.fingerprint == game.fingerprint


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"budget": 10**8}, {"seed": -1}, {"seed": 2**40}])
def test_wrong_budget_or_seed(wrong: dict) -> None:
    with pytest.raises(SpecError):
        explain(SyntheticGame("x0"), Linear(), **wrong)


def test_too_small_a_budget_says_so() -> None:
    with pytest.raises(SolverError, match="budget"):
        explain(SyntheticGame(SOURCE), Linear(), 1)


def test_no_baseline_is_possible() -> None:
    result = explain(SyntheticGame(SOURCE), Linear(), 64, baselines=())
    assert [p.solver for p in result.proof.curve] == ["linear"] and result.baseline == result.fidelity
