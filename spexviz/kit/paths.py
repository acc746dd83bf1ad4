"""Where things lie: what comes with spexviz (pages, assets), and what it keeps (models, runs, ablations).

`SPEXVIZ_HOME` moves what it keeps.
"""

from __future__ import annotations

import os
from pathlib import Path

from spexviz.errors import StoreError

PACKAGE = Path(__file__).resolve().parents[1]
# what stands beside the package in the repository lies inside it in a wheel (tools/wheel_contents.py)
COMES_WITH = PACKAGE if (PACKAGE / "app.py").exists() else PACKAGE.parent
APP = COMES_WITH / "app.py"
PAGES = COMES_WITH / "pages"
ASSETS = COMES_WITH / "assets"


def home() -> Path:
    """The folder `$SPEXVIZ_HOME`, by default `~/.cache/spexviz`; made if it is not there.

    Raises StoreError where it cannot be made.
    """
    path = Path(os.environ.get("SPEXVIZ_HOME") or "~/.cache/spexviz").expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path} cannot be made ({error.strerror}): "
            "set SPEXVIZ_HOME to one that you may write to."
        ) from error
    return path
