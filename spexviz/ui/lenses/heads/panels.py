"""What asks the model of a heads run: where a head looks, the what-if, and removal on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import streamlit as st

from spexviz import views
from spexviz.analysis.sets import by_size
from spexviz.errors import SpexvizError
from spexviz.games.heads import removal, tasks
from spexviz.games.heads.game import HeadsGame, Question
from spexviz.kit.names import names
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.ui import widgets
from spexviz.ui.games import game_if_any, game_of, is_loaded, is_refused
from spexviz.ui.panels import View
from spexviz.views.board import places

SIZES = (0.5, 0.66, 0.83)  # shares of the players that removal keeps, as published


def removed(view: View) -> None:
    """On demand: what each method keeps, on questions that no fit has seen."""
    explanation = view.explanation
    widgets.heading("What can go?", key=f"{view.key}-removal-heading")
    game = game_if_any(explanation, HeadsGame)
    task = tasks.task_of(game.questions if game is not None else ())
    nouns = views.captions.plural(explanation.subject.noun)
    if task is None:
        st.caption(
            f"Which {nouns} the model can do without is judged on questions that the fit has not seen: "
            "start a run on one of the bundled tasks to see it."
        )
        return
    asked = f"{view.key}-removal"
    if is_refused(explanation, asked):
        return
    if not st.session_state.get(asked):
        widgets.note(
            f"Keep only some {nouns}: which ones does the spectrum choose, and how well do they do on "
            f"{len(task.held_out)} new questions? Asks the model, some seconds to a minute.",
            kind="quiet",
            key=f"{asked}-about",
        )
    if not widgets.on_request("Compare what to keep", asked, f"{asked}-button", ":material/content_cut:"):
        return
    try:
        with st.spinner("Asking the held-out questions …"):
            found = _removal(view.key, explanation, task.held_out)
    except SpexvizError as error:
        widgets.problem(error, key=f"{asked}-error")
        return
    _draw_removal(explanation, found, asked)


def _draw_removal(explanation: Explanation, found: _Removal, key: str) -> None:
    """What was found in sentences, the chart under them, and what its lines are."""
    noun = explanation.subject.noun
    count = len(explanation.players)
    parts = f"{count} {views.captions.plural(noun, count)}"
    told = views.heads.kept_in_words(found.rows, found.full, explanation.unit, parts, found.differences)
    for line in told:
        st.text(line)
    figure = views.heads.removal(found.rows, found.full, explanation.unit, noun=noun, dark=widgets.dark())
    widgets.chart(figure, key=f"{key}-chart")
    widgets.note(
        "The best ablation of the run: the best answer that any of its own masks gave with no more than "
        "so many kept. LASSO: those with the largest numbers in a linear fit. At random: the mean of five "
        "draws.",
        kind="quiet",
        key=f"{key}-said",
    )


def attention(view: View) -> None:
    """Where a head looks, on the text: the first selected head, or the strongest; once the model is there."""
    explanation = view.explanation
    where = places(explanation)
    if explanation.subject.noun != "head" or where is None:
        return
    player = by_size(explanation.main_effects().tolist())[0]
    if view.look.selection:
        player = view.look.selection[0]
    name = names(explanation.players)[player]
    asked = f"{view.key}-looks"
    about = "Click another head to see where that one looks."
    if not view.look.selection:
        about = "The head that matters most; click another."
    widgets.heading(f"Where {name} looks", about, key=f"{asked}-heading")
    if is_refused(explanation, asked):
        return
    label = "Show where it looks (loads the model)"
    if not is_loaded(explanation) and not widgets.on_request(label, asked, f"{asked}-button"):
        return
    layer, head = (int(i) for i in where[player])
    try:
        with st.spinner("Asking the model …"):
            tokens, weights = _weights(explanation.spec.id, explanation, layer)
    except SpexvizError as error:
        widgets.problem(error, key=f"{asked}-error")
        return
    dark = widgets.dark()
    widgets.note(
        "The stronger the colour of a token, the more the underlined token attends to it; point at another.",
        kind="quiet",
        key=f"{asked}-said",
    )
    widgets.drawn(views.looks(tokens, weights[head], name, dark=dark), f"{asked}-text", view.key)
    if view.look.depth != "anyone":
        widgets.chart(views.heads.attention(tokens, weights[head], name, dark=dark), key=f"{asked}-chart")


@st.cache_data(max_entries=64, show_spinner=False)
def _weights(spec_id: str, _explanation: Explanation, layer: int) -> tuple[list[str], np.ndarray]:
    return game_of(_explanation, HeadsGame).attention(layer)


@dataclass(frozen=True)
class _Removal:
    """Rows for the figure, and the value of the untouched model on the same questions.

    `differences`: {method: (mean, low, high)} of the spectrum's choice to it where fewest are kept.
    """

    rows: list[dict[str, Any]]
    full: float
    differences: dict[str, tuple[float, float, float]]


@st.cache_data(max_entries=16, show_spinner=False)
def _removal(key: str, _explanation: Explanation, _questions: Sequence[Question]) -> _Removal:
    game = game_of(_explanation, HeadsGame)
    judge = game.on(_questions)
    n = len(_explanation.players)
    sizes = [round(share * n) for share in SIZES]
    found = {size: removal.kept(_explanation, judge, size) for size in sizes}
    rows: list[dict[str, Any]] = []
    for one in chain.from_iterable(found.values()):
        low, high = one.interval
        value = float(one.values.mean())
        rows.append({"method": one.method, "size": one.size, "value": value, "low": low, "high": high})
    ours, *others = found[min(sizes)]
    differences = {other.method: ours.against(other) for other in others}
    untouched = judge(all_but([()], n))
    return _Removal(rows, float(untouched[0]), differences)
