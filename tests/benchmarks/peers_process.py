"""The peers' Python: a virtual environment of their own, and the process that runs in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spexviz.errors import SpexvizError
from spexviz.masks import Masks, Values
from tests.benchmarks.games import folder

PACKAGES = ("spectralexplain==0.0.4", "sparse-transform==0.2.1", "shapiq==1.4.1", "lime==0.2.0.1", "lightgbm", "torch==2.13.0")
WORKER = Path(__file__).with_name("peers_worker.py")


class PeerError(SpexvizError):
    """A peer failed; its message says how."""


def python() -> str:
    """$SPEXVIZ_REFERENCE_PYTHON, or a virtual environment made by pip under $SPEXVIZ_HOME/bench."""
    if given := os.environ.get("SPEXVIZ_REFERENCE_PYTHON"):
        return given
    place = folder() / "peers-venv"
    ready = place / ".ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "pip"), "install", "--quiet", *PACKAGES], check=True)
        ready.touch()
    return str(place / "bin" / "python")


class Peers:
    """A warm process of the peers. `call` sends a request and plays `game` for it, if it asks."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="spexviz-peers-")
        self._log = open(Path(self._folder.name) / "log", "w")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [python(), str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, cwd=self._folder.name
        )
        self.versions = self.call({"do": "versions"})

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()
        self._folder.cleanup()

    def __enter__(self) -> Peers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, request: dict[str, Any], game: Callable[[Masks], Values] | None = None) -> dict[str, Any]:
        """The answer. Raises PeerError where the peer fails."""
        self._send(request)
        while "ask" in (answer := self._read()):
            masks = np.load(Path(self._folder.name) / answer["ask"], allow_pickle=False)
            path = Path(self._folder.name) / "values.npy"
            np.save(path, game(masks))
            self._send({"values": str(path)})
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def _send(self, message: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            tail = (Path(self._folder.name) / "log").read_text()[-1500:]
            raise PeerError(f"The process of the peers ended. Its last words: {tail}")
        return json.loads(line)
