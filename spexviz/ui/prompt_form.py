"""The form of a prompt run: example, prompt, model, how to split and mask it, what to look at, solver, budget."""

from __future__ import annotations

from typing import Any

import streamlit as st

from spexviz import cost, models, pipeline
from spexviz.errors import SpexvizError
from spexviz.games.base import keep_of
from spexviz.games.prompt import MASKINGS, SLOT, VALUES, PromptGame
from spexviz.models.base import LanguageModel
from spexviz.solvers.base import Solver
from spexviz.spec import RunSpec
from spexviz.text import SPLITS
from spexviz.ui import runtime, watch, widgets

LABELS = 20  # of a classifier, named under the form
BUDGETS = (64, 128, 256, 512, 1024, 2048)
REVIEW = "Review: {}\nSentiment (positive or negative):"
DEFAULTS = {"prompt": "", "template": REVIEW, "target": " positive", "contrast": " negative", "split": "words", "masking": "delete"}
MORE = {"chat": False, "value": "log-odds", "replacement": "_", "pattern": r"\w+", "protect": ""}


def prefill(spec: RunSpec) -> None:
    """Put the settings of a run back into the form."""
    for name in (*DEFAULTS, *MORE, "model"):
        if name in spec.game and spec.game[name] is not None:
            st.session_state[f"form-{name}"] = spec.game[name]
    if spec.budget in BUDGETS:
        st.session_state["form-budget"] = spec.budget
    st.session_state["form-check"] = "validate" in spec.options


def form() -> None:
    """The whole form; starts the run and opens it."""
    for name, value in {**DEFAULTS, **MORE, "check": True}.items():
        st.session_state.setdefault(f"form-{name}", value)
    _example_buttons()
    st.text_area(
        "Prompt", _kept("prompt"), key="form-prompt", height=100, max_chars=20_000, placeholder="Type a sentence, or press an example above."
    )
    game = _game_settings()
    with st.expander("Solver, template and more"):
        left, right = st.columns(2)
        with left:
            solver = widgets.solver_form("form")
            seed = st.number_input("Seed", 0, 2**32 - 1, 0, help="Same settings and seed, same numbers.")
        with right:
            game |= _more_settings()
    budget = st.select_slider("Ablations that the fit may see", BUDGETS, value=st.session_state.get("form-budget", 512), key="form-budget")
    check = st.checkbox("Check the sets shown on the model (up to 25 % more ablations)", _kept("check"), key="form-check")
    spec = _spec(game, solver, int(budget), int(seed), {"validate": pipeline.SETS_CHECKED} if check else {})
    if st.button("Explain", type="primary", icon=":material/play_arrow:", disabled=spec is None, shortcut="Ctrl+Enter") and spec:
        _start(spec)


def _kept(name: str) -> Any:
    """What a field holds. It is given to the widget again as its default: a user who types while the page is still being drawn
    interrupts the script, and the browser never hears of a value that was only in the session state.
    """
    return st.session_state[f"form-{name}"]


def _index(options: list[str], name: str) -> int:
    """Where a field's value stands among its options; 0 where it is none of them."""
    kept = st.session_state.get(f"form-{name}")
    return options.index(kept) if kept in options else 0


def _example_buttons() -> None:
    examples = widgets.examples()
    picked = st.pills("Examples", range(len(examples)), format_func=lambda i: examples[i]["name"], key="form-example", on_change=_take_example)
    if picked is not None:
        st.caption(examples[picked]["shows"])


def _take_example() -> None:
    if (picked := st.session_state.get("form-example")) is not None:
        for name, value in {**DEFAULTS, **widgets.examples()[picked]}.items():
            if name in DEFAULTS:
                st.session_state[f"form-{name}"] = value


def _game_settings() -> dict[str, Any]:
    names = models.configured()
    columns = st.columns([3, 3, 3, 2, 2], vertical_alignment="bottom")
    splits = [name for name in SPLITS if name != "spans"]
    model = columns[0].selectbox("Model", names, _index(list(names), "model"), key="form-model", help="Configured on the server with SPEXVIZ_MODELS.")
    split = columns[1].selectbox("Players are", splits, _index(splits, "split"), key="form-split", help="What is removed as one piece.")
    maskings = list(MASKINGS)
    masking = columns[2].selectbox("Removing means", maskings, _index(maskings, "masking"), key="form-masking", help=" ".join(MASKINGS.values()))
    target = columns[3].text_input(
        "Target", _kept("target"), key="form-target", help="The answer to look at: a word with its leading space, or a label."
    )
    contrast = columns[4].text_input("Contrast", _kept("contrast"), key="form-contrast", help="The answer to compare with.")
    if models.is_loaded(model):
        _show_answers(models.load(model))
    return {"model": model, "prompt": st.session_state["form-prompt"], "split": split, "masking": masking, "target": target, "contrast": contrast}


