"""The removal curve: the value as a growing share of the training set is left out, in an order and in random ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from spexviz.kit.arrays import Floats
from spexviz.views import theme
from spexviz.views.words import escape


def removal(
    shares: Sequence[float],
    lines: Sequence[tuple[str, Floats]],
    random: Floats,
    unit: str,
    *,
    dark: bool = False,
) -> go.Figure:
    """`lines`:

    (name, values at each share) of the orders compared; `random`: (draws, shares), shown as mean and 90 %
    band.
    """
    t = theme.tokens(dark)
    x = [100 * share for share in shares]
    low, mean, high = np.quantile(random, 0.05, axis=0), random.mean(0), np.quantile(random, 0.95, axis=0)
    figure = go.Figure()
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=x, y=high, **band)
    figure.add_scatter(x=x, y=low, fill="tonexty", fillcolor=theme.faded(t.muted, 0.18), **band)
    named = [
        ("at random (mean, 90 % of draws)", mean, t.muted, "dot"),
        *((name, y, t.solvers[k], "solid") for k, (name, y) in enumerate(lines)),
    ]
    for name, y, colour, dash in named:
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            name=escape(name),
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"size": 7, "color": colour},
            hovertext=[
                f"<b>{escape(name)}</b><br>{share:.0f} % left out: {theme.number(value)}"
                for share, value in zip(x, y, strict=True)
            ],
            hoverinfo="text",
        )
    text = f"{unit} as examples are left out. " + " ".join(
        f"{name}: "
        + ", ".join(f"{share:.0f} % {theme.number(value)}" for share, value in zip(x, y, strict=True))
        + "."
        for name, y, _, _ in named
    )
    theme.apply(
        figure,
        dark,
        title="Removal from the training set",
        subtitle="Every point is a real retraining",
        height=400,
        text=text,
    )
    figure.update_xaxes(title_text="left out of the training set (%)", zeroline=False, fixedrange=True)
    figure.update_yaxes(title_text=escape(unit), zeroline=False, fixedrange=True)
    return figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": -0.25, "yanchor": "top"}, hovermode="closest"
    )
