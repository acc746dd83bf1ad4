"""What a benchmark found.

Cells in one JSON file, saved as soon as each is done, so that a killed run loses nothing.

A cell is known by its key and by what made it (a hash of the solvers' sources, or the versions of a peer):
when that changes, the cell is measured again.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOLVERS = Path(__file__).resolve().parents[1] / "spexviz" / "solvers"
RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("numpy", "scipy", "scikit-learn", "lightgbm", "torch", "transformers")


class Store:
    """Cells of a JSON file:

    `cell(key, made_by, measure)` gives what is known, or measures it and keeps it.
    """

    def __init__(self, path: Path):
        self.path = path
        self.data: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"cells": {}}

    def known(self, key: str, made_by: str) -> dict[str, Any] | None:
        cell = self.data["cells"].get(key)
        return cell if cell and cell["made by"] == made_by else None

    def cell(self, key: str, made_by: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if (cell := self.known(key, made_by)) is not None:
            return cell
        self.keep(key, {**measure(), "made by": made_by})
        return self.data["cells"][key]

    def keep(self, key: str, cell: dict[str, Any]) -> None:
        self._change(lambda data: data["cells"].update({key: rounded(cell)}))

    def note(self, key: str, value: Any) -> None:
        self._change(lambda data: data.update({key: value}))

    def _change(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the file as it is now: two processes may fill one store."""
        from filelock import FileLock

        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(
            tempfile.gettempdir()
            + f"/spexviz-{hashlib.sha256(str(self.path).encode()).hexdigest()[:16]}.lock"
        ):
            if self.path.exists():
                self.data = json.loads(self.path.read_text())
            change(self.data)
            self.data |= {"machine": machine(), "date": datetime.date.today().isoformat()}
            self._save()

    def _save(self) -> None:
        half = self.path.with_suffix(f".{os.getpid()}.part")
        half.write_text(json.dumps(self.data, indent=1, sort_keys=True) + "\n")
        half.replace(self.path)


def rounded(value: Any) -> Any:
    """Numbers to six figures: what is beyond is noise, and files stay small."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def code(pattern: str = "*.py") -> str:
    """Hash of the solvers' sources, or of some of them: cells of ours are valid for these only."""
    digest = hashlib.sha256()
    for path in sorted(SOLVERS.rglob(pattern)):
        digest.update(str(path.relative_to(SOLVERS)).encode() + path.read_bytes())
    return f"spexviz {digest.hexdigest()[:12]}"


def machine() -> dict[str, Any]:
    """What the seconds depend on: processor, cores, versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    known = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
    versions = {package: known[package] for package in PACKAGES if package in known}
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **versions,
    }


class Peak:
    """Peak memory of a block, in MB above what the process held when it began.

    Everything counts, LightGBM too.

    Linux resets its own high-water mark on request; elsewhere a thread looks every 5 ms.
    """

    def __enter__(self) -> Peak:
        self._marked = self._reset()
        self._before = _memory("VmRSS")
        self._high, self._done = self._before, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if not self._marked:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._marked:
            self._high = _memory("VmHWM")
        else:
            self._done.set()
            self._thread.join()
        self.megabytes = max(0.0, self._high - self._before)

    def _watch(self) -> None:
        while not self._done.is_set():
            self._high = max(self._high, _memory("VmRSS"))
            time.sleep(0.005)

    @staticmethod
    def _reset() -> bool:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return False
        return abs(_memory("VmHWM") - _memory("VmRSS")) < 50.0


def _memory(field: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000.0 for line in lines if line.startswith(field)), 0.0)