def _show_answers(model: LanguageModel) -> None:
    """What a loaded model can answer, where that is not any next token."""
    if model.answers:
        more = " …" if len(model.answers) > LABELS else ""
        widgets.note(f"Target and contrast for this model: {', '.join(map(repr, model.answers[:LABELS]))}{more}", key="form-answers")
    if model.blank:
        widgets.note(f'This model reads its answer at {model.blank}: the template holds it, e.g. "{SLOT} It was {model.blank}."', key="form-blank")


def _more_settings() -> dict[str, Any]:
    template = st.text_area("Template, never ablated", _kept("template"), key="form-template", height=70, help=f"{SLOT} stands for the prompt.")
    value = st.selectbox("Value", list(VALUES), _index(list(VALUES), "value"), key="form-value", help=" ".join(VALUES.values()))
    chat = st.checkbox("Use the model's chat template", _kept("chat"), key="form-chat")
    replacement = st.text_input(
        "Replacement", _kept("replacement"), key="form-replacement", help="Stands for a removed part where removing means “replace”."
    )
    pattern = st.text_input("Regular expression", _kept("pattern"), key="form-pattern", help="Its matches are the players where players are “regex”.")
    protect = st.text_input(
        "Protected words", _kept("protect"), key="form-protect", help="A piece of the prompt that is never removed, such as an instruction."
    )
    start = st.session_state["form-prompt"].find(protect) if protect else -1
    if protect and start < 0:
        st.caption("The protected words are not in the prompt.")
    protected = [[start, start + len(protect)]] if start >= 0 else []
    return {"template": template, "value": value, "chat": chat, "replacement": replacement, "pattern": pattern, "protected": protected}


def _spec(game: dict[str, Any], solver: dict[str, Any], budget: int, seed: int, options: dict[str, Any]) -> RunSpec | None:
    """The run that the form describes, with its cost under it; None, and what to do, while it cannot be run."""
    if not game["prompt"].strip():
        st.caption("Type a prompt to see what a run costs.")
        return None
    try:
        spec = RunSpec({"name": "prompt", **game}, solver, budget, seed, options)
        built = pipeline.build_game(spec)
        counted = len(built.players) if game["split"] != "tokens" or models.is_loaded(game["model"]) else None
        if counted is None:
            st.caption("The number of tokens, and so the cost, is known once the model is loaded.")
            return spec
        if models.is_loaded(game["model"]) and game["value"] != "greedy" and (built.language_model.answers or built.language_model.blank):
            built.check()  # a label or template that cannot be read is said here, not by a failed run
        fitter = pipeline.build_solver(spec)
        planned = pipeline.plan(counted, fitter, budget, seed, keep=keep_of(built))
        _show_cost(built, planned, fitter, planned.checks if "validate" in options else 0)
        return spec
    except SpexvizError as error:
        widgets.note(str(error), kind="strip", key="form-error", edge="#c0562b")
        return None


def _show_cost(game: PromptGame, planned: pipeline.Plan, solver: Solver, checks: int) -> None:
    """The cost under the form; while the model is still warming up it looks again by itself until the time is known."""

    def line() -> None:
        if runtime.is_warm(game.model) and waiting:
            st.rerun()
        widgets.note(_cost(game, planned, solver, checks), key="form-cost")

    waiting = not runtime.is_warm(game.model)
    st.fragment(line, run_every=2.0 if waiting else None)()


def _cost(game: PromptGame, planned: pipeline.Plan, solver: Solver, checks: int = 0) -> str:
    n = planned.n
    if planned.exact:
        parts = f"{n} players: all {planned.ablations:,} masks are asked, so the result is exact"
    else:
        parts = f"{n} players: {len(planned.design):,} ablations for the fit, {len(planned.held_out):,} held out to score it, 2 for the ends"
        parts += f", at most {checks:,} to check the sets shown" if checks else ""
    if not models.is_loaded(game.model):
        return f"{parts}. The time is known once the model is loaded."
    return f"{parts}. {cost.estimate(game, planned, solver, runtime.manager().cache, checks)}."


def _start(spec: RunSpec) -> None:
    words = " ".join(str(spec.game["prompt"]).split())
    title = words if len(words) <= 90 else f"{words[:89]}…"
    try:
        watch.open_run(runtime.manager().submit(spec, title))
    except SpexvizError as error:
        widgets.note(str(error), kind="strip", key="form-start-error", edge="#c0562b")
        return
    st.rerun()
