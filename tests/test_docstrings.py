"""Every public name says what it is: a sentence, the shapes of its arrays, its units and its errors."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tools import site

ARRAYS = re.compile(r"\b(Masks|Values|Floats|Bools|Ints|Positions|NDArray)\b")
SHAPE = re.compile(r"\([\w^+…. ]+,[\w^+…., ]*\)")  # (n,), (m, n), (2^n, n), …
UNITS = re.compile(
    r"\bunit|\bnats|log-odds|\bvalues?\b|R²|share|probability|effects?\b|error|numbers? of|seconds",
    re.IGNORECASE,
)
NUMBERS = re.compile(r"\b(Values|Floats)\b")


def members(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """A public thing and what is public inside it, as far as it is ours."""
    yield name, thing
    if isinstance(thing, ModuleType):
        for part, inner in vars(thing).items():
            if not part.startswith("_") and getattr(inner, "__module__", None) == thing.__name__:
                yield from members(f"{name}.{part}", inner)
    elif inspect.isclass(thing):
        for part, inner in vars(thing).items():
            for within in ("__func__", "fget", "func", "function"):
                inner = getattr(inner, within, inner)
            if not part.startswith("_") and inspect.isfunction(inner):
                yield f"{name}.{part}", inner


def everything() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, path in site.public().items():
        found |= members(name, site._thing(path))
    return found


PUBLIC = everything()
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}


def said(name: str) -> str:
    """The docstring of a name, or the one that it inherits."""
    thing = PUBLIC[name]
    own = inspect.getdoc(thing)
    owner, _, part = name.rpartition(".")
    if own is None and inspect.isclass(PUBLIC.get(owner)):
        for base in PUBLIC[owner].__mro__[1:]:
            if part in vars(base):
                return inspect.getdoc(getattr(base, part)) or ""
    return own or ""


def annotated(thing: Any) -> str:
    """All that the signature says of types; of a dataclass its fields."""
    if inspect.isclass(thing):
        fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
        return " ".join(str(one.type) for one in fields if not one.name.startswith("_"))
    return " ".join(map(str, thing.__annotations__.values()))


def raised(function: Any) -> set[str]:
    """The errors that a function itself raises, by name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc)
    names = (call.func for call in calls if isinstance(call, ast.Call))
    return {
        name.id for name in names if isinstance(name, ast.Name) and name.id.endswith(("Error", "Warning"))
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_says_what_it_is(name: str) -> None:
    text = said(name)
    assert re.match(r"[^\n].{10,}", text), f"{name} has no docstring"
    assert re.search(r"[.:;…?]$", text.partition("\n\n")[0]), f"{name} begins with no sentence"


@pytest.mark.parametrize(
    "name", [n for n, t in PUBLIC.items() if not isinstance(t, ModuleType) and ARRAYS.search(annotated(t))]
)
def test_arrays_have_their_shapes(name: str) -> None:
    text = said(name)
    owner = name.rpartition(".")[0]
    assert SHAPE.search(text), f"{name}: {annotated(PUBLIC[name])}: {text} {owner}"


@pytest.mark.parametrize(
    "name", [n for n, t in FUNCTIONS.items() if NUMBERS.search(str(t.__annotations__.get("return")))]
)
def test_numbers_have_their_unit(name: str) -> None:
    assert UNITS.search(said(name)), f"{name} gives numbers: of what?"


@pytest.mark.parametrize("name", [n for n, t in FUNCTIONS.items() if raised(t)])
def test_errors_are_told(name: str) -> None:
    missing = {error for error in raised(PUBLIC[name]) if error not in said(name)}
    assert not missing, f"{name} raises {missing}: {said(name)}"
