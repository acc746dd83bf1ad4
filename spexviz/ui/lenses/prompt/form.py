"""The form of a prompt run: example, prompt, what to look at, model, split, masking, solver, budget.

Fields that do not apply are not shown, and have their defaults in the run. What the model says of all this is
asked beside the page once it is loaded; what would stop a run is said before it starts.
"""

from __future__ import annotations

import json
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
from spexviz.spec import describe
from spexviz.ui import lens, run_form, widgets
from spexviz.ui.beside import Questions
from spexviz.ui.fields import Fields
from spexviz.ui.lenses.prompt import marker, messages, splits
from spexviz.ui.lenses.prompt.question import Question

# what an example sets
EXAMPLE = ("prompt", "template", "target", "contrast", "split", "masking", "space", "beginning", "value")
FIELDS = Fields("form", PromptGame, {"pattern": r"\w+"}, without=("spans", "protected", "turns"))
TYPE_FIRST = "Type a prompt first, or press an example: its words are what is removed."


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
    questions = Questions()
    question = Question(FIELDS, FIELDS.kept("model", names))
    _example_buttons()
    chosen = _prompt(question, questions) | question.draw() | _pieces(names)
    with st.expander("Solver, template and more"):
        left, right = st.columns(2)
        with left:
            solver, seed = run_form.solver_and_seed()
        with right:
            chosen |= _more_settings(question, questions)
    budget, options = run_form.budget_and_checks(solver)
    game = _game(chosen, question)
    _show_hint(game)
    request = run_form.ready(game, solver, budget, seed, options, None, _unknown(game))
    pressed = run_form.explain_button(request, _missing(chosen, question))
    if pressed and game is not None and request is not None and not question.wrong:
        checked = _checked(game, question, questions)
        if checked is not None:
            lens.start(Request(checked, request.solver, budget, seed, options), title(checked))
    question.tell(_around(chosen), chosen["value"], questions)
    if game is not None:
        _look_ahead(game, question, questions)
    questions.follow()


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


def _prompt(question: Question, questions: Questions) -> dict[str, Any]:
    """The prompt, and what belongs to it: marks, the split that it asks for, the conversation."""
    prompt = FIELDS.draw(
        "prompt",
        height=100,
        placeholder="Type a sentence, or press an example above.",
        on_change=_propose_split,
    )
    question.places["prompt"] = st.container()
    if FIELDS.kept("split") == marker.PLAYERS:
        marker.draw(marker.PLAYERS, prompt)
    splits.offer(FIELDS, prompt)
    turns = ()
    if FIELDS.kept("chat") and _can_chat(question.model, questions):
        turns = messages.editor(FIELDS)
    return {"prompt": prompt, "turns": turns}


def _propose_split() -> None:
    """Players between Unicode's boundaries for a prompt that was typed in a script without spaces."""
    if FIELDS.kept("split") == "words" and is_unspaced(FIELDS.kept("prompt")):
        FIELDS.fill({"split": "boundaries"})


def _pieces(names: tuple[str, ...]) -> dict[str, Any]:
    """Model, split and masking, each with what it needs under it."""
    columns = st.columns(3)
    chosen: dict[str, Any] = {"model": run_form.model_of(FIELDS, names, columns[0])}
    with columns[1]:
        chosen["split"] = FIELDS.draw("split", offered=tuple(SPLITS), told=True)
        chosen |= FIELDS.draw_if(chosen["split"] == "regex", "pattern")
        if chosen["split"] == marker.PLAYERS:
            chosen["spans"] = marker.ranges(marker.PLAYERS, FIELDS.kept("prompt"))
    with columns[2]:
        chosen["masking"] = FIELDS.draw("masking", told=True)
        chosen |= FIELDS.draw_if(chosen["masking"] == "replace", "replacement")
    return chosen


