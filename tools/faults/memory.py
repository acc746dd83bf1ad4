"""Memory runs out in the middle of a run: the process may take no more than it has."""

from __future__ import annotations

import random
from pathlib import Path

from tools.faults.checkpoint import MOST, Model, caught, made
from tools.faults.managed import Ended, Managed
from tools.faults.over import kept_after
from tools.faults.trial import Outcome

ROOM = (0, 2**20, 4 * 2**20, 16 * 2**20)  # bytes beyond what it has


def runs_out(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: a limit of addresses (RLIMIT_AS), set while the model is at work, and lifted again."""
    tries = min(tries, MOST)
    model = made(folder)
    lost: list[str] = []
    endings = {"done": 0, "failed": 0, "gone": 0}
    for number in range(tries):
        home = folder / str(number) / "home"
        found, ending = _trial(model, home, randomness.randrange(1, 1000), ROOM[number % len(ROOM)])
        lost += [f"try {number}: {words}" for words in found]
        endings[ending] += 1
    survived = (
        f"{endings['failed']} of the runs failed with the remedy named, {endings['done']} found room, "
        f"{endings['gone']} processes were ended by a library; resumed they asked only the "
        "rest, with their values"
    )
    return Outcome("memory runs out", tries, survived, tuple(lost))


def _trial(model: Model, home: Path, at: int, room: int) -> tuple[list[str], str]:
    """What was lost, and how the run ended; "gone": with its process, which another then follows."""
    with Managed(home, **model.environment) as process:
        run_id = caught(process, model, at)
        process.ask("limit_memory", room or 1)
        try:
            run = process.until(lambda run: not run["active"], "run", run_id)
        except Ended:
            return _followed(model, home, run_id), "gone"
        process.ask("limit_memory", 0)
        lost = kept_after(process, run_id, model.whole, "emory")
        return lost, "done" if run["state"] == "done" else "failed"


def _followed(model: Model, home: Path, run_id: str) -> list[str]:
    with Managed(home, **model.environment) as process:
        return kept_after(process, run_id, model.whole, "stopped")
