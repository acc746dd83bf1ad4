"""What every lens's form ends with: solver and seed, budget and checks, the cost, and the button that starts.

Keys are the same in every form ("form-budget", …): the settings stay when a visitor goes from one lens to
another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.games.base import Game
from spexviz.run import cost
from spexviz.run.plan import Request, new_options
from spexviz.solvers.base import Solver
from spexviz.spec import Options
from spexviz.ui import fields, resolve, routes, runtime, widgets
from spexviz.views import captions
from spexviz.views.glossary import help_of

Made = TypeVar("Made")
EXPLAIN = "form-explain"  # the button: its key
CHECK = "form-check"  # the key of whether the sets shown are checked
BUDGET = 512  # at first
BUDGETS = (64, 128, 256, 512, 1024, 2048, 4096)


def usual(game: Game) -> Request:
    """The run of a game as a form makes it in which nothing was changed."""
    solver = fields.solvers()[0]()
    return Request(game, solver, BUDGET, 0, new_options(solver, validate=True))


def prefill(request: Request) -> None:
    """Put budget and checks of a run back into the form."""
    if request.budget in BUDGETS:
        st.session_state["form-budget"] = request.budget
    st.session_state[CHECK] = bool(request.options.validate)


def model_of(form: fields.Fields, offered: Sequence[str], place: Any) -> str:
    """Choose one of the models offered; a folder goes by its own name, unless two have the same."""
    called = {name: routes.short(name) for name in offered}
    for name in offered:
        if list(called.values()).count(called[name]) > 1:
            called[name] = name
    help_ = (
        "The language model that is asked. Which ones there are is said where the server is started: "
        "SPEXVIZ_MODELS, or spexviz serve --model."
    )
    return form.draw("model", place, offered=offered, help=help_, format_func=called.__getitem__)


def solver_and_seed() -> tuple[Solver | None, int]:
    """Choose a solver, its settings, the seed, and whether the sets shown are checked on the model.

    No solver, and what to do, where its settings do not fit.
    """
    kind = fields.choose_solver("form-solver")
    solver = made(kind, fields.solver_settings(kind, f"form-{kind.name}"), "solver-error")
    seed = st.number_input("Seed", 0, 2**32 - 1, 0, help=help_of("Seed"))
    st.session_state.setdefault(CHECK, True)
    label = "Ask the model again about the sets shown (up to 25 % more ablations)"
    st.checkbox(label, st.session_state[CHECK], key=CHECK, help=help_of(label))
    return solver, int(seed)


def last_row() -> tuple[Any, Any]:
    """The places of the budget and of the button that starts the run, beside each other."""
    budget, start = st.columns([2, 1], vertical_alignment="center")
    return budget, start


def budget_and_options(solver: Solver | None, place: Any, budget: int = BUDGET) -> tuple[int, Options]:
    """Choose the budget (`budget` at first): it, and the options of the run."""
    first = st.session_state.get("form-budget", budget)
    chosen = place.select_slider(
        "Ablations (tries)",
        BUDGETS,
        value=first,
        key="form-budget",
        help=help_of("Ablations", "How many of them the fit may see. The field calls it the budget."),
    )
    check = bool(st.session_state[CHECK])
    if solver is None:
        return int(chosen), Options(validate=check)
    return int(chosen), new_options(solver, validate=check)


def made(kind: type[Made], settings: dict[str, Any], key: str = "form-error") -> Made | None:
    """The game or solver of these settings; None, with what to do, where they do not fit together."""
    try:
        return kind(**settings)
    except SpexvizError as error:
        widgets.problem(error, key=key)
        return None


def ready(
    game: Game | None,
    solver: Solver | None,
    budget: int,
    seed: int,
    options: Options,
    check: Callable[[Any], None] | None = None,
    unknown: str = "",
) -> Request | None:
    """The run that a form describes, with its cost under it; None, and what to do, while it cannot be run.

    `check(game)` says early what only a loaded model can tell; it raises SpexvizError. `unknown`: why the
    players, and so the cost, are not known before the model is loaded; the page is drawn anew once it is.
    """
    if game is None or solver is None:
        return None
    request = Request(game, solver, budget, seed, options)
    if unknown and game.model_name is not None:
        st.fragment(_wait_for, run_every=2.0)(game.model_name, unknown)
        return request
    try:
        if check is not None:
            check(game)
        show_cost(request)
        resolve.offer(request, BUDGETS)
        return request
    except SpexvizError as error:
        widgets.problem(error, key="form-error")
        return None


def _wait_for(model: str, unknown: str) -> None:
    if models.is_loaded(model):
        st.rerun()
    st.caption(unknown)


def explain_button(request: Request | None, place: Any, missing: str = "") -> bool:
    """The button that starts the run; True when it was pressed and there is a run to start.

    It is never grey: pressing it takes over what has just been typed. `missing`: what there is to do first;
    it is said under the form when the button was pressed in vain.
    """
    pressed = place.button(
        "Explain", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter", key=EXPLAIN
    )
    if pressed and request is None:
        widgets.problem(
            missing or "It cannot start yet: what is in the way is said above.", key="form-missing"
        )
    return pressed and request is not None


def show_cost(request: Request) -> None:
    """The cost under the form; while a model is warming up it looks again by itself."""
    said = _asked(request)
    waiting = _is_warming(request)

    def line() -> None:
        if waiting and not _is_warming(request):
            st.rerun()
        widgets.note(f"{said}. {_time(request)}.", key="form-cost")

    st.fragment(line, run_every=2.0 if waiting else None)()


def _is_warming(request: Request) -> bool:
    model = request.game.model_name
    return model is not None and not runtime.is_warm(model)


def _asked(request: Request) -> str:
    planned = request.plan
    who = f"{planned.n} {captions.plural(request.subject.noun, planned.n)}"
    if planned.exact or planned.design is None:
        return f"{who}: all {planned.ablations:,} masks are asked, so the result is exact"
    fitted = f"{len(planned.design):,} ablations for the fit"
    said = f"{who}: {fitted}, {len(planned.held_out):,} held out to grade it, 2 with all and with none"
    if planned.by_folds:
        near = int((~planned.design.reference).sum())
        nouns = captions.plural(request.subject.noun)
        said = f"{who}: {fitted}, {near:,} of them remove one to three {nouns}, and 2 with all and with none"
    if request.checks:
        said += f", at most {request.checks:,} to check the sets shown"
    if request.told:
        said += f", at most {request.told:,} to measure {request.subject.itself}"
    if planned.keep != 0.5:
        said += f"; a mask keeps each with probability {planned.keep:g}"
    return said


def _time(request: Request) -> str:
    model = request.game.model_name
    if model is not None and not models.is_loaded(model):
        return "The time is known once the model is loaded"
    try:
        return str(cost.of(request, runtime.manager().cache))
    except SpexvizError:  # why it cannot be asked is said at the field
        return "The time is not known"
