"""The widgets that pages are made of.

Text from users enters the page only as text: components, st.text, dataframes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from spexviz.indices import INDICES, Interactions
from spexviz.kit.paths import ASSETS
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.run import cost
from spexviz.ui.selection import pointed_at, selecting, triggered
from spexviz.ui.sentences import note as note
from spexviz.ui.sentences import problem as problem
from spexviz.views import cards as cards_of
from spexviz.views import strip
from spexviz.views.story import Component, Depth, Table

COMPONENTS = {
    "strip": component("spexviz_strip", css=strip.CSS, js=strip.JS),
    "cards": component("spexviz_cards", css=cards_of.CSS, js=cards_of.JS),
}


def dark() -> bool:
    """Whether this browser shows the dark theme."""
    return st.context.theme.type == "dark"


def on_request(label: str, flag: str, key: str, icon: str | None = None) -> bool:
    """Whether something that takes its time was asked for; a button that asks for it, while it was not.

    What was asked for once stays so for the rest of the session.
    """
    if not st.session_state.get(flag):
        st.button(label, icon=icon, key=key, on_click=st.session_state.__setitem__, args=(flag, True))
    return bool(st.session_state.get(flag))


def drawn(shown: Component, key: str, run_key: str) -> None:
    """A component of ours by its data; a click in it selects players of the run with this key."""
    clicked = selecting(run_key, key, triggered)
    COMPONENTS[shown.name](key=key, data=shown.data, on_select_change=clicked)


def cards(found: Sequence[cards_of.Card], key: str, *, large: bool = False) -> None:
    """Cards that select nothing."""
    COMPONENTS["cards"](key=key, data=cards_of.data(found, dark=dark(), large=large))


def clickable(figure: Any, key: str, run_key: str) -> None:
    """A Plotly figure whose points hold the members of a set as `customdata`; a click on one selects them."""
    clicked = selecting(run_key, key, pointed_at)
    st.plotly_chart(
        figure,
        theme=None,
        key=key,
        on_select=clicked,
        selection_mode="points",
        config=PLOTLY,
        alt=text_twin(figure),
    )


def chart(figure: Any, key: str) -> None:
    """A Plotly figure in the page's theme, with its text twin for screen readers."""
    st.plotly_chart(figure, theme=None, key=key, config=PLOTLY, alt=text_twin(figure))


def table(shown: Table, key: str, run_key: str) -> None:
    """Rows; selecting one selects what it stands for in the run with this key."""

    def in_row(state: Any) -> Interaction:
        rows = (state or {}).get("selection", {}).get("rows", [])
        for row in rows:
            return shown.members[row] if row < len(shown.members) else ()
        return ()

    chosen: dict[str, Any] = {}
    if shown.members:
        chosen = {"on_select": selecting(run_key, key, in_row), "selection_mode": "single-row"}
    st.dataframe(list(shown.rows), hide_index=True, key=key, height="auto", **chosen)


def _columns(interactions: Interactions) -> dict[str, Any]:
    """How the columns of `views.table` are shown; None hides one."""
    text = st.column_config.TextColumn
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "set": text("Set", width="large"),
        "order": number("Order", width="small"),
        "value": number("Value", help=f"{interactions.index}, in {interactions.unit}", format="%+.3f"),
        "low": None,
        "high": None,
        "share": number("Share of variance", format="percent"),
        "check": text("Check", help="Whether further ablations of the model bear the set out"),
        "measured": number(
            "Measured",
            help="Average effect on the model over this run's random masks; for uniform ones to be compared "
            "with the set's BII",
            format="%+.3f",
        ),
    }
    if interactions.intervals:
        columns["low"] = number("Low (90 %)", format="%+.3f")
        columns["high"] = number("High (90 %)", format="%+.3f")
    return columns


def text_twin(figure: Any) -> str:
    """What a figure shows, in words."""
    meta = figure.layout.meta or {}
    return str(meta.get("text", ""))[:4000]


PLOTLY = {"displaylogo": False, "displayModeBar": False, "responsive": True}


def index_controls(explanation: Explanation, key: str, depth: Depth) -> tuple[str, int, int]:
    """Index, order and number of sets; changing them never asks the model."""
    left, middle, right = st.columns([2, 2, 2], vertical_alignment="bottom")
    names = list(INDICES)
    index = left.selectbox(
        "Index",
        names,
        index=names.index("mean"),
        key=f"{key}-index",
        help="How the value of a set is defined.",
    )
    most = max(1, min(5, len(explanation.players)))
    orders = list(range(1, most + 1))
    default = min(3, most)
    order = middle.segmented_control(
        "Highest order", orders, default=default, key=f"{key}-order", required=True
    )
    top = right.slider("Sets shown", 3, 40, 12, key=f"{key}-top")
    found = explanation.interactions(index, int(order or default))
    st.caption(" ".join([INDICES[index], *found.remarks]))
    return index, int(order or default), int(top)


@cache
def examples() -> tuple[dict[str, Any], ...]:
    """The example prompts in assets/examples.json."""
    return tuple(json.loads((ASSETS / "examples.json").read_text(encoding="utf-8")))


def duration(seconds: float | None) -> str:
    """ "about 40 s", "about 3 min"."""
    if seconds is None:
        return "an unknown time"
    return f"about {cost.duration(seconds)}"
