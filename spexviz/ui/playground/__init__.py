"""The Playground page: a function that is known stands in for the model, and solvers are held to it.

The quick solvers answer as the sliders move, the others follow; no model is loaded.
"""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from spexviz.errors import FormulaError, SpexvizError
from spexviz.games.formula import LONGEST
from spexviz.jobs.tries import Tries
from spexviz.run.playground import AVERAGE, MOST_PLAYERS, Answer, Function, Truth, solvers
from spexviz.solvers.base import Solver
from spexviz.solvers.spex.solver import SPEX
from spexviz.ui import pairs, widgets
from spexviz.ui.playground import guessing, settings
from spexviz.ui.playground.presets import PRESETS, Preset, preset_of
from spexviz.ui.playground.settings import chosen, key
from spexviz.ui.selection import selected
from spexviz.views import arcs, recovered, rivals, strip
from spexviz.views.glossary import help_of
from spexviz.views.recovered import Held
from spexviz.views.scale import Scale
from spexviz.views.story import Component

KEY = "playground"  # of the views: they share a selection
YOU = "you"  # the key of the line of a guess
EVERY = 0.5  # seconds between two looks at the solvers that follow
LOWEST = -0.2  # of the axis of R²: it stays where it is while the sliders move
COUNTED = {
    settings.WRITTEN: "Written as a sum of products",
    AVERAGE: "On average over all inputs",
}
HELP = (
    "As it is written: the sum of products that the function is, such as 2·x0·x1 (Möbius coefficients). "
    "On average: what the members of a set do together over all inputs (mean effects; they are ranked by the "
    "spectrum). Solvers look for the second; a set of three is then seen in its pairs too."
)
SYNTAX = (
    "x0, x1, … are 1 where they are there, else 0. Numbers with + - * and brackets; & (and), | (or), ^ (one "
    "of the two), ~ (not); majority(…), and(…), or(…), xor(…), not(…), min(…), max(…)."
)


def page() -> None:
    """The whole page."""
    st.title("Playground", anchor=False)
    st.caption(
        "A solver leaves parts of an input out, asks what comes out then, and says which parts act together. "
        "Here the answer is known: a function that you can read stands in for the model. See which solver "
        "finds it, from how many questions, and what it makes up."
    )
    st.fragment(_play)()


def _play() -> None:
    """All that follows the fields; it reruns alone."""
    settings.begin()
    now = preset_of(chosen("formula"))
    titles = [preset.title for preset in PRESETS]
    st.session_state[key("preset")] = now.title if now else None
    st.pills("Start from", titles, key=key("preset"), on_change=_begin_with)
    written = st.container()  # hidden from who guesses
    try:
        function = settings.function()
        with st.spinner("Asking every input …", show_time=False):
            truth = _truth(repr(function), function)
    except SpexvizError as error:
        _written(written, now)
        _wrong(error)
    else:
        guesses = chosen("guess") and not guessing.is_over(function)
        if not guesses:
            _written(written, now)
        _about(function)
        if guesses:
            guessing.ask(function)
        else:
            _solved(truth)
    settings.keep()


def _written(place: Any, preset: Preset | None) -> None:
    """What the function does, in words, and the formula itself."""
    with place:
        if preset is not None:
            widgets.note(preset.story, key="playground-story", kind="strip")
        st.text_input("The function", key=settings.widget("formula"), help=SYNTAX, max_chars=LONGEST)


def _begin_with() -> None:
    title = chosen("preset")
    for preset in PRESETS:
        if preset.title == title:
            settings.begin_with(preset)


def _wrong(error: SpexvizError) -> None:
    """What cannot be read, and where."""
    widgets.problem(error, key="playground-wrong")
    formula = " ".join(chosen("formula").split("\n"))
    if isinstance(error, FormulaError) and formula.strip():
        start = max(0, error.position - 40)
        shown = formula[start : error.position + 30]
        st.code(f"{shown}\n{' ' * (error.position - start)}↑", language=None)


def _about(function: Function) -> None:
    """How many variables, how much noise, how sets are counted, and whether to guess first."""
    named = function.game.formula.n
    players, noise, counted, guess = st.columns([3, 3, 4, 2], vertical_alignment="bottom")
    least = max(settings.LEAST_PLAYERS, named)
    if least < MOST_PLAYERS:
        players.slider(
            "Variables",
            least,
            MOST_PLAYERS,
            key=settings.widget("n"),
            help="Those that the function does not name do nothing, but a solver must find that out.",
        )
    noise.select_slider(
        "Noise of an answer",
        settings.NOISES,
        format_func=lambda value: f"± {value:g}" if value else "none",
        key=settings.widget("noise"),
        help="Standard deviation of what is added to each answer. R² is of the function without it.",
    )
    shown = {"required": True, "key": settings.widget("sets"), "help": HELP}
    counted.segmented_control("Count its sets", list(settings.SETS), format_func=settings.SETS.get, **shown)
    guess.toggle("Guess first", key=settings.widget("guess"), on_change=guessing.again, args=(function,))


