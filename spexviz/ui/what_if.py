"""What if some players were left out?

The real value beside the surrogate's and beside main effects alone; lenses ask the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from spexviz import views
from spexviz.ablate.runner import Runner
from spexviz.errors import SpexvizError
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.ui import runtime, widgets
from spexviz.ui.games import game_of, is_loaded, is_refused
from spexviz.ui.widgets import View


@dataclass(frozen=True)
class Words:
    """What the two real values are called, and what the surrogate's and the main effects' must be explained with, if anything."""

    untouched: str
    changed: str
    surrogate: str | None = None
    alone: str = "The untouched value less the average effect of each."


def left_out(
    view: View, label: str, key: str, place: Any = st, format_func: Callable[[int], str] | None = None
) -> list[int]:
    """Choose the players that are left out: at first, and whenever something is selected, those selected."""
    players, chosen = view.explanation.players, widgets.selection(view.explanation)
    if st.session_state.get(f"{key}-from") != chosen:
        st.session_state[f"{key}-from"], st.session_state[key] = chosen, list(chosen)
    return place.multiselect(
        label, range(len(players)), format_func=format_func or players.__getitem__, key=key
    )


def values(
    view: View,
    words: Words,
    off: Sequence[int],
    real: tuple[float, float] | None,
    *,
    predicted: bool = True,
    change: bool = False,
) -> None:
    """The four values side by side. `real`: untouched and changed, or None where the changed one was not asked; `predicted`: whether
    the surrogate can know of the change; `change`: whether the difference is written under the changed one.
    """
    explanation, number = view.explanation, views.theme.number
    before, after = real or (explanation.ends[1], None)
    surrogate, alone = (
        number(value) if predicted else "–" for value in views.grid.prediction(explanation, off)
    )
    delta = f"{number(after - before)} {explanation.unit}" if change and after is not None else None
    columns = st.columns(4)
    columns[0].metric(words.untouched, number(before), border=True)
    columns[1].metric(
        words.changed,
        "not asked" if after is None else number(after),
        delta=delta,
        delta_color="off",
        border=True,
    )
    columns[2].metric("Surrogate", surrogate, border=True, help=words.surrogate)
    columns[3].metric("Main effects only", alone, border=True, help=words.alone)


def real(explanation: Explanation, off: Sequence[int], key: str) -> float | None:
    """What the model says with these left out;

    None until it is loaded, or asked for, and where this server does not offer it.
    """
    if is_refused(explanation, key):
        return None
    if not is_loaded(explanation) and not widgets.on_request(
        "Ask the model (loads it)", f"{key}-ask", f"{key}-button"
    ):
        return None
    try:
        with st.spinner("Asking the model …"):
            return float(
                Runner(game_of(explanation), runtime.manager().cache, 1, urgent=True)(
                    all_but([tuple(off)], len(explanation.players))
                )[0]
            )
    except SpexvizError as error:
        widgets.problem(error, key=f"{key}-error")
        return None
