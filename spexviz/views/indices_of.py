"""Indices of: one set in every index there is, with what each asks and its formula."""

from __future__ import annotations

from spexviz.indices import FIRST_ORDER, INDICES
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views.index_words import READINGS
from spexviz.views.story import Table
from spexviz.views.theme import number

COLUMNS = {
    "Index": "",
    "Value": "Of this set, by the surrogate; nothing here was measured on the model",
    "What it asks": "",
    "Formula": "T: the set, F: the spectrum, M: its Möbius coefficients, k: the highest order",
}


def all_indices(explanation: Explanation, members: Interaction, order: int = 3) -> Table:
    """The value of a set in every index, what this asks, and its formula as text.

    `order`: of the indices that depend on it; at least as many as there are members.
    """
    order = max(order, len(members), 1)
    rows = []
    for index, reading in READINGS.items():
        row = {"Index": reading.label, "Value": _value(explanation, members, index, order)}
        rows.append({**row, "What it asks": INDICES[index], "Formula": reading.formula})
    return Table(tuple(rows), (members,) * len(rows), COLUMNS)


def _value(explanation: Explanation, members: Interaction, index: str, order: int) -> str:
    if index in FIRST_ORDER and len(members) != 1:
        return "–"  # of single players only
    found = explanation.interactions(index, order)
    return f"{number(found[members])} {found.unit}"
