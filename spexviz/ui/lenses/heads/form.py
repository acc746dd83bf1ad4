"""The form of a heads run: task or prompt, which parts of which layers, what removing means, how many stay, solver, budget."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import streamlit as st

from spexviz import models
from spexviz.errors import GameError, SpexvizError
from spexviz.games.heads.game import ABLATIONS, VALUES, HeadsGame
from spexviz.games.heads.players import UNITS
from spexviz.games.heads.signal import candidates, probe
from spexviz.kit.paths import ASSETS
from spexviz.run import pipeline
from spexviz.spec import RunSpec
from spexviz.ui import lens, run_form, widgets

PROMPTS = {
    "Eiffel Tower": ("The Eiffel Tower is located in the city of", " Paris", " London"),
    "Keys to the cabinet": ("The keys to the old wooden cabinet", " are", " is"),
}
KEEPS = (0.5, 0.66, 0.75, 0.83, 0.9, 0.95)
MANY, FEW = 100, 60  # players from which candidates are offered, and how many
PROBED = 60  # players from which the signal is looked at before a run starts
PAIRS = 16
DEFAULTS = {"source": "Eiffel Tower", "prompt": PROMPTS["Eiffel Tower"][0], "target": " Paris", "contrast": " London", "layers": "", "part": "head"}
MORE = {"ablation": "mean", "keep": 0.5, "value": "log-odds", "rescale": False, "groups": "", "only": ()}
FIELDS = run_form.Fields("heads", DEFAULTS | MORE)


@cache
def tasks() -> dict[str, dict[str, Any]]:
    """The bundled tasks of assets/heads by title: questions to fit on and held out."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((ASSETS / "heads").glob("*.json"))]
    return {task["title"]: task for task in found}


def held_out(spec: RunSpec) -> list[list[str]] | None:
    """The questions that a run on a bundled task has not seen; None for any other run."""
    asked = [list(one) for one in spec.game.get("questions") or ()]
    return next((task["held_out"] for task in tasks().values() if task["fit"] == asked), None)


def prefill(spec: RunSpec) -> None:
    """Put the settings of a run back into the form."""
    game = dict(spec.game)
    asked = [list(one) for one in game.get("questions") or ()]
    source = next((title for title, task in tasks().items() if task["fit"] == asked), None)
    source = source or next((name for name, one in PROMPTS.items() if one[0] == game.get("prompt")), None)
    layers = game.get("layers")
    game["layers"] = ", ".join(map(str, layers)) if isinstance(layers, list | tuple) else layers or ""
    FIELDS.fill(game, "model")
    st.session_state["heads-source"] = source
    run_form.prefill(spec)


def form() -> None:
    """The whole form; starts the run and opens it."""
    FIELDS.begin()
    game = _question() | _parts()
    with st.expander("Solver, value and more"):
        left, right = st.columns(2)
        with left:
            solver, seed = run_form.solver_and_seed()
        with right:
            game |= _more()
    budget, options = run_form.budget_and_checks()
    spec = _spec(game, solver, budget, seed, options)
    pressed = run_form.explain_button(spec)
    if spec is not None:
        _started(spec, pressed)


def layers_of(text: str) -> list[int] | str | None:
    """What is typed for layers: "12-17, 20", "all", or nothing for the six in the middle. Raises GameError for anything else."""
    text = text.replace("–", "-").strip()
    if not text or text == "all":
        return text or None
    found: list[int] = []
    for piece in text.split(","):
        low, *rest = (number.strip() for number in piece.split("-"))
        high = rest[0] if rest else low
        if len(rest) > 1 or not low.isdecimal() or not high.isdecimal() or not int(low) <= int(high) < 1000:
            raise GameError(f'Layers are numbers such as "12-17" or "3, 5", or "all", not "{text[:40]}".')
        found += range(int(low), int(high) + 1)
    return found


def _question() -> dict[str, Any]:
    """One prompt, or the questions of a bundled task."""
    sources = [*PROMPTS, *tasks()]
    picked = st.pills("Task", sources, default=st.session_state["heads-source"], key="heads-task", on_change=_take)
    task = tasks().get(picked or "")
    if task is not None:
        st.caption(f"{task['shows']} {len(task['fit'])} questions to explain, {len(task['held_out'])} others held out for pruning. {task['checked']}")
        with st.expander("The questions"):
            st.dataframe([dict(zip(("prompt", "target", "contrast"), one, strict=True)) for one in task["fit"]], hide_index=True)
        return {"questions": task["fit"]}
    left, middle, right = st.columns([6, 2, 2])
    return {
        "prompt": left.text_input(
            "Prompt", FIELDS.kept("prompt"), key="heads-prompt", max_chars=4_000, help="Stays as it is; parts of the model are removed."
        ),
        "target": middle.text_input("Target", FIELDS.kept("target"), key="heads-target", help="The next token to look at, with its leading space."),
        "contrast": right.text_input("Contrast", FIELDS.kept("contrast"), key="heads-contrast", help="The token to compare with."),
    }


def _take() -> None:
    picked = st.session_state.get("heads-task")
    st.session_state["heads-source"] = picked
    st.session_state["heads-only"] = ()
    if picked in PROMPTS:
        for name, value in zip(("prompt", "target", "contrast"), PROMPTS[picked], strict=True):
            st.session_state[f"heads-{name}"] = value


