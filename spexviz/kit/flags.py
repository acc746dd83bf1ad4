"""Flags: the fields of a dataclass as flags of a command line, by their options.

`--FIELD value`, or `--PREFIX-FIELD` where that is taken.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any

from spexviz.kit.options import Option, options


def add(parser: argparse.ArgumentParser, kind: type, prefix: str) -> None:
    """A flag for every field that the constructor of `kind` takes; those that are not given keep their default."""
    group, told = parser.add_argument_group(f"settings of the {prefix} {kind.name}"), options(kind)
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        name, one = field.name.replace("_", "-"), told[field.name]
        about: dict[str, Any] = {
            "help": _said(one),
            "dest": f"{prefix}.{field.name}",
            "default": argparse.SUPPRESS,
        }
        if isinstance(field.default, bool):
            about["action"] = argparse.BooleanOptionalAction
        else:
            about |= {"type": _reader(str(field.type), one), "metavar": field.name.upper()}
        try:
            group.add_argument(f"--{name}", **about)
        except argparse.ArgumentError:  # the run has one of this name
            group.add_argument(f"--{prefix}-{name}", **about)


def given(parsed: argparse.Namespace, kind: type | None, prefix: str) -> dict[str, Any]:
    """{field: value} of the flags that were given, and of those fields that forms begin with another value than their default."""
    told = {
        name.removeprefix(f"{prefix}."): value
        for name, value in vars(parsed).items()
        if name.startswith(f"{prefix}.")
    }
    first = (
        {}
        if kind is None
        else {name: one.first for name, one in options(kind).items() if one.first is not None}
    )
    return {**first, **told}


def typeable(kind: type) -> bool:
    """Whether the settings of `kind` can be typed: a function cannot."""
    return not any(str(field.type).startswith("Callable") for field in dataclasses.fields(kind))


def _said(one: Option) -> str:
    choices = f" One of: {', '.join(map(str, one.choices))}." if one.choices else ""
    return f"{one.label}. {one.help}{choices}".replace("%", "%%")


def _reader(annotation: str, one: Option) -> Callable[[str], Any]:
    """What makes the value of a field of the text that is typed for it, by the field's annotation."""
    kinds = {kind.strip() for kind in annotation.split("|")} - {"None"}
    if len(kinds) == 1 and (number := {"int": int, "float": float}.get(*kinds)):
        return number
    if kinds == {"int", "str"}:
        return lambda typed: int(typed) if typed.lstrip("-").isdecimal() else typed
    if "str" not in kinds or any("[" in kind for kind in kinds):  # lists and objects, as JSON
        return lambda typed: json.loads(typed) if typed[:1] in ("[", "{") else typed
    if one.escapes:
        return lambda typed: typed.replace("\\n", "\n")
    return lambda typed: sys.stdin.read() if one.lines and typed == "-" else typed
