"""Flags: the fields of a dataclass as flags of a command line, by their options. `--FIELD value`, or `--PREFIX-FIELD` where that is taken."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from spexviz.kit.options import options


def add(parser: argparse.ArgumentParser, kind: type, prefix: str) -> None:
    """A flag for every field that the constructor of `kind` takes; those that are not given keep their default."""
    group, told = parser.add_argument_group(f"settings of the {prefix} {kind.name}"), options(kind)
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        name, one = field.name.replace("_", "-"), told[field.name]
        about: dict[str, Any] = {
            "help": f"{one.label}. {one.help}".replace("%", "%%"),
            "dest": f"{prefix}.{field.name}",
            "default": argparse.SUPPRESS,
        }
        if isinstance(field.default, bool):
            about["action"] = argparse.BooleanOptionalAction
        else:
            about |= {"type": _reader(field.default), "metavar": field.name.upper()}
        try:
            group.add_argument(f"--{name}", **about)
        except argparse.ArgumentError:  # the run has one of this name
            group.add_argument(f"--{prefix}-{name}", **about)


def given(parsed: argparse.Namespace, kind: type | None, prefix: str) -> dict[str, Any]:
    """{field: value} of the flags that were given, and of those fields that forms begin with another value than their default."""
    told = {name.removeprefix(f"{prefix}."): value for name, value in vars(parsed).items() if name.startswith(f"{prefix}.")}
    first = {} if kind is None else {name: one.first for name, one in options(kind).items() if one.first is not None}
    return {**first, **told}


def _reader(default: Any) -> Any:
    if isinstance(default, int | float):
        return type(default)
    return _text if isinstance(default, str) else _text_or_json


def _text(given: str) -> str:
    return given.replace("\\n", "\n")


def _text_or_json(given: str) -> Any:
    """A list, an object or a number as JSON; anything else as the text that it is."""
    try:
        return json.loads(given)
    except ValueError:
        return _text(given)
