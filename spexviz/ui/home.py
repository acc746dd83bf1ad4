"""Home: one living picture, an own sentence, and the ways to the other pages; no model is needed for it.

The picture is a recorded run that has asked every mask: its own answers say what the model says without any
of its words.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from urllib.parse import urlencode

import streamlit as st

from spexviz.errors import GameError, SpexvizError
from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.proposal import proposed
from spexviz.kit.options import options
from spexviz.kit.paths import ASSETS
from spexviz.models import configured
from spexviz.results import Explanation
from spexviz.run.plan import Request
from spexviz.ui import (
    address,
    browser,
    panels,
    recorded,
    routes,
    run_form,
    runtime,
    starting,
    watch,
    what_if,
    widgets,
)
from spexviz.ui.games import game_of
from spexviz.ui.lens import Lens
from spexviz.ui.lenses import lenses
from spexviz.ui.panels import View
from spexviz.ui.selection import off, selected
from spexviz.views.findings import usual_order
from spexviz.views.stories import glance
from spexviz.views.story import Look
from spexviz.views.tried import Calls, Outcome

LIVING = recorded.RUNS / "prompt" / "never-fails.json"
KEY = "home"  # of the views of the living run: they share a selection, and what is switched off
CALLS = Calls(hint="Tap a word to take it away: what does the model say then?")
GALLERY, LEARN = "gallery", "learn"  # pages, where they exist
PICTURES = ASSETS / "lenses"
EMPTY = "Type a sentence first, such as a line of a review: its words are what is taken away."
_FIELD, _TYPED = "home-sentence", "home-typed"  # session_state: the sentence, also while no page shows it

# Constant style, no user text: large words, and cards that are pressed anywhere.
STYLE = """<style>
.st-key-home-living { --spexviz-words: clamp(1.125em, 1.9vw, 1.7em); --spexviz-saver: none; }
.st-key-home-living .stColumn { min-width: min(100%, 26rem); }
[class*="st-key-home-door-"] { position: relative; }
[class*="st-key-home-door-"]:hover { border-color: light-dark(#5b3fa0, #b9a3f0); }
[class*="st-key-home-door-"] :is(.stElementContainer, .stPageLink) { position: static; }
[class*="st-key-home-door-"] a::after { content: ""; position: absolute; inset: 0; border-radius: inherit; }
</style>"""


def page() -> None:
    """The whole page. An address of before, with a run, leads to that run."""
    if st.query_params.get(address.RUN):
        query = urlencode({key: st.query_params[key] for key in st.query_params})
        browser.visit(f"{routes.first()}?{query}", instead=True)
        return
    st.html(STYLE)
    st.title("What does a model's answer hang on?", anchor=False)
    widgets.note(
        "spexviz takes parts away, asks the model again, and shows which of them act together: the words of "
        "a text, the parts of the model, or the examples that it learned from.",
        key="home-intro",
    )
    with st.container(border=True, key="home-living"):
        _living()
    _own_sentence()
    _doors()


@cache
def living() -> Explanation:
    """The recorded run of the picture; it is read once a process."""
    return Explanation.from_json(LIVING.read_text(encoding="utf-8"))


def _living() -> None:
    """The finding, the words, what the model says without some of them, and the sets: a run's own panels."""
    run = living()
    n = len(run.players)
    look = Look(
        order=usual_order(run),
        top=3,
        dark=widgets.dark(),
        selection=selected(KEY, n),
        off=off(KEY, n),
        press="off",
    )
    view = View(run, look, KEY)
    actions = {panels.WHAT_IF: st.fragment(_answered)}
    widgets.note(
        f"A small language model was asked whether the review “{run.subject.text}” is positive or negative, "
        "with and without each of its words.",
        key="home-asked",
    )
    found, text, changed, together = glance(run)
    panels.draw(found, view, actions)
    left, right = st.columns(2, gap="medium")  # one under the other where there is no room
    with left:
        panels.draw(text, view, actions)
        panels.draw(changed, view, actions)
    with right:
        panels.draw(together, view, actions)
        widgets.note(
            f"Recorded with {run.subject.model}: each of the {run.ablations} ways to take words away was "
            "measured, so every answer here is the model's own, and none has to run.",
            kind="quiet",
            key="home-recorded",
        )
        if st.button("Open the whole run", icon=":material/open_in_new:", key="home-open"):
            _open()


def _answered(view: View) -> None:
    """What is switched off reruns alone; the browser has shown its answer before."""
    out = off(KEY, len(view.explanation.players))
    found = Outcome(out, after=what_if.known(view.explanation, out))
    what_if.show(view, found, CALLS, place=st.container())


def _open() -> None:
    """The living run on its own page, taken into the store as any recorded one."""
    (one,) = [one for one in recorded.recorded("prompt") if one.path == LIVING]
    if run := runtime.manager().store.get(recorded.taken_in(one)):
        watch.go_to(run)


def _own_sentence() -> None:
    """One field and one button, which lead to a run; what was typed stays, whatever becomes of it."""
    st.header("Try your own sentence", anchor=False)
    scale = living().subject.scale
    answers = " or ".join(answer.strip() for answer in scale.answers)
    st.caption(f"The same question of your own words: does the model find them {answers}, and why?")
    st.session_state.setdefault(_FIELD, st.session_state.get(_TYPED, ""))
    with st.form("home-own", border=False):
        field, start = st.columns([4, 1], vertical_alignment="bottom")
        typed = field.text_input(
            "Your sentence", key=_FIELD, placeholder="The plot was thin, but I could not look away"
        )
        pressed = start.form_submit_button("Explain", type="primary", width="stretch")
    if not pressed:
        return
    st.session_state[_TYPED] = typed
    try:
        request = asked(typed)
    except SpexvizError as error:
        widgets.problem(error, key="home-wrong")
        return
    run_id = starting.submitted(request, typed)
    if run_id and (run := runtime.manager().store.get(run_id)):
        watch.go_to(run)


def asked(sentence: str) -> Request:
    """The run of an own sentence: the question of the living one, the rest as the form has it.

    Raises GameError, with the remedy, for a sentence that cannot be asked.
    """
    most = options(PromptGame)["prompt"].longest or 0
    if not sentence.strip():
        raise GameError(EMPTY)
    if len(sentence) > most:
        raise GameError(
            f"This is {len(sentence):,} characters long, and at most {most:,} are taken: shorten it, or "
            "start with a part of it."
        )
    question = game_of(living(), PromptGame)
    split = proposed(sentence)
    names = configured()
    model = question.model if question.model in names else names[0]
    game = replace(question, prompt=sentence, model=model, split=split.split if split else "words")
    return run_form.usual(game)


def _doors() -> None:
    """A card for each lens: its picture, what it is for, and the way there."""
    st.header("What can be taken away?", anchor=False)
    shown = [lens for lens in lenses() if routes.file_of(lens.page).exists()]
    for column, lens in zip(st.columns(len(shown)), shown, strict=True):
        with column.container(border=True, height="stretch", key=f"home-door-{lens.page}"):
            _door(lens)
    if routes.file_of(GALLERY).exists():
        routes.link(GALLERY, "All recorded runs: the gallery", ":material/photo_library:")
    if routes.file_of(LEARN).exists():
        routes.link(LEARN, "New to this? Short lessons, beside real runs", ":material/school:")


def _door(lens: Lens) -> None:
    picture = PICTURES / f"{lens.page}.svg"
    if picture.exists():
        st.image(picture, width=160)
    widgets.heading(lens.title, lens.plainly or lens.intro, key=f"home-{lens.page}")
    routes.link(lens.page, lens.entry, lens.icon)
