"""A process to be killed, with a SPEXVIZ_HOME of its own.

What it begins and what it has ended it notes in a file, a line each: nothing of that is lost with it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
READY, DONE, BEGIN, END = "ready", "done", "begin", "end"
PATIENCE = 120.0  # seconds for a deed
Note = list[Any]


def note(*what: Any) -> None:
    """Of the child: one line, written before it goes on."""
    os.write(sys.stdout.fileno(), f"{json.dumps([*what])}\n".encode())


class Child:
    """`python -m tools.faults.deeds DEED` on a home; what it noted is read beside it."""

    def __init__(self, deed: str, home: Path, *arguments: str):
        home.parent.mkdir(parents=True, exist_ok=True)
        self._notes = home.with_name(f"{home.name}.notes")
        command = [sys.executable, "-m", "tools.faults.deeds", deed, *arguments]
        environment = {**os.environ, "SPEXVIZ_HOME": str(home), "SPEXVIZ_MODELS": "toy"}
        with self._notes.open("ab") as out, home.with_name(f"{home.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=log
            )

    def notes(self) -> list[Note]:
        """What it noted so far; a line that the kill cut off is none."""
        whole = self._notes.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for(self, what: str) -> None:
        """Until it has noted this; fails where it ends before."""
        end = time.monotonic() + PATIENCE
        while not any(found[0] == what for found in self.notes()):
            if self.process.poll() not in (None, 0):
                raise RuntimeError(f"the child ended with {self.process.returncode}: {self.said()}")
            if time.monotonic() > end:
                raise RuntimeError(f"the child was not {what} in {PATIENCE:.0f} s")
            time.sleep(0.002)

    def said(self) -> str:
        """The end of what it wrote on standard error."""
        return self._notes.with_suffix(".log").read_text(errors="replace")[-1500:]

    def kill(self) -> list[Note]:
        """SIGKILL; what it had noted."""
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.notes()


def span(deed: str, home: Path, *arguments: str) -> float:
    """Seconds that an undisturbed deed takes, once it is ready."""
    child = Child(deed, home, *arguments)
    try:
        child.wait_for(READY)
        start = time.monotonic()
        child.wait_for(DONE)
        return time.monotonic() - start
    finally:
        child.kill()


def killed(deed: str, home: Path, rng: random.Random, seconds: float, *arguments: str) -> list[Note]:
    """Kill a deed at a moment by chance within `seconds` from when it is ready; what it had noted."""
    child = Child(deed, home, *arguments)
    try:
        child.wait_for(READY)
        time.sleep(rng.uniform(0.0, seconds))
    finally:
        notes = child.kill()
    return notes


def inside(notes: list[Note]) -> bool:
    """Whether the kill fell into something that was begun and not ended."""
    counts = Counter(found[0] for found in notes)
    return counts[BEGIN] > counts[END]
