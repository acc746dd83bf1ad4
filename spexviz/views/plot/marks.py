"""Marks of a plot: bars, lines, dots and error bars as SVG, each with what points at it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from spexviz.views.plot import write
from spexviz.views.plot.axes import Axis, joined
from spexviz.views.plot.parts import Part

_DASHES = {"dash": "6 4", "dot": "2 3", "solid": ""}
_CLEAR = "rgba(0,0,0,0)"
_SIZE = 6  # pixels of a marker, unless it says
Places = list[tuple[float, float]]  # pixels across and down


def of(figure: Part, x: Axis, y: Axis) -> Iterator[str]:
    """The marks of every trace, in order."""
    ends: dict[int, float] = {}  # where the bars of a row end that stand on one another
    before: Places = []
    for trace in figure.data:
        if trace.type == "bar":
            yield from _bars(trace, figure, ends, x, y)
            continue
        places = [(x.at(float(a)), y.at(float(b))) for a, b in zip(trace.x, trace.y, strict=True)]
        if trace.fill == "tonexty":
            yield f'<path d="{_way([*before, *reversed(places)])}z" style="fill:{trace.fillcolor}"/>'
        yield from _scatter(trace, places, y)
        before = places


def _bars(trace: Part, figure: Part, ends: dict[int, float], x: Axis, y: Axis) -> Iterator[str]:
    stacked = figure.layout.barmode == "stack"
    share = trace.width or 1.0 - (figure.layout.bargap or 0.2)
    thick = share * abs(y.at(1.0) - y.at(0.0))
    for row, length in enumerate(trace.x):
        start = 0.0
        if trace.base is not None:
            start = float(_one(trace.base, row))
        if stacked:
            start = ends.get(row, 0.0)
            ends[row] = start + length
        left, right = sorted((x.at(start), x.at(start + float(length))))
        line = trace.marker.line
        edge = f"stroke:{_one(line.color, row)};stroke-width:{_one(line.width, row) or 0}"
        style = f"fill:{_one(trace.marker.color, row)};{edge}"
        box = _box(left, y.at(row) - thick / 2, max(0.5, right - left), thick)
        members = joined(_one(trace.customdata, row)) if trace.customdata is not None else ""
        yield _mark(f'<rect {box} style="{style}"/>', _one(trace.hovertext, row), members)


def _scatter(trace: Part, places: Places, y: Axis) -> Iterator[str]:
    if "lines" in trace.mode and len(places) > 1 and trace.line.width != 0:
        yield f'<path d="{_way(places)}" style="fill:none;{_stroke(trace.line)}"/>'
    if trace.error_y.array is not None:
        yield from _errors(trace, places, y)
    if "markers" not in trace.mode:
        return
    marker = trace.marker
    colour = _colour_of(trace)
    style = f"fill:{colour if colour != _CLEAR else 'none'}"
    if marker.line.color is not None:
        style += f";stroke:{marker.line.color};stroke-width:{marker.line.width or 1}"
    yield f'<g style="{style}">'
    for k, (a, b) in enumerate(places):
        shape = _shape(_one(marker.symbol, k), a, b, (_one(marker.size, k) or _SIZE) / 2)
        tip = _one(trace.hovertext, k) if trace.hoverinfo != "skip" else ""
        yield _mark(f"<{shape}/>", tip, "")
    yield "</g>"


def _way(places: Places) -> str:
    return "M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in places)


def _colour_of(trace: Part) -> str:
    """The colour of its markers; Plotly gives them that of their line where they have none."""
    return trace.marker.color or trace.line.color


def _errors(trace: Part, places: Places, y: Axis) -> Iterator[str]:
    error = trace.error_y
    style = f"fill:none;stroke:{error.color or _colour_of(trace)};stroke-width:{error.thickness}"
    for k, (a, _) in enumerate(places):
        value = float(trace.y[k])
        top, bottom = y.at(value + float(error.array[k])), y.at(value - float(error.arrayminus[k]))
        if math.isclose(top, bottom):
            continue
        left, right = a - error.width, a + error.width
        foot = f"M{left:.1f},{bottom:.1f}H{right:.1f}"
        way = f"M{left:.1f},{top:.1f}H{right:.1f}M{a:.1f},{top:.1f}V{bottom:.1f}{foot}"
        yield f'<path d="{way}" style="{style}"/>'


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'


def _shape(symbol: str | None, x: float, y: float, half: float) -> str:
    if symbol == "square":
        return f"rect {_box(x - half, y - half, 2 * half, 2 * half)}"
    if symbol == "triangle-down":
        return f'path d="M{x - half:.1f},{y - half:.1f}h{2 * half:.1f}l{-half:.1f},{2 * half:.1f}z"'
    return f'circle cx="{x:.1f}" cy="{y:.1f}" r="{half:.1f}"'


def straight(shape: Part, x: Axis, y: Axis) -> str:
    """A line between two points."""
    ends = [
        f'{name}="{place:.1f}"'
        for name, place in (
            ("x1", x.place(shape.x0, shape.xref)),
            ("x2", x.place(shape.x1, shape.xref)),
            ("y1", y.place(shape.y0, shape.yref)),
            ("y2", y.place(shape.y1, shape.yref)),
        )
    ]
    return f'<line {" ".join(ends)} style="{_stroke(shape.line)}"/>'


def key(trace: Part, x: float, y: float, ink: str) -> Iterator[str]:
    """A trace in the legend: its mark and its name, in this colour."""
    middle = y + 11
    if trace.type == "bar":
        yield f'<rect {_box(x, middle - 6, 22, 12)} style="fill:{trace.marker.color}"/>'
    else:
        if "lines" in trace.mode:
            yield f'<path d="M{x:.1f},{middle:.1f}h24" style="fill:none;{_stroke(trace.line)}"/>'
        if "markers" in trace.mode:
            shape = _shape(_one(trace.marker.symbol, 0), x + 12, middle, 4)
            yield f'<{shape} style="fill:{_colour_of(trace)}"/>'
    yield write.line(write.plain(trace.name), x + 30, middle + 4.5, 13, ink)


def _stroke(line: Part) -> str:
    dash = _DASHES.get(line.dash or "solid", "")
    dashed = f";stroke-dasharray:{dash}" if dash else ""
    return f"stroke:{line.color};stroke-width:{line.width or 1.5}{dashed}"


def _mark(shape: str, tip: str | None, members: str) -> str:
    """A mark with what is said of it; one that stands for players bears them."""
    title = f"<title>{write.safe(write.plain(tip))}</title>" if tip else ""
    if not title and not members:
        return shape
    chosen = f' data-members="{members}"' if members else ""
    return f'<g class="mark"{chosen}>{shape}{title}</g>'


def _one(value: Any, k: int) -> Any:
    """What is said of one of all: one thing for all of them, or each its own."""
    if value is None or isinstance(value, str | int | float):
        return value
    return value[k]
