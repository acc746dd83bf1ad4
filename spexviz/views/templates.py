"""Templates: the house style as Plotly has it, `plotly.io.templates["spexviz"]` and `["spexviz_dark"]`.

Figures of ours take fonts, colours and axes from there when they are made, and so may anybody's:

    plotly.io.templates["spexviz"].layout.font.size = 16  # of all figures that are made from now on
    figure.update_layout(template="spexviz")
"""

from __future__ import annotations

from typing import Any

import plotly.io
from plotly.graph_objects import layout

from spexviz.views.theme import DARK, FONT, LIGHT, Tokens

NAME, DARK_NAME = "spexviz", "spexviz_dark"
_CLEAR = "rgba(0,0,0,0)"


def look(dark: bool = False) -> dict[str, Any]:
    """What the template of a theme says of a figure's layout, as it stands now."""
    found: Any = plotly.io.templates[DARK_NAME if dark else NAME]
    return found.layout.to_plotly_json()


def _template(t: Tokens) -> layout.Template:
    words = {"family": FONT, "size": 14, "color": t.ink}
    small = {"size": 13, "color": t.muted}
    lines = {"gridcolor": t.grid, "linecolor": t.grid, "zerolinecolor": t.muted, "zerolinewidth": 1}
    axis = {**lines, "tickfont": small, "title": {"font": {"size": 14, "color": t.ink}}, "automargin": True}
    hover = {"family": FONT, "size": 13, "color": t.ink}
    title = {"font": {"size": 17, "color": t.ink}, "subtitle": {"font": small}}
    said = {
        "separators": ".,",
        "font": words,
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "colorway": list(t.solvers),
        "title": title,
        "legend": {"font": {"size": 13, "color": t.ink}, "bgcolor": _CLEAR},
        "hoverlabel": {"bgcolor": t.surface, "bordercolor": t.grid, "font": hover, "align": "left"},
        "xaxis": axis,
        "yaxis": axis,
    }
    return layout.Template(layout=said)


for _name, _tokens in ((NAME, LIGHT), (DARK_NAME, DARK)):
    plotly.io.templates[_name] = _template(_tokens)
