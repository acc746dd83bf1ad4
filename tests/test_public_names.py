"""What `import spexviz` offers when it runs, and what an editor is told of it, are one list."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import spexviz

TREE = ast.parse(Path(spexviz.__file__).read_text(encoding="utf-8"))


def told() -> dict[str, object]:
    """{name: what it stands for} of the block that type checkers read."""
    block = next(
        node
        for node in TREE.body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    names: dict[str, object] = {}
    for node in block.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = _imported(str(node.module), alias.name)
        else:  # name = what was imported above
            assert isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
            for target in node.targets:
                assert isinstance(target, ast.Name)
                names[target.id] = names[node.value.id]
    return {name: thing for name, thing in names.items() if not name.startswith("_")}


def _imported(module: str, name: str) -> object:
    """As `from module import name` does it, but never through the lazy names of spexviz itself."""
    home = importlib.import_module(module)
    if home is not spexviz and hasattr(home, name):
        return getattr(home, name)
    return importlib.import_module(f"{module}.{name}")


def test_editors_know_every_public_name_and_the_same_thing_by_it() -> None:
    names = told()
    assert sorted(names) == sorted(spexviz.__all__) == dir(spexviz)
    for name, thing in names.items():
        assert getattr(spexviz, name) is thing, name
