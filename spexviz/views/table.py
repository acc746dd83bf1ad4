"""Table: the interactions as rows, for a data frame, a CSV file and a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spexviz.indices import Interactions
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Check
from spexviz.views.words import joined

if TYPE_CHECKING:
    import pandas as pd

# a spreadsheet runs a cell that starts with one of these
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_UNKNOWN = (math.nan, math.nan)

# the type of each column, also where there is no row
_COLUMNS = {
    "members": "str",
    "order": "int64",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "share": "float64",
}


def table(interactions: Interactions, top: int = 50, checks: Sequence[Check] = ()) -> pd.DataFrame:
    """The top sets by rank: members, order, value, low, high (NaN without intervals), share of variance.

    With `checks`, also what a check of the set on the real model found: "check" (the verdict, "" where there
    was none) and "measured" (the model's mean effect, to be compared with the set's BII; NaN where there was
    none).
    """
    import pandas as pd  # not at the top: importing the views stays cheap

    label = names(interactions.players)
    shown = members_of(interactions, top)
    intervals = interactions.intervals or {}
    rows = []
    for members in shown:
        name = joined(members, label)
        low, high = intervals.get(members, _UNKNOWN)
        share = interactions.shares.get(members, math.nan)
        rows.append((name, len(members), interactions.values[members], low, high, share))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    if checks:
        found = {check.members: check for check in checks}
        asked = [found.get(members) for members in shown]
        frame["check"] = [check.verdict if check else "" for check in asked]
        frame["measured"] = [check.model_mean if check else math.nan for check in asked]
    return frame


def members_of(interactions: Interactions, top: int = 50) -> list[Interaction]:
    """The sets of the rows of `table`, in the same order: what a selected row stands for."""
    return [members for members, _ in interactions.top(top)]


def csv(interactions: Interactions, top: int | None = None, checks: Sequence[Check] = ()) -> str:
    """The table as CSV text with unit and index columns; what would run as a formula gets a leading '."""
    if top is None:
        top = len(interactions.values)
    frame = table(interactions, top, checks)
    frame.insert(2, "index", str(interactions.index))
    frame["unit"] = str(interactions.unit)
    for column in ("members", "index", "unit"):
        frame[column] = [guarded(text) for text in frame[column]]
    return frame.to_csv(index=False, lineterminator="\n")


def guarded(text: str) -> str:
    """Text that a spreadsheet reads as text. Source: OWASP, CSV injection."""
    unindented = text.lstrip(" \u00a0")
    if unindented.startswith(_FORMULA) or text.startswith(_FORMULA):
        return f"'{text}"
    return text
