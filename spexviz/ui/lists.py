"""Players chosen in a list: the same choice as in the pictures, for who cannot see them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from spexviz.masks import Interaction
from spexviz.ui.selection import Write


def listed(
    run: str,
    label: str,
    chosen: Interaction,
    write: Write,
    name: Callable[[int], str],
    n: int,
    placeholder: str | None = None,
) -> None:
    """A list of the n players of a run that says which are `chosen`, and writes what is chosen in it.

    What is chosen elsewhere makes it another list, and the one before is not heard any more: a browser that
    is behind would say the old choice with it, and so undo it.
    """
    counter = f"{run}-{write.__name__}-lists"

    def key(number: int) -> str:
        return f"{run}-{write.__name__}-list-{number}"

    number = st.session_state.get(counter, 0)
    if tuple(sorted(st.session_state.get(key(number), ()))) != chosen:
        number = st.session_state[counter] = number + 1
        st.session_state[key(number)] = list(chosen)

    def changed() -> None:
        if st.session_state.get(counter, 0) == number:
            write(run, st.session_state[key(number)])

    st.multiselect(
        label, range(n), format_func=name, key=key(number), placeholder=placeholder, on_change=changed
    )
