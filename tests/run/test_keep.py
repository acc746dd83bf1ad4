"""Masks that keep a player with another probability than one half.

Every part of a run draws them, says so, or refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from spexviz.errors import GameError, SolverError
from spexviz.games.base import checked
from spexviz.games.synthetic import SyntheticGame
from spexviz.kit.registry import offered
from spexviz.masks import Masks, Values, all_masks, uniform_masks
from spexviz.metrics import r2
from spexviz.results import Explanation
from spexviz.run import compare, cost, pipeline
from spexviz.run import plan as planning
from spexviz.run.checks import block, derivative
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Design
from spexviz.solvers.gp.solver import GaussianProcess, Posterior
from spexviz.solvers.linear import Linear
from spexviz.solvers.spex.solver import SPEX
from spexviz.spectrum import Spectrum
from spexviz.views import honesty

N = 30
TERMS = {(): 1.0, (0,): -1.0, (1,): 0.5, (0, 1): 0.8, (2, 5): -0.6, (3, 8, 9): 0.4}
ASKED: list[np.ndarray] = []


@dataclass(frozen=True)
class Kept(SyntheticGame):
    """A synthetic game whose masks keep a player with probability `keep`; it notes what it is asked."""

    name: ClassVar[str] = "synthetic"
    keep: float = 0.9

    def __call__(self, masks: Masks) -> Values:
        ASKED.append(masks)
        return super().__call__(masks)


@pytest.fixture(scope="module")
def run() -> tuple[Explanation, Masks]:
    ASKED.clear()
    result = pipeline.explain(
        Kept(Spectrum(N, TERMS)), GaussianProcess(), 256, 3, validate=4, scoring="held-out"
    )
    return result, np.concatenate(ASKED)


@pytest.mark.parametrize("keep", [0, 1, 0.0, 1.0, -0.1, float("nan"), True, "0.9", None])
def test_a_probability_that_is_none_is_refused(keep: object) -> None:
    with pytest.raises(GameError, match="strictly between 0 and 1"):
        checked(Kept(Spectrum(N, TERMS), keep=keep))


def test_every_mask_of_a_run_is_drawn_with_it(run: tuple[Explanation, Masks]) -> None:
    result, asked = run
    for masks in (result.sample.masks, result.held_out.masks):
        # masks are distinct, so the fullest ones are rarer than in a plain sample
        assert abs(masks.mean() - 0.9) < 0.02
    extra = asked[2 + len(result.sample.masks) + len(result.held_out.masks) : -result.measured.ablations]
    # checks remove the members of their sets as well
    assert result.checks and len(extra) and extra.mean() > 0.8
    assert {point.keep for point in result.proof.curve} == {
        0.9
    } and result.fidelity.keep == result.baseline.keep == 0.9
    assert result.fidelity.r2 > 0.9 and "the masks keep 90 % of the players" in honesty(result)
    assert Explanation.from_json(result.to_json()).fidelity == result.fidelity


def test_the_plan_and_its_cost_are_of_the_same_masks(run: tuple[Explanation, Masks]) -> None:
    result, _ = run
    game = Kept(Spectrum(N, TERMS))
    planned = planning.plan(N, GaussianProcess(), 256, 3, keep=game.keep)
    assert (planned.design.masks == result.sample.masks).all() and (
        planned.held_out == result.held_out.masks
    ).all()
    assert cost.estimate(game, planned, GaussianProcess()).ablations == planned.ablations


def test_rivals_are_scored_as_the_run_is(run: tuple[Explanation, Masks]) -> None:
    (rival,) = compare.compare(run[0], [Linear()])
    point = rival.fidelity
    assert point.keep == 0.9 and point.r2 == pytest.approx(run[0].baseline.r2)


def test_a_check_measures_the_mean_over_such_backgrounds(run: tuple[Explanation, Masks]) -> None:
    result, _ = run
    truth = Spectrum(N, TERMS).mean_effects(0.9)
    assert (
        result.checks[0].members == (0, 1) and len(result.checks) == 3 and result.proof.spent_on_checks <= 64
    )
    for check in result.checks:
        assert check.surrogate_mean == pytest.approx(result.spectrum.mean_effects(0.9)[check.members])
        assert check.backgrounds and not check.held_out
        assert check.interval[0] - 1e-9 <= truth.get(check.members, 0.0) <= check.interval[1] + 1e-9


@pytest.mark.parametrize("keep", [0.5, 0.8])
def test_mean_effects_and_shares_by_brute_force(keep: float) -> None:
    n, masks = 4, all_masks(4)
    spectrum = Spectrum.exact(np.random.default_rng(0).normal(size=2**n))
    chance = np.prod(np.where(masks, keep, 1 - keep), axis=1)
    effects, shares = spectrum.mean_effects(keep), spectrum.shares(keep)
    for members in [(2,), (0, 3), (0, 1, 2)]:
        assert effects[members] == pytest.approx(
            sum(p * derivative(spectrum(block(m, members))) for p, m in zip(chance, masks, strict=True))
        )
    values = spectrum(masks)
    variance = chance @ values**2 - (chance @ values) ** 2
    assert sum(shares.values()) == pytest.approx(1.0)
    linear = np.column_stack([np.ones(len(masks)), masks]) * np.sqrt(chance)[:, None]
    left = np.linalg.lstsq(linear, values * np.sqrt(chance), rcond=None)[1][0]
    assert sum(share for members, share in shares.items() if len(members) == 1) == pytest.approx(
        1 - left / variance
    )


def test_sets_are_ranked_by_the_variance_of_such_masks() -> None:
    """Where almost everything is kept, an effect that needs a removed pair is seldom seen."""
    game = Kept(
        "x0 + 3*(1 - x1)*(1 - x2)*(1 - x3) + " + " + ".join(f"0*x{i}" for i in range(4, 25)), keep=0.95
    )
    result = pipeline.explain(game, GaussianProcess(), 128)
    (first, _), *_ = result.interactions("FBII", 3).top(1)
    assert first == (0,) and result.main_effects()[0] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    "solver", [GaussianProcess(terms=60, draws=20), Auto(terms=60, draws=20)], ids=["gp", "auto"]
)
def test_what_is_cut_is_taken_over_by_what_is_kept(solver: GaussianProcess | Auto) -> None:
    """Ten times as many interactions as are kept.

    Where characters are not orthogonal, a cut alone is worse than no fit.
    """
    rng, n = np.random.default_rng(0), 60
    wide = {tuple(sorted(rng.choice(n, int(rng.integers(2, 5)), replace=False).tolist())) for _ in range(600)}
    game = Spectrum(
        n,
        {
            **{(i,): float(rng.normal()) for i in range(n)},
            **{term: 0.4 * float(rng.normal()) for term in wide},
        },
    )
    masks, held = uniform_masks(n, 400, 0, 0.9), uniform_masks(n, 500, 1, 0.9)
    truth = game(held)
    fit = solver.fit(Design(masks), game(masks))
    linear = r2(truth, Linear().fit(Design(masks), game(masks))(held))
    assert r2(truth, fit(held)) > linear - 0.02 > 0.3
    assert np.allclose(fit.draws.mean(0), fit.values, atol=4 * fit.draws.std(0).max() / np.sqrt(20))


def test_uniform_masks_are_cut_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = uniform_masks(20, 200, 0)
    monkeypatch.setattr(Posterior, "projected", lambda *_: pytest.fail("projected"))
    assert GaussianProcess().fit(Design(masks), Spectrum(20, TERMS)(masks)).coefficients[
        (0,)
    ] == pytest.approx(-1.0, abs=0.15)


def test_spex_refuses_it_and_names_the_remedy() -> None:
    with pytest.raises(SolverError, match="choose Auto or ProxySPEX"):
        pipeline.explain(Kept(Spectrum(N, TERMS)), SPEX(), 4096)


def test_a_few_players_are_enumerated_whatever_the_probability() -> None:
    result = pipeline.explain(Kept(Spectrum(6, {(0,): 1.0, (1, 2): 2.0})), SPEX(max_order=2), 512, validate=2)
    assert result.proof.exact and result.spectrum.coefficients[(1, 2)] == pytest.approx(2.0)
    assert result.fidelity.keep == 0.5 and [check.verdict for check in result.checks] == ["confirmed"]


@pytest.mark.parametrize(
    "name", [name for name in offered("spexviz.solvers") if name not in ("spex", "leave-one-out")]
)
def test_every_solver_of_any_masks_asks_them(name: str) -> None:
    masks = offered("spexviz.solvers")[name]().design(60, 400, 0, keep=0.9).masks
    assert abs(masks[2:].mean() - 0.9) < 0.02
