"""The form of a prompt run: example, prompt, model, how to split and mask it, what to look at, solver, budget."""

from __future__ import annotations

from typing import Any

import streamlit as st

from spexviz import models
from spexviz.games.prompt.game import MASKINGS, SLOT, VALUES, PromptGame
from spexviz.games.prompt.segments import SPLITS
from spexviz.models.base import LanguageModel
from spexviz.spec import RunSpec
from spexviz.ui import lens, run_form, widgets

LABELS = 20  # of a classifier, named under the form
REVIEW = "Review: {}\nSentiment (positive or negative):"
DEFAULTS = {"prompt": "", "template": REVIEW, "target": " positive", "contrast": " negative", "split": "words", "masking": "delete"}
MORE = {"chat": False, "value": "log-odds", "replacement": "_", "pattern": r"\w+", "protect": ""}
FIELDS = run_form.Fields("form", DEFAULTS | MORE)


def prefill(spec: RunSpec) -> None:
    """Put the settings of a run back into the form."""
    FIELDS.fill(spec.game, "model")
    run_form.prefill(spec)


def form() -> None:
    """The whole form; starts the run and opens it."""
    FIELDS.begin()
    _example_buttons()
    st.text_area(
        "Prompt", FIELDS.kept("prompt"), key="form-prompt", height=100, max_chars=20_000, placeholder="Type a sentence, or press an example above."
    )
    game = _game_settings()
    with st.expander("Solver, template and more"):
        left, right = st.columns(2)
        with left:
            solver, seed = run_form.solver_and_seed()
        with right:
            game |= _more_settings()
    budget, options = run_form.budget_and_checks()
    spec = _spec(game, solver, budget, seed, options)
    if run_form.explain_button(spec):
        lens.start(spec, game["prompt"])


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
    model = columns[0].selectbox(
        "Model", names, FIELDS.index(list(names), "model"), key="form-model", help="Configured on the server with SPEXVIZ_MODELS."
    )
    split = columns[1].selectbox("Players are", splits, FIELDS.index(splits, "split"), key="form-split", help="What is removed as one piece.")
    maskings = list(MASKINGS)
    masking = columns[2].selectbox(
        "Removing means", maskings, FIELDS.index(maskings, "masking"), key="form-masking", help=" ".join(MASKINGS.values())
    )
    target = columns[3].text_input(
        "Target", FIELDS.kept("target"), key="form-target", help="The answer to look at: a word with its leading space, or a label."
    )
    contrast = columns[4].text_input("Contrast", FIELDS.kept("contrast"), key="form-contrast", help="The answer to compare with.")
    if models.is_loaded(model):
        _show_answers(models.load(model))
    return {
        "name": "prompt",
        "model": model,
        "prompt": st.session_state["form-prompt"],
        "split": split,
        "masking": masking,
        "target": target,
        "contrast": contrast,
    }


def _show_answers(model: LanguageModel) -> None:
    """What a loaded model can answer, where that is not any next token."""
    if model.answers:
        more = " …" if len(model.answers) > LABELS else ""
        widgets.note(f"Target and contrast for this model: {', '.join(map(repr, model.answers[:LABELS]))}{more}", key="form-answers")
    if model.blank:
        widgets.note(f'This model reads its answer at {model.blank}: the template holds it, e.g. "{SLOT} It was {model.blank}."', key="form-blank")


def _more_settings() -> dict[str, Any]:
    template = st.text_area("Template, never ablated", FIELDS.kept("template"), key="form-template", height=70, help=f"{SLOT} stands for the prompt.")
    value = st.selectbox("Value", list(VALUES), FIELDS.index(list(VALUES), "value"), key="form-value", help=" ".join(VALUES.values()))
    chat = st.checkbox("Use the model's chat template", FIELDS.kept("chat"), key="form-chat")
    replacement = st.text_input(
        "Replacement", FIELDS.kept("replacement"), key="form-replacement", help="Stands for a removed part where removing means “replace”."
    )
    pattern = st.text_input(
        "Regular expression", FIELDS.kept("pattern"), key="form-pattern", help="Its matches are the players where players are “regex”."
    )
    protect = st.text_input(
        "Protected words", FIELDS.kept("protect"), key="form-protect", help="A piece of the prompt that is never removed, such as an instruction."
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
    loaded = models.is_loaded(game["model"])
    if game["split"] == "tokens" and not loaded:
        st.caption("The number of tokens, and so the cost, is known once the model is loaded.")
        return RunSpec(game, solver, budget, seed, options)

    def check(built: PromptGame) -> None:
        if loaded and game["value"] != "greedy" and (built.language_model.answers or built.language_model.blank):
            built.check()  # a label or template that cannot be read is said here, not by a failed run

    return run_form.ready(game, solver, budget, seed, options, check)
