"""Squares: layers × heads, one square a player: the data of one component.

Layers are rows, the lowest at the bottom; a square has the colour and the sign of its player's value (the
mean effect, where no other index was chosen). A part of a layer that is no player is a quiet
outline. The script reports `select` as a trigger: {"members": [positions]}; an empty list clears the
selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from spexviz.indices import Interactions
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.board import Board, Square
from spexviz.views.component import colours, versioned
from spexviz.views.glossary import explained
from spexviz.views.index_words import MEAN, asks, ends, named, title_of
from spexviz.views.scale import Scale
from spexviz.views.story import Component
from spexviz.views.theme import clear_sign, number
from spexviz.views.trust import quality
from spexviz.views.words import one, plural

_COLOURS = ("ink", "muted", "grid", "surface", "accent")
_CLEAR = 0.15  # of the largest value, from which a square has its sign
_TOLD = 10  # players in words


def squares(
    explanation: Explanation,
    found: Interactions,
    *,
    top: int = 12,
    dark: bool = False,
    selection: Sequence[int] = (),
    scale: Scale | None = None,
) -> Component:
    """The component with its title and, for screen readers, its strongest players in words.

    `top`: sets of order ≥ 2 whose members light each other. `selection`: positions of the selected set;
    `scale`: of its colours, where others beside it have the same.
    """
    board = Board.of(explanation, found)
    if scale is not None:
        board = replace(board, full=scale.colour)
    count = len(board.squares)
    noun = explanation.subject.noun
    title = f"{count} {plural(noun, count)}"
    shown = data(explanation, found, board, top=top, dark=dark, selection=selection)
    return Component("squares", shown, _described(board, found), title, _meaning(found, noun))


def data(
    explanation: Explanation,
    found: Interactions,
    board: Board,
    *,
    top: int = 12,
    dark: bool = False,
    selection: Sequence[int] = (),
) -> dict[str, Any]:
    """The component's data, JSON-able; `version` changes with all of it but `selection`."""
    noun = explanation.subject.noun
    sets = found.top(max(0, top), include_singletons=False).values
    body: dict[str, Any] = {"noun": noun, "unit": found.unit, "index": named(found.index)}
    body["asks"] = asks(found)
    body["layers"] = board.layers
    body["columns"] = board.columns
    body["along"] = noun if noun in ("head", "neuron") else ""
    body["squares"] = [_square(square, board) for square in board.squares]
    body["holes"] = [list(hole) for hole in board.holes]
    body["sets"] = [list(members) for members in sets]
    body["legend"] = ends(found.index, board.limit)
    body["terms"] = explained(body["unit"], body["asks"])
    body["quality"] = quality(explanation)
    body["colours"] = colours(_COLOURS, dark) | {"cells": theme.palette(dark)}
    return versioned(body, selection)


def _square(square: Square, board: Board) -> dict[str, Any]:
    """A player: its position "p", place, label "t", colour and sign, and what is said of it."""
    written: dict[str, Any] = {"p": square.player, "x": square.x, "y": square.y, "t": square.label}
    written["cell"] = theme.level(square.effect, board.limit)
    written["sign"] = clear_sign(square.effect, board.limit, _CLEAR)
    written["said"] = number(square.effect)
    written["rank"] = square.rank
    return written


def _meaning(found: Interactions, noun: str) -> str:
    """What a square stands for, in a sentence."""
    colour = "the average effect of keeping it"
    if found.index != MEAN:
        colour = f"its {named(found.index)}"
    return f"Each square is {one(noun)}, its colour {colour}, in {found.unit}."


def _described(board: Board, found: Interactions) -> str:
    """The strongest players with their rank."""
    told = []
    for square in sorted(board.squares, key=attrgetter("rank"))[:_TOLD]:
        effect = number(square.effect)
        told.append(f"{square.label} {effect} ({square.rank} of {len(board.squares)})")
    strongest = "; ".join(told)
    return f"{title_of(found.index)} ({found.unit}), strongest first: {strongest}."
