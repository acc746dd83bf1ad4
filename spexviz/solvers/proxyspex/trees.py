"""Boosted trees, and their exact spectrum: what ProxySPEX reads its candidate interactions from.

A tree over kept/removed players is a sum over its leaves: a leaf of value v reached by fixing the players P
to signs s is v · Π_{i∈P} (1 + s_i z_i) / 2, so it gives v / 2^|P| · Π_{i∈S} s_i to every S ⊆ P. All leaves of
all trees are expanded together by arrays, grouped by the number of players on their path, and equal sets are
summed by a 64-bit key.
Source: ProxySPEX (Butler et al., NeurIPS 2025, arXiv 2505.17495), the recursion N[S] = (L + R)/2, N[S ∪ i] =
(L − R)/2 unrolled.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from spexviz.kit.arrays import Bools, Floats, Ints
from spexviz.masks import Masks, Values, holders
from spexviz.solvers.proxyspex.forest import Forest, Leaves, leaf_paths, read_forest

Keys = NDArray[np.uint64]

# of LightGBM: one, so that fits beside a running model neither slow it down nor change with the machine
THREADS = 1
_FOR_MASKS = {  # parameters of LightGBM: a column is 0 or 1, and the same fit gives the same trees
    "objective": "regression",
    "min_sum_hessian_in_leaf": 0.0,
    "min_data_in_bin": 1,
    "max_bin": 3,
    "feature_pre_filter": False,
    "num_threads": THREADS,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_CELLS = 2_000_000  # leaf × subset pairs expanded at a time
_KEY_SEED = 20250517  # of the players' keys, which name sets and never reach a result
_BEHIND_ALL = np.iinfo(np.int64).max  # in place of padding, so that it sorts behind every player


@dataclass(frozen=True)
class Boosting:
    """Settings of one ensemble: leaves a tree, learning rate, boosting rounds, players that a tree may use.

    The last as a share of all.
    """

    leaves: int
    rate: float
    rounds: int
    players: float = 1.0


def boost(masks: Masks, values: Values, setting: Boosting, seed: int) -> str:
    """Fit gradient-boosted regression trees and return LightGBM's text of the model.

    Deterministic for a seed. The least number of samples in a leaf shrinks with the number of masks
    (LightGBM's default of 20 leaves a constant model below about 40 masks).
    """
    import lightgbm

    least_in_leaf = len(masks) // 16
    parameters = {
        **_FOR_MASKS,
        "num_leaves": setting.leaves,
        "learning_rate": setting.rate,
        "feature_fraction": setting.players,
        "min_data_in_leaf": max(1, min(5, least_in_leaf)),
        "seed": seed % 2**31,
    }
    features = np.asarray(masks, np.float32)
    target = np.asarray(values, np.float64)
    data = lightgbm.Dataset(features, target, params=parameters)
    booster = lightgbm.train(parameters, data, num_boost_round=setting.rounds)
    return booster.model_to_string()


def grow(masks: Masks, values: Values, settings: Iterable[Boosting], seed: int) -> Forest:
    """The trees of several ensembles, each fitted to the values."""
    texts = [boost(masks, values, setting, seed) for setting in settings]
    return read_forest(*texts)


@dataclass(frozen=True)
class _Sums:
    """Distinct sets with their keys (u,), sums of shares (u,) and sorted members (u, w), −1 for padding."""

    keys: Keys
    totals: Floats
    members: Ints


def fourier(forest: Forest, n: int, max_order: int | None = None) -> tuple[Ints, Floats]:
    """The exact spectrum of the sum of the trees.

    Members (k, w) sorted, −1 for padding, and coefficients (k,). Sets above `max_order` are dropped. The
    order of the terms depends on nothing but the trees.
    """
    rng = np.random.default_rng(_KEY_SEED)
    names = rng.integers(0, 2**64, size=n + 1, dtype=np.uint64)
    parts = []
    for leaves in leaf_paths(forest):
        for group in _by_length(leaves):
            parts.append(_expand(group, names, max_order))
    if not parts:
        no_set = np.zeros((0, 0), np.int64)
        return no_set, np.zeros(0)
    width = max(part.members.shape[1] for part in parts)
    padded = [_padded(part.members, width) for part in parts]
    members = np.concatenate(padded)
    keys = np.concatenate([part.keys for part in parts])
    totals = np.concatenate([part.totals for part in parts])
    first, coefficients = _sum_equal(keys, totals)
    return members[first], coefficients


def _padded(members: Ints, width: int) -> Ints:
    """Members (u, w) as (u, width)."""
    k, w = members.shape
    padding = np.full((k, width - w), -1)
    return np.hstack([members, padding])


def _by_length(leaves: Leaves) -> Iterator[Leaves]:
    """Leaves grouped by the number of distinct players on their path, in parts that fit in memory.

    Padding dropped and players sorted.
    """
    padding = leaves.players < 0
    length = (~padding).sum(1)
    named = np.where(padding, _BEHIND_ALL, leaves.players)
    order = np.argsort(named, axis=1, kind="stable")
    players = np.take_along_axis(leaves.players, order, 1)
    signs = np.take_along_axis(leaves.signs, order, 1)
    for d in np.unique(length).tolist():
        rows = np.flatnonzero(length == d)
        step = max(1, _CELLS >> min(d, 20))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            its_players = players[part, :d]
            its_signs = signs[part, :d]
            yield Leaves(its_players, its_signs, leaves.values[part])


def _expand(leaves: Leaves, names: Keys, max_order: int | None) -> _Sums:
    """Every subset of every path (K, d), d distinct players: its shares of the leaves, summed by key."""
    d = leaves.players.shape[1]
    most = d if max_order is None else min(d, max_order)
    subsets = _subsets(d, most)
    # a set's key: the sum of its players' names modulo 2^64; (K, subsets)
    chosen = subsets.T.astype(np.uint64)
    keys = names[leaves.players] @ chosen
    # a leaf of value v gives v / 2^d · Π_{i∈S} s_i to S, so −v / 2^d where an odd number of the s_i are −1
    negative = (leaves.signs < 0).astype(np.int64)
    count = negative @ subsets.T.astype(np.int64)
    sign = 1 - 2 * (count & 1)
    size = leaves.values / 2.0**d
    shares = size[:, None] * sign
    flat_keys = keys.ravel()
    first, totals = _sum_equal(flat_keys, shares.ravel())
    # whose subset stands at a position of the flat table
    leaf, subset = np.divmod(first, len(subsets))
    members = _members(leaves.players[leaf], subsets[subset], most)
    return _Sums(flat_keys[first], totals, members)


def _members(players: Ints, chosen: Bools, most: int) -> Ints:
    """The chosen of the players (u, d) of each row: (u, most) sorted, −1 for padding."""
    in_place = np.where(chosen, players, _BEHIND_ALL)
    in_front = np.sort(in_place, axis=1)
    members = in_front[:, :most]
    is_padding = members == _BEHIND_ALL
    return np.where(is_padding, -1, members)


def _sum_equal(keys: Keys, shares: Floats) -> tuple[Ints, Floats]:
    """Position of the first of each distinct key, and the sum of the shares that have it."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    totals = np.bincount(inverse, weights=shares, minlength=len(first))
    # NumPy's stubs know the counts alone: with weights it gives their sums
    return first, cast(Floats, totals)


@cache
def _subsets(d: int, max_order: int) -> Bools:
    """(k, d) bool: the subsets of d positions with at most `max_order` members, smallest first."""
    rows: list[tuple[int, ...]] = []
    for size in range(max_order + 1):
        rows += itertools.combinations(range(d), size)
    return holders(rows, d)
