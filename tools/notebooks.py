"""Run the notebooks of examples/ in a real kernel, and keep what they show: python -m tools.notebooks.

With names, only these. What they show is what the site and GitHub show, which run no scripts: figures of
Plotly are kept as pictures.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SECONDS = 300  # of one cell
SETTINGS = {"PYTHONPATH": str(ROOT), "PLOTLY_RENDERER": "plotly_mimetype"}
FIGURE = "application/vnd.plotly.v1+json"


def executed(path: Path, folder: Path, settings: Mapping[str, str] | None = None) -> Any:
    """The notebook after a run in a kernel of its own, which works in `folder`.

    Raises nbclient's CellExecutionError, with what the cell said, at the first that fails.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=os.environ | SETTINGS | dict(settings or {}))
    return notebook


def printed(cell: Any) -> str:
    """All that a cell gave, as text."""
    parts: list[str] = []
    for output in cell.get("outputs", ()):
        parts.append(output.get("text", ""))
        parts.extend(str(output.get("data", {}).get(kind, "")) for kind in ("text/plain", "text/html"))
    return "\n".join(parts)


def drawn(output: Any, folder: Path) -> Any:
    """The output, and a figure of Plotly as a picture of it."""
    if FIGURE in output.get("data", {}):
        from plotly.graph_objects import Figure

        from spexviz.views import save

        figure = output.data[FIGURE]
        path = save(Figure(figure["data"], figure["layout"]), folder / "figure.png")
        output.data = {"image/png": b64encode(path.read_bytes()).decode()}
    return output


def main() -> int:
    """Run those that are named, or all, each with a $SPEXVIZ_HOME of its own but for the models."""
    from spexviz.kit.paths import home

    models = home() / "models"
    for path in sorted(EXAMPLES.glob("*.ipynb")):
        if sys.argv[1:] and not any(name in path.name for name in sys.argv[1:]):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder) / "home"
            fresh.mkdir()
            (fresh / "models").symlink_to(models)
            notebook = executed(path, Path(folder), {"SPEXVIZ_HOME": str(fresh)})
            for cell in notebook.cells:
                cell.metadata.pop("execution", None)  # when it ran: another each time
                if cell.cell_type == "code":  # without bars and loading, which tell nothing afterwards
                    told = [one for one in cell.outputs if one.get("name") != "stderr"]
                    cell.outputs = [drawn(one, Path(folder)) for one in told]
        nbformat.write(notebook, path)
        took, size = time.monotonic() - began, path.stat().st_size
        print(f"{path.name}: {took:.1f} s, {size / 1000:.0f} kB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
