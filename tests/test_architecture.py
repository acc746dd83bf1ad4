"""The house keeps its arrows, and importing it stays cheap."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import figures, reading

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "spexviz"
# lower may not import higher; rooms of one rank may know each other, except games and solvers
RANKS = [
    set(re.findall(r"`(\w+)`", line))
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"[0-9]+\. `", line)
]
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
HEAVY = {"torch", "transformers", "lightgbm", "sklearn", "ray"}
SOURCES = sorted(PACKAGE.rglob("*.py"))
PAGES = [*sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """Dotted names that a file imports; `from spexviz import models` counts as spexviz.models."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if top_level_only and node in inside:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full, not from ."
            names |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module == "spexviz"
                else {str(node.module)}
            )
    return names


def rooms_used(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("spexviz.")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_imports_from_above(path: Path) -> None:
    here = room(path)
    if here in ("__init__", "views"):
        return
    assert here in RANK, f"{here} has no place in RANKS: give it one, as architecture.md says"
    above = {other for other in rooms_used(path) if other != "views" and RANK[other] > RANK[here]}
    assert not above, f"{here} may not import {above}"
    if "views" in rooms_used(path):
        assert here in ("ui", "cli")
    assert not (here == "games" and "solvers" in rooms_used(path)) and not (
        here == "solvers" and "games" in rooms_used(path)
    )


def test_views_know_only_results_and_what_lies_below() -> None:
    for path in (p for p in SOURCES if room(p) == "views"):
        too_high = {other for other in rooms_used(path) - {"views"} if RANK[other] > RANK["results"]}
        assert not too_high, f"{path.name} imports {too_high}"


def test_only_the_app_imports_streamlit() -> None:
    users = {
        room(path) for path in SOURCES if any(name.split(".")[0] == "streamlit" for name in imports(path))
    }
    assert users == {"ui"}


def test_heavy_libraries_are_imported_inside_functions() -> None:
    for path in [*SOURCES, *PAGES]:
        found = {name.split(".")[0] for name in imports(path, top_level_only=True)} & HEAVY
        assert not found, (
            f"{path} imports {found} when it is imported: do it inside the function that needs it"
        )


def test_pages_leave_arithmetic_and_models_to_the_package() -> None:
    for path in (ROOT / "pages").glob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & (HEAVY | {"numpy"}), path


def test_importing_everything_leaves_torch_out() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in SOURCES
    ]
    pages = {name for path in PAGES for name in imports(path)}
    code = f"""
import importlib, json, sys
for name in {names!r}: importlib.import_module(name)
for name in {sorted(pages)!r}:
    try: importlib.import_module(name)
    except ModuleNotFoundError: importlib.import_module(name.rpartition(".")[0])
import spexviz
for name in spexviz.__all__: getattr(spexviz, name)
print(json.dumps(sorted(set(sys.modules) & {HEAVY!r})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_contracts_are_types_and_the_top_is_small() -> None:
    """At most 10 modules at the top, at most 4 getattr with a default, no private names of others."""
    assert figures.main() == 0


def test_the_source_can_be_read() -> None:
    """At most 11.5 syntax nodes a statement, 20 conditional expressions per 1,000, and no line that breaks a
    rule.
    """
    assert reading.main() == 0


def test_every_room_has_a_rank_and_a_line_in_the_architecture() -> None:
    rooms = {room(path) for path in SOURCES} - {"__init__", "views"}
    assert rooms == set(RANK), "docs/architecture.md, Ranks: one line for each room of spexviz/, and no other"
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Ranks")[0]
    assert {one for one in rooms if f"`{one}`" not in text and f"`{one}/`" not in text} == {"cli"}


def test_the_text_points_at_what_is_there() -> None:
    """Paths in docs/ and CONTRIBUTING.md, relative to the repository or to the package, exist."""
    pages = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md"]
    for page in pages:
        for name in re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.py)`", page.read_text(encoding="utf-8")):
            assert (ROOT / name).exists() or (PACKAGE / name).exists(), f"{page.name} names {name}"


def test_no_pickle_no_eval_no_foreign_code() -> None:
    for path in [*SOURCES, *PAGES]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not {name.split(".")[0] for name in imports(path)} & {
            "pickle",
            "dill",
            "joblib",
            "cloudpickle",
            "shelve",
            "marshal",
        }, path
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), path
            if isinstance(node, ast.keyword) and node.arg in ("trust_remote_code", "allow_pickle"):
                assert isinstance(node.value, ast.Constant) and node.value.value is False, path
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Attribute)
                and node.value.attr == "random"
                and node.attr != "default_rng"
            ):
                assert node.attr in ("Generator",), f"{path}: numpy's global random state ({node.attr})"


@pytest.mark.parametrize("folder", ["benchmarks", "tools"])
def test_benchmarks_and_tools_can_be_imported(folder: str) -> None:
    """peers_worker.py is a script of another environment."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith("peers_worker")]
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
