"""Finding what a package offers: one file adds one thing, with no list to keep in step.

A game or solver is a dataclass with a class variable `name`, defined in a module of its package or of a room
in it; or in another package, which names it in an entry point (plugins.py). Modules import heavy libraries
inside functions, so looking through a package is cheap.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from functools import cache
from typing import Any

from spexviz.kit import plugins
from spexviz.kit.options import options


@cache
def offered(package: str) -> dict[str, type]:
    """{name: class} of every dataclass with a string `name` of its own in the modules of `package`.

    In the order of the files; then those of other packages, by entry points of the group `package`, which
    lack nothing of what its module `base` says that they need.
    """
    found = _own(package)
    lacking = importlib.import_module(f"{package}.base").lacking

    def wanting(part: Any) -> str:
        return _wanting(part) or lacking(part)

    return found | plugins.parts(package, wanting, "name", found)


def _own(package: str) -> dict[str, type]:
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


def _wanting(part: Any) -> str:
    """What a part of another package lacks to have a name and a form; "" for nothing."""
    if not isinstance(part, type) or not dataclasses.is_dataclass(part):
        return "it is no dataclass"
    if not isinstance(vars(part).get("name"), str):
        return "it has no name of its own, a class variable"
    try:
        options(part)
    except TypeError as error:
        return str(error).rstrip(".")
    return ""
