"""Looks: where a head looks, drawn on the text itself: the data of one component.

One token is the one that looks, at first the last; the tokens that it attends to are shaded by their share.
What stands in the text is hostile: it stays text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.kit.names import plain, upright
from spexviz.views.component import colours, versioned
from spexviz.views.story import Component
from spexviz.views.theme import percent

MOST = 8  # sources of a token that are shaded
LEAST = 0.01  # share of its attention below which none is
NAMED = 3  # sources that are named
_COLOURS = ("ink", "muted", "grid", "surface", "accent")
_SINK = "Much attention on the first token is common and often means that a head has nothing to look for."


def looks(tokens: Sequence[str], weights: Floats, head: str, *, dark: bool = False) -> Component:
    """The text with what each of its tokens attends to, by one head: `weights` (from, to)."""
    rows = [_sources(row) for row in np.asarray(weights, dtype=float)]
    said = [_said(tokens, i, row) for i, row in enumerate(rows)]
    body: dict[str, Any] = {"head": head, "tokens": [upright(token) for token in tokens]}
    body["rows"], body["said"] = rows, said
    body["colours"] = colours(_COLOURS, dark)
    return Component("looks", versioned(body, ()), f"Where {head} looks. {said[-1]}")


def _sources(row: Floats) -> list[list[float]]:
    """[position, share] of the tokens that are attended to most, the most first."""
    order = np.argsort(-row, kind="stable")[:MOST].tolist()
    return [[i, round(float(row[i]), 3)] for i in order if row[i] >= LEAST]


def _said(tokens: Sequence[str], i: int, row: Sequence[Sequence[float]]) -> str:
    """ "From “dragon” (the last token) it looks at “coffee” 45 %, “dragon” 12 %."."""
    named = []
    for position, share in row[:NAMED]:
        seen = int(position)
        itself = ""
        if seen == i:
            itself = " (itself)"
        named.append(f"{_quoted(tokens[seen])}{itself} {percent(share)}")
    place = ""
    if i == len(tokens) - 1:
        place = ", where the answer is read,"
    sentence = f"From {_quoted(tokens[i])}{place} it looks at {', '.join(named)}."
    if i and row and row[0][0] == 0 and row[0][1] > 0.5:
        sentence += f" {_SINK}"
    return sentence


def _quoted(token: str) -> str:
    """A token between quotes; what is white space only is named."""
    bare = plain(token, 24).strip()
    if not bare:
        return "white space"
    return f"“{bare}”"
