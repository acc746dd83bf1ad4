"""Flags: the fields of a dataclass as flags of a command line, by their options. `--FIELD value`, or `--PREFIX-FIELD` where that is taken."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from spexviz.kit.options import options


def add(parser: argparse.ArgumentParser, kind: type, prefix: str) -> None:
    """A flag for every field that the constructor of `kind` takes; those that are not given keep their default."""
    taken = {flag for action in parser._actions for flag in action.option_strings}
    group = parser.add_argument_group(f"settings of the {prefix} {kind.name}")
    told = options(kind)
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        flag = f"--{field.name.replace('_', '-')}"
        flag = flag if flag not in taken else f"--{prefix}-{flag[2:]}"
        one = told[field.name]
        what = {"help": f"{one.label}. {one.help}".replace("%", "%%"), "dest": f"{prefix}.{field.name}", "default": argparse.SUPPRESS}
        if isinstance(field.default, bool):
            group.add_argument(flag, action=argparse.BooleanOptionalAction, **what)
        else:
            group.add_argument(flag, type=_reader(field.default), metavar=field.name.upper(), **what)


def given(parsed: argparse.Namespace, prefix: str) -> dict[str, Any]:
    """{field: value} of the flags that were given."""
    return {name.removeprefix(f"{prefix}."): value for name, value in vars(parsed).items() if name.startswith(f"{prefix}.")}


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
