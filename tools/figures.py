"""What keeps contracts in types, counted in the syntax trees of the source: `python -m tools.figures`.

Exits 1 where a limit is broken.

Beside the packages of spexviz/ stand few modules; an option is a field with a default, not a name looked for
with getattr; and no object's private names are read by others, but for those of other libraries that have no
public word for what is needed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST_MODULES, MOST_GETATTR = 10, 4
FOREIGN = {  # private names of torch and transformers that nothing public stands for
    "_attn_implementation",
    "_can_set_attn_implementation",
    "_is_mkldnn_bf16_supported",
}


def sources() -> list[Path]:
    """The code that is shipped."""
    return [
        *sorted((ROOT / "spexviz").rglob("*.py")),
        *sorted((ROOT / "pages").glob("*.py")),
        ROOT / "app.py",
    ]


def top_modules(package: Path) -> list[str]:
    """The modules that stand at the top of a package beside its rooms, `__init__` among them."""
    return sorted(path.name for path in package.glob("*.py"))


def getattr_with_default(tree: ast.AST) -> list[int]:
    """Lines of the calls of getattr that give a default."""
    calls = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr"
    )
    return sorted(call.lineno for call in calls if len(call.args) == 3)


def private_reads(tree: ast.AST) -> list[tuple[int, str]]:
    """(line, name) of every private name of what is not self, cls or super(), but for FOREIGN ones."""
    reads = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _is_private(node.attr) and not _is_own(node.value)
    )
    return sorted((node.lineno, node.attr) for node in reads if node.attr not in FOREIGN)


def private_imports(tree: ast.AST) -> list[tuple[int, str]]:
    """(line, name) of every private name, or module with one, that is imported."""
    found = [
        (node.lineno, name)
        for node, names in _imports(tree)
        for name in names
        if any(map(_is_private, name.split(".")))
    ]
    return sorted(found)


def _imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, list[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield node, [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            yield node, [str(node.module), *(alias.name for alias in node.names)]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_own(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "super"
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def _told(what: str, lines: Sequence[str], most: int) -> bool:
    """Print a count and what was counted; whether it is within its limit."""
    print(f"{what}: {len(lines)} (at most {most})")
    for line in lines:
        print(f"  {line}")
    return len(lines) <= most


def main() -> int:
    """Print all figures; the exit status."""
    trees = {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in sources()}
    lookups = [f"{path}:{line}" for path, tree in trees.items() for line in getattr_with_default(tree)]
    reads = [f"{path}:{line} {name}" for path, tree in trees.items() for line, name in private_reads(tree)]
    imported = [
        f"{path}:{line} {name}" for path, tree in trees.items() for line, name in private_imports(tree)
    ]
    within = [
        _told("modules at the top of spexviz/", top_modules(ROOT / "spexviz"), MOST_MODULES),
        _told("getattr with a default", lookups, MOST_GETATTR),
        _told("reads of another object's private name", reads, 0),
        _told("imports of a private name", imported, 0),
    ]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
