"""Fidelity: how good the surrogate is on masks that no fit has seen, against what it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from plotly.graph_objects import Figure

from spexviz.kit.names import plain
from spexviz.results import Explanation, Fidelity
from spexviz.views import theme
from spexviz.views.captions import near_text
from spexviz.views.limits import never_changed
from spexviz.views.parts import BARE, MIDDLE, STILL, Line, Point, columns, legend_below, tip, written
from spexviz.views.residuals import residuals
from spexviz.views.theme import interval_text, number
from spexviz.views.words import escape

__all__ = ["LOWEST", "describe_fidelity", "fidelity_curve", "residuals"]

LOWEST = -0.2  # R² below this is drawn at the edge and told in words
GUESS = "no better than a guess"


def fidelity_curve(explanation: Explanation, *, dark: bool = False, extra: Sequence[Fidelity] = ()) -> Figure:
    """R² with its 90 % interval against ablations (log axis), a line a solver, the baseline dashed.

    `extra`: points of further solvers or runs on the same masks. Works for one point, none, and
    running results.
    """
    t = theme.tokens(dark)
    every = [*explanation.proof.curve, *extra]
    points = [point for point in every if _is_drawn(point, explanation)]
    curves = _curves(points, explanation.baseline.solver, dark)
    low = 0.0 if explanation.proof.exact else _floor(points)
    exact = explanation.proof.exact
    figure = Figure()
    for curve in curves:
        _draw_curve(figure, curve, low, _masks(explanation))
    layout: dict[str, Any] = _axes(points, low, _scale(explanation))
    told = [text for curve in curves for text in _low_points(curve, low, explanation.fidelity)]
    if exact:  # room over the line for what it means
        layout |= {"shapes": [_line_of_exact(t.ink)]}
        layout["yaxis"]["range"] = [low, 1.12]
        told.append(_exactly(explanation, t.ink))
    else:
        told += _draw_here(figure, explanation.fidelity, low, t.ink)
    if not any(math.isfinite(point.r2) for point in every):
        told.append(written(_none_yet(explanation), 15, t.muted, **MIDDLE))

    # the legend stands under the axis: it may hold a dozen solvers, two a row
    legend_height = 22 * ((len(curves) + 1) // 2)
    legend = legend_below(0, xanchor="left", yref="container", yanchor="bottom")
    layout |= {"annotations": told, "margin": {"b": 70 + legend_height}, "legend": legend}
    layout |= {"showlegend": len(curves) > 0, "hovermode": "closest"}
    title = "How good is it, and what did it cost?"
    subtitle = _subtitle(explanation, extra)
    text = describe_fidelity(explanation, extra)
    height = 400 + legend_height
    return theme.apply(figure, dark, title=title, subtitle=subtitle, height=height, text=text, layout=layout)


def describe_fidelity(explanation: Explanation, extra: Sequence[Fidelity] = ()) -> str:
    """The curve in words, for a screen reader."""
    head = ""
    if explanation.proof.exact:
        head = f"Exact: all {_all_masks(explanation)} masks were asked. "
    points = [*explanation.proof.curve, *extra]
    if not points:
        return f"{head}{_none_yet(explanation)}"
    points.sort(key=attrgetter("solver", "budget"))
    told = "; ".join(_in_words(point, explanation) for point in points)
    return f"{head}{_scale(explanation).capitalize()}. {told}."


def _none_yet(explanation: Explanation) -> str:
    """Why there is no point: a run of few masks has asked them all before any fit."""
    if explanation.proof.exact:
        return "No fit was needed: the values themselves are the result."
    if never_changed(explanation):
        return "No R²: the value never changed."
    return "No fit yet: the first appears after the first 64 ablations."


def _is_drawn(point: Fidelity, explanation: Explanation) -> bool:
    """Whether a fit has an R²; of an exact run, which rests on none, also whether it beats a guess."""
    if explanation.proof.exact:
        return point.r2 >= 0.0
    return math.isfinite(point.r2)


def _in_words(point: Fidelity, explanation: Explanation) -> str:
    if explanation.proof.exact and point.r2 < 0.0:
        return f"{point.solver} with {point.budget:,} ablations: {GUESS}"
    near = near_text(point.local, "players")
    said = f"{point.solver} with {point.budget:,} ablations: R² {_r2(point)}"
    return f"{said}, {near}" if near else said


@dataclass(frozen=True)
class _Curve:
    """One solver's points in order of budget, and how they are drawn."""

    points: list[Fidelity]
    line: Line
    symbol: str = "circle"


