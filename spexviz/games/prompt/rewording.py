"""Rewording: other words over some segments of a text; the players stay where and as many as they are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from spexviz.errors import GameError
from spexviz.games.prompt.scripts import Span
from spexviz.games.prompt.segments import Segments


class Reworded(NamedTuple):
    """A text in other words: the spans of all its pieces, and of them what is `protected`, no players."""

    text: str
    spans: tuple[Span, ...]
    protected: tuple[Span, ...]


def reworded(segments: Segments, words: Mapping[int, str], protected: Sequence[Span] = ()) -> Reworded:
    """The text with other words in the place of some players; the white space around each stays.

    `words`: {player: text}; `protected`: ranges of the text that hold no player. Raises GameError for what is
    no player, and for no words.
    """
    others = {_player(segments, player): text for player, text in words.items()}
    edges = [0]
    said: list[str] = []
    lengths: list[int] = []
    for player, (start, stop) in enumerate(segments.spans):
        text = segments.text[start:stop]
        if player in others:
            text = _instead(text, others[player], player)
        said += [segments.text[edges[-1] : start], text]
        lengths.append(len(text) - (stop - start))
        edges.append(stop)
    shifts = [0, *accumulate(lengths)]
    ends = edges[1:]

    def moved(span: Span) -> Span:
        """Where a range lies now: it begins and ends outside of players, or at their edges."""
        start, stop = span
        before, after = bisect_right(ends, start), bisect_right(ends, stop)
        return start + shifts[before], stop + shifts[after]

    kept = tuple(moved(span) for span in protected if span[0] < span[1])
    pieces = sorted([*segments.spans, *segments.fixed])
    text = "".join([*said, segments.text[edges[-1] :]])
    return Reworded(text, tuple(map(moved, pieces)), kept)


def _player(segments: Segments, player: Any) -> int:
    if isinstance(player, bool) or not isinstance(player, int) or not 0 <= player < len(segments):
        raise GameError(
            f"{player!r:.40} is no player of this text: give positions from 0 to {len(segments) - 1}."
        )
    return player


def _instead(text: str, other: Any, player: int) -> str:
    """Other words with the white space that stands at the edges of the text."""
    if not isinstance(other, str) or not other.strip():
        raise GameError(
            f"There are no words for the player {player} ({text.strip()!r:.40}): type some, "
            "or switch it off to leave it out."
        )
    if not text.strip():
        return other.strip()
    first = len(text) - len(text.lstrip())
    last = len(text.rstrip())
    return text[:first] + other.strip() + text[last:]
