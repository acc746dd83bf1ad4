"""The examples in docstrings say what the code gives."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import spexviz

PACKAGE = Path(spexviz.__file__).parent
WITH_EXAMPLES = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_examples_are_true(path: Path) -> None:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed


@pytest.mark.parametrize("name", ["masks", "spectrum", "indices"])
def test_every_public_function_of_the_heart_has_an_example(name: str) -> None:
    module = importlib.import_module(f"spexviz.{name}")
    own = [thing for thing in vars(module).values() if getattr(thing, "__module__", "") == module.__name__]
    functions = [thing for thing in own if callable(thing) and not thing.__name__.startswith("_")]
    assert functions
    for function in functions:
        if not isinstance(function, type):
            assert ">>> " in (function.__doc__ or ""), function.__name__
