"""The disk of the home fills up, or turns read-only, in the middle of runs: a real one, in memory.

Each trial is a process in a mount namespace of its own (see apart.py).
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tools.faults import apart
from tools.faults.managed import Managed, Refused
from tools.faults.over import submitted, unsettled
from tools.faults.trial import Outcome
from tools.faults.values import slow_spec

SIZE = "48m"
RUNS = 4
MOST = 4  # tries of each
SPACE, HOME = "free space|Free space", "SPEXVIZ_HOME"  # words of the remedy


def full(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: no byte is left, and later there is space again."""
    return _tried("full disk", "full", folder, randomness, tries)


def read_only(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: nothing can be written any more, and later it can again."""
    return _tried("read-only", "read-only", folder, randomness, tries)


def _tried(kind: str, name: str, folder: Path, randomness: random.Random, tries: int) -> Outcome:
    if apart.way() is None:
        return Outcome(kind, 0, "", skipped=apart.NO_WAY)
    tries = min(tries, MOST)
    lost: list[str] = []
    resumed = 0
    for number in range(tries):
        below = folder / str(number)
        below.mkdir()
        after, held = randomness.uniform(0.1, 1.5), randomness.uniform(1.0, 6.0)
        found = apart.there("tools.faults.disk", name, below, after, held)
        lost += [f"try {number}: {words}" for words in found["lost"]]
        resumed += found.get("resumed", 0)
    survived = (
        f"{tries * RUNS} runs with their values once it could be written again; {resumed} had ended, "
        "with the remedy named, and were resumed; the process lived"
    )
    return Outcome(kind, tries, survived, tuple(lost))


def full_trial(folder: str, after: str, held: str, pause: str = "0.01") -> dict[str, Any]:
    lost: list[str] = []
    with mounted(Path(folder)) as disk, Managed(disk) as process:
        specs = _specs(Path(folder), float(pause))
        ids = submitted(process, specs)
        time.sleep(float(after))
        fill = filled(disk)
        time.sleep(float(held))
        if not any("disk" in problem for problem in process.ask("health")):
            lost.append("the health check does not say that the disk is full")
        lost += _pages_open(process)
        fill.unlink()
        found, resumed = unsettled(process, specs, ids, SPACE)
    return {"lost": lost + found, "resumed": resumed}


def read_only_trial(folder: str, after: str, held: str) -> dict[str, Any]:
    lost: list[str] = []
    with mounted(Path(folder)) as disk:
        specs = _specs(Path(folder))
        with Managed(disk) as process:
            ids = submitted(process, specs[:2])
            time.sleep(float(after))
            with locked_up(disk):
                ids += _refused_or_taken(process, specs[2:], lost)
                time.sleep(float(held))
                lost += _pages_open(process)
            found, resumed = unsettled(process, specs[: len(ids)], ids, HOME)
        with locked_up(disk):
            lost += _starts(disk)
        with Managed(disk) as process:
            for run_id in ids:
                if process.ask("run", run_id)["state"] != "done":
                    lost.append(f"run {run_id} is no longer done")
    return {"lost": lost + found, "resumed": resumed}


def _specs(folder: Path, pause: float = 0.01) -> list:
    return [slow_spec(folder / f"{seed}.log", seed, pause) for seed in range(RUNS)]


def _pages_open(process: Managed) -> list[str]:
    """What a page reads must be there, whatever can be written."""
    try:
        process.ask("runs")
    except Refused as error:
        return [f"the list of runs cannot be read: {error}"]
    return []


def _refused_or_taken(process: Managed, specs: list, lost: list[str]) -> list[str]:
    """Ids of the runs that were taken; one that is refused is told the remedy."""
    ids = []
    for spec in specs:
        try:
            ids.append(process.ask("submit", spec.to_json()))
        except Refused as error:
            if HOME not in str(error):
                lost.append(f"a run is refused without a remedy: {error}")
    return ids


def _starts(disk: Path) -> list[str]:
    """A start that cannot be must name the remedy."""
    process = Managed(disk)
    try:
        process.ask("runs")
    except AssertionError:
        if HOME not in process.log():
            return [f"a start is refused without a remedy: {process.log()[-500:]}"]
    finally:
        process.stop()
    return []


@contextmanager
def mounted(folder: Path, size: str = SIZE) -> Iterator[Path]:
    """A home on a disk of its own, in memory."""
    disk = folder / "home"
    disk.mkdir()
    apart.mount("-t", "tmpfs", "-o", f"size={size}", "none", disk)
    yield disk


def filled(disk: Path) -> Path:
    """A file that takes every byte that is left."""
    file = disk / "fill"
    with file.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(os.urandom(2**16))
    with file.open("ab", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"x")
    return file


@contextmanager
def locked_up(disk: Path) -> Iterator[None]:
    """Whoever opens a file now can only read it; what is open already can still be written."""
    apart.mount("--bind", disk, disk)
    apart.mount("-o", "remount,bind,ro", disk)
    try:
        yield
    finally:
        apart.unmount(disk)


if __name__ == "__main__":
    apart.main({"full": full_trial, "read-only": read_only_trial}, sys.argv[1:])
