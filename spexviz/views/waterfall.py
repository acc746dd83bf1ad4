"""Waterfall: from the real value of nothing to the real value of everything, in steps that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from spexviz.indices import Interactions
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.parts import BARE, STILL, Point, columns, write
from spexviz.views.words import escape, joined, names


@dataclass(frozen=True)
class Step:
    """One bar: what it is, how much it adds, and the set it stands for (None for a remainder or an end)."""

    label: str
    value: float
    members: Interaction | None = None
    kind: str = "effect"  # "end" | "effect" | "rest" | "unexplained"


def waterfall(
    explanation: Explanation, *, order: int = 3, mains: int = 8, sets: int = 5, dark: bool = False
) -> go.Figure:
    """Real f(nothing) → main effects → top interactions → what is not explained → real f(everything)."""
    t = theme.tokens(dark)
    steps = waterfall_steps(explanation, order=order, mains=mains, sets=sets)
    starts, ends = _levels(steps)
    figure = go.Figure()
    bars = []
    for row, step in enumerate(steps):
        bars.append(_bar(step, starts[row], row, explanation.unit, dark))
        number = _bold_end(step, theme.number(step.value))
        right = max(starts[row], ends[row])
        write(figure, number, 13, t.ink, x=right, y=row, xanchor="left", xshift=6)
    _draw_bars(figure, bars, dark)
    _draw_links(figure, ends, t.muted)

    theme.apply(
        figure,
        dark,
        title="From nothing to everything",
        subtitle=f"Both ends are measured, the steps between are the surrogate's (FBII, order ≤ {order})",
        height=130 + 30 * len(steps),
        text=describe_waterfall(steps, explanation.unit),
    )
    low, high = min(*starts, *ends), max(*starts, *ends)
    room = (high - low) or 1.0
    across = [low - 0.04 * room, high + 0.16 * room]  # the numbers stand right of the bars
    figure.update_xaxes(title_text=escape(explanation.unit), range=across, **STILL)
    figure.update_yaxes(
        tickvals=list(range(len(steps))),
        ticktext=[_bold_end(step, escape(step.label)) for step in steps],
        tickfont={"color": t.ink},
        autorange="reversed",
        **BARE,
        **STILL,
    )
    return figure.update_layout(showlegend=False, bargap=0.3)


def _levels(steps: Sequence[Step]) -> tuple[list[float], list[float]]:
    """Where each bar starts, and where it ends: the two real ends stand on 0, every other on the bar before."""
    starts, ends = [], []
    level = 0.0
    for step in steps:
        if step.kind == "end":
            level = 0.0
        starts.append(level)
        level += step.value
        ends.append(level)
    return starts, ends


def _draw_bars(figure: go.Figure, bars: Sequence[Point], dark: bool) -> None:
    muted = theme.tokens(dark).muted
    figure.add_bar(
        **columns(bars),
        orientation="h",
        width=0.66,
        marker_line_color=muted,
        marker_pattern_fgcolor=muted,
        marker_pattern_size=6,
        hoverinfo="text",
    )


def _bar(step: Step, start: float, row: int, unit: str, dark: bool) -> Point:
    """The bar of a step: grey for a real end, pale for a remainder, hatched for what is not explained."""
    t = theme.tokens(dark)
    label = escape(step.label)
    amount = f"{theme.number(step.value)} {escape(unit)}"
    bar: Point = {"x": step.value, "base": start, "y": row}
    bar["hovertext"] = f"<b>{label}</b><br>{amount}"
    bar["customdata"] = list(step.members or ())
    bar["marker_color"] = theme.mark(step.value, dark)
    bar["marker_opacity"] = 1
    bar["marker_line_width"] = 0
    bar["marker_pattern_shape"] = ""
    if step.kind == "end":
        bar["marker_color"] = t.muted
    if step.kind == "rest":
        bar["marker_opacity"] = 0.6
    if step.kind == "unexplained":
        bar["marker_color"] = t.surface
        bar["marker_line_width"] = 1.5
        bar["marker_pattern_shape"] = "/"
    return bar


def _draw_links(figure: go.Figure, ends: Sequence[float], colour: str) -> None:
    """A thin line from the end of each bar to the next bar."""
    line = {"color": colour, "width": 1}
    for row, end in enumerate(ends[:-1]):
        figure.add_shape(type="line", x0=end, x1=end, y0=row + 0.33, y1=row + 0.67, line=line)


def _bold_end(step: Step, text: str) -> str:
    """The text, in bold for the two real ends."""
    if step.kind == "end":
        return f"<b>{text}</b>"
    return text


def waterfall_steps(
    explanation: Explanation, *, order: int = 3, mains: int = 8, sets: int = 5
) -> tuple[Step, ...]:
    """The bars, whose values add up exactly: first end + all steps = last end.

    Each step is an FBII of the run: the Möbius coefficients of the spectrum cut at `order`, whose sum over
    all non-empty sets is that surrogate's f(everything) − f(nothing). Sets that are not shown are summed into
    two remainders, and the distance to the two real ends is the bar "not explained by the surrogate" (the
    surrogate is weakest at the ends).
    """
    found = explanation.interactions("FBII", order)
    label = names(explanation.players, 28)
    empty, full = explanation.ends
    between = [*_main_steps(found, label, mains), *_set_steps(found, label, sets)]
    missing = full - empty - sum(step.value for step in between)
    return (
        Step("nothing kept", empty, kind="end"),
        *between,
        Step("not explained by the surrogate", missing, kind="unexplained"),
        Step("everything kept", full, kind="end"),
    )


def _main_steps(found: Interactions, label: Sequence[str], count: int) -> list[Step]:
    """The `count` largest main effects in reading order, and the sum of the others."""
    singles = [(members, value) for members, value in found if len(members) == 1 and value != 0]
    singles.sort(key=lambda single: (-abs(single[1]), single[0]))
    steps = [Step(joined(members, label), value, members) for members, value in sorted(singles[:count])]
    others = [value for _, value in singles[count:]]
    if others:
        steps.append(Step(f"{len(others)} other main effects", sum(others), kind="rest"))
    return steps


def _set_steps(found: Interactions, label: Sequence[str], count: int) -> list[Step]:
    """The top `count` sets of two or more, and the sum of the others."""
    shown = found.top(count, include_singletons=False)
    steps = [Step(joined(members, label), value, members) for members, value in shown]
    others = []
    for members, value in found:
        if len(members) > 1 and members not in shown.values and value != 0:
            others.append(value)
    if others:
        steps.append(Step(f"{len(others)} other interactions", sum(others), kind="rest"))
    return steps


def describe_waterfall(steps: tuple[Step, ...], unit: str) -> str:
    """The waterfall in words, for a screen reader."""
    first, *between, last = steps
    told = "; ".join(f"{step.label} {theme.number(step.value)}" for step in between)
    return (
        f"From {theme.number(first.value)} {unit} with nothing kept "
        f"to {theme.number(last.value)} with everything kept: {told}."
    )
