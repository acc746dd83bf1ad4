"""What if some players were left out?

The real value beside the surrogate's and beside single effects alone; lenses ask the rest.
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
from spexviz.results import Explanation, Subject
from spexviz.ui import runtime, widgets
from spexviz.ui.games import game_of, is_loaded, is_refused
from spexviz.ui.panels import View
from spexviz.ui.selection import selected


@dataclass(frozen=True)
class Words:
    """What the real value after the change is called, and what helps with the other two."""

    changed: str = "The model without them"
    surrogate: str = "What the fit of all ablations predicts for this change, without asking the model."
    alone: str = (
        "The model now, less the average effect of each that is left out: what would happen if none of them "
        "acted together."
    )


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
) -> None:
    """The four values side by side, under what they are.

    `real`: untouched and changed, or None where the changed one was not asked; `predicted`: whether the
    surrogate can know of the change.
    """
    explanation = view.explanation
    subject = explanation.subject
    st.text(views.question.amount(subject))
    before, after = real or (explanation.ends[1], None)
    surrogate, alone = None, None
    if predicted:
        surrogate, alone = views.prediction(explanation, off)
    shown = (
        ("The model now", before, None),
        (words.changed, after, None),
        ("The surrogate says", surrogate, words.surrogate),
        ("Single effects only", alone, words.alone),
    )
    for column, (label, value, about) in zip(st.columns(4), shown, strict=True):
        look: dict[str, Any] = {
            "border": True,
            "height": "stretch",
            "help": about,
            "delta_color": "off",
            "delta_arrow": "off",
        }
        if value is None:
            column.metric(label, "not asked" if label == words.changed else "–", **look)
            continue
        small = _small_print(subject, value, before)
        column.metric(label, views.question.bare(subject, value), small, **look)


def _small_print(subject: Subject, value: float, before: float) -> str:
    """Under a probability the value itself, under a number its change; both with their unit."""
    number = views.theme.number
    if subject.scale.chance(value) is not None:
        return f"{number(value)} {subject.unit}"
    if value == before:
        return subject.unit
    return f"{number(value - before)} {subject.unit} against now"


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
