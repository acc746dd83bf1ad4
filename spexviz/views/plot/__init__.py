"""Plot: a figure of ours as SVG text, made without a browser: for reports, mails, paper and files.

    svg = drawn(views.path(result), width=720)

It knows what figures of ours are made of: bars, lines, markers, error bars, text, straight lines, two axes
and a legend under them. A figure with anything else is refused: `figure.write_image` of Plotly takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from plotly.graph_objects import Figure

from spexviz.errors import SpexvizError
from spexviz.views import theme
from spexviz.views.plot import marks, write
from spexviz.views.plot.axes import Axis, across, down, labels_wide
from spexviz.views.plot.parts import Part, parts

KNOWN = ("bar", "scatter")
WIDE, HALF, NARROW = 760, 470, 340  # pixels of a figure on a laptop, beside another there, and on a phone
_HEAD = (("700", 17, 24), ("400", 13, 18))  # weight, size and line height of a title, and of what is under it
_NAMES = (118, 0.28)  # of the names of rows: pixels at least, and their share of the width
_ROW = 22  # pixels of a row of the legend
_ANCHORS = {"left": "start", "right": "end"}  # of text, by Plotly's names
_SIZE = 12  # of text that does not say its own
_UNDER = 60  # pixels under a plot for which its height has room
_TITLE, _TICKS = 24, 20  # pixels under a plot: the name of the axis, its numbers


class CannotDraw(SpexvizError):
    """A figure has parts that ours have not."""


def drawn(figure: Figure, width: int = WIDE, *, titled: bool = False, ground: str = "") -> str:
    """The figure as an `<svg>` element, as wide as this in its own units; its words are its label.

    `titled`: with its title and what is under it, else without; `ground`: a colour that lies under it. Each
    bar that stands for players has `data-members`, and what points at a mark is its `<title>`. Raises
    CannotDraw.
    """
    plain = parts(figure)
    unknown = sorted({_kind(trace) for trace in plain.data} - set(KNOWN))
    if unknown:
        raise CannotDraw(
            f"A figure with {' and '.join(unknown)} cannot be drawn as SVG here: use figure.write_image of "
            "Plotly."
        )
    drawn_: list[str] = []
    top = 0.0
    if titled:
        top = _head(drawn_, width, plain.layout)
    height = top + _draw(drawn_, plain, width, top)
    if ground:
        drawn_.insert(0, f'<rect width="{width}" height="{height:.0f}" style="fill:{ground}"/>')
    label = write.safe(plain.layout.meta.text or "")
    box = f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}"'
    said = f'role="img" aria-label="{label}" style="font-family:{escape(theme.FONT)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {said}>{"".join(drawn_)}</svg>'


def _kind(trace: Part) -> str:
    """What a trace is drawn as; of bars those that lie."""
    if trace.type == "bar" and trace.orientation != "h":
        return "upright bars"
    return trace.type or "scatter"


def _head(drawn_: list[str], width: int, layout: Part) -> float:
    """Write title and subtitle over the figure; returns how high they are."""
    y = 8.0
    ink = layout.font.color
    for k, line in enumerate(layout.meta.head or ()):
        weight, size, step = _HEAD[min(k, 1)]
        for piece in write.wrapped(line, size, width - 16):
            y += step
            drawn_.append(write.line(piece, 8, y, size, ink, weight=weight))
    return y + 10


def _draw(drawn_: list[str], figure: Part, width: int, top: float) -> float:
    """Draw the plot with its axes and its legend from `top` downwards; returns how high it is."""
    layout = figure.layout
    freed = theme.titled_room(layout)
    named = _in_legend(figure)
    rows = write.rows([write.wide(write.plain(trace.name), 13) + 44 for trace in named], width)
    under = 8 + _ROW * len(rows)
    if layout.xaxis.visible is not False:
        under += _TICKS + _TITLE
    height = layout.height - freed - max(layout.margin.b, _UNDER) + under
    longest = max(_NAMES[0], _NAMES[1] * width)
    left = layout.margin.l + labels_wide(figure, longest)
    x = across(figure, left, width - layout.margin.r)
    y = down(figure, top + height - under, top + layout.margin.t - freed, longest)
    drawn_ += [*x.drawn(y, top + height - under), *y.drawn(x, left)]
    drawn_ += [marks.straight(shape, x, y) for shape in layout.shapes]
    drawn_ += marks.of(figure, x, y)
    for note in layout.annotations:
        drawn_ += _note(note, x, y, width)
    drawn_ += _legend(named, rows, top + height - _ROW * len(rows), layout.font.color)
    return height


def _legend(named: Sequence[Part], rows: Sequence[write.Row], at: float, ink: str) -> Iterator[str]:
    for k, row in enumerate(rows):
        for which, offset in row:
            yield from marks.key(named[which], offset, at + _ROW * k, ink)


def _in_legend(figure: Part) -> list[Part]:
    if figure.layout.showlegend is False:
        return []
    return [trace for trace in figure.data if trace.showlegend is not False and trace.name]


def _note(note: Part, x: Axis, y: Axis, width: int) -> list[str]:
    """What is written on the plot, never beyond its right edge."""
    across_ = x.place(note.x, note.xref) + (note.xshift or 0)
    down_ = y.place(note.y, note.yref) - (note.yshift or 0)
    anchor = _ANCHORS.get(note.xanchor or "", "middle")
    size = note.font.size or _SIZE
    if anchor == "start":
        written = write.plain(note.text).split("\n")
        widest = max(write.wide(line, size, bold=True) for line in written)
        across_ = min(across_, width - widest)
    return write.block(note.text, across_, down_, size, note.font.color, anchor, note.yanchor or "middle")