def _more_settings(question: Question, questions: Questions) -> dict[str, Any]:
    chosen = {"template": FIELDS.draw("template", height=70)}
    question.places["template"] = st.container()
    chosen |= FIELDS.draw_if(_can_chat(question.model, questions), "chat")
    chosen |= FIELDS.draw_all(("space",))
    chosen |= FIELDS.draw_if(not chosen.get("chat"), "beginning")
    chosen["protected"] = marker.draw(marker.KEPT, FIELDS.kept("prompt"))
    return chosen


def _can_chat(model: LanguageModel | None, questions: Questions) -> bool:
    """Whether a model has a chat template; True while that is not known."""
    if model is None:
        return True

    def can() -> bool:
        with suppress(SpexvizError):
            return bool(model.chat("Hello"))
        return False

    return questions.get(("chat", model.fingerprint), can) is not False


def _game(chosen: dict[str, Any], question: Question) -> PromptGame | None:
    """The game of the settings; None where there is no prompt yet, or with what is wrong at its field."""
    if not chosen["prompt"].strip():
        return None
    try:
        return PromptGame(**chosen)
    except SpexvizError as error:
        with question.places.get(error.about) or st.container():
            widgets.problem(error, key="form-game-error")
        question.wrong[error.about] = str(error)
        return None


def _around(chosen: dict[str, Any]) -> PromptGame | None:
    """The same prompt as it is asked, whatever its answers are; None where it cannot be asked."""
    with suppress(SpexvizError):
        without = {name: held for name, held in chosen.items() if name not in ("target", "contrast")}
        return PromptGame(**{**without, "value": "greedy"})
    return None


def _missing(chosen: dict[str, Any], question: Question) -> str:
    """What there is to do before a run can start, as far as it is known; said at its field too."""
    if chosen["prompt"].strip():
        return next(iter(question.wrong.values()), "")
    if st.session_state.get(run_form.EXPLAIN):
        with question.places["prompt"]:
            widgets.problem(TYPE_FIRST, key="form-prompt-missing")
    else:
        st.caption("What a run costs stands here once there is a prompt.")
    return TYPE_FIRST


def _show_hint(game: PromptGame | None) -> None:
    """What to do where the prompt is a single player; nothing is loaded for it."""
    if game is None or _unknown(game):
        return
    with suppress(SpexvizError):  # told where the run is made ready
        if game.hint:
            widgets.note(game.hint, key="form-hint")


def _unknown(game: PromptGame | None) -> str:
    """Why the cost is not known yet; "" where it is."""
    if game is not None and game.split == "tokens" and not models.is_loaded(game.model_name):
        return "The number of tokens, and so the cost, is known once the model is loaded."
    return ""


def _look_ahead(game: PromptGame, question: Question, questions: Questions) -> None:
    """Say what would stop a run of this game once it has started, and what the model itself answers."""
    if question.model is None or question.wrong:
        return
    try:
        checked = questions.get(_key(game), lambda: _check(game))
    except SpexvizError as error:
        _say(error, question)
        return
    if game.value == "greedy":
        question.tell_own(checked.answers[0] if checked is not None else None)


def _checked(game: PromptGame, question: Question, questions: Questions) -> PromptGame | None:
    """The game, once its model has nothing against it; None, and what is wrong, elsewhere."""
    if question.model is None:
        return game
    try:
        with st.spinner("Asking the model …"):
            return questions.await_(_key(game), lambda: _check(game))
    except SpexvizError as error:
        _say(error, question)
        return None


def _key(game: PromptGame) -> tuple[str, str]:
    return "check", json.dumps(describe(game), sort_keys=True)


def _check(game: PromptGame) -> PromptGame:
    game.check()
    return game


def _say(error: SpexvizError, question: Question) -> None:
    """A problem at the field that it is about."""
    if "model" in question.wrong:
        return  # said
    question.wrong["model"] = str(error)
    with question.places.get(error.about) or st.container():
        widgets.problem(error, key="form-check-error")
    if question.model is not None and question.model.blank:
        widgets.note(
            f"This model reads its answer at {question.model.blank}: the template holds it, e.g. "
            f'"{SLOT} It was {question.model.blank}."',
            key="form-blank",
        )
