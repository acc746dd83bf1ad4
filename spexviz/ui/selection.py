"""Selection: the players that a run's views follow. Each run has its own: two may stand on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from spexviz.masks import Interaction

Members = Callable[[Any], Any]
"""The members that a widget's state names, as the browser says."""


def select(key: str, members: Sequence[int]) -> None:
    """The one writer of the selection of the run with this key."""
    st.session_state[_name(key)] = tuple(sorted({int(i) for i in members}))


def selected(key: str, n: int) -> Interaction:
    """The selected ones of the n players of a run, () for none."""
    return tuple(i for i in st.session_state.get(_name(key), ()) if i < n)


def _name(key: str) -> str:
    return f"selection-{key}"


def selecting(key: str, widget: str, members_in: Members) -> Callable[[], None]:
    """What a click does on the widget of this name: select the members that `members_in` reads in its state.

    The state is the browser's word, so it is looked at before it is believed.
    """

    def clicked() -> None:
        members = members_in(st.session_state.get(widget))
        if isinstance(members, list | tuple):
            select(key, [i for i in members if isinstance(i, int)])

    return clicked


def triggered(state: Any) -> Any:
    """The members that a component of ours reports; None where it has nothing to report."""
    selected = (state or {}).get("select") or {}
    return selected.get("members")


def ticking(key: str, widget: str) -> Callable[[], None]:
    """What a click on a point of a figure does: select the members in its `customdata`, or no longer.

    A figure tells which of its points has a tick, and nothing where a click has taken it away: meant is the
    point that had it, whatever was selected elsewhere meanwhile.
    """
    last = f"{widget}-ticked"

    def clicked() -> None:
        points = (st.session_state.get(widget) or {}).get("selection", {}).get("points", [])
        members = points[0].get("customdata") if points else st.session_state.get(last)
        if not isinstance(members, list | tuple):
            return
        found = tuple(i for i in members if isinstance(i, int))
        st.session_state[last] = found
        select(key, () if found == st.session_state.get(_name(key)) else found)

    return clicked
