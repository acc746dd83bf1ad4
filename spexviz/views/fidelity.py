"""Fidelity: how good the surrogate is on masks that no fit has seen, against what it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from spexviz.results import Explanation, Fidelity
from spexviz.views import theme
from spexviz.views.captions import plural
from spexviz.views.words import escape, plain

LOWEST = -0.2  # R² below this is drawn at the edge and told in words
_DASH = "dash"


def fidelity_curve(
    explanation: Explanation, *, dark: bool = False, extra: Sequence[Fidelity] = ()
) -> go.Figure:
    """Held-out R² with its 90 % interval against ablations (log axis), one line a solver, the linear baseline dashed.

    `extra`: points of further solvers or runs on the same held-out masks. Works for one point, none, and
    running results.
    """
    t = theme.tokens(dark)
    points = [p for p in (*explanation.proof.curve, *extra) if math.isfinite(p.r2)]
    lines: dict[str, list[Fidelity]] = {}
    for point in sorted(points, key=lambda p: p.budget):
        lines.setdefault(point.solver, []).append(point)
    low = _floor(points)
    figure = go.Figure()
    if explanation.proof.exact:
        figure.add_hline(y=1, line={"color": t.ink, "width": 1.5, "dash": "dot"})
    # the baseline is drawn in grey, first, under the solvers' own lines
    own = [s for s in lines if s != explanation.baseline.solver]
    for solver in sorted(lines, key=lambda s: s in own):
        base = solver not in own
        colour = t.muted if base else t.solvers[own.index(solver) % len(t.solvers)]
        _draw_line(figure, lines[solver], low, colour, base, explanation, dark)
    _draw_here(figure, explanation, low, dark)
    budgets = sorted({p.budget for p in points})
    subtitle = f"R² on {explanation.fidelity.held_out:,} held-out masks, 90 % interval; 1 is perfect, 0 guesses the mean"
    if explanation.proof.exact:
        subtitle = f"The spectrum itself is exact (all {2 ** len(explanation.players):,} masks); the lines are fits on some of them, scored on the rest"
    if not explanation.complete:
        subtitle += "<br>This run is not complete: these are the points so far."
    title = "How good is it, and what did it cost?"
    theme.apply(
        figure, dark, title=title, subtitle=subtitle, height=400, text=describe_fidelity(explanation, extra)
    )
    rows = (len(lines) + 1) // 2  # of the legend, which stands under the axis: it may hold a dozen solvers
    figure.update_layout(height=400 + 22 * rows, margin_b=70 + 22 * rows)
    axis = [math.log2(b) for b in (budgets or [64])]
    room = max(0.35, 0.12 * (axis[-1] - axis[0]))
    figure.update_xaxes(
        title_text="ablations that the fit saw (log scale)",
        range=[axis[0] - room, axis[-1] + 3.2 * room],
        tickvals=axis,
        ticktext=[f"{b:,}" for b in budgets],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(title_text="held-out R²", range=[low - 0.06, 1.05], zeroline=low < 0, fixedrange=True)
    if not points:
        figure.add_annotation(
            text="No fit yet: the first appears after the first 64 ablations.",
            showarrow=False,
            font={"color": t.muted, "size": 15},
            xref="paper",
            yref="paper",
            x=0.5,
            y=0.5,
        )
    return figure.update_layout(
        showlegend=len(lines) > 0,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
        },
        hovermode="closest",
    )


def describe_fidelity(explanation: Explanation, extra: Sequence[Fidelity] = ()) -> str:
    """The curve in words, for a screen reader."""
    points = sorted((*explanation.proof.curve, *extra), key=lambda p: (p.solver, p.budget))
    told = [f"{p.solver} with {p.budget:,} ablations: R² {_r2(p)}" for p in points]
    head = (
        f"Exact: all {2 ** len(explanation.players):,} masks were asked. " if explanation.proof.exact else ""
    )
    return head + ("Held-out R². " + "; ".join(told) + "." if told else "No fit yet.")


def residuals(explanation: Explanation, dark: bool = False) -> go.Figure:
    """The model's value against the surrogate's on every held-out mask, with the line of perfect agreement."""
    t = theme.tokens(dark)
    real = np.asarray(explanation.held_out.values, dtype=float)
    said = explanation.spectrum(explanation.held_out.masks) if len(real) else np.zeros(0)
    unit = escape(explanation.unit)
    figure = go.Figure()
    if len(real):
        ends = [float(min(real.min(), said.min())), float(max(real.max(), said.max()))]
        figure.add_scatter(
            x=ends,
            y=ends,
            mode="lines",
            line={"color": t.muted, "dash": "dot", "width": 1.5},
            hoverinfo="skip",
            name="perfect agreement",
        )
        kept = explanation.held_out.masks.sum(1)
        hover = [
            f"model {theme.number(y)}, surrogate {theme.number(x)}<br>off by {theme.number(x - y)} {unit}; {k} of {len(explanation.players)} {escape(plural(explanation.subject.noun))} kept"
            for x, y, k in zip(said, real, kept, strict=True)
        ]
        dots = {"size": 6, "color": theme.faded(t.solvers[0], 0.55), "line": {"width": 0.5, "color": t.page}}
        figure.add_scatter(
            x=said,
            y=real,
            mode="markers",
            marker=dots,
            hovertext=hover,
            hoverinfo="text",
            name="one held-out mask",
        )
        error = float(np.sqrt(np.mean((said - real) ** 2)))
        text = f"On {len(real):,} held-out masks the surrogate is off by {theme.number(error, signed=False)} {explanation.unit} (root mean square)."
    else:
        text = (
            "Every mask was asked, so there is nothing held out to compare."
            if explanation.proof.exact
            else "No held-out masks yet."
        )
        figure.add_annotation(
            text=text,
            showarrow=False,
            font={"color": t.muted, "size": 15},
            xref="paper",
            yref="paper",
            x=0.5,
            y=0.5,
        )
    theme.apply(
        figure,
        dark,
        title="Model against surrogate",
        subtitle=escape(text) if len(real) else "",
        height=400,
        text=text,
    )
    figure.update_xaxes(title_text=f"surrogate ({unit})", zeroline=False)
    figure.update_yaxes(title_text=f"model ({unit})", zeroline=False)
    return figure.update_layout(showlegend=False, hovermode="closest")


def _draw_line(
    figure: go.Figure,
    points: list[Fidelity],
    low: float,
    colour: str,
    base: bool,
    explanation: Explanation,
    dark: bool,
) -> None:
    """A solver's line with error bars; points under the edge sit on it as a triangle with their number beside it."""
    x = [math.log2(p.budget) for p in points]
    y = [max(p.r2, low) for p in points]
    up = [
        max(0.0, min(p.interval[1], 1.0) - v) if math.isfinite(p.interval[1]) else 0.0
        for p, v in zip(points, y, strict=True)
    ]
    down = [
        max(0.0, v - max(p.interval[0], low)) if math.isfinite(p.interval[0]) else 0.0
        for p, v in zip(points, y, strict=True)
    ]
    name = plain(points[0].solver, 30) + (" (baseline)" if base else "")
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        name=escape(name),
        line={"color": colour, "width": 2 if base else 2.5, "dash": _DASH if base else "solid"},
        marker={
            "size": 8,
            "color": colour,
            "symbol": ["triangle-down" if p.r2 < low else "square" if base else "circle" for p in points],
        },
        error_y={
            "type": "data",
            "array": up,
            "arrayminus": down,
            "color": theme.faded(colour, 0.55),
            "thickness": 1.5,
            "width": 5,
        },
        hovertext=[
            f"<b>{escape(name)}</b><br>R² {_r2(p)}<br>{p.budget:,} ablations, {p.terms:,} terms, {p.held_out:,} held-out masks"
            for p in points
        ],
        hoverinfo="text",
        customdata=[[p.budget] for p in points],
    )
    for p, at in zip(points, x, strict=True):
        if p.r2 < low and p != explanation.fidelity:
            figure.add_annotation(
                x=at,
                y=low,
                text=f"R² {theme.number(p.r2, signed=False)}",
                showarrow=False,
                yshift=14,
                font={"size": 12, "color": colour},
            )


