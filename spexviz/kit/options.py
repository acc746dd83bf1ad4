"""Options: what a form or a command line must know of a field of a game or solver, said once, where the field is declared.

decoder: str = option("soft", "Decoder", choices={"soft": "Finds more under noise.", "hard": "Faster."})
terms: int = option(200, "Terms", "Most interactions kept", low=0)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

REQUIRED = dataclasses.MISSING
"""The default of an option that must be given."""


@dataclass(frozen=True)
class Option:
    """One field as people meet it: `label` and `help` in words; `choices`: every allowed value and what it means, in a sentence.

    `offered`: the values that a form offers, where these are not all that are allowed. `low`, `high`: limits
    of a number, both allowed. `longest`: most characters that a form takes; `lines`: whether the text may
    have several (a command line reads - as its standard input); `escapes`: whether \\n on a command line is a
    new line; `placeholder`: what stands in its empty box. `first`: what forms and the command line begin
    with, where that is not the default. `what`: what an error calls it.
    """

    label: str
    help: str = ""
    choices: Mapping[Any, str] = field(default_factory=dict)
    offered: Sequence[Any] = ()
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    lines: bool = False
    escapes: bool = False
    placeholder: str | None = None
    first: Any = None
    what: str = ""


def option(
    default: Any, label: str, help: str = "", *, choices: Mapping[Any, str] | None = None, **more: Any
) -> Any:
    """A dataclass field that is an option;

    `more`: the rest of `Option`. Without `help` it is made of what the choices mean.
    """
    choices = choices or {}
    found = Option(label, help or " ".join(choices.values()), choices, **{"offered": tuple(choices), **more})
    return field(default=default, metadata={"option": found})


def options(kind: Any) -> dict[str, Option]:
    """{name: option} of all that the constructor of a dataclass takes.

    Raises TypeError, naming it, for a field that is none.
    """
    found = {}
    for one in dataclasses.fields(kind):
        if one.init:
            if "option" not in one.metadata:
                raise TypeError(
                    f"The field {one.name} of {kind} has no label and help: declare it with spexviz.kit.options.option."
                )
            found[one.name] = one.metadata["option"]
    return found


def defaults(kind: Any) -> dict[str, Any]:
    """{name: default} of all that the constructor of a dataclass takes, without those that must be given."""
    return {
        one.name: one.default for one in dataclasses.fields(kind) if one.init and one.default is not REQUIRED
    }


def settings(thing: Any) -> dict[str, Any]:
    """{name: what it holds} of all that the constructor of a dataclass takes."""
    return {name: getattr(thing, name) for name in options(thing)}


def check(thing: Any, error: type[Exception]) -> None:
    """Raise `error` where a field of a dataclass is none of its choices, or beyond its limits."""
    above: dict[str, tuple[float, Any]] = {}
    for name, one in options(thing).items():
        value, what = getattr(thing, name), one.what or name
        if one.choices and not (isinstance(value, str) and value in one.choices):
            raise error(f"There is no {what} {value!r:.40}. Choose one of: {', '.join(one.choices)}.")
        if one.low is not None and one.high is not None:
            _check_between(value, one, what, error)
        elif one.low is not None:
            above[name] = (one.low, value)
    if any(not _is_number(value, low) or value < low for low, value in above.values()):
        needed = joined([f"{name} ≥ {low:g}" for name, (low, _) in above.items()])
        raise error(
            f"{type(thing).__name__} needs {needed}, not {joined([f'{value!r:.40}' for _, value in above.values()])}."
        )


def _check_between(value: Any, one: Option, what: str, error: type[Exception]) -> None:
    if _is_number(value, one.low) and one.low <= value <= one.high:
        return
    if isinstance(one.low, int):
        raise error(f"The {what} must be a whole number from {one.low} to {one.high}, not {value!r:.40}.")
    low, high = (f"{limit:,.6f}".rstrip("0").rstrip(".") for limit in (one.low, one.high))
    raise error(f"The {what} must lie between {low} and {high}, not {value!r:.40}.")


def _is_number(value: Any, low: Any) -> bool:
    """Whether it is a number, and a whole one where the limit is."""
    return isinstance(value, Integral if isinstance(low, int) else Real) and not isinstance(value, bool)


def joined(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
