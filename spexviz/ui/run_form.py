"""What every lens's form ends with: solver and seed, budget and checks, the cost, and the button that starts the run.

Keys are the same in every form ("form-budget", …): the settings stay when a visitor goes from one lens to another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.games.base import Game, keep_of
from spexviz.run import cost, pipeline
from spexviz.solvers.base import Solver
from spexviz.spec import RunSpec
from spexviz.ui import runtime, widgets
from spexviz.views import captions

BUDGETS = (64, 128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True)
class Fields:
    """The fields of one lens's form: kept in the session as "PREFIX-NAME"; `defaults`: what they hold at first."""

    prefix: str
    defaults: Mapping[str, Any]

    def begin(self) -> None:
        """Give every field its default, unless it holds something."""
        for name, value in self.defaults.items():
            st.session_state.setdefault(f"{self.prefix}-{name}", value)

    def fill(self, game: Mapping[str, Any], *more: str) -> None:
        """Put the settings of a game into the fields, and into `more` that have no default."""
        for name in (*self.defaults, *more):
            if game.get(name) is not None:
                st.session_state[f"{self.prefix}-{name}"] = game[name]

    def kept(self, name: str) -> Any:
        """What a field holds. It is given to the widget again as its default: a user who types while the page is still being drawn
        interrupts the script, and the browser never hears of a value that was only in the session state.
        """
        return st.session_state[f"{self.prefix}-{name}"]

    def index(self, options: Sequence[Any], name: str) -> int:
        """Where a field's value stands among its options; 0 where it is none of them."""
        value = st.session_state.get(f"{self.prefix}-{name}")
        return list(options).index(value) if value in options else 0


def prefill(spec: RunSpec) -> None:
    """Put budget and checks of a run back into the form."""
    if spec.budget in BUDGETS:
        st.session_state["form-budget"] = spec.budget
    st.session_state["form-check"] = "validate" in spec.options


def solver_and_seed() -> tuple[dict[str, Any], int]:
    """Choose a solver, its settings and the seed: the solver's JSON object, and the seed."""
    solver = widgets.solver_form("form")
    return solver, int(st.number_input("Seed", 0, 2**32 - 1, 0, help="Same settings and seed, same numbers."))


def budget_and_checks(budget: int = 512) -> tuple[int, dict[str, Any]]:
    """Choose the budget (`budget` at first) and whether sets are checked: the budget, and the run's options."""
    st.session_state.setdefault("form-check", True)
    first = st.session_state.get("form-budget", budget)
    chosen = st.select_slider("Ablations that the fit may see", BUDGETS, value=first, key="form-budget")
    check = st.checkbox("Check the sets shown on the model (up to 25 % more ablations)", st.session_state["form-check"], key="form-check")
    return int(chosen), {"validate": pipeline.SETS_CHECKED} if check else {}


def ready(
    game: Mapping[str, Any], solver: dict[str, Any], budget: int, seed: int, options: dict[str, Any], check: Callable[[Any], None] | None = None
) -> RunSpec | None:
    """The run that a form describes, with its cost under it; None, and what to do, while it cannot be run.

    `check(game)` says early what only a loaded model can tell; it raises SpexvizError.
    """
    try:
        spec = RunSpec(game, solver, budget, seed, options)
        built = pipeline.build_game(spec)
        if check is not None:
            check(built)
        fitter = pipeline.build_solver(spec)
        planned = pipeline.plan(len(built.players), fitter, budget, seed, keep=keep_of(built))
        show_cost(built, planned, fitter, planned.checks if "validate" in options else 0)
        return spec
    except SpexvizError as error:
        widgets.problem(error, key="form-error")
        return None


def explain_button(spec: RunSpec | None) -> bool:
    """The button that starts the run; True when it was pressed and there is a run to start."""
    pressed = st.button("Explain", type="primary", icon=":material/play_arrow:", disabled=spec is None, shortcut="Ctrl+Enter")
    return pressed and spec is not None


def show_cost(game: Game, planned: pipeline.Plan, solver: Solver, checks: int) -> None:
    """The cost under the form; while a model is still warming up it looks again by itself until the time is known."""
    model = getattr(game, "model", None)

    def line() -> None:
        if waiting and runtime.is_warm(model):
            st.rerun()
        widgets.note(_cost(game, planned, solver, checks), key="form-cost")

    waiting = isinstance(model, str) and not runtime.is_warm(model)
    st.fragment(line, run_every=2.0 if waiting else None)()


def _cost(game: Game, planned: pipeline.Plan, solver: Solver, checks: int = 0) -> str:
    who = f"{planned.n} {captions.plural(getattr(game, 'noun', 'player'), planned.n)}"
    if planned.exact:
        parts = f"{who}: all {planned.ablations:,} masks are asked, so the result is exact"
    else:
        parts = f"{who}: {len(planned.design):,} ablations for the fit, {len(planned.held_out):,} held out to score it, 2 for the ends"
        parts += f", at most {checks:,} to check the sets shown" if checks else ""
        parts += f"; a mask keeps each with probability {planned.keep:g}" if planned.keep != 0.5 else ""
    model = getattr(game, "model", None)
    if isinstance(model, str) and not models.is_loaded(model):
        return f"{parts}. The time is known once the model is loaded."
    return f"{parts}. {cost.estimate(game, planned, solver, runtime.manager().cache, checks)}."
