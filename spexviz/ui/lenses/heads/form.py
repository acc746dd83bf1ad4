"""The form of a heads run: task or prompt, which parts, what removing means, how many stay, budget."""

from __future__ import annotations

from typing import Any

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.games.heads import tasks
from spexviz.games.heads.game import HeadsGame
from spexviz.games.heads.signal import candidates, probe
from spexviz.kit.options import settings
from spexviz.run.plan import Request
from spexviz.ui import lens, run_form, widgets
from spexviz.ui.fields import Fields
from spexviz.views.story import Table
from spexviz.views.words import plural

PROMPTS = {
    "Eiffel Tower": ("The Eiffel Tower is located in the city of", " Paris", " London"),
    "Keys to the cabinet": ("The keys to the old wooden cabinet", " are", " is"),
}
ASKED: tuple[str, ...] = ("prompt", "target", "contrast")
MANY, FEW = 100, 60  # players from which candidates are offered, and how many
PROBED = 60  # players from which the signal is looked at before a run starts
PAIRS = 16
FIRST = {
    "source": "Eiffel Tower",
    **dict(zip(ASKED, PROMPTS["Eiffel Tower"], strict=True)),
    "layers": "",
    "grouped": False,
}
FIELDS = Fields(
    "heads",
    HeadsGame,
    FIRST,
    without=("questions", "groups", "neurons", "reference_prompts", "resample_seed"),
)
UNKNOWN = "How many parts there are to switch off, and so what it costs, is known once the model is loaded."


def prefill(request: Request) -> None:
    """Put the settings of a run back into the form."""
    game = request.game
    if not isinstance(game, HeadsGame):
        return
    layers = game.layers or ""
    if not isinstance(layers, str):
        layers = ", ".join(map(str, layers))
    FIELDS.fill({**settings(game), "layers": layers, "grouped": bool(game.groups)})
    st.session_state[FIELDS.key("source")] = _source(game)
    run_form.prefill(request)


def _source(game: HeadsGame) -> str | None:
    """The task or example that a game asks; None where it is a prompt of one's own."""
    task = tasks.task_of(game.questions)
    if task is not None:
        return task.title
    for name, (prompt, _, _) in PROMPTS.items():
        if prompt == game.prompt:
            return name
    return None


def form() -> None:
    """The whole form; starts the run and opens it."""
    names = [name for name in models.configured() if models.can_be_opened(name)]
    if not names:
        st.info(
            "None of the models that this server offers can be opened: name one of transformers, such as "
            "bundled, in SPEXVIZ_MODELS."
        )
        return
    FIELDS.begin(model=names[0])
    chosen = _question() | _parts(names)
    with st.expander("Solver, value and more"):
        left, right = st.columns(2)
        with left:
            solver, seed = run_form.solver_and_seed()
        with right:
            chosen |= FIELDS.draw_all(("value", "beginning"))
            chosen |= FIELDS.draw_if(chosen["part"] == "head" and chosen["ablation"] == "zero", "rescale")
            chosen["groups"] = "layer" if FIELDS.draw("grouped", option="groups") else ""
    sliding, starting = run_form.last_row()
    budget, options = run_form.budget_and_options(solver, sliding)
    game = _game(chosen)
    loaded = models.is_loaded(chosen["model"])
    request = run_form.ready(game, solver, budget, seed, options, HeadsGame.check, "" if loaded else UNKNOWN)
    if game is not None and loaded and (request is not None or game.only):
        _offer_candidates(game)
    pressed = run_form.explain_button(request, starting)
    if request is not None and game is not None:
        _started(request, game, pressed)


def _game(chosen: dict[str, Any]) -> HeadsGame | None:
    """The game of the settings as they are typed; None, and what to do, where they are none."""
    try:
        return HeadsGame(**{**chosen, "only": FIELDS.kept("only")})
    except SpexvizError as error:
        widgets.problem(error, key="heads-error")
        return None


def _question() -> dict[str, Any]:
    """One prompt, or the questions of a bundled task."""
    known = tasks.tasks()
    picked = st.pills(
        "Task", [*PROMPTS, *known], default=FIELDS.kept("source"), key="heads-task", on_change=_take
    )
    task = known.get(picked or "")
    if task is None:
        columns = zip(ASKED, st.columns([6, 2, 2]), strict=True)
        return {name: FIELDS.draw(name, column) for name, column in columns}
    held_out = f"{len(task.held_out)} others held out for removal"
    st.caption(f"{task.shows} {len(task.fit)} questions to explain, {held_out}. {task.checked}")
    with st.expander("The questions"):
        rows: list[dict[str, Any]] = [dict(zip(ASKED, one, strict=True)) for one in task.fit]
        widgets.table(Table(tuple(rows)), "The questions", f"heads-questions-{picked}", "")
    return {"questions": task.fit}


def _take() -> None:
    """Put the example that was picked into the fields; a task leaves the prompt as it is."""
    picked = st.session_state.get("heads-task")
    st.session_state[FIELDS.key("source")] = picked
    FIELDS.fill({"only": ()})
    if picked in PROMPTS:
        FIELDS.fill(dict(zip(ASKED, PROMPTS[picked], strict=True)))


def _parts(names: list[str]) -> dict[str, Any]:
    columns = st.columns([3, 3, 2, 3, 3])
    model = run_form.model_of(FIELDS, names, columns[0])
    rest = zip(("part", "layers", "ablation", "keep"), columns[1:], strict=True)
    return {"model": model, **{name: FIELDS.draw(name, column, told=True) for name, column in rest}}


def _offer_candidates(game: HeadsGame) -> None:
    """Many players: offer the strongest few by leave-one-out; a way back where they are chosen."""
    if game.only:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f"Only the {len(game.only)} {plural(game.noun)} that matter most one by one can be switched "
                "off; the rest stays in the model."
            )
            st.button("All of them", key="heads-all", on_click=FIELDS.fill, args=({"only": ()},))
        return
    n = len(game.players)
    if n <= MANY or game.groups:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{n} {plural(game.noun)} are many: a few hundred ablations say more about the {FEW} that matter "
            "most one by one."
        )
        if st.button(f"Choose {FEW} candidates ({n + 1} ablations)", key="heads-choose"):
            with st.spinner("Leaving out one at a time …"):
                FIELDS.fill({"only": candidates(game, FEW)})
            st.rerun()


def _started(request: Request, game: HeadsGame, pressed: bool) -> None:
    """Start the run; one of many players only after a look at its signal, or when the warning was read."""
    asked = request.spec.id
    warned = st.session_state.get("heads-warned")
    if pressed and warned is None and models.is_loaded(game.model_name) and len(game.players) > PROBED:
        with st.spinner("Looking whether the answer still means something with so many switched off …"):
            found = probe(game, pairs=PAIRS)
        if found.lost:
            st.session_state["heads-warned"] = warned = (asked, found.advice(game))
            pressed = False
    if warned is not None and warned[0] == asked and not pressed:
        widgets.problem(warned[1], key="heads-lost")
        pressed = st.button("Start it all the same", key="heads-anyway")
    elif warned is not None and warned[0] != asked:
        del st.session_state["heads-warned"]
    if pressed:
        st.session_state.pop("heads-warned", None)
        lens.start(request, title(game))


def title(game: HeadsGame) -> str:
    """What a run is called: its task or question, and what is removed how."""
    task = tasks.task_of(game.questions)
    what = f"{game.prompt} →{game.target}"
    if task is not None:
        what = task.title
    return f"{what} · {game.part}s, {game.ablation} ablation"
