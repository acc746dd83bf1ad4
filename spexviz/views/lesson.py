"""Lesson: steps beside a real run, each with something to do there, then questions; data, as a file says it.

A lesson is a file of `assets/lessons/`, such as `1-four-masks.toml`:

    title = "Two words, four masks"
    about = "What an interaction is."       # on its card
    minutes = 5
    run = "prompt.never-fails"              # the recorded run that stands beside it

    [facts]                                 # numbers, so that no sentence can say another than the run
    without_never = { off = [2] }           # the model's recorded answer: "38 %"

    [[steps]]
    title = "A sentence, and what the model says"
    text = "Plain words, for everybody. Paragraphs are parted by an empty line; {without_never} is a fact."
    analyst = "What stands under it for an analyst and a researcher."
    researcher = "What stands under both for a researcher."
    show = ["The text", "What if?"]         # panels of the run by their titles, or what ui/learn has
    begin = { off = [], order = 2 }         # how the run is looked at when the step begins; the rest stays
    ask = "Switch “never” off: …"
    until = { off = [2] }                   # the step is done when the run is looked at so: see `Goal`
    seen = "Without “never” …"              # what was to be seen, over the next step
    given = { pair = [2, 3] }               # what its pieces are told

    [[questions]]
    ask = "What …?"
    choices = [
        { text = "…", why = "…" },
        { text = "…", why = "…", right = true },
    ]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from spexviz.masks import Interaction
from spexviz.views.story import DEPTHS, Depth, Look

_FACT = re.compile(r"\{([a-z0-9_]+)\}")
Facts = Mapping[str, Mapping[str, Any]]
"""{name in the text: where the number comes from}: see `views/facts.py`."""


@dataclass(frozen=True)
class Goal:
    """When a step is done: all of this holds. What is None may be anything.

    `off`, `selected`: the players switched off, or selected, exactly these; `index`, `order`, `sets`: as the
    controls are set; `tried`: all that must have been switched off since the step began, one set after the
    other, () for none of them; `did`: what the pieces beside the lesson must have reported.
    """

    off: Interaction | None = None
    selected: Interaction | None = None
    index: str | None = None
    order: int | None = None
    sets: int | None = None
    tried: tuple[Interaction, ...] = ()
    did: tuple[str, ...] = ()

    def is_met(self, look: Look, tried: Collection[Interaction] = (), did: Collection[str] = ()) -> bool:
        """Whether a run that is looked at so, with what was tried and reported, is what was asked for."""
        pairs = (
            (self.off, look.off),
            (self.selected, look.selection),
            (self.index, look.index),
            (self.order, look.order),
            (self.sets, look.top),
        )
        is_so = all(wanted is None or wanted == now for wanted, now in pairs)
        return is_so and set(self.tried) <= set(tried) and set(self.did) <= set(did)


@dataclass(frozen=True)
class Step:
    """One step: what is said at each depth, what to do, and what stands beside it.

    `run`: the recorded run beside it, where it is not the lesson's; `begin`: how that is looked at on
    arrival, unless one goes on to it by doing what the step before asked for: "off", "selected", "index",
    "order", "sets", by default nothing switched off or selected, and as every run is looked at first.
    `given`: what its pieces are told.
    """

    title: str
    text: str
    ask: str = ""
    until: Goal = Goal()
    seen: str = ""
    analyst: str = ""
    researcher: str = ""
    show: tuple[str, ...] = ()
    begin: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""

    @property
    def asks(self) -> bool:
        """Whether something is to be done before it is done."""
        return self.until != Goal()

    def said(self, depth: Depth) -> tuple[str, ...]:
        """Its paragraphs at a depth: what everybody reads, then what is for this depth and those above it."""
        told = (self.text, self.analyst, self.researcher)[: DEPTHS.index(depth) + 1]
        return tuple(
            paragraph.strip() for text in told for paragraph in text.split("\n\n") if paragraph.strip()
        )


@dataclass(frozen=True)
class Choice:
    """An answer that can be chosen, and why it is right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with answers to choose from, exactly one of them right."""

    ask: str
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        if [choice.right for choice in self.choices].count(True) != 1:
            raise ValueError(f"not exactly one answer is right: {self.ask}")


@dataclass(frozen=True)
class Lesson:
    """A lesson. `number`: its place, from 1, and its name in an address; `run`: of its steps."""

    number: int
    title: str
    about: str
    minutes: int
    steps: tuple[Step, ...]
    questions: tuple[Question, ...]
    run: str = ""
    facts: Facts = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Steps and questions, one place each."""
        return len(self.steps) + len(self.questions)

    def run_of(self, step: Step) -> str:
        """The recorded run beside a step."""
        return step.run or self.run


def read(text: str, number: int) -> Lesson:
    """The lesson that a file tells. Raises ValueError, TypeError or KeyError where it does not tell one."""
    data = tomllib.loads(text)
    steps = tuple(_step(step) for step in data.pop("steps"))
    questions = tuple(_question(question) for question in data.pop("questions"))
    return Lesson(number=number, steps=steps, questions=questions, **data)


def _step(data: dict[str, Any]) -> Step:
    until = {name: _frozen(value) for name, value in data.pop("until", {}).items()}
    begin = {name: _frozen(value) for name, value in data.pop("begin", {}).items()}
    return Step(until=Goal(**until), begin=begin, show=tuple(data.pop("show", ())), **data)


def _question(data: dict[str, Any]) -> Question:
    choices = tuple(Choice(**choice) for choice in data.pop("choices"))
    return Question(choices=choices, **data)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return value


def filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with each {name} replaced by its fact. Raises KeyError for one that there is not."""
    return _FACT.sub(lambda found: facts[found[1]], text)
