"""Zoom: the splits that take some players of a prompt apart, and those that put all of them together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from spexviz.errors import GameError
from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.scripts import Span, is_unspaced
from spexviz.games.prompt.segments import COARSER
from spexviz.masks import Interaction

Groups = tuple[Interaction, ...]
"""For each player of a coarser split the players that are in it."""


def finer(game: PromptGame, members: Interaction) -> dict[str, PromptGame]:
    """{split: the game of the parts inside these players} for the splits that take them apart.

    Sentences before words; none for players that are tokens. No model is loaded for it.
    """
    if game.split == "tokens":
        return {}
    text = "".join(game.players[i] for i in members)
    found: dict[str, PromptGame] = {}
    count = len(members)
    for split in ("sentences", "boundaries" if is_unspaced(text) else "words"):
        with suppress(GameError):  # nothing inside them can be removed
            zoomed = game.zoomed(members, split)
            if len(zoomed.players) > count:
                found[split] = zoomed
                count = len(zoomed.players)
    return found


def inside(outer: PromptGame, inner: PromptGame) -> Interaction:
    """The players of `outer` in which those of `inner` are.

    () where some are in none, or the texts differ.
    """
    if outer.prompt != inner.prompt:
        return ()
    found = _holders(outer.text_spans, inner.text_spans)
    if -1 in found:
        return ()
    return tuple(sorted(set(found)))


def coarser(game: PromptGame, count: int) -> dict[str, PromptGame]:
    """{split: the game of fewer and longer players} than its `count`, at least two; finest first.

    No model is loaded for it.
    """
    found: dict[str, PromptGame] = {}
    for split in COARSER:
        with suppress(GameError):
            coarse = replace(game, split=split, spans=None, pattern=None)
            if 1 < len(coarse.players) < count:
                found[split] = coarse
                count = len(coarse.players)
    return found


def groups(spans: Sequence[Span], coarse: PromptGame) -> Groups:
    """For each player of a coarser game the players at these places of the text that begin in it."""
    found: list[list[int]] = [[] for _ in coarse.players]
    for i, at in enumerate(_holders(coarse.text_spans, spans)):
        if at >= 0:
            found[at].append(i)
    return tuple(map(tuple, found))


def _holders(outer: Sequence[Span], inner: Sequence[Span]) -> list[int]:
    """Which of the outer spans, in order, each inner one begins in; −1 for none."""
    begins = [start for start, _ in outer]
    found: list[int] = []
    for start, stop in inner:
        at = bisect_right(begins, max(start, stop - 1)) - 1
        found.append(at if at >= 0 and start < outer[at][1] else -1)
    return found
