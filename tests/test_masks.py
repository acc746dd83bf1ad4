from __future__ import annotations

import numpy as np
import pytest

from spexviz.errors import SolverError
from spexviz.masks import all_masks, distinct, keys, pack, uniform_masks, unpack

BOTH_WAYS = pytest.mark.parametrize("n", [9, 40])  # a permutation of all masks; draws without repeats


def test_all_masks_row_r_holds_the_bits_of_r() -> None:
    masks = all_masks(4)
    assert masks.shape == (16, 4) and masks.dtype == bool
    assert [int(sum(1 << i for i in np.flatnonzero(row))) for row in masks] == list(range(16))
    with pytest.raises(SolverError, match="uniform_masks"):
        all_masks(21)


@BOTH_WAYS
def test_samples_are_distinct_nested_and_seeded(n: int) -> None:
    long = uniform_masks(n, 300, 7)
    assert long.shape == (300, n) and long.dtype == bool and len(set(keys(long))) == 300
    for count in (0, 1, 50, 299):
        assert (uniform_masks(n, count, 7) == long[:count]).all()
    assert (uniform_masks(n, 300, 8) != long).any()


def test_nested_across_blocks() -> None:
    long = uniform_masks(14, 5000, 3)
    assert len(distinct(long)) == 5000
    assert (uniform_masks(14, 1500, 3) == long[:1500]).all()


def test_uniform_over_all_masks_when_small() -> None:
    """First rows over many seeds: each of the 8 masks equally often (chi-square, 7 degrees of freedom:

    P(> 29.9) = 1e-4).
    """
    first = np.array([uniform_masks(3, 1, seed)[0] @ [1, 2, 4] for seed in range(1600)])
    counts = np.bincount(first, minlength=8)
    assert ((counts - 200) ** 2 / 200).sum() < 29.9
    assert (np.sort(uniform_masks(3, 8, 0) @ [1, 2, 4]) == np.arange(8)).all()


@pytest.mark.parametrize(("n", "count", "keep"), [(100, 2000, 0.9), (100, 2000, 0.25), (12, 1, 0.8)])
def test_keep_probability(n: int, count: int, keep: float) -> None:
    masks = np.concatenate(
        [uniform_masks(n, count, seed, keep=keep) for seed in range(1 if count > 1 else 600)]
    )
    error = np.sqrt(keep * (1 - keep) / masks.size)
    assert abs(masks.mean() - keep) < 5 * error  # of so many masks hardly one comes twice


@BOTH_WAYS
def test_excluded_masks_never_come(n: int) -> None:
    first = uniform_masks(n, 250, 0)
    second = uniform_masks(n, 250, 0, exclude=first)
    assert not set(keys(first)) & set(keys(second)) and len(set(keys(second))) == 250


def test_the_last_free_masks_are_found() -> None:
    taken = uniform_masks(14, 16_000, 1)
    rest = uniform_masks(14, 384, 2, exclude=taken)
    assert len(set(keys(taken)) | set(keys(rest))) == 2**14


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"n": 0, "count": 1, "seed": 0}, "player"),
        ({"n": 3, "count": -1, "seed": 0}, "count"),
        ({"n": 3, "count": 1, "seed": -1}, "seed"),
        ({"n": 3, "count": 9, "seed": 0}, "fewer than 9"),
        ({"n": 3, "count": 5, "seed": 0, "exclude": all_masks(3)[:4]}, "4 of them free"),
        ({"n": 3, "count": 1, "seed": 0, "keep": 0.0}, "between 0 and 1"),
        ({"n": 3, "count": 1, "seed": 0, "keep": float("nan")}, "between 0 and 1"),
        ({"n": 70, "count": 2000, "seed": 0, "keep": 1e-9}, "nearer to 0.5"),
    ],
)
def test_errors_name_the_remedy(arguments: dict, word: str) -> None:
    with pytest.raises(SolverError, match=word):
        uniform_masks(**arguments)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 64, 65])
def test_packing_round_trip(n: int) -> None:
    masks = np.random.default_rng(n).random((11, n)) < 0.5
    packed = pack(masks)
    assert packed.shape == (11, (n + 7) // 8)
    assert (unpack(packed, n) == masks).all()
    assert keys(masks) == [bytes(row) for row in packed]


def test_distinct_keeps_the_first_of_each() -> None:
    masks = np.array([[1, 0], [0, 1], [1, 0], [1, 1], [0, 1]], dtype=bool)
    assert (distinct(masks) == masks[[0, 1, 3]]).all()
