"""Sets of players: the subsets of one, and which of many carry most of the variance."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import combinations

from spexviz.masks import Interaction


def subsets(members: Interaction, smallest: int) -> Iterator[Interaction]:
    """Those of at least `smallest` players, the set itself among them; small ones first.

    >>> list(subsets((2, 5, 7), 2))
    [(2, 5), (2, 7), (5, 7), (2, 5, 7)]
    """
    for size in range(smallest, len(members) + 1):
        yield from combinations(members, size)


def strongest(shares: Mapping[Interaction, float], orders: Container[int]) -> list[Interaction]:
    """The sets of these orders with a share of the variance, the largest first; of equals the smaller set.

    >>> strongest({(0,): 0.5, (0, 1): 0.1, (1, 2): 0.4, (0, 2): 0.0}, (2,))
    [(1, 2), (0, 1)]
    """

    def rank(term: Interaction) -> tuple[float, int, Interaction]:
        return -shares[term], len(term), term

    found = [term for term, share in shares.items() if share and len(term) in orders]
    return sorted(found, key=rank)


def by_size(effects: Sequence[float]) -> list[int]:
    """The players, the one with the largest effect first; of equal ones in their order.

    >>> by_size([0.5, -2.0, 0.5])
    [1, 0, 2]
    """
    return sorted(range(len(effects)), key=lambda i: -abs(effects[i]))
