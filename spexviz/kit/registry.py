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
    """{name: class} of every dataclass with a string `name` of its own in the modules of `package`.

    In the order of the files.
    """
    root = importlib.import_module(package)
    found: dict[str, type] = {}
    modules = pkgutil.walk_packages(root.__path__, f"{package}.")
    for info in sorted(modules, key=lambda info: info.name):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if not isinstance(value, type) or value.__module__ != module.__name__:
                continue  # a function, say, or imported there
            name = vars(value).get("name")
            if dataclasses.is_dataclass(value) and isinstance(name, str):
                found[name] = value
    return found
