"""Table: the interactions as rows, for a data frame, a CSV file, a page and a screen reader."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from spexviz.indices import Interactions
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.views.captions import measured_text
from spexviz.views.index_words import MEAN, asks, by_set, checks_of, title_of
from spexviz.views.story import Table
from spexviz.views.theme import interval_text, number, percent
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
    was none) and "measured" with "measured_low" and "measured_high" (the model's mean effect; NaN where there
    was none), and a row for every set that was checked. A check measures the mean effect, so it is left out
    where the values are of another index.
    """
    import pandas as pd  # not at the top: importing the views stays cheap

    label = names(interactions.players)
    shown = members_of(interactions, top, checks)
    intervals = interactions.intervals or {}
    rows = []
    for members in shown:
        name = joined(members, label)
        low, high = intervals.get(members, _UNKNOWN)
        share = interactions.shares.get(members, 0.0)
        rows.append((name, len(members), interactions[members], low, high, share))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    found = by_set(checks, interactions.index)
    if found:
        asked = [found.get(members) for members in shown]
        frame["check"] = [check.verdict if check else "" for check in asked]
        frame["measured"] = [check.model_mean if check else math.nan for check in asked]
        frame["measured_low"] = [check.interval[0] if check else math.nan for check in asked]
        frame["measured_high"] = [check.interval[1] if check else math.nan for check in asked]
    return frame


def members_of(interactions: Interactions, top: int = 50, checks: Sequence[Check] = ()) -> list[Interaction]:
    """The sets of the rows of `table`, in the same order: what a selected row stands for.

    The top ones, and then those that were checked beyond them, also where the surrogate has nothing of them.
    """
    shown = [members for members, _ in interactions.top(top)]
    checked = by_set(checks, interactions.index)
    more = [members for members in checked if len(members) <= interactions.order]
    return list(dict.fromkeys([*shown, *more]))


def _said(
    interactions: Interactions, members: Interaction, found: Mapping[Interaction, Check]
) -> dict[str, str]:
    """What a row says of its set: "+2.40 [+2.10, +2.70]" by the surrogate, "+2.44 ± 0.12" by the model."""
    interval = (interactions.intervals or {}).get(members)
    value = f"{number(interactions[members])} {interval_text(interval)}"
    said = {value_column(interactions): value.rstrip()}
    if found:
        check = found.get(members)
        said["Model"] = measured_text(check) if check else ""
        said["Verdict"] = check.verdict if check else ""
    return said


def value_column(interactions: Interactions) -> str:
    """What the column of the values is called: "Surrogate" for the mean effect, else the index."""
    if interactions.index == MEAN:
        return "Surrogate"
    return title_of(interactions.index)


def columns(interactions: Interactions) -> dict[str, str]:
    """What each column of `read` says."""
    unit = interactions.unit
    value = f"{asks(interactions)} In {unit}."
    if interactions.index == MEAN:
        value = (
            "What the members do together beyond their parts, on average over the masks of the run, by the "
            f"surrogate, with its 90 % interval. In {unit}."
        )
    return {
        "Set": "",
        "Order": "How many are in it",
        value_column(interactions): value.strip(),
        "Model": f"The same, measured on the model by further ablations, ± its interval. In {unit}.",
        "Verdict": "Whether the model bears the surrogate out",
        "Of the variance": "Share of the surrogate's variance, by which the sets are ranked",
    }


def sets(explanation: Explanation, interactions: Interactions, top: int = 30) -> Table:
    """The table as text, for whatever shows it."""
    found = checks_of(explanation, interactions.index)
    shown = members_of(interactions, top, explanation.checks)
    label = names(interactions.players)
    rows = []
    for members in shown:
        row = {"Set": joined(members, label), "Order": len(members)}
        share = percent(interactions.shares.get(members, 0.0))
        rows.append({**row, **_said(interactions, members, found), "Of the variance": share})
    said = columns(interactions)
    numbers = {value_column(interactions): tuple(interactions[members] for members in shown)}
    numbers["Of the variance"] = tuple(interactions.shares.get(members, 0.0) for members in shown)
    if found:
        numbers["Model"] = tuple(_measured(found.get(members)) for members in shown)
    else:
        del said["Model"], said["Verdict"]
    return Table(tuple(rows), tuple(shown), said, numbers)


def _measured(check: Check | None) -> float:
    return math.nan if check is None else check.model_mean


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
