"""Parts that several figures share: points, text on them, legends and axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plotly.graph_objects import Figure

from spexviz.views import theme

MIDDLE = {"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.5}  # of a figure, whatever its axes show
STILL = {"fixedrange": True}  # an axis that nobody can drag or zoom
BARE = {"showgrid": False, "zeroline": False}  # an axis without lines

Point = dict[str, Any]
"""One point of a trace, by Plotly's names: {"x": 0.5, "y": 1.0, "marker_color": "#B04E06", …}."""


def columns(points: Sequence[Point]) -> dict[str, list[Any]]:
    """Points, all with the same entries, as Plotly wants them: for each entry the list of all points'."""
    found = {}
    for name in points[0]:
        found[name] = [point[name] for point in points]
    return found


@dataclass(frozen=True)
class Line:
    """A line with a marker at each point, and how it looks; `name`: in the legend, as markup."""

    name: str
    colour: str
    width: float = 2.5  # pixels
    dash: str = "solid"

    @property
    def style(self) -> dict[str, Any]:
        """By Plotly's names."""
        line = {"color": self.colour, "width": self.width, "dash": self.dash}
        return {"name": self.name, "mode": "lines+markers", "line": line, "hoverinfo": "text"}


def tip(name: str, *lines: str) -> str:
    """What a tooltip says: a name in bold over some lines, all markup."""
    return "<br>".join((f"<b>{name}</b>", *lines))


def written(text: str, size: int, colour: str, **place: Any) -> dict[str, Any]:
    """A text for a figure's `annotations`, without an arrow; `place`: as Plotly has it.

    Many are set at once: adding one reads all that are there again.
    """
    font = {"size": size, "color": colour}
    return {"text": text, "showarrow": False, "font": font, **place}


def note(figure: Figure, text: str, dark: bool, **place: Any) -> None:
    """Say in a figure why it shows nothing."""
    muted = theme.tokens(dark).muted
    figure.add_annotation(**written(text, 15, muted, **place))


def legend_below(y: float, **more: Any) -> dict[str, Any]:
    """A legend in one line at the left; `y`: how high, in shares of the plot."""
    return {"orientation": "h", "x": 0, "y": y, **more}


def colour_bar(dark: bool, **more: Any) -> dict[str, Any]:
    """A thin scale of colours beside the plot."""
    font = {"size": 12, "color": theme.tokens(dark).muted}
    return {"thickness": 10, "outlinewidth": 0, "tickfont": font, **more}
