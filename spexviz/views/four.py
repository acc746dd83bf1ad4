"""Four: the four masks of two players, the others kept, as a table to go through; one component.

A cell says what the model says then once it has been visited; all four together say whether the two act
together. The script switches off what a cell leaves out, in all views of the run.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from spexviz.kit.names import plain
from spexviz.masks import Interaction, all_but
from spexviz.results import Explanation
from spexviz.views import question
from spexviz.views.component import colours, versioned
from spexviz.views.story import Component, Depth
from spexviz.views.theme import number

_COLOURS = ("ink", "muted", "grid", "surface", "accent")
TITLE = "Four masks of two words"


def four(
    explanation: Explanation,
    pair: Interaction,
    off: Interaction,
    visited: Collection[Interaction],
    depth: Depth = "anyone",
    *,
    dark: bool = False,
) -> Component:
    """The table of a pair of players whose four masks the run has asked.

    `off`: what is switched off now; `visited`: what was before, since the table was begun.
    """
    first, second = pair
    names = [f"“{plain(explanation.players[i])}”" for i in pair]
    cells: list[dict[str, Any]] = []
    values: dict[Interaction, float] = {}
    for left_out in ((), (first,), (second,), pair):
        value = float(explanation.asked(all_but([left_out], len(explanation.players)))[0])
        values[left_out] = value
        small = "" if depth == "anyone" else number(value)
        cells.append(
            {"off": list(left_out), "value": question.bare(explanation.subject, value), "small": small}
        )
    body = {
        "names": names,
        "cells": cells,
        "result": [*_plainly(explanation, values, names, pair), *_in_numbers(values, names, pair, depth)],
        "answer": question.amount(explanation.subject),
        "colours": colours(_COLOURS, dark),
    }
    now = {"off": list(off), "visited": [list(one) for one in visited]}
    return Component("four", versioned(body, ()) | now, " ".join(body["result"]), TITLE)


def _plainly(
    explanation: Explanation, values: dict[Interaction, float], names: list[str], pair: Interaction
) -> list[str]:
    """What keeping the first does beside the second, and without it."""
    first, second = pair
    said = {off: question.bare(explanation.subject, value) for off, value in values.items()}
    beside = f"{_moves(values[(first,)], values[()])}, from {said[(first,)]} to {said[()]}"
    alone = f"{_moves(values[pair], values[(second,)])}, from {said[pair]} to {said[(second,)]}"
    return [f"With {names[1]}, keeping {names[0]} {beside}. Without {names[1]} keeping it {alone}."]


def _moves(before: float, after: float) -> str:
    if after == before:
        return "leaves the answer as it is"
    return "raises the answer" if after > before else "lowers the answer"


def _in_numbers(
    values: dict[Interaction, float], names: list[str], pair: Interaction, depth: Depth
) -> list[str]:
    """The same in the run's unit, and the difference of the differences, which is the interaction here."""
    if depth == "anyone":
        return []
    first, second = pair
    beside, alone = values[()] - values[(first,)], values[(second,)] - values[pair]
    return [
        f"In log-odds: {number(beside)} with {names[1]}, {number(alone)} without it. The difference, "
        f"{number(beside - alone)}, is the interaction of the two beside the other words."
    ]
