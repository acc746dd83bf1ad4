"""Rows: a table as the data of one component. What stands in it is hostile: it stays text.

A row stands for players of a run and selects them, or it opens something (`Listed`). The script reports
`select` {"members": [positions]}, `open` {"key": key} and `mark` {"keys": [keys]} as triggers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spexviz.kit.names import upright
from spexviz.views.component import colours, versioned
from spexviz.views.story import Table

_COLOURS = ("page", "ink", "muted", "grid", "surface", "accent")


@dataclass(frozen=True)
class Listed:
    """What a table knows of rows that open something.

    `keys`: one for each row, which is what its click reports; `marked`: those that are marked at first;
    `under`, `pointed`: {column: one for each row}, a smaller line under a cell, and what pointing at it says;
    `words`: what a search finds besides the cells, one for each row; `times`: columns whose numbers are
    seconds since 1970, which the browser says in its own time; `noun`: what the rows are;
    `sought`: what the field of the search says.
    """

    keys: tuple[str, ...]
    marked: tuple[str, ...] = ()
    under: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pointed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    noun: str = "row"
    sought: str = "Search"


def data(
    shown: Table,
    label: str,
    *,
    selects: bool = False,
    selection: Sequence[int] = (),
    listed: Listed | None = None,
    dark: bool = False,
) -> dict[str, Any]:
    """The component's data, JSON-able.

    `label`: what the table is; `selects`: a click selects the players of a row; `listed`: a click opens it.
    """
    names = list(shown.columns) or list(shown.rows[0] if shown.rows else ())
    numbers = {name: _numbers(shown, name) for name in names}
    body: dict[str, Any] = {
        "label": upright(label),
        "columns": [_column(shown, name, numbers[name], listed) for name in names],
        "rows": [[upright(str(row.get(name, ""))) for name in names] for row in shown.rows],
        "numbers": {names.index(name): found for name, found in numbers.items() if found is not None},
        "members": [list(members) for members in shown.members] if selects else [],
        "colours": colours(_COLOURS, dark),
    }
    if listed is None:
        return versioned(body, selection)
    body["listed"] = _listed(listed, names)
    return {**versioned(body, selection), "marked": list(listed.marked)}


def _column(
    shown: Table, name: str, numbers: Sequence[float | None] | None, listed: Listed | None
) -> dict[str, Any]:
    kind = "text"
    if listed is not None and name in listed.times:
        kind = "time"
    elif numbers is not None:
        kind = "number"
    return {"name": upright(name), "help": upright(shown.columns.get(name, "")), "kind": kind}


def _numbers(shown: Table, name: str) -> list[float | None] | None:
    """By what a column is sorted: its numbers, or its cells if these are numbers; None for a text."""
    found: Sequence[Any] | None = shown.numbers.get(name)
    if found is None:
        found = [row.get(name) for row in shown.rows]
    if not found or not all(isinstance(value, int | float) for value in found):
        return None
    return [float(value) if math.isfinite(value) else None for value in found]


def _listed(listed: Listed, names: Sequence[str]) -> dict[str, Any]:
    """What is known of rows that open something, by the number of a column."""
    return {
        "keys": list(listed.keys),
        "under": _by_number(listed.under, names),
        "pointed": _by_number(listed.pointed, names),
        "words": list(map(upright, listed.words)),
        "noun": listed.noun,
        "sought": listed.sought,
    }


def _by_number(texts: Mapping[str, Sequence[str]], names: Sequence[str]) -> dict[int, list[str]]:
    return {names.index(name): list(map(upright, column)) for name, column in texts.items()}