def _parts() -> dict[str, Any]:
    columns = st.columns([3, 2, 3, 3, 3], vertical_alignment="bottom")
    names, parts, ablations = [name for name in models.configured() if models.can_be_opened(name)] or ["bundled"], list(UNITS), list(ABLATIONS)
    model = columns[0].selectbox(
        "Model", names, FIELDS.index(names, "model"), key="heads-model", help="Configured on the server with SPEXVIZ_MODELS."
    )
    part = columns[1].selectbox("Players are", parts, FIELDS.index(parts, "part"), key="heads-part", help=" ".join(UNITS.values()))
    layers = columns[2].text_input(
        "Layers", FIELDS.kept("layers"), key="heads-layers", placeholder="the six in the middle", help='Such as "12-17", "3, 5" or "all".'
    )
    ablation = columns[3].selectbox(
        "Removing means", ablations, FIELDS.index(ablations, "ablation"), key="heads-ablation", help=" ".join(ABLATIONS.values())
    )
    keep = columns[4].selectbox(
        "A mask keeps each with",
        KEEPS,
        FIELDS.index(list(KEEPS), "keep"),
        key="heads-keep",
        help="Of many players keep more: half of all heads is too little.",
    )
    return {"name": "heads", "model": model, "part": part, "layers": layers, "ablation": ablation, "keep": float(keep)}


def _more() -> dict[str, Any]:
    values = list(VALUES)
    value = st.selectbox("Value", values, FIELDS.index(values, "value"), key="heads-value", help=" ".join(VALUES.values()))
    rescale = st.checkbox(
        "Rescale the heads that are kept",
        FIELDS.kept("rescale"),
        key="heads-rescale",
        help="By |H| / |kept| in each layer; for heads that are zeroed.",
    )
    groups = st.checkbox("All players of a layer as one", bool(FIELDS.kept("groups")), key="heads-grouped")
    return {"value": value, "rescale": rescale, "groups": "layer" if groups else ""}


def _spec(game: dict[str, Any], solver: dict[str, Any], budget: int, seed: int, options: dict[str, Any]) -> RunSpec | None:
    """The run that the form describes; None, and what to do, while it cannot be run."""
    try:
        game = {**game, "layers": layers_of(str(game["layers"])), "only": list(FIELDS.kept("only"))}
        if not models.is_loaded(game["model"]):
            pipeline.build_game(RunSpec(game, solver, budget))
            st.fragment(_wait_for, run_every=2.0)(str(game["model"]))
            return RunSpec(game, solver, budget, seed, options)
    except SpexvizError as error:
        widgets.problem(error, key="heads-error")
        return None
    spec = run_form.ready(game, solver, budget, seed, options, HeadsGame.check)
    if spec is not None or game["only"]:
        _candidates(game, solver)
    return spec


def _wait_for(model: str) -> None:
    """Says that the cost is not known yet; draws the form anew once it is."""
    if models.is_loaded(model):
        st.rerun()
    st.caption("The number of players, and so the cost, is known once the model is loaded.")


def _candidates(game: dict[str, Any], solver: dict[str, Any]) -> None:
    """Many players: offer the strongest few by leave-one-out; a way back where they are chosen."""
    if game["only"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Only the {len(game['only'])} candidates chosen by leave-one-out are players; the rest stays in the model.")
            st.button("All players", key="heads-all", on_click=st.session_state.__setitem__, args=("heads-only", ()))
        return
    built = pipeline.build_game(RunSpec(game, solver, 64))
    n = len(built.players)
    if n <= MANY or game["groups"]:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{n} players are many for a fit: a few hundred ablations say more about the {FEW} that matter most one by one.")
        if st.button(f"Choose {FEW} candidates ({n + 1} ablations)", key="heads-choose"):
            with st.spinner("Leaving out one at a time …"):
                st.session_state["heads-only"] = candidates(built, FEW)
            st.rerun()


def _started(spec: RunSpec, pressed: bool) -> None:
    """Start the run; one of many players only after a look at its signal, or when the warning was read."""
    warned = st.session_state.get("heads-warned")
    if pressed and warned is None and models.is_loaded(spec.game["model"]):
        game = pipeline.build_game(spec)
        if len(game.players) > PROBED:
            with st.spinner("Looking whether the value keeps its signal …"):
                found = probe(game, pairs=PAIRS)
            if found.lost:
                st.session_state["heads-warned"] = warned = (spec.id, found.advice(game))
                pressed = False
    if warned is not None and warned[0] == spec.id and not pressed:
        widgets.problem(warned[1], key="heads-lost")
        pressed = st.button("Start it all the same", key="heads-anyway")
    elif warned is not None and warned[0] != spec.id:
        del st.session_state["heads-warned"]
    if pressed:
        st.session_state.pop("heads-warned", None)
        lens.start(spec, _title(spec))


def _title(spec: RunSpec) -> str:
    asked = spec.game.get("questions") or ()
    named = next((title for title, task in tasks().items() if task["fit"] == [list(one) for one in asked]), None)
    what = named or f"{spec.game['prompt']} →{spec.game['target']}"
    return f"{what} · {spec.game['part']}s, {spec.game['ablation']} ablation"
