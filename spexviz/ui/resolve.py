"""What a budget cannot tell apart, under the cost of a run, with a press that mends it."""

from __future__ import annotations

import streamlit as st

from spexviz.run.plan import Request
from spexviz.run.resolve import shortfall
from spexviz.ui import widgets

_KEY = "form-resolve"


def offer(request: Request, budgets: tuple[int, ...]) -> None:
    """The sentence, and the smallest of the budgets that is enough, where there is one."""
    short = shortfall(request.plan)
    if short is None:
        return
    widgets.note(short.said(request.subject.noun), kind="strip", key=_KEY, edge=widgets.PROBLEM)
    enough = [budget for budget in budgets if budget >= short.needed]
    if enough:
        st.button(
            f"Ask for {enough[0]:,} ablations",
            key=f"{_KEY}-budget",
            on_click=st.session_state.__setitem__,
            args=("form-budget", enough[0]),
        )
