"""What each member of a set does with the others and without: against sums over all masks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from spexviz.analysis.relations import Relations, relations
from spexviz.masks import all_masks
from spexviz.spectrum import Spectrum

N = 6


def random(seed: int, draws: int = 0) -> Spectrum:
    """Terms of up to four of six players."""
    rng = np.random.default_rng(seed)
    sets = [s for size in range(5) for s in itertools.combinations(range(N), size)]
    chosen = [sets[i] for i in rng.choice(len(sets), 20, replace=False)]
    values = rng.standard_normal(20)
    drawn = None
    if draws:
        drawn = values + 0.3 * rng.standard_normal((draws, 20))
    return Spectrum(N, dict(zip(chosen, values, strict=True)), drawn)


def averaged(spectrum: Spectrum, coefficients: np.ndarray, fixed: dict[int, bool], keep: float) -> float:
    """The mean over all masks that keep each player that is not fixed with `keep`, one mask at a time."""
    total = 0.0
    for mask in all_masks(N):
        if any(mask[i] != kept for i, kept in fixed.items()):
            continue
        free = [i for i in range(N) if i not in fixed]
        chance = np.prod([keep if mask[i] else 1 - keep for i in free])
        signs = np.prod(np.where(spectrum.membership & mask, -1.0, 1.0), axis=1)
        total += float(chance * (signs @ coefficients))
    return total


def effect(
    spectrum: Spectrum, coefficients: np.ndarray, i: int, others: dict[int, bool], keep: float
) -> float:
    """Of keeping i, the others kept or not, the rest at random."""
    there = averaged(spectrum, coefficients, {i: True, **others}, keep)
    return there - averaged(spectrum, coefficients, {i: False, **others}, keep)


@pytest.mark.parametrize("keep", [0.5, 0.75, 0.2])
@pytest.mark.parametrize("members", [(0, 3), (1, 2, 5), (0, 1, 2, 4)])
def test_effects_are_means_over_masks(keep: float, members: tuple[int, ...]) -> None:
    spectrum = random(len(members))
    found = relations(spectrum, members, keep, exact=True)
    assert [one.player for one in found.members] == list(members)
    for one in found.members:
        others = [i for i in members if i != one.player]
        there = effect(spectrum, spectrum.values, one.player, dict.fromkeys(others, True), keep)
        gone = effect(spectrum, spectrum.values, one.player, dict.fromkeys(others, False), keep)
        assert (one.with_others.value, one.without_others.value) == pytest.approx((there, gone))
        assert one.more.value == pytest.approx(abs(there) - abs(gone))
    every, none = (
        averaged(spectrum, spectrum.values, dict.fromkeys(members, kept), keep) for kept in (True, False)
    )
    assert found.together.value == pytest.approx(every - none)


def test_a_pair_is_by_the_formulas_of_the_issue() -> None:
    spectrum, keep = random(9), 0.75
    effects = spectrum.mean_effects(keep)
    main, both = effects[2,], effects[2, 4]
    one = relations(spectrum, (2, 4), keep, exact=True).members[0]
    assert one.with_others.value == pytest.approx(main + (1 - keep) * both)
    assert one.without_others.value == pytest.approx(main - keep * both)


def test_intervals_are_joint_ones_of_the_draws() -> None:
    spectrum, keep, members = random(5, draws=40), 0.7, (0, 2, 3)
    assert spectrum.draws is not None
    for one in relations(spectrum, members, keep).members:
        others = [i for i in members if i != one.player]
        there, gone = (
            np.array(
                [
                    effect(spectrum, draw, one.player, dict.fromkeys(others, kept), keep)
                    for draw in spectrum.draws
                ]
            )
            for kept in (True, False)
        )
        for estimate, drawn in (
            (one.with_others, there),
            (one.without_others, gone),
            (one.more, abs(there) - abs(gone)),
        ):
            assert estimate.interval == pytest.approx(tuple(np.quantile(drawn, (0.05, 0.95))))


def kinds(found: Relations) -> list[str | None]:
    return [one.kind for one in found.members]


@pytest.mark.parametrize(
    ("values", "expected"),  # of neither, the first, the second, both
    [
        ([0, 0, 0, 1], ["needs", "needs"]),
        ([0, 1, 1, 1], ["stands in for", "stands in for"]),
        ([0, 0.8, 0.7, 1], ["stands in for", "stands in for"]),
        ([1, 0, 0, 1], ["turned round", "turned round"]),
        ([0, 1, 1, 2], ["add up", "add up"]),
        ([0, 1, 1, 2.02], ["add up", "add up"]),  # a fiftieth more
        ([0, 1, -1, 0.4], ["needs", "stands in for"]),  # the second counts against, and less beside the first
        ([0, 0.1, -1, 1], ["needs", "turned round"]),  # the first turns the second round
        ([3, 3, 3, 3], ["add up", "add up"]),
    ],
)
def test_kinds_of_exact_pairs(values: list[float], expected: list[str]) -> None:
    assert kinds(relations(Spectrum.exact(values), (0, 1), exact=True)) == expected


def test_no_draws_no_word_and_wide_draws_only_add_up() -> None:
    needs = Spectrum.exact([0, 0, 0, 1])
    assert kinds(relations(needs, (0, 1))) == [None, None]
    rng = np.random.default_rng(0)
    for spread, kind in ((0.01, "needs"), (1.0, "add up")):
        drawn = Spectrum(2, needs.coefficients, needs.values + spread * rng.standard_normal((200, 4)))
        assert kinds(relations(drawn, (0, 1))) == [kind, kind]


def test_a_sign_is_open_where_the_interval_holds_0_and_where_there_is_none() -> None:
    drawn = Spectrum(1, {(0,): -1.0}, np.array([[-2.0], [1.0]] * 50))
    (open_one,) = relations(drawn, (0,)).members
    assert open_one.with_others.value == 2.0 and open_one.with_others.sign == 0
    (unknown,) = relations(Spectrum(1, {(0,): -1.0}), (0,)).members
    assert unknown.with_others.interval is None and unknown.with_others.sign == 0
    (known,) = relations(Spectrum(1, {(0,): 1.0}), (0,), exact=True).members
    assert known.with_others.sign == -1
