"""More ablations: a run that re-uses all of this one, and the R² to expect of it before it is begun."""

from __future__ import annotations

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.games.base import Game
from spexviz.results import Explanation
from spexviz.run import expected, more
from spexviz.run.plan import Request
from spexviz.spec import MAX_BUDGET
from spexviz.ui import runtime, widgets
from spexviz.ui.deeper import begin
from spexviz.ui.games import game_of, is_refused
from spexviz.ui.panels import View
from spexviz.views import deeper as said
from spexviz.views.limits import never_changed

DOUBLINGS = 3  # offered at most
MOST = 16_384  # ablations offered: fits of more take minutes
FOR = 30.0  # seconds for which a cost is told again


def budgets(explanation: Explanation) -> list[int]:
    """The larger budgets that are offered: doublings of what the run has spent; none for an exact run."""
    spent = len(explanation.sample)
    if explanation.proof.exact or not spent or never_changed(explanation):
        return []
    doubled = [spent << i for i in range(1, DOUBLINGS + 1)]
    return [budget for budget in doubled if budget <= min(MOST, MAX_BUDGET)]


def draw(view: View) -> None:
    """Where the run stands, what more would cost and bring, and the button that begins it."""
    key = f"{view.key}-more"
    explanation = view.explanation
    if is_refused(explanation, key):
        return
    offered = budgets(explanation)
    widgets.note(said.now(explanation), key=f"{key}-now")
    budget = widgets.one_of("Ablations in all", offered, f"{key}-budget", format_func="{:,}".format)
    try:
        request = _request(explanation, budget)
        lines = _told(explanation, request)
    except SpexvizError as error:
        widgets.problem(error, key=f"{key}-error")
        return
    widgets.note(*lines, key=f"{key}-said")
    run = runtime.manager().store.get(view.key)
    title = run.title if run else explanation.subject.title
    begin.button(f"Continue to {budget:,}", request, title, view.key, f"{key}-go")


def _request(explanation: Explanation, budget: int) -> Request:
    spec = more.larger(explanation.spec, budget)
    game = game_of(explanation, Game)
    solver = Request.of(spec).solver
    return Request(game, solver, budget, spec.seed, spec.options)


def _told(explanation: Explanation, request: Request) -> tuple[str, ...]:
    """What it costs and brings."""
    planned = more.planned(explanation, request)
    known = more.known(explanation, planned)
    new = planned.ablations - known
    seconds = None
    if begin.is_ready(request.game):
        seconds = _seconds(request.spec.id, explanation, request)
    time = begin.time_of(request.game, seconds)
    if planned.exact:
        return said.all_of_them(planned.ablations, new, time), said.reused(known)
    brings = expected.expected(explanation, request.budget)
    if brings is None:
        return said.more(request.budget, new, time), said.reused(known)
    told = said.more(request.budget, new, time, brings.r2, brings.interval)
    if brings.is_flat:
        return told, said.HARDLY, said.reused(known)
    return told, said.reused(known)


@st.cache_data(max_entries=256, ttl=FOR, show_spinner=False)
def _seconds(spec_id: str, _explanation: Explanation, _request: Request) -> float | None:
    return more.cost_of(_explanation, _request, runtime.manager().cache).seconds
