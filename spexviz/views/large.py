"""Large: a figure for people who sit far away."""

from __future__ import annotations

from typing import Any

from plotly.graph_objects import Figure

_ROOM = 390  # pixels of height that a figure has, times the scale: a higher one grows less
_SIZES = ("height", "size", "xshift", "yshift", "thickness")
_OF_LINES = ("width",)  # elsewhere it is a number of the data


def enlarged(figure: Figure, scale: float) -> Figure:
    """The same with letters, lines, marks and height so many times as large; its width is its place's.

    One that is high for its room grows less, and gives way.
    """
    if scale == 1.0:
        return figure
    drawn, room = figure.to_plotly_json(), _ROOM * scale
    grown = max(1.0, min(scale, room / drawn["layout"]["height"]))
    data = [_scaled(trace, grown) for trace in drawn["data"]]
    layout = _scaled(drawn["layout"], grown)
    return Figure(data, {**layout, "height": min(room, layout["height"])})


def _scaled(part: Any, scale: float, name: str = "") -> Any:
    """A part of a figure, and all that it holds; numbers of the data stay as they are."""
    if isinstance(part, dict):
        sizes = (*_SIZES, *_OF_LINES) if name in ("line", "error_x", "error_y") else _SIZES
        if name == "margin":
            sizes = tuple(part)
        return {key: _grown(value, scale, key, key in sizes) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(_scaled(one, scale, name) for one in part)
    return part


def _grown(value: Any, scale: float, name: str, is_size: bool) -> Any:
    if is_size and isinstance(value, int | float):
        return round(scale * value, 2)
    return _scaled(value, scale, name)
