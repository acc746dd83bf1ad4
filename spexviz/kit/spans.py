"""Ranges of positions (start, end), the end not included: joined, and looked up among many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order and disjoint: without empty ones, overlapping ones as one.

    >>> merged([(4, 6), (0, 2), (1, 3), (3, 4), (7, 7)])
    [(0, 3), (3, 4), (4, 6)]
    """
    found: list[Span] = []
    for start, stop in sorted(spans):
        if start >= stop:
            continue
        if found and start < found[-1][1]:
            first, last = found[-1]
            found[-1] = (first, max(last, stop))
        else:
            found.append((start, stop))
    return found


def overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Whether a span overlaps one of others, which are `merged`.

    >>> overlaps((2, 4), [(0, 2), (3, 9)]), overlaps((2, 3), [(0, 2), (3, 9)])
    (True, False)
    """
    start, stop = span
    after = bisect_right(others, start, key=itemgetter(1))  # the first that ends behind its start
    return after < len(others) and others[after][0] < stop
