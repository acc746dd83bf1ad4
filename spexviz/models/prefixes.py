"""Texts that begin alike, as a prefix tree: a causal model computes the same for a common beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """Tokens of a batch as a prefix tree:

    `ids` and `positions` a node; `paths[i]`: the nodes of text i, in order.
    """

    ids: list[int]
    positions: list[int]
    paths: list[list[int]]

    def __len__(self) -> int:
        return len(self.ids)


def layout(texts: Sequence[Sequence[int]]) -> Layout:
    """The prefix tree of token sequences given in sorted order (else fewer beginnings are found).

    >>> layout([(5, 7), (5, 8, 9)])
    Layout(ids=[5, 7, 8, 9], positions=[0, 1, 1, 2], paths=[[0, 1], [0, 2, 3]])
    """
    ids: list[int] = []
    positions: list[int] = []
    paths: list[list[int]] = []
    last: Sequence[int] = ()
    last_path: list[int] = []
    for text in texts:
        same = common(last, text)
        new_nodes = range(len(ids), len(ids) + len(text) - same)
        path = [*last_path[:same], *new_nodes]
        ids += text[same:]
        positions += range(same, len(text))
        paths.append(path)
        last = text
        last_path = path
    return Layout(ids, positions, paths)


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two texts begin with in common.

    >>> common([5, 8, 9], [5, 8, 2, 1])
    2
    """
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
