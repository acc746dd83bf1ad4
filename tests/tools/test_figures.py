"""The counting of tools/figures.py on small sources; its limits are held by tests/test_architecture.py."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import figures


def test_modules_beside_the_packages_are_counted_with_init(tmp_path: Path) -> None:
    for name in ("__init__.py", "masks.py", "kit/__init__.py", "kit/paths.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert figures.top_modules(tmp_path) == ["__init__.py", "masks.py"]


def test_only_a_getattr_with_a_default_counts() -> None:
    tree = ast.parse(
        "a = getattr(x, 'a')\nb = getattr(x, 'b', None)\nc = x.getattr(y, 'c', 0)\nd = [getattr(getattr(x, "
        "'d', 1), 'e', 2)]"
    )
    assert figures.getattr_with_default(tree) == [2, 4, 4]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x._name", ["_name"]),
        ("x.y._name()", ["_name"]),
        ("self.game._name", ["_name"]),
        ("make()._name", ["_name"]),
        ("x._name = 1", ["_name"]),
        ("self._name + cls._other + super()._third", []),
        ("x.__class__, x.name, _name", []),
        ("config._attn_implementation", []),
    ],
)
def test_private_names_of_others(source: str, found: list[str]) -> None:
    assert [name for _, name in figures.private_reads(ast.parse(source))] == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from x import _y, z", ["_y"]),
        ("from x._y import z", ["x._y"]),
        ("import x._y", ["x._y"]),
        ("from __future__ import annotations", []),
        ("from x import y as _z", []),
    ],
)
def test_private_imports(source: str, found: list[str]) -> None:
    assert [name for _, name in figures.private_imports(ast.parse(source))] == found


def test_what_is_shipped_is_looked_at() -> None:
    names = {path.relative_to(figures.ROOT).as_posix() for path in figures.sources()}
    assert {"spexviz/models/base.py", "pages/explore.py", "app.py"} <= names and not any(
        name.startswith("tests") for name in names
    )
