"""Marks: pieces of a text that somebody has marked by hand, checked, and carried over to a changed text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spexviz.errors import GameError
from spexviz.games.prompt.scripts import Span
from spexviz.kit.spans import merged

MOST_MARKS = 2_000


def checked(text: str, given: Any) -> tuple[Span, ...]:
    """The ranges of characters that a browser reports, in order: whole ones, without white space around.

    >>> checked("It is not bad.", [[6, 10], [10, 13]])
    ((6, 9), (10, 13))

    A range that cuts a character of several code points (a letter and its marks, an emoji) takes all of it.
    Raises GameError for what is no list of such ranges of this text, and for ranges that overlap.
    """
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) > MOST_MARKS:
        raise GameError(f"These are no marks, or more than {MOST_MARKS:,}: mark the pieces again.")
    edges = whole_characters(text)
    found = sorted(filter(None, (_trimmed(text, _range(one, edges)) for one in given)))
    if merged(found) != list(dict.fromkeys(found)):
        raise GameError("Two marks overlap: mark pieces that do not.")
    return tuple(dict.fromkeys(found))


def moved(spans: Sequence[Span], old: str, new: str) -> tuple[tuple[Span, ...], tuple[str, ...]]:
    """Where marks of an old text stand in a new one, and the texts of those that have no place there.

    >>> moved([(0, 3), (7, 10)], "not so bad", "not quite so bad")
    (((0, 3), (13, 16)), ())

    What lies before or after all that has changed stays there; else a mark is where its text is, if that is
    in one place only.
    """
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    shift = len(new) - len(old)
    found: list[Span] = []
    lost: list[str] = []
    for start, stop in spans:
        place = -1
        if stop <= head:
            place = start
        elif start >= len(old) - tail:
            place = start + shift
        elif _is_once(old[start:stop], new):
            place = new.index(old[start:stop])
        span = (place, place + stop - start)
        if place < 0 or any(span[0] < b and a < span[1] for a, b in found):
            lost.append(old[start:stop])
        else:
            found.append(span)
    return tuple(sorted(found)), tuple(lost)


def whole_characters(text: str) -> list[int]:
    """For each position of the text, the end included, where the whole character begins that it is in.

    Source: https://unicode.org/reports/tr29/#Grapheme_Cluster_Boundaries
    """
    import regex

    begins: list[int] = []
    for match in regex.finditer(r"\X", text):
        begins += [match.start()] * (match.end() - match.start())
    return [*begins, len(text)]


def _range(given: Any, edges: list[int]) -> Span:
    """One range in whole characters. Raises GameError for what is none of the text."""
    is_pair = isinstance(given, list | tuple) and len(given) == 2
    if not is_pair or not all(type(end) is int for end in given):
        raise GameError("A mark is a pair of whole numbers, (start, end): mark the pieces again.")
    start, stop = int(given[0]), int(given[1])
    last = len(edges) - 1
    if not 0 <= start < stop <= last:
        raise GameError(
            f"({start}, {stop}) is no range of a text of {last:,} characters: mark the pieces again."
        )
    begin = edges[start]
    while edges[stop] != stop:  # inside a character
        stop += 1
    return begin, stop


def _trimmed(text: str, span: Span) -> Span | None:
    """The range without the white space at its ends; None for white space alone."""
    start, stop = span
    piece = text[start:stop]
    if not piece.strip():
        return None
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    for k, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return k
    return min(len(one), len(other))


def _is_once(piece: str, text: str) -> bool:
    """Whether a piece is in one place of a text only."""
    first = text.find(piece)
    return first >= 0 and text.find(piece, first + 1) < 0
