"""Heads: where one looks, and how a model does that keeps only some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from spexviz.kit.arrays import Floats
from spexviz.views import theme
from spexviz.views.parts import BARE, STILL, colour_bar, legend_below
from spexviz.views.words import escape, plain


def attention(tokens: Sequence[str], weights: Floats, head: str, *, dark: bool = False) -> go.Figure:
    """Where a head looks, (from, to): a row a token, top to bottom; its cells are the tokens it attends to."""
    t = theme.tokens(dark)
    shown = [escape(plain(token, 12)) for token in tokens]
    ticks = list(range(len(shown)))
    hover = []
    for looking, row in zip(shown, weights, strict=True):
        cells = zip(shown, row, strict=True)
        hover.append([f"{looking} looks at {seen}: {weight:.2f}" for seen, weight in cells])
    heatmap = go.Heatmap(
        z=np.round(np.asarray(weights, dtype=float), 4).tolist(),
        zmin=0,
        zmax=1,
        xgap=1,
        ygap=1,
        colorscale=[[0, t.surface], [1, t.accent]],
        colorbar=colour_bar(dark),
        text=hover,
        hoverinfo="text",
    )
    figure = go.Figure(heatmap)
    theme.apply(
        figure,
        dark,
        title=f"Where {escape(head)} looks",
        subtitle="Rows: from, columns: to; the untouched model",
        height=max(300, 26 * len(shown) + 150),
        text=f"Strongest attention of {head}: {_strongest(tokens, weights)}.",
    )
    figure.update_layout(margin_t=84)
    axis = {"tickvals": ticks, "ticktext": shown, **BARE, **STILL}
    figure.update_xaxes(tickangle=-45, **axis)
    return figure.update_yaxes(autorange="reversed", **axis)


def _strongest(tokens: Sequence[str], weights: Floats) -> str:
    """The token that each attends to most."""
    told = []
    for token, row in zip(tokens, weights, strict=True):
        most = int(np.argmax(row))
        told.append(f"{plain(token, 12)} → {plain(tokens[most], 12)} {row[most]:.2f}")
    return "; ".join(told)


def removal(rows: Sequence[Mapping[str, Any]], full: float, unit: str, *, dark: bool = False) -> go.Figure:
    """Value on held-out questions against players kept, one line a method.

    Rows: {"method", "size", "value", "low", "high"}.
    """
    t = theme.tokens(dark)
    figure = go.Figure()
    methods = dict.fromkeys(row["method"] for row in rows)
    for k, method in enumerate(methods):
        own = [row for row in rows if row["method"] == method]
        line = {"color": t.solvers[k % len(t.solvers)], "width": 1.5, "dash": "dot"}
        if k == 0:
            line |= {"width": 3, "dash": "solid"}
        _draw_method(figure, own, line)
    figure.add_hline(
        y=full,
        line={"color": t.muted, "dash": "dash", "width": 1},
        annotation_text="all kept",
        annotation_font={"color": t.muted},
    )
    told = "; ".join(f"{row['method']} {row['size']} kept {theme.number(row['value'])}" for row in rows)
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


def _draw_method(figure: go.Figure, rows: Sequence[Mapping[str, Any]], line: Mapping[str, Any]) -> None:
    """One method's line, from few players kept to many, with its intervals as error bars."""
    rows = sorted(rows, key=lambda row: row["size"])
    method = escape(rows[0]["method"])
    below, above, hover = [], [], []
    for row in rows:
        value, low, high = row["value"], row["low"], row["high"]
        below.append(value - low)
        above.append(high - value)
        interval = theme.interval_text((low, high))
        hover.append(f"{method}, {row['size']} kept: {theme.number(value)} {interval}")
    error = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
    figure.add_scatter(
        x=[row["size"] for row in rows],
        y=[row["value"] for row in rows],
        error_y={**error, "thickness": 1, "width": 3},
        mode="lines+markers",
        name=method,
        line=line,
        hovertext=hover,
        hoverinfo="text",
    )
