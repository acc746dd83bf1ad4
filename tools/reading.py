"""How dense the source is to read, by its syntax trees, so whatever the layout: `python -m tools.reading`.

For each room of spexviz/ and for all: syntax nodes a statement (docstrings left out of both) and conditional
expressions per 1,000 statements; then every line that breaks one of the rules. Exits 1 where a limit or a
rule is broken. `python -m tools.reading spexviz/views` does the same for one folder, file by file.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.figures import ROOT, sources

PACKAGE = ROOT / "spexviz"
MOST_NODES = 11.5  # syntax nodes a statement
MOST_CONDITIONALS = 20.0  # conditional expressions per 1,000 statements
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Density:
    """Syntax nodes, statements and conditional expressions of some code, docstrings left out."""

    nodes: int = 0
    statements: int = 0
    conditionals: int = 0

    def __add__(self, other: Density) -> Density:
        return Density(
            self.nodes + other.nodes,
            self.statements + other.statements,
            self.conditionals + other.conditionals,
        )

    @property
    def nodes_a_statement(self) -> float:
        """How much one statement says."""
        return self.nodes / max(1, self.statements)

    @property
    def conditionals_per_thousand(self) -> float:
        """Conditional expressions per 1,000 statements."""
        return 1000 * self.conditionals / max(1, self.statements)

    @property
    def is_readable(self) -> bool:
        """Whether both figures are within their limits."""
        return self.nodes_a_statement <= MOST_NODES and self.conditionals_per_thousand <= MOST_CONDITIONALS


def density(tree: ast.AST) -> Density:
    """The counts of a module."""
    nodes = statements = conditionals = 0
    for node in ast.walk(_without_docstrings(tree)):
        nodes += 1
        statements += isinstance(node, ast.stmt)
        conditionals += isinstance(node, ast.IfExp)
    return Density(nodes, statements, conditionals)


def broken_rules(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what is wrong there) of what makes a reader go back to the start of the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp) and any(
            isinstance(inner, ast.IfExp) for part in ast.iter_child_nodes(node) for inner in ast.walk(part)
        ):
            yield node.lineno, "a conditional expression inside another"
        if isinstance(node, ast.Call) and any(map(_is_assignment, _arguments(node))):
            yield node.lineno, "an assignment (:=) inside a call's arguments"
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Tuple):
            yield node.lineno, "a tuple as a statement"


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_assignment(argument: ast.expr) -> bool:
    """Whether an argument assigns a name, but for a comprehension or lambda of its own."""
    found: list[ast.AST] = [argument]
    while found:
        node = found.pop()
        if isinstance(node, ast.NamedExpr):
            return True
        if not isinstance(node, ast.Lambda | ast.comprehension):
            found.extend(ast.iter_child_nodes(node))
    return False


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return tree


def _parts(folder: Path) -> dict[str, list[Path]]:
    """What a line of the table stands for: the rooms of the package, or the files of one folder."""
    parts: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder).parts
        name = inside[0] if folder == PACKAGE else "/".join(inside)
        parts.setdefault(name, []).append(path)
    return parts


def table(folder: Path) -> bool:
    """Print the figures of `folder`; whether all of it together is within the limits."""
    total = Density()
    print(f"{'':32}  nodes a statement  conditionals per 1,000  statements")
    for name, paths in _parts(folder).items():
        part = Density()
        for path in paths:
            part += density(_parsed(path))
        total += part
        print(_row(name, part))
    print(_row("together", total) + f"  (at most {MOST_NODES} and {MOST_CONDITIONALS:.0f})")
    return total.is_readable


def _row(name: str, part: Density) -> str:
    figures = f"{part.nodes_a_statement:17.1f}  {part.conditionals_per_thousand:22.1f}"
    return f"{name:32}  {figures}  {part.statements:10,}"


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def rules(paths: list[Path]) -> bool:
    """Print every line of `paths` that breaks a rule; whether there is none."""
    found = [(path, line, what) for path in paths for line, what in broken_rules(_parsed(path))]
    print(f"lines that break a rule of reading: {len(found)} (at most 0)")
    for path, line, what in found:
        print(f"  {path.relative_to(ROOT)}:{line} {what}")
    return not found


def main(folder: Path = PACKAGE) -> int:
    """Print all figures of the package, or of one folder of it; the exit status."""
    if folder == PACKAGE:
        paths = sources()
    else:
        paths = sorted(folder.rglob("*.py"))
    within = [table(folder), rules(paths)]
    return int(not all(within))


if __name__ == "__main__":
    sys.exit(main(*(Path(one).resolve() for one in sys.argv[1:2])))
