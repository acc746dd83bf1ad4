"""The removal curve: the value as more of the training set is left out, in an order and in random ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from spexviz.kit.arrays import Floats
from spexviz.views import theme
from spexviz.views.parts import STILL, legend_below
from spexviz.views.words import escape


@dataclass(frozen=True)
class _Order:
    """An order in which examples are left out, the value at each share, and how its line is drawn."""

    name: str
    values: Floats
    colour: str
    dash: str = "solid"


def removal(
    shares: Sequence[float],
    lines: Sequence[tuple[str, Floats]],
    random: Floats,
    unit: str,
    *,
    dark: bool = False,
) -> go.Figure:
    """The value against the share of examples left out, a line an order.

    `lines`: (name, values at each share) of the orders compared; `random`: (draws, shares), shown as mean and
    90 % band.
    """
    t = theme.tokens(dark)
    left_out = [100 * share for share in shares]
    orders = [_Order("at random (mean, 90 % of draws)", random.mean(0), t.muted, "dot")]
    for k, (name, values) in enumerate(lines):
        orders.append(_Order(name, values, t.solvers[k]))
    figure = go.Figure()
    _draw_band(figure, left_out, random, t.muted)
    for order in orders:
        _draw_order(figure, left_out, order)

    told = " ".join(_in_words(left_out, order) for order in orders)
    theme.apply(
        figure,
        dark,
        title="Removal from the training set",
        subtitle="Every point is a real retraining",
        height=400,
        text=f"{unit} as examples are left out. {told}",
    )
    figure.update_xaxes(title_text="left out of the training set (%)", zeroline=False, **STILL)
    figure.update_yaxes(title_text=escape(unit), zeroline=False, **STILL)
    return figure.update_layout(legend=legend_below(-0.25, yanchor="top"), hovermode="closest")


def _draw_band(figure: go.Figure, left_out: Sequence[float], random: Floats, colour: str) -> None:
    """From the 5 % to the 95 % quantile of the draws."""
    low = np.quantile(random, 0.05, axis=0)
    high = np.quantile(random, 0.95, axis=0)
    edge = {"x": left_out, "mode": "lines", "line_width": 0, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(y=high, **edge)
    figure.add_scatter(y=low, fill="tonexty", fillcolor=theme.faded(colour, 0.18), **edge)


def _draw_order(figure: go.Figure, left_out: Sequence[float], order: _Order) -> None:
    name = escape(order.name)
    hover = []
    for share, value in zip(left_out, order.values, strict=True):
        hover.append(f"<b>{name}</b><br>{share:.0f} % left out: {theme.number(value)}")
    figure.add_scatter(
        x=left_out,
        y=order.values,
        mode="lines+markers",
        name=name,
        line_color=order.colour,
        line_width=2.5,
        line_dash=order.dash,
        marker_color=order.colour,
        marker_size=7,
        hovertext=hover,
        hoverinfo="text",
    )


def _in_words(left_out: Sequence[float], order: _Order) -> str:
    told = []
    for share, value in zip(left_out, order.values, strict=True):
        told.append(f"{share:.0f} % {theme.number(value)}")
    return f"{order.name}: {', '.join(told)}."
