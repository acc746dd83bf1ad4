"""Notebook: a run as the Python that asks for it again, for a cell or a script."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import spexviz
from spexviz.kit.options import befores
from spexviz.kit.registry import offered
from spexviz.models import GIVEN
from spexviz.run.plan import new_options
from spexviz.spec import Json, RunSpec, build

_WIDE = 88  # letters of a line, beyond which each setting has its own


def code(spec: RunSpec) -> str:
    """Code that asks for this run again, with the same spec, and shows what it found.

    A game that is a function of somebody's own, or a model that was given, stands as a gap, which says so.
    Raises SpecError for a solver that is not there.
    """
    games, solvers = (offered(f"spexviz.{what}s") for what in ("game", "solver"))
    solver = build(solvers, spec.solver, "solver")
    game = "..."
    lines = [f"import spexviz as sv  # {spexviz.__version__}", ""]
    kind = games.get(spec.game_name)
    if kind is not None and kind.__name__ in dir(spexviz):
        settings = _settings(kind, spec.game)
        if str(settings.get("model", "")).startswith(GIVEN):
            lines.append(f"model = ...  # your own, {settings['model']!a}: (model, tokenizer)")
            settings["model"] = _Name("model")
        game = _called(f"sv.{kind.__name__}", settings)
    lines.append(f"game = {game}")
    if game == "...":
        lines[-1] += f"  # your own game ({spec.game_name}): a run holds no function, so put it here"
    lines.append(f"solver = {_called(f'sv.{type(solver).__name__}', _settings(type(solver), spec.solver))}")
    usual = vars(new_options(solver))
    asked = {"budget": spec.budget, "seed": spec.seed}
    asked |= {name: value for name, value in vars(spec.options).items() if value != usual[name]}
    lines.append(f"result = {_called('sv.explain', asked, 'game', 'solver')}")
    return "\n".join([*lines, "", "sv.views.show(result)", ""])


class _Name(str):
    """A name in the code, not a text."""

    __repr__ = str.__str__


def _settings(kind: Any, said: Json) -> dict[str, Any]:
    """What a spec says of a thing, where this is another than what it has by itself."""
    meant = json.loads(json.dumps({**befores(kind), **said}))
    return {name: meant[name] for name, usual in _usual(kind) if name in meant and meant[name] != usual}


def _usual(kind: Any) -> Iterator[tuple[str, Any]]:
    """Each setting with what it is by itself, as JSON has it."""
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        usual: Any = field.default
        if field.default_factory is not dataclasses.MISSING:
            usual = field.default_factory()
        try:
            yield field.name, json.loads(json.dumps(usual))
        except TypeError:  # it has none, or none that a file holds
            yield field.name, dataclasses.MISSING


def _called(name: str, settings: dict[str, Any], *first: str) -> str:
    """A call, in one line where that is not too long."""
    given = [*first, *(f"{key}={value!r}" for key, value in settings.items())]
    line = f"{name}({', '.join(given)})"
    if len(line) <= _WIDE:
        return line
    inside = "".join(f"    {one},\n" for one in given)
    return f"{name}(\n{inside})"
