from __future__ import annotations

import itertools

import numpy as np
import pytest

from spexviz.errors import SolverError
from spexviz.masks import all_masks
from spexviz.spectrum import Spectrum, characters, walsh_hadamard


def random_spectrum(n: int, terms: int, seed: int) -> Spectrum:
    rng = np.random.default_rng(seed)
    sets = {
        tuple(sorted(rng.choice(n, size=rng.integers(0, min(n, 5) + 1), replace=False).tolist()))
        for _ in range(terms)
    }
    return Spectrum(n, {term: rng.standard_normal() for term in sets})


@pytest.mark.parametrize("n", [1, 5, 9, 70])
def test_values_are_the_sum_of_the_definition(n: int) -> None:
    spectrum = random_spectrum(n, 30, n)
    masks = np.random.default_rng(1).random((25, n)) < 0.5
    brute = [
        sum(c * (-1) ** sum(mask[i] for i in term) for term, c in spectrum.coefficients.items())
        for mask in masks.tolist()
    ]
    np.testing.assert_allclose(spectrum(masks), brute, atol=1e-12)


@pytest.mark.parametrize("n", range(0, 13))
def test_exact_transform_is_the_definition(n: int) -> None:
    values = np.random.default_rng(n).standard_normal(2**n)
    spectrum, masks = Spectrum.exact(values), all_masks(n)
    for term in [
        *itertools.islice(itertools.combinations(range(n), 2), 10),
        (),
        *((i,) for i in range(n)),
        tuple(range(n)),
    ]:
        signs = (-1.0) ** masks[:, list(term)].sum(1)
        assert spectrum.coefficients[term] == pytest.approx(float(signs @ values) / 2**n, abs=1e-12)
    np.testing.assert_allclose(spectrum(masks), values, atol=1e-10)
    assert spectrum.energy() == pytest.approx(values.var(), abs=1e-12)


def test_transform_works_on_the_last_axis_of_any_table() -> None:
    table = np.random.default_rng(0).standard_normal((8, 3))
    signs = characters(all_masks(3), all_masks(3)).astype(float)
    for given in (table.T, np.ascontiguousarray(table.T), table.T[:, ::-1][:, ::-1]):
        before = given.copy()
        np.testing.assert_allclose(walsh_hadamard(given), table.T @ signs, atol=1e-12)
        np.testing.assert_array_equal(given, before)
    with pytest.raises(SolverError, match="power of two"):
        walsh_hadamard(np.zeros(6))


@pytest.mark.parametrize("values", [np.zeros(6), np.zeros((2, 2)), np.zeros(0)])
def test_exact_refuses_what_is_no_table_of_all_masks(values: np.ndarray) -> None:
    with pytest.raises(SolverError):
        Spectrum.exact(values)


def test_truncate_by_order_and_by_terms() -> None:
    spectrum = Spectrum(4, {(): 9.0, (0,): 1.0, (1,): -3.0, (0, 1): 2.0, (0, 1, 2): 5.0})
    assert set(spectrum.truncate(order=2)) == {(), (0,), (1,), (0, 1)}
    assert set(spectrum.truncate(terms=2)) == {(), (1,), (0, 1, 2)}
    assert set(spectrum.truncate(order=2, terms=1)) == {(), (1,)}
    assert set(spectrum.truncate(terms=0)) == {()}
    assert set(spectrum.truncate(order=0)) == {()}
    assert spectrum.truncate(order=9, terms=99) == spectrum


def test_energy_leaves_the_constant_out() -> None:
    spectrum = Spectrum(3, {(): 7.0, (0,): 1.0, (1, 2): -2.0})
    assert (spectrum.energy(), spectrum.energy(1), spectrum.energy(2), spectrum.energy(0)) == (
        5.0,
        1.0,
        4.0,
        0.0,
    )
    masks = all_masks(3)
    assert spectrum(masks).var() == pytest.approx(5.0)


def test_draws_stay_on_their_terms() -> None:
    draws = np.array([[12.0, 1.0, 0.0], [13.0, 2.0, 0.5]])
    spectrum = Spectrum(3, [((1, 2), 12.5), ((0,), 1.5), ((), 0.2)], draws)
    assert spectrum.terms == ((), (0,), (1, 2))
    np.testing.assert_array_equal(spectrum.draws, draws[:, ::-1])
    np.testing.assert_array_equal(spectrum.truncate(terms=1).draws, draws[:, [2, 0]])
    with pytest.raises(SolverError, match="one column"):
        Spectrum(3, {(0,): 1.0}, draws)


def test_frozen() -> None:
    spectrum = Spectrum(2, {(0,): 1.0}, [[1.0]], {"a": 1})
    with pytest.raises(AttributeError):
        spectrum.n = 3
    for array in (spectrum.values, spectrum.draws):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2
    for mapping in (spectrum.coefficients, spectrum.notes):
        with pytest.raises(TypeError):
            mapping[(1,)] = 2.0
    assert spectrum == Spectrum(2, {(0,): 1.0}) != Spectrum(3, {(0,): 1.0})


@pytest.mark.parametrize(
    "coefficients",
    [{(2,): 1.0}, {(1, 0): 1.0}, {(0, 0): 1.0}, {(-1,): 1.0}, {(0,): np.nan}, [((0,), 1.0), ((0,), 2.0)]],
)
def test_malformed_spectra_are_refused(coefficients: object) -> None:
    with pytest.raises(SolverError):
        Spectrum(2, coefficients)


def test_masks_of_another_width_are_refused() -> None:
    with pytest.raises(SolverError, match="2 players"):
        Spectrum(2, {(0,): 1.0})(np.ones((1, 3), dtype=bool))


def random_groups(n: int, count: int, seed: int) -> list[tuple[int, ...]]:
    """Disjoint groups of some of the players."""
    group = np.random.default_rng(seed).integers(-1, count, size=n)
    return [tuple(np.flatnonzero(group == g).tolist()) for g in range(count)]


@pytest.mark.parametrize("seed", range(12))
def test_merged_players_are_kept_and_removed_together(seed: int) -> None:
    n, count = 9 + seed % 3, 1 + seed % 6
    fine = random_spectrum(n, 60, seed)
    draws = np.random.default_rng(seed).normal(size=(3, len(fine)))
    fine = Spectrum(n, fine.coefficients, draws)
    groups = random_groups(n, count, seed)
    coarse = fine.merged(groups)
    masks = all_masks(count)
    of_players = np.ones((len(masks), n), dtype=bool)
    for g, group in enumerate(groups):
        of_players[:, list(group)] = masks[:, [g]]
    np.testing.assert_allclose(coarse(masks), fine(of_players), atol=1e-12)
    for one, merged in zip(draws, coarse.draws, strict=True):
        drawn = Spectrum(n, dict(zip(fine.terms, one, strict=True)))
        again = Spectrum(count, dict(zip(coarse.terms, merged, strict=True)))
        np.testing.assert_allclose(again(masks), drawn(of_players), atol=1e-12)


def test_merging_one_by_one_changes_nothing_and_groups_are_disjoint_sets() -> None:
    fine = random_spectrum(7, 30, 0)
    assert fine.merged([(i,) for i in range(7)]) == fine
    twice = fine.merged([(0, 1), (2, 3), (4, 5, 6)]).merged([(0, 1, 2)])
    once = fine.merged([tuple(range(7))])
    np.testing.assert_allclose(twice(all_masks(1)), once(all_masks(1)), atol=1e-12)
    for wrong in ([(0, 1), (1, 2)], [(0, 9)], [(1, 0)]):
        with pytest.raises(SolverError):
            fine.merged(wrong)