def _curves(points: Sequence[Fidelity], baseline: str, dark: bool) -> list[_Curve]:
    """A curve a solver; the baseline's is grey and comes first, under the solvers' own."""
    t = theme.tokens(dark)
    by_solver: dict[str, list[Fidelity]] = {}
    for point in sorted(points, key=attrgetter("budget")):
        by_solver.setdefault(point.solver, []).append(point)
    curves = []
    if baseline in by_solver:
        name = escape(f"{plain(baseline, 30)} (baseline)")
        line = Line(name, t.muted, width=2, dash="dash")
        curves.append(_Curve(by_solver.pop(baseline), line, "square"))
    for k, (solver, own) in enumerate(by_solver.items()):
        name = escape(plain(solver, 30))
        colour = t.solvers[k % len(t.solvers)]
        curves.append(_Curve(own, Line(name, colour)))
    return curves


def _draw_curve(figure: Figure, curve: _Curve, low: float, masks: str) -> None:
    """A solver's line with error bars."""
    colour = curve.line.colour
    points = [_point(point, curve, low, masks) for point in curve.points]
    error = {"type": "data", "color": theme.faded(colour, 0.55), "thickness": 1.5, "width": 5}
    figure.add_scatter(
        **columns(points), **curve.line.style, marker_size=8, marker_color=colour, error_y=error
    )


def _point(fit: Fidelity, curve: _Curve, low: float, masks: str) -> Point:
    """A fit at its budget; one under the edge `low` sits on it, as a triangle."""
    below, above = _error_bar(fit, low)
    counts = f"{fit.budget:,} ablations, {fit.terms:,} terms, {fit.held_out:,} {masks}"
    if near := near_text(fit.local, "players"):
        counts += f"; R² {near}"
    point: Point = {"x": math.log2(fit.budget), "y": max(fit.r2, low)}
    point["error_y_array"] = above
    point["error_y_arrayminus"] = below
    point["hovertext"] = tip(curve.line.name, f"R² {_r2(fit)}", counts)
    point["customdata"] = [fit.budget]
    point["marker_symbol"] = curve.symbol
    if fit.r2 < low:
        point["marker_symbol"] = "triangle-down"
    return point


def _low_points(curve: _Curve, low: float, here: Fidelity) -> list[dict[str, Any]]:
    """The R² of the points under the edge, beside their triangles; that of `here` is written anyway."""
    told = []
    for point in curve.points:
        if point.r2 < low and point != here:
            r2 = number(point.r2, signed=False)
            x = math.log2(point.budget)
            told.append(written(f"R² {r2}", 12, curve.line.colour, x=x, y=low, yshift=14))
    return told


def _error_bar(point: Fidelity, low: float) -> tuple[float, float]:
    """How far the interval reaches below and above the point as drawn, within `low` and 1; 0 if unknown."""
    drawn = max(point.r2, low)
    start, end = point.interval
    below = above = 0.0
    if math.isfinite(start):
        below = max(0.0, drawn - max(start, low))
    if math.isfinite(end):
        above = max(0.0, min(end, 1.0) - drawn)
    return below, above


def _line_of_exact(colour: str) -> dict[str, Any]:
    """A line at 1, from edge to edge."""
    line = {"color": colour, "width": 1.5, "dash": "dot"}
    return {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "line": line}


