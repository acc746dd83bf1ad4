"""Heads: where one looks, and how a model does that keeps only some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from spexviz.kit.arrays import Floats
from spexviz.kit.names import plain
from spexviz.views import theme
from spexviz.views.parts import BARE, STILL, Line, Point, colour_bar, columns, legend_below
from spexviz.views.theme import interval_text, number, percent
from spexviz.views.words import escape, plural

METHODS = {
    "spectrum": "chosen by the spectrum",
    "LASSO": "by a linear fit (LASSO)",
    "best of N": "the best ablation of the run",
    "random": "at random",
}
_CHOICES = {  # the same in a sentence that compares choices
    "LASSO": "that of a linear fit (LASSO)",
    "best of N": "the best ablation of the run",
    "random": "a random one",
}
_CELLS = {"zmin": 0, "zmax": 1, "xgap": 1, "ygap": 1}  # a share each, a pixel apart


def attention(tokens: Sequence[str], weights: Floats, head: str, *, dark: bool = False) -> Figure:
    """Where a head looks, (from, to): each row is a token, its cells are the tokens that it attends to."""
    shown = [escape(plain(token, 12)) for token in tokens]
    figure = Figure()
    _draw_cells(figure, shown, weights, dark)
    title = f"The attention of {escape(head)}, token by token"
    subtitle = "Rows: from, columns: to; the untouched model"
    height = max(300, 26 * len(shown) + 150)
    text = f"Strongest attention of {head}: {_strongest(tokens, weights)}."
    theme.apply(figure, dark, title=title, subtitle=subtitle, height=height, text=text)
    figure.update_layout(margin_t=84)
    axis = {"tickvals": list(range(len(shown))), "ticktext": shown}
    figure.update_xaxes(tickangle=-45, **axis, **BARE, **STILL)
    return figure.update_yaxes(autorange="reversed", **axis, **BARE, **STILL)


def _draw_cells(figure: Figure, tokens: Sequence[str], weights: Floats, dark: bool) -> None:
    """The weights as a heat map."""
    t = theme.tokens(dark)
    shares = np.round(np.asarray(weights, dtype=float), 4)
    tips = _tips(tokens, weights)
    look = {"colorscale": [[0, t.surface], [1, t.accent]], "colorbar": colour_bar(dark)}
    figure.add_heatmap(z=shares.tolist(), text=tips, hoverinfo="text", **_CELLS, **look)


def _tips(tokens: Sequence[str], weights: Floats) -> list[list[str]]:
    """What each cell says: a list a row."""
    tips = []
    for token, row in zip(tokens, weights, strict=True):
        cells = []
        for seen, weight in zip(tokens, row, strict=True):
            cells.append(f"{token} looks at {seen}: {weight:.2f}")
        tips.append(cells)
    return tips


def _strongest(tokens: Sequence[str], weights: Floats) -> str:
    """The token that each attends to most."""
    told = []
    for token, row in zip(tokens, weights, strict=True):
        most = int(np.argmax(row))
        seen = tokens[most]
        told.append(f"{plain(token, 12)} → {plain(seen, 12)} {row[most]:.2f}")
    return "; ".join(told)


@dataclass(frozen=True)
class _Kept:
    """How a method does that keeps `size` players: its value, with the interval from `low` to `high`."""

    method: str
    size: int
    value: float
    low: float
    high: float


Differences = Mapping[str, tuple[float, float, float]]
"""By method: the spectrum's value less the method's, and the interval of the difference from low to high."""


def removal(
    rows: Sequence[Mapping[str, Any]], full: float, unit: str, *, noun: str = "player", dark: bool = False
) -> Figure:
    """Value on held-out questions against players kept, one line a method.

    Rows: {"method", "size", "value", "low", "high"}.
    """
    results = [_Kept(**row) for row in rows]
    by_method: dict[str, list[_Kept]] = {}
    for kept in results:
        by_method.setdefault(kept.method, []).append(kept)
    figure = Figure()
    for k, (method, own) in enumerate(by_method.items()):
        _draw_method(figure, own, _line(method, k, dark))
    muted = theme.tokens(dark).muted
    all_kept = {"color": muted, "dash": "dash", "width": 1}
    figure.add_hline(y=full, line=all_kept, annotation_text="all kept", annotation_font_color=muted)
    subtitle = "On questions that no fit has seen; bars: 90 % intervals over the questions"
    told = "; ".join(map(_in_words, results))
    text = f"Removal ({unit}): {told}; all kept {number(full)}."
    theme.apply(
        figure, dark, title="What is left when only some stay", subtitle=subtitle, height=380, text=text
    )
    figure.update_layout(legend=legend_below(-0.22))
    sizes = sorted({kept.size for kept in results})
    figure.update_xaxes(title_text=f"{plural(escape(noun))} kept", tickvals=sizes, **STILL)
    return figure.update_yaxes(title_text=escape(unit), rangemode="tozero", **STILL)


def kept_in_words(
    rows: Sequence[Mapping[str, Any]], full: float, unit: str, parts: str, differences: Differences
) -> tuple[str, ...]:
    """What the chart of removal says, by the smallest number of players kept.

    `parts`: all of them, such as "54 heads"; `differences`: of the spectrum to other methods there, on the
    same questions, with the interval.
    """
    results = [_Kept(**row) for row in rows]
    fewest = min(kept.size for kept in results)
    there = {kept.method: kept.value for kept in results if kept.size == fewest}
    ours = there["spectrum"]
    found = f"Keeping only {fewest} of {parts}, chosen by the spectrum, leaves {_left(ours, full, unit)}"
    if "random" in there:
        found += f"; {fewest} chosen at random leave {_left(there['random'], full, unit, brief=True)}"
    lines = [f"{found}.", *_compared(differences)]
    if max(kept.value for kept in results) > full:
        lines.append(
            "Fewer can do better than all: what pushes towards the wrong answer is gone too. Where a bar "
            "reaches the line of all kept, the questions are too few to tell."
        )
    return tuple(lines)


def _left(value: float, full: float, unit: str, brief: bool = False) -> str:
    """ "2.31 of 2.40 log-odds, that is 96 %": a share where zero has a meaning, as no answer has."""
    has_zero = unit.startswith(("log-odds", "accuracy"))
    amounts = f"{number(value, signed=False)} of {number(full, signed=False)}"
    if not brief:
        amounts += f" {unit}"
    if has_zero and full > 0 and value >= 0:
        return f"{amounts}, that is {percent(value / full)}"
    return amounts


def _compared(differences: Differences) -> Iterator[str]:
    """Which other choices are clearly worse than the spectrum's or better, and which are not told apart."""
    groups: dict[str, list[str]] = {}
    for method, (_, low, high) in differences.items():
        verdict = "not clearly different from"
        if low > 0:
            verdict = "clearly better than"
        elif high < 0:
            verdict = "clearly worse than"
        groups.setdefault(verdict, []).append(_CHOICES.get(method, method))
    said = [f"{verdict} {', '.join(methods)}" for verdict, methods in groups.items()]
    if said:
        yield f"On the same questions the spectrum's choice is {'; '.join(said)}."


