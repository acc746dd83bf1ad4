"""Where the tokens of a text stand, by the pieces of it that a server says they are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from spexviz.models.base import Span


def spans_of(text: str, pieces: Sequence[bytes]) -> list[Span] | None:
    """Start and end of each piece in characters; None where they are not the pieces of this text.

    A character that is cut belongs to each of the pieces that hold a part of it.

    >>> spans_of("né", [b"n", "é".encode()[:1], "é".encode()[1:]])
    [(0, 1), (1, 2), (1, 2)]
    """
    raw = text.encode()
    if b"".join(pieces) != raw:
        return None
    places = itertools.accumulate(map(len, pieces), initial=0)
    return [_characters(raw, start, end) for start, end in itertools.pairwise(places)]


def _characters(raw: bytes, start: int, end: int) -> Span:
    """Bytes `start` to `end` as characters."""
    first = _whole_characters(raw[:start])
    last = _whole_characters(raw[:end])
    if _cuts(raw, end):
        last += 1
    return first, max(first, last)


def _whole_characters(raw: bytes) -> int:
    return len(raw.decode("utf-8", "ignore"))


def _cuts(raw: bytes, place: int) -> bool:
    """Whether a character goes on across the place: the bytes of UTF-8 after a first one begin with 10."""
    return place < len(raw) and raw[place] & 0b1100_0000 == 0b1000_0000
