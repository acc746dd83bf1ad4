"""The peers' Python: a virtual environment of their own, and the process that runs in it.

A call that takes more than LIMIT seconds or MEMORY bytes ends as a PeerError, and the next call gets a new
process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.games import folder
from spexviz.errors import SpexvizError
from spexviz.masks import Masks, Values

PACKAGES = (
    "spectralexplain==0.0.4",
    "sparse-transform==0.2.1",
    "shapiq==1.4.1",
    "lime==0.2.0.1",
    "lightgbm",
    "torch==2.13.0",
)
LIMIT, MEMORY = 300.0, 16 * 2**30
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
        self._log = (Path(self._folder.name) / "log").open("w")  # closed by `close`
        self._process: subprocess.Popen[str] | None = None
        self.versions = self.call({"do": "versions"})

    def close(self) -> None:
        if self._process is not None:
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

    def call(
        self, request: dict[str, Any], game: Callable[[Masks], Values] | None = None, limit: float = LIMIT
    ) -> dict[str, Any]:
        """The answer. Raises PeerError where the peer fails, or takes more than `limit` seconds."""
        if self._process is None:
            self._process = self._started()
        late, process = threading.Event(), self._process
        watch = threading.Timer(limit, lambda: (late.set(), process.kill()))
        watch.start()
        try:
            self._send(request)
            while "ask" in (answer := self._read()):
                masks = np.load(Path(self._folder.name) / answer["ask"], allow_pickle=False)
                path = Path(self._folder.name) / "values.npy"
                np.save(path, game(masks))
                self._send({"values": str(path)})
        except (EOFError, BrokenPipeError):
            self._process.wait()
            self._process = None
            if late.is_set():
                raise PeerError(f"no answer in {limit:.0f} s") from None
            tail = (Path(self._folder.name) / "log").read_text()[-1500:]
            raise PeerError(f"The process of the peers ended. Its last words: {tail}") from None
        finally:
            watch.cancel()
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def _started(self) -> subprocess.Popen[str]:
        import resource

        command = [python(), str(WORKER)]
        capped = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=self._folder.name,
            preexec_fn=capped,
        )

    def _send(self, message: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise EOFError
        return json.loads(line)
