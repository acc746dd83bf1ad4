"""Book: the lessons as their files tell them, with the numbers of recorded runs in their sentences."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from spexviz.errors import SpexvizError
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.ui import recorded
from spexviz.views import facts
from spexviz.views.lesson import Lesson, filled, read

LESSONS = ASSETS / "lessons"
_FILE = re.compile(r"([1-9][0-9]?)-[a-z-]+\.toml\Z")


@cache
def lessons() -> tuple[Lesson, ...]:
    """All lessons there are, in their order."""
    found = []
    for path in LESSONS.glob("*.toml"):
        if named := _FILE.match(path.name):
            found.append(read(path.read_text(encoding="utf-8"), int(named[1])))
    return tuple(sorted(found, key=lambda lesson: lesson.number))


def lesson_of(number: int) -> Lesson | None:
    """The lesson of this number; None where there is none."""
    return next((lesson for lesson in lessons() if lesson.number == number), None)


@cache
def run_of(key: str) -> Explanation:
    """A recorded run, "prompt.never-fails"; it is read once a process."""
    one = recorded.of_key(key)
    if one is None:
        raise SpexvizError(f"There is no recorded run {key!r}: tools/record_runs.py makes them.")
    return Explanation.from_json(one.path.read_text(encoding="utf-8"))


@cache
def facts_of(number: int) -> dict[str, str]:
    """The numbers in the sentences of a lesson, by their names."""
    lesson = lesson_of(number)
    return facts.told(lesson.facts, lesson.run, run_of, file_of) if lesson else {}


def about(lesson: Lesson) -> str:
    """What stands on its card; runs are read only for numbers in it."""
    return filled(lesson.about, facts_of(lesson.number)) if "{" in lesson.about else lesson.about


@cache
def file_of(name: str) -> Any:
    """What a file beside the lessons holds."""
    return json.loads((LESSONS / name).read_text(encoding="utf-8"))
