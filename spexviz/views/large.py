"""Large: a figure for people who sit far away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from plotly.graph_objects import Figure

_ROOM = 390  # pixels of height that a figure has, times the scale: a higher one grows less
_SIZES = ("height", "size", "xshift", "yshift", "thickness")
_OF_LINES = ("width",)  # elsewhere it is a number of the data


@dataclass(frozen=True)
class Size:
    """How large figures are: letters, lines and marks `scale` times as on a page, at most `room` pixels high.

    Without a room, as high as they are.
    """

    scale: float = 1.0
    room: float = math.inf

    @classmethod
    def for_a_room(cls, scale: float) -> Size:
        """For people who sit far away, in a window for which this scale fits."""
        return cls(scale, _ROOM * scale if scale > 1.0 else math.inf)


PAGE, BRIEF = Size(), Size(room=470.0)


def enlarged(figure: Figure, size: Size) -> Figure:
    """The same figure in this size; its width is its place's.

    One that is high for its room grows less, and gives way.
    """
    scale, room = size.scale, size.room
    drawn = {} if size == PAGE else figure.to_plotly_json()
    if not drawn or (scale == 1.0 and drawn["layout"]["height"] <= room):
        return figure
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
