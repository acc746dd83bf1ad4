"""The bundled tasks of assets/heads: questions to explain, and others held out to judge removal by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from spexviz.games.heads.game import Question
from spexviz.kit.paths import ASSETS


@dataclass(frozen=True)
class Task:
    """A task: `shows` what it is about, `checked` how the bundled model fares, each in a sentence.

    `accuracy` and `log_odds` (mean, nats): of the bundled model.
    """

    name: str
    title: str
    shows: str
    checked: str
    accuracy: float
    log_odds: float
    fit: tuple[Question, ...]
    held_out: tuple[Question, ...]


@cache
def tasks() -> dict[str, Task]:
    """The bundled tasks by title."""
    found: dict[str, Task] = {}
    for path in sorted((ASSETS / "heads").glob("*.json")):
        fields = json.loads(path.read_text(encoding="utf-8"))
        for questions in ("fit", "held_out"):
            fields[questions] = tuple(map(tuple, fields[questions]))
        found[fields["title"]] = Task(**fields)
    return found


def task_of(questions: Sequence[Sequence[str]]) -> Task | None:
    """The task whose questions to explain these are."""
    asked = tuple(map(tuple, questions))
    return next((task for task in tasks().values() if task.fit == asked), None)
