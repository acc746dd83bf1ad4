"""Hook of mkdocs: what is made when the site is built, from code, notebooks and pages that live elsewhere.

The reference has a page for each room of the package, with every public name; a game or solver has a table of
its settings. Nothing of this is in the repository, so none of it can be out of date.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import spexviz
from spexviz import views
from spexviz.kit.options import defaults, options

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "endpoints.md": "assets/docs/endpoints.md",
    "scale.md": "assets/docs/scale.md",
    "contributing.md": "CONTRIBUTING.md",
    "changes.md": "CHANGELOG.md",
    "pictures/mark.svg": "assets/mark.svg",
}
ROOMS = {  # of the package, and what their page is called
    "games": "Games",
    "solvers": "Solvers",
    "run": "A run",
    "models": "Models",
    "results": "Results",
    "views": "Views",
    "errors": "Errors",
}
REST = "results"  # the page of what is in no such room
REFERENCE = (
    "The [library](../library.md) says how these go together, the [examples](../examples/index.md) show it."
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made here, before mkdocs reads its pages."""
    from mkdocs.structure.files import File

    for name, content in [*_from_elsewhere(), *_reference(), *_examples(), _decisions()]:
        files.append(File.generated(config, name, content=content))
    return files


def _from_elsewhere() -> Iterator[tuple[str, str]]:
    for name, path in ELSEWHERE.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        yield name, text.replace("](docs/decisions/)", "](decisions/index.md)").replace("](docs/", "](")


def public() -> dict[str, str]:
    """{public name: where it is defined}, those of `spexviz.views` with their module before them."""
    names = {name: _home(getattr(spexviz, name)) for name in spexviz.__all__ if name != "views"}
    shown = {f"views.{name}": _home(getattr(views, name)) for name in views.__all__ if name not in names}
    return names | shown


def _home(thing: Any) -> str:
    if isinstance(thing, ModuleType):
        return thing.__name__
    return f"{thing.__module__}.{thing.__qualname__}"


def room(path: str) -> str:
    """Which page of the reference has what is defined there."""
    part = path.split(".")[1]
    return part if part in ROOMS else REST


def _reference() -> Iterator[tuple[str, str]]:
    names = public()
    rows = ["# Reference", "", "Everything is imported with `import spexviz as sv`. " + REFERENCE, ""]
    for page, title in ROOMS.items():
        inside = {name: path for name, path in names.items() if room(path) == page}
        if not inside:
            continue
        parts = [f"# {title}"]
        rows += [f"## [{title}]({page}.md)", "", "| name | what it is |", "|---|---|"]
        for name, path in inside.items():
            thing = _thing(path)
            parts += [f"::: {path}", _settings(thing)]
            rows.append(f"| [`sv.{name}`]({page}.md#{path}) | {_first_line(thing)} |")
        rows.append("")
        yield f"reference/{page}.md", "\n\n".join(filter(None, parts))
    yield "reference/index.md", "\n".join(rows)


def _thing(path: str) -> Any:
    module, _, name = path.rpartition(".")
    home = importlib.import_module(module)
    return getattr(home, name) if hasattr(home, name) else importlib.import_module(path)


def _first_line(thing: Any) -> str:
    said = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    return " ".join(said.split()).replace("|", "\\|")


def _settings(thing: Any) -> str:
    """A table of what can be set, for a class whose fields tell it (kit/options.py); "" for others."""
    if not inspect.isclass(thing) or not dataclasses.is_dataclass(thing):
        return ""
    if not any("option" in one.metadata for one in dataclasses.fields(thing)):
        return ""
    begins = defaults(thing)
    rows = [
        f"| `{name}` | {_default(begins, name)} | {_cell(one.help or one.label)} |"
        for name, one in options(thing).items()
    ]
    return "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows]) if rows else ""


def _default(begins: dict[str, Any], name: str) -> str:
    return f"`{_cell(repr(begins[name]))}`" if name in begins else "must be given"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _examples() -> Iterator[tuple[str, str]]:
    rows = [
        "# Examples",
        "",
        "Notebooks that the tests run in a real Jupyter kernel; they lie in `examples/`.",
        "",
    ]
    for path in sorted((ROOT / "examples").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        first = "".join(json.loads(text)["cells"][0]["source"])
        title, _, about = first.lstrip("# ").partition("\n")
        rows.append(f"- [{title}]({path.name}): {' '.join(about.split())}")
        yield f"examples/{path.name}", text
    yield "examples/index.md", "\n".join(rows)


def _decisions() -> tuple[str, str]:
    rows = ["# Decisions and their grounds", ""]
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        found = re.match(r"# (.*)", path.read_text(encoding="utf-8"))
        assert found is not None, f"{path.name} has no title"
        rows.append(f"- [{found[1]}]({path.name})")
    return "decisions/index.md", "\n".join(rows)
