"""The form of a prompt run: example, prompt, model, split, masking, what to look at, solver, budget."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.games.prompt.game import SLOT, PromptGame
from spexviz.games.prompt.scripts import is_unspaced
from spexviz.games.prompt.segments import SPLITS
from spexviz.kit.options import settings
from spexviz.models.base import LanguageModel
from spexviz.run.plan import Request
from spexviz.ui import lens, run_form, widgets
from spexviz.ui.fields import Fields
from spexviz.ui.lenses.prompt import marker, messages, splits

LABELS = 20  # of a classifier, named under the form
# what an example sets
EXAMPLE = ("prompt", "template", "target", "contrast", "split", "masking", "space", "beginning")
FIELDS = Fields(
    "form",
    PromptGame,
    {"pattern": r"\w+"},
    without=("spans", "protected", "answer_tokens", "turns"),
)


def prefill(request: Request) -> None:
    """Put the settings of a run back into the form."""
    given = settings(request.game)
    FIELDS.fill(given)
    messages.fill(given["turns"])
    marker.fill(given["prompt"], given)
    run_form.prefill(request)


def form() -> None:
    """The whole form; starts the run and opens it."""
    names = models.configured()
    FIELDS.begin(model=names[0])
    _example_buttons()
    prompt = FIELDS.draw(
        "prompt",
        height=100,
        placeholder="Type a sentence, or press an example above.",
        on_change=_propose_split,
    )
    if FIELDS.kept("split") == marker.PLAYERS:
        marker.draw(marker.PLAYERS, prompt)
    splits.offer(FIELDS, prompt)
    turns = messages.editor(FIELDS) if FIELDS.kept("chat") else ()
    chosen = {"prompt": prompt, "turns": turns, **_game_settings(names)}
    chosen["spans"] = marker.ranges(marker.PLAYERS, prompt) if chosen["split"] == marker.PLAYERS else None
    with st.expander("Solver, template and more"):
        left, right = st.columns(2)
        with left:
            solver, seed = run_form.solver_and_seed()
        with right:
            chosen |= _more_settings()
    budget, options = run_form.budget_and_checks(solver)
    game = None
    if prompt.strip():
        game = run_form.made(PromptGame, chosen)
        _show_hint(game)
    else:
        st.caption("Type a prompt to see what a run costs.")
    request = run_form.ready(game, solver, budget, seed, options, _check, _unknown(game))
    pressed = run_form.explain_button(request)
    if pressed and request is not None and game is not None:
        lens.start(request, title(game))


def title(game: PromptGame) -> str:
    """What a run is called."""
    return game.prompt


def _example_buttons() -> None:
    examples = widgets.examples()
    picked = st.pills(
        "Examples",
        range(len(examples)),
        format_func=lambda i: examples[i]["name"],
        key="form-example",
        on_change=_take_example,
    )
    if picked is not None:
        st.caption(examples[picked]["shows"])


def _take_example() -> None:
    picked = st.session_state.get("form-example")
    if picked is not None:
        example = {**FIELDS.firsts, **widgets.examples()[picked]}
        FIELDS.fill({name: example[name] for name in EXAMPLE})


def _propose_split() -> None:
    """Players between Unicode's boundaries for a prompt that was typed in a script without spaces."""
    if FIELDS.kept("split") == "words" and is_unspaced(FIELDS.kept("prompt")):
        FIELDS.fill({"split": "boundaries"})


def _show_hint(game: PromptGame | None) -> None:
    """What to do where the prompt is a single player; nothing is loaded for it."""
    if game is None or _unknown(game):
        return
    with suppress(SpexvizError):  # told where the run is made ready
        if game.hint:
            widgets.note(game.hint, key="form-hint")


def _game_settings(names: tuple[str, ...]) -> dict[str, Any]:
    columns = st.columns([3, 3, 3, 2, 2], vertical_alignment="bottom")
    model = run_form.model_of(FIELDS, names, columns[0])
    rest = zip(("masking", "target", "contrast"), columns[2:], strict=True)
    chosen = {"model": model, "split": FIELDS.draw("split", columns[1], offered=tuple(SPLITS))}
    chosen |= {name: FIELDS.draw(name, column) for name, column in rest}
    if models.is_loaded(model):
        _show_answers(models.load(model))
    return chosen


def _show_answers(model: LanguageModel) -> None:
    """What a loaded model can answer, where that is not any next token."""
    if model.answers:
        named = ", ".join(map(repr, model.answers[:LABELS]))
        more = " …" if len(model.answers) > LABELS else ""
        widgets.note(f"Target and contrast for this model: {named}{more}", key="form-answers")
    if model.blank:
        example = f"{SLOT} It was {model.blank}."
        widgets.note(
            f'This model reads its answer at {model.blank}: the template holds it, e.g. "{example}"',
            key="form-blank",
        )


def _more_settings() -> dict[str, Any]:
    template = FIELDS.draw("template", height=70)
    chosen = FIELDS.draw_all(("value", "chat", "space", "beginning", "replacement", "pattern"))
    protected = marker.draw(marker.KEPT, FIELDS.kept("prompt"))
    return {"template": template, **chosen, "protected": protected}


def _unknown(game: PromptGame | None) -> str:
    """Why the cost is not known yet; "" where it is."""
    if game is not None and game.split == "tokens" and not models.is_loaded(game.model_name):
        return "The number of tokens, and so the cost, is known once the model is loaded."
    return ""


def _check(game: PromptGame) -> None:
    if not models.is_loaded(game.model_name):
        return
    game.check_turns()
    if game.value == "greedy":
        return
    if game.language_model.answers or game.language_model.blank:
        game.check()  # a label or template that cannot be read is said here, not by a failed run