def _solved(truth: Truth) -> None:
    """The truth beside what a solver finds of it, and all solvers in a list."""
    n = truth.n
    possible = settings.budgets(n)
    left, right = st.columns(2, vertical_alignment="bottom")
    left.select_slider(
        "Questions that a solver may ask",
        possible,
        key=settings.widget("budget"),
        format_func=lambda count: f"all {count:,}" if count == 2**n else f"{count:,}",
        help=help_of("Solver", f"One question is one of the {2**n:,} inputs and its answer: an ablation."),
    )
    right.select_slider(
        "SPEX looks for sets of up to",
        settings.ORDERS,
        key=settings.widget("order"),
        help=help_of("SPEX", "Larger sets need more questions. The other solvers are as they are."),
    )
    tries = _tries(repr((truth.function, chosen("budget"))), truth, chosen("budget"))
    tries.look(_solvers())
    waits = bool(tries.waiting(_solvers()))
    st.fragment(_found, run_every=EVERY if waits else None)(truth, tries, waits)


def _found(truth: Truth, tries: Tries, waits: bool) -> None:
    """What is there so far; the rest is looked at again and again until it is."""
    if waits:
        tries.look(_solvers())
        if not tries.waiting(_solvers()):
            st.rerun()  # nothing is to come any more
    _beside(truth, tries)
    _list(truth, tries)
    answer = _chosen(tries)
    if answer is not None and answer.spectrum is not None:
        held = _held(answer)
        shown = recovered.table(held)
        if shown.rows:
            widgets.table(shown, f"Set by set: {held.title}", "playground-table", KEY, selected(KEY, truth.n))


def _beside(truth: Truth, tries: Tries) -> None:
    """The pictures of the truth and of the chosen solver, on one scale."""
    index = chosen("sets")
    true, answer = truth.shown(index), _chosen(tries)
    is_told = answer is not None and answer.spectrum is not None
    scale = Scale.of(true, answer.shown(index)) if is_told else Scale.of(true)
    left, right = st.columns(2, gap="medium")
    sets = recovered.truth_said(
        truth.values(index), truth.recovery(index).hits, truth.function.players, COUNTED[index]
    )
    with left:
        widgets.heading("The function itself", sets, key="playground-true")
        _picture(truth, true, scale, "playground-truth")
    with right:
        if answer is None:
            widgets.heading("A solver", "It is still at work …", key="playground-found")
        elif not is_told:
            widgets.heading(f"What {_title(answer.solver)} finds", answer.refused, key="playground-found")
        else:
            said = recovered.said(_held(answer))
            widgets.heading(f"What {_title(answer.solver)} finds", said, key="playground-found")
            _picture(answer, answer.shown(index), scale, "playground-answer")


def _picture(source: Truth | Answer, found: Any, scale: Scale, name: str) -> None:
    run = source.explanation
    about = {"dark": widgets.dark(), "selection": selected(KEY, len(run.players))}
    data = strip.data(run, found, scale=scale, none=None, **about)
    shown = {**data, "asks": ""}  # what the numbers ask is said once, where they are chosen
    widgets.drawn(Component("strip", shown, arcs.in_text(run, found)), name, KEY)


def _list(truth: Truth, tries: Tries) -> None:
    """Every solver that has answered, the best first; who is still at work, and who cannot answer."""
    index = chosen("sets")
    rows = [
        recovered.line(answer.solver.name, _title(answer.solver), answer.fidelity.r2, answer.recovery(index))
        for answer in tries.answers(_solvers())
        if answer.spectrum is not None
    ]
    guess = guessing.guess(truth, index) if chosen("guess") else None
    if guess is not None:
        rows.append(recovered.line(YOU, "You", math.nan, guess, own=True))
    widgets.heading(
        f"What each solver finds with {tries.budget:,} questions",
        f"R² is how much of the differences between all {2**truth.n:,} inputs it explains, 1 being all of "
        f"it; noise is left out. {recovered.COUNTED}",
        key="playground-list-heading",
    )
    if guess is not None:
        widgets.note(guessing.said(truth, index), key="playground-guess-said", kind="strip")
    listed = rivals.of_rows(
        rows, chosen=chosen("solver"), column=recovered.COLUMN, low=LOWEST, dark=widgets.dark()
    )
    widgets.asking(listed, "playground-solvers", open=_pick)
    if waiting := tries.waiting(_solvers()):
        working = ", ".join(map(_title, waiting))
        st.caption(f"Still at work: {working} …")
    for answer in tries.answers(_solvers()):
        if answer.refused:
            widgets.note(
                f"{_title(answer.solver)}: {answer.refused}", key=f"playground-no-{answer.solver.name}"
            )


def _pick(said: Any) -> None:
    """A press on a line shows that solver, by the browser's word, which is looked at first."""
    name = (said or {}).get("key")
    if isinstance(name, str) and name in pairs.titles():
        settings.choose("solver", name)


def _chosen(tries: Tries) -> Answer | None:
    """The answer of the solver whose picture is shown, where it is there."""
    return next(
        (answer for answer in tries.answers(_solvers()) if answer.solver.name == chosen("solver")), None
    )


def _held(answer: Answer) -> Held:
    index = chosen("sets")
    truth = answer.truth
    return Held(
        _title(answer.solver),
        answer.recovery(index),
        truth.values(index),
        answer.values(index),
        truth.function.players,
    )


def _solvers() -> tuple[Solver, ...]:
    return solvers(chosen("order"))


def _title(solver: Solver) -> str:
    title = pairs.titles()[solver.name]
    return f"{title} (sets up to {solver.max_order})" if isinstance(solver, SPEX) else title


@st.cache_resource(max_entries=8, show_spinner=False)
def _truth(of: str, _function: Function) -> Truth:
    return Truth.of(_function)


@st.cache_resource(max_entries=32, show_spinner=False)
def _tries(of: str, _truth: Truth, budget: int) -> Tries:
    return Tries(_truth, budget)
