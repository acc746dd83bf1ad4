"""Selection: the players that a run's views follow, and those that are switched off in them.

Each run has its own: two may stand on one page. What a browser says of them is checked before it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from spexviz.masks import Interaction

Members = Callable[[Any], Any]
"""The members that a widget's state names, as the browser says."""
Write = Callable[[str, Sequence[int]], None]
"""What keeps them for the run with a key: `select` or `switch_off`."""
MOST = 10_000  # players that are kept of what a browser names


def select(key: str, members: Sequence[int]) -> None:
    """The one writer of the selection of the run with this key: any players of it."""
    st.session_state[_selection(key)] = _checked(members)


def selected(key: str, n: int) -> Interaction:
    """The selected ones of the n players of a run, () for none."""
    return _kept(_selection(key), n)


def switch_off(key: str, members: Sequence[int]) -> None:
    """The one writer of what is switched off in the run with this key: all that are, () for none."""
    st.session_state[_off(key)] = _checked(members)


def off(key: str, n: int) -> Interaction:
    """Those of the n players of a run that are switched off, () for none."""
    return _kept(_off(key), n)


def _selection(key: str) -> str:
    return f"selection-{key}"


def _off(key: str) -> str:
    return f"off-{key}"


def _kept(name: str, n: int) -> Interaction:
    return tuple(i for i in st.session_state.get(name, ()) if i < n)


def _checked(members: Sequence[Any]) -> Interaction:
    """The players among what a browser or an address names, in order."""
    found = {i for i in members[:MOST] if isinstance(i, int) and not isinstance(i, bool) and i >= 0}
    return tuple(sorted(found))


def hearing(key: str, widget: str, members_in: Members, write: Write = select) -> Callable[[], None]:
    """What a click on the widget of this name does: write what `members_in` reads in its state."""

    def clicked() -> None:
        members = members_in(st.session_state.get(widget))
        if isinstance(members, list | tuple):
            write(key, members)

    return clicked


def triggered(state: Any, name: str = "select") -> Any:
    """The members that a component of ours reports by this trigger; None where it has nothing to report."""
    said = (state or {}).get(name)
    return said.get("members") if isinstance(said, dict) else None


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
        select(key, () if found == st.session_state.get(_selection(key)) else found)

    return clicked
