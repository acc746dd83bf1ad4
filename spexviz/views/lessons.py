"""Lessons: the panel beside a run that says what to do, as the data of a component of ours.

The script shows an answer's explanation at once, and reports by triggers: `answer` {"question": k, "choice":
k}, `go` {"at": place, "answered": the same, or null}, `open` {"lesson": number, 0 for all}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.views.component import colours, versioned
from spexviz.views.glossary import explained
from spexviz.views.lesson import Lesson, Question, Step, filled
from spexviz.views.story import Component, Depth

_COLOURS = ("ink", "muted", "grid", "surface", "accent", "page")
QUESTION = "Question"
END = "The end of this lesson"


@dataclass(frozen=True)
class Standing:
    """Where somebody stands in a lesson.

    `at`: the step, question, or end, from 1; `done`: the steps that were done; `chosen`: {question: choice},
    from 0; `seen`: the step, from 1, that was done just now, 0 for none; `furthest`: where one has been.
    """

    at: int
    done: frozenset[int] = frozenset()
    chosen: Mapping[int, int] | None = None
    seen: int = 0
    furthest: int = 1


def panel(
    lesson: Lesson,
    standing: Standing,
    facts: Mapping[str, str],
    depth: Depth,
    following: Lesson | None,
    *,
    dark: bool = False,
) -> Component:
    """The panel of a lesson at a place; `following`: the lesson after it."""
    body: dict[str, Any] = {
        "number": lesson.number,
        "lesson": lesson.title,
        "places": _places(lesson, standing),
        "at": standing.at,
        "seen": filled(lesson.steps[standing.seen - 1].seen, facts) if standing.seen else "",
        "title": title_of(lesson, standing.at),
        "paragraphs": [],
        "ask": "",
        "question": None,
        "end": None,
        "colours": colours(_COLOURS, dark),
    }
    step = step_at(lesson, standing.at)
    if step is not None:
        body["paragraphs"] = [filled(paragraph, facts) for paragraph in step.said(depth)]
        body["ask"] = filled(step.ask, facts)
    elif standing.at <= lesson.length:
        k = standing.at - len(lesson.steps) - 1
        body["question"] = _question(lesson.questions[k], k, (standing.chosen or {}).get(k), facts)
    else:
        body["end"] = _end(lesson, standing, following)
        body["paragraphs"] = [_score(lesson, standing)]
    body["terms"] = explained(*body["paragraphs"])
    text = " ".join([body["title"], *body["paragraphs"], body["ask"]])
    return Component("lesson", versioned(body, ()), text)


def step_at(lesson: Lesson, at: int) -> Step | None:
    """The step at a place; None for a question and for the end."""
    return lesson.steps[at - 1] if at <= len(lesson.steps) else None


def title_of(lesson: Lesson, at: int) -> str:
    """What a place is called."""
    step = step_at(lesson, at)
    if step is not None:
        return step.title
    if at > lesson.length:
        return END
    return f"{QUESTION} {at - len(lesson.steps)} of {len(lesson.questions)}"


def _places(lesson: Lesson, standing: Standing) -> list[dict[str, Any]]:
    """All places one can go to: what each is called, and whether it is done."""
    steps, chosen = len(lesson.steps), standing.chosen or {}
    found = []
    for at in range(1, lesson.length + 1):
        is_done = at in standing.done if at <= steps else at - steps - 1 in chosen
        been = at < standing.furthest
        found.append({"title": title_of(lesson, at), "done": is_done, "been": been, "asked": at > steps})
    return found


def _question(question: Question, k: int, chosen: int | None, facts: Mapping[str, str]) -> dict[str, Any]:
    choices: Sequence[dict[str, Any]] = [
        {"text": filled(choice.text, facts), "why": filled(choice.why, facts), "right": choice.right}
        for choice in question.choices
    ]
    return {"k": k, "ask": filled(question.ask, facts), "choices": choices, "chosen": chosen}


def _end(lesson: Lesson, standing: Standing, following: Lesson | None) -> dict[str, Any]:
    if following is None:
        return {"next": 0, "title": ""}
    return {"next": following.number, "title": following.title}


def _score(lesson: Lesson, standing: Standing) -> str:
    """How many questions were answered rightly."""
    chosen = standing.chosen or {}
    right = sum(lesson.questions[k].choices[choice].right for k, choice in chosen.items())
    count = len(lesson.questions)
    if len(chosen) == count == right:
        return f"You answered all {count} questions right."
    if not chosen:
        return (
            f"The {count} questions are still open: the row of marks above leads to each step and question."
        )
    answered = "all of them" if len(chosen) == count else f"{len(chosen)} of {count}"
    return f"You answered {answered}, {right} right. The row of marks above leads back to each."
