"""Zooming in: a run on the words of a sentence, the rest kept, and where such a run stands in the whole."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.games.prompt import zoom
from spexviz.games.prompt.game import PromptGame
from spexviz.jobs import ways
from spexviz.jobs.store import DONE, Run
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.run import cost
from spexviz.run.plan import Request, new_options
from spexviz.ui import ownership, runtime, widgets
from spexviz.ui.deeper import begin
from spexviz.ui.games import built, game_if_any, is_refused
from spexviz.ui.panels import View
from spexviz.ui.run_form import BUDGETS
from spexviz.ui.selection import selected
from spexviz.views import deeper as said
from spexviz.views.captions import plural

PER_PLAYER = 8  # ablations for each player, at least: fewer tell little of sets
MOST = 512  # ablations proposed
PATIENCE = 90.0  # seconds that a proposed run should take at most, where that leaves it enough
FOR = 30.0  # seconds for which a cost is told again
STEPS = 10  # from run to run that are followed back
SHOWN = 6  # runs that were begun here before


def can_be_zoomed(explanation: Explanation) -> bool:
    """Whether some player of a prompt holds smaller parts."""
    game = game_if_any(explanation, PromptGame)
    return game is not None and bool(
        _finer(explanation.spec.id, game, tuple(range(len(explanation.players))))
    )


def draw(view: View) -> None:
    """Choose one player or several, and how these are taken apart; the cost, and the button that begins."""
    key = f"{view.key}-zoom"
    explanation = view.explanation
    game = game_if_any(explanation, PromptGame)
    if game is None or is_refused(explanation, key):
        return
    zooms = _zooms(view.key, game)
    members = _chosen(view, key, zooms)
    _before(zooms, explanation, key)
    if not members:
        st.caption(f"Choose the {plural(game.noun)} to look into.")
        return
    finer = _finer(explanation.spec.id, game, members)
    if not finer:
        st.caption(f"There is nothing smaller to remove inside {_place(explanation, members)}.")
        return
    zoomed = finer[widgets.one_of("Taken apart into", list(finer), f"{key}-split-{'-'.join(finer)}")]
    try:
        request, time = _proposed(explanation, zoomed)
    except SpexvizError as error:
        widgets.problem(error, key=f"{key}-error")
        return
    asked = said.zoom(zoomed.noun, len(zoomed.players), request.plan.ablations, time)
    widgets.note(asked, key=f"{key}-said")
    label = f"Zoom in: {plural(zoomed.noun)} of {_place(explanation, members)}"
    begin.button(label, request, said.title(explanation.subject, members), view.key, f"{key}-go")


def _place(explanation: Explanation, members: Interaction) -> str:
    return said.place(explanation.subject.noun, len(explanation.players), members)


def _chosen(view: View, key: str, zooms: dict[Interaction, Run]) -> Interaction:
    """The players to look into: at first the strongest, then those that are selected on the page."""
    subject = view.explanation.subject
    n = len(subject.players)
    now = selected(view.key, n)
    if key not in st.session_state or (now and st.session_state.get(f"{key}-from") != now):
        st.session_state[f"{key}-from"] = now
        st.session_state[key] = list(now) or [_strongest(view.explanation)]
    seen = {i for members in zooms for i in members}

    def called(i: int) -> str:
        return said.part(subject, i, i in seen)

    found = st.multiselect(f"Look into these {plural(subject.noun)}", range(n), format_func=called, key=key)
    return tuple(sorted(found))


def _strongest(explanation: Explanation) -> int:
    return int(np.abs(explanation.main_effects()).argmax())


def _before(zooms: dict[Interaction, Run], explanation: Explanation, key: str) -> None:
    """The runs that were begun here before."""
    if not zooms:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-before"):
        st.caption("Looked into before:", width="content")
        for members, run in list(zooms.items())[:SHOWN]:
            state = "" if run.state == DONE else f" ({run.state})"
            begin.open_button(run, f"{_place(explanation, members)}{state}", f"{key}-open-{run.id}")


def _zooms(run_id: str, game: PromptGame) -> dict[Interaction, Run]:
    """{members: the last run that looks into these} of all that were begun from this run."""
    found: dict[Interaction, Run] = {}
    for run in ways.after(runtime.manager().store.database, run_id):
        inside = _prompt_of(run)
        if inside is None or inside.protected == game.protected or not ownership.is_listed(run):
            continue
        if members := zoom.inside(game, inside):
            found.setdefault(members, run)
    return found


@st.cache_resource(max_entries=256, show_spinner=False)
def _finer(spec_id: str, _game: PromptGame, members: Interaction) -> dict[str, PromptGame]:
    return zoom.finer(_game, members)


def _proposed(explanation: Explanation, game: PromptGame) -> tuple[Request, str]:
    """A run of the solver and the options of this one, as large as its players ask for, and its time.

    Smaller where it would take longer than anybody waits.
    """
    spec = explanation.spec
    solver = Request.of(spec).solver
    options = new_options(solver, validate=spec.options.validate)
    n = len(game.players)
    wanted = min(MOST, PER_PLAYER * n)
    sizes = [budget for budget in BUDGETS if budget < 2 * wanted] or BUDGETS[:1]
    requests = [Request(game, solver, budget, spec.seed, options) for budget in sizes]
    if not begin.is_ready(game):
        return requests[-1], begin.time_of(game, None)
    short = (one for one in reversed(requests) if (_seconds(one.spec.id, one) or 0.0) <= PATIENCE)
    request = next(short, requests[0])
    return request, begin.time_of(game, _seconds(request.spec.id, request))


@st.cache_data(max_entries=256, ttl=FOR, show_spinner=False)
def _seconds(spec_id: str, _request: Request) -> float | None:
    return cost.of(_request, runtime.manager().cache).seconds


def _prompt_of(run: Run) -> PromptGame | None:
    """The game of a run on a prompt, whose players are known without a model."""
    with suppress(SpexvizError):
        game = built(run.spec)
        if isinstance(game, PromptGame) and game.split != "tokens":
            return game
    return None


def whence(run: Run) -> None:
    """Over a run that was zoomed into: where it stands in the whole, and the way back."""
    inside = _prompt_of(run)
    if inside is None or not inside.protected:
        return
    key = f"whence-{run.id}"
    whole = _whole(run)
    outer = _prompt_of(whole) if whole is not None else None
    members = zoom.inside(outer, inside) if outer is not None else ()
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        if whole is None or outer is None or not members:
            widgets.note(said.inside(inside.noun), kind="quiet", key=f"{key}-said")
            return
        where = said.whence(inside.noun, outer.noun, len(outer.players), members)
        widgets.note(where, kind="quiet", key=f"{key}-said")
        back = f"Back to the {plural(outer.noun)}"
        # whoever was given the address of one run is not told that of another
        if ownership.is_listed(run) or ownership.is_listed(whole):
            begin.open_button(whole, back, f"{key}-back", ":material/arrow_back:")


def _whole(run: Run) -> Run | None:
    """The run on the whole text from which this one was begun, in however many steps of more ablations."""
    found: Run | None = run
    for _ in range(STEPS):
        found = ways.before(runtime.manager().store.database, found.id)
        if found is None or found.spec.game != run.spec.game:
            break
    return found
