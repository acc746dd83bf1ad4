"""Table: the interactions as rows, for a data frame, a CSV file and a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spexviz.indices import Interactions
from spexviz.results import Check
from spexviz.views.words import joined, names

if TYPE_CHECKING:
    import pandas as pd

# a spreadsheet runs a cell that starts with one of these
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(interactions: Interactions, top: int = 50, checks: Sequence[Check] = ()) -> pd.DataFrame:
    """The top sets in rank order: members, order, value, low, high (NaN without intervals), share of variance.

    With `checks`, also what a check of the set on the real model found: "check" (the verdict, "" where there
    was none) and "measured" (the model's mean effect, to be compared with the set's BII; NaN where there was
    none).
    """
    import pandas as pd  # not at the top: importing the views stays cheap

    shown = names(interactions.players)
    intervals = interactions.intervals or {}
    rows = []
    for members, value in interactions.top(top):
        low, high = intervals.get(members, (math.nan, math.nan))
        rows.append(
            (
                joined(members, shown),
                len(members),
                value,
                low,
                high,
                interactions.shares.get(members, math.nan),
            )
        )
    frame = pd.DataFrame(rows, columns=["members", "order", "value", "low", "high", "share"])
    frame = frame.astype(
        {
            "members": "str",
            "order": "int64",
            "value": "float64",
            "low": "float64",
            "high": "float64",
            "share": "float64",
        }
    )
    if checks:
        found = {check.members: check for check in checks}
        rows = [found.get(members) for members in members_of(interactions, top)]
        frame["check"] = [check.verdict if check else "" for check in rows]
        frame["measured"] = [check.model_mean if check else math.nan for check in rows]
    return frame


def members_of(interactions: Interactions, top: int = 50) -> list[tuple[int, ...]]:
    """The sets of the rows of `table`, in the same order: what a selected row stands for."""
    return [members for members, _ in interactions.top(top)]


def csv(interactions: Interactions, top: int | None = None, checks: Sequence[Check] = ()) -> str:
    """The table as CSV text with unit and index columns; text that a spreadsheet would run as a formula gets a leading '."""
    frame = table(interactions, len(interactions.values) if top is None else top, checks)
    frame.insert(2, "index", str(interactions.index))
    frame["unit"] = str(interactions.unit)
    for column in ("members", "index", "unit"):
        frame[column] = [guarded(text) for text in frame[column]]
    return frame.to_csv(index=False, lineterminator="\n")


def guarded(text: str) -> str:
    """Text that a spreadsheet reads as text. Source: OWASP, CSV injection."""
    return "'" + text if text.lstrip(" \u00a0").startswith(_FORMULA) or text.startswith(_FORMULA) else text
