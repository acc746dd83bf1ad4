"""The Learn page: all lessons, or one of them: a panel that asks for an action, beside what it is done on.

Where one is stands in the address, with all that is set: whoever opens it sees the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from spexviz.ui import address, browser, depth, widgets
from spexviz.ui.learn import book, place, shelf, stage
from spexviz.ui.learn.place import Place
from spexviz.views.lesson import Lesson, Step
from spexviz.views.lessons import Standing, panel, step_at
from spexviz.views.story import DEPTHS, Component, Look

_DONE = "learn-done"  # session_state: {(lesson, step)} that were done, from 1
_SEEN = "learn-seen"  # session_state: the step that was done just now, from 1
_HELD = "learn-held"  # session_state: what the step asks for was so before it began
_OPEN = "learn-open"  # session_state: the lesson that was asked for, 0 for all
# Constant style, no user text: the panel stays in sight beside what is done.
STYLE = """<style>
.stColumn:has(.st-key-learn-panel) {
  position: sticky;
  top: 0;
  align-self: flex-start;
  max-height: calc(100dvh - 3.75rem);
  overflow-y: auto;
  padding: 0.25rem;
}
.st-key-learn-panel [data-testid="stButtonGroup"] button { padding-inline: 0.6rem; }
@media (max-width: 640px) {
  .stColumn:has(.st-key-learn-panel) {
    top: 0;
    z-index: 50;
    max-height: 46dvh;
    background: light-dark(#ffffff, #14131a);
    border-bottom: 1px solid light-dark(#d9d9e0, #3a3d47);
  }
}
</style>"""


def page() -> None:
    """The whole page."""
    asked = st.session_state.pop(_OPEN, None)
    if asked is not None:
        browser.visit(place.path(_resumed(asked)))
        return
    here, is_new = place.arrive(st.query_params)
    lesson = book.lesson_of(here.lesson) if here else None
    if here is None or lesson is None:
        shelf.draw()
        return
    if is_new:
        _arrive(lesson, here)
    here = _gone_on(lesson, here)
    _draw(lesson, here)
    place.remember()


def _resumed(number: int) -> Place | None:
    """Where one goes on in a lesson: where one was, from the beginning where it was finished."""
    lesson = book.lesson_of(number)
    if lesson is None:
        return None
    before = place.progress_of(number)
    return Place(number, 1 if before.is_finished(lesson) else before.at)


# ---- going on ---------------------------------------------------------------------------------------------


def _arrive(lesson: Lesson, here: Place) -> None:
    """By an address: what it says of how the run is looked at goes before how the step begins."""
    said = address.read(st.query_params)
    depth.give(said.pop("depth", None))
    step = step_at(lesson, here.at)
    _begin(lesson, step)
    if step is None or not said:
        return
    look = stage.first_look(lesson.run_of(step), replace(step, begin={}))
    names = {"index": "index", "order": "order", "sets": "top", "selected": "selection", "off": "off"}
    stage.set_up(lesson.run_of(step), replace(look, **{names[name]: value for name, value in said.items()}))
    _hold(lesson, step)


def _begin(lesson: Lesson, step: Step | None, *, as_it_is: bool = False) -> None:
    """A step begins. `as_it_is`: the run stays as it is looked at."""
    stage.begin()
    st.session_state.pop(_SEEN, None)
    if step is None:
        return
    if not as_it_is:
        stage.set_up(lesson.run_of(step), stage.first_look(lesson.run_of(step), step))
    _hold(lesson, step)


def _hold(lesson: Lesson, step: Step) -> None:
    """What is so from the beginning was not done."""
    st.session_state[_HELD] = _is_so(lesson, step)


def _is_so(lesson: Lesson, step: Step) -> bool:
    """Whether what a step asks for is so."""
    if not step.asks:
        return False
    look = stage.look_at(lesson.run_of(step))
    return step.until.is_met(look, stage.tried(look), stage.did())


def _is_done(lesson: Lesson, step: Step) -> bool:
    """Whether it was done since the step began."""
    is_so = _is_so(lesson, step)
    if st.session_state.get(_HELD) and is_so:
        return False
    st.session_state[_HELD] = False
    return is_so


def _gone_on(lesson: Lesson, here: Place) -> Place:
    """Where one is now: a step on, where what was asked for has been done."""
    step = step_at(lesson, here.at)
    if step is None or not _is_done(lesson, step):
        return here
    _mark(lesson, here)
    there = Place(lesson.number, here.at + 1)
    place.go_to(there)
    _begin(lesson, step_at(lesson, there.at), as_it_is=True)
    st.session_state[_SEEN] = here.at
    return there


def _mark(lesson: Lesson, here: Place) -> None:
    st.session_state[_DONE] = st.session_state.get(_DONE, frozenset()) | {(lesson.number, here.at)}


def _go(lesson: Lesson, here: Place, said: Any) -> None:
    """Go where the browser says; a step that asks for nothing is done when one leaves it."""
    at = said.get("at") if isinstance(said, dict) else None
    if isinstance(said, dict):
        _answer(lesson, said.get("answered"))
    if not isinstance(at, int) or not 1 <= at <= lesson.length + 1:
        return
    step = step_at(lesson, here.at)
    if step is not None and not step.asks:
        _mark(lesson, here)
    there = Place(lesson.number, at)
    place.go_to(there)
    _begin(lesson, step_at(lesson, at))


# ---- drawing ----------------------------------------------------------------------------------------------


def _draw(lesson: Lesson, here: Place) -> None:
    """The panel, and what stands beside it."""
    st.html(STYLE)
    left, right = st.columns([5, 8], gap="medium")
    step = step_at(lesson, here.at)
    with left, st.container(key="learn-panel"):
        _panel(lesson, here)
        with st.container(horizontal=True, vertical_alignment="center"):
            depth.switch(DEPTHS)
            _link(lesson, here, step)
    with right, st.container(key="learn-stage"):
        _beside(lesson, here, step or lesson.steps[-1], is_step=step is not None)


def _beside(lesson: Lesson, here: Place, step: Step, *, is_step: bool) -> None:
    """What a step is done on; beside questions what was last seen stays."""

    def settle(look: Look) -> None:
        if is_step and _is_done(lesson, step):
            st.rerun()
        browser.settle(here.words(), said(lesson, step, look), address.NAMES)

    stage.draw(lesson, step, settle)


def said(lesson: Lesson, step: Step, look: Look) -> dict[str, str]:
    """What the address says of a look: all of it where it is not as the step begins, and for whom."""
    words = address.words(look)
    if words == address.words(stage.first_look(lesson.run_of(step), step)):
        return {"depth": words["depth"]}
    return words


def _panel(lesson: Lesson, here: Place) -> None:
    progress = place.progress_of(lesson.number)
    answered = {k: progress.chosen(k) for k in range(len(lesson.questions))}
    done = {at for number, at in st.session_state.get(_DONE, ()) if number == lesson.number}
    standing = Standing(
        here.at,
        frozenset(done),
        {k: choice for k, choice in answered.items() if choice is not None},
        st.session_state.get(_SEEN, 0),
        progress.furthest,
    )
    following = book.lesson_of(lesson.number + 1)
    shown = panel(
        lesson, standing, book.facts_of(lesson.number), depth.depth(), following, dark=widgets.dark()
    )
    given = {name: st.query_params.get(name, "") for name in place.NAMES}
    more = {"words": here.words(), "given": given, "names": {"step": place.STEP}, "kept": list(address.NAMES)}
    asking = Component("lesson", {**shown.data, **more}, shown.text)

    widgets.asking(
        asking,
        "learn",
        go=lambda said: _go(lesson, here, said),
        answer=lambda said: _answer(lesson, said),
        open=_open,
    )


def _answer(lesson: Lesson, said: Any) -> None:
    if isinstance(said, dict):
        place.answer(lesson, said.get("question"), said.get("choice"))


def _open(said: Any) -> None:
    number = said.get("lesson") if isinstance(said, dict) else None
    if isinstance(number, int):
        st.session_state[_OPEN] = number


def _link(lesson: Lesson, here: Place, step: Step | None) -> None:
    """The address of this very place, for a class."""
    with st.popover("Link", icon=":material/link:", help="Opens this lesson at this step, set as it is here"):
        words = {"depth": depth.depth()}
        if step is not None:
            words = said(lesson, step, stage.look_at(lesson.run_of(step)))
        browser.copy_link(place.path(here, words).partition("?")[2], key="learn-link")
