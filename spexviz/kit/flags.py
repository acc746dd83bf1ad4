"""Flags: the fields of a dataclass as flags of a command line, by their options.

`--FIELD value`, or `--PREFIX-FIELD` where that is taken.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import sys
from collections.abc import Callable
from typing import Any

from spexviz.kit.options import Option, befores, defaults, options


def add(parser: argparse.ArgumentParser, kind: type, prefix: str) -> None:
    """A flag for every field that the constructor of `kind` takes; what is not given keeps its default."""
    group = parser.add_argument_group(f"settings of the {prefix} {kind.name}")
    known = options(kind)
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        name = field.name.replace("_", "-")
        one = known[field.name]
        about: dict[str, Any] = {"help": _said(one)}
        about["dest"] = f"{prefix}.{field.name}"
        about["default"] = argparse.SUPPRESS
        if isinstance(field.default, bool):
            about["action"] = argparse.BooleanOptionalAction
        else:
            about["type"] = _reader(_annotation(field), one)
            about["metavar"] = field.name.upper()
        try:
            group.add_argument(f"--{name}", **about)
        except argparse.ArgumentError:  # the run has one of this name
            group.add_argument(f"--{prefix}-{name}", **about)


def given(parsed: argparse.Namespace, kind: type | None, prefix: str) -> dict[str, Any]:
    """{field: value} of the flags that were given, and of the fields that forms begin otherwise.

    A field that came later is always among them: left out, it would mean what was before it came.
    """
    found: dict[str, Any] = {}
    if kind is not None:
        first = defaults(kind)
        found = {name: first[name] for name in befores(kind)}
        for name, one in options(kind).items():
            if one.first is not None:
                found[name] = one.first
    mine = f"{prefix}."
    for name, value in vars(parsed).items():
        if name.startswith(mine):
            found[name.removeprefix(mine)] = value
    return found


def typeable(kind: type) -> bool:
    """Whether the settings of `kind` can be typed: a function cannot."""
    return not any(_annotation(field).startswith("Callable") for field in dataclasses.fields(kind))


def _annotation(field: dataclasses.Field[Any]) -> str:
    """The type of a field as it is written, also in a module whose annotations are no texts."""
    if isinstance(field.type, str):
        return field.type
    return inspect.formatannotation(field.type).replace("collections.abc.", "")


def _said(one: Option) -> str:
    said = f"{one.label}. {one.help}"
    if one.choices:
        said += f" One of: {', '.join(map(one.told, one.choices))}."
    return said.replace("%", "%%")


def _reader(annotation: str, one: Option) -> Callable[[str], Any]:
    """What makes the value of a field of the text that is typed for it, by the field's annotation."""
    kinds = {kind.strip() for kind in annotation.split("|")} - {"None"}
    if kinds == {"int"}:
        return int
    if kinds == {"float"}:
        return float
    if kinds == {"int", "str"}:
        return _text_or_number
    if "str" not in kinds or any("[" in kind for kind in kinds):  # lists and objects, as JSON
        return _text_or_json
    if one.escapes:
        return _escaped
    if one.lines:
        return _typed_or_piped
    return str


def _text_or_number(typed: str) -> int | str:
    return int(typed) if typed.lstrip("-").isdecimal() else typed


def _text_or_json(typed: str) -> Any:
    if typed[:1] not in ("[", "{"):
        return typed
    try:
        return json.loads(typed)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f'{typed!r:.60} is no JSON ({error}): write lists such as [[0, 5], [9, 12]] or ["a", "b"].'
        ) from None


def _escaped(typed: str) -> str:
    return typed.replace("\\n", "\n")


def _typed_or_piped(typed: str) -> str:
    """The text, or what is piped in where it is "-", without the line end that closes it."""
    if typed == "-":
        return sys.stdin.read().removesuffix("\n")
    return typed
