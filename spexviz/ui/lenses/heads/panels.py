"""The pictures of a heads run: grid, energy, attention, the what-if, and removal on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from spexviz import views
from spexviz.errors import SpexvizError
from spexviz.games.heads import removal, tasks
from spexviz.games.heads.game import HeadsGame, Question
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.ui import what_if as asking
from spexviz.ui import widgets
from spexviz.ui.games import game_if_any, game_of, is_loaded, is_refused
from spexviz.ui.panels import View

WORDS = asking.Words("Untouched model", "Model with these off")
SIZES = (0.5, 0.66, 0.83)  # shares of the players that removal keeps, as published


def what_if(view: View) -> None:
    """Players switched off: the model's real output, the surrogate, and main effects alone."""
    explanation, key = view.explanation, f"{view.key}-off"
    st.subheader("What if?", anchor=False)
    off = asking.left_out(view, f"Switch off these {views.captions.plural(explanation.subject.noun)}", key)
    if not off:
        st.caption("Nothing is switched off: choose some here, or click in the grid or the graph.")
        return
    after = asking.real(explanation, off, key)
    real = None
    if after is not None:
        real = (explanation.ends[1], after)
    asking.values(view, WORDS, off, real)


def removed(view: View) -> None:
    """On demand: what each method keeps, on questions that no fit has seen."""
    explanation = view.explanation
    st.subheader("Removal", anchor=False)
    game = game_if_any(explanation, HeadsGame)
    task = tasks.task_of(game.questions if game is not None else ())
    if task is None:
        st.caption(
            "Removal is judged on questions that the fit has not seen: start a run on one of the bundled "
            "tasks "
            "to see it."
        )
        return
    asked = f"{view.key}-removal"
    if is_refused(explanation, asked):
        return
    if not st.session_state.get(asked):
        st.caption(
            f"Keep only some {views.captions.plural(explanation.subject.noun)}: which ones does the spectrum "
            f"choose, and how well do they do on {len(task.held_out)} new questions?"
        )
    if not widgets.on_request("Compare what to keep", asked, f"{asked}-button", ":material/content_cut:"):
        return
    try:
        with st.spinner("Asking the held-out questions …"):
            rows, full = _values_of_removal(view.key, explanation, task.held_out)
    except SpexvizError as error:
        widgets.problem(error, key=f"{asked}-error")
        return
    figure = views.grid.removal(rows, full, explanation.unit, dark=widgets.dark())
    widgets.chart(figure, key=f"{asked}-chart")
    st.caption(
        "Best of N: of this run's own masks that keep no more than so many. LASSO: the largest coefficients "
        "of a sparse linear fit."
    )


def attention(view: View) -> None:
    """Where the first selected head looks, once the model is there."""
    explanation = view.explanation
    chosen = view.look.selection
    where = views.grid.places(explanation)
    if explanation.subject.noun != "head" or where is None:
        return
    if not chosen:
        st.caption("Click a head to see where it looks.")
        return
    asked = f"{view.key}-looks"
    if is_refused(explanation, asked):
        return
    label = "Show where it looks (loads the model)"
    if not is_loaded(explanation) and not widgets.on_request(label, asked, f"{asked}-button"):
        return
    layer, head = (int(i) for i in where[chosen[0]])
    try:
        with st.spinner("Asking the model …"):
            tokens, weights = _weights(explanation.spec.id, explanation, layer)
    except SpexvizError as error:
        widgets.problem(error, key=f"{asked}-error")
        return
    figure = views.grid.attention(tokens, weights[head], explanation.players[chosen[0]], dark=widgets.dark())
    widgets.chart(figure, key=f"{asked}-chart")


@st.cache_data(max_entries=64, show_spinner=False)
def _weights(spec_id: str, _explanation: Explanation, layer: int) -> tuple[list[str], np.ndarray]:
    return game_of(_explanation, HeadsGame).attention(layer)


@st.cache_data(max_entries=16, show_spinner=False)
def _values_of_removal(
    key: str, _explanation: Explanation, _questions: Sequence[Question]
) -> tuple[list[dict[str, Any]], float]:
    """Rows for the figure, and the value of the untouched model on the same questions."""
    game = game_of(_explanation, HeadsGame)
    judge = game.on(_questions)
    n = len(_explanation.players)
    rows: list[dict[str, Any]] = []
    for share in SIZES:
        for one in removal.kept(_explanation, judge, round(share * n)):
            low, high = one.interval
            value = float(one.values.mean())
            rows.append({"method": one.method, "size": one.size, "value": value, "low": low, "high": high})
    untouched = judge(all_but([()], n))
    return rows, float(untouched[0])
