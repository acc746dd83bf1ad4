"""Waterfall: from the real value of nothing to the real value of everything, in steps that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plotly.graph_objects import Figure

from spexviz.indices import Interactions
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.parts import BARE, STILL, Point, columns, tip, write
from spexviz.views.theme import listed, number
from spexviz.views.words import escape, joined


@dataclass(frozen=True)
class Step:
    """One bar: what it is, how much it adds, and the set it stands for (None for a remainder or an end)."""

    label: str
    value: float
    members: Interaction | None = None
    kind: str = "effect"  # "end" | "effect" | "rest" | "unexplained"


def waterfall(
    explanation: Explanation, *, order: int = 3, mains: int = 8, sets: int = 5, dark: bool = False
) -> Figure:
    """Real f(nothing) → main effects → top interactions → what is not explained → real f(everything)."""
    steps = waterfall_steps(explanation, order=order, mains=mains, sets=sets)
    bars = _bars(steps)
    figure = Figure()
    _draw_bars(figure, bars, explanation.unit, dark)
    _draw_links(figure, bars, dark)
    _write_values(figure, bars, dark)
    title = "From nothing to everything"
    subtitle = f"Both ends are measured, the steps between are the surrogate's (FBII, order ≤ {order})"
    height = 130 + 30 * len(steps)
    text = describe_waterfall(steps, explanation.unit)
    theme.apply(figure, dark, title=title, subtitle=subtitle, height=height, text=text)
    figure.update_xaxes(title_text=escape(explanation.unit), range=_room(bars), **STILL)
    rows = [bar.row for bar in bars]
    labels = [_bold_end(step, escape(step.label)) for step in steps]
    figure.update_yaxes(tickvals=rows, ticktext=labels, tickfont_color=theme.ink(dark))
    figure.update_yaxes(autorange="reversed", **BARE, **STILL)
    return figure.update_layout(showlegend=False, bargap=0.3)


@dataclass(frozen=True)
class _Bar:
    """A step as a bar, from the value `start` to the value `end`; row 0 is at the top."""

    row: int
    step: Step
    start: float
    end: float


def _bars(steps: Sequence[Step]) -> list[_Bar]:
    """The two real ends stand on 0, every other step on the end of the one before."""
    bars = []
    level = 0.0
    for row, step in enumerate(steps):
        if step.kind == "end":
            level = 0.0
        start = level
        level += step.value
        bars.append(_Bar(row, step, start, level))
    return bars


def _draw_bars(figure: Figure, bars: Sequence[_Bar], unit: str, dark: bool) -> None:
    muted = theme.tokens(dark).muted
    points = [_point(bar, unit, dark) for bar in bars]
    lines = {"marker_line_color": muted, "marker_pattern_fgcolor": muted, "marker_pattern_size": 6}
    figure.add_bar(**columns(points), **lines, orientation="h", width=0.66, hoverinfo="text")


def _point(bar: _Bar, unit: str, dark: bool) -> Point:
    """A bar: grey for a real end, pale for a remainder, hatched for what is not explained."""
    t = theme.tokens(dark)
    step = bar.step
    value = f"{number(step.value)} {escape(unit)}"
    point: Point = {"x": step.value, "base": bar.start, "y": bar.row}
    point["hovertext"] = tip(escape(step.label), value)
    point["customdata"] = list(step.members or ())
    point["marker_color"] = theme.mark(step.value, dark)
    point["marker_opacity"] = 1
    point["marker_line_width"] = 0
    point["marker_pattern_shape"] = ""
    if step.kind == "end":
        point["marker_color"] = t.muted
    if step.kind == "rest":
        point["marker_opacity"] = 0.6
    if step.kind == "unexplained":
        point["marker_color"] = t.surface
        point["marker_line_width"] = 1.5
        point["marker_pattern_shape"] = "/"
    return point


def _draw_links(figure: Figure, bars: Sequence[_Bar], dark: bool) -> None:
    """A thin line from the end of each bar to the next bar."""
    line = {"color": theme.tokens(dark).muted, "width": 1}
    for bar in bars[:-1]:
        across = {"x0": bar.end, "x1": bar.end}
        down = {"y0": bar.row + 0.33, "y1": bar.row + 0.67}
        figure.add_shape(type="line", **across, **down, line=line)


def _write_values(figure: Figure, bars: Sequence[_Bar], dark: bool) -> None:
    """The value of each step, right of its bar."""
    for bar in bars:
        value = _bold_end(bar.step, number(bar.step.value))
        right = max(bar.start, bar.end)
        write(figure, value, 13, theme.ink(dark), x=right, y=bar.row, xanchor="left", xshift=6)


def _room(bars: Sequence[_Bar]) -> list[float]:
    """The range of the values' axis: all bars, a little at the left, and the values at the right."""
    levels = [0.0, *(bar.end for bar in bars)]
    low = min(levels)
    high = max(levels)
    width = (high - low) or 1.0
    return [low - 0.04 * width, high + 0.16 * width]


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
    explained = sum(step.value for step in between)
    missing = full - empty - explained
    first = Step("nothing kept", empty, kind="end")
    unexplained = Step("not explained by the surrogate", missing, kind="unexplained")
    last = Step("everything kept", full, kind="end")
    return (first, *between, unexplained, last)


def _main_steps(found: Interactions, label: Sequence[str], count: int) -> list[Step]:
    """The `count` largest main effects in reading order, and the sum of the others."""
    effects: dict[int, float] = {}
    for members, value in found:
        if len(members) == 1 and value != 0:
            effects[members[0]] = value
    by_size = sorted(effects, key=lambda i: (-abs(effects[i]), i))
    steps = []
    for i in sorted(by_size[:count]):
        steps.append(Step(label[i], effects[i], (i,)))
    others = [effects[i] for i in by_size[count:]]
    return [*steps, *_rest(others, "main effects")]


def _set_steps(found: Interactions, label: Sequence[str], count: int) -> list[Step]:
    """The top `count` sets of two or more, and the sum of the others."""
    shown = found.top(count, include_singletons=False)
    steps = []
    for members, value in shown:
        steps.append(Step(joined(members, label), value, members))
    others = []
    for members, value in found:
        if len(members) > 1 and members not in shown.values and value != 0:
            others.append(value)
    return [*steps, *_rest(others, "interactions")]


def _rest(values: Sequence[float], what: str) -> list[Step]:
    """The sum of what has no step of its own, if anything has none."""
    if not values:
        return []
    return [Step(f"{len(values)} other {what}", sum(values), kind="rest")]


def describe_waterfall(steps: tuple[Step, ...], unit: str) -> str:
    """The waterfall in words, for a screen reader."""
    first, *between, last = steps
    told = listed((step.label, step.value) for step in between)
    start = f"{number(first.value)} {unit} with nothing kept"
    end = f"{number(last.value)} with everything kept"
    return f"From {start} to {end}: {told}."
