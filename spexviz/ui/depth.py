"""Depth: for whom a run is told; the choice is kept in this browser."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.components.v2 import component

from spexviz.ui import browser
from spexviz.views.story import DEPTHS, TOLD, Depth, Look, Told

COOKIE = "spexviz-depth"
_KEPT = "depth-kept"  # session_state: what was chosen last, also while the switch is on no page
_GIVEN = "depth-given"  # session_state: what the address of this view asks for
_HELP = (
    "brief: one page of it. anyone: the finding in plain words. analyst: the numbers with their intervals. "
    "researcher: other indices, and every detail."
)
_keep = component(
    "spexviz_depth",
    js="""
    export default function ({ data }) {
      document.cookie = `${data.name}=${data.depth}; Path=/; Max-Age=31536000; SameSite=Strict`;
    }
    """,
)


def give(asked: Told | None) -> None:
    """Tell this view for whom its address asks; the visitor's own choice stays what it is."""
    st.session_state[_GIVEN] = asked


def told() -> Told:
    """For whom this view is told: as its address asks, or else as the visitor chose."""
    return st.session_state.get(_GIVEN) or own()


def look() -> Look:
    """A run looked at so."""
    return Look().of(told())


def depth() -> Depth:
    """The same on pages that are never brief."""
    return look().depth


def own() -> Told:
    """What was chosen in this session, or in this browser before; else "anyone"."""
    chosen = st.session_state.get(_KEPT) or st.context.cookies.get(COOKIE)
    for known in TOLD:
        if known == chosen:
            return known
    return DEPTHS[0]


def switch(choices: Sequence[Told] = TOLD) -> None:
    """The switch between these, and the cookie that remembers what is chosen with it."""

    def chosen() -> None:
        st.session_state[_KEPT] = st.session_state["depth"]
        give(None)

    now = told() if told() in choices else depth()
    if st.session_state.get("depth") != now:
        st.session_state["depth"] = now
    st.segmented_control(
        "Told for",
        choices,
        key="depth",
        required=True,
        help=_HELP,
        label_visibility="collapsed",
        on_change=chosen,
    )
    if _KEPT in st.session_state:
        _keep(key=f"{browser.UNSEEN}-depth", data={"name": COOKIE, "depth": own()})
