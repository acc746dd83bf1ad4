"""Plugins: parts of other packages, found by the entry points that these declare.

[project.entry-points."spexviz.solvers"]
forest = "their_package.forest:Forest"

The group is the room that the part is for. What cannot be used is named, and left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

_log = logging.getLogger(__name__)
_left_out: dict[str, str] = {}


def parts(group: str, wanting: Callable[[Any], str], name: str, taken: Collection[str]) -> dict[str, Any]:
    """{name: part} of a group, each loaded once a process.

    `wanting(part)`: what it lacks, in words, "" for nothing; `name`: of the attribute that holds its name;
    `taken`: names that are no longer free.
    """
    found: dict[str, Any] = {}
    for entry in _entries(group):
        part, reason = _loaded(group, entry)
        called = ""
        if not reason and not (reason := wanting(part)):
            called = vars(part)[name]
        if called in taken or called in found:
            reason = f"there is another one called {called!r:.60}"
        if reason:
            _leave_out(group, entry, reason)
        else:
            found[called] = part
    return found


def left_out() -> tuple[str, ...]:
    """What cannot be used of other packages, and why: a sentence each, of the rooms that were looked into."""
    return tuple(_left_out.values())


def is_foreign(part: type) -> bool:
    """Whether a class is of another package."""
    return part.__module__.partition(".")[0] != __name__.partition(".")[0]


@cache
def _entries(group: str) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)))


def _loaded(group: str, entry: EntryPoint) -> tuple[Any, str]:
    """The part, and "" or why it cannot be had."""
    try:
        return entry.load(), ""
    except (Exception, SystemExit) as error:  # whatever a module of somebody else does when it is imported
        return None, f"it cannot be imported ({type(error).__name__}: {error!s:.200})"


def _leave_out(group: str, entry: EntryPoint, reason: str) -> None:
    package = f" of the package {entry.dist.name}" if entry.dist else ""
    what = group.rpartition(".")[2].removesuffix("s")
    said = f"The {what} {entry.name!r:.60}{package:.80} is left out: {reason}."
    key = f"{group} {entry.name} {entry.value}"
    if key not in _left_out:
        _left_out[key] = said
        _log.warning("%s Mend it (%s), or uninstall that package.", said, entry.value)
