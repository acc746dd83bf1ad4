"""Another process holds the write lock of a file, while runs go and others wait."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spexviz.ablate import cache
from spexviz.jobs import schema
from tools.faults.managed import Managed
from tools.faults.over import submitted, unsettled
from tools.faults.trial import Outcome
from tools.faults.values import slow_spec

RUNS = 6
HELD = 26.0  # seconds
MOST = 3  # tries: each takes a minute


@contextmanager
def lock(file: Path) -> Iterator[None]:
    """The write lock of a SQLite file, held by this process."""
    connection = sqlite3.connect(file, timeout=60, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def runs_locked(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: the file of the runs."""
    return tried("lock on runs", schema.FILE, folder, randomness, min(tries, MOST))


def ablations_locked(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: the file of the ablations."""
    return tried("lock on ablations", cache.FILE, folder, randomness, min(tries, MOST))


def tried(
    kind: str, file: str, folder: Path, randomness: random.Random, tries: int, held: float = HELD
) -> Outcome:
    lost: list[str] = []
    resumed = 0
    for number in range(tries):
        found, again = trial(folder / str(number), file, randomness.uniform(0.2, 1.5), held)
        lost += [f"try {number}: {words}" for words in found]
        resumed += again
    survived = (
        f"{tries * RUNS} runs with their values, the file locked for {held:g} s; "
        f"{resumed} had ended, in words, and were resumed"
    )
    return Outcome(kind, tries, survived, tuple(lost))


def trial(
    folder: Path, file: str, after: float, held: float, pause: float = 0.01, **environment: str
) -> tuple[list[str], int]:
    """What was lost, in words, and how many runs ended and had to be resumed; `pause`: seconds a mask."""
    folder.mkdir()
    specs = [slow_spec(folder / f"{seed}.log", seed, pause) for seed in range(RUNS)]
    with Managed(folder / "home", **environment) as process:
        ids = submitted(process, specs)
        time.sleep(after)
        with lock(folder / "home" / file):
            time.sleep(held)
        return unsettled(process, specs, ids, "try again|resume")
