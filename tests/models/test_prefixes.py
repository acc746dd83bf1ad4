"""Texts that begin alike share the nodes of a prefix tree."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.models.prefixes import layout


def some_texts(seed: int, count: int = 40) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [[7, 7, *np.flatnonzero(rng.random(12) < 0.5).tolist(), 9] for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_a_prefix_tree_has_one_node_for_each_beginning(seed: int) -> None:
    texts = sorted(some_texts(seed))
    tree = layout(texts)
    assert [[tree.ids[node] for node in path] for path in tree.paths] == texts
    assert all([tree.positions[node] for node in path] == list(range(len(path))) for path in tree.paths)
    assert (
        len(tree)
        == len({tuple(text[:end]) for text in texts for end in range(1, len(text) + 1)})
        < sum(map(len, texts))
    )
