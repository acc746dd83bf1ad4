"""Optimal subsets against brute force over all masks, by enumeration and by mixed-integer programming."""

import math

import numpy as np
import pytest

from spexviz.analysis import optimum
from spexviz.analysis.optimum import flip, insertion_curve, maximise, minimise, removal_curve, remove
from spexviz.errors import SolverError
from spexviz.masks import all_masks, uniform_masks
from spexviz.spectrum import Spectrum


def random_spectrum(rng, n, terms, order, decay=1.0):
    found = {(): float(rng.normal()), **{(i,): float(rng.normal()) for i in range(n)}}
    while len(found) < terms:
        size = int(rng.integers(2, order + 1))
        found[tuple(sorted(rng.choice(n, size, replace=False).tolist()))] = float(rng.normal() * decay**size)
    return Spectrum(n, found)


@pytest.fixture(params=["enumeration", "program"])
def way(request, monkeypatch):
    """Both ways to the answer; returns how many spectra to try."""
    if request.param == "program":
        monkeypatch.setattr(optimum, "ENUMERATE", 0)
        return 12
    return 60


def spectra(way, low=4, high=10):
    for seed in range(way):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(low, high))
        yield (
            rng,
            random_spectrum(
                rng, n, n + int(rng.integers(1, 2 * n)) if n > 4 else n + 4, order=min(n, 2 + seed % 7)
            ),
        )


def test_best_and_worst_with_and_without_bounds(way):
    for rng, spectrum in spectra(way):
        n, masks = spectrum.n, all_masks(spectrum.n)
        values, kept = spectrum(masks), masks.sum(1)
        low, high = sorted(rng.integers(0, n + 1, 2).tolist())
        player, state = int(rng.integers(n)), bool(rng.integers(2))
        for options, allowed in (
            ({}, kept >= 0),
            ({"at_least": low, "at_most": high}, (kept >= low) & (kept <= high)),
            (
                {"fixed": {player: state}, "at_most": n - 1, "at_least": 1},
                (masks[:, player] == state) & (kept < n) & (kept > 0),
            ),
        ):
            for find, best in ((maximise, values[allowed].max()), (minimise, values[allowed].min())):
                answer = find(spectrum, **options)
                assert answer.value == pytest.approx(best, abs=1e-6) and answer.optimal and answer.gap < 1e-4
                assert spectrum(answer.mask[None])[0] == answer.value
                row = int(answer.mask @ (1 << np.arange(n)))
                assert allowed[row]


def test_fewest_removals_that_cross(way):
    outcomes = set()
    for rng, spectrum in spectra(way):
        masks = all_masks(spectrum.n)
        values, removed = spectrum(masks), (~masks).sum(1)
        for threshold in (
            0.0,
            values[-1] + 1.0,
            values.max() - 1e-3 if rng.integers(2) else values.min() - 1.0,
        ):
            crossed = values < threshold if values[-1] >= threshold else values > threshold
            answer = flip(spectrum, threshold)
            assert answer.optimal
            outcomes.add(answer.mask is None)
            if crossed.any():
                assert (
                    len(answer.removed) == removed[crossed].min()
                    and crossed[int(answer.mask @ (1 << np.arange(spectrum.n)))]
                )
            else:
                assert (
                    answer.mask is None
                    and math.isnan(answer.value)
                    and "No removal" in answer.note
                    and answer.removed == ()
                )
    assert outcomes == {True, False}


def test_flip_with_a_limit_of_removals_and_protected_players(way):
    # full: 6; without 0: 0 (the line itself), without 0 and 1: −2
    spectrum = Spectrum(5, {(0,): -3.0, (1,): -1.0, (2,): -1.0, (3,): -1.0})
    assert flip(spectrum, 0.5).removed == (0,)
    assert len(flip(spectrum).removed) == 2 and 0 in flip(spectrum).removed  # at the line is not across it
    assert flip(spectrum, at_most=1).mask is None and "at most 1" in flip(spectrum, at_most=1).note
    kept = flip(spectrum, 0.5, fixed={0: True})
    assert kept.removed == (1, 2, 3) and kept.value == pytest.approx(0.0)
    assert flip(spectrum, 0.5, fixed={0: True, 1: True}).mask is None


