"""Place: where one is in the lessons: `/learn?lesson=3&step=4`, and how far one has come in each of them.

The address is what a teacher sends: whoever opens it is there. How far one has come is kept in this browser,
and nowhere else. Anybody can have written either: what can name no place is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.components.v2 import component

from spexviz.ui import browser
from spexviz.ui.learn import book
from spexviz.views.lesson import Lesson

PAGE = "learn"
LESSON, STEP = "lesson", "step"
NAMES = (LESSON, STEP)
COOKIE = "spexviz-learn"
_KEPT = "learn-kept"  # session_state: what the address said on arrival, and where one is
_PROGRESS = "learn-progress"  # session_state: {number of a lesson: Progress}
_NUMBER = re.compile(r"[0-9]{1,3}\Z")
_ENTRY = re.compile(r"([0-9]{1,2})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{0,9})\Z")
_MOST_LETTERS = 1000  # of the cookie
_keep = component(
    "spexviz_learn",
    js="""
    export default function ({ data }) {
      document.cookie = `${data.name}=${data.progress}; Path=/; Max-Age=31536000; SameSite=Strict`;
    }
    """,
)


@dataclass(frozen=True)
class Place:
    """`lesson`: its number; `at`: the step or question, from 1; one more than there are is its end."""

    lesson: int
    at: int = 1

    def words(self) -> dict[str, str]:
        """What its address says: {name: value}."""
        return {LESSON: str(self.lesson), STEP: str(self.at)}


@dataclass(frozen=True)
class Progress:
    """How far one has come in a lesson: where one was last, the furthest place, and what was answered.

    `answers`: a digit a question, the number of the choice from 1, or 0.
    """

    at: int = 1
    furthest: int = 1
    answers: str = ""

    def is_finished(self, lesson: Lesson) -> bool:
        """Whether one has been at the end."""
        return self.furthest > lesson.length

    def chosen(self, question: int) -> int | None:
        """The choice for a question, from 0; None for none yet."""
        digit = self.answers[question : question + 1] or "0"
        return int(digit) - 1 if digit != "0" else None

    def right(self, lesson: Lesson) -> int:
        """How many questions were answered rightly."""
        pairs = zip(lesson.questions, range(len(lesson.questions)), strict=True)
        chosen = [(question, self.chosen(k)) for question, k in pairs]
        return sum(1 for question, k in chosen if k is not None and question.choices[k].right)


def read(parameters: Mapping[str, str]) -> Place | None:
    """The place that an address names; None for that of no lesson."""
    lesson = book.lesson_of(_number(parameters.get(LESSON, "")))
    if lesson is None:
        return None
    at = max(1, _number(parameters.get(STEP, "")))
    return Place(lesson.number, min(at, lesson.length + 1))


def arrive(parameters: Mapping[str, str]) -> tuple[Place | None, bool]:
    """Where one is, as the address says on arrival, then as one has gone on; and whether one just arrived.

    The browser writes each step into the address, and tells the server by a trigger: what the server knows of
    the address stays that of the arrival.
    """
    came = tuple(parameters.get(name, "") for name in NAMES)
    kept = st.session_state.get(_KEPT)
    if kept is not None and kept[0] == came:
        go_to(kept[1], came)
        return kept[1], False
    there = read(parameters)
    go_to(there, came)
    return there, True


def go_to(place: Place | None, came: tuple[str, ...] | None = None) -> None:
    """Be somewhere else; it counts as how far one has come. `came`: what the address said on arrival."""
    kept = st.session_state.get(_KEPT, ((), None))
    st.session_state[_KEPT] = (kept[0] if came is None else came, place)
    if place is not None:
        before = progress_of(place.lesson)
        keep(place.lesson, replace(before, at=place.at, furthest=max(place.at, before.furthest)))


def leave() -> None:
    """Another page is shown: the next arrival goes by its address, also if it is the same."""
    st.session_state.pop(_KEPT, None)


def path(place: Place | None, said: Mapping[str, str] | None = None) -> str:
    """The path that leads there; None is the list of lessons. `said`: of how the run is looked at."""
    if place is None:
        return f"/{PAGE}"
    return f"/{PAGE}?{urlencode(place.words() | dict(said or {}))}"


def progress() -> dict[int, Progress]:
    """How far one has come, by the number of the lesson."""
    if _PROGRESS not in st.session_state:
        st.session_state[_PROGRESS] = parsed(st.context.cookies.get(COOKIE, ""))
    return st.session_state[_PROGRESS]


def progress_of(lesson: int) -> Progress:
    """How far one has come in a lesson."""
    return progress().get(lesson, Progress())


def keep(lesson: int, now: Progress) -> None:
    """One has come further, or has answered something."""
    st.session_state[_PROGRESS] = {**progress(), lesson: now}


def answer(lesson: Lesson, question: Any, choice: Any) -> None:
    """Keep the choice for a question, both from 0, as the browser says it; the first counts."""
    known = isinstance(question, int) and 0 <= question < len(lesson.questions)
    if not known or not isinstance(choice, int) or not 0 <= choice < len(lesson.questions[question].choices):
        return
    now = progress_of(lesson.number)
    if now.chosen(question) is not None:
        return
    digits = list(now.answers.ljust(len(lesson.questions), "0"))
    digits[question] = str(choice + 1)
    keep(lesson.number, replace(now, answers="".join(digits)))


def remember() -> None:
    """Have the browser keep how far one has come."""
    _keep(key=f"{browser.UNSEEN}-learn", data={"name": COOKIE, "progress": written(progress())})


def written(known: Mapping[int, Progress]) -> str:
    """The progress as a cookie says it: "1.4.7.21300_3.2.2."."""
    return "_".join(f"{k}.{p.at}.{p.furthest}.{p.answers}" for k, p in sorted(known.items()))


def parsed(cookie: str) -> dict[int, Progress]:
    """What a cookie says of lessons that there are."""
    found = {}
    for entry in cookie[:_MOST_LETTERS].split("_"):
        if (said := _ENTRY.match(entry)) and (lesson := book.lesson_of(int(said[1]))):
            end = lesson.length + 1
            at, furthest = (min(max(1, int(digits)), end) for digits in (said[2], said[3]))
            found[lesson.number] = Progress(at, max(at, furthest), _answers(lesson, said[4]))
    return found


def _answers(lesson: Lesson, digits: str) -> str:
    """The digits, if each can be a choice for its question."""
    fits = len(digits) <= len(lesson.questions)
    if fits and all(int(d) <= len(q.choices) for d, q in zip(digits, lesson.questions, strict=False)):
        return digits
    return ""


def _number(text: str) -> int:
    return int(text) if _NUMBER.match(text) else 0
