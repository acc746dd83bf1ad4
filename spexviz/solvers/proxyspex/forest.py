"""Trees over kept/removed players: read from LightGBM's text, and walked from the roots to the leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spexviz.kit.arrays import Bools, Floats, Ints

Signs = NDArray[np.int8]
"""+1 where a player is removed, −1 where it is kept (z = 1 − 2m); 0 for padding."""


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


@dataclass(frozen=True)
class _Tree:
    """The nodes of one tree, as in `Forest`, but numbered by itself: its root is inner node 0, or leaf 0."""

    player: Ints
    removed: Ints
    kept: Ints
    value: Floats


def read_forest(*texts: str) -> Forest:
    """All trees in LightGBM's texts of models fitted on 0/1 masks."""
    none = np.zeros(0, np.int64)
    roots = []
    player = [none]
    removed = [none]
    kept = [none]
    value = [np.zeros(0)]
    inner = 0
    leaves = 0
    for tree in _read_trees(texts):
        has_split = len(tree.player) > 0
        roots.append(inner if has_split else ~leaves)
        player.append(tree.player)
        removed.append(_moved(tree.removed, inner, leaves))
        kept.append(_moved(tree.kept, inner, leaves))
        value.append(tree.value)
        inner += len(tree.player)
        leaves += len(tree.value)
    return Forest(
        roots=np.array(roots, np.int64),
        player=np.concatenate(player),
        removed=np.concatenate(removed),
        kept=np.concatenate(kept),
        value=np.concatenate(value),
    )


def _read_trees(texts: Iterable[str]) -> Iterator[_Tree]:
    """The trees of every text, in order."""
    for text in texts:
        _, *blocks = text.split("\nTree=")
        for block in blocks:
            yield _read_tree(block)


def _read_tree(block: str) -> _Tree:
    """A tree from its block: its number, a line "name=value" for each array, and an empty line at the end."""
    fields = {}
    block, _, _ = block.partition("\n\n")
    for line in block.split("\n"):
        name, _, text = line.partition("=")
        fields[name] = text.split()
    value = np.array(fields["leaf_value"], np.float64)
    if len(value) == 1:  # no split
        none = np.zeros(0, np.int64)
        return _Tree(none, none, none, value)
    player = np.array(fields["split_feature"], np.int64)
    removed = np.array(fields["left_child"], np.int64)
    kept = np.array(fields["right_child"], np.int64)
    return _Tree(player, removed, kept, value)


def _moved(children: Ints, inner: int, leaves: int) -> Ints:
    """The children in a tree as numbered after so many inner nodes and leaves of other trees."""
    is_inner = children >= 0
    return np.where(is_inner, children + inner, children - leaves)


@dataclass(frozen=True)
class Leaves:
    """Leaves and how they are reached: `players` (K, d), −1 for padding; `signs` (K, d); `values` (K,)."""

    players: Ints
    signs: Signs
    values: Floats


@dataclass(frozen=True)
class _Paths:
    """Nodes (K,) of one depth d, and the players (K, d) and signs (K, d) on the way there, as in `Leaves`."""

    nodes: Ints
    players: Ints
    signs: Signs

    def only(self, rows: Bools) -> _Paths:
        nodes = self.nodes[rows]
        players = self.players[rows]
        signs = self.signs[rows]
        return _Paths(nodes, players, signs)


def leaf_paths(forest: Forest) -> list[Leaves]:
    """The reachable leaves, grouped by depth.

    A player that stands on a path twice fixes nothing the second time; a leaf that asks for both its signs is
    never reached.
    """
    found = []
    nobody = (len(forest.roots), 0)
    players = np.zeros(nobody, np.int64)
    signs = np.zeros(nobody, np.int8)
    paths = _Paths(forest.roots, players, signs)
    while len(paths.nodes):
        at_leaf = paths.nodes < 0
        if at_leaf.any():
            ended = paths.only(at_leaf)
            leaf = ~ended.nodes
            values = forest.value[leaf]
            found.append(Leaves(ended.players, ended.signs, values))
        paths = _deeper(forest, paths.only(~at_leaf))
    return found


def _deeper(forest: Forest, paths: _Paths) -> _Paths:
    """The paths from inner nodes to their children: first where the player is removed (z = 1), then kept."""
    player = forest.player[paths.nodes]
    # what the path has said of this player already: its sign, or 0
    on_path = paths.players == player[:, None]
    fixed = (on_path * paths.signs).sum(1)
    removed = _branch(paths, player, fixed, forest.removed, 1)
    kept = _branch(paths, player, fixed, forest.kept, -1)
    nodes = np.concatenate([removed.nodes, kept.nodes])
    players = np.concatenate([removed.players, kept.players])
    signs = np.concatenate([removed.signs, kept.signs])
    return _Paths(nodes, players, signs)


def _branch(paths: _Paths, player: Ints, fixed: Ints, children: Ints, sign: int) -> _Paths:
    """The paths that go on with this sign of the player on which each node splits."""
    alive = fixed != -sign
    before = paths.only(alive)
    is_new = fixed[alive] == 0
    joining = np.where(is_new, player[alive], -1)
    its_sign = np.where(is_new, sign, 0).astype(np.int8)
    players = np.column_stack([before.players, joining])
    signs = np.column_stack([before.signs, its_sign])
    return _Paths(children[before.nodes], players, signs)
