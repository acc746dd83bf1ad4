"""Where spexviz keeps its things: models, runs and ablations. `SPEXVIZ_HOME` moves it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from spexviz.errors import StoreError


def home() -> Path:
    """The folder `$SPEXVIZ_HOME`, by default `~/.cache/spexviz`; made if it is not there. Raises StoreError where it cannot be made."""
    path = Path(os.environ.get("SPEXVIZ_HOME") or "~/.cache/spexviz").expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {path} cannot be made ({error.strerror}): set SPEXVIZ_HOME to one that you may write to.") from error
    return path


def write_whole(path: Path, content: bytes, most: int) -> None:
    """Write a file whole or not at all, for readers beside it; of those with its suffix in its folder the `most` newest stay. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == content:
        path.touch()
        return
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    os.replace(name, path)
    for old in sorted(path.parent.glob(f"*{path.suffix}"), key=lambda file: file.stat().st_mtime)[:-most]:
        old.unlink(missing_ok=True)


def threads() -> int:
    """Threads that torch may use: `SPEXVIZ_THREADS`, by default the cores this process may run on."""
    given = os.environ.get("SPEXVIZ_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(given)) if given.isdecimal() else cores
