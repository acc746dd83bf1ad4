"""The counting of tools/reading.py on small sources; its limits are held by tests/test_architecture.py."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import reading
from tools.reading import Density


def test_nodes_and_statements_without_docstrings() -> None:
    bare = reading.density(ast.parse("def f(x):\n    return x"))
    documented = reading.density(ast.parse('"""A."""\n\ndef f(x):\n    """B."""\n    return x'))
    # Module, FunctionDef, arguments, arg, Return, Name, Load
    assert bare == documented == Density(nodes=7, statements=2, conditionals=0)
    assert bare.nodes_a_statement == 3.5


def test_layout_does_not_matter() -> None:
    flat = "x = f(a, b) if a else c"
    long = "x = (\n    f(\n        a,\n        b,\n    )\n    if a  # a reason\n    else c\n)"
    assert reading.density(ast.parse(flat)) == reading.density(ast.parse(long))


def test_conditional_expressions_per_thousand_statements() -> None:
    found = reading.density(ast.parse("x = a if b else c\ny = 1\nz = 2\nw = 3"))
    assert found.conditionals_per_thousand == 250.0 and not found.is_readable
    assert Density(nodes=1150, statements=100, conditionals=2).is_readable
    assert not Density(nodes=1151, statements=100, conditionals=2).is_readable


@pytest.mark.parametrize(
    "source",
    [
        "a if b else c if d else e",
        "a if (b if c else d) else e",
        "a if b else f(c if d else e)",
        "f(x := 1)",
        "f(key=(x := 1))",
        "f(1 + (x := 1))",
        "first(), second()",
    ],
)
def test_broken_rules(source: str) -> None:
    assert [line for line, _ in reading.broken_rules(ast.parse(source))] == [1]


@pytest.mark.parametrize(
    "source",
    [
        "a if b else c",
        "[a if b else c, d if e else f]",
        "if (x := f(1)): pass",
        "f([y for x in z if (y := g(x))])",
        "x = first(), second()",
        "first()",
    ],
)
def test_kept_rules(source: str) -> None:
    assert list(reading.broken_rules(ast.parse(source))) == []


def test_a_folder_is_told_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.py").write_text("x = 1\n")
    assert reading.table(tmp_path)
    assert "deep/one.py" in capsys.readouterr().out
