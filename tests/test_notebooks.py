"""The notebooks of examples/ run in a real Jupyter kernel and show what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import notebooks

SHOWS = {  # what some cell must print
    "1-first-run": ("never × fails", "R² 1.00", "True", "asked=0"),
    "2-your-own-model": ("LlamaForCausalLM", "cabinet", "without MLP 15"),
    "3-your-own-function": ("alcohol and color_intensity", "\n0"),
    "4-retrieved-passages": ("The key is in the red box", "without the two"),
    "5-training-examples": ("examples; asked", "both", "labelled otherwise: margin"),
    "6-teaching-an-interaction": ("x0 × x1", "a score per player: R² 0.10", "x3 × x17 × x31"),
}
ALWAYS = ("6-teaching-an-interaction",)
MODEL_AND_TIME = (pytest.mark.model, pytest.mark.campaign)


def test_every_notebook_is_tried() -> None:
    assert {path.stem for path in notebooks.EXAMPLES.glob("*.ipynb")} == set(SHOWS)


@pytest.mark.parametrize(
    "name", [name if name in ALWAYS else pytest.param(name, marks=MODEL_AND_TIME) for name in SHOWS]
)
def test_a_notebook_runs_in_a_real_kernel(name: str, tmp_path: Path) -> None:
    notebook = notebooks.executed(notebooks.EXAMPLES / f"{name}.ipynb", tmp_path)
    shown = "\n".join(map(notebooks.printed, notebook.cells))
    for words in SHOWS[name]:
        assert words in shown, words


@pytest.mark.parametrize("name", SHOWS)
def test_what_is_kept_of_a_run_is_whole_and_small(name: str) -> None:
    """As the site shows it: every cell has run, none failed, nothing is fetched, no file is too large."""
    import nbformat

    path = notebooks.EXAMPLES / f"{name}.ipynb"
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    assert not re.search(r"""(src|import)\s*=?\s*\\?["']https?:""", path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 1_500_000
