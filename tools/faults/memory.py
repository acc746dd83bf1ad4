"""Memory runs out in the middle of a run: the process may take no more than it has."""

from __future__ import annotations

import random
from pathlib import Path

from tools.faults.checkpoint import MOST, Model, caught, made
from tools.faults.managed import Managed
from tools.faults.over import kept_after
from tools.faults.trial import Outcome

ROOM = (0, 2**20, 4 * 2**20, 16 * 2**20)  # bytes beyond what it has


def runs_out(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: a limit of addresses (RLIMIT_AS), set while the model is at work, and lifted again."""
    tries = min(tries, MOST)
    model = made(folder)
    lost: list[str] = []
    ended = 0
    for number in range(tries):
        home = folder / str(number) / "home"
        found, has_ended = _trial(model, home, randomness.randrange(1, 1000), ROOM[number % len(ROOM)])
        lost += [f"try {number}: {words}" for words in found]
        ended += has_ended
    survived = (
        f"{ended} of the runs failed with the remedy named, the rest found room; the process went on, and "
        "resumed they asked only the rest, with their values"
    )
    return Outcome("memory runs out", tries, survived, tuple(lost))


def _trial(model: Model, home: Path, at: int, room: int) -> tuple[list[str], bool]:
    with Managed(home, **model.environment) as process:
        run_id = caught(process, model, at)
        process.ask("limit_memory", room or 1)
        run = process.until(lambda run: not run["active"], "run", run_id)
        process.ask("limit_memory", 0)
        lost = kept_after(process, run_id, model.whole, "emory")
        return lost, run["state"] != "done"
