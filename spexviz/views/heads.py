"""Heads: where one looks, and how a model does that keeps only some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import plotly.graph_objects as go

from spexviz.kit.arrays import Floats
from spexviz.views import theme
from spexviz.views.parts import BARE, STILL, Point, colour_bar, columns, legend_below
from spexviz.views.words import escape, plain

Row = Mapping[str, Any]
"""How a method does with so many heads kept: "method", "size", "value", "low", "high"."""


def attention(tokens: Sequence[str], weights: Floats, head: str, *, dark: bool = False) -> go.Figure:
    """Where a head looks, (from, to): a row a token, top to bottom; its cells are the tokens it attends to."""
    t = theme.tokens(dark)
    shown = [escape(plain(token, 12)) for token in tokens]
    ticks = list(range(len(shown)))
    scale = [[0, t.surface], [1, t.accent]]
    figure = go.Figure()
    figure.add_heatmap(
        z=np.round(weights, 4).tolist(),
        zmin=0,
        zmax=1,
        xgap=1,
        ygap=1,
        colorscale=scale,
        colorbar=colour_bar(dark),
        text=_tips(shown, weights),
        hoverinfo="text",
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


def removal(rows: Sequence[Row], full: float, unit: str, *, dark: bool = False) -> go.Figure:
    """Value on held-out questions against players kept, one line a method."""
    t = theme.tokens(dark)
    figure = go.Figure()
    methods = dict.fromkeys(row["method"] for row in rows)
    for k, method in enumerate(methods):
        own = [row for row in rows if row["method"] == method]
        line = {"color": t.solvers[k % len(t.solvers)], "width": 1.5, "dash": "dot"}
        if k == 0:
            line |= {"width": 3, "dash": "solid"}
        _draw_method(figure, own, line)
    line = {"color": t.muted, "dash": "dash", "width": 1}
    figure.add_hline(y=full, line=line, annotation_text="all kept", annotation_font={"color": t.muted})
    told = "; ".join(map(_in_words, rows))
    theme.apply(
        figure,
        dark,
        title="What removal keeps",
        subtitle="On questions that no fit has seen; bars: 90 % intervals over the questions",
        height=380,
        text=f"Removal ({unit}): {told}; all kept {theme.number(full)}.",
    )
    figure.update_layout(legend=legend_below(-0.22))
    figure.update_xaxes(title_text="players kept", **STILL)
    return figure.update_yaxes(title_text=escape(unit), **STILL)


def _in_words(row: Row) -> str:
    value = theme.number(row["value"])
    return f"{row['method']} {row['size']} kept {value}"


def _draw_method(figure: go.Figure, rows: Sequence[Row], line: Mapping[str, Any]) -> None:
    """One method's line, from few players kept to many, with its intervals as error bars."""
    method = escape(rows[0]["method"])
    points = [_point(row, method) for row in sorted(rows, key=itemgetter("size"))]
    figure.add_scatter(
        **columns(points),
        mode="lines+markers",
        name=method,
        line=line,
        error_y_type="data",
        error_y_symmetric=False,
        error_y_thickness=1,
        error_y_width=3,
        hoverinfo="text",
    )


def _point(row: Row, method: str) -> Point:
    value = row["value"]
    interval = (row["low"], row["high"])
    value_text = f"{theme.number(value)} {theme.interval_text(interval)}"
    point = {"x": row["size"], "y": value}
    point["error_y_array"] = row["high"] - value
    point["error_y_arrayminus"] = value - row["low"]
    point["hovertext"] = f"{method}, {row['size']} kept: {value_text}"
    return point