def test_the_players_whose_removal_moves_the_value_most(way):
    for rng, spectrum in spectra(way):
        n, masks = spectrum.n, all_masks(spectrum.n)
        r = int(rng.integers(0, n + 1))
        moves = (spectrum(masks) - spectrum(masks[-1:]))[masks.sum(1) == n - r]
        full = spectrum(masks[-1:])[0]
        for direction, best in (("either", np.abs(moves).max()), ("down", -moves.min()), ("up", moves.max())):
            answer = remove(spectrum, r, direction=direction)
            move = answer.value - full
            assert len(answer.removed) == r and answer.optimal
            assert {"either": abs(move), "down": -move, "up": move}[direction] == pytest.approx(
                best, abs=1e-6
            )


def test_curves_hold_one_optimum_a_size():
    spectrum = random_spectrum(np.random.default_rng(0), 9, 25, 4)
    masks = all_masks(9)
    values, kept = spectrum(masks), masks.sum(1)
    down = removal_curve(spectrum, range(10), direction="down")
    grown = insertion_curve(spectrum, range(10))
    assert [a.value for a in down] == pytest.approx([values[kept == 9 - r].min() for r in range(10)])
    assert [a.value for a in grown] == pytest.approx([values[kept == k].max() for k in range(10)])


def test_sixty_players_and_260_terms_within_the_limit():
    spectrum = random_spectrum(np.random.default_rng(1), 60, 260, 5, decay=0.4)
    answer = maximise(spectrum, limit=60.0)
    assert answer.optimal
    assert answer.value >= spectrum(uniform_masks(60, 20_000, 0)).max()
    flips = answer.mask ^ np.eye(60, dtype=bool)
    assert answer.value >= spectrum(flips).max()


def test_out_of_time_it_gives_its_best_mask_and_an_honest_gap():
    spectrum = random_spectrum(np.random.default_rng(0), 40, 400, 5)
    answer = maximise(spectrum, limit=0.01, at_most=30)
    assert not answer.optimal and np.isfinite(answer.gap)
    assert answer.mask.sum() <= 30 and answer.value >= spectrum(uniform_masks(40, 5000, 0)).max()
    assert answer.value + answer.gap <= np.abs(spectrum.values).sum() + 1e-6
    crossing = flip(spectrum, answer.value - 1e-3, limit=0.01)
    assert crossing.mask is None or spectrum(crossing.mask[None])[0] > answer.value - 1e-3
    assert crossing.optimal or crossing.gap > 0.0


@pytest.mark.parametrize("n", [3, 30])
def test_spectra_without_interactions(n):
    flat = Spectrum(n, {(): 2.0})
    assert maximise(flat).value == minimise(flat, at_most=1).value == 2.0 and maximise(flat).optimal
    assert maximise(Spectrum(n, {}), at_least=2, at_most=2).mask.sum() == 2
    assert flip(flat).mask is None and flip(flat).optimal
    line = Spectrum(n, {(i,): -1.0 - i for i in range(n)})
    assert maximise(line, at_most=2).mask.nonzero()[0].tolist() == [n - 2, n - 1]
    assert maximise(line).mask.all() and not minimise(line).mask.any()


def test_terms_of_high_order_beside_many_players():
    spectrum = Spectrum(
        40, {(i,): -0.1 for i in range(40)} | {tuple(range(12)): 3.0, tuple(range(6, 30)): 3.0, (0, 35): -1.0}
    )
    answer = maximise(spectrum)
    # both long terms are even with all players kept; player 35 alone goes, which makes (0, 35) odd
    assert answer.optimal and answer.value == pytest.approx(maximise(spectrum, at_least=38).value)
    assert answer.value == pytest.approx(6.0 + 1.0 + 4.0 - 0.2)


def test_bounds_that_no_mask_meets():
    spectrum = Spectrum(4, {(0,): 1.0})
    for options in ({"at_least": 3, "at_most": 2}, {"at_least": 5}, {"at_most": 0, "fixed": {1: True}}):
        with pytest.raises(SolverError, match="widen the bounds"):
            maximise(spectrum, **options)
    with pytest.raises(SolverError, match="no player"):
        maximise(spectrum, fixed={4: True})
    with pytest.raises(SolverError, match="0 to 4"):
        remove(spectrum, 5)
