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
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from spexviz.kit.arrays import Bools, Floats, Ints
from spexviz.masks import Masks, Values, holders

# of LightGBM: one, so that fits beside a running model neither slow it down nor change with the machine
THREADS = 1
_CELLS = 2_000_000  # leaf × subset pairs expanded at a time
_KEY_SEED = 20250517  # of the players' keys, which name sets and never reach a result


@dataclass(frozen=True)
class Boosting:
    """Settings of one ensemble: leaves a tree, learning rate, boosting rounds, share of the players that a tree may use."""

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

    parameters = {
        "objective": "regression",
        "num_leaves": setting.leaves,
        "learning_rate": setting.rate,
        "feature_fraction": setting.players,
        "min_data_in_leaf": max(1, min(5, len(masks) // 16)),
        "min_sum_hessian_in_leaf": 0.0,
        "min_data_in_bin": 1,
        "max_bin": 3,
        "feature_pre_filter": False,
        "seed": seed % 2**31,
        "num_threads": THREADS,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(np.asarray(masks, np.float32), np.asarray(values, np.float64), params=parameters)
    return lightgbm.train(parameters, data, num_boost_round=setting.rounds).model_to_string()


@dataclass(frozen=True)
class Forest:
    """The nodes of every tree in flat arrays.

    A child or root c ≥ 0 is the inner node c, c < 0 the leaf ~c.
    """

    roots: Ints
    player: Ints
    removed: Ints  # child where the player is removed (LightGBM's left: 0 ≤ threshold)
    kept: Ints
    value: Floats


def read_forest(*texts: str) -> Forest:
    """All trees in LightGBM's texts of models fitted on 0/1 masks."""
    columns: dict[str, list[NDArray]] = {
        name: [] for name in ("split_feature", "left_child", "right_child", "leaf_value")
    }
    roots: list[int] = []
    inner = leaves = 0
    for block in itertools.chain.from_iterable(text.split("\nTree=")[1:] for text in texts):
        fields = dict(line.split("=", 1) for line in block.split("\n\n", 1)[0].split("\n")[1:] if "=" in line)
        value = np.array(fields["leaf_value"].split(), np.float64)
        roots.append(inner if len(value) > 1 else ~leaves)
        if len(value) > 1:
            columns["split_feature"].append(np.array(fields["split_feature"].split(), np.int64))
            for name in ("left_child", "right_child"):
                child = np.array(fields[name].split(), np.int64)
                columns[name].append(np.where(child >= 0, child + inner, child - leaves))
            inner += len(value) - 1
        columns["leaf_value"].append(value)
        leaves += len(value)
    joined = {
        name: np.concatenate(parts) if parts else np.zeros(0, np.int64) for name, parts in columns.items()
    }
    return Forest(
        np.array(roots, np.int64),
        joined["split_feature"],
        joined["left_child"],
        joined["right_child"],
        joined["leaf_value"].astype(np.float64),
    )


def leaf_paths(forest: Forest) -> list[tuple[Ints, NDArray[np.int8], Floats]]:
    """The reachable leaves, grouped by depth: players (K, d) sorted and distinct, −1 for padding; signs (K, d); values (K,).

    A player that stands on a path twice fixes nothing the second time; a leaf that asks for both its signs is
    never reached.
    """
    found = []
    node, path, sign = (
        forest.roots,
        np.zeros((len(forest.roots), 0), np.int64),
        np.zeros((len(forest.roots), 0), np.int8),
    )
    while len(node):
        leaf = node < 0
        if leaf.any():
            found.append((path[leaf], sign[leaf], forest.value[~node[leaf]]))
        node, path, sign = node[~leaf], path[~leaf], sign[~leaf]
        player = forest.player[node]
        fixed = ((path == player[:, None]) * sign).sum(1)
        parts = []
        for children, direction in ((forest.removed, 1), (forest.kept, -1)):
            alive = fixed != -direction
            new = fixed[alive] == 0
            parts.append(
                (
                    children[node[alive]],
                    np.column_stack([path[alive], np.where(new, player[alive], -1)]),
                    np.column_stack([sign[alive], np.where(new, direction, 0).astype(np.int8)]),
                )
            )
        node, path, sign = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    return found


def fourier(forest: Forest, n: int, max_order: int | None = None) -> tuple[Ints, Floats]:
    """The exact spectrum of the sum of the trees: members (k, w) sorted, −1 for padding, and coefficients (k,).

    Sets above `max_order` are dropped. The order of the terms depends on nothing but the trees.
    """
    name = np.random.default_rng(_KEY_SEED).integers(0, 2**64, size=n + 1, dtype=np.uint64)
    keys, sums, members = [], [], []
    for path, sign, value in leaf_paths(forest):
        for some, its_sign, its_value in _by_length(path, sign, value):
            key, total, sets = _expand(some, its_sign, its_value, name, max_order)
            keys.append(key), sums.append(total), members.append(sets)
    if not keys:
        return np.zeros((0, 0), np.int64), np.zeros(0)
    width = max(sets.shape[1] for sets in members)
    members = [np.pad(sets, ((0, 0), (0, width - sets.shape[1])), constant_values=-1) for sets in members]
    first, total = _sum_equal(np.concatenate(keys), np.concatenate(sums))
    return np.concatenate(members)[first], total


def _by_length(path, sign, value):
    """Rows grouped by their number of distinct players, padding dropped and players sorted; in parts that fit in memory."""
    length = (path >= 0).sum(1)
    order = np.argsort(np.where(path < 0, np.iinfo(np.int64).max, path), axis=1, kind="stable")
    path, sign = np.take_along_axis(path, order, 1), np.take_along_axis(sign, order, 1)
    for d in np.unique(length):
        rows = np.flatnonzero(length == d)
        step = max(1, _CELLS >> min(int(d), 20))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            yield path[part, :d], sign[part, :d], value[part]


def _expand(path, sign, value, name, max_order):
    """Every subset of every path (K, d): summed by key. Returns keys (u,), sums (u,), members (u, w)."""
    d = path.shape[1]
    subsets = _subsets(d, d if max_order is None else min(d, max_order))
    key = (name[path] @ subsets.T.astype(np.uint64)).ravel()  # sums modulo 2^64
    odd = (((sign < 0).astype(np.int64)) @ subsets.T.astype(np.int64)) & 1
    share = ((value / 2.0**d)[:, None] * (1 - 2 * odd)).ravel()
    first, total = _sum_equal(key, share)
    row, which = np.divmod(first, len(subsets))
    sets = np.where(subsets[which], path[row], np.iinfo(np.int64).max)
    sets = np.sort(sets, axis=1)[:, : int(subsets.sum(1).max(initial=0))]
    return key[first], total, np.where(sets == np.iinfo(np.int64).max, -1, sets)


def _sum_equal(key, share):
    """Position of the first of each distinct key, and the sum of the shares that have it."""
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first, np.bincount(inverse, weights=share, minlength=len(first))


@cache
def _subsets(d: int, max_order: int) -> Bools:
    """(k, d) bool: the subsets of d positions with at most `max_order` members, smallest first."""
    rows = [chosen for size in range(max_order + 1) for chosen in itertools.combinations(range(d), size)]
    return holders(rows, d)


def membership(members: Ints, n: int) -> Bools:
    """Padded members (k, w) as a bool table (k, n)."""
    out = np.zeros((len(members), n + 1), dtype=bool)
    np.put_along_axis(out, np.where(members < 0, n, members), True, axis=1)
    return out[:, :n]
