"""Plot: a figure of ours as SVG text, made without a browser: for reports, mails, paper and files.

    svg = drawn(views.path(result), width=720)

It knows what figures of ours are made of: bars, lines, markers, error bars, text, straight lines, two axes
and a legend under them. A figure with anything else is refused: `figure.write_image` of Plotly takes it.
"""

from __future__ import annotations

from html import escape
from typing import Any

from plotly.graph_objects import Figure

from spexviz.errors import SpexvizError
from spexviz.views import theme
from spexviz.views.plot import marks, write
from spexviz.views.plot.axes import Axis, across, down, labels_wide, layout

KNOWN = ("bar", "scatter")
WIDE, HALF, NARROW = 760, 470, 340  # pixels of a figure on a laptop, beside another there, and on a phone
_HEAD = (("700", 17, 24), ("400", 13, 18))  # weight, size and line height of a title, and of what is under it
_NAMES = (118, 0.28)  # of the names of rows: pixels at least, and their share of the width
_ROW = 22  # pixels of a row of the legend
_TITLE, _TICKS = 24, 20  # pixels under a plot: the name of the axis, its numbers


class CannotDraw(SpexvizError):
    """A figure has parts that ours have not."""


def drawn(figure: Figure, width: int = WIDE, *, titled: bool = False, ground: str = "") -> str:
    """The figure as an `<svg>` element, as wide as this in its own units; its words are its label.

    `titled`: with its title and what is under it, else without; `ground`: a colour that lies under it. Each
    bar that stands for players has `data-members`, and what points at a mark is its `<title>`. Raises
    CannotDraw.
    """
    unknown = sorted({trace.type for trace in figure.data} - set(KNOWN))
    if unknown:
        raise CannotDraw(
            f"A figure with {' and '.join(unknown)} cannot be drawn as SVG here: use figure.write_image of "
            "Plotly."
        )
    bare = Figure(figure)
    head = theme.untitled(bare)
    parts: list[str] = []
    top = 0.0
    if titled:
        top = _head(parts, head, width, bare)
    height = top + _draw(parts, bare, width, top)
    if ground:
        parts.insert(0, f'<rect width="{width}" height="{height:.0f}" style="fill:{ground}"/>')
    label = escape(str((layout(bare).meta or {}).get("text", "")))
    box = f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}"'
    said = f'role="img" aria-label="{label}" style="font-family:{escape(theme.FONT)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {said}>{"".join(parts)}</svg>'


def _head(parts: list[str], head: list[str], width: int, figure: Figure) -> float:
    """Write title and subtitle over the figure; returns how high they are."""
    y = 8.0
    ink = layout(figure).font.color
    for k, line in enumerate(head):
        weight, size, step = _HEAD[min(k, 1)]
        for piece in write.wrapped(line, size, width - 16):
            y += step
            parts.append(write.line(piece, 8, y, size, ink, weight=weight))
    return y + 10


def _draw(parts: list[str], figure: Figure, width: int, top: float) -> float:
    """Draw the plot with its axes and its legend from `top` downwards; returns how high it is."""
    look = layout(figure)
    margin = look.margin
    named = _in_legend(figure)
    rows = write.rows([write.wide(write.plain(trace.name), 13) + 44 for trace in named], width)
    under = margin.b
    if look.xaxis.visible is not False:
        under = _TICKS + _TITLE
    under += _ROW * len(rows) + 8
    longest = max(_NAMES[0], _NAMES[1] * width)
    left = margin.l + labels_wide(look.yaxis, figure, longest)
    height = _height(figure, under)
    x = across(figure, left, width - margin.r)
    y = down(figure, top + height - under, top + margin.t, longest)
    frame = (x, y)
    parts += x.drawn(y, top + height - under)
    parts += y.drawn(x, left)
    for shape in look.shapes:
        parts.append(marks.straight(shape, *frame))
    parts += marks.of(figure, *frame)
    for note in look.annotations:
        parts += _note(note, x, y)
    at = top + height - _ROW * len(rows)
    for row in rows:
        for k, offset in row:
            parts += marks.key(named[k], offset, at, look.font.color)
        at += _ROW
    return height


def _height(figure: Figure, under: float) -> float:
    """Its own, where what stands under it has its room there."""
    margin = layout(figure).margin
    return layout(figure).height + max(0.0, under - max(margin.b, 60))


def _in_legend(figure: Figure) -> list[Any]:
    if layout(figure).showlegend is False:
        return []
    return [trace for trace in figure.data if trace.showlegend is not False and trace.name]


def _note(note: Any, x: Axis, y: Axis) -> list[str]:
    """What is written on the plot."""
    at = (x.place(note.x, note.xref) + (note.xshift or 0), y.place(note.y, note.yref) - (note.yshift or 0))
    anchors = {"left": "start", "right": "end"}
    anchor = anchors.get(note.xanchor or "", "middle")
    return write.block(note.text, *at, note.font.size, note.font.color, anchor, note.yanchor or "middle")
