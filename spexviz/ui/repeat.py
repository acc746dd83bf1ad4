"""Repeat with another …: the same run with one thing changed, to be compared with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.games.base import Game
from spexviz.jobs.store import Run
from spexviz.kit.options import options, settings
from spexviz.run.plan import Request, new_options
from spexviz.ui import fields, pairs, routes, starting, widgets
from spexviz.views.captions import plural
from spexviz.views.glossary import help_of

SOLVER, SEED = "Solver", "Seed"
SAME = "Nothing is different yet: change it, then press the button."
AGAIN = "What was asked before is not asked again."


def _nothing(game: Any) -> Mapping[str, Sequence[str]]:
    return {}


@dataclass(frozen=True)
class Repeating:
    """What a lens knows of repeating its runs.

    `variants(game)`: {what can be another: the settings of the game that make it up}, beside solver and seed;
    `models()`: those that can be asked in this way.
    """

    variants: Callable[[Any], Mapping[str, Sequence[str]]] = _nothing
    models: Callable[[], Sequence[str]] = models.configured


def buttons(run: Run, repeating: Repeating, called: Callable[[Any], str]) -> None:
    """The two ways from a run to a comparison: with a new one, and with one that is there.

    `called(game)`: the title of the new one.
    """
    key = f"repeat-{run.id}"
    with st.popover("Repeat with another …", icon=":material/replay:", key=key, on_change="rerun") as place:
        if place.open:
            _form(run, repeating, called)
    if st.button("Compare with …", icon=":material/compare_arrows:", key=f"compare-{run.id}"):
        pairs.go(run.id, None)


@st.fragment
def _form(run: Run, repeating: Repeating, called: Callable[[Any], str]) -> None:
    """What is to be another, and the button that starts the run and opens the comparison."""
    try:
        request = Request.of(run.spec)
    except SpexvizError as error:
        widgets.problem(f"This run cannot be repeated here. {error}", key="repeat-refused")
        return
    kinds = {**repeating.variants(request.game), SEED: (), SOLVER: ()}
    what = st.pills("Another", list(kinds), default=next(iter(kinds)), required=True, key=f"another-{run.id}")
    key = f"another-{run.id}"
    other, refused = request, ""
    try:
        other = _other(request, str(what), kinds[str(what)], repeating, key)
    except SpexvizError as error:
        refused = str(error)
    # under the fields, over what may come and go: what is typed last is taken up while the button is pressed
    pressed = st.button("Start and compare", type="primary", icon=":material/play_arrow:", key=f"{key}-start")
    if not refused:
        refused = _told(other, run)
    if refused:
        widgets.note(refused, kind="strip", key=f"{key}-problem")
    elif pressed:
        started = starting.submitted(other, called(other.game))
        if started is not None:
            pairs.go(run.id, started)


def _told(other: Request, run: Run) -> str:
    """Say what it costs; why it cannot be started, "" where it can."""
    try:
        st.caption(_cost(other))
        _check(other.game)
    except SpexvizError as error:
        return str(error)
    return SAME if other.spec.id == run.spec_id else ""


def _other(request: Request, what: str, names: Sequence[str], repeating: Repeating, key: str) -> Request:
    """The request with another seed, solver, or settings of its game. Raises SpexvizError for wrong ones."""
    if what == SEED:
        first = (request.seed + 1) % 2**32
        return replace(
            request,
            seed=int(st.number_input(SEED, 0, 2**32 - 1, first, help=help_of(SEED), key=f"{key}-seed")),
        )
    if what == SOLVER:
        return _with_solver(request, f"{key}-solver")
    held, known = settings(request.game), options(type(request.game))
    chosen = {}
    for name in names:
        more: dict[str, Any] = {}
        if name == "model":
            offered_here = sorted(repeating.models() or [held[name]], key=held[name].__eq__)
            more = {"offered": offered_here, "format_func": routes.short, "help": None}
            held[name] = offered_here[0]  # another one is meant
        chosen[name] = fields.widget(known[name], held[name], f"{key}-{name}", **more)
    return replace(request, game=type(request.game)(**{**held, **chosen}))


def _with_solver(request: Request, key: str) -> Request:
    solver = fields.choose_solver(key, request.spec.solver_name)()
    return replace(request, solver=solver, options=new_options(solver, validate=request.options.validate))


def _check(game: Game) -> None:
    """What only a loaded model can tell, where it is loaded. Raises SpexvizError."""
    if game.model_name is not None and models.is_loaded(game.model_name):
        game.check()


def _cost(request: Request) -> str:
    """How much is asked, so far as it is known before a model is loaded. Raises SpexvizError."""
    name = request.game.model_name
    if name is not None and not models.is_loaded(name):
        try:
            with models.without_loading():
                return _asked(request)
        except SpexvizError:
            return f"What it costs is known once the model is loaded. {AGAIN}"
    return _asked(request)


def _asked(request: Request) -> str:
    planned = request.plan
    most = planned.ablations + request.checks + request.told
    nouns = f"{planned.n} {plural(request.subject.noun, planned.n)}"
    if planned.exact:
        return f"{nouns}: all {most:,} masks, so the result is exact. {AGAIN}"
    return f"{nouns}: at most {most:,} ablations. {AGAIN}"
