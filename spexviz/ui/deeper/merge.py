"""By longer parts: a run's words put together into sentences without a new run, and what that is worth."""

from __future__ import annotations

import dataclasses

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.games.prompt import zoom
from spexviz.games.prompt.game import PromptGame
from spexviz.results import Explanation, Subject
from spexviz.run import merging
from spexviz.run.plan import Request
from spexviz.ui import runtime, widgets
from spexviz.ui.deeper import begin
from spexviz.ui.games import asking, game_if_any, is_loaded, is_refused
from spexviz.ui.panels import View
from spexviz.ui.selection import selected
from spexviz.views import deeper as said
from spexviz.views import stories
from spexviz.views.captions import plural

SETS = 6  # that are shown


def can_be_merged(explanation: Explanation) -> bool:
    """Whether the players of a prompt stand in at least two longer parts."""
    game = game_if_any(explanation, PromptGame)
    if game is None or explanation.fidelity.keep != 0.5:
        return False
    return bool(_coarser(explanation.spec.id, game, len(explanation.players)))


def draw(view: View) -> None:
    """The run by sentences, once it was asked for."""
    key = f"{view.key}-merge"
    explanation = view.explanation
    game = game_if_any(explanation, PromptGame)
    if game is None:
        return
    coarse = _coarser(explanation.spec.id, game, len(explanation.players))
    split = widgets.one_of("Put together into", list(coarse), f"{key}-split")
    nouns = plural(coarse[split].noun)
    if not explanation.proof.exact and is_refused(explanation, key):
        return
    widgets.note(
        said.to_merge(explanation, nouns, merging.asks(len(coarse[split].players))), key=f"{key}-about"
    )
    label = f"Show by {nouns}"
    if not is_loaded(explanation) and not explanation.proof.exact:
        label += " (loads the model)"
    if not widgets.on_request(label, f"{key}-{split}-asked", f"{key}-{split}-button"):
        return
    try:
        with st.spinner("Asking the model …"):
            merged = _merged(view.key, split, explanation, coarse[split])
    except SpexvizError as error:
        st.session_state[f"{key}-{split}-asked"] = False
        widgets.problem(error, key=f"{key}-error")
        return
    _show(view, merged, coarse[split], f"{view.key}-{split}")


def _show(view: View, merged: Explanation, coarse: PromptGame, key: str) -> None:
    """What the merged run is worth, its text, and the way to a run of its own."""
    noun = view.explanation.subject.noun
    widgets.note(*said.merged(merged, noun), kind="strip", key=f"{key}-worth")
    look = dataclasses.replace(
        view.look, index="mean", order=3, top=SETS, selection=selected(key, len(merged.players))
    )
    widgets.drawn(stories.text_with_sets(merged, look, SETS), f"{key}-strip", key)
    if merged.proof.exact:
        return
    spec = view.explanation.spec
    request = Request(coarse, Request.of(spec).solver, spec.budget, spec.seed, spec.options)
    run = runtime.manager().store.get(view.key)
    title = run.title if run else coarse.prompt
    begin.button(f"Run by {plural(coarse.noun)}", request, title, view.key, f"{key}-go", primary=False)


@st.cache_resource(max_entries=256, show_spinner=False)
def _coarser(spec_id: str, _game: PromptGame, count: int) -> dict[str, PromptGame]:
    return zoom.coarser(_game, count)


@st.cache_resource(max_entries=32, show_spinner=False)
def _merged(run_id: str, split: str, _explanation: Explanation, _coarse: PromptGame) -> Explanation:
    """Asked once for all visitors; the ablations are kept."""
    groups = zoom.groups(_explanation.subject.spans, _coarse)
    subject = _subject(_explanation, _coarse)
    return merging.merged(_explanation, groups, subject, asking(_explanation))


def _subject(explanation: Explanation, coarse: PromptGame) -> Subject:
    """That of the run, with longer players."""
    return dataclasses.replace(
        explanation.subject,
        players=coarse.players,
        noun=coarse.noun,
        spans=coarse.text_spans,
        layout=coarse.layout,
    )
