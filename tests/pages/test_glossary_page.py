"""The Glossary page without a browser, and what forms say of their labels."""

from __future__ import annotations

import ast

from spexviz.jobs.manager import JobManager
from spexviz.kit.paths import PACKAGE
from spexviz.views import glossary
from tests.pages.app import components, page

WIDGETS = {
    "selectbox",
    "number_input",
    "slider",
    "select_slider",
    "checkbox",
    "segmented_control",
    "multiselect",
}


def test_the_page_holds_every_word(manager: JobManager) -> None:
    (found,) = components(page("glossary"), "groups")
    names = [term["name"] for group in found["groups"] for term in group["terms"]]
    assert names == [term.name for group in glossary.groups() for term in group.terms]
    assert all(term["short"] for group in found["groups"] for term in group["terms"])


def test_a_label_with_a_word_of_the_field_explains_it() -> None:
    """Labels that are written in a page; those of options get theirs in `ui/fields.py`."""
    seen = set()
    for path in (PACKAGE / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            label = _label(node)
            if label and glossary.found(label):
                seen.add(label)
                helps = [ast.unparse(one.value) for one in node.keywords if one.arg == "help"]
                assert helps and ("help_of" in helps[0] or helps[0] == "help_"), f"{path.name}: {label}"
    assert {"Index", "Highest order", "Solver"} <= seen


def _label(node: ast.AST) -> str:
    """The label of a call that draws a widget, where it is written there."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return ""
    first = node.args[0]
    is_written = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return first.value if node.func.attr in WIDGETS and is_written else ""
