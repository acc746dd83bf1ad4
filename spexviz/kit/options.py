"""Options: what a form or a command line must know of a field of a game or solver, said where it is declared.

decoder: str = option("soft", "Decoder", choices={"soft": "Finds more under noise.", "hard": "Faster."})
terms: int = option(200, "Terms", "Most interactions kept", low=0)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

import numpy as np

REQUIRED = dataclasses.MISSING
"""The default of an option that must be given."""
NEVER_WITHOUT: Any = object()
"""`before` of an option that there has been from the beginning."""


@dataclass(frozen=True)
class Option:
    """One field as people meet it: `label` and `help` in words.

    `choices`: every allowed value and what it means, in a sentence; `called`: what a form calls it, where
    that is not the value itself. `offered`: the values that a form offers,
    where these are not all that are allowed. `low`, `high`: limits of a number, both allowed. `longest`: most
    characters that a form takes; `lines`: whether the text may have several (a command line reads - as its
    standard input); `escapes`: whether \\n on a command line is a new line; `placeholder`: what stands in its
    empty box. `first`: what forms and the command line begin with, where that is not the default. `what`:
    what an error calls it. `before`: for an option that came later, its value in what was written before
    there was one: left out where it is written, and meant where it is left out (see `describe` and `build` in
    spexviz.spec).
    """

    label: str
    help: str = ""
    choices: Mapping[Any, str] = field(default_factory=dict)
    called: Mapping[Any, str] = field(default_factory=dict)
    offered: Sequence[Any] = ()
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    lines: bool = False
    escapes: bool = False
    placeholder: str | None = None
    first: Any = None
    what: str = ""
    before: Any = NEVER_WITHOUT

    def name_of(self, value: Any) -> str:
        """What a form calls a value."""
        return self.called.get(value, str(value))

    def told(self, value: Any) -> str:
        """A value as it is typed, and what a form calls it."""
        name = self.name_of(value)
        return str(value) if name == str(value) else f"{value} ({name})"


def option(
    default: Any, label: str, help: str = "", *, choices: Mapping[Any, str] | None = None, **more: Any
) -> Any:
    """A dataclass field that is an option; `more`: the rest of `Option`.

    Without `help` it is made of what the choices mean; without `offered` a form offers all choices.
    """
    choices = choices or {}
    help = help or " ".join(choices.values())
    more.setdefault("offered", tuple(choices))
    return field(default=default, metadata={"option": Option(label, help, choices, **more)})


def options(kind: Any) -> dict[str, Option]:
    """{name: option} of all that the constructor of a dataclass takes.

    Raises TypeError, naming it, for a field that is none.
    """
    found: dict[str, Option] = {}
    for one in dataclasses.fields(kind):
        if not one.init:
            continue
        if "option" not in one.metadata:
            raise TypeError(
                f"The field {one.name} of {kind} has no label and help: "
                "declare it with spexviz.kit.options.option."
            )
        found[one.name] = one.metadata["option"]
    return found


def defaults(kind: Any) -> dict[str, Any]:
    """{name: default} of all that the constructor of a dataclass takes, without those that must be given."""
    taken = [one for one in dataclasses.fields(kind) if one.init]
    return {one.name: one.default for one in taken if one.default is not REQUIRED}


def befores(kind: Any) -> dict[str, Any]:
    """{name: what it means where it is left out} of the options that came later."""
    return {name: one.before for name, one in _declared(kind) if one.before is not NEVER_WITHOUT}


def _declared(kind: Any) -> list[tuple[str, Option]]:
    """The fields that are options, with their names; a class that derives from ours may have others."""
    fields = [one for one in dataclasses.fields(kind) if one.init and "option" in one.metadata]
    return [(one.name, one.metadata["option"]) for one in fields]


def settings(thing: Any) -> dict[str, Any]:
    """{name: what it holds} of all that the constructor of a dataclass takes."""
    return {name: getattr(thing, name) for name in options(thing)}


def plain(value: Any) -> Any:
    """The same in Python's own types, also within lists, tuples and mappings, for what came from numpy.

    >>> plain((np.int64(3), [np.float64(0.5)], "3"))
    (3, [0.5], '3')
    """
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if type(value) is tuple:  # a named one keeps its names
        return tuple(plain(item) for item in value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value


def settle(thing: Any) -> None:
    """Make the fields of a dataclass, a frozen one's too, `plain`: so one setting has one JSON form."""
    for one in dataclasses.fields(thing):
        if one.init:
            settled = plain(getattr(thing, one.name))
            object.__setattr__(thing, one.name, settled)


def check(thing: Any, error: type[Exception]) -> None:
    """Settle the fields of a dataclass, and check those that are options.

    Raises `error` where one is none of its choices or beyond its limits, or holds half a character.
    """
    settle(thing)
    above: dict[str, tuple[float, Any]] = {}  # (limit, value) of those with a lower limit only: told together
    for name, one in _declared(thing):
        value = getattr(thing, name)
        what = one.what or name
        _refuse_half_characters(value, what, error)
        if one.choices and not (isinstance(value, str) and value in one.choices):
            raise error(f"There is no {what} {value!r:.40}. Choose one of: {', '.join(one.choices)}.")
        if one.low is not None and one.high is not None:
            _check_between(value, one.low, one.high, what, error)
        elif one.low is not None:
            above[name] = (one.low, value)
    if any(not _is_number(value, low) or value < low for low, value in above.values()):
        needed = joined([f"{name} ≥ {low:g}" for name, (low, _) in above.items()])
        values = joined([shown(value) for _, value in above.values()])
        raise error(f"{type(thing).__name__} needs {needed}, not {values}.")


def _refuse_half_characters(value: Any, what: str, error: type[Exception]) -> None:
    """Raise `error` for a lone surrogate in a text, or in one of a list: no model reads it."""
    if isinstance(value, list | tuple):
        for item in value:
            _refuse_half_characters(item, what, error)
    if not isinstance(value, str):
        return
    try:
        value.encode()
    except UnicodeEncodeError as bad:
        half = value[bad.start]
        raise error(
            f"There is half a character in the {what} ({half!a}, at position {bad.start}), "
            "which no model can read: delete it, or type the whole character."
        ) from None


def _check_between(value: Any, low: float, high: float, what: str, error: type[Exception]) -> None:
    if _is_number(value, low) and low <= value <= high:
        return
    if isinstance(low, int):
        raise error(f"The {what} must be a whole number from {low} to {high}, not {shown(value)}.")
    raise error(f"The {what} must lie between {_plain(low)} and {_plain(high)}, not {shown(value)}.")


def _is_number(value: Any, low: float) -> bool:
    """Whether it is a number, and a whole one where the limit is."""
    if isinstance(value, bool):
        return False
    kind = Integral if isinstance(low, int) else Real
    return isinstance(value, kind)


def shown(value: object) -> str:
    """A value in a message: the beginning of it, however long it is."""
    try:
        return f"{value!r:.40}"
    except ValueError:  # more digits than Python writes
        return "a number of thousands of digits"


def _plain(number: float) -> str:
    """A number without exponent, and without zeros at its end."""
    return f"{number:,.6f}".rstrip("0").rstrip(".")


def joined(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    *first, last = words or [""]
    if not first:
        return last
    return f"{', '.join(first)} and {last}"
