"""Our docstrings as the site's generator reads them: what means something else there is told apart."""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"(`[^`]*`)")
_TREE = ("├", "└")


def process(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Event of autodoc: `lines` of a docstring, changed in place."""
    lines[:] = as_rst("\n".join(lines)).split("\n")


def as_rst(text: str) -> str:
    """A docstring in reStructuredText: stars and bars are letters, what is indented is code.

    >>> print(as_rst("a * b, `**more`\\n\\n    code = 1"))
    a \\* b, `**more`
    <BLANKLINE>
    ::
    <BLANKLINE>
        code = 1
    """
    return "\n\n".join(map(_part, re.split(r"\n\s*\n", text.strip("\n"))))


def _part(part: str) -> str:
    if part.startswith(">>> "):
        return part
    if part.startswith("    "):
        return f"::\n\n{part}"
    if any(line.startswith(_TREE) for line in part.splitlines()):
        lines = "\n".join(f"    {line}" for line in part.splitlines())
        return f"::\n\n{lines}"
    pieces = _CODE.split(part)
    pieces[::2] = map(_escaped, pieces[::2])
    return "".join(pieces)


def _escaped(text: str) -> str:
    text = re.sub(r"([*|\\])", r"\\\1", text)
    return re.sub(r"(\w)_(?=\W|$)", r"\1\\_", text)
