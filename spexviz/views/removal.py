"""The removal curve: the value as more of the training set is left out, in an order and in random ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from plotly.graph_objects import Figure

from spexviz.kit.arrays import Floats
from spexviz.views import theme
from spexviz.views.parts import STILL, Line, legend_below, tip
from spexviz.views.theme import number
from spexviz.views.words import escape

TOLD = 0.1  # share left out that a sentence tells of
_EDGE = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "showlegend": False}  # of the band


def removal(
    shares: Sequence[float],
    lines: Sequence[tuple[str, Floats]],
    random: Floats,
    unit: str,
    *,
    dark: bool = False,
) -> Figure:
    """The value against the share of examples left out, a line an order.

    `lines`: (name, values at each share) of the orders compared; `random`: (draws, shares), shown as mean and
    90 % band.
    """
    t = theme.tokens(dark)
    left_out = [100 * share for share in shares]
    figure = Figure()
    _draw_band(figure, left_out, random, t.muted)
    at_random = "at random (mean, 90 % of draws)"
    mean = random.mean(0)
    _draw_order(figure, left_out, mean, Line(at_random, t.muted, dash="dot"))
    told = [_in_words(left_out, mean, at_random)]
    for k, (name, values) in enumerate(lines):
        line = Line(escape(name), t.solvers[k])
        _draw_order(figure, left_out, values, line)
        told.append(_in_words(left_out, values, name))
    title = "Removal from the training set"
    subtitle = "Every point is a real retraining"
    text = f"{unit} as examples are left out. {' '.join(told)}"
    theme.apply(figure, dark, title=title, subtitle=subtitle, height=400, text=text)
    figure.update_xaxes(title_text="left out of the training set (%)", zeroline=False, **STILL)
    figure.update_yaxes(title_text=escape(unit), zeroline=False, **STILL)
    return figure.update_layout(legend=legend_below(-0.25, yanchor="top"), hovermode="closest")


def removal_in_words(shares: Sequence[float], ordered: Floats, random: Floats, unit: str) -> str:
    """What the curve says at one share, which no value chose: "Retrained without the 10 % most harmful …".

    `ordered` (shares,), `random` (draws, shares): values, in `unit`.
    """
    at = min(range(len(shares)), key=lambda i: abs(shares[i] - TOLD))
    share = f"{100 * shares[at]:.0f} %"
    found = (ordered[at], ordered[0], random[:, at].mean())
    ours, whole, at_random = (number(value, signed=False) for value in found)
    return (
        f"Retrained without the {share} most harmful, the {unit} is {ours}; with everything it is {whole}, "
        f"and without {share} at random {at_random} on average."
    )


def _draw_band(figure: Figure, left_out: Sequence[float], random: Floats, colour: str) -> None:
    """From the 5 % to the 95 % quantile of the draws."""
    low = np.quantile(random, 0.05, axis=0)
    high = np.quantile(random, 0.95, axis=0)
    fill = theme.faded(colour, 0.18)
    figure.add_scatter(x=left_out, y=high, **_EDGE)
    figure.add_scatter(x=left_out, y=low, fill="tonexty", fillcolor=fill, **_EDGE)


def _draw_order(figure: Figure, left_out: Sequence[float], values: Floats, line: Line) -> None:
    """The value at each share, in one order of leaving examples out."""
    tips = []
    for share, value in zip(left_out, values, strict=True):
        text = f"{share:.0f} % left out: {number(value)}"
        tips.append(tip(line.name, text))
    marker = {"size": 7, "color": line.colour}
    figure.add_scatter(x=left_out, y=values, **line.style, marker=marker, hovertext=tips)


def _in_words(left_out: Sequence[float], values: Floats, name: str) -> str:
    told = []
    for share, value in zip(left_out, values, strict=True):
        told.append(f"{share:.0f} % {number(value)}")
    return f"{name}: {', '.join(told)}."
