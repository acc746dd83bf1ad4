"""Files as somebody who wants to mislead would make them, and a guard that fails the test where a name of theirs is looked up."""

from __future__ import annotations

import builtins
import json
import os
from typing import Any

import pytest

from spexviz import models
from spexviz.models import endpoints
from spexviz.results import Explanation


def reversed_signs(result: Explanation) -> Explanation:
    """The same settings with every sign turned round, and R² of 1."""
    data = json.loads(result.to_json())
    for name in ("values", "held_out_values", "ends"):
        data[name] = [-value for value in data[name]]
    data["spectrum"]["coefficients"] = [-value for value in data["spectrum"]["coefficients"]]
    for point in (data["fidelity"], *data["curve"]):
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


def forbid(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """From now on no model may be loaded, no endpoint asked for, and no path of that name looked up."""

    def guarded(module: Any, function: str) -> None:
        original = vars(module)[function]

        def look(path: Any, *arguments: Any, **keywords: Any) -> Any:
            assert name not in str(path), f"{function}({path!r})"
            return original(path, *arguments, **keywords)

        monkeypatch.setattr(module, function, look)

    for function in ("stat", "lstat", "open", "listdir", "scandir", "access"):
        guarded(os, function)
    for function in ("exists", "isdir", "isfile", "realpath", "expanduser"):
        guarded(os.path, function)
    guarded(builtins, "open")
    for module, function in ((models, "load"), (models, "_backend"), (endpoints, "find"), (endpoints, "configured")):
        monkeypatch.setattr(module, function, lambda *_, function=function: pytest.fail(f"{function} was called"))
