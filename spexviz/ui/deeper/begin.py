"""Beginning a run from a finished one, which it keeps: the button, and why it could not be begun."""

from __future__ import annotations

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.games.base import Game
from spexviz.jobs.store import Run
from spexviz.run import cost
from spexviz.run.plan import Request
from spexviz.ui import starting, watch, widgets


def button(label: str, request: Request, title: str, run_id: str, key: str, *, primary: bool = True) -> None:
    """A button that begins a run from this one, or finds it, and opens it.

    Done in a callback: a click is not lost when the page is being redrawn just then.
    """
    problem = f"{key}-problem"

    def begin() -> None:
        st.session_state.pop(problem, None)
        try:
            begun = starting.submit(request, title, before=run_id)
        except SpexvizError as error:
            st.session_state[problem] = str(error)
        else:
            watch.open_run(begun)

    kind = "primary" if primary else "secondary"
    st.button(label, type=kind, key=key, on_click=begin)
    if problem in st.session_state:
        widgets.problem(st.session_state[problem], key=f"{problem}-note")


def open_button(run: Run, label: str, key: str, icon: str = ":material/arrow_forward:") -> None:
    """A button that opens a run."""
    st.button(
        label,
        type="tertiary",
        icon=icon,
        key=key,
        on_click=watch.open_run,
        args=(run.id,),
    )


def is_ready(game: Game) -> bool:
    """Whether the time of a run can be told: its model is loaded, or it has none."""
    return game.model_name is None or models.is_loaded(game.model_name)


def time_of(game: Game, seconds: float | None) -> str:
    """How long a run takes, in words; "" where that is not known."""
    if not is_ready(game):
        return "its time is known once the model is loaded"
    return f"about {cost.duration(seconds)}" if seconds is not None else ""
