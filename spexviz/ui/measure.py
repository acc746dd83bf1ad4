"""Measure: what runs of before lack, the real values of the input itself, asked on request."""

from __future__ import annotations

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.games.base import Game
from spexviz.results import Explanation
from spexviz.ui import runtime, widgets
from spexviz.ui.games import game_of, is_refused
from spexviz.ui.panels import View
from spexviz.views.words import plural


def with_measured(explanation: Explanation, key: str) -> Explanation:
    """The run with what was measured since it was made, where somebody has asked for that."""
    if explanation.measured is not None or not st.session_state.get(_flag(key)):
        return explanation
    try:
        with st.spinner("Asking the model …"):
            return _measured(key, explanation)
    except SpexvizError as error:
        st.session_state[_flag(key)] = False
        widgets.problem(error, key=f"{key}-measure-error")
        return explanation


def ask(view: View) -> None:
    """That it was not measured, and a button that measures it."""
    nouns = plural(view.explanation.subject.noun)
    st.caption(
        f"Not measured: what the model answers without single {nouns}, and the way from one end to the "
        "other. This run was made before that was asked."
    )
    key = f"{view.key}-measure"
    if is_refused(view.explanation, key):
        return
    st.button(
        "Measure it",
        icon=":material/straighten:",
        help="Some 30 ablations of the model, which is loaded for it.",
        key=f"{key}-button",
        on_click=st.session_state.__setitem__,
        args=(_flag(view.key), True),
    )


def _flag(key: str) -> str:
    return f"{key}-measure-asked"


@st.cache_resource(max_entries=32, show_spinner=False)
def _measured(run_id: str, _explanation: Explanation) -> Explanation:
    return runtime.manager().measure(run_id, game_of(_explanation, Game))
