"""Axes of a plot: from values to pixels, and the lines and numbers that say so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.kit.numerals import MINUS
from spexviz.views.plot import write
from spexviz.views.plot.parts import Part

_ROOM = 0.05  # of the range, beyond the outermost values
_TICKS = 8  # at most about so many numbers on an axis
_TITLE = 26  # pixels of the name of an upright axis


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` at the pixels from `start` to `stop`.

    `look`: what Plotly's layout says of it; `members`: the players of a row, by its value; `longest`: pixels
    of the name of a row.
    """

    low: float
    high: float
    start: float
    stop: float
    ticks: tuple[tuple[float, str], ...]
    look: Any
    members: dict[float, str]
    longest: float = 0.0

    def at(self, value: float) -> float:
        """The pixel of a value."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + share * (self.stop - self.start)

    def place(self, value: float, ref: str | None) -> float:
        """The pixel of a value, or of a share of the plot where it refers to the paper or to the domain."""
        if ref == "paper" or (ref or "").endswith("domain"):
            return self.start + value * (self.stop - self.start)
        return self.at(value)

    @property
    def is_seen(self) -> bool:
        return self.look.visible is not False

    def drawn(self, other: Axis, edge: float) -> Iterator[str]:
        """Grid, zero line, numbers and name.

        `other`: the axis across it; `edge`: the pixel where numbers stand.
        """
        if not self.is_seen:
            return
        upright = abs(self.stop - self.start) and isinstance(self, Upright)
        if self.look.showgrid is not False:
            for value, _ in self.ticks:
                yield self._rule(value, other, self.look.gridcolor, upright)
        if self.look.zeroline is not False and min(self.low, self.high) <= 0 <= max(self.low, self.high):
            yield self._rule(0.0, other, self.look.zerolinecolor, upright)
        yield from self._numbers(edge)
        yield from self._name(edge)

    def _rule(self, value: float, other: Axis, colour: str, upright: object) -> str:
        at = self.at(value)
        ends = f'x1="{at:.1f}" x2="{at:.1f}" y1="{other.start:.1f}" y2="{other.stop:.1f}"'
        if upright:
            ends = f'y1="{at:.1f}" y2="{at:.1f}" x1="{other.start:.1f}" x2="{other.stop:.1f}"'
        return f'<line {ends} style="stroke:{colour}"/>'

    def _numbers(self, edge: float) -> Iterator[str]:
        font = self.look.tickfont
        free = -math.inf
        for value, label in self.ticks:
            at = self.at(value)
            half = write.wide(write.plain(label), font.size) / 2
            if at - half > free:  # numbers that would touch are left out
                yield from write.block(label, at, edge + 5, font.size, font.color, "middle", "top")
                free = at + half + 4

    def _name(self, edge: float) -> Iterator[str]:
        title = self.look.title
        if title.text:
            middle = (self.start + self.stop) / 2
            yield from write.block(
                title.text, middle, edge + 25, title.font.size, title.font.color, "middle", "top"
            )


class Upright(Axis):
    """The axis of rows or heights, whose names and numbers stand at its left."""

    def _numbers(self, edge: float) -> Iterator[str]:
        font = self.look.tickfont
        for value, label in self.ticks:
            y = self.at(value) + 0.35 * font.size
            weight = "700" if "<b>" in label else "400"
            text = _cut(write.plain(label).removeprefix("● "), font.size, self.longest)
            found = self.members.get(value, "")
            more = f' data-row="{found}"' if found else ""
            yield write.line(text, edge - 8, y, font.size, font.color, anchor="end", weight=weight, more=more)

    def _name(self, edge: float) -> Iterator[str]:
        title = self.look.title
        if not title.text:
            return
        x, y = 14, (self.start + self.stop) / 2
        more = f' transform="rotate(-90 {x} {y:.1f})"'
        yield write.line(
            write.plain(title.text), x, y, title.font.size, title.font.color, anchor="middle", more=more
        )


def across(figure: Part, start: float, stop: float) -> Axis:
    """The axis along the plot."""
    look = figure.layout.xaxis
    low, high = _range(look, _values(figure, "x"))
    return Axis(low, high, start, stop, tuple(_ticks(look, low, high)), look, {})


def down(figure: Part, start: float, stop: float, longest: float = 0.0) -> Axis:
    """The axis up the plot; `start`: its lower end."""
    look = figure.layout.yaxis
    low, high = _range(look, _values(figure, "y"))
    rows = {}
    if _has_rows(figure):
        count = max(len(trace.x) for trace in figure.data if trace.type == "bar")
        low, high = -0.5, count - 0.5
        players = map(joined, _customdata(figure))
        rows = {float(row): members for row, members in enumerate(players) if members}
    if look.autorange == "reversed":
        low, high = high, low
    return Upright(low, high, start, stop, tuple(_ticks(look, low, high)), look, rows, longest)


def joined(members: Sequence[int] | None) -> str:
    """Players as an attribute holds them; "" for none."""
    return ",".join(str(int(i)) for i in members or ())


def labels_wide(figure: Part, most: float) -> float:
    """Pixels that the names or numbers and the name of an upright axis take."""
    look = figure.layout.yaxis
    if look.visible is False:
        return 0.0
    axis = down(figure, 1.0, 0.0)
    size = look.tickfont.size
    texts = [_cut(write.plain(label).removeprefix("● "), size, most) for _, label in axis.ticks]
    room = max((write.wide(text, size, bold=True) for text in texts), default=0.0) + 8
    if look.title.text:
        room += _TITLE
    return room


def _cut(text: str, size: float, most: float) -> str:
    """A name with as many letters as have room."""
    if write.wide(text, size) <= most:
        return text
    while write.wide(text, size) > most - size:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _has_rows(figure: Part) -> bool:
    return any(trace.type == "bar" for trace in figure.data)


def _customdata(figure: Part) -> Sequence[Any]:
    for trace in figure.data:
        if trace.type == "bar" and trace.customdata is not None:
            return trace.customdata
    return ()


def _values(figure: Part, name: str) -> list[float]:
    """Every number that lies along an axis, with what its bars and error bars reach."""
    found: list[float] = []
    for trace in figure.data:
        values = getattr(trace, name)
        numbers = [float(one) for one in values if isinstance(one, int | float)]
        found += numbers
        if name == "y" and trace.error_y.array is not None:
            found += [one + up for one, up in zip(numbers, trace.error_y.array, strict=True)]
            found += [one - down_ for one, down_ in zip(numbers, trace.error_y.arrayminus, strict=True)]
        if trace.type == "bar" and name == "x" and trace.base is not None:
            found += [float(base) for base in trace.base]
            found += [one + float(base) for one, base in zip(numbers, trace.base, strict=True)]
    return [one for one in found if math.isfinite(one)]


def _range(look: Any, values: Sequence[float]) -> tuple[float, float]:
    if look.range is not None:
        return float(look.range[0]), float(look.range[1])
    low, high = min(values, default=0.0), max(values, default=1.0)
    is_from_zero = look.rangemode == "tozero" and low >= 0
    room = _ROOM * ((high - low) or 1.0)
    if is_from_zero:
        return 0.0, high + room
    return low - room, high + room


def _ticks(look: Any, low: float, high: float) -> Iterator[tuple[float, str]]:
    """Those of the figure, else round numbers."""
    if look.tickvals is not None:
        labels = look.ticktext if look.ticktext is not None else map(_said, look.tickvals)
        yield from zip(map(float, look.tickvals), labels, strict=True)
        return
    low, high = min(low, high), max(low, high)
    step = _step((high - low) / _TICKS)
    k = math.ceil(low / step)
    while k * step <= high:
        yield k * step, _said(k * step)
        k += 1


def _step(about: float) -> float:
    """The round number next above: 1, 2 or 5 of a power of ten."""
    power = 10.0 ** math.floor(math.log10(about or 1.0))
    for round_ in (1, 2, 5):
        if round_ * power >= about:
            return round_ * power
    return 10 * power


def _said(value: float) -> str:
    return f"{value:.6g}".replace("-", MINUS)