def _draw_here(figure: go.Figure, explanation: Explanation, low: float, dark: bool) -> None:
    """The mark on what the other figures show."""
    t, point = theme.tokens(dark), explanation.fidelity
    if explanation.proof.exact:
        text = f"exact, all {2 ** len(explanation.players):,} masks"
        figure.add_annotation(
            x=0.01,
            xref="paper",
            y=1,
            text=text,
            showarrow=False,
            xanchor="left",
            yanchor="top",
            yshift=-3,
            font={"size": 13, "color": t.ink},
        )
        return
    if not math.isfinite(point.r2) or point.budget < 1:
        return
    x, y = math.log2(point.budget), max(point.r2, low)
    ring = {"size": 18, "color": "rgba(0,0,0,0)", "line": {"width": 2, "color": t.ink}}
    figure.add_scatter(
        x=[x], y=[y], mode="markers", marker=ring, hoverinfo="skip", showlegend=False, name="here"
    )
    text = f"you are here<br><b>{theme.number(point.r2, signed=False)}</b>"
    figure.add_annotation(
        x=x,
        y=y,
        text=text,
        showarrow=False,
        xanchor="left",
        xshift=15,
        align="left",
        font={"size": 13, "color": t.ink},
        yanchor="bottom" if y < low + 0.15 else "middle",
    )


def _floor(points: Sequence[Fidelity]) -> float:
    """The lower edge: 0, lower where points or intervals are negative, never below −0.2; higher where all fit well."""
    ends = [min(p.r2, p.interval[0]) if math.isfinite(p.interval[0]) else p.r2 for p in points]
    lowest = min(ends, default=0.0)
    return 0.0 if lowest >= 0 else max(LOWEST, math.floor(lowest * 20) / 20)


def _r2(point: Fidelity) -> str:
    return (
        f"{theme.number(point.r2, signed=False)} {theme.interval_text(point.interval, signed=False)}".strip()
    )
