"""Waterfall: from the real value of nothing to the real value of everything, in steps that add up."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import theme
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
    """Real f(nothing) → main effects → top interactions → what the surrogate does not explain → real f(everything)."""
    t = theme.tokens(dark)
    steps = waterfall_steps(explanation, order=order, mains=mains, sets=sets)
    level, bases, tops = 0.0, [], []
    for step in steps:
        start = 0.0 if step.kind == "end" else level
        level = start + step.value
        bases.append(start)
        tops.append(level)
    fill = {"end": t.muted, "rest": None, "effect": None, "unexplained": t.surface}
    figure = go.Figure()
    figure.add_bar(
        x=[s.value for s in steps],
        base=bases,
        y=list(range(len(steps))),
        orientation="h",
        width=0.66,
        marker={
            "color": [fill[s.kind] or theme.mark(s.value, dark) for s in steps],
            "opacity": [0.6 if s.kind == "rest" else 1 for s in steps],
            "line": {"width": [1.5 if s.kind == "unexplained" else 0 for s in steps], "color": t.muted},
            "pattern": {
                "shape": ["/" if s.kind == "unexplained" else "" for s in steps],
                "fgcolor": t.muted,
                "size": 6,
            },
        },
        hovertext=[
            f"<b>{escape(s.label)}</b><br>{theme.number(s.value)} {escape(explanation.unit)}" for s in steps
        ],
        hoverinfo="text",
        customdata=[list(s.members or ()) for s in steps],
    )
    for k in range(len(steps) - 1):  # thin links from each bar's end to the next bar
        figure.add_shape(
            type="line", x0=tops[k], x1=tops[k], y0=k + 0.33, y1=k + 0.67, line={"color": t.muted, "width": 1}
        )
    for k, (step, base, top) in enumerate(zip(steps, bases, tops, strict=True)):
        bold = f"<b>{theme.number(step.value)}</b>" if step.kind == "end" else theme.number(step.value)
        figure.add_annotation(
            x=max(base, top),
            y=k,
            text=bold,
            showarrow=False,
            xanchor="left",
            xshift=6,
            font={"size": 13, "color": t.ink},
        )
    low, high = min(*bases, *tops), max(*bases, *tops)
    room = (high - low) or 1.0
    subtitle = f"Both ends are measured, the steps between are the surrogate's (FBII, order ≤ {order})"
    title = "From nothing to everything"
    theme.apply(
        figure,
        dark,
        title=title,
        subtitle=subtitle,
        height=130 + 30 * len(steps),
        text=describe_waterfall(steps, explanation.unit),
    )
    ticks = [f"<b>{escape(s.label)}</b>" if s.kind == "end" else escape(s.label) for s in steps]
    figure.update_yaxes(
        tickvals=list(range(len(steps))),
        ticktext=ticks,
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        tickfont={"color": t.ink},
        fixedrange=True,
    )
    figure.update_xaxes(
        title_text=escape(explanation.unit), range=[low - 0.04 * room, high + 0.16 * room], fixedrange=True
    )
    return figure.update_layout(showlegend=False, bargap=0.3)


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
    singles = sorted(
        ((m, v) for m, v in found if len(m) == 1 and v != 0), key=lambda item: (-abs(item[1]), item[0])
    )
    shown = sorted(singles[:mains])  # in reading order
    joint = [(m, v) for m, v in found.top(sets, include_singletons=False)]
    told = {m for m, _ in joint}
    rest = [v for m, v in found if len(m) > 1 and m not in told and v != 0]
    empty, full = explanation.ends
    steps = [Step("nothing kept", empty, kind="end")]
    steps += [Step(joined(m, label), v, m) for m, v in shown]
    if len(singles) > mains:
        steps.append(
            Step(
                f"{len(singles) - mains} other main effects", sum(v for _, v in singles[mains:]), kind="rest"
            )
        )
    steps += [Step(joined(m, label), v, m) for m, v in joint]
    if rest:
        steps.append(Step(f"{len(rest)} other interactions", sum(rest), kind="rest"))
    missing = full - empty - sum(s.value for s in steps[1:])
    steps.append(Step("not explained by the surrogate", missing, kind="unexplained"))
    return (*steps, Step("everything kept", full, kind="end"))


def describe_waterfall(steps: tuple[Step, ...], unit: str) -> str:
    """The waterfall in words, for a screen reader."""
    between = "; ".join(f"{s.label} {theme.number(s.value)}" for s in steps[1:-1])
    return f"From {theme.number(steps[0].value)} {unit} with nothing kept to {theme.number(steps[-1].value)} with everything kept: {between}."
