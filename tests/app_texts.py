"""What the app says: the sentences and labels in its sources, its scripts and its lessons."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

from spexviz.kit.paths import ASSETS, PACKAGE

ROOMS = ("ui", "views", "games", "solvers", "run", "results", "indices.py", "models")
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)


@cache
def texts() -> tuple[str, ...]:
    """All of them; the glossary itself is none."""
    said: list[str] = []
    for path in _sources():
        said += _said(ast.parse(path.read_text(encoding="utf-8")))
    said += [_COMMENT.sub("", path.read_text(encoding="utf-8")) for path in (PACKAGE / "views").glob("*.js")]
    said += [path.read_text(encoding="utf-8") for path in (ASSETS / "lessons").glob("*.toml")]
    return tuple(said)


def _sources() -> Iterator[Path]:
    for room in ROOMS:
        path = PACKAGE / room
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _said(tree: ast.AST) -> Iterator[str]:
    """Strings that are read by people: no docstrings, no keys; of an f-string its parts in one."""
    parts: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            parts.add(id(body[0].value))
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and id(node) not in parts and _is_read(node.value):
            yield node.value


def _is_read(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and (" " in value or value[:1].isupper())
