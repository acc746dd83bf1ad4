"""`python -m tools.faults [--tries 20] [--only KIND …] [--seed 0]`.

Faults on purpose, each on a real process with a SPEXVIZ_HOME of its own: kills, flipped bytes, a locked file,
a full or read-only disk, a clock that jumps, two servers on one home, and what a run needs taken away in the
middle of it. One table at the end; exit status 1 where anything was lost. A part of `make campaign`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tools.faults import (
    checkpoint,
    clock,
    disk,
    endpoint,
    flips,
    kills,
    links,
    locked,
    memory,
    pages,
    remembered,
    servers,
    worker,
)
from tools.faults.trial import Kind, Outcome, table

KINDS: dict[str, Kind] = {
    "kill-run": kills.run,
    "kill-imports": kills.imports,
    "kill-removals": kills.removals,
    "kill-evictions": kills.evictions,
    "kill-migrations": kills.migrations,
    "flip-runs": flips.runs,
    "flip-runs-log": flips.runs_log,
    "flip-ablations": flips.cache,
    "flip-ablations-log": flips.cache_log,
    "flip-locks": flips.locks,
    "flip-export": flips.export,
    "flip-remembered": remembered.remembered,
    "links": links.links,
    "two-servers": servers.servers,
    "lock-runs": locked.runs_locked,
    "lock-ablations": locked.ablations_locked,
    "full-disk": disk.full,
    "read-only": disk.read_only,
    "pages": pages.pages,
    "clock": clock.jumps,
    "endpoint": endpoint.dies,
    "model-folder": checkpoint.taken,
    "memory": memory.runs_out,
    "ray-worker": worker.killed,
}


def tried(names: Sequence[str], tries: int, seed: int, folder: Path) -> list[Outcome]:
    """The outcome of each kind, told as it comes."""
    outcomes = []
    for name in names:
        below = folder / name
        below.mkdir()
        start = time.monotonic()
        try:
            outcome = KINDS[name](below, random.Random(f"{seed} {name}"), tries)
        except Exception as error:  # the others are tried and told all the same
            outcome = Outcome(
                name, tries, "the trial itself broke off", (f"{type(error).__name__}: {error}",)
            )
        outcomes.append(outcome)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = tried(options.only, options.tries, options.seed, Path(folder))
    print(table(outcomes))
    lost = [f"LOST by {outcome.kind}: {words}" for outcome in outcomes for words in outcome.lost]
    print(*lost, sep="\n")
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