def _in_words(kept: _Kept) -> str:
    return f"{kept.method} {kept.size} kept {number(kept.value)}"


def _line(method: str, k: int, dark: bool) -> Line:
    """The line of method number k: the first one's is thick, the others' are dotted."""
    name = escape(METHODS.get(method, method))
    colours = theme.tokens(dark).solvers
    colour = colours[k % len(colours)]
    if k == 0:
        return Line(name, colour, width=3)
    return Line(name, colour, width=1.5, dash="dot")


def _draw_method(figure: Figure, results: Sequence[_Kept], line: Line) -> None:
    """One method's line, from few players kept to many, with its intervals as error bars."""
    in_order = sorted(results, key=attrgetter("size"))
    points = [_point(kept, line.name) for kept in in_order]
    error = {"type": "data", "symmetric": False, "thickness": 1, "width": 3}
    figure.add_scatter(**columns(points), **line.style, error_y=error)


def _point(kept: _Kept, method: str) -> Point:
    interval = interval_text((kept.low, kept.high))
    value = f"{number(kept.value)} {interval}"
    point: Point = {"x": kept.size, "y": kept.value}
    point["error_y_array"] = kept.high - kept.value
    point["error_y_arrayminus"] = kept.value - kept.low
    point["hovertext"] = f"{method}, {kept.size} kept: {value}"
    return point
