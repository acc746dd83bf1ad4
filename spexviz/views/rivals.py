"""Rivals: the solvers on the ablations of one run as a list sorted by R², a dot and an interval each.

The data of one component. The script reports `open` as a trigger: {"key": name of a solver, or "" for the
run's own}.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.analysis.leading import MOST_ORDER
from spexviz.kit.names import names
from spexviz.results import Explanation, Fidelity
from spexviz.views.captions import r2_text
from spexviz.views.component import colours, versioned
from spexviz.views.fidelity import GUESS, LOWEST
from spexviz.views.index_words import MEAN
from spexviz.views.story import Component
from spexviz.views.theme import interval_text, number
from spexviz.views.words import joined, plural

OWN = ""  # the key of the run's own solver
EXACT = "Every mask, exact"
INTERVAL = "90 % interval"  # what stands behind R²
TOLD = 3  # sets of a solver that are named
_COLOURS = ("page", "ink", "muted", "grid", "surface", "accent")
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Named:
    """What solvers found on the same ablations, each as a run of its own; `titles`: {solver: its title}."""

    own: Explanation
    others: Sequence[Explanation]
    titles: Mapping[str, str]

    def title(self, explanation: Explanation) -> str:
        """What the solver is called; of an exact run there is none."""
        if explanation.proof.exact:
            return EXACT
        name = explanation.spec.solver_name
        return self.titles.get(name, name)


@dataclass(frozen=True)
class Row:
    """One line of a list of solvers.

    `key`: what a press reports; `r2`: NaN where there is none, `interval`: of it, both ends alike for none;
    `beside`: what stands behind R², `said`: the line in words; `own`: whether it is marked.
    """

    key: str
    title: str
    r2: float
    interval: tuple[float, float]
    beside: str
    said: str
    own: bool = False


def listed(named: Named, *, chosen: str = OWN, dark: bool = False) -> Component:
    """The list; `chosen`: the solver whose sets are shown, "" for the run's own."""
    rows = [_row(named, one) for one in [named.own, *named.others]]
    column = INTERVAL if any(row.beside for row in rows) else ""
    return of_rows(rows, chosen=chosen, column=column, mark="this run", dark=dark)


def of_rows(
    rows: Sequence[Row],
    *,
    chosen: str,
    column: str,
    mark: str = "",
    low: float | None = None,
    dark: bool = False,
) -> Component:
    """Lines sorted by R²; `column`: what stands behind R² in each, `mark`: on those that are marked.

    `low`: the lower end of the axis, by default 0 or as far below it as a line reaches.
    """
    ranked = sorted(rows, key=_rank)
    if low is None:
        low = _floor([row.r2 for row in ranked])
    body = {
        "low": low,
        "ticks": [tick for tick in _TICKS if tick >= low],
        "column": column,
        "mark": mark,
        "rows": [_drawn(row, low) for row in ranked],
        "colours": colours(_COLOURS, dark),
    }
    text = "; ".join(f"{row.title}: {row.said}" for row in ranked)
    return Component("rivals", {**versioned(body, ()), "chosen": chosen}, f"{text}.")


def scored(fit: Fidelity) -> str:
    """ "R² 0.73 [0.70, 0.78]"; the interval only where there is one."""
    low, high = fit.interval
    interval = "" if low == high else interval_text(fit.interval, signed=False)
    return f"R² {r2_text(fit.r2)} {interval}".rstrip()


def rests_on(own: Explanation) -> str:
    """What the R² of the list is measured on."""
    if own.proof.exact:
        count = 2 ** len(own.players)
        return (
            f"All {count:,} masks were asked, so nothing is left that a fit has not seen. R² here is how "
            "much of the exact answer each solver gives back when it is given all of it."
        )
    return (
        f"Each solver with its default settings, on the same {len(own.sample):,} ablations; R² on masks that "
        "its fit has not seen, 90 % interval. The model is not asked again."
    )


def said(named: Named, other: Explanation) -> str:
    """What a solver would have said of the run, and how good that is."""
    title = named.title(other)
    nouns = plural(other.subject.noun)
    label = names(other.players)
    found = other.interactions(MEAN, min(MOST_ORDER, len(label)))
    top = [f"“{joined(members, label)}” {number(value)}" for members, value in found.top(TOLD)]
    told = ", ".join(top) or "nothing stands out"
    sentences = [f"What {title} would have said: {told} (mean effects, {other.unit})."]
    if not len(found.top(1, include_singletons=False)):
        sentences.append(f"It sees single {nouns} only.")
    against = "where 1 is the exact answer"
    if not named.own.proof.exact:
        against = f"against {r2_text(named.own.fidelity.r2)} of {named.title(named.own)} here"
    sentences.append(f"{scored(other.fidelity)}, {against}.")
    if other.fidelity.r2 <= 0.0:
        sentences.append(f"On these masks it is {GUESS}.")
    return " ".join(sentences)


def _row(named: Named, explanation: Explanation) -> Row:
    fit = explanation.fidelity
    is_own = explanation is named.own
    said = scored(fit)
    beside = said.removeprefix(f"R² {r2_text(fit.r2)}").strip()
    key = OWN if is_own else explanation.spec.solver_name
    return Row(key, named.title(explanation), fit.r2, fit.interval, beside, said, is_own)


def _rank(row: Row) -> tuple[bool, float]:
    """The best first; those that cannot be scored last."""
    return math.isnan(row.r2), -row.r2


def _drawn(row: Row, low: float) -> dict[str, Any]:
    """A line: name, what is written, and where dot and interval stand, cut at the axis."""
    drawn: dict[str, Any] = {
        "key": row.key,
        "title": row.title,
        "own": row.own,
        "r2": r2_text(row.r2),
        "range": row.beside,
        "said": row.said,
    }
    if math.isfinite(row.r2):
        drawn["at"] = max(row.r2, low)
        drawn["below"] = row.r2 < low
        drawn["interval"] = [min(1.0, max(low, end)) for end in row.interval if math.isfinite(end)]
    return drawn


def _floor(scores: Sequence[float]) -> float:
    """The lower end of the axis: 0, or as far below it as there is something, but never below LOWEST."""
    lowest = min((r2 for r2 in scores if math.isfinite(r2)), default=0.0)
    return max(LOWEST, min(0.0, lowest))
