"""Documents say what the code does: what it writes into them is there, and every public name is explained."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spexviz.kit.variables import VARIABLES
from tools import docstrings, documents, site

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "spexviz"


@pytest.mark.parametrize("path", documents.pages(), ids=lambda path: path.name)
def test_what_the_code_writes_into_a_page_is_there(path: Path) -> None:
    """But for the white space of help, in which Pythons differ."""
    now, then = documents.pages()[path], path.read_text(encoding="utf-8")
    assert now.split() == then.split(), f"{path.name}: run `python -m tools.documents`"


def test_every_variable_of_the_source_is_told_and_no_other() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    used = set(re.findall(r"\bSPEXVIZ_[A-Z_]*[A-Z]\b", text))
    assert used == {one.name for one in VARIABLES}
    apart = (PACKAGE / "kit" / "variables.py").read_text(encoding="utf-8")
    assert all(text.count(name) > apart.count(name) for name in used)  # read somewhere, not only told


def test_every_public_name_has_a_page_of_the_reference() -> None:
    pages = dict(site._reference())
    index = pages["reference/index.md"]
    for name, path in site.public().items():
        page = pages[f"reference/{site.room(path)}.md"]
        assert f":: spexviz.{name}\n" in page or f":: {path}\n" in page, name
        assert f"`sv.{name} <" in index


def test_the_readme_is_short_and_shows_all_three_lenses() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 90
    for picture in ("words", "heads", "training"):
        assert f"docs/pictures/{picture}.png" in text
    for other in ("shapiq", "Captum", "inseq", "ContextCite"):
        assert other in text


@pytest.mark.campaign
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """As `make docs` does it: a warning is an error."""
    pytest.importorskip("furo", reason="the extra spexviz[docs] is not installed")
    script = (
        f"from pathlib import Path; from tools import site; site.build(Path({str(tmp_path / 'docs')!r}), "
    )
    script = f"import sys; {script}Path({str(tmp_path / 'site')!r})) and sys.exit(1)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    for page in ("index", "library", "command-line", "reference/games", "examples/1-first-run", "changes"):
        assert "spexviz" in (tmp_path / "site" / f"{page}.html").read_text(encoding="utf-8")


def test_docstrings_are_told_to_the_generator_in_its_own_language() -> None:
    text = "Values (b,) of a * b | c_.\n\n    code = 1\n\n>>> 2 * 3\n6\n\n- `**more`: of `x`"
    told = "Values (b,) of a \\* b \\| c\\_.\n\n::\n\n    code = 1\n\n>>> 2 * 3\n6\n\n- `**more`: of `x`"
    assert docstrings.as_rst(text) == told
