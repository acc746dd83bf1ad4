"""Shelf: all lessons, what each is about, and how far one has come in it."""

from __future__ import annotations

import streamlit as st

from spexviz.ui import browser, widgets
from spexviz.ui.learn import book, place
from spexviz.ui.learn.place import Place
from spexviz.views.lesson import Lesson

INTRO = (
    "Short lessons beside real runs: each step says something, asks you to try it, and goes on when you have "
    "done so. The model's answers were recorded, so there is nothing to wait for. Five questions end each."
)


def draw() -> None:
    """The whole list."""
    st.title("Learn", anchor=False)
    st.caption(INTRO)
    known = place.progress()
    finished = [lesson for lesson in book.lessons() if _is_finished(lesson, known.get(lesson.number))]
    following = next((lesson for lesson in book.lessons() if lesson not in finished), None)
    for lesson in book.lessons():
        _row(lesson, known.get(lesson.number), is_next=lesson is following)


def _is_finished(lesson: Lesson, now: place.Progress | None) -> bool:
    return now is not None and now.is_finished(lesson)


def _row(lesson: Lesson, now: place.Progress | None, *, is_next: bool) -> None:
    key = f"learn-lesson-{lesson.number}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=key):
        with st.container():
            title = f"{lesson.number} · {lesson.title}"
            widgets.heading(title, book.about(lesson), _standing(lesson, now), key=f"{key}-title")
        if st.button(_label(lesson, now), key=f"{key}-open", type="primary" if is_next else "secondary"):
            goes_on = now is not None and not now.is_finished(lesson)
            browser.visit(place.path(Place(lesson.number, now.at if now and goes_on else 1)))


def _label(lesson: Lesson, now: place.Progress | None) -> str:
    if now is None:
        return "Start"
    return "Once more" if now.is_finished(lesson) else "Go on"


def _standing(lesson: Lesson, now: place.Progress | None) -> str:
    """How long it takes, or how far one has come."""
    if now is None:
        return (
            f"About {lesson.minutes} minutes: {len(lesson.steps)} steps, {len(lesson.questions)} questions."
        )
    if now.is_finished(lesson):
        return f"Finished; {now.right(lesson)} of {len(lesson.questions)} questions right."
    return f"You are at {now.at} of {lesson.length}."
