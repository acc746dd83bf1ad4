"""Heads: where one looks, and how a model does that keeps only some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from spexviz.kit.arrays import Floats
from spexviz.views import theme
from spexviz.views.parts import BARE, STILL, Line, Point, colour_bar, columns, legend_below
from spexviz.views.theme import interval_text, number
from spexviz.views.words import escape, plain

_CELLS = {"zmin": 0, "zmax": 1, "xgap": 1, "ygap": 1}  # a share each, a pixel apart


def attention(tokens: Sequence[str], weights: Floats, head: str, *, dark: bool = False) -> Figure:
    """Where a head looks, (from, to): each row is a token, its cells are the tokens that it attends to."""
    t = theme.tokens(dark)
    shown = [escape(plain(token, 12)) for token in tokens]
    shares = np.round(np.asarray(weights, dtype=float), 4)
    figure = Figure()
    figure.add_heatmap(
        z=shares.tolist(),
        text=_tips(shown, weights),
        hoverinfo="text",
        colorscale=[[0, t.surface], [1, t.accent]],
        colorbar=colour_bar(dark),
        **_CELLS,
    )
    strongest = _strongest(tokens, weights)
    theme.apply(
        figure,
        dark,
        title=f"Where {escape(head)} looks",
        subtitle="Rows: from, columns: to; the untouched model",
        height=max(300, 26 * len(shown) + 150),
        text=f"Strongest attention of {head}: {strongest}.",
    )
    figure.update_layout(margin_t=84)
    ticks = list(range(len(shown)))
    axis = {"tickvals": ticks, "ticktext": shown, **BARE, **STILL}
    figure.update_xaxes(tickangle=-45, **axis)
    return figure.update_yaxes(autorange="reversed", **axis)


def _tips(tokens: Sequence[str], weights: Floats) -> list[list[str]]:
    """What each cell says: a list a row."""
    tips = []
    for token, row in zip(tokens, weights, strict=True):
        cells = zip(tokens, row, strict=True)
        tips.append([f"{token} looks at {seen}: {weight:.2f}" for seen, weight in cells])
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


def removal(rows: Sequence[Mapping[str, Any]], full: float, unit: str, *, dark: bool = False) -> Figure:
    """Value on held-out questions against players kept, one line a method.

    Rows: {"method", "size", "value", "low", "high"}.
    """
    t = theme.tokens(dark)
    results = [_Kept(**row) for row in rows]
    by_method: dict[str, list[_Kept]] = {}
    for kept in results:
        by_method.setdefault(kept.method, []).append(kept)
    figure = Figure()
    for k, (method, own) in enumerate(by_method.items()):
        colour = t.solvers[k % len(t.solvers)]
        line = Line(escape(method), colour, width=1.5, dash="dot")
        if k == 0:
            line = Line(escape(method), colour, width=3)
        _draw_method(figure, own, line)
    all_kept = {"color": t.muted, "dash": "dash", "width": 1}
    figure.add_hline(y=full, line=all_kept, annotation_text="all kept", annotation_font_color=t.muted)
    told = "; ".join(map(_in_words, results))
    theme.apply(
        figure,
        dark,
        title="What removal keeps",
        subtitle="On questions that no fit has seen; bars: 90 % intervals over the questions",
        height=380,
        text=f"Removal ({unit}): {told}; all kept {number(full)}.",
    )
    figure.update_layout(legend=legend_below(-0.22))
    figure.update_xaxes(title_text="players kept", **STILL)
    return figure.update_yaxes(title_text=escape(unit), **STILL)


def _in_words(kept: _Kept) -> str:
    return f"{kept.method} {kept.size} kept {number(kept.value)}"


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
