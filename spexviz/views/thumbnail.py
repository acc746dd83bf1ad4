"""Thumbnail: the picture of a run in small, as data: its text, its squares, or the examples that lead.

It is made once, when a run is recorded, and holds no colour: cells are levels of the theme's palette, so that
one thumbnail serves both themes. `shelf.js` draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spexviz.kit.names import upright
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.board import Board, places
from spexviz.views.cards import DARKEST, Item
from spexviz.views.findings import told, usual_order
from spexviz.views.index_words import singles
from spexviz.views.strip import pieces
from spexviz.views.words import isolated

EXAMPLES = 2  # that stand beside each other
LETTERS = 90  # of an example's text
LEAST = 0.01  # share of the variance below which a set is not drawn


def thumbnail(explanation: Explanation, items: Sequence[Item] = ()) -> dict[str, Any]:
    """The picture in small, JSON-able, by its `kind`: "text", "squares" or "examples".

    `items`: what is shown of each player where it is more than its name, such as an example with its label.
    """
    if places(explanation) is not None:
        return _squares(explanation)
    if explanation.subject.text is not None or not items:
        return _text(explanation)
    return _examples(explanation, items)


def _text(explanation: Explanation) -> dict[str, Any]:
    """Tokens with their levels, the text between them, and the leading set."""
    effects = singles(explanation.interactions())
    written, gaps = pieces(explanation)
    return {
        "kind": "text",
        "tokens": written,
        "gaps": gaps,
        "cells": _levels(effects),
        "sets": _leading(explanation),
    }


def _squares(explanation: Explanation) -> dict[str, Any]:
    """A square a player, [column, row, level], and the leading set."""
    board = Board.of(explanation, explanation.interactions())
    cells = [[one.x, one.y, theme.level(one.effect, board.limit)] for one in board.squares]
    grid = {"rows": len(board.layers), "columns": board.columns}
    return {"kind": "squares", **grid, "squares": cells, "sets": _leading(explanation)}


def _examples(explanation: Explanation, items: Sequence[Item]) -> dict[str, Any]:
    """The examples that are told of, each with its label and its level."""
    levels = _levels(singles(explanation.interactions()))
    leading = dict.fromkeys(i for members in told(explanation).sets for i in members)
    shown = []
    for i in list(leading)[:EXAMPLES]:
        item = items[i]
        one: dict[str, Any] = {"text": isolated(upright(item.text)[:LETTERS]), "label": item.label}
        one["cell"] = levels[i]
        if item.pixels is not None:
            one["pixels"] = [round(pixel / DARKEST, 2) for pixel in item.pixels]
        shown.append(one)
    return {"kind": "examples", "examples": shown}


def _leading(explanation: Explanation) -> list[dict[str, Any]]:
    """The first set that is told of, or the two players; with the sign of its value; no weak one."""
    found = explanation.interactions(order=usual_order(explanation))
    sets = told(explanation).sets
    both = tuple(sorted({i for members in sets for i in members}))
    members = next((members for members in sets if len(members) > 1), both)
    value = found.values.get(members, 0.0)
    if len(members) < 2 or not value or found.shares.get(members, 0.0) < LEAST:
        return []
    return [{"m": list(members), "up": value > 0}]


def _levels(effects: Sequence[float]) -> list[int]:
    """The cell of each effect, the largest in full colour."""
    limit = max(map(abs, effects), default=0.0)
    return [theme.level(effect, limit) for effect in effects]
