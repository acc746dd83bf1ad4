"""The site of documents in build/site: python -m tools.site, or make docs.

Its pages are put together in build/docs: those of docs/, some that live elsewhere, the notebooks of
examples/, and a reference with a page for each room of the package, every public name, and the settings of
every game and solver. So nothing of it can be out of date. A warning of the generator is an error.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import spexviz
from spexviz import views
from spexviz.kit.options import defaults, options

ROOT = Path(__file__).resolve().parents[1]
PAGES, SITE = ROOT / "build" / "docs", ROOT / "build" / "site"
ELSEWHERE = {
    "endpoints.md": "assets/docs/endpoints.md",
    "scale.md": "assets/docs/scale.md",
    "contributing.md": "CONTRIBUTING.md",
    "changes.md": "CHANGELOG.md",
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


def put_together(folder: Path) -> None:
    """All pages as files in `folder`, which is emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("conf.py", "_static", "__pycache__"))
    for name, text in [*_from_elsewhere(), *_reference(), *_examples(), *_decisions()]:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    architecture = folder / "architecture.md"
    text = architecture.read_text(encoding="utf-8")
    architecture.write_text(text.replace("](decisions/)", "](decisions/index.md)"), encoding="utf-8")


def build(pages: Path = PAGES, site: Path = SITE) -> int:
    """The site of all pages; the generator's exit status, which is not 0 after a warning."""
    from sphinx.cmd.build import main as sphinx

    put_together(pages)
    shutil.rmtree(site, ignore_errors=True)
    asked = ["-q", "-W", "--keep-going", "-c", str(ROOT / "docs"), "-d", str(site.parent / "doctrees")]
    return sphinx([*asked, str(pages), str(site)])


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
    written: list[str] = []
    for page, title in ROOMS.items():
        inside = {name: path for name, path in names.items() if room(path) == page}
        if not inside:
            continue
        written.append(page)
        parts = [f"# {title}"]
        rows += [f"## [{title}]({page}.md)", "", "| name | what it is |", "|---|---|"]
        for name, path in inside.items():
            thing = _thing(path)
            parts += [f"## {name}", _directive(name, path, thing), _settings(thing)]
            target = path if isinstance(thing, ModuleType) else f"spexviz.{name}"
            rows.append(f"| {{py:obj}}`sv.{name} <{target}>` | {_first_line(thing)} |")
        rows.append("")
        yield f"reference/{page}.md", "\n\n".join(filter(None, parts)) + "\n"
    yield "reference/index.md", "\n".join([*rows, _contents(written)])


def _directive(name: str, path: str, thing: Any) -> str:
    """What the generator makes of the docstrings of a thing and of what is in it."""
    kind = "function"
    if isinstance(thing, ModuleType):
        kind, name = "module", path.removeprefix("spexviz.")
    elif inspect.isclass(thing):
        kind = "class"
    return f"```{{eval-rst}}\n.. auto{kind}:: spexviz.{name}\n```"


def _contents(pages: list[str]) -> str:
    """The pages below a page, for the list at the side."""
    return "\n".join(["", "```{toctree}", ":hidden:", *pages, "```", ""])


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
    paths = sorted((ROOT / "examples").glob("*.ipynb"))
    for path in paths:
        text = path.read_text(encoding="utf-8")
        first = "".join(json.loads(text)["cells"][0]["source"])
        title, _, about = first.lstrip("# ").partition("\n")
        rows.append(f"- [{title}]({path.name}): {' '.join(about.split())}")
        yield f"examples/{path.name}", text
    yield "examples/index.md", "\n".join([*rows, _contents([path.stem for path in paths])])


def _decisions() -> Iterator[tuple[str, str]]:
    rows = ["# Decisions and their grounds", ""]
    paths = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    for path in paths:
        found = re.match(r"# (.*)", path.read_text(encoding="utf-8"))
        assert found is not None, f"{path.name} has no title"
        rows.append(f"- [{found[1]}]({path.name})")
    yield "decisions/index.md", "\n".join([*rows, _contents([path.stem for path in paths])])


if __name__ == "__main__":
    sys.exit(build())
