"""The wall clock jumps, forward or back, in the middle of runs: of a process, by a preloaded library."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from spexviz.spec import RunSpec
from tools.faults.managed import Managed
from tools.faults.over import submitted, unsettled
from tools.faults.trial import Outcome
from tools.faults.values import slow_spec

DAY = 86_400  # seconds
JUMPS = (365 * DAY, -365 * DAY, 2 * DAY, -2 * DAY, 3600, -3600)
LONGEST = 3600.0  # seconds that these runs may be said to take
SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """The wall clock of processes that are started with `environment`."""

    def __init__(self, folder: Path):
        library = folder / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
        self._file = folder / "clock"
        self.set(0)
        self.environment = {"LD_PRELOAD": str(library), "SPEXVIZ_FAULT_CLOCK": str(self._file)}

    def set(self, seconds: int) -> None:
        """Move it to so many seconds after the right time."""
        if not self._file.exists():
            self._file.write_bytes(bytes(8))
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))


def jumps(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: by an hour, two days or a year."""
    if shutil.which("cc") is None:
        return Outcome(
            "clock jumps", 0, "", skipped="there is no C compiler (cc) for the library that does it"
        )
    tries = min(tries, len(JUMPS))
    clock = Clock(folder)
    lost: list[str] = []
    for number in range(tries):
        below = folder / str(number)
        below.mkdir()
        jump = JUMPS[number % len(JUMPS)]
        found = trial(below, clock, jump, randomness.uniform(0.1, 1.0))
        lost += [f"try {number}, by {jump} s: {words}" for words in found]
    survived = "every run with its values, the newest first, none purged, times still to go told rightly"
    return Outcome("clock jumps", tries, survived, tuple(lost))


def trial(folder: Path, clock: Clock, jump: int, after: float) -> list[str]:
    """What was lost, in words."""
    specs = [slow_spec(folder / f"{seed}.log", seed, 0.003) for seed in range(4)]
    clock.set(0)
    with Managed(folder / "home", **clock.environment) as process:
        ids = submitted(process, specs[:2])
        time.sleep(after)
        clock.set(jump)
        lost = _odd_times(process)
        ids += _newest(process, specs[2], lost)
        found, _ = unsettled(process, specs[:3], ids, "nothing may end one")
        lost += found
    for moved, spec in ((jump, None), (0, specs[3])):  # a start by the wrong clock, and one by the right one
        clock.set(moved)
        with Managed(folder / "home", **clock.environment) as process:
            lost += _missing(process, ids)
            if spec is not None:
                ids += _newest(process, spec, lost)
    return lost


def _odd_times(process: Managed) -> list[str]:
    """What is told of the time that is still to go and cannot be."""
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        for run in process.ask("runs"):
            eta = run["eta"]
            if eta is not None and not 0 <= eta < LONGEST:
                return [f"a run is said to take {eta} s more"]
        time.sleep(0.1)
    return []


def _newest(process: Managed, spec: RunSpec, lost: list[str]) -> list[str]:
    """The id of a new run, which must be the first in the list."""
    (run_id,) = submitted(process, [spec])
    if process.ask("runs")[0]["id"] != run_id:
        lost.append("the newest run is not the first")
    return [run_id]


def _missing(process: Managed, ids: Sequence[str]) -> list[str]:
    there = {run["id"] for run in process.ask("runs") if run["state"] == "done"}
    return [f"run {run_id} is gone" for run_id in ids if run_id not in there]
