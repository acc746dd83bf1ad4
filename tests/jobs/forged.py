"""Files as somebody who wants to mislead would make them, and a guard against looking up a name of theirs."""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spexviz import models
from spexviz.models import endpoints
from spexviz.results import Explanation


def reversed_signs(result: Explanation) -> Explanation:
    """The same settings with every sign turned round, and R² of 1."""
    data = json.loads(result.to_json())
    for part in (data["sample"], data["held_out"]):
        part["values"] = [-value for value in part["values"]]
    data["ends"] = [-value for value in data["ends"]]
    data["spectrum"]["coefficients"] = [-value for value in data["spectrum"]["coefficients"]]
    for point in (data["proof"]["fidelity"], *data["proof"]["curve"]):
        point["r2"], point["interval"] = 1.0, [1.0, 1.0]
    return Explanation.from_json(json.dumps(data))


def unfinished(result: Explanation, **game: Any) -> Explanation:
    """The result as a file that calls itself incomplete, with other settings of its game."""
    data = json.loads(result.to_json())
    data["complete"] = False
    data["spec"]["game"] |= game
    return Explanation.from_json(json.dumps(data))


def finished(result: Explanation, **game: Any) -> Explanation:
    """The result with other settings of its game."""
    data = json.loads(result.to_json())
    data["spec"]["game"] |= game
    return Explanation.from_json(json.dumps(data))


@contextmanager
def untouched(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Fails the test where inside it a path or a model of that name is looked up, or any endpoint.

    What happens is noted and told at the end: an error raised in a page's thread would be lost.
    """
    seen: list[str] = []

    def guard(module: Any, function: str, forbidden: str = name) -> None:
        original = vars(module)[function]

        def look(asked: Any, *arguments: Any, **keywords: Any) -> Any:
            if forbidden in str(asked):
                seen.append(f"{function}({asked!r})")
            return original(asked, *arguments, **keywords)

        patch.setattr(module, function, look)

    with monkeypatch.context() as patch:
        for function in ("stat", "lstat", "open", "listdir", "scandir", "access"):
            guard(os, function)
        for function in ("exists", "isdir", "isfile", "realpath", "expanduser"):
            guard(os.path, function)
        guard(builtins, "open")
        guard(models, "load")
        guard(models, "_backend")
        guard(endpoints, "find", "")
        yield
    assert not seen
