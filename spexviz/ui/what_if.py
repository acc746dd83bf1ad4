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
from spexviz.games.base import Game
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.ui import runtime, widgets
from spexviz.ui.games import game_of, is_loaded, is_refused
from spexviz.ui.panels import View
from spexviz.ui.selection import selected


@dataclass(frozen=True)
class Words:
    """What the two real values are called, and the help that the other two have, if any."""

    untouched: str
    changed: str
    surrogate: str | None = None
    alone: str = "The untouched value less the average effect of each."


def left_out(
    view: View, label: str, key: str, place: Any = st, format_func: Callable[[int], str] | None = None
) -> list[int]:
    """Choose the players that are left out: at first, and whenever something is selected, those selected."""
    players = view.explanation.players
    chosen = selected(view.key, len(players))
    if st.session_state.get(f"{key}-from") != chosen:
        st.session_state[f"{key}-from"] = chosen
        st.session_state[key] = list(chosen)
    name = format_func or players.__getitem__
    return place.multiselect(label, range(len(players)), format_func=name, key=key)


def values(
    view: View,
    words: Words,
    off: Sequence[int],
    real: tuple[float, float] | None,
    *,
    predicted: bool = True,
    change: bool = False,
) -> None:
    """The four values side by side.

    `real`: untouched and changed, or None where the changed one was not asked; `predicted`: whether the
    surrogate can know of the change; `change`: whether the difference is written under the changed one.
    """
    explanation = view.explanation
    number = views.theme.number
    before, after = real or (explanation.ends[1], None)
    changed, delta = "not asked", None
    if after is not None:
        changed = number(after)
    if after is not None and change:
        delta = f"{number(after - before)} {explanation.unit}"
    surrogate = alone = "–"
    if predicted:
        surrogate, alone = map(number, views.grid.prediction(explanation, off))
    columns = st.columns(4)
    columns[0].metric(words.untouched, number(before), border=True)
    columns[1].metric(words.changed, changed, delta=delta, delta_color="off", border=True)
    columns[2].metric("Surrogate", surrogate, border=True, help=words.surrogate)
    columns[3].metric("Main effects only", alone, border=True, help=words.alone)


def real(explanation: Explanation, off: Sequence[int], key: str) -> float | None:
    """What the model says with these left out.

    None until it is loaded, or asked for, and where this server does not offer it.
    """
    if is_refused(explanation, key):
        return None
    label = "Ask the model (loads it)"
    if not is_loaded(explanation) and not widgets.on_request(label, f"{key}-ask", f"{key}-button"):
        return None
    mask = all_but([tuple(off)], len(explanation.players))
    try:
        with st.spinner("Asking the model …"):
            runner = Runner(game_of(explanation, Game), runtime.manager().cache, 1, urgent=True)
            return float(runner(mask)[0])
    except SpexvizError as error:
        widgets.problem(error, key=f"{key}-error")
        return None