def _exactly(explanation: Explanation, colour: str) -> dict[str, Any]:
    """What that line means."""
    text = f"exact, all {_all_masks(explanation)} masks"
    place = {"x": 0.01, "xref": "paper", "xanchor": "left", "y": 1, "yanchor": "bottom", "yshift": 4}
    return written(text, 13, colour, **place)


def _draw_here(figure: Figure, here: Fidelity, low: float, colour: str) -> list[dict[str, Any]]:
    """The mark on the fit that the other figures show; what is to be written beside it."""
    if not math.isfinite(here.r2) or here.budget < 1:
        return []
    x = math.log2(here.budget)
    y = max(here.r2, low)
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker_size=18,
        marker_color="rgba(0,0,0,0)",
        marker_line_color=colour,
        marker_line_width=2,
        hoverinfo="skip",
        showlegend=False,
        name="here",
    )
    r2 = number(here.r2, signed=False)
    yanchor = "middle"
    if y < low + 0.15:  # over the axis, not across it
        yanchor = "bottom"
    place = {"x": x, "xanchor": "left", "xshift": 15, "y": y, "yanchor": yanchor}
    return [written(f"you are here<br><b>{r2}</b>", 13, colour, align="left", **place)]


def _subtitle(explanation: Explanation, extra: Sequence[Fidelity]) -> str:
    if explanation.proof.exact:
        text = f"The spectrum itself is exact (all {_all_masks(explanation)} masks)"
        if explanation.proof.curve:
            text += "; the lines are fits on some of them, scored on the rest"
        if any(point.r2 < 0.0 for point in [*explanation.proof.curve, *extra]):
            text += f"; those that are {GUESS} are not drawn"
    else:
        text = f"R² on {explanation.fidelity.held_out:,} {_masks(explanation)}, 90 % interval; "
        text += "1 is perfect, 0 guesses the mean"
    if not explanation.complete:
        text += "<br>This run is not complete: these are the points so far."
    return text


def _scale(explanation: Explanation) -> str:
    """What the points say."""
    return "held-out R²" if explanation.folds is None else "R² by folds"


def _masks(explanation: Explanation) -> str:
    """What the points were measured on."""
    return "held-out masks" if explanation.folds is None else "masks that its fit has not seen"


def _axes(points: Sequence[Fidelity], low: float, scale: str) -> dict[str, Any]:
    """Budgets on a log axis, with room at the right for what is written beside the last points."""
    budgets = sorted({point.budget for point in points})
    ticks = [math.log2(budget) for budget in budgets]
    first = min(ticks, default=6.0)
    last = max(ticks, default=6.0)
    room = max(0.35, 0.12 * (last - first))
    left = first - room
    right = last + 3.2 * room
    labels = [f"{budget:,}" for budget in budgets]
    title = {"text": "ablations that the fit saw (log scale)"}
    across = {"title": title, "range": [left, right], "tickvals": ticks, "ticktext": labels, **BARE, **STILL}
    up = {"title": {"text": scale}, "range": [low - 0.06, 1.05], "zeroline": low < 0, **STILL}
    return {"xaxis": across, "yaxis": up}


def _floor(points: Sequence[Fidelity]) -> float:
    """The lower edge: 0, or under the lowest point or interval, in steps of 0.05, but never below −0.2."""
    lowest = 0.0
    for point in points:
        start, _ = point.interval
        lowest = min(lowest, point.r2)
        if math.isfinite(start):
            lowest = min(lowest, start)
    step = math.floor(lowest * 20)
    return max(LOWEST, step / 20)


def _r2(point: Fidelity) -> str:
    """The R² with its interval, where it has one."""
    value = number(point.r2, signed=False)
    interval = interval_text(point.interval, signed=False)
    return f"{value} {interval}".rstrip()


def _all_masks(explanation: Explanation) -> str:
    count = 2 ** len(explanation.players)
    return f"{count:,}"
