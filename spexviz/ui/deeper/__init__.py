"""Deeper: going on from a finished run: more ablations, into a part of its text, or from farther away."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from spexviz.ui import widgets
from spexviz.ui.deeper import budget, merge, zoom
from spexviz.ui.panels import View

MORE, INTO, FROM_AFAR = "More ablations", "Zoom in", "By longer parts"
Draw = Callable[[View], None]


def draw(view: View) -> None:
    """What can be done from here, one at a time; nothing where nothing can."""
    ways: dict[str, Draw] = {}
    if budget.budgets(view.explanation):
        ways[MORE] = budget.draw
    if zoom.can_be_zoomed(view.explanation):
        ways[INTO] = zoom.draw
    if merge.can_be_merged(view.explanation):
        ways[FROM_AFAR] = merge.draw
    if not ways:
        return
    key = f"{view.key}-deeper"
    widgets.heading("Go deeper", key=f"{key}-heading")
    with st.container(border=True, key=f"{key}-box"):
        chosen = widgets.one_of("Go deeper by", list(ways), key, label_visibility="collapsed")
        ways[chosen](view)
