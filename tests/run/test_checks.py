"""Checks of sets on the real model.

True sets are confirmed, false ones contradicted, within the limit and the interval.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.runner import Runner
from spexviz.errors import GameError, SolverError
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import Masks, Values, all_masks, keys
from spexviz.results import Explanation, Sample
from spexviz.run.checks import LOOKS, block, derivative, promising, validate, verdict
from spexviz.run.pipeline import explain
from spexviz.solvers.linear import Linear
from spexviz.spectrum import Spectrum
from tests.explanations import changed

N = 20
TRUE = [(0, 1), (2, 3), (4, 5, 6), (0, 7, 8, 9)]
FALSE = [(10, 11), (2, 5, 12)]
ASKED: list[bytes] = []


@dataclass(frozen=True)
class Counted(SyntheticGame):
    """A synthetic game that notes every mask it is asked."""

    name: ClassVar[str] = "synthetic"

    def __call__(self, masks: Masks) -> Values:
        ASKED.extend(keys(masks))
        return super().__call__(masks)


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    ASKED.clear()


def known(seed: int, noise: float = 0.3) -> tuple[Counted, Spectrum]:
    """A noisy game, and a surrogate of it that errs a little everywhere and has two sets too many."""
    rng = np.random.default_rng(seed)
    terms = {(i,): 0.3 * rng.normal() for i in range(N)} | {
        members: 0.4 * rng.choice([-1.0, 1.0]) for members in TRUE
    }
    surrogate = {members: value + 0.03 * rng.normal() for members, value in terms.items()} | dict.fromkeys(
        FALSE, 0.4
    )
    return Counted(Spectrum(N, terms), noise=noise, seed=seed), Spectrum(N, surrogate)


def bii(spectrum: Spectrum, members: tuple[int, ...]) -> float:
    return (-2.0) ** len(members) * spectrum.coefficients.get(members, 0.0)


@pytest.mark.parametrize("members", [(1,), (0, 2), (0, 1, 3)])
def test_mean_derivative_over_all_backgrounds_is_the_banzhaf_interaction(members: tuple[int, ...]) -> None:
    spectrum = Spectrum.exact(np.random.default_rng(0).normal(size=16))
    over_all = [derivative(spectrum(block(base, members))) for base in all_masks(4)]
    assert np.mean(over_all) == pytest.approx(bii(spectrum, members))
    by_hand = Spectrum(2, {(0, 1): 1.0, (0,): 0.5})(np.array([[1, 1], [1, 0], [0, 1], [0, 0]], bool)) @ [
        1,
        -1,
        -1,
        1,
    ]
    assert derivative(
        Spectrum(2, {(0, 1): 1.0, (0,): 0.5})(block(np.ones(2, bool), (0, 1)))
    ) == pytest.approx(by_hand)


def test_true_sets_are_confirmed_and_false_ones_contradicted() -> None:
    verdicts: Counter = Counter()
    for seed in range(25):
        game, surrogate = known(seed)
        for check in validate(game, surrogate, [*TRUE, *FALSE], seed, 600):
            verdicts[check.members in TRUE, check.verdict] += 1
            assert check.surrogate_mean == pytest.approx(bii(surrogate, check.members))
    assert verdicts[True, "confirmed"] >= 0.9 * 25 * len(TRUE) and verdicts[True, "contradicted"] <= 1
    assert verdicts[False, "contradicted"] >= 0.9 * 25 * len(FALSE) and verdicts[False, "confirmed"] <= 1


def test_a_sign_turned_round_is_contradicted() -> None:
    for seed in range(10):
        game, surrogate = known(seed)
        turned = Spectrum(N, {m: -v if m in TRUE else v for m, v in surrogate.coefficients.items()})
        assert {check.verdict for check in validate(game, turned, TRUE[:3], seed, 600)} == {"contradicted"}


@pytest.mark.parametrize(
    ("claim", "interval", "expected"),
    [
        (1.0, (0.7, 1.2), "confirmed"),
        (-1.0, (-1.2, -0.7), "confirmed"),
        (1.0, (0.1, 0.6), "confirmed"),  # the sign is sure, half the size is possible
        (1.0, (0.1, 0.4), "contradicted"),  # less than half of it, surely
        (1.0, (-0.6, 0.4), "contradicted"),
        (-1.0, (0.5, 0.9), "contradicted"),
        (1.0, (2.1, 3.0), "contradicted"),
        (1.0, (-0.1, 1.2), "undecided"),
        (0.0, (-0.1, 0.1), "undecided"),
        (0.0, (0.1, 0.2), "contradicted"),
    ],
)
def test_rule_of_the_verdict(claim: float, interval: tuple[float, float], expected: str) -> None:
    assert verdict(claim, interval) == expected


def test_both_effects_are_of_model_and_surrogate_on_the_same_masks() -> None:
    game, surrogate = known(1, noise=0.0)
    for check in validate(game, surrogate, [*TRUE, *FALSE], 1, 400):
        masks = block(np.ones(N, bool), check.members)
        assert check.model_full == pytest.approx(
            derivative(game(masks))
        ) and check.surrogate_full == pytest.approx(derivative(surrogate(masks)))


@pytest.mark.parametrize("limit", [130, 131, 200, 333])
def test_the_limit_is_never_passed_and_the_count_is_what_the_game_was_asked(limit: int) -> None:
    game, surrogate = known(3, noise=3.0)  # too noisy to decide: everything allowed is spent
    checks = validate(game, surrogate, [*TRUE[:3], *FALSE], 3, limit)
    assert len(ASKED) == len(set(ASKED)) == sum(check.ablations for check in checks) <= limit
    assert len(ASKED) > limit - 8  # the cheapest background that is left takes at most 8
    assert any(check.verdict == "undecided" for check in checks)


def test_decided_sets_cost_nothing_more() -> None:
    game, _ = known(4, noise=0.0)
    checks = validate(game, Spectrum(N, game.spectrum.coefficients), TRUE, 4, 10_000)
    assert {check.verdict for check in checks} == {"confirmed"} and {
        check.backgrounds for check in checks
    } == {LOOKS[0]}
    assert all(low == pytest.approx(high) for low, high in (check.interval for check in checks))


def test_shared_masks_are_asked_once() -> None:
    game, surrogate = known(5, noise=3.0)
    sets = [(13, 14), (13, 15), (14, 15), (13, 14, 15)]  # in neither, so that no verdict ends them
    together = sum(check.ablations for check in validate(game, surrogate, sets, 5, 10_000))
    apart = [validate(game, surrogate, [members], 5, 10_000)[0] for members in sets]
    assert together < 0.6 * sum(check.ablations for check in apart)
    assert together <= 8 * (1 + LOOKS[-1])  # the pairs' masks are among those of the triple


def test_same_seed_same_checks_whatever_the_cache_knows() -> None:
    game, surrogate = known(6, noise=1.0)
    cache = MemoryCache()
    first, again = (
        validate(game, surrogate, [*TRUE, *FALSE], 9, 300, runner=Runner(game, cache)) for _ in range(2)
    )
    assert first == again and len(ASKED) == len(set(ASKED)) <= 300
    assert validate(game, surrogate, [*TRUE, *FALSE], 10, 300) != first


@pytest.mark.parametrize(("noise", "measured"), [(1.0, False), (2.0, True), (0.7, True)])
def test_intervals_cover_the_mean_effect(noise: float, measured: bool) -> None:
    covered, sets = [], [TRUE[0], FALSE[0]]
    # the noise is a fixed function of the mask: it adds .01 at most to the true effects
    for seed in range(200):
        game, surrogate = known(seed, noise)
        # small claims: many looks
        surrogate = Spectrum(N, {m: v / 4 if len(m) == 2 else v for m, v in surrogate.coefficients.items()})
        truth = [bii(game.spectrum, members) for members in sets]
        run = explain(game, Linear(), 64, seed, baselines=()) if measured else None
        for check, true in zip(validate(game, surrogate, sets, seed, 400, measured=run), truth, strict=True):
            covered.append(check.interval[0] <= true <= check.interval[1])
    assert 0.88 <= np.mean(covered) <= 0.985


def fitted(game: SyntheticGame, budget: int = 256) -> Explanation:
    return explain(game, Linear(), budget, baselines=(), scoring="held-out")


def test_held_out_masks_speak_before_anything_is_asked() -> None:
    game, surrogate = known(7)
    run = fitted(game)
    ASKED.clear()
    sets = [(0, 1), (10, 11)]
    checks = validate(game, surrogate, sets, 7, 100, measured=replace(run, measured=None))
    assert [check.verdict for check in checks] == ["confirmed", "contradicted"]
    # two pairs on the full input, which is itself known
    assert len(ASKED) == sum(check.ablations for check in checks) == 6
    assert all(check.held_out == 128 and check.backgrounds == 0 for check in checks)
    ASKED.clear()
    spared = validate(game, surrogate, sets, 7, 100, measured=run)  # what was measured of the input as well
    assert [c.model_full for c in spared] == pytest.approx([c.model_full for c in checks])
    assert len(ASKED) == sum(check.ablations for check in spared) < 6


def test_a_game_whose_masks_are_mostly_fitted_is_estimated_over_all_of_them() -> None:
    truth = Spectrum(10, {(0,): 0.5, (1, 2): 0.3})
    game = SyntheticGame(truth, noise=1.0)
    values = Spectrum.exact(game(all_masks(10)))
    run = explain(game, Linear(), 1024, baselines=())
    shuffled = np.random.default_rng(0).permutation(1024)
    seen, rest = shuffled[:800], shuffled[800:]  # all 1,024 masks are known: nothing is left to chance
    run = changed(
        run,
        exact=False,
        sample=Sample(run.sample.masks[seen], run.sample.values[seen]),
        held_out=Sample(run.sample.masks[rest], run.sample.values[rest]),
    )
    (check,) = validate(game, truth, [(1, 2)], 0, 50, measured=run)
    assert (
        check.model_mean == pytest.approx(bii(values, (1, 2)))
        and check.interval[1] - check.interval[0] < 1e-6
    )


def test_an_exact_run_is_read_off() -> None:
    game = SyntheticGame("x0*x1 + 2*x2*x3*x4 - x5")
    run = fitted(game)
    assert run.proof.exact
    checks = validate(game, run.spectrum, [(0, 1), (2, 3, 4)], 0, 0, measured=run)
    assert [(c.verdict, c.ablations) for c in checks] == [("confirmed", 0)] * 2
    assert [c.model_mean for c in checks] == pytest.approx([1.0, 2.0]) == [c.model_full for c in checks]
    assert all(low == high for low, high in (c.interval for c in checks))


def test_promising_sets_are_the_strongest_that_the_limit_allows() -> None:
    spectrum = Spectrum(
        30, {(0,): 9.0, (1, 2): 1.0, (3, 4, 5): 2.0, (6, 7, 8, 9, 10): 5.0, (11, 12): -3.0, (13, 14): 0.0}
    )
    assert promising(spectrum, 8, 100) == ((11, 12), (3, 4, 5), (1, 2))
    assert promising(spectrum, 2, 100) == ((11, 12), (3, 4, 5))
    assert (
        promising(spectrum, 8, 10) == ((11, 12), (3, 4, 5))
        and promising(spectrum, 8, 9) == ((11, 12),)
        and promising(spectrum, 8, 2) == ()
    )


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        ([(0, 1, 2, 3, 4)], "sets of 1 to 4 can be checked"),
        ([()], "sets of 1 to 4"),
        ([(0, 20)], "from 0 to 19"),
        ([(-1, 3)], "from 0 to 19"),
        ([(3, 3)], "distinct positions"),
        ([(0, 1), (1, 0)], "given twice"),
    ],
)
def test_sets_that_cannot_be_checked(sets: list[tuple[int, ...]], words: str) -> None:
    game, surrogate = known(0)
    with pytest.raises(SolverError, match=words):
        validate(game, surrogate, sets)


def test_a_limit_too_small_says_how_much_is_needed_before_asking() -> None:
    game, surrogate = known(0)
    with pytest.raises(SolverError, match="at least 20 ablations, and the limit is 19"):
        validate(game, surrogate, [(0, 1)], 0, 19)
    assert not ASKED
    assert sum(c.ablations for c in validate(game, surrogate, [(0, 1)], 0, 20)) == 20
    with pytest.raises(GameError, match="has 20 players and the surrogate 3"):
        validate(game, Spectrum(3, {(0, 1): 1.0}), [(0, 1)])
