"""What in docs/ is written by the code: command line, variables, extras. `python -m tools.documents` does it.

It stands between two marks of a page; `tests/test_documents.py` fails where the code has gone on without it.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

from spexviz import cli
from spexviz.kit import flags
from spexviz.kit.registry import offered
from spexviz.kit.variables import VARIABLES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
END = "<!-- end of generated -->"
_BLOCK = re.compile(rf"<!-- generated: (.*?) -->\n.*?{END}", re.DOTALL)
WIDTH = "100"  # characters of a line of help
_REASON = re.compile(r"^(\w+) = \[[^#\n]*#\s*(.+)$", re.MULTILINE)
COMMANDS = ("explain", "report", "serve", "models")


def command_line() -> str:
    """The help of every command, and of every game and solver that `explain` offers."""
    parts: list[str] = []
    for command in COMMANDS:
        parts.append(_fenced(f"## spexviz {command}", helped(command)))
        if command == "explain":
            parts.extend(_settings())
    return "\n\n".join(parts)


def _settings() -> Iterator[str]:
    """What the games and solvers add to the help of `explain`, those that it shows by itself left out."""
    shown = helped("explain")
    for prefix in ("game", "solver"):
        for name, kind in offered(f"spexviz.{prefix}s").items():
            heading = f"settings of the {prefix} {name}:"
            if heading not in shown and flags.typeable(kind):
                _, found, settings = helped("explain", f"--{prefix}", name).partition(heading)
                if found:
                    own = settings.split("\nsettings of the")[0]
                    yield _fenced(f"### --{prefix} {name}", own.strip("\n"))


def helped(*arguments: str) -> str:
    """What `spexviz … --help` prints at 100 characters a line."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDTH
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            cli.main([*arguments, "--help"])
    except SystemExit:
        pass
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return printed.getvalue().strip()


def _fenced(heading: str, text: str) -> str:
    return f"{heading}\n\n```text\n{text}\n```"


def variables() -> str:
    """A table of the environment variables."""
    rows = [f"| `{one.name}` | {one.meaning} | {one.default} |" for one in VARIABLES]
    return "\n".join(["| variable | meaning | default |", "|---|---|---|", *rows])


def extras() -> str:
    """A table of what can be installed on top, with the reasons of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    optional = tomllib.loads(text)["project"]["optional-dependencies"]
    reasons = dict(_REASON.findall(text))
    rows = [f"| `spexviz[{name}]` | {reasons[name]} |" for name in optional if name not in ("test", "docs")]
    return "\n".join(["| extra | what it adds |", "|---|---|", *rows])


BLOCKS: dict[str, Callable[[], str]] = {
    "command line": command_line,
    "variables": variables,
    "extras": extras,
}


def pages() -> dict[Path, str]:
    """Every page with such a block, as it should be.

    Raises KeyError for a block that nothing writes.
    """
    found: dict[Path, str] = {}
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if _BLOCK.search(text):
            found[path] = _BLOCK.sub(_written, text)
    return found


def _written(block: re.Match[str]) -> str:
    name = block[1]
    return f"<!-- generated: {name} -->\n{BLOCKS[name]()}\n{END}"


def main() -> int:
    """Write them, and name those that have changed."""
    for path, text in pages().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
