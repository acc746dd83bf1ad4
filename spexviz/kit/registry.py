"""Finding what a package offers: one file adds one thing, with no list to keep in step.

A game or solver is a dataclass with a class variable `name`, defined in a module of its package or of a room
in it. Modules import heavy libraries inside functions, so looking through a package is cheap.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from functools import cache


@cache
def offered(package: str) -> dict[str, type]:
    """{name: class} of every class with a string `name` of its own that a module of `package` defines, in file order."""
    root = importlib.import_module(package)
    found: dict[str, type] = {}
    for info in sorted(pkgutil.walk_packages(root.__path__, f"{package}."), key=lambda info: info.name):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            own = (
                isinstance(value, type)
                and value.__module__ == module.__name__
                and dataclasses.is_dataclass(value)
            )
            if own and isinstance(vars(value).get("name"), str):
                found[value.name] = value
    return found
